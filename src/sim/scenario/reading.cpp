// SPDX-License-Identifier: MIT
#include "sim/scenario/reading.hpp"

#include <algorithm>
#include <cctype>

#include <skillgrad/core/text.hpp>

namespace skillgrad::sim {
namespace {

/// The next line of `text` from `at` on, without its end; moves `at` behind it.
std::string_view next_line(std::string_view text, std::size_t& at) {
  const std::size_t end = std::min(text.find('\n', at), text.size());
  const std::string_view line = text.substr(at, end - at);
  at = std::min(end + 1, text.size());
  return line;
}

bool is_fence(std::string_view line) {
  const std::string_view body = trim(line);
  return body.starts_with("```") || body.starts_with("~~~");
}

/// An ATX heading of level 1 or 2 as an empty section, else nullopt.
std::optional<TextSection> major_heading(std::string_view line) {
  const std::size_t level = std::min(line.find_first_not_of('#'), line.size());
  if (level == 0 || level > 2) return std::nullopt;
  if (level < line.size() && line[level] != ' ' && line[level] != '\t') return std::nullopt;
  return TextSection{static_cast<int>(level), std::string(trim(line.substr(level))), ""};
}

bool word_char(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

/// Words of at least four letters, lower case, without a plural s.
std::vector<std::string> key_words(std::string_view text) {
  static const std::vector<std::string> common = {"when", "this", "that", "with", "from", "into",
                                                  "read", "file", "have", "task", "data", "input"};
  std::vector<std::string> words;
  std::string word;
  for (const char c : std::string(text) + " ") {
    if (word_char(c)) {
      word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      continue;
    }
    if (word.size() > 4 && word.back() == 's') word.pop_back();
    if (word.size() >= 4 && std::find(common.begin(), common.end(), word) == common.end())
      words.push_back(word);
    word.clear();
  }
  return words;
}

}  // namespace

namespace {

/// The next pair of tags from `at` on, which moves behind it.
std::optional<std::string> next_tagged(std::string_view text, const std::string& tag,
                                       std::size_t& at) {
  const std::string open = "<" + tag + ">";
  const std::string close = "</" + tag + ">";
  while (at < text.size()) {
    if (trim(next_line(text, at)) != open) continue;
    const std::size_t begin = at;
    while (at < text.size()) {
      const std::size_t line_begin = at;
      if (trim(next_line(text, at)) != close) continue;
      const std::size_t end = line_begin > begin ? line_begin - 1 : begin;
      return replace_all(std::string(text.substr(begin, end - begin)), "<\\/", "</");
    }
    return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> tagged(std::string_view text, const std::string& tag) {
  std::size_t at = 0;
  return next_tagged(text, tag, at);
}

std::vector<std::string> all_tagged(std::string_view text, const std::string& tag) {
  std::vector<std::string> out;
  std::size_t at = 0;
  while (auto next = next_tagged(text, tag, at)) out.push_back(std::move(*next));
  return out;
}

std::string normalised(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  bool blank = false;
  for (const char c : text) {
    if (std::isspace(static_cast<unsigned char>(c)) != 0) {
      blank = true;
      continue;
    }
    if (blank && !out.empty()) out += ' ';
    blank = false;
    out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return out;
}

std::string folder_of_skill(std::string_view text) {
  constexpr std::string_view kFile = "/SKILL.md";
  std::size_t at = 0;
  const std::string_view first = trim(next_line(text, at));
  if (!first.ends_with(kFile) || first.find(' ') != std::string_view::npos) return {};
  return std::string(first.substr(0, first.size() - kFile.size()));
}

std::vector<TextSection> text_sections(std::string_view markdown) {
  std::vector<TextSection> sections(1);
  bool fenced = false;
  std::size_t at = 0;
  while (at < markdown.size()) {
    const std::size_t begin = at;
    const std::string_view line = next_line(markdown, at);
    if (is_fence(line)) fenced = !fenced;
    auto heading = fenced ? std::nullopt : major_heading(line);
    if (heading) sections.push_back(std::move(*heading));
    sections.back().text += markdown.substr(begin, at - begin);
  }
  return sections;
}

namespace {

bool holds_each(const std::vector<std::vector<std::string>>& groups, const std::string& text) {
  return std::all_of(groups.begin(), groups.end(), [&](const auto& group) {
    return std::any_of(group.begin(), group.end(), [&](const std::string& phrase) {
      return text.find(phrase) != std::string::npos;
    });
  });
}

}  // namespace

bool teaches(const std::string& normalised_section, const Lesson& lesson) {
  return holds_each(lesson.taught_when, normalised_section);
}

bool contradicts(const std::string& normalised_text, const Lesson& lesson) {
  return !lesson.contradicted_when.empty() && holds_each(lesson.contradicted_when, normalised_text);
}

void LoadedText::add(std::string_view markdown) {
  for (const TextSection& section : text_sections(markdown)) {
    std::string text = normalised(section.text);
    if (!text.empty()) sections_.push_back(std::move(text));
  }
}

void LoadedText::add_whole(std::string_view reference) {
  std::string text = normalised(reference);
  if (!text.empty()) sections_.push_back(std::move(text));
}

void LoadedText::add_files(std::string_view listing) {
  bool in_reference = false;
  std::string reference;
  const auto end_reference = [&] {
    add_whole(reference);
    reference.clear();
  };
  for (const TextSection& section : text_sections(listing)) {
    const bool is_path =
        section.heading.find(' ') == std::string::npos &&
        (section.heading == "SKILL.md" || section.heading.find('/') != std::string::npos);
    if (is_path) {
      end_reference();
      in_reference = section.heading != "SKILL.md" && !section.heading.ends_with("/SKILL.md");
    }
    if (in_reference)
      reference += section.text;
    else
      add(section.text);
  }
  end_reference();
}

bool LoadedText::contradicts(const Lesson& lesson) const {
  return std::any_of(sections_.begin(), sections_.end(),
                     [&](const std::string& section) { return sim::contradicts(section, lesson); });
}

bool LoadedText::teaches(const Lesson& lesson) const {
  if (contradicts(lesson)) return false;
  return std::any_of(sections_.begin(), sections_.end(),
                     [&](const std::string& section) { return sim::teaches(section, lesson); });
}

std::vector<Pointer> pointers(std::string_view markdown) {
  constexpr std::string_view kFolder = "references/";
  std::vector<Pointer> found;
  std::size_t at = 0;
  while (at < markdown.size()) {
    const std::string_view line = next_line(markdown, at);
    const std::size_t begin = line.find(kFolder);
    if (begin == std::string_view::npos) continue;
    std::size_t end = begin;
    while (end < line.size() && (word_char(line[end]) || std::string_view("/._-").find(line[end]) !=
                                                             std::string_view::npos))
      ++end;
    std::string path(line.substr(begin, end - begin));
    while (!path.empty() && path.back() == '.') path.pop_back();
    const bool bare = trim(line) == path || trim(line) == "- " + path;  // a line of a file list
    const bool known = std::any_of(found.begin(), found.end(),
                                   [&](const Pointer& other) { return other.path == path; });
    if (!bare && !known) found.push_back({path, std::string(line)});
  }
  return found;
}

bool pointer_fits(const Pointer& pointer, std::string_view task_text) {
  const std::string sentence = to_lower_ascii(pointer.sentence);
  const std::size_t when = sentence.find("when ");
  if (when == std::string::npos) return true;
  const std::size_t skip = std::min(sentence.find("skip", when), sentence.size());
  const auto trigger = key_words(std::string_view(sentence).substr(when, skip - when));
  const auto asked = key_words(task_text);
  return std::any_of(trigger.begin(), trigger.end(), [&](const std::string& word) {
    return std::find(asked.begin(), asked.end(), word) != asked.end();
  });
}

}  // namespace skillgrad::sim
