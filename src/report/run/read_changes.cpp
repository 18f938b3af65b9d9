// SPDX-License-Identifier: MIT
#include <algorithm>
#include <charconv>

#include <skillgrad/core/text.hpp>

#include "report/run/json_parts.hpp"
#include "report/run/sections.hpp"

namespace skillgrad::report {
namespace {

/// A patch may write files of any length; the whole of it is in the run's folder.
constexpr std::size_t kMostLines = 400, kLineBytes = 2000;

/// Where each line of SKILL.md stands.
struct LineMap {
  std::size_t front = 0;            ///< lines of the front matter
  std::vector<std::string> anchor;  ///< slug of the innermost section, by line from 0

  [[nodiscard]] int layer(std::size_t line) const { return line < front ? 1 : 2; }
  [[nodiscard]] std::string at(std::size_t line) const {
    if (line < front) return "front matter";
    return line < anchor.size() ? anchor[line] : anchor.empty() ? "" : anchor.back();
  }
};

std::size_t lines_in(std::string_view text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

LineMap map_of(const std::optional<skill::SkillPackage>& package) {
  LineMap out;
  if (!package) return out;
  out.front = lines_in(package->front_matter());
  const std::string body = package->body();
  out.anchor.assign(out.front + lines_in(body) + 1, "");
  for (const auto& section : package->outline()) {
    const std::size_t from = out.front + lines_in(std::string_view(body).substr(0, section.begin));
    const std::size_t to = out.front + lines_in(std::string_view(body).substr(0, section.end));
    for (std::size_t line = from; line < to && line < out.anchor.size(); ++line)
      out.anchor[line] = section.slug;
    if (section.end == body.size() && to < out.anchor.size()) out.anchor[to] = section.slug;
  }
  return out;
}

std::size_t number_at(std::string_view text, char mark) {
  const std::size_t at = text.find(mark);
  std::size_t value = 0;
  if (at != std::string_view::npos)
    std::from_chars(text.data() + at + 1, text.data() + text.size(), value);
  return value;
}

std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

struct DiffLine {
  std::string text;
  std::size_t old_line = 0, new_line = 0;
  int layer = 2;
  std::string anchor;
  [[nodiscard]] bool changed() const { return text[0] == '+' || text[0] == '-'; }
  /// Changed, and not blank: it tells what the lines around it are about.
  [[nodiscard]] bool telling() const {
    return changed() && !trim(std::string_view(text).substr(1)).empty();
  }
};

/// Where the next place begins, between the telling lines `last` of one and `next` of another:
/// blank lines stay with the text that they touch, and what has not changed is shared.
std::size_t border(const std::vector<DiffLine>& lines, std::size_t last, std::size_t next) {
  std::size_t from = last + 1, to = next;
  while (from < next && lines[from].changed()) ++from;
  while (to > from && lines[to - 1].changed()) --to;
  return from + (to - from + 1) / 2;
}

/// Cuts a unified diff into changes of one place each.
class DiffCutter {
 public:
  DiffCutter(LineMap before, LineMap after)
      : before_(std::move(before)), after_(std::move(after)) {}

  std::vector<Change> cut(const std::string& diff) {
    for (const std::string& line : split(diff, '\n')) take(line);
    flush();
    return std::move(out_);
  }

 private:
  void take(const std::string& line) {
    const bool in_hunk = old_left_ > 0 || new_left_ > 0;
    if (!line.empty() && std::string_view(" +-").find(line[0]) != std::string::npos && in_hunk)
      return take_line(line);
    if (line.starts_with("\\ ") && !lines_.empty()) return;  // no line end at the end of the file
    flush();
    if (line.starts_with("--- ")) {
      file_ = line.substr(4);
    } else if (line.starts_with("+++ ")) {
      if (const std::string to = line.substr(4); to != "/dev/null") file_ = to;
      if (file_.starts_with("a/") || file_.starts_with("b/")) file_.erase(0, 2);
    } else if (line.starts_with("@@ ")) {
      begin_hunk(line);
    } else if (line.starts_with("Binary files ") || line.starts_with("mode of ")) {
      out_.push_back({"", "", 3, 0, 0, {" " + line}, {}});
    }
  }

  void begin_hunk(const std::string& line) {
    old_line_ = number_at(line, '-');
    new_line_ = number_at(line, '+');
    const auto count = [&](char mark) -> std::size_t {
      const std::size_t at = line.find(mark);
      if (at == std::string::npos) return 0;
      const std::string_view rest = std::string_view(line).substr(at);
      const std::string_view word = rest.substr(0, rest.find(' '));
      return word.find(',') == std::string_view::npos ? 1 : number_at(word, ',');
    };
    old_left_ = count('-');
    new_left_ = count('+');
    if (old_left_ == 0) ++old_line_;  // such a range names the line before it
    if (new_left_ == 0) ++new_line_;
  }

  void take_line(const std::string& text) {
    DiffLine line{text, old_line_, new_line_, 3, base_name(file_)};
    if (file_ == "SKILL.md") {
      const LineMap& map = text[0] == '-' ? before_ : after_;
      const std::size_t at = text[0] == '-' ? old_line_ : new_line_;
      line.layer = map.layer(at > 0 ? at - 1 : 0);
      line.anchor = map.at(at > 0 ? at - 1 : 0);
    }
    if (text[0] != '+') {
      ++old_line_;
      if (old_left_ > 0) --old_left_;
    }
    if (text[0] != '-') {
      ++new_line_;
      if (new_left_ > 0) --new_left_;
    }
    lines_.push_back(std::move(line));
  }

  void put(std::size_t begin, std::size_t end, const DiffLine& about) {
    Change change;
    change.file = file_;
    change.anchor = about.anchor;
    change.layer = about.layer;
    change.old_line = lines_[begin].old_line;
    change.new_line = lines_[begin].new_line;
    for (std::size_t i = begin; i < end && i - begin < kMostLines; ++i)
      change.lines.push_back(truncate_middle(lines_[i].text, kLineBytes));
    if (end - begin > kMostLines)
      change.lines.push_back(" [... " + std::to_string(end - begin - kMostLines) +
                             " more lines are left out here ...]");
    out_.push_back(std::move(change));
  }

  /// The hunk that was read, as one change for each place.
  void flush() {
    old_left_ = new_left_ = 0;
    std::size_t begin = 0;
    std::optional<std::size_t> last;  // telling line of the place that is open
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      if (!lines_[i].telling()) continue;
      if (last &&
          (lines_[i].anchor != lines_[*last].anchor || lines_[i].layer != lines_[*last].layer)) {
        const std::size_t end = border(lines_, *last, i);
        put(begin, end, lines_[*last]);
        begin = end;
      }
      last = i;
    }
    if (!last)  // blank lines alone
      for (std::size_t i = 0; i < lines_.size(); ++i)
        if (lines_[i].changed()) last = i;
    if (last) put(begin, lines_.size(), lines_[*last]);
    lines_.clear();
  }

  LineMap before_, after_;
  std::vector<Change> out_;
  std::vector<DiffLine> lines_;
  std::string file_;
  std::size_t old_line_ = 0, new_line_ = 0, old_left_ = 0, new_left_ = 0;
};

/// What a patch says it is about, with the line of the pattern where the memory has it.
std::vector<Reason> reasons_of(const Json& patch, const Step& step, const RunReport& report) {
  std::vector<Reason> out;
  for (const Json& row : items(patch, "addressed")) {
    Reason reason;
    reason.iteration = step.iteration;
    reason.pattern = text_of(row, "pattern");
    reason.anchor = text_of(row, "anchor");
    reason.reason = text_of(row, "reason");
    reason.inferred = text_of(row, "inferred");
    reason.tasks = texts_of(row, "supports");
    reason.against = texts_of(row, "against");
    for (const auto& known : report.patterns)  // the first patch names them by their line
      if (known.pattern.slug == reason.pattern || known.pattern.line == reason.pattern) {
        reason.pattern = known.pattern.slug;
        reason.line = known.pattern.line;
      }
    out.push_back(std::move(reason));
  }
  return out;
}

bool is_about(const Reason& reason, const Change& change) {
  return reason.anchor == change.anchor || (change.layer == 1 && reason.anchor == "description") ||
         (change.layer == 3 && change.anchor.substr(0, change.anchor.rfind('.')) == reason.anchor);
}

void give_reasons(const std::vector<Reason>& reasons, std::vector<Change>& changes) {
  for (Change& change : changes) {
    for (const Reason& reason : reasons)
      if (is_about(reason, change)) change.reasons.push_back(reason);
    if (change.reasons.empty() && reasons.size() == 1) change.reasons = reasons;
  }
}

}  // namespace

void read_changes(const RunFiles& files, RunReport& report) {
  const auto initial = files.package("initial/skill");
  auto current = initial;
  std::vector<Reason> kept;
  const auto add_size = [&] {
    if (!current) return;
    const auto sizes = current->sizes();
    report.sizes.push_back({sizes.l1.tokens, sizes.l2.tokens, sizes.l3.tokens});
  };
  add_size();
  for (Step& step : report.steps) {
    const std::string folder = iteration_folder(step.iteration);
    const auto candidate = files.package(folder + "/skill");
    const auto reasons = reasons_of(files.json(folder + "/patch.json"), step, report);
    if (candidate) {
      step.changes =
          DiffCutter(map_of(current), map_of(candidate)).cut(files.text(folder + "/patch.diff"));
      give_reasons(reasons, step.changes);
    }
    if (step.decision == "accepted") {
      if (candidate) current = candidate;
      if (!step.pruned.starts_with("taken out") &&
          (!report.best || step.iteration <= report.best->iteration))
        kept.insert(kept.end(), reasons.begin(), reasons.end());
    }
    add_size();
  }
  const auto best = files.package("best");
  if (!initial || !best) return;
  report.changes =
      DiffCutter(map_of(initial), map_of(best)).cut(skill::unified_diff(*initial, *best));
  give_reasons(kept, report.changes);
}

}  // namespace skillgrad::report
