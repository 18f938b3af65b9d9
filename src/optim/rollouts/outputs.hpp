// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include <skillgrad/bench/benchmark.hpp>

namespace skillgrad::optim {

struct OutputLimits {
  std::uintmax_t bytes_of_file = std::uintmax_t{64} << 20;
  std::uintmax_t bytes = std::uintmax_t{256} << 20;
  std::size_t files = 200;
};

struct KeptOutputs {
  bool all = true;                             ///< false: something was left out
  std::map<std::string, std::uint64_t> files;  ///< relative name -> bytes
};

/// Copies what the agent made below `work_dir` to `outputs`: regular files, without the task's
/// inputs (unless one of them is the output to write). What cannot be read, has a name that cannot
/// be stored, or is more than the limits is left out. The agent can do what it likes there, so only
/// errors of the destination are Errors. Without a work directory (empty) there is nothing to keep.
/// Does not wait for the disk.
[[nodiscard]] Result<KeptOutputs> keep_outputs(const std::filesystem::path& work_dir,
                                               const bench::Task& task,
                                               const std::filesystem::path& outputs,
                                               const OutputLimits& limits = {});

}  // namespace skillgrad::optim
