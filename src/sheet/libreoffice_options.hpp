// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>

#include <skillgrad/exec/sandbox.hpp>

namespace skillgrad::sheet {

struct LibreOfficeOptions {
  std::filesystem::path program;  ///< soffice; empty: not installed
  unsigned workers = 1;           ///< processes at the same time, each with its own profile
  std::size_t batch = 32;         ///< files of one process; beyond 246 it drops some silently
  std::chrono::milliseconds base_limit{30'000};
  std::chrono::milliseconds file_limit{5'000};  ///< added for each file of the batch
  /// Workbooks come from a model, so their reader is kept in by bubblewrap: `automatic` where that
  /// works here, `require` or not at all.
  exec::SandboxMode sandbox = exec::SandboxMode::off;
};

}  // namespace skillgrad::sheet
