// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include <skillgrad/core/clock.hpp>
#include <skillgrad/optim/stages.hpp>

#include "cli/models/models.hpp"
#include "cli/screen/invocation.hpp"

namespace skillgrad::cli {

/// What a model is asked to write outside of a run: a first skill, requests.
struct WritingTask {
  std::string scope;   ///< of its calls in the ledger
  std::string prompt;  ///< name of the prompt
  std::string does;    ///< "a model writes the skill": why it is needed, if it cannot be had
};

/// A model that writes for a command, with the limits of the command line. Not movable: the context
/// names its clock.
struct WritingModel {
  SystemClock clock;
  std::unique_ptr<Models> models;
  std::string prompt;
  optim::StageContext context;
};

/// Errors: config, those of open_judges() and load_prompt(). `invocation` outlives the result.
[[nodiscard]] Result<std::unique_ptr<WritingModel>> open_writing_model(const Invocation& invocation,
                                                                       const Settings& settings,
                                                                       const WritingTask& task);

}  // namespace skillgrad::cli
