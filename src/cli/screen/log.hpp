// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <skillgrad/core/clock.hpp>
#include <skillgrad/optim/observer.hpp>

namespace skillgrad::cli {

/// Writes what the observer hears to `file` (RUN/run.log), one time-stamped line each, appended
/// over the processes that worked on the run, and passes it on to `next`; first the notices that
/// came `before`, which others have heard. Errors: io.
[[nodiscard]] Result<std::unique_ptr<optim::Observer>> log_to_file(
    const std::filesystem::path& file, const std::vector<std::string>& before,
    std::unique_ptr<optim::Observer> next);

}  // namespace skillgrad::cli
