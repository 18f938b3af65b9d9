// SPDX-License-Identifier: MIT
// Lint rules on what a patch did: UPD-01 to UPD-04, and L2-03 on values of the batch (section 7).
#include <algorithm>
#include <set>

#include <skillgrad/core/text.hpp>

#include "skill/edit/diff.hpp"
#include "skill/lint/lint_rules.hpp"
#include "skill/lint/python_check.hpp"
#include "skill/package/package_files.hpp"

namespace skillgrad::skill {

namespace {

/// Of a short body more than half may go: so much is one section, and no rewrite.
constexpr std::size_t kSmallRemoval = 400;
constexpr std::size_t kMinLiteral = 4;
constexpr int kAddingPatches = 3;

[[nodiscard]] bool is_cell(std::string_view text) {
  std::size_t at = 0;
  const auto skip = [&](char low, char high) {
    const std::size_t begin = at;
    while (at < text.size() && ((text[at] >= low && text[at] <= high) || text[at] == '$')) ++at;
    return at - begin;
  };
  const std::size_t letters = skip('A', 'Z');
  const std::size_t digits = skip('0', '9');
  return letters > 0 && letters <= 4 && digits > 0 && at == text.size();
}

/// Sheet names and cell ranges of an answer position such as `'My Sheet'!A1:B5,C2:C9`.
void add_position(std::string_view position, std::set<std::string>& out) {
  std::string rest(position);
  const std::size_t bang = rest.rfind('!');
  if (bang != std::string::npos) {
    std::string sheet = rest.substr(0, bang);
    sheet.erase(std::remove(sheet.begin(), sheet.end(), '\''), sheet.end());
    const std::string name(trim(sheet));
    if (name.size() >= 2) out.insert(name);
    rest = rest.substr(bang + 1);
  }
  for (std::string part : split(rest, ',')) {
    part.erase(std::remove(part.begin(), part.end(), '\''), part.end());
    const std::string range(trim(part));
    if (range.find(':') != std::string::npos && range.size() >= kMinLiteral) out.insert(range);
  }
}

/// Words of a text that are file names.
void add_file_names(const std::string& text, std::set<std::string>& out) {
  static constexpr std::string_view kExtensions[] = {".xlsx", ".xlsm", ".xls", ".csv", ".tsv",
                                                     ".json", ".txt",  ".pdf", ".docx"};
  std::string word;
  const auto flush = [&] {
    while (!word.empty() && word.back() == '.') word.pop_back();
    const std::string name = word.substr(word.rfind('/') + 1);
    for (const std::string_view extension : kExtensions) {
      if (name.size() > extension.size() && name.ends_with(extension)) out.insert(name);
    }
    word.clear();
  };
  for (const char c : text) {
    if (std::string_view(" \t\r\n\"'`()[]<>,;:").find(c) != std::string_view::npos) {
      flush();
    } else {
      word += c;
    }
  }
  flush();
}

[[nodiscard]] bool is_exempt(std::string_view value) {
  return value == "Sheet1" || value == "input.xlsx" || value == "output.xlsx" || is_cell(value);
}

void lint_rewrite(LintRun& run, const SkillPackage& previous) {
  const std::string before = previous.body();
  const std::size_t removed = changed_bytes(before, run.body.text).removed;
  const std::size_t allowed = std::max(before.size() / 2, kSmallRemoval);
  if (removed <= allowed) return;
  run.hard("UPD-01",
           "the patch removes " + std::to_string(removed) + " of " + std::to_string(before.size()) +
               " bytes of the body, at most " + std::to_string(allowed) +
               " may go in one patch; change single sections instead",
           run.body.first_line, "rewrite");
}

[[nodiscard]] bool points_to(const BodyModel& body, const std::string& path) {
  return std::any_of(body.pointers.begin(), body.pointers.end(),
                     [&](const Pointer& pointer) { return pointer.path == path; });
}

void lint_pointer_changes(LintRun& run, const SkillPackage& previous) {
  const BodyModel before(previous);
  std::set<std::string> paths;
  for (const auto& [path, file] : previous.files()) paths.insert(path);
  for (const auto& [path, file] : run.package.files()) paths.insert(path);
  for (const std::string& path : paths) {
    if (!is_reference(path)) continue;
    const bool was = previous.files().count(path) > 0;
    const bool is = run.package.files().count(path) > 0;
    const bool pointed = points_to(run.body, path);
    std::string problem;
    if (!was && is && !pointed)
      problem = " is new but the body does not point to it; add a pointer";
    if (was && !is && pointed) problem = " is deleted but its pointer stays; remove the pointer";
    if (was && is && points_to(before, path) && !pointed) {
      problem = " lost its pointer but stays; delete the file or keep the pointer";
    }
    if (!problem.empty()) run.hard("UPD-02", path + problem, run.body.first_line, path);
  }
}

/// Fixed vocabulary of the tasks of this kind: codes, prefixes, names that come in many of them.
[[nodiscard]] bool is_convention(const LintContext& context, const std::string& text) {
  std::size_t tasks = 0;
  for (const auto* texts : {&context.task_literals, &context.other_literals})
    tasks += static_cast<std::size_t>(
        std::count_if(texts->begin(), texts->end(),
                      [&](const std::string& task) { return contains_as_word(task, text); }));
  return tasks >= kConventionTasks;
}

}  // namespace

void lint_task_values(LintRun& run) {
  std::set<std::string> values, positions;
  for (const std::string& position : run.context.answer_positions)
    add_position(position, positions);
  for (const std::string& position : run.context.answer_positions) add_position(position, values);
  for (const std::string& task : run.context.task_literals) add_file_names(task, values);
  const auto blocks = run.body.code();
  std::set<std::string> held;
  for (const std::string& code : blocks) {
    for (const std::string& value : values) {
      if (contains_as_word(code, value)) held.insert(value);
    }
    for (const std::string& literal : string_literals(code)) {
      if (count_code_points(trim(literal)) < kMinLiteral) continue;
      const auto in_task = [&](const std::string& task) { return contains_as_word(task, literal); };
      if (std::any_of(run.context.task_literals.begin(), run.context.task_literals.end(),
                      in_task)) {
        held.insert(literal);
      }
    }
  }
  if (held.empty()) return;
  const std::string earlier = earlier_text(run.context);
  for (const std::string& value : held) {
    if (is_exempt(value) || contains_as_word(earlier, value)) continue;
    if (!positions.contains(value) && is_convention(run.context, value)) continue;
    const std::size_t at = run.body.text.find(value);
    run.hard("L2-03",
             "the code holds \"" + truncate_middle(value, 80) +
                 "\" of one task; use a variable or a neutral example instead",
             run.body.line(at == std::string::npos ? 0 : at), value);
  }
}

void lint_update(LintRun& run) {
  if (run.context.previous != nullptr) {
    lint_rewrite(run, *run.context.previous);
    lint_pointer_changes(run, *run.context.previous);
  }
  if (run.context.patches_that_only_added >= kAddingPatches) {
    run.soft("UPD-03",
             "the last " + std::to_string(run.context.patches_that_only_added) +
                 " patches only added text; rewrite a section in place this time",
             run.body.first_line, "only-added");
  }
  if (run.context.previous != nullptr) {
    run.judgement("UPD-04",
                  "for the reviewer: a remedy that failed at one place is not repeated "
                  "there");
  }
}

}  // namespace skillgrad::skill
