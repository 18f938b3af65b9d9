// SPDX-License-Identifier: MIT
// UPD-05 and UPD-06: what of the training tasks must not become a part of the skill.
#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include <skillgrad/core/ascii.hpp>
#include <skillgrad/core/text.hpp>

#include "skill/edit/line_script.hpp"
#include "skill/lint/disguise.hpp"
#include "skill/lint/lint_rules.hpp"
#include "skill/lint/quoting.hpp"
#include "skill/package/package_files.hpp"

namespace skillgrad::skill {
namespace {

constexpr std::size_t kMinForbidden = 5;
/// So many words in a row are no phrase that two people write alike by chance.
constexpr std::size_t kRunOfWords = 12;

/// A file of the package with what is found in it.
struct Searched {
  std::string file;
  std::string_view text;
  Disguise disguise;
};

std::vector<Searched> searched_files(const SkillPackage& package) {
  std::vector<Searched> out;
  out.push_back({"SKILL.md", package.skill_md(), Disguise(package.skill_md())});
  for (const auto& [path, file] : package.files())
    if (!is_below_evals(path) && is_text(file.bytes))
      out.push_back({path, file.bytes, Disguise(file.bytes)});
  return out;
}

/// What a text is called in a message: never by itself, or the next try would only spell it
/// otherwise.
std::string named_by_length(const std::string& needle, const std::string& what) {
  return what + " (" + std::to_string(count_code_points(needle)) + " characters, not shown here)";
}

class Leaks {
 public:
  explicit Leaks(LintRun& run)
      : run_(run),
        files_(searched_files(run.package)),
        earlier_(earlier_text(run.context)),
        earlier_disguise_(earlier_) {
    for (const auto& [path, file] : run.package.files())
      if (!is_below_evals(path)) names_.emplace_back(path, Disguise(path));
  }

  /// As it is; with `disguised` also written so as not to be found.
  void look_for(const std::string& text, const std::string& what, bool disguised) {
    const std::string needle(trim(text));
    if (count_code_points(needle) < kMinForbidden || !seen_.insert(needle).second) return;
    const bool known = line_quoting(earlier_, needle).has_value();
    const bool known_disguised = known || (disguised && earlier_disguise_.line_of(needle));
    for (const Searched& file : files_) {
      const auto plain = known ? std::nullopt : line_quoting(file.text, needle);
      const auto line =
          plain || known_disguised || !disguised ? plain : file.disguise.line_of(needle);
      if (line)
        say(file.file, *line,
            (plain ? "the line holds " : "the line holds, in another spelling, ") +
                named_by_length(needle, what));
    }
    if (disguised && !known_disguised) look_at_names(needle, what);
  }

 private:
  void look_at_names(const std::string& needle, const std::string& what) {
    for (const auto& [path, name] : names_)
      if (name.line_of(needle))
        say(path, 0, "the name of the file holds " + named_by_length(needle, what));
  }

  void say(const std::string& file, int line, const std::string& what) {
    run_.set_file(file);
    run_.hard("UPD-05", what + "; state the rule in general words", line,
              file + ":" + std::to_string(line));
  }

  LintRun& run_;
  const std::vector<Searched> files_;
  const std::string earlier_;
  const Disguise earlier_disguise_;
  std::vector<std::pair<std::string, Disguise>> names_;  ///< of files, by path
  std::set<std::string> seen_;
};

void lint_forbidden(LintRun& run) {
  const LintContext& context = run.context;
  if (context.forbidden.empty() && context.expected.empty() && context.task_ids.empty()) return;
  Leaks leaks(run);
  for (const std::string& text : context.forbidden)
    leaks.look_for(text, "a text that must not be in a skill: a secret or a path of this run",
                   false);
  for (const std::string& text : context.expected)
    leaks.look_for(text, "the expected answer of a task of this run, or what its judge checks",
                   true);
  for (const std::string& id : context.task_ids)
    // A short id, or one of a single word, is what a rule may well say.
    if (count_code_points(id) >= 8 && std::any_of(id.begin(), id.end(), is_digit))
      leaks.look_for(id, "the id of a task of this run", true);
}

/// A word by its letters and digits, in lower case, and where it stands.
struct PlacedWord {
  std::string text;
  int line;
};

std::vector<PlacedWord> placed_words(std::string_view text) {
  std::vector<PlacedWord> out;
  int line = 1;
  for (const std::string_view one : lines_of(text)) {
    std::string word;
    const auto flush = [&] {
      if (!word.empty()) out.push_back({std::exchange(word, {}), line});
    };
    for (const char c : one)
      if (is_alnum(c) || static_cast<unsigned char>(c) >= 0x80)
        word += to_lower(c);
      else
        flush();
    flush();
    ++line;
  }
  return out;
}

/// Each run of so many words, with where it begins.
template <class Function>
void each_run(const std::vector<PlacedWord>& words, Function function) {
  for (std::size_t i = 0; i + kRunOfWords <= words.size(); ++i) {
    std::string run;
    for (std::size_t k = 0; k < kRunOfWords; ++k) run += words[i + k].text + " ";
    function(std::move(run), words[i].line);
  }
}

/// In how many tasks each run of words stands.
std::unordered_map<std::string, std::size_t> runs_of_tasks(const LintContext& context) {
  std::unordered_map<std::string, std::size_t> out;
  for (const std::string& task : context.task_literals) {
    std::set<std::string> mine;
    each_run(placed_words(task), [&](std::string run, int) { mine.insert(std::move(run)); });
    for (const std::string& run : mine) ++out[run];
  }
  if (out.empty()) return out;
  for (const std::string& task : context.other_literals) {
    std::set<std::string> mine;
    each_run(placed_words(task), [&](std::string run, int) {
      if (out.contains(run)) mine.insert(std::move(run));
    });
    for (const std::string& run : mine) ++out[run];
  }
  return out;
}

/// UPD-06: a task told again is no rule, whatever it says of its answer.
void lint_task_texts(LintRun& run) {
  if (run.context.previous == nullptr) return;
  auto runs = runs_of_tasks(run.context);
  std::erase_if(runs, [](const auto& one) { return one.second >= kConventionTasks; });
  if (runs.empty()) return;
  each_run(placed_words(earlier_text(run.context)),
           [&](const std::string& text, int) { runs.erase(text); });
  const auto look = [&](const std::string& file, std::string_view text) {
    int told = 0;
    each_run(placed_words(text), [&](const std::string& words, int line) {
      if (line <= told || !runs.contains(words)) return;
      told = line;
      run.set_file(file);
      const std::string message =
          "the line repeats " + std::to_string(kRunOfWords) +
          " words or more of a task of this batch; state the rule in general words";
      if (file == "SKILL.md")
        run.hard("UPD-06", message, line, file + ":" + std::to_string(line));
      else
        run.soft("UPD-06", message, line, file + ":" + std::to_string(line));
    });
  };
  look("SKILL.md", run.package.skill_md());
  for (const auto& [path, file] : run.package.files())
    if (!is_below_evals(path) && is_text(file.bytes)) look(path, file.bytes);
}

}  // namespace

void lint_leaks(LintRun& run) {
  lint_forbidden(run);
  lint_task_texts(run);
  run.set_file("SKILL.md");
}

}  // namespace skillgrad::skill
