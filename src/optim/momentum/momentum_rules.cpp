// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/momentum.hpp>
#include <skillgrad/optim/stages.hpp>

#include "optim/momentum/pattern_slug.hpp"
#include "optim/momentum/patterns.hpp"

namespace skillgrad::optim {
namespace {

constexpr std::size_t kMostThemes = 3;
constexpr std::size_t kMostTasks = 50;  ///< of a pattern, by name
constexpr const char* kNew = "new";

std::string in_quotes(const std::string& text) { return "\"" + truncate_middle(text, 80) + "\""; }

/// Mends one state; each rule is one function, in the order of `run`.
class Mender {
 public:
  Mender(const MomentumMemory& previous, const std::vector<Gradient>& gradients, int iteration,
         MomentumOutput& next)
      : previous_(previous), iteration_(iteration), next_(next) {
    for (const Gradient& gradient : gradients) {
      if (seen_.insert(gradient.task_id).second) batch_.push_back(&gradient);
    }
  }

  std::vector<std::string> run(double beta) {
    mend_slugs();
    restore_lost_patterns();
    keep_remedies();
    arrange_overlay();
    for (OverlayEntry& entry : next_.overlay.entries) settle_entry(entry);
    keep_refutations();
    settle_appearances();
    settle_velocities(beta);
    settle_themes();
    record_successes();
    next_.memory.iteration = iteration_;
    next_.overlay.iteration = iteration_;
    return std::move(repairs_);
  }

 private:
  void repair(std::string sentence) { repairs_.push_back(std::move(sentence)); }

  void mend_slugs() {
    std::set<std::string> used;
    std::vector<Pattern> kept;
    for (Pattern& pattern : next_.memory.patterns) {
      const std::string slug = pattern_slug(pattern.slug.empty() ? pattern.line : pattern.slug);
      if (slug != pattern.slug) {
        repair("The slug " + in_quotes(pattern.slug) + " became " + in_quotes(slug) + ".");
        if (!pattern.slug.empty()) rename_in_overlay(pattern.slug, slug);
        pattern.slug = slug;
      }
      if (pattern.odd_kind) {
        repair("The kind " + in_quotes(*pattern.odd_kind) + " of pattern " + in_quotes(slug) +
               " became \"mixed\".");
        pattern.kind = PatternKind::mixed;
        pattern.odd_kind.reset();
      }
      if (!used.insert(slug).second) {
        repair("A second pattern with the slug " + in_quotes(slug) + " was dropped.");
        continue;
      }
      kept.push_back(std::move(pattern));
    }
    next_.memory.patterns = std::move(kept);
  }

  void rename_in_overlay(const std::string& from, const std::string& to) {
    for (OverlayEntry& entry : next_.overlay.entries)
      for (OverlayPart& part : entry.parts)
        if (part.pattern == from) part.pattern = to;
  }

  void restore_lost_patterns() {
    for (const Pattern& pattern : previous_.patterns) {
      if (find_pattern(next_.memory, pattern.slug) != nullptr) continue;
      repair("The pattern " + in_quotes(pattern.slug) + " was missing and was restored.");
      next_.memory.patterns.push_back(pattern);
    }
  }

  void keep_remedies() {
    for (Pattern& pattern : next_.memory.patterns) {
      const Pattern* old = find_pattern(previous_, pattern.slug);
      const std::vector<RemedyEntry> log = old ? old->remedies : std::vector<RemedyEntry>{};
      if (pattern.remedies == log) continue;
      repair("The remedy log of pattern " + in_quotes(pattern.slug) +
             " was changed and was put back; only real patches are logged.");
      pattern.remedies = log;
    }
  }

  void arrange_overlay() {
    std::map<std::string, OverlayEntry> by_task;
    for (OverlayEntry& entry : next_.overlay.entries) {
      if (seen_.count(entry.task_id) == 0) {
        repair("The overlay entry of task " + in_quotes(entry.task_id) +
               " was dropped: the task is not in this batch.");
      } else if (by_task.count(entry.task_id) != 0) {
        repair("A second overlay entry of task " + in_quotes(entry.task_id) +
               " was joined to the first.");
        auto& parts = by_task[entry.task_id].parts;
        parts.insert(parts.end(), entry.parts.begin(), entry.parts.end());
      } else {
        by_task[entry.task_id] = std::move(entry);
      }
    }
    std::vector<OverlayEntry> entries;
    for (const Gradient* gradient : batch_) {
      const auto found = by_task.find(gradient->task_id);
      entries.push_back(found == by_task.end() ? missing_entry(*gradient)
                                               : std::move(found->second));
    }
    next_.overlay.entries = std::move(entries);
  }

