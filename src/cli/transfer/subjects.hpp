// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <vector>

#include <skillgrad/report/transfer.hpp>

#include "cli/screen/invocation.hpp"

namespace skillgrad::cli {

/// A model, or an executor with a model, and the options that make it so.
struct Subject {
  report::TransferSubject shown;
  std::map<std::string, std::string> options;  ///< key of the option table -> text, as flags give
};

/// What --models and --executors name, each model with each executor; without --models the model of
/// the settings. A word of --models that ends in .json is a file: a list of objects with "model",
/// with "name" if they are to be called something else, and with any options of endpoint and
/// executor. Errors: usage, input, config (with file and place).
[[nodiscard]] Result<std::vector<Subject>> read_subjects(const Invocation& invocation,
                                                         const Settings& settings);
/// The command with this subject's options.
[[nodiscard]] Invocation with_subject(const Invocation& invocation, const Subject& subject);

}  // namespace skillgrad::cli
