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
    for (OverlayEntry& entry : next_.overlay.entries) settle_pattern(entry);
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
        for (OverlayEntry& entry : next_.overlay.entries) {
          if (!pattern.slug.empty() && entry.pattern == pattern.slug) entry.pattern = slug;
        }
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
        repair("A second overlay entry of task " + in_quotes(entry.task_id) + " was dropped.");
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
    entry.signal = gradient.label;
    // The diagnosis itself may have named the pattern.
    const bool known = find_pattern(next_.memory, gradient.known) != nullptr;
    entry.pattern = known ? gradient.known : kNoSignal;
    repair("Task " + in_quotes(gradient.task_id) + " had no overlay entry and was entered as " +
           entry.pattern + ".");
    return entry;
  }

  void settle_pattern(OverlayEntry& entry) {
    if (entry.pattern == kNoSignal) {
      if (!entry.gap.empty() || !entry.change.empty()) {
        repair("Task " + in_quotes(entry.task_id) + " is " + kNoSignal +
               " and yet has a gap or a change, which were left out.");
      }
      entry.anchor.clear();
      entry.gap.clear();
      entry.change.clear();
      return;
    }
    if (entry.pattern == kNew) {
      entry.pattern = pattern_for_new(entry);
      return;
    }
    if (find_pattern(next_.memory, entry.pattern) != nullptr) return;
    const std::string asked = entry.pattern;
    std::vector<std::string> slugs;
    for (const Pattern& pattern : next_.memory.patterns) slugs.push_back(pattern.slug);
    const auto near = nearest_match(pattern_slug(asked), slugs);
    entry.pattern = near ? *near : create_pattern(pattern_slug(asked), entry);
    repair("Task " + in_quotes(entry.task_id) + " named the unknown pattern " + in_quotes(asked) +
           (near ? "; read as " : "; it was created as ") + in_quotes(entry.pattern) + ".");
  }

  /// The pattern that an entry `new` means: the one submitted in this round that no entry names, or
  /// one made of the entry.
  std::string pattern_for_new(const OverlayEntry& entry) {
    const std::string slug = pattern_slug(entry.signal.empty() ? entry.gap : entry.signal);
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
    return create_pattern(slug, entry);
  }

  [[nodiscard]] bool is_named(const std::string& slug) const {
    // A pattern that served one entry `new` may serve the next as well.
    if (for_new_.count(slug) != 0) return false;
    return std::any_of(next_.overlay.entries.begin(), next_.overlay.entries.end(),
                       [&](const OverlayEntry& entry) { return entry.pattern == slug; });
  }

  std::string create_pattern(const std::string& slug, const OverlayEntry& entry) {
    Pattern pattern;
    pattern.slug = slug;
    pattern.kind = PatternKind::mixed;
    pattern.line = one_line(entry.signal.empty() ? entry.gap : entry.signal, 200);
    pattern.anchor = entry.anchor;
    pattern.description = entry.gap;
    pattern.action = entry.change;
    next_.memory.patterns.push_back(std::move(pattern));
    return slug;
  }

  [[nodiscard]] bool is_supported(const std::string& slug) const {
    return std::any_of(next_.overlay.entries.begin(), next_.overlay.entries.end(),
                       [&](const OverlayEntry& entry) { return entry.pattern == slug; });
  }

  void settle_appearances() {
    for (Pattern& pattern : next_.memory.patterns) {
      std::set<int> iterations;
      if (const Pattern* old = find_pattern(previous_, pattern.slug)) {
        for (const int t : old->appeared_in) {
          if (t >= 0 && t <= iteration_) iterations.insert(t);
        }
      }
      const std::vector<int> before(iterations.begin(), iterations.end());
      if (is_supported(pattern.slug)) iterations.insert(iteration_);
      const std::vector<int> after(iterations.begin(), iterations.end());
      if (pattern.appeared_in != before && pattern.appeared_in != after &&
          !pattern.appeared_in.empty()) {
        repair("The iterations of pattern " + in_quotes(pattern.slug) +
               " were put right: they follow from the overlays.");
      }
      pattern.appeared_in = after;
    }
  }

  void settle_velocities(double beta) {
    std::map<std::string, double> losses;
    for (std::size_t i = 0; i < batch_.size(); ++i) {
      losses[next_.overlay.entries[i].pattern] += batch_[i]->loss;
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
    return std::any_of(next_.overlay.entries.begin(), next_.overlay.entries.end(),
                       [&](const OverlayEntry& entry) {
                         const Pattern* old = find_pattern(previous_, entry.pattern);
                         return entry.task_id == task && old != nullptr &&
                                !old->appeared_in.empty() && old->appeared_in.front() < iteration_;
                       });
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
