// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include <skillgrad/core/error.hpp>

namespace skillgrad::cli {

/// One of `count` parts that the rollouts of an evaluation are split into, from 1 on.
struct Shard {
  int index = 1, count = 1;
  bool operator==(const Shard&) const = default;

  /// The split: a hash of task and sample, so it is the same on every machine, and whatever other
  /// tasks there are.
  [[nodiscard]] bool has(const std::string& task_id, int sample) const;
  /// "3/8", as `--shard` takes it.
  [[nodiscard]] std::string text() const;
  /// "3-of-8", the name of its folder below RUN/shards.
  [[nodiscard]] std::string folder() const;
};

/// "3/8", or "auto" for that of the task of a Slurm job array that this process is. Errors: usage.
[[nodiscard]] Result<Shard> parse_shard(
    const std::string& text, const std::function<std::string(const std::string&)>& environment);
/// Of the folder's name; nullopt: it is not that of a shard.
[[nodiscard]] std::optional<Shard> shard_of_folder(const std::filesystem::path& folder);

}  // namespace skillgrad::cli
