// SPDX-License-Identifier: MIT
#include "optim/rollouts/outputs.hpp"

#include <algorithm>
#include <deque>

#include <skillgrad/core/files.hpp>

namespace skillgrad::optim {
namespace {

/// More entries than this are not even looked at.
constexpr std::size_t kMostEntries = 20'000;
/// Names of other file systems may be shorter.
constexpr std::size_t kMostNameBytes = 200, kMostPathBytes = 3'800;

struct Found {
  std::vector<std::string> files;  ///< relative, sorted
  bool all = true;                 ///< false: some folder could not be read, or there were too many
};

void list_folder(const fs::path& root, const fs::path& folder, std::size_t& entries,
                 std::deque<fs::path>& folders, Found& found) {
  std::error_code failed;
  fs::directory_iterator at(root / folder, failed);
  for (; !failed && at != fs::directory_iterator(); at.increment(failed)) {
    if (++entries > kMostEntries) break;
    std::error_code unknown;
    const auto type = at->symlink_status(unknown).type();
    const fs::path relative = folder / at->path().filename();
    if (unknown)
      found.all = false;
    else if (type == fs::file_type::directory)
      folders.push_back(relative);
    else if (type == fs::file_type::regular)
      found.files.push_back(relative.generic_string());
  }
  if (failed) found.all = false;
}

Found find_files(const fs::path& root) {
  Found out;
  std::deque<fs::path> folders = {fs::path()};
  std::size_t entries = 0;
  while (!folders.empty() && entries <= kMostEntries) {
    const fs::path folder = std::move(folders.front());
    folders.pop_front();
    list_folder(root, folder, entries, folders, out);
  }
  if (entries > kMostEntries) out.all = false;
  std::sort(out.files.begin(), out.files.end());
  return out;
}

bool can_be_stored(const fs::path& relative, const fs::path& outputs) {
  return (outputs / relative).native().size() <= kMostPathBytes &&
         std::all_of(relative.begin(), relative.end(),
                     [](const fs::path& part) { return part.native().size() <= kMostNameBytes; });
}

bool is_input(const bench::Task& task, const std::string& file) {
  const auto& inputs = task.input_files;
  return file != task.output_file && std::find(inputs.begin(), inputs.end(), file) != inputs.end();
}

}  // namespace

Result<KeptOutputs> keep_outputs(const fs::path& work_dir, const bench::Task& task,
                                 const fs::path& outputs, const OutputLimits& limits) {
  KeptOutputs out;
  if (work_dir.empty()) return out;
  const Found found = find_files(work_dir);
  out.all = found.all;
  std::uintmax_t bytes_kept = 0;
  fs::path made;
  for (const auto& file : found.files) {
    if (is_input(task, file)) continue;
    const std::uintmax_t room = std::min(limits.bytes_of_file, limits.bytes - bytes_kept);
    const auto bytes = out.files.size() < limits.files && can_be_stored(file, outputs)
                           ? read_file(work_dir / file, room)
                           : Result<std::string>(tl::unexpected(Error{}));
    if (!bytes) {
      out.all = false;
      continue;
    }
    const fs::path target = outputs / file;
    if (target.parent_path() != made) {
      made = target.parent_path();
      SKILLGRAD_CHECK(make_directories(made));
    }
    SKILLGRAD_CHECK(write_file_in_place(target, *bytes));
    bytes_kept += bytes->size();
    out.files[file] = bytes->size();
  }
  return out;
}

}  // namespace skillgrad::optim
