// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "cli/review/review_session.hpp"

namespace skillgrad::cli {

/// Where a review is shown, and what stands above its hunks.
struct TerminalScreen {
  std::function<void(const std::string& text)> print;
  std::string head;
};
/// Shows the head, then one hunk after the other, and asks about each. Ends when all are decided,
/// with "quit", or with the end of stdin. Errors: cancelled, io.
[[nodiscard]] Result<> review_in_terminal(ReviewSession& session, const std::stop_token& stop,
                                          const TerminalScreen& screen);

}  // namespace skillgrad::cli