  OverlayEntry missing_entry(const Gradient& gradient) {
    OverlayEntry entry;
    entry.task_id = gradient.task_id;
    entry.signal = join(gradient.labels(), "; ");
    // The diagnosis itself may have named patterns.
    std::vector<std::string> named;
    for (const Cause& cause : gradient.causes) {
      if (find_pattern(next_.memory, cause.known) == nullptr || entry.names(cause.known)) continue;
      entry.parts.push_back({cause.known, "", "", ""});
      named.push_back(cause.known);
    }
    if (named.empty()) named.emplace_back(kNoSignal);
    if (entry.parts.empty()) entry.parts.push_back({kNoSignal, "", "", ""});
    repair("Task " + in_quotes(gradient.task_id) + " had no overlay entry and was entered as " +
           join(named, ", ") + ".");
    return entry;
  }

  void settle_entry(OverlayEntry& entry) {
    drop_idle_parts(entry);
    std::vector<OverlayPart> kept;
    for (std::size_t i = 0; i < entry.parts.size(); ++i) {
      settle_pattern(entry, entry.parts[i]);
      const OverlayPart& part = entry.parts[i];
      const bool twice = std::any_of(kept.begin(), kept.end(), [&](const OverlayPart& other) {
        return other.pattern == part.pattern;
      });
      if (twice)
        repair("Task " + in_quotes(entry.task_id) + " names the pattern " +
               in_quotes(part.pattern) + " twice; the first counts.");
      else
        kept.push_back(part);
    }
    entry.parts = std::move(kept);
  }

  /// `no-actionable-signal` beside a pattern says nothing.
  void drop_idle_parts(OverlayEntry& entry) {
    if (entry.parts.empty()) entry.parts.push_back({kNoSignal, "", "", ""});
    if (entry.parts.size() == 1 || !entry.names(kNoSignal)) return;
    std::erase_if(entry.parts, [](const OverlayPart& part) { return part.pattern == kNoSignal; });
    if (entry.parts.empty()) entry.parts.push_back({kNoSignal, "", "", ""});
    repair("Task " + in_quotes(entry.task_id) + " is " + kNoSignal +
           " beside something else, which was left out.");
  }

  void settle_pattern(const OverlayEntry& entry, OverlayPart& part) {
    if (part.pattern == kNoSignal) {
      if (!part.gap.empty() || !part.change.empty()) {
        repair("Task " + in_quotes(entry.task_id) + " is " + kNoSignal +
               " and yet has a gap or a change, which were left out.");
      }
      part = {kNoSignal, "", "", ""};
      return;
    }
    if (part.pattern == kNew) {
      part.pattern = pattern_for_new(entry, part);
      return;
    }
    if (find_pattern(next_.memory, part.pattern) != nullptr) return;
    const std::string asked = part.pattern;
    std::vector<std::string> slugs;
    for (const Pattern& pattern : next_.memory.patterns) slugs.push_back(pattern.slug);
    const auto near = nearest_match(pattern_slug(asked), slugs);
    part.pattern =
        near ? *near : create_pattern(pattern_slug(asked), name_of_new(entry, part), part);
    repair("Task " + in_quotes(entry.task_id) + " named the unknown pattern " + in_quotes(asked) +
           (near ? "; read as " : "; it was created as ") + in_quotes(part.pattern) + ".");
  }

  /// What a pattern made of an entry is called: of one among several, its own gap.
  static std::string name_of_new(const OverlayEntry& entry, const OverlayPart& part) {
    const bool alone = entry.parts.size() == 1;
    if (alone && !entry.signal.empty()) return entry.signal;
    if (!part.gap.empty()) return part.gap;
    return part.change.empty() ? entry.signal : part.change;
  }

  /// The pattern that an entry `new` means: the one submitted in this round that no entry names, or
  /// one made of the entry.
  std::string pattern_for_new(const OverlayEntry& entry, const OverlayPart& part) {
    const std::string name = name_of_new(entry, part);
    const std::string slug = pattern_slug(name);
    if (find_pattern(next_.memory, slug) != nullptr) return slug;
    const Pattern* unnamed = nullptr;
    std::size_t count = 0;
    for (const Pattern& pattern : next_.memory.patterns) {
      const bool is_new = find_pattern(previous_, pattern.slug) == nullptr;
      if (!is_new || is_named(pattern.slug)) continue;
      unnamed = &pattern;
      ++count;
    }
    if (count == 1) {
      for_new_.insert(unnamed->slug);
      return unnamed->slug;
    }
    return create_pattern(slug, name, part);
  }

