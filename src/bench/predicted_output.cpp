// SPDX-License-Identifier: MIT
#include "bench/predicted_output.hpp"

#include <fstream>
#include <vector>

#include <skillgrad/bench/predictions.hpp>
#include <skillgrad/core/files.hpp>
#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

namespace skillgrad::bench {
namespace {

constexpr std::uint64_t kMaxOutputBytes = std::uint64_t{128} << 20;

/// A relative path may mean a file beside the predictions or one below the current folder.
std::vector<std::string> places_of(const std::string& name, const fs::path& base_dir) {
  std::error_code error;
  const fs::path here = fs::current_path(error);
  std::vector<std::string> out{(base_dir / name).lexically_normal().string()};
  const std::string other = (here / name).lexically_normal().string();
  if (!error && other != out[0]) out.push_back(other);
  return out;
}

std::string join_places(const std::vector<std::string>& places) {
  return places.size() == 1 ? places[0] : places[0] + " and " + places[1];
}

}  // namespace

std::optional<fs::path> find_predicted(const std::string& name, const fs::path& base_dir) {
  if (name.find('\0') != std::string::npos) return std::nullopt;
  for (const std::string& place : places_of(name, base_dir)) {
    std::error_code error;
    if (fs::is_regular_file(place, error)) return place;
  }
  return std::nullopt;
}

Result<PredictedOutput> predicted_output(const Json& line, const std::string& task_id,
                                         const fs::path& base_dir) {
  PredictedOutput out;
  const auto output = line.is_object() ? line.find("output") : line.end();
  out.answered = line.is_object() && line.contains("answer");
  if (out.answered && output != line.end())
    return fail(ErrorCode::input, "both \"answer\" and \"output\" are given",
                "prediction for task " + task_id, "keep the one that is to be graded");
  if (out.answered && line["answer"].is_null())
    out.missing = "the prediction says that there is no answer";
  if (output == line.end()) return out;
  out.given = true;
  if (output->is_null()) {
    out.missing = "the prediction says that there is no output";
    return out;
  }
  if (!output->is_string())
    return fail(ErrorCode::input,
                "\"output\" is " + truncate_middle(dump_json(*output), 100) +
                    ", expected the path of a file, or null",
                "prediction for task " + task_id,
                R"(write {"task_id":...,"output":"path"}, with null where there is no output)");
  const auto name = output->get<std::string>();
  out.file = find_predicted(name, base_dir);
  if (!out.file) {
    out.missing = "there is no file \"" + name + "\"";
    if (const auto places = places_of(name, base_dir); places.size() > 1 || places[0] != name)
      out.missing += " (looked for " + join_places(places) + ")";
  }
  return out;
}

Result<> copy_output(const fs::path& from, const fs::path& to) {
  SKILLGRAD_CHECK(make_directories(to.parent_path()));
  std::error_code error;
  const std::uintmax_t size = fs::file_size(from, error);
  if (!error && size > kMaxOutputBytes) {
    std::ofstream(to, std::ios::binary | std::ios::trunc).close();
    fs::resize_file(to, kMaxOutputBytes + 1, error);
  } else if (!error) {
    fs::copy_file(from, to, fs::copy_options::overwrite_existing, error);
  }
  if (error) return unexpected(errno_error(error.value(), "cannot copy the output", from.string()));
  return {};
}

}  // namespace skillgrad::bench
