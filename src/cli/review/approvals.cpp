// SPDX-License-Identifier: MIT
#include "cli/review/approvals.hpp"

#include <condition_variable>
#include <mutex>

#include <fmt/format.h>
#include <unistd.h>

#include <skillgrad/core/text.hpp>

#include "cli/review/live_view.hpp"
#include "cli/review/review_session.hpp"
#include "cli/review/terminal_review.hpp"
#include "cli/review/web_review.hpp"
#include "cli/screen/console.hpp"

namespace skillgrad::cli {
namespace {

/// Holds the run's limit of time, and the status line, while a person is waited for.
class Standstill {
 public:
  Standstill(TimeLimit& limit, const Clock& clock)
      : limit_(limit), clock_(clock), began_(clock.now()) {
    limit_.hold();
    if (wants_status_line()) print_err("\r\x1b[K");
  }
  ~Standstill() { limit_.go_on(clock_.now() - began_); }
  Standstill(const Standstill&) = delete;
  Standstill& operator=(const Standstill&) = delete;

 private:
  TimeLimit& limit_;
  const Clock& clock_;
  SteadyTime began_;
};

Result<ReviewSession> session_of(const ApprovalPlan& plan, const optim::ApprovalRequest& request) {
  report::ReadOptions reading;
  reading.waiting = request.iteration;
  SKILLGRAD_TRY(auto report, report::read_run(plan.run, reading));
  auto proposal = report::waiting_proposal(
      {plan.run, request.iteration, request.current, request.proposed, plan.ignored});
  return ReviewSession::open(std::move(report), std::move(proposal),
                             plan.run / request.dir / "review.json");
}

/// What the decisions come to. Errors: usage (some are open), those of merging and of the rules.
Result<optim::ApprovalAnswer> answer_of(const ReviewSession& session) {
  const report::Proposal& proposal = session.proposal();
  const report::Review review = session.review();
  if (const auto open = report::undecided(proposal, review); !open.empty())
    return fail(ErrorCode::usage, "not all is decided: " + list_some(open, 12),
                proposal.source + "/review.json", "accept, reject or edit what is open");
  optim::ApprovalAnswer out;
  std::vector<std::string> comments;
  for (std::size_t i = 0; i < review.hunks.size(); ++i) {
    const report::HunkReview& one = review.hunks[i];
    ++(one.decision == report::HunkDecision::accept ? out.hunks.accepted
       : one.decision == report::HunkDecision::edit ? out.hunks.edited
                                                    : out.hunks.rejected);
    if (!trim(one.comment).empty())
      comments.push_back(proposal.hunks[i].id + ": " + std::string(trim(one.comment)));
  }
  if (!trim(review.comment).empty())
    comments.insert(comments.begin(), std::string(trim(review.comment)));
  out.comment = truncate_middle(strip_control(join(comments, "; ")), 2000);
  SKILLGRAD_TRY(auto merged, skill::merge_hunks(proposal.initial, proposal.initial,
                                                report::taken(proposal, review)));
  SKILLGRAD_CHECK(report::check_package(proposal, merged.package, proposal.initial));
  out.package = std::move(merged.package);
  return out;
}

tl::unexpected<Error> later(const fs::path& run) {
  return fail(ErrorCode::cancelled, "a patch waits for a decision; what was decided is saved",
              run.string(),
              "`skillgrad resume " + shell_word(run.string()) + "` goes on and asks again");
}

class TerminalApprover final : public optim::Approver {
 public:
  explicit TerminalApprover(ApprovalPlan plan) : plan_(std::move(plan)) {}

  Result<optim::ApprovalAnswer> ask(const optim::ApprovalRequest& request) override {
    const Standstill still(*plan_.limit, *plan_.clock);
    SKILLGRAD_TRY(auto session, session_of(plan_, request));
    SKILLGRAD_CHECK(session.save());
    const TerminalScreen screen{
        print_err, report::waiting_head(session.report(), session.proposal(), request.reason) +
                       report::stat_text(session.proposal())};
    for (;;) {
      SKILLGRAD_CHECK(review_in_terminal(session, plan_.stop, screen));
      if (!report::undecided(session.proposal(), session.review()).empty()) return later(plan_.run);
      auto answer = answer_of(session);
      if (answer) return answer;
      print_error(answer.error());
    }
  }

