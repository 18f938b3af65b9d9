// SPDX-License-Identifier: MIT
#include <algorithm>
#include <mutex>

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

class TerminalObserver final : public optim::Observer {
 public:
  TerminalObserver(TerminalOptions options, const llm::Accountant& accountant, const Clock& clock)
      : options_(std::move(options)), accountant_(accountant), clock_(clock) {
    started_ = stage_started_ = last_drawn_ = clock_.now();
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
      stage_started_ = clock_.now();
      before_ = done;
      if (!options_.status_line)
        options_.write(shown(stage) + (total > 1 ? tasks(done, total) : "") + "\n");
    }
    done_ = done;
    total_ = total;
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
    if (record.graded())
      tally_.add(record.status == optim::LossStatus::pass, record.score);
    else if (record.failed())
      ++tally_.error;
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
    return fmt::format(" | {} waiting, next try in {}: {}", wait->calls, short_time(left),
                       one_line(wait->why, 100));
  }

  std::string status(std::size_t done, std::size_t total) const {
    const auto totals = accountant_.totals();
    std::string out = fmt::format("{} {}/{}", shown(stage_), done, total);
    if (tally_.count() > 0) out += " | " + tally_.text();
    out += waiting();
    out += fmt::format(" | {} in flight | {} tokens", accountant_.in_flight(),
                       totals.usage.input_tokens + totals.usage.output_tokens);
    out += " | " + money(totals.cost_usd);
    if (options_.max_usd > 0) out += fmt::format(" of {:.2f} USD", options_.max_usd);
    if (done > before_ && done < total) {
      const auto spent = clock_.now() - stage_started_;
      out += " | about " +
             short_time(spent * static_cast<std::int64_t>(total - done) /
                        static_cast<std::int64_t>(done - before_)) +
             " left";
    }
    out += " | " + short_time(clock_.now() - started_) + " in all";
    out = strip_control(out);
    // A line as wide as the terminal would wrap, and the next one would not replace it.
    if (options_.status_line)
      out.resize(std::min(out.size(), std::max<std::size_t>(options_.columns(), 21) - 1));
    return out;
  }

  TerminalOptions options_;
  const llm::Accountant& accountant_;
  const Clock& clock_;
  std::mutex mutex_;
  std::string stage_;
  std::size_t done_ = 0, total_ = 0, before_ = 0;
  Tally tally_;                 ///< of the stage's rollouts in this process
  std::size_t iterations_ = 0;  ///< planned; 0: not known
  SteadyTime started_, stage_started_, last_drawn_;
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
