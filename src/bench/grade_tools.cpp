// SPDX-License-Identifier: MIT
#include "bench/grade_tools.hpp"

#include <algorithm>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/text.hpp>

namespace skillgrad::bench {
namespace {

constexpr std::size_t kShownDifferences = 20;
constexpr std::size_t kShownBytes = 200;

std::string shown(const TypedText& value) {
  if (value.type == "empty") return value.text.empty() ? "nothing" : value.text;
  const std::string text = truncate_middle(value.text, kShownBytes);
  return value.type == "string" ? "string \"" + text + "\"" : value.type + " " + text;
}

bool is_inside(const fs::path& path, const fs::path& root) {
  const auto [root_end, _] = std::mismatch(root.begin(), root.end(), path.begin(), path.end());
  return root_end == root.end();
}

}  // namespace

Grade error_grade(const std::string& task_id, GradeErrorKind kind, const std::string& message,
                  const std::string& mend) {
  Grade grade;
  grade.task_id = task_id;
  grade.kind = kind;
  grade.message = mend.empty() ? message : message + "; " + mend;
  return grade;
}

Grade error_grade(const std::string& task_id, const Error& error) {
  const bool dataset = error.code == ErrorCode::dataset;
  return error_grade(task_id, dataset ? GradeErrorKind::dataset_error : GradeErrorKind::infra_error,
                     error.to_line());
}

void settle(Grade& grade) {
  grade.kind = GradeErrorKind::none;
  grade.hard = grade.score >= 1;
  grade.status = grade.hard ? GradeStatus::pass : GradeStatus::fail;
}

std::string describe(const Grade& grade) {
  constexpr std::size_t kUsual = 120;  // what follows is appended bit by bit
  std::string text;
  text.reserve(kUsual);
  text.append(std::to_string(grade.matched)).append(" of ").append(std::to_string(grade.total));
  text.append(" right");
  const std::size_t shown_count = std::min(grade.differences.size(), kShownDifferences);
  for (std::size_t i = 0; i < shown_count; ++i) {
    const Difference& difference = grade.differences[i];
    text += "\n" + difference.where + ": expected " + shown(difference.expected) + ", got " +
            shown(difference.got);
  }
  if (grade.differences.size() > shown_count)
    text += "\nand " + std::to_string(grade.differences.size() - shown_count) + " more";
  return text;
}

std::optional<fs::path> find_output(const fs::path& work_dir, const std::string& name) {
  if (work_dir.empty()) return std::nullopt;
  std::error_code error;
  const fs::path path = work_dir / name;
  if (!is_confined(name) || fs::symlink_status(path, error).type() != fs::file_type::regular)
    return std::nullopt;
  const fs::path root = fs::canonical(work_dir, error);
  if (error) return std::nullopt;
  const fs::path real = fs::canonical(path, error);
  if (error || !is_inside(real, root)) return std::nullopt;
  return real;
}

Result<std::optional<std::string>> read_output_text(const fs::path& work_dir,
                                                    const std::string& name) {
  const auto path = find_output(work_dir, name);
  if (!path) return std::nullopt;
  std::error_code error;
  // Root could read it, and then the verdict would hang on who runs this.
  if ((fs::status(*path, error).permissions() & fs::perms::owner_read) == fs::perms::none)
    return fail(ErrorCode::input, name + " cannot be read by its owner", name);
  return read_answer_text(*path);
}

Result<std::optional<std::string>> read_answer_text(const fs::path& file) {
  SKILLGRAD_TRY(std::string text, read_file(file, kMaxAnswerBytes));
  return usable_text(std::move(text), file.filename().string());
}

Result<std::optional<std::string>> usable_text(std::string text, const std::string& name) {
  if (text.size() > kMaxAnswerBytes)
    return fail(ErrorCode::input,
                name + " has more than " + std::to_string(kMaxAnswerBytes) + " bytes", name);
  if (text.find('\0') != std::string::npos)
    return fail(ErrorCode::input, name + " is not a text file", name);
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  return sanitize_utf8(text);
}

bool is_confined(std::string_view name) {
  if (name.find('\0') != std::string_view::npos) return false;
  for (;;) {
    const std::size_t end = name.find('/');
    const std::string_view part = name.substr(0, end);
    if (part.empty() || part == "." || part == "..") return false;
    if (end == std::string_view::npos) return true;
    name.remove_prefix(end + 1);
  }
}

}  // namespace skillgrad::bench
