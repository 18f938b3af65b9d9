// SPDX-License-Identifier: MIT
#pragma once

#include <optional>

#include <skillgrad/core/error.hpp>
#include <skillgrad/report/review.hpp>

#include "cli/screen/invocation.hpp"

namespace skillgrad::cli {

/// --iter N. Errors: usage.
[[nodiscard]] Result<std::optional<int>> iteration_flag(const Invocation& invocation);
/// What the run proposes: its best package, that of --iter N, or what takes the accepted iteration
/// --undo N back. Errors: usage, and those of read_proposal() and read_undo().
[[nodiscard]] Result<report::Proposal> proposal_of(const Invocation& invocation);
/// --port N of a page; 0: any free one. Errors: usage.
[[nodiscard]] Result<int> port_flag(const Invocation& invocation);

}  // namespace skillgrad::cli
