// SPDX-License-Identifier: MIT
#include <skillgrad/core/text.hpp>

#include "cli/results/results.hpp"
#include "cli/review/live_view.hpp"
#include "cli/review/review_flags.hpp"
#include "cli/screen/console.hpp"
#include "cli/workbench/load_settings.hpp"

namespace skillgrad::cli {
namespace {

constexpr auto kLook = std::chrono::milliseconds(500);
/// For a page to get the last state of a run, where there is one.
constexpr auto kLastCall = std::chrono::seconds(10);
/// For pages to hear that they need not ask again: longer than they wait between two questions.
constexpr auto kGoodbye = std::chrono::milliseconds(4500);

/// For a page to load a run that had ended before: nothing more is to come.
constexpr auto kOneCall = std::chrono::seconds(10);
/// For an answer that is being sent.
constexpr auto kSent = std::chrono::milliseconds(500);

/// Shows a run that has ended to one page; nullopt when a stop is asked for.
std::optional<report::RunCondition> show_once(LiveView& view, const std::stop_token& stop) {
  SystemClock clock;
  const SteadyTime until = clock.now() + kOneCall;
  auto now = view.now();
  while (!now.shown && clock.now() < until) {
    if (!clock.sleep_for(kLook / 5, stop)) return std::nullopt;
    now = view.now();
  }
  if (now.shown && !clock.sleep_for(kSent, stop)) return std::nullopt;
  return now.condition;
}

/// How the run ended; nullopt when a stop is asked for.
std::optional<report::RunCondition> wait_for_end(LiveView& view, const std::stop_token& stop) {
  SystemClock clock;
  std::optional<SteadyTime> ended;
  while (clock.sleep_for(kLook, stop)) {
    const auto now = view.now();
    if (now.condition == report::RunCondition::working) {
      ended.reset();
      continue;
    }
    if (!ended) ended = clock.now();
    if (!now.shown && clock.now() - *ended < kLastCall) continue;
    view.say_goodbye();
    if (!clock.sleep_for(kGoodbye, stop)) return std::nullopt;
    return now.condition;
  }
  return std::nullopt;
}

Result<int> serve(LiveView& view, const Invocation& invocation, bool once) {
  SystemClock clock;
  if (!invocation.has("until-end")) {
    while (clock.sleep_for(std::chrono::hours(1), invocation.stop)) {
    }
    return 130;
  }
  const auto ended = once ? show_once(view, invocation.stop) : wait_for_end(view, invocation.stop);
  if (!ended) return 130;
  if (*ended == report::RunCondition::finished) return 0;
  const std::string run = shell_word(invocation.arguments.front());
  return fail(ErrorCode::infra, "the run was stopped", run,
              "`skillgrad resume " + run + "` goes on with it");
}

}  // namespace

Result<int> cmd_view(const Invocation& invocation) {
  SKILLGRAD_TRY([[maybe_unused]] const auto settings, load_settings(invocation));
  SKILLGRAD_TRY(const int port, port_flag(invocation));
  const fs::path run = fs::absolute(invocation.arguments.front()).lexically_normal();
  SystemClock clock;
  SKILLGRAD_TRY(const auto view, LiveView::open(run, clock));
  web::PrivateServer::Site site;
  const bool once =
      invocation.has("until-end") && view->now().condition != report::RunCondition::working;
  if (once) view->say_goodbye();  // the first page is told already that it need not ask again
  view->serve_on(site);
  SKILLGRAD_TRY(const auto server, web::PrivateServer::start(std::move(site), port));
  // A program that starts this one reads the address from the first line.
  print_out_unchanged(server->url() + "\n");
  print_err(
      "open this address in a browser of this machine and give it to nobody; end with Ctrl-C, the "
      "run goes on\n");
  return serve(*view, invocation, once);
}

}  // namespace skillgrad::cli
