// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include <skillgrad/core/error.hpp>
#include <skillgrad/core/json.hpp>

#include "cli/settings/options.hpp"

namespace skillgrad::cli {

/// One of several models that execute the tasks of a run (--models of `optimize`).
struct ExecutingModel {
  std::string name;
  Json role;  ///< as --roles would have it
};

/// Of a new command: reads what --models names, once and for all, so that a run does not depend on
/// the file any more, and lets the first of them diagnose and patch where no --model does. Nothing
/// without --models. Errors: usage, input, config (what several models cannot be combined with).
[[nodiscard]] Result<> settle_models(Settings& settings);
/// As they were settled; empty without --models. Errors: config (a damaged list).
[[nodiscard]] Result<std::vector<ExecutingModel>> executing_models(const Settings& settings);
/// The role that such a model plays: "executor@NAME".
[[nodiscard]] std::string executor_role(const std::string& name);
/// "NAME" of "sim:NAME" when the role's model is to be served here, or "".
[[nodiscard]] std::string scenario_of_role(const Settings& settings, const Json& role);

}  // namespace skillgrad::cli
