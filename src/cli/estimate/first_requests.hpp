// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>

#include <skillgrad/llm/preview.hpp>

#include "cli/run/run_setup.hpp"

namespace skillgrad::cli {

/// What a run sends first, made by its own executor and stages with nobody behind the models.
struct FirstRequests {
  /// By role; a role without an entry is played by a program, or does not take part.
  std::map<std::string, llm::WirePreview> by_role;
  std::string task;                      ///< whose request the executor's is
  std::string evidence;                  ///< the task that the other stages are shown
  bool gated = false, momentum = false;  ///< of a loop: what its stages ask for
};
/// The executor's first request for the first of `tasks`, and with `loop` those of the other
/// stages with evidence of the assumed length. No call is made. Errors: those of the set-up.
[[nodiscard]] Result<FirstRequests> first_requests(RunSetup& setup,
                                                   const std::vector<std::string>& tasks, bool loop,
                                                   std::stop_token stop);

}  // namespace skillgrad::cli
