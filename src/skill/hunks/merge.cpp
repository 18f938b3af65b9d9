// SPDX-License-Identifier: MIT
#include <algorithm>

#include <skillgrad/skill/hunks.hpp>

#include "skill/edit/line_script.hpp"
#include "skill/hunks/package_states.hpp"
#include "skill/package/newlines.hpp"

namespace skillgrad::skill {
namespace {

/// Lines [begin, end) of the text before and what stands there instead.
struct Replacement {
  std::size_t begin = 0, end = 0;
  std::string text;
  std::size_t now_line = 0;  ///< of an edit: where it stands now, from 0
};

std::string_view text_of(const ChosenHunk& chosen) {
  return chosen.text ? std::string_view(*chosen.text) : std::string_view(chosen.hunk->new_text);
}

/// What somebody changed since, as runs of lines.
std::vector<Replacement> edits_between(const Lines& before, const Lines& now) {
  std::vector<Replacement> out;
  bool open = false;
  for (const LineStep& step : line_script(before, now)) {
    if (step.mark == ' ') {
      open = false;
      continue;
    }
    if (!open) out.push_back({step.before, step.before, "", step.after});
    open = true;
    if (step.mark == '-') out.back().end = step.before + 1;
    if (step.mark == '+') out.back().text += now[step.after];
  }
  return out;
}

/// The hunks of one text file over the edits of the same file.
class TextMerge {
 public:
  TextMerge(std::string_view before, std::string_view now)
      : before_(lines_of(before)), newline_(newline_of(before)) {
    edits_ = edits_between(before_, lines_of(now));
  }

  /// In the order of the file.
  void add(const ChosenHunk& chosen) { chosen_.push_back(chosen); }

  std::string merge(const std::string& file, MergeOutcome& outcome) {
    leave_out_present(outcome);
    std::vector<Replacement> all = edits_;
    for (const ChosenHunk& chosen : chosen_) {
      const Hunk& hunk = *chosen.hunk;
      const Replacement here{hunk.begin, hunk.begin + hunk.count, std::string(text_of(chosen)), 0};
      const auto met = std::find_if(edits_.begin(), edits_.end(), [&](const Replacement& edit) {
        return edit.begin <= here.end && here.begin <= edit.end;
      });
      if (met == edits_.end())
        all.push_back(here);
      else
        outcome.conflicts.push_back({hunk.id, file, met->now_line + 1});
    }
    std::stable_sort(all.begin(), all.end(),
                     [](const Replacement& a, const Replacement& b) { return a.begin < b.begin; });
    return assemble(all);
  }

 private:
  /// An edit that is exactly some of the hunks: an earlier `apply` wrote them. It stands for them,
  /// and for nobody who could be in the way of their neighbours.
  void leave_out_present(MergeOutcome& outcome) {
    for (auto edit = edits_.begin(); edit != edits_.end();) {
      const auto [first, last] = hunks_like(*edit);
      if (first == last) {
        ++edit;
        continue;
      }
      for (std::size_t i = first; i < last; ++i) outcome.present.push_back(chosen_[i].hunk->id);
      edit = edits_.erase(edit);
    }
  }

  [[nodiscard]] std::pair<std::size_t, std::size_t> hunks_like(const Replacement& edit) const {
    for (std::size_t first = 0; first < chosen_.size(); ++first) {
      if (chosen_[first].hunk->begin != edit.begin) continue;
      std::string text;
      std::size_t end = edit.begin;
      for (std::size_t i = first; i < chosen_.size() && chosen_[i].hunk->begin == end; ++i) {
        text += text_of(chosen_[i]);
        end += chosen_[i].hunk->count;
        if (end == edit.end && text == edit.text) return {first, i + 1};
      }
    }
    return {0, 0};
  }

  [[nodiscard]] std::string assemble(const std::vector<Replacement>& all) const {
    std::string out;
    const auto put = [&](std::string_view piece) {
      if (piece.empty()) return;
      // The last line of a text may have no end, and then something comes behind it.
      if (!out.empty() && out.back() != '\n') out += newline_;
      out += piece;
    };
    std::size_t at = 0;
    for (const Replacement& one : all) {
      for (; at < one.begin; ++at) put(before_[at]);
      put(one.text);
      at = std::max(at, one.end);
    }
    for (; at < before_.size(); ++at) put(before_[at]);
    return out;
  }

  Lines before_;
  std::string_view newline_;
  std::vector<Replacement> edits_;
  std::vector<ChosenHunk> chosen_;
};

/// What a hunk does to a file as a whole.
class FileMerge {
 public:
  FileMerge(const FileStates& before, FileStates& now, MergeOutcome& outcome)
      : before_(before), now_(now), outcome_(outcome) {}

  void put(const ChosenHunk& chosen) {
    const Hunk& hunk = *chosen.hunk;
    const auto live = now_.find(hunk.file);
    const std::string* const has = live == now_.end() ? nullptr : &live->second.bytes;
    const std::string bytes(text_of(chosen));
    switch (hunk.kind) {
      case HunkKind::create:
        if (has != nullptr) return settle(hunk, *has == bytes);
        now_[hunk.file] = {bytes, hunk.mode};
        return;
      case HunkKind::remove:
        if (has == nullptr) return settle(hunk, true);
        if (*has != hunk.old_text) return settle(hunk, false);
        now_.erase(live);
        return;
      case HunkKind::bytes:
        if (has == nullptr || *has != hunk.old_text)
          return settle(hunk, has != nullptr && *has == bytes);
        live->second.bytes = bytes;
        return;
      case HunkKind::mode:
        if (has == nullptr) return settle(hunk, false);
        live->second.mode = hunk.mode;
        return;
      case HunkKind::lines:
        return;
    }
  }

  void put_lines(const std::string& file, const std::vector<ChosenHunk>& chosen) {
    const auto live = now_.find(file);
    if (live == now_.end()) {
      for (const ChosenHunk& one : chosen) settle(*one.hunk, false);
      return;
    }
    TextMerge merge(before_.at(file).bytes, live->second.bytes);
    for (const ChosenHunk& one : chosen) merge.add(one);
    live->second.bytes = merge.merge(file, outcome_);
  }

 private:
  void settle(const Hunk& hunk, bool present) {
    if (present)
      outcome_.present.push_back(hunk.id);
    else
      outcome_.conflicts.push_back({hunk.id, hunk.file, 0});
  }

  const FileStates& before_;
  FileStates& now_;
  MergeOutcome& outcome_;
};

}  // namespace

Result<MergeOutcome> merge_hunks(const SkillPackage& before, const SkillPackage& now,
                                 const std::vector<ChosenHunk>& chosen) {
  MergeOutcome out;
  const FileStates old_files = states_of(before);
  FileStates files = states_of(now);
  FileMerge merge(old_files, files, out);
  std::map<std::string, std::vector<ChosenHunk>> lines;
  for (const ChosenHunk& one : chosen) {
    if (one.hunk->kind == HunkKind::lines) lines[one.hunk->file].push_back(one);
    merge.put(one);
  }
  for (const auto& [file, hunks] : lines) merge.put_lines(file, hunks);
  std::string skill_md;
  if (const auto main = files.find("SKILL.md"); main != files.end()) {
    skill_md = std::move(main->second.bytes);
    files.erase(main);
  }
  SKILLGRAD_TRY(out.package,
                SkillPackage::from_files(now.folder_name(), skill_md, std::move(files)));
  return out;
}

}  // namespace skillgrad::skill
