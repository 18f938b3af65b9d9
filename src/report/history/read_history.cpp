// SPDX-License-Identifier: MIT
#include <algorithm>
#include <map>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/report/history.hpp>
#include <skillgrad/report/review.hpp>
#include <skillgrad/report/run_report.hpp>
#include <skillgrad/skill/hunks.hpp>
#include <skillgrad/skill/skill_set.hpp>

#include "report/run/json_parts.hpp"
#include "report/run/run_files.hpp"

namespace skillgrad::report {
namespace {

/// Where the lines of a package came from within one run: nullopt, the run began with it.
struct LineOrigin {
  int iteration = 0;
  std::vector<std::string> patterns;
};
using Origins = std::map<std::string, std::vector<std::optional<LineOrigin>>>;

/// A run whose package may be in the skill.
struct Produced {
  fs::path dir;
  HistoryRun about;
  skill::SkillPackage last;
  Origins origins;  ///< of the lines of `last`
};

/// Patterns by file and line (from 0) that the changes of a step name.
using LinePatterns = std::map<std::string, std::map<std::size_t, std::vector<std::string>>>;

LinePatterns patterns_of(const Step& step) {
  LinePatterns out;
  for (const Change& change : step.changes) {
    std::vector<std::string> names;
    for (const Reason& reason : change.reasons)
      if (!reason.pattern.empty() &&
          std::find(names.begin(), names.end(), reason.pattern) == names.end())
        names.push_back(reason.pattern);
    std::size_t line = change.new_line;  // from 1
    for (const std::string& text : change.lines) {
      if (text.starts_with('-') || line == 0) continue;
      if (text.starts_with('+')) out[change.file][line - 1] = names;
      ++line;
    }
  }
  return out;
}

/// Lines of `after` that `before` has keep their origin; the others are of `iteration`.
Origins carried(const skill::SkillPackage& before, const skill::SkillPackage& after,
                const Origins& origins, int iteration, const LinePatterns& patterns) {
  Origins out;
  for (const auto& [file, lines] : skill::line_origins(before, after)) {
    const auto old = origins.find(file);
    const auto named = patterns.find(file);
    auto& mine = out[file];
    mine.resize(lines.size());
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (lines[i] && old != origins.end()) {
        mine[i] = old->second[*lines[i]];
        continue;
      }
      mine[i] = LineOrigin{iteration, {}};
      if (named == patterns.end()) continue;
      const auto found = named->second.find(i);
      if (found != named->second.end()) mine[i]->patterns = found->second;
    }
  }
  return out;
}

Origins nothing_of(const skill::SkillPackage& initial) {
  Origins out;
  for (const auto& [file, lines] : skill::line_origins(initial, initial))
    out[file].resize(lines.size());
  return out;
}

/// What a review made of the best package, where there is a whole one.
std::optional<skill::SkillPackage> reviewed(const Proposal& proposal) {
  std::error_code ignored;
  const fs::path file = proposal.run / "review.json";
  if (!fs::exists(file, ignored)) return std::nullopt;
  const auto review = read_review(file, proposal);
  if (!review || !undecided(proposal, *review).empty()) return std::nullopt;
  auto merged = skill::merge_hunks(proposal.initial, proposal.initial, taken(proposal, *review));
  if (!merged) return std::nullopt;
  return std::move(merged->package);
}

std::size_t count_new(const Origins& origins) {
  std::size_t out = 0;
  for (const auto& [file, lines] : origins)
    out += static_cast<std::size_t>(
        std::count_if(lines.begin(), lines.end(), [](const auto& one) { return one.has_value(); }));
  return out;
}

bool was_written(const fs::path& run) {
  std::error_code ignored;
  return fs::exists(run / "replaced", ignored);
}

Result<Produced> read_produced(const fs::path& dir) {
  SKILLGRAD_TRY(const auto report, read_run(dir, {0, std::nullopt, std::nullopt}));
  SKILLGRAD_TRY(const auto proposal, read_proposal(dir, std::nullopt));
  Produced out;
  out.dir = dir;
  out.about.run = dir.string();
  out.about.finished_at = report.facts.finished_at;
  out.about.verdict = report.verdict.line;
  out.about.simulation = report.facts.simulation;
  out.about.written = was_written(dir);
  std::vector<std::string> missing;
  const RunFiles files(dir, missing);
  skill::SkillPackage current = proposal.initial;
  Origins origins = nothing_of(current);
  int last = 0;
  for (const Step& step : report.steps) {
    if (step.decision != "accepted" || (report.best && step.iteration > report.best->iteration))
      continue;
    auto next = files.package(patch_folder(dir, step.iteration) + "/skill");
    if (!next) continue;
    origins = carried(current, *next, origins, step.iteration, patterns_of(step));
    current = std::move(*next);
    last = step.iteration;
  }
  // What was taken back is gone; nothing is new here unless a step could not be read.
  origins = carried(current, proposal.proposed, origins, last, {});
  out.about.produced = count_new(origins);
  out.last = proposal.proposed;
  if (const auto decided = reviewed(proposal)) {
    origins = carried(proposal.proposed, *decided, origins, 0, {});
    // What a rejected hunk would have replaced is the skill's own.
    const auto own = skill::line_origins(proposal.initial, *decided);
    for (const auto& [file, lines] : own)
      for (std::size_t i = 0; i < lines.size(); ++i)
        if (lines[i]) origins[file][i].reset();
    out.last = *decided;
  }
  out.origins = std::move(origins);
  return out;
}

bool is_optimize_run_of(const fs::path& dir, const std::string& folder) {
  std::error_code ignored;
  if (!fs::exists(dir / "config.json", ignored)) return false;
  const auto config = read_json(dir / "config.json");
  return config && text_of(*config, "command") == "optimize" &&
         text_of(*config, "skill_folder") == folder;
}

Result<std::vector<fs::path>> runs_below(const fs::path& where, const std::string& folder) {
  std::error_code failed;
  if (!fs::is_directory(where, failed))
    return fail(ErrorCode::input, "there is no such folder of runs", where.string(),
                "name the folder that holds the runs with --runs DIR");
  std::vector<fs::path> out;
  if (is_optimize_run_of(where, folder)) out.push_back(where);
  for (const auto& entry : fs::directory_iterator(where, failed))
    if (is_optimize_run_of(entry.path(), folder)) out.push_back(entry.path());
  std::sort(out.begin(), out.end());
  return out;
}

/// A run that was written over a skill before one that was not, then the newest, then by name.
bool comes_before(const Produced& a, const Produced& b) {
  if (a.about.written != b.about.written) return a.about.written;
  if (a.about.finished_at != b.about.finished_at) return a.about.finished_at > b.about.finished_at;
  return a.dir < b.dir;
}

class Attribution {
 public:
  explicit Attribution(SkillHistory& out) : out_(out) {}

