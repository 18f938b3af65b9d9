// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include <skillgrad/core/clock.hpp>
#include <skillgrad/optim/observer.hpp>

namespace skillgrad::cli {

/// Writes every event as one JSON line to `target` (a file, or "-" for stdout) and passes it on to
/// `next`. Errors: io when the file cannot be opened.
[[nodiscard]] Result<std::unique_ptr<optim::Observer>> stream_events(
    const std::string& target, std::unique_ptr<optim::Observer> next, const Clock& clock);

}  // namespace skillgrad::cli
