// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <skillgrad/core/clock.hpp>
#include <skillgrad/optim/observer.hpp>

namespace skillgrad::cli {

/// Writes every event as one JSON line to `target` (a file, or "-" for stdout) and passes it on to
/// `next`; first the notices that came `before`, which others have heard. Errors: io when the file
/// cannot be opened.
[[nodiscard]] Result<std::unique_ptr<optim::Observer>> stream_events(
    const std::string& target, const std::vector<std::string>& before,
    std::unique_ptr<optim::Observer> next, const Clock& clock);

}  // namespace skillgrad::cli