 private:
  ApprovalPlan plan_;
};

/// A patch that waits on the page. Shared, since an answer to the page may outlast the wait.
struct Waiting {
  explicit Waiting(ReviewSession given) : session(std::move(given)), page(session) {}
  ReviewSession session;
  ReviewPage page;
};

class PageApprover final : public optim::Approver {
 public:
  static Result<std::unique_ptr<optim::Approver>> start(ApprovalPlan plan) {
    std::unique_ptr<PageApprover> out(new PageApprover(std::move(plan)));
    PageApprover& self = *out;
    SKILLGRAD_TRY(self.view_, LiveView::open(self.plan_.run, *self.plan_.clock));
    self.view_->say_asks_here();
    web::PrivateServer::Site site;
    self.view_->serve_on(site);
    const auto follows = site.pages[""];
    site.pages[""] = [&self, follows] {
      const auto waiting = self.waiting();
      return waiting ? web::PrivateServer::Answer{waiting->page.html(), "text/html; charset=utf-8"}
                     : follows();
    };
    site.actions["decide"] = [&self](const Json& body) {
      return self.on_page([&](Waiting& one) { return one.page.decide(body); });
    };
    site.actions["comment"] = [&self](const Json& body) {
      return self.on_page([&](Waiting& one) { return one.page.comment(body); });
    };
    site.actions["finish"] = [&self](const Json& /*body*/) {
      return self.on_page([&](Waiting& one) { return self.finish(one); });
    };
    auto server = web::PrivateServer::start(std::move(site), self.plan_.port);
    if (!server && self.plan_.port != 0)
      server.error().mend = "give --approve-port with another port, or with 0 for any free one";
    SKILLGRAD_TRY(self.server_, std::move(server));
    self.tell("patches are approved on this page, which also follows the run; give it to nobody");
    return std::unique_ptr<optim::Approver>(std::move(out));
  }
  ~PageApprover() override {
    if (server_) server_->close();
  }

  Result<optim::ApprovalAnswer> ask(const optim::ApprovalRequest& request) override {
    const Standstill still(*plan_.limit, *plan_.clock);
    SKILLGRAD_TRY(auto session, session_of(plan_, request));
    SKILLGRAD_CHECK(session.save());
    auto waiting = std::make_shared<Waiting>(std::move(session));
    waiting->page.ask_for(request.iteration,
                          report::waiting_head(waiting->session.report(),
                                               waiting->session.proposal(), request.reason));
    tell(fmt::format("iteration {}: a patch waits for your decision", request.iteration));
    std::unique_lock lock(mutex_);
    waiting_ = waiting;
    answer_.reset();
    answered_.wait(lock, plan_.stop, [this] { return answer_.has_value(); });
    waiting_.reset();
    if (!answer_) return later(plan_.run);
    return std::move(*answer_);
  }

 private:
  explicit PageApprover(ApprovalPlan plan) : plan_(std::move(plan)) {}

  void tell(const std::string& text) const {
    print_err(text + ":\n");
    print_err_unchanged(server_->url() + "\n");
  }

  [[nodiscard]] std::shared_ptr<Waiting> waiting() {
    const std::lock_guard lock(mutex_);
    return waiting_;
  }

  template <class Function>
  Result<Json> on_page(const Function& function) {
    if (const auto one = waiting()) return function(*one);
    return fail(ErrorCode::usage, "no patch waits for a decision", "the page", "load it again");
  }

  Result<Json> finish(Waiting& one) {
    SKILLGRAD_TRY(auto answer, answer_of(one.session));
    const std::lock_guard lock(mutex_);
    if (waiting_.get() == &one && !answer_) {
      answer_ = std::move(answer);
      answered_.notify_all();
    }
    return Json{{"ok", true}, {"summary", "decided; the run goes on"}};
  }

  ApprovalPlan plan_;
  std::unique_ptr<LiveView> view_;
  std::mutex mutex_;
  std::condition_variable_any answered_;
  std::shared_ptr<Waiting> waiting_;
  std::optional<optim::ApprovalAnswer> answer_;
  std::unique_ptr<web::PrivateServer> server_;  // last: its threads use all of the above
};

}  // namespace

std::unique_ptr<optim::Approver> approve_in_terminal(ApprovalPlan plan) {
  return std::make_unique<TerminalApprover>(std::move(plan));
}

Result<std::unique_ptr<optim::Approver>> approve_on_page(ApprovalPlan plan) {
  return PageApprover::start(std::move(plan));
}

Result<std::unique_ptr<optim::Approver>> make_approver(const RunSetup& setup,
                                                       const std::stop_token& stop) {
  const auto how = setup.settings.get<"approve">();
  if (how == ApprovalPlace::off || setup.finished) return nullptr;
  ApprovalPlan plan;
  plan.run = setup.store->dir();
  for (const std::string& rule : split(setup.settings.get<"lint_ignore">(), ','))
    if (!trim(rule).empty()) plan.ignored.emplace_back(trim(rule));
  plan.port = static_cast<int>(setup.settings.get<"approve_port">());
  plan.clock = &setup.clock;
  plan.stop = stop;
  plan.limit = setup.time_limit.get();
  if (how == ApprovalPlace::web) return approve_on_page(std::move(plan));
  if (::isatty(STDIN_FILENO) == 0 || ::isatty(STDERR_FILENO) == 0)
    return fail(ErrorCode::usage, "--approve terminal, but there is no terminal to ask in",
                setup.settings.origin<"approve">(),
                "give --approve web for a page, or --approve off to take what the gate takes");
  return approve_in_terminal(std::move(plan));
}

}  // namespace skillgrad::cli
