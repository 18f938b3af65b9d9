// SPDX-License-Identifier: MIT
#include <algorithm>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/report/terminal.hpp>

#include "report/rows.hpp"
#include "report/table.hpp"

namespace skillgrad::report {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr auto kRedraw = milliseconds(100);
constexpr Duration kHeartbeat = seconds(30);
constexpr Duration kTick = seconds(1);
constexpr std::string_view kBetween = " | ";
/// Pieces of the status line up to this rank are cut where they do not fit, the others left out.
constexpr int kCut = 1;

class TerminalObserver final : public optim::Observer {
 public:
  TerminalObserver(TerminalOptions options, const llm::Accountant& accountant, const Clock& clock)
      : options_(std::move(options)), accountant_(accountant), clock_(clock) {
    started_ = round_.started = last_drawn_ = clock_.now();
  }

  ~TerminalObserver() override {
    const std::lock_guard lock(mutex_);
    clear_line();
  }

  void progress(const std::string& stage, std::size_t done, std::size_t total) override {
    if (options_.quiet) return;
    const std::lock_guard lock(mutex_);
    if (stage != stage_) {
      if (stage_.empty() && !options_.run.empty()) options_.write("run: " + options_.run + "\n");
      tell_result();
      stage_ = stage;
      tally_ = {};
      before_ = done;
      next_ = {};
      begin_round(done);
      if (!options_.status_line)
        options_.write(shown(stage) + (total > 1 ? tasks(done, total) : "") + "\n");
    } else if (total != total_ || (round_.peak == total_ && done < round_.peak)) {
      // The stage goes on with other rollouts, which are counted anew.
      begin_round(done);
    }
    done_ = done;
    total_ = total;
    round_.peak = std::max(round_.peak, done);
    const auto since = clock_.now() - last_drawn_;
    if (!options_.status_line ? since >= kHeartbeat : since >= kRedraw || done == total) draw();
  }

  void planned(std::size_t iterations) override {
    const std::lock_guard lock(mutex_);
    iterations_ = iterations;
  }

  void rollout(const std::string& stage, const optim::LossRecord& record) override {
    const std::lock_guard lock(mutex_);
    if (stage != stage_) return;
    for (Tally* tally : {&tally_, &round_.tally})
      if (record.graded())
        tally->add(record.status == optim::LossStatus::pass, record.score);
      else if (record.failed())
        ++tally->error;
  }

  void tick() override {
    if (options_.quiet) return;
    const std::lock_guard lock(mutex_);
    if (stage_.empty()) return;
    if (clock_.now() - last_drawn_ >= (options_.status_line ? kTick : kHeartbeat)) draw();
  }

  void iteration(const optim::IterationRow& row) override {
    if (options_.quiet) return;
    const std::lock_guard lock(mutex_);
    clear_line();
    options_.write(iteration_line(row, iterations_, options_.status_line));
  }

  void notice(const std::string& text) override {
    const std::lock_guard lock(mutex_);
    clear_line();
    options_.write("note: " + strip_control(text) + "\n");
  }

 private:
  /// A piece of the status line. Where not all of them fit, those of low rank stay.
  struct Piece {
    std::string text;
    int rank = 0;
  };

  /// A stage may go on with other rollouts several times.
  struct Round {
    Tally tally;                       ///< of its rollouts in this process
    std::size_t before = 0, peak = 0;  ///< done when it began, and at most since
    SteadyTime started;
  };
  /// What follows, as it was last told; not told since the stage began: no time.
  struct Next {
    std::string text;
    std::optional<SteadyTime> asked;
  };

  void begin_round(std::size_t done) { round_ = {{}, done, done, clock_.now()}; }

  /// What an earlier process of the run has done is not done again.
  static std::string tasks(std::size_t before, std::size_t total) {
    if (before == 0) return fmt::format(": {} to do", total);
    if (before >= total) return fmt::format(": all {} done before", total);
    return fmt::format(": {} done before, {} to do", before, total - before);
  }

  /// "iteration 3: patch" as "iteration 3 of 10: patch".
  [[nodiscard]] std::string shown(const std::string& stage) const {
    const std::size_t colon = stage.find(':');
    if (iterations_ == 0 || colon == std::string::npos || !stage.starts_with("iteration "))
      return stage;
    return fmt::format("{} of {}{}", stage.substr(0, colon), iterations_, stage.substr(colon));
  }

  /// What the stage before came to. Iterations have a row of their own, and of a stage that an
  /// earlier process began only a part is known here.
  void tell_result() {
    if (tally_.count() == 0 || before_ > 0 || stage_.starts_with("iteration ")) return;
    clear_line();
    options_.write(stage_ + ": " + tally_.text() + tally_.mean_text() + "\n");
  }