  /// Gives lines that no run has yet to this one.
  void add(const Produced& run, const skill::SkillPackage& now) {
    const auto origins = skill::line_origins(run.last, now);
    if (!has_telling_line(run, origins)) return;
    out_.runs.push_back(run.about);
    for (HistoryFile& file : out_.files) {
      const auto from = origins.find(file.file);
      const auto of = run.origins.find(file.file);
      if (from == origins.end() || of == run.origins.end()) continue;
      for (std::size_t i = 0; i < file.lines.size(); ++i) {
        if (file.lines[i].source || !from->second[i]) continue;
        const auto& origin = of->second[*from->second[i]];
        if (!origin) continue;
        file.lines[i].source = source({out_.runs.size() - 1, origin->iteration, origin->patterns});
        ++out_.runs.back().remaining;
      }
    }
  }

 private:
  /// Blank lines alone are no sign that a run was ever in the skill.
  [[nodiscard]] bool has_telling_line(const Produced& run,
                                      const skill::LineOrigins& origins) const {
    for (const HistoryFile& file : out_.files) {
      const auto from = origins.find(file.file);
      const auto of = run.origins.find(file.file);
      if (from == origins.end() || of == run.origins.end()) continue;
      for (std::size_t i = 0; i < file.lines.size(); ++i)
        if (!file.lines[i].source && from->second[i] && of->second[*from->second[i]] &&
            !trim(file.lines[i].text).empty())
          return true;
    }
    return false;
  }

  std::size_t source(const LineSource& one) {
    const auto found = std::find(out_.sources.begin(), out_.sources.end(), one);
    if (found != out_.sources.end()) return static_cast<std::size_t>(found - out_.sources.begin());
    out_.sources.push_back(one);
    return out_.sources.size() - 1;
  }

  SkillHistory& out_;
};

std::vector<HistoryFile> files_of(const skill::SkillPackage& package) {
  std::vector<HistoryFile> out;
  for (const auto& [path, lines] : skill::line_origins(package, package)) {
    HistoryFile file{path, {}};
    const std::string& bytes =
        path == "SKILL.md" ? package.skill_md() : package.files().at(path).bytes;
    std::size_t begin = 0;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const std::size_t end = std::min(bytes.find('\n', begin), bytes.size());
      std::string text = bytes.substr(begin, end - begin);
      if (text.ends_with('\r')) text.pop_back();
      file.lines.push_back({std::move(text), std::nullopt});
      begin = end + 1;
    }
    out.push_back(std::move(file));
  }
  std::stable_partition(out.begin(), out.end(),
                        [](const HistoryFile& file) { return file.file == "SKILL.md"; });
  return out;
}

}  // namespace

Result<SkillHistory> read_history(const std::filesystem::path& skill,
                                  const std::filesystem::path& runs) {
  SKILLGRAD_TRY(const auto now, skill::load_skills(skill));
  SkillHistory out;
  out.skill = skill.string();
  out.files = files_of(now);
  for (const HistoryFile& file : out.files) out.lines += file.lines.size();
  SKILLGRAD_TRY(const auto dirs, runs_below(runs, now.folder_name()));
  std::vector<Produced> produced;
  for (const fs::path& dir : dirs) {
    auto one = read_produced(dir);
    if (one)
      produced.push_back(std::move(*one));
    else
      out.notes.push_back("a run is left out: " + one.error().to_line());
  }
  std::sort(produced.begin(), produced.end(), comes_before);
  Attribution attribution(out);
  for (const Produced& run : produced) attribution.add(run, now);
  return out;
}

}  // namespace skillgrad::report
