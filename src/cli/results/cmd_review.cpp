// SPDX-License-Identifier: MIT
#include <algorithm>

#include <fmt/format.h>
#include <unistd.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/report/watch.hpp>

#include "cli/results/results.hpp"
#include "cli/review/review_flags.hpp"
#include "cli/review/review_session.hpp"
#include "cli/review/terminal_review.hpp"
#include "cli/review/web_review.hpp"
#include "cli/screen/console.hpp"
#include "cli/workbench/load_settings.hpp"

namespace skillgrad::cli {
namespace {

/// What --accept or --reject names: hunks one by one, or all of them.
struct Named {
  std::vector<std::size_t> hunks;
  bool all = false, none = false;
};

Result<Named> named_by(const Invocation& invocation, const char* flag,
                       const report::Proposal& proposal) {
  Named out;
  const std::string text = invocation.value(flag);
  if (invocation.has(flag) && trim(text).empty())
    return fail(ErrorCode::usage, std::string("got \"\" for --") + flag + ", expected hunks",
                "skillgrad review", "give all, none, or names such as H1,H3");
  for (const std::string& part : split(text, ',')) {
    const std::string word(trim(part));
    if (word == "all")
      out.all = true;
    else if (word == "none")
      out.none = true;
    else if (!word.empty()) {
      SKILLGRAD_TRY(const std::size_t hunk, report::find_hunk(proposal, word));
      out.hunks.push_back(hunk);
    }
  }
  return out;
}

Result<> decide_all(ReviewSession& session, report::HunkDecision decision) {
  const auto review = session.review();
  for (std::size_t i = 0; i < review.hunks.size(); ++i) {
    const bool edited = review.hunks[i].decision == report::HunkDecision::edit;
    if (edited && decision == report::HunkDecision::accept) continue;  // it is taken, as edited
    SKILLGRAD_CHECK(session.decide(i, {decision, std::nullopt, review.hunks[i].comment}));
  }
  return {};
}

/// Hunks that are named one by one count more than "all" and "none".
Result<> decide_by_flags(ReviewSession& session, const Invocation& invocation) {
  using report::HunkDecision;
  SKILLGRAD_TRY(const Named accepted, named_by(invocation, "accept", session.proposal()));
  SKILLGRAD_TRY(const Named rejected, named_by(invocation, "reject", session.proposal()));
  const bool accept_all = accepted.all || rejected.none, reject_all = rejected.all || accepted.none;
  if (accept_all && reject_all)
    return fail(ErrorCode::usage, "all hunks are to be accepted and rejected", "skillgrad review",
                "give one of the two, and name the others: --accept all --reject H2");
  for (const std::size_t one : accepted.hunks)
    if (std::find(rejected.hunks.begin(), rejected.hunks.end(), one) != rejected.hunks.end())
      return fail(ErrorCode::usage,
                  session.proposal().hunks[one].id + " is to be accepted and rejected",
                  "skillgrad review", "name it once");
  if (accept_all) SKILLGRAD_CHECK(decide_all(session, HunkDecision::accept));
  if (reject_all) SKILLGRAD_CHECK(decide_all(session, HunkDecision::reject));
  const std::string comment = sanitize_utf8(invocation.value("comment"));
  const auto put = [&](const std::vector<std::size_t>& hunks, HunkDecision decision) -> Result<> {
    for (const std::size_t i : hunks)
      SKILLGRAD_CHECK(session.decide(
          i, {decision, std::nullopt,
              invocation.has("comment") ? comment : session.review().hunks[i].comment}));
    return {};
  };
  SKILLGRAD_CHECK(put(accepted.hunks, HunkDecision::accept));
  SKILLGRAD_CHECK(put(rejected.hunks, HunkDecision::reject));
  if (invocation.has("comment") && accepted.hunks.empty() && rejected.hunks.empty())
    SKILLGRAD_CHECK(session.comment(comment));
  return session.save();
}

/// Ends with "Finish" on the page, or with Ctrl-C, which is how a server is ended.
Result<> review_on_page(ReviewSession& session, const Invocation& invocation) {
  SKILLGRAD_TRY(const int port, port_flag(invocation));
  SKILLGRAD_TRY(const auto server, WebReview::start(session, port));
  // A program that starts this one reads the address from the first line.
  const std::string line = server->url() + "\n";
  print_out_unchanged(line);
  print_err(
      "open this address in a browser of this machine and give it to nobody; end with its "
      "button \"Finish\" or with Ctrl-C\n");
  server->wait(invocation.stop);
  return {};
}

Result<> refuse_mixed_flags(const Invocation& invocation, bool by_flags, bool json) {
  if (by_flags && invocation.has("web"))
    return fail(ErrorCode::usage, "--web and decisions by --accept, --reject or --comment",
                "skillgrad review", "give one of them");
  if (json && invocation.has("web"))
    return fail(ErrorCode::usage, "--web prints an address, --json one object", "skillgrad review",
                "give one of them; afterwards --json shows the decisions");
  if (invocation.has("port") && !invocation.has("web"))
    return fail(ErrorCode::usage, "--port is of the page alone", "skillgrad review",
                "give --web, or leave --port out");
  return {};
}

/// While the run asks, it takes decisions at one place alone: others would have no effect.
Result<> refuse_where_it_asks(const Invocation& invocation) {
  const fs::path run = invocation.arguments.front();
  const auto standing = report::RunWatch(run).look();
  if (standing.condition != report::RunCondition::working || standing.asks == 0) return {};
  return fail(
      ErrorCode::locked,
      fmt::format("the run waits for a decision about the patch of iteration {}, in its own "
                  "terminal or on its own page",
                  standing.asks),
      run.string(),
      "decide there (its stderr says where); or end it with Ctrl-C, then `skillgrad resume " +
          shell_word(run.string()) + " --approve web` asks again on a page");
}

void print_session(const ReviewSession& session, bool json) {
  print_out(json ? dump_json(report::to_json(session.proposal(), session.review()), 1) + "\n"
                 : session.summary());
}

}  // namespace

Result<int> cmd_review(const Invocation& invocation) {
  SKILLGRAD_TRY(const auto settings, load_settings(invocation));
  const bool json = settings.get<"json">();
  const bool by_flags =
      invocation.has("accept") || invocation.has("reject") || invocation.has("comment");
  const bool web = invocation.has("web");
  SKILLGRAD_CHECK(refuse_mixed_flags(invocation, by_flags, json));
  SKILLGRAD_CHECK(refuse_where_it_asks(invocation));
  SKILLGRAD_TRY(auto session,
                ReviewSession::open(invocation, web ? report::ReadOptions{}.trace_bytes : 0));
  if (web) {
    SKILLGRAD_CHECK(review_on_page(session, invocation));
    print_session(session, false);
    return 0;
  }
  if (by_flags) {
    SKILLGRAD_CHECK(decide_by_flags(session, invocation));
    print_session(session, json);
    return 0;
  }
  if (json) {  // as it stands
    print_session(session, json);
    return 0;
  }
  if (::isatty(STDIN_FILENO) == 0)
    return fail(ErrorCode::usage, "there is no terminal to ask in", "skillgrad review",
                "decide with --accept and --reject (`skillgrad diff RUN` shows the hunks), or give "
                "--web for a page");
  const TerminalScreen screen{print_out, report::review_head(session.report(), session.proposal())};
  SKILLGRAD_CHECK(review_in_terminal(session, invocation.stop, screen));
  print_session(session, json);
  return 0;
}

}  // namespace skillgrad::cli
