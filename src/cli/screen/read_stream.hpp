// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>

#include <skillgrad/core/error.hpp>

namespace skillgrad::cli {

struct StreamLimits {
  std::uint64_t line = std::uint64_t{64} << 20;    ///< bytes of one line
  std::uint64_t whole = std::uint64_t{256} << 20;  ///< bytes in all
};

/// Lines of a file, a pipe or, as "-", of standard input, read to the end. Waits for a writer and
/// ends when a stop is asked for. Errors: input (missing, a folder, over a limit), cancelled, io.
[[nodiscard]] Result<std::string> read_stream(const std::string& path, const std::stop_token& stop,
                                              const StreamLimits& limits = {});

}  // namespace skillgrad::cli
