// SPDX-License-Identifier: MIT
#pragma once

#include <stop_token>

#include "cli/review/review_session.hpp"

namespace skillgrad::cli {

/// Shows what the run came to, then one hunk after the other, and asks about each. Ends when all
/// are decided, with "quit", or with the end of stdin. Errors: cancelled, io.
[[nodiscard]] Result<> review_in_terminal(ReviewSession& session, const std::stop_token& stop);

}  // namespace skillgrad::cli