  void draw() {
    last_drawn_ = clock_.now();
    if (options_.next && (!next_.asked || last_drawn_ - *next_.asked >= kTick))
      next_ = {options_.next(), last_drawn_};
    const std::string line = status(done_, total_);
    options_.write(options_.status_line ? "\r" + line + "\x1b[K" : line + "\n");
    drawn_ = options_.status_line;
  }

  void clear_line() {
    if (drawn_) options_.write("\r\x1b[K");
    drawn_ = false;
  }

  /// Why nothing seems to happen.
  [[nodiscard]] std::string waiting() const {
    const auto wait = accountant_.waiting();
    if (!wait) return {};
    const auto left = std::max(Duration(0), wait->until - clock_.now());
    return fmt::format("{} waiting, next try in {}: {}", wait->calls, short_time(left),
                       one_line(wait->why, 100));
  }

  [[nodiscard]] std::vector<Piece> pieces(std::size_t done, std::size_t total) const {
    const auto totals = accountant_.totals();
    std::vector<Piece> out = {{fmt::format("{} {}/{}", shown(stage_), done, total), 0}};
    const auto add = [&out](std::string text, int rank) {
      if (!text.empty()) out.push_back({std::move(text), rank});
    };
    add(round_.tally.count() > 0 ? round_.tally.text() : std::string(), 4);
    add(waiting(), kCut);
    add(fmt::format("{} in flight", accountant_.in_flight()), 8);
    add(fmt::format("{} tokens", totals.usage.input_tokens + totals.usage.output_tokens), 7);
    std::string cost = money(totals.cost_usd);
    if (options_.max_usd > 0) cost += fmt::format(" of {:.2f} USD", options_.max_usd);
    add(std::move(cost), 2);
    if (done > round_.before && done < total) {
      const auto spent = clock_.now() - round_.started;
      // Of this stage alone: how many more there are is not known before they begin.
      add("about " +
              short_time(spent * static_cast<std::int64_t>(total - done) /
                         static_cast<std::int64_t>(done - round_.before)) +
              " left here",
          5);
    }
    // The nearest alone: "the decision, then iteration 3" would seldom fit.
    if (!next_.text.empty()) add("then " + next_.text.substr(0, next_.text.find(", then")), 3);
    add(short_time(clock_.now() - started_) + " in all", 6);
    for (Piece& piece : out) piece.text = strip_control(piece.text);
    return out;
  }

  std::string status(std::size_t done, std::size_t total) const {
    std::vector<Piece> all = pieces(done, total);
    std::vector<Piece*> by_rank;
    for (Piece& piece : all) by_rank.push_back(&piece);
    std::sort(by_rank.begin(), by_rank.end(),
              [](const Piece* a, const Piece* b) { return a->rank < b->rank; });
    // A line as wide as the terminal would wrap, and the next one would not replace it.
    const std::size_t width = options_.status_line
                                  ? std::max<std::size_t>(options_.columns(), 21) - 1
                                  : std::string::npos;
    std::size_t left = width;
    for (Piece* piece : by_rank) {
      const std::size_t between = left == width ? 0 : kBetween.size();
      if (piece->rank <= kCut && left > between && piece->text.size() > left - between)
        piece->text.resize(left - between);
      if (piece->text.size() + between > left)
        piece->text.clear();
      else
        left -= piece->text.size() + between;
    }
    std::string out;
    for (const Piece& piece : all) {
      if (piece.text.empty()) continue;
      if (!out.empty()) out += kBetween;
      out += piece.text;
    }
    return out;
  }

  TerminalOptions options_;
  const llm::Accountant& accountant_;
  const Clock& clock_;
  std::mutex mutex_;
  std::string stage_;
  std::size_t done_ = 0, total_ = 0, before_ = 0;
  Tally tally_;  ///< of the stage's rollouts in this process
  Round round_;
  Next next_;
  std::size_t iterations_ = 0;  ///< planned; 0: not known
  SteadyTime started_, last_drawn_;
  bool drawn_ = false;
};

}  // namespace

std::unique_ptr<optim::Observer> make_terminal_observer(TerminalOptions options,
                                                        const llm::Accountant& accountant,
                                                        const Clock& clock) {
  return std::make_unique<TerminalObserver>(std::move(options), accountant, clock);
}

std::string percent(double share) { return fmt::format("{:.1f} %", 100 * share); }

std::string p_text(double p) { return p < 0.001 ? "p < 0.001" : fmt::format("p = {:.3f}", p); }

std::string percent_ci(double share, const stats::Interval& interval) {
  return fmt::format("{:.1f} % [{:.1f}, {:.1f}]", 100 * share, 100 * interval.low,
                     100 * interval.high);
}

std::string money(const std::optional<double>& usd) {
  if (!usd) return "cost unknown";
  const bool tiny = *usd > 0 && *usd < 0.00005;
  return tiny ? fmt::format("{:.1g} USD", *usd) : fmt::format("{:.4f} USD", *usd);
}

}  // namespace skillgrad::report