  [[nodiscard]] bool is_named(const std::string& slug) const {
    // A pattern that served one entry `new` may serve the next as well.
    if (for_new_.count(slug) != 0) return false;
    return std::any_of(next_.overlay.entries.begin(), next_.overlay.entries.end(),
                       [&](const OverlayEntry& entry) { return entry.names(slug); });
  }

  std::string create_pattern(const std::string& slug, const std::string& name,
                             const OverlayPart& part) {
    Pattern pattern;
    pattern.slug = slug;
    pattern.kind = PatternKind::mixed;
    pattern.line = one_line(name, 200);
    pattern.anchor = part.anchor;
    pattern.description = part.gap;
    pattern.action = part.change;
    next_.memory.patterns.push_back(std::move(pattern));
    return slug;
  }

  /// A case that contradicts what a remedy guessed is never without a signal.
  void keep_refutations() {
    for (std::size_t i = 0; i < batch_.size(); ++i) {
      OverlayEntry& entry = next_.overlay.entries[i];
      const auto& causes = batch_[i]->causes;
      const auto cause = std::find_if(causes.begin(), causes.end(), [&](const Cause& of) {
        return find_pattern(previous_, of.refutes) != nullptr;
      });
      if (cause == causes.end() || !entry.names(kNoSignal)) continue;
      const std::string slug = pattern_slug(cause->label.empty() ? cause->analysis : cause->label);
      OverlayPart part = {slug, "", one_line(cause->analysis, 600), cause->rule};
      if (find_pattern(next_.memory, slug) == nullptr) create_pattern(slug, cause->label, part);
      entry.parts = {part};
      repair("Task " + in_quotes(entry.task_id) + " contradicts what is guessed of pattern " +
             in_quotes(cause->refutes) + " and was entered as " + in_quotes(slug) + ".");
    }
  }

  /// Iterations in which a task of this kind shows the pattern: those before, and this one if so.
  [[nodiscard]] std::vector<int> iterations_of(const std::vector<int>& before,
                                               const std::string& slug, EvidenceKind kind) const {
    std::set<int> out;
    for (const int t : before)
      if (t >= 0 && t <= iteration_) out.insert(t);
    for (std::size_t i = 0; i < batch_.size(); ++i)
      if (batch_[i]->kind == kind && next_.overlay.entries[i].names(slug)) out.insert(iteration_);
    return {out.begin(), out.end()};
  }

  [[nodiscard]] std::vector<std::string> tasks_of(const Pattern& before,
                                                  const std::string& slug) const {
    std::set<std::string> out(before.tasks.begin(), before.tasks.end());
    for (std::size_t i = 0; i < batch_.size() && out.size() < kMostTasks; ++i)
      if (batch_[i]->kind == EvidenceKind::failure && next_.overlay.entries[i].names(slug))
        out.insert(batch_[i]->task_id);
    return {out.begin(), out.end()};
  }

  /// Takes the computed value; true if another one than it and that of before was handed in.
  template <class Values>
  static bool put_right(Values& given, const Values& before, Values computed) {
    const bool other = !given.empty() && given != before && given != computed;
    given = std::move(computed);
    return other;
  }

  void settle_appearances() {
    const Pattern none;
    for (Pattern& pattern : next_.memory.patterns) {
      const Pattern* old = find_pattern(previous_, pattern.slug);
      const Pattern& before = old != nullptr ? *old : none;
      const std::string& slug = pattern.slug;
      bool other = put_right(pattern.failed_in, before.failed_in,
                             iterations_of(before.failed_in, slug, EvidenceKind::failure));
      other |= put_right(pattern.succeeded_in, before.succeeded_in,
                         iterations_of(before.succeeded_in, slug, EvidenceKind::contrastive));
      if (other)
        repair("The iterations of pattern " + in_quotes(slug) +
               " were put right: they follow from the overlays.");
      if (put_right(pattern.tasks, before.tasks, tasks_of(before, slug)))
        repair("The tasks of pattern " + in_quotes(slug) +
               " were put right: they follow from the overlays.");
    }
  }

