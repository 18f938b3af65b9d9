// SPDX-License-Identifier: MIT
// Lint rules of layer 3 (docs/rules-skill.md).
#include <algorithm>
#include <initializer_list>
#include <set>

#include <skillgrad/core/text.hpp>

#include "skill/lint/lint_rules.hpp"
#include "skill/lint/python_check.hpp"
#include "skill/package/description_writer.hpp"

namespace skillgrad::skill {

namespace {

[[nodiscard]] bool has_word_of(std::string_view text, std::initializer_list<const char*> words) {
  const std::string lower = to_lower_ascii(text);
  return std::any_of(words.begin(), words.end(),
                     [&](const char* word) { return contains_as_word(lower, word); });
}

[[nodiscard]] bool has_trigger(std::string_view text) {
  return has_word_of(text, {"when", "whenever", "if", "before", "after", "while", "once", "where",
                            "for", "unless", "only"});
}

[[nodiscard]] bool has_skip_condition(std::string_view text) {
  return has_word_of(text, {"skip", "skipped", "not needed", "no need", "unless", "only when",
                            "only if", "otherwise do not", "ignore", "leave it"});
}

[[nodiscard]] bool is_python(const Block& block) {
  const std::string info = to_lower_ascii(block.info);
  return info == "python" || info == "py" || info == "python3";
}

/// Languages whose blocks are text to look at, not to run.
[[nodiscard]] bool is_runnable(const Block& block) {
  static const std::set<std::string> kNot = {"text", "txt",  "markdown", "md",   "json",
                                             "yaml", "toml", "csv",      "diff", "xml"};
  return block.kind == BlockKind::code && !trim(block.code).empty() &&
         kNot.count(to_lower_ascii(block.info)) == 0;
}

[[nodiscard]] bool has_branch(const std::string& code) {
  for (const std::string& line : split_lines(code)) {
    const std::string_view text = trim(line);
    for (const char* word : {"if ", "elif ", "while ", "match ", "case ", "try:", "if(", "if ["}) {
      if (text.starts_with(word)) return true;
    }
    if (text.find(" if ") != std::string_view::npos) return true;
  }
  return false;
}

/// A check whose failure prints a sentence: assert, raise or exit with a text of three words.
[[nodiscard]] bool has_speaking_check(const std::string& code) {
  for (const std::string& line : split_lines(code)) {
    const std::string_view text = trim(line);
    const bool check = text.starts_with("assert ") ||
                       text.find("raise ") != std::string_view::npos ||
                       text.find("exit(") != std::string_view::npos ||
                       text.find("echo ") != std::string_view::npos || text.starts_with("print(");
    const auto literals = string_literals(text);
    if (check && std::any_of(literals.begin(), literals.end(), [](const std::string& literal) {
          return count_words(literal) >= 3;
        })) {
      return true;
    }
  }
  return false;
}

void lint_pointer_count(LintRun& run, const std::string& path) {
  std::vector<std::string> lines;
  for (const Pointer& pointer : run.body.pointers) {
    if (pointer.path == path) lines.push_back(std::to_string(run.body.line(pointer.offset)));
  }
  if (lines.size() == 1) return;
  if (lines.empty()) {
    run.hard("L3-01",
             "no sentence of the body points to " + path +
                 "; add one: read it when ..., skip it when ...",
             run.body.first_line, path);
    return;
  }
  run.by_profile(
      "L3-01",
      "the body points to " + path + " on lines " + list_some(lines) + "; keep one pointer",
      std::stoi(lines.front()), path);
}

void lint_pointers(LintRun& run) {
  std::set<std::string> missing;
  for (const Pointer& pointer : run.body.pointers) {
    const int line = run.body.line(pointer.offset);
    const bool exists = pointer.path == "SKILL.md" || run.package.files().count(pointer.path) > 0;
    if (!exists && missing.insert(pointer.path).second) {
      run.hard("L3-02",
               "the body points to " + pointer.path +
                   ", which the package does not hold; write the file or remove the "
                   "pointer",
               line, pointer.path);
    }
    if (!is_reference(pointer.path)) continue;
    if (!has_trigger(pointer.text)) {
      run.hard("L3-03",
               "the pointer to " + pointer.path +
                   " does not say when to read it; write: read it when ..., skip it "
                   "when ...",
               line, pointer.path);
    } else if (!has_skip_condition(pointer.text)) {
      run.by_profile(
          "L3-03",
          "the pointer to " + pointer.path + " does not say when to skip it; add: skip it when ...",
          line, pointer.path + "#skip");
    }
  }
}

void lint_reference_code(LintRun& run, const std::string& path, const std::string& text) {
  std::string runnable;
  int first_line = 1;
  for (const Block& block : markdown_blocks(text)) {
    if (!is_runnable(block)) continue;
    if (runnable.empty()) first_line = block.first_line;
    runnable += block.code + "\n";
    if (!is_python(block)) continue;
    if (const auto problem = check_python(block.code)) {
      run.by_profile("L3-04",
                     "a Python block of " + path + " has " + problem->what +
                         " (found by a light check of brackets, strings and indentation, no "
                         "interpreter was run); mend it",
                     block.first_line + problem->line, path);
    }
  }
  if (runnable.empty()) {
    run.by_profile("L3-04", path + " has no runnable code block; add one", 1, path);
    return;
  }
  if (!has_branch(runnable)) {
    run.soft("L3-05",
             "the code of " + path +
                 " has no branch on what it finds at run time; add an `if` on the data",
             first_line, path);
  }
  if (!has_speaking_check(runnable)) {
    run.soft("L3-06",
             "the code of " + path +
                 " has no check whose message names the next action; add an assert with "
                 "such a message",
             first_line, path);
  }
}

}  // namespace

void lint_references(LintRun& run) {
  for (const auto& [path, file] : run.package.files()) {
    if (is_reference(path)) lint_pointer_count(run, path);
  }
  lint_pointers(run);
  for (const auto& [path, file] : run.package.files()) {
    if (!is_reference(path)) continue;
    run.set_file(path);
    lint_reference_code(run, path, file.bytes);
  }
  run.set_file("SKILL.md");
}

}  // namespace skillgrad::skill
