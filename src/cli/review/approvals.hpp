// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include <skillgrad/optim/approver.hpp>

#include "cli/run/run_setup.hpp"

namespace skillgrad::cli {

/// --approve: who is asked about the patches that the gate took.
struct ApprovalPlan {
  fs::path run;
  std::vector<std::string> ignored;  ///< lint rules
  int port = 0;                      ///< of the page
  const Clock* clock = nullptr;
  std::stop_token stop;
  TimeLimit* limit = nullptr;  ///< stands still while somebody is waited for
};
/// On this terminal: stderr shows, stdin answers, so that stdout has the result alone.
[[nodiscard]] std::unique_ptr<optim::Approver> approve_in_terminal(ApprovalPlan plan);
/// On a page that is served as long as the approver lives: it follows the run, and where a patch
/// waits it is the page of its review. Its address is printed to stderr. Errors: io (port taken).
[[nodiscard]] Result<std::unique_ptr<optim::Approver>> approve_on_page(ApprovalPlan plan);

/// As the settings say; null where nobody is asked. Errors: usage (no terminal), io (port taken).
[[nodiscard]] Result<std::unique_ptr<optim::Approver>> make_approver(const RunSetup& setup,
                                                                     const std::stop_token& stop);

}  // namespace skillgrad::cli
