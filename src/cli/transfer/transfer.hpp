// SPDX-License-Identifier: MIT
#pragma once

#include <skillgrad/core/error.hpp>

namespace skillgrad::cli {

struct Invocation;

/// `skillgrad transfer`: packages with several models on one split (docs/transfer.md).
Result<int> cmd_transfer(const Invocation& invocation);

}  // namespace skillgrad::cli
