// SPDX-License-Identifier: MIT
#include "bench/graders/judge_request.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/hashing.hpp>
#include <skillgrad/core/text.hpp>

#include "bench/grade_tools.hpp"

namespace skillgrad::bench {
namespace {

constexpr std::size_t kMessageBytes = 60'000;
constexpr std::size_t kFileBytes = 20'000;
constexpr std::size_t kAllFilesBytes = 60'000;
constexpr std::size_t kMostJudgedFiles = 50;
constexpr std::size_t kDelimiterLetters = 16;

/// Letters that stand in none of the texts. They come from a hash of all of them, so that a writer
/// cannot know them, and are drawn again in the unlikely case that they do occur.
std::string free_letters(const std::vector<const std::string*>& texts) {
  for (int attempt = 0;; ++attempt) {
    PartHasher hasher;
    hasher.add("judge").add(std::to_string(attempt));
    for (const std::string* text : texts) hasher.add(*text);
    std::string letters = hasher.finish().substr(0, kDelimiterLetters);
    const bool used = std::any_of(texts.begin(), texts.end(), [&](const std::string* text) {
      return text->find(letters) != std::string::npos;
    });
    if (!used) return letters;
  }
}

std::string part(const std::string& name, const std::string& letters, const std::string& text) {
  return fmt::format("<{0}-{1}>\n{2}\n</{0}-{1}>\n", name, letters, text);
}

std::string file_text(const GraderInput& input, const std::string& name) {
  auto text = read_output_text(input.work_dir, name);
  if (text && *text) return truncate_middle(**text, kFileBytes);
  std::error_code error;
  const auto size = fs::file_size(input.work_dir / name, error);
  return error ? "(not readable)" : fmt::format("({} bytes, not a text file)", size);
}

}  // namespace

std::string judge_message(const std::string& task, const std::vector<std::string>& criteria,
                          const std::string& answer) {
  std::string list;
  for (std::size_t i = 0; i < criteria.size(); ++i)
    list += fmt::format("{}{}. {}", i > 0 ? "\n" : "", i + 1, criteria[i]);
  const std::string letters = free_letters({&task, &list, &answer});
  return part("task", letters, task) + part("criteria", letters, list) +
         part("answer", letters, answer);
}

std::string judged_text(const GraderInput& input, bool files) {
  std::string out = truncate_middle(input.answer, kMessageBytes);
  if (trim(out).empty()) out.clear();
  if (!files || input.work_dir.empty()) return out;
  auto names = list_files(input.work_dir);
  if (!names) return out;
  std::erase_if(*names, [&](const std::string& name) {
    return std::find(input.input_files.begin(), input.input_files.end(), name) !=
               input.input_files.end() ||
           !find_output(input.work_dir, name);
  });
  std::sort(names->begin(), names->end());
  std::string shown;
  std::size_t count = 0;
  for (const auto& name : *names) {
    if (count == kMostJudgedFiles || shown.size() >= kAllFilesBytes) {
      shown += fmt::format("\n\n({} more files)", names->size() - count);
      break;
    }
    ++count;
    shown += fmt::format("{}File {}:\n{}", shown.empty() ? "" : "\n\n", sanitize_utf8(name),
                         file_text(input, name));
  }
  if (shown.empty()) return out;
  return out.empty() ? shown : out + "\n\n" + shown;
}

}  // namespace skillgrad::bench
