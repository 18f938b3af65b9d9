// SPDX-License-Identifier: MIT
#include "bench/predicted_output.hpp"

#include <fstream>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

namespace skillgrad::bench {
namespace {

constexpr std::uint64_t kMaxOutputBytes = std::uint64_t{128} << 20;

}  // namespace

Result<PredictedOutput> predicted_output(const Json& line, const std::string& task_id,
                                         const fs::path& base_dir) {
  PredictedOutput out;
  const auto output = line.is_object() ? line.find("output") : line.end();
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
  std::error_code error;
  if (name.find('\0') == std::string::npos && fs::is_regular_file(base_dir / name, error))
    out.file = base_dir / name;
  else
    out.missing = "there is no file \"" + name + "\"";
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
