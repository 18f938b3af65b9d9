// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include <skillgrad/bench/benchmark.hpp>
#include <skillgrad/traces/sessions.hpp>

#include "cli/settings/options.hpp"

namespace skillgrad::cli {

/// What --traces gives a run to learn from.
struct Recorded {
  std::vector<traces::Session> sessions;  ///< those with an outcome
  Json facts;                             ///< for run.json: which they are, and what was left out
};

/// Reads the folder of --traces. Sessions without an outcome, and those that ask for what a task of
/// val or test asks, are left out and said. `executable` may be null. Errors: input, io, config (no
/// session is left).
[[nodiscard]] Result<Recorded> read_recorded(const Settings& settings,
                                             const bench::Benchmark* executable,
                                             const bench::Splits& splits);
/// Removes the secrets of this process's configuration and what looks like a key.
[[nodiscard]] Redactor recording_redactor(const Settings& settings);
/// Of a session, for run.json and `traces list --json`.
[[nodiscard]] Json to_json(const traces::Session& session);

}  // namespace skillgrad::cli
