// SPDX-License-Identifier: MIT
#include "cli/shards/shard.hpp"

#include <charconv>
#include <string_view>

#include <fmt/format.h>

#include <skillgrad/core/hashing.hpp>

namespace skillgrad::cli {
namespace {

constexpr int kMostShards = 100'000;

std::optional<int> whole_number(std::string_view text) {
  int out = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (text.empty() || problem != std::errc() || end != text.data() + text.size())
    return std::nullopt;
  return out;
}

std::optional<Shard> shard_from(std::string_view text, std::string_view between) {
  const auto at = text.find(between);
  if (at == std::string_view::npos) return std::nullopt;
  const auto index = whole_number(text.substr(0, at));
  const auto count = whole_number(text.substr(at + between.size()));
  if (!index || !count || *count < 1 || *count > kMostShards || *index < 1 || *index > *count)
    return std::nullopt;
  return Shard{*index, *count};
}

Result<Shard> of_job_array(const std::function<std::string(const std::string&)>& environment) {
  const auto number = [&](const char* name) { return whole_number(environment(name)); };
  const auto id = number("SLURM_ARRAY_TASK_ID"), count = number("SLURM_ARRAY_TASK_COUNT"),
             least = number("SLURM_ARRAY_TASK_MIN");
  if (!id || !count || !least)
    return fail(ErrorCode::usage,
                "SLURM_ARRAY_TASK_ID, SLURM_ARRAY_TASK_COUNT and SLURM_ARRAY_TASK_MIN are not all "
                "set, so this process is no task of a Slurm job array",
                "--shard auto", "name the shard, as in --shard 1/4");
  const int step = number("SLURM_ARRAY_TASK_STEP").value_or(1);
  const bool even = step > 0 && *id >= *least && (*id - *least) % step == 0;
  const Shard out{even ? (*id - *least) / step + 1 : 0, *count};
  if (out.index < 1 || out.index > out.count || out.count > kMostShards)
    return fail(ErrorCode::usage,
                fmt::format("the task {} of the Slurm job array is none of its {} from {} on in "
                            "steps of {}",
                            *id, *count, *least, step),
                "--shard auto", "submit the array as one range: `sbatch --array=1-4`");
  return out;
}

}  // namespace

bool Shard::has(const std::string& task_id, int sample) const {
  PartHasher hasher;
  const std::string hash = hasher.add(task_id).add(std::to_string(sample)).finish();
  std::uint64_t value = 0;
  std::from_chars(hash.data(), hash.data() + 15, value, 16);
  return value % static_cast<std::uint64_t>(count) == static_cast<std::uint64_t>(index - 1);
}

std::string Shard::text() const { return fmt::format("{}/{}", index, count); }

std::string Shard::folder() const { return fmt::format("{}-of-{}", index, count); }

Result<Shard> parse_shard(const std::string& text,
                          const std::function<std::string(const std::string&)>& environment) {
  if (text == "auto") return of_job_array(environment);
  if (const auto shard = shard_from(text, "/")) return *shard;
  return fail(ErrorCode::usage,
              fmt::format("got \"{}\", expected a shard and how many there are (at most {}), from "
                          "1/1 on, or auto",
                          text, kMostShards),
              "--shard", "write it as --shard 1/4");
}

std::optional<Shard> shard_of_folder(const std::filesystem::path& folder) {
  return shard_from(folder.filename().string(), "-of-");
}

}  // namespace skillgrad::cli