  void settle_velocities(double beta) {
    std::map<std::string, double> losses;
    // A task's loss is split between its patterns: nobody knows which of them cost how much.
    for (std::size_t i = 0; i < batch_.size(); ++i) {
      const auto& parts = next_.overlay.entries[i].parts;
      for (const OverlayPart& part : parts)
        losses[part.pattern] += batch_[i]->loss / static_cast<double>(parts.size());
    }
    const auto size = static_cast<double>(std::max<std::size_t>(1, batch_.size()));
    for (Pattern& pattern : next_.memory.patterns) {
      const Pattern* old = find_pattern(previous_, pattern.slug);
      // The model is shown three digits.
      if (std::abs(pattern.velocity - (old ? old->velocity : 0.0)) > 1e-3) {
        repair("The velocity of pattern " + in_quotes(pattern.slug) +
               " was changed and is computed instead.");
      }
      const double gradient = losses[pattern.slug] / size;
      pattern.velocity = beta * (old ? old->velocity : 0.0) + (1.0 - beta) * gradient;
    }
    std::stable_sort(next_.memory.patterns.begin(), next_.memory.patterns.end(),
                     [](const Pattern& a, const Pattern& b) { return a.velocity > b.velocity; });
  }

  void settle_themes() {
    std::vector<Theme> kept;
    for (Theme& theme : next_.overlay.themes) {
      std::set<std::string> once;
      std::vector<std::string> tasks;
      bool success_now = false;
      std::vector<std::string> others;
      for (const std::string& task : theme.tasks) {
        if (!has_succeeded(task)) others.push_back(in_quotes(task));
        if (!has_succeeded(task) || !once.insert(task).second) continue;
        success_now = success_now || seen_.count(task) != 0;
        tasks.push_back(task);
      }
      theme.tasks = std::move(tasks);
      const bool enough = theme.tasks.size() >= 2 || (success_now && seen_before(theme.tasks[0]));
      if (trim(theme.theme).empty() || !success_now || !enough) {
        repair("The theme " + in_quotes(theme.theme) +
               " was dropped: it needs two successes, at least one of them in this batch.");
      } else if (kept.size() == kMostThemes) {
        repair("The theme " + in_quotes(theme.theme) + " was dropped: there are three already.");
      } else {
        if (!others.empty()) {
          repair("The theme " + in_quotes(theme.theme) + " lost " + list_some(others, 8) +
                 ": no success of such a task is known.");
        }
        kept.push_back(std::move(theme));
      }
    }
    next_.overlay.themes = std::move(kept);
  }

  /// The task's pattern is on record from an earlier iteration.
  [[nodiscard]] bool seen_before(const std::string& task) const {
    const auto recorded = [&](const OverlayPart& part) {
      const Pattern* old = find_pattern(previous_, part.pattern);
      return old != nullptr && (is_before_now(old->failed_in) || is_before_now(old->succeeded_in));
    };
    return std::any_of(next_.overlay.entries.begin(), next_.overlay.entries.end(),
                       [&](const OverlayEntry& entry) {
                         return entry.task_id == task &&
                                std::any_of(entry.parts.begin(), entry.parts.end(), recorded);
                       });
  }
  [[nodiscard]] bool is_before_now(const std::vector<int>& iterations) const {
    return !iterations.empty() && iterations.front() < iteration_;
  }

  /// Of this batch or an earlier one; a task of the batch counts as what it is now.
  [[nodiscard]] bool has_succeeded(const std::string& task) const {
    for (const Gradient* gradient : batch_) {
      if (gradient->task_id == task) return gradient->kind == EvidenceKind::contrastive;
    }
    const auto& earlier = previous_.succeeded;
    return std::find(earlier.begin(), earlier.end(), task) != earlier.end();
  }

  void record_successes() {
    std::set<std::string> all(previous_.succeeded.begin(), previous_.succeeded.end());
    for (const Gradient* gradient : batch_) {
      if (gradient->kind == EvidenceKind::contrastive) all.insert(gradient->task_id);
    }
    next_.memory.succeeded.assign(all.begin(), all.end());
  }

  const MomentumMemory& previous_;
  int iteration_;
  MomentumOutput& next_;
  std::vector<const Gradient*> batch_;  ///< one for each task, input order
  std::set<std::string> seen_;
  std::set<std::string> for_new_;
  std::vector<std::string> repairs_;
};

}  // namespace

std::vector<std::string> enforce_momentum_invariants(const MomentumMemory& previous,
                                                     const std::vector<Gradient>& gradients,
                                                     int iteration, MomentumOutput& next,
                                                     double beta) {
  return Mender(previous, gradients, iteration, next).run(beta);
}

}  // namespace skillgrad::optim
