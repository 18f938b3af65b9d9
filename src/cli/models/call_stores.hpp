// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include <skillgrad/core/clock.hpp>
#include <skillgrad/core/secret.hpp>
#include <skillgrad/exec/command_cache.hpp>
#include <skillgrad/llm/exchange_store.hpp>

#include "cli/settings/options.hpp"

namespace skillgrad::cli {

/// Where calls are kept beyond a run, and what endpoints have taught.
struct CallStores {
  std::unique_ptr<llm::ExchangeStore> cassette, cache;  ///< null where none is named
  std::unique_ptr<llm::LearnedChanges> learned;
};

/// As --cache, --record and --replay say; what is learned is also kept in the file `learned`, if
/// one is named. Makes no folder. Errors: config (options that contradict each other), input, io.
[[nodiscard]] Result<CallStores> open_call_stores(const Settings& settings, const Clock& clock,
                                                  const Redactor* redactor,
                                                  const fs::path& learned);

/// The sandbox of an agent's commands with --cache-commands; null without. `sandbox` and the clock
/// must outlive it. Errors: config (the sandbox cannot be cached).
[[nodiscard]] Result<std::unique_ptr<exec::Sandbox>> open_command_cache(const Settings& settings,
                                                                        exec::Sandbox& sandbox,
                                                                        const Clock& clock);

}  // namespace skillgrad::cli
