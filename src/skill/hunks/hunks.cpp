// SPDX-License-Identifier: MIT
#include <algorithm>
#include <map>

#include <skillgrad/core/hashing.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/skill/hunks.hpp>
#include <skillgrad/skill/skill_set.hpp>

#include "skill/edit/line_script.hpp"
#include "skill/hunks/package_states.hpp"

namespace skillgrad::skill {
namespace {

std::size_t line_ends(std::string_view text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

/// Where each line of SKILL.md stands.
struct LineMap {
  std::string skill;                ///< "pdf/" of one of several, which anchors begin with
  std::size_t front = 0;            ///< lines of the front matter
  std::vector<std::string> anchor;  ///< slug of the innermost section, by line from 0

  LineMap(const SkillPackage& package, const std::string& prefix)
      : skill(prefix), front(line_ends(package.front_matter())) {
    const std::string body = package.body();
    const auto line_at = [&](std::size_t offset) {
      return front + line_ends(std::string_view(body).substr(0, offset));
    };
    anchor.assign(front + line_ends(body) + 1, "");
    for (const Section& section : package.outline()) {
      const std::size_t to = line_at(section.end);
      for (std::size_t line = line_at(section.begin); line < to && line < anchor.size(); ++line)
        anchor[line] = prefix + section.slug;
      if (section.end == body.size() && to < anchor.size()) anchor[to] = prefix + section.slug;
    }
  }
  [[nodiscard]] int layer(std::size_t line) const { return line < front ? 1 : 2; }
  [[nodiscard]] std::string at(std::size_t line) const {
    if (line < front) return skill + "front matter";
    return line < anchor.size() ? anchor[line] : anchor.empty() ? "" : anchor.back();
  }
};

/// Of each SKILL.md, by its path.
using LineMaps = std::map<std::string, LineMap>;

LineMaps line_maps(const SkillPackage& package) {
  LineMaps out;
  for_each_member(package, [&](const SkillPackage& member) {
    const std::string prefix = member_prefix(package, member);
    out.emplace(prefix + "SKILL.md", LineMap(member, prefix));
  });
  return out;
}

const LineMap* map_of(const LineMaps& maps, const std::string& path) {
  const auto found = maps.find(path);
  return found == maps.end() ? nullptr : &found->second;
}

/// "pdf/" of a path in a set of skills that have these maps.
std::string skill_prefix(const LineMaps& maps, const std::string& path) {
  const std::string prefix = member_path(path).skill + "/";
  return maps.contains(prefix + "SKILL.md") ? prefix : std::string();
}

struct PlacedLine {
  LineStep step;
  std::string_view text;
  int layer = 3;
  std::string anchor;
  [[nodiscard]] bool changed() const { return step.mark != ' '; }
  /// Changed, and not blank: it tells what the lines around it are about.
  [[nodiscard]] bool telling() const { return changed() && !trim(text).empty(); }
};

/// Where the next place begins, between the telling lines `last` of one and `next` of another:
/// blank lines stay with the text that they touch, and what has not changed is shared.
std::size_t border(const std::vector<PlacedLine>& lines, std::size_t last, std::size_t next) {
  std::size_t from = last + 1, to = next;
  while (from < next && lines[from].changed()) ++from;
  while (to > from && lines[to - 1].changed()) --to;
  return from + (to - from + 1) / 2;
}

std::string name_of_file(const std::string& path) { return path.substr(path.rfind('/') + 1); }

/// Cuts the changes of one text file into those of one place each.
class Cutter {
 public:
  Cutter(const FilePair& file, const LineMap* before, const LineMap* after)
      : file_(file), before_(before), after_(after) {}

  std::vector<Hunk> cut() {
    const Lines a = lines_of(file_.before->bytes), b = lines_of(file_.after->bytes);
    const auto steps = line_script(a, b);
    std::size_t group = 0;
    for (const StepRange& range : step_groups(steps)) {
      std::vector<PlacedLine> lines;
      for (std::size_t i = range.first; i < range.last; ++i) lines.push_back(place(steps[i], a, b));
      cut_group(lines, group++);
    }
    return std::move(out_);
  }

 private:
  [[nodiscard]] PlacedLine place(const LineStep& step, const Lines& a, const Lines& b) const {
    const bool removed = step.mark == '-';
    PlacedLine out{step, step.mark == '+' ? b[step.after] : a[step.before], 3,
                   name_of_file(file_.path)};
    const LineMap* const map = removed ? before_ : after_;
    if (map == nullptr) return out;
    const std::size_t line = removed ? step.before : step.after;
    out.layer = map->layer(line);
    out.anchor = map->at(line);
    return out;
  }

  void cut_group(const std::vector<PlacedLine>& lines, std::size_t group) {
    std::size_t begin = 0;
    std::optional<std::size_t> last;  // telling line of the place that is open
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (!lines[i].telling()) continue;
      if (last &&
          (lines[i].anchor != lines[*last].anchor || lines[i].layer != lines[*last].layer)) {
        const std::size_t end = border(lines, *last, i);
        put(lines, begin, end, *last, group);
        begin = end;
      }
      last = i;
    }
    for (std::size_t i = 0; !last && i < lines.size(); ++i)  // blank lines alone
      if (lines[i].changed()) last = i;
    if (last) put(lines, begin, lines.size(), *last, group);
  }

  void put(const std::vector<PlacedLine>& lines, std::size_t begin, std::size_t end,
           std::size_t about, std::size_t group) {
    Hunk hunk;
    hunk.file = file_.path;
    hunk.anchor = lines[about].anchor;
    hunk.layer = lines[about].layer;
    hunk.old_line = lines[begin].step.before + 1;
    hunk.new_line = lines[begin].step.after + 1;
    hunk.group = group;
    hunk.mode = file_.after->mode;
    for (std::size_t i = begin; i < end; ++i)
      hunk.lines.push_back({lines[i].step.mark, std::string(lines[i].text)});
    std::size_t first = begin, last = end;
    while (!lines[first].changed()) ++first;
    while (!lines[last - 1].changed()) --last;
    hunk.begin = lines[first].step.before;
    for (std::size_t i = first; i < last; ++i) {
      const char mark = lines[i].step.mark;
      if (mark != '+') hunk.old_text += lines[i].text;
      if (mark != '+') ++hunk.count;
      if (mark != '-') hunk.new_text += lines[i].text;
    }
    out_.push_back(std::move(hunk));
  }

  const FilePair& file_;
  const LineMap* before_;
  const LineMap* after_;
  std::vector<Hunk> out_;
};

Hunk whole_file(const FilePair& file, HunkKind kind) {
  Hunk out;
  out.kind = kind;
  out.file = file.path;
  out.anchor = name_of_file(file.path);
  out.layer = file.path == "SKILL.md" ? 2 : 3;
  out.mode = (file.after != nullptr ? file.after : file.before)->mode;
  if (kind == HunkKind::mode) return out;
  if (file.before != nullptr) out.old_text = file.before->bytes;
  if (file.after != nullptr) out.new_text = file.after->bytes;
  if (!file.texts()) return out;
  const char mark = kind == HunkKind::create ? '+' : '-';
  for (const std::string_view line : lines_of(mark == '+' ? out.new_text : out.old_text))
    out.lines.push_back({mark, std::string(line)});
  out.old_line = out.new_line = out.lines.empty() ? 0 : 1;
  return out;
}

std::vector<Hunk> hunks_of(const FilePair& file, const LineMaps& before, const LineMaps& after) {
  if (file.before == nullptr) return {whole_file(file, HunkKind::create)};
  if (file.after == nullptr) return {whole_file(file, HunkKind::remove)};
  std::vector<Hunk> out;
  if (file.before->bytes != file.after->bytes) {
    if (file.texts())
      out = Cutter(file, map_of(before, file.path), map_of(after, file.path)).cut();
    else
      out.push_back(whole_file(file, HunkKind::bytes));
  }
  if (file.before->mode != file.after->mode) out.push_back(whole_file(file, HunkKind::mode));
  return out;
}

std::string mode_digits(std::uint32_t mode) { return (mode & 0100U) != 0 ? "100755" : "100644"; }

/// A name with a blank in it ends at a tab for those who read the patch.
std::string side_of(const char* prefix, const std::string& path) {
  return prefix + path + (path.find(' ') != std::string::npos ? "\t" : "");
}

void print_exact(std::string& out, char mark, std::string_view line) {
  out += mark;
  out += line;
  if (line.empty() || line.back() != '\n') out += "\n\\ No newline at end of file\n";
}

void print_groups(std::string& out, const FilePair& file, const std::vector<Hunk>& hunks) {
  const Lines a = lines_of(file.before == nullptr ? "" : std::string_view(file.before->bytes));
  const Lines b = lines_of(file.after == nullptr ? "" : std::string_view(file.after->bytes));
  const auto steps = line_script(a, b);
  std::size_t group = 0;
  for (const StepRange& range : step_groups(steps)) {
    out += range_line(steps, range);
    for (const Hunk& hunk : hunks)
      if (hunk.file == file.path && hunk.group == group && hunk.kind != HunkKind::mode)
        out += " " + hunk.id;
    out += "\n";
    for (std::size_t i = range.first; i < range.last; ++i)
      print_exact(out, steps[i].mark,
                  steps[i].mark == '+' ? b[steps[i].after] : a[steps[i].before]);
    ++group;
  }
}

void print_patch(std::string& out, const FilePair& file, const std::vector<Hunk>& hunks) {
  const BundledFile *const a = file.before, *const b = file.after;
  out += "diff --git a/" + file.path + " b/" + file.path + "\n";
  if (a == nullptr) out += "new file mode " + mode_digits(b->mode) + "\n";
  if (b == nullptr) out += "deleted file mode " + mode_digits(a->mode) + "\n";
  if (a != nullptr && b != nullptr && mode_digits(a->mode) != mode_digits(b->mode))
    out += "old mode " + mode_digits(a->mode) + "\nnew mode " + mode_digits(b->mode) + "\n";
  const std::string old_bytes = a == nullptr ? "" : a->bytes;
  const std::string new_bytes = b == nullptr ? "" : b->bytes;
  if (old_bytes == new_bytes) return;
  const std::string from = a == nullptr ? "/dev/null" : side_of("a/", file.path);
  const std::string to = b == nullptr ? "/dev/null" : side_of("b/", file.path);
  if (!file.texts()) {
    out += "Binary files " + from + " and " + to + " differ\n";
    return;
  }
  out += "--- " + from + "\n+++ " + to + "\n";
  print_groups(out, file, hunks);
}

}  // namespace

bool Hunk::editable() const {
  return kind == HunkKind::lines || (kind == HunkKind::create && !lines.empty());
}

std::string Hunk::fingerprint() const {
  PartHasher hasher;
  hasher.add(name_of(kind)).add(file).add(std::to_string(begin)).add(old_text).add(new_text);
  return hasher.add(std::to_string(mode)).finish();
}

std::vector<Hunk> hunks_between(const SkillPackage& before, const SkillPackage& after) {
  const FileStates a = states_of(before), b = states_of(after);
  const LineMaps old_lines = line_maps(before), new_lines = line_maps(after);
  std::vector<Hunk> out;
  for (const FilePair& file : differing_files(a, b))
    for (Hunk& hunk : hunks_of(file, old_lines, new_lines)) {
      // A SKILL.md has its skill's name in its anchors already.
      if (hunk.layer == 3) hunk.anchor = skill_prefix(new_lines, file.path) + hunk.anchor;
      hunk.id = "H" + std::to_string(out.size() + 1);
      out.push_back(std::move(hunk));
    }
  return out;
}

std::string patch_text(const SkillPackage& before, const SkillPackage& after,
                       const std::vector<Hunk>& hunks) {
  const FileStates a = states_of(before), b = states_of(after);
  std::string out;
  for (const FilePair& file : differing_files(a, b)) print_patch(out, file, hunks);
  return out;
}

}  // namespace skillgrad::skill
