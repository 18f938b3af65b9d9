// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "optim/decisions/score_book.hpp"
#include "optim/loop/loop_context.hpp"

namespace skillgrad::optim {

/// What an iteration added to the book, in its folder.
inline constexpr const char* kBookFile = "book.jsonl";

/// Where rollouts that a decision asks for belong.
struct BookPlace {
  std::string dir;    ///< "iter_003/gate": their folder, and the scope of their calls
  std::string label;  ///< for the status line
  int iteration = 0;
  /// Names of packages below `dir`, by content hash ("": `dir` itself); others are named by the
  /// hash's beginning.
  std::map<std::string, std::string> names = {};
};

/// Makes the rollouts that decisions ask for, and keeps the score book of the run. The book is no
/// file of its own: base run and decisions under way are repeated at a resume, which finds their
/// rollouts, and what finished iterations added is in RUN/iter_NNN/book.jsonl. Not thread-safe.
class Bookkeeper {
 public:
  explicit Bookkeeper(const LoopContext& loop) : loop_(loop) {}
  Bookkeeper(const Bookkeeper&) = delete;
  Bookkeeper& operator=(const Bookkeeper&) = delete;
  ~Bookkeeper() = default;

  [[nodiscard]] const decisions::ScoreBook& book() const { return book_; }
  /// From now on decisions may name this package by its hash, which is returned.
  std::string know(const skill::SkillPackage& package);
  /// The package once more, as if it were another: its rollouts are made anew, as trials from
  /// `first` on.
  std::string know_again(const skill::SkillPackage& package, std::size_t first);
  [[nodiscard]] const skill::SkillPackage& package(const std::string& hash) const;

  /// Rollouts that were made elsewhere: the next ones of their tasks under the package.
  void add(const skill::SkillPackage& package, const std::vector<LossRecord>& records);
  /// What this process has seen of the rollouts of these tasks under the package, by task and
  /// repeat, from the `from`-th place of the book on. `sample` of each is its repeat.
  [[nodiscard]] std::vector<LossRecord> records(const std::string& package,
                                                const std::vector<std::string>& tasks,
                                                std::size_t from = 0) const;

  /// Makes what a step of a decision asks for until it asks for nothing.
  template <class Ask>
  auto drive(const BookPlace& place, const Ask& ask) -> Result<decltype(ask())> {
    for (;;) {
      auto step = ask();
      if (step.done()) return step;
      SKILLGRAD_CHECK(make(step.needs, place));
    }
  }

  /// What the book got since it had `from` rollouts, as a file of the run; and back.
  Result<> save(std::size_t from, const std::string& file) const;
  Result<> restore(const std::string& file);

 private:
  struct Known {
    skill::SkillPackage package;
    ObjectiveFacts objective;
    std::size_t first = 0;  ///< trial of its first rollout
  };
  /// A line of the book.
  struct Line {
    decisions::Need rollout;
    std::optional<double> score;
    decisions::Measures measures = {};
  };
  Result<> make(const std::vector<decisions::Need>& needs, const BookPlace& place);
  void note(const decisions::Need& rollout, const LossRecord& record);
  void note(Line line);
  [[nodiscard]] Line line_of(const decisions::Need& rollout, const LossRecord& record) const;

  const LoopContext& loop_;
  decisions::ScoreBook book_;
  std::map<std::string, Known> packages_;
  std::vector<Line> lines_;                    ///< in order of place
  std::map<std::size_t, LossRecord> records_;  ///< by place, of this process
};

}  // namespace skillgrad::optim
