// SPDX-License-Identifier: MIT
#include "cli/review/terminal_review.hpp"

#include <cerrno>

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <skillgrad/core/text.hpp>

#include "cli/review/text_editor.hpp"
#include "cli/screen/console.hpp"

namespace skillgrad::cli {
namespace {

constexpr int kPollMs = 100;

constexpr const char* kHelp =
    "  a  accept this change\n"
    "  r  reject it\n"
    "  e  edit it in your editor (VISUAL, EDITOR) and accept that\n"
    "  c  write a comment on it\n"
    "  s  leave it open and go on     b  go back\n"
    "  A  accept it and all that are open\n"
    "  q  quit; what was decided is saved\n";

/// Lines of a terminal, as long as nobody asks to stop.
class LineInput {
 public:
  LineInput(std::stop_token stop, const TerminalScreen& screen)
      : stop_(std::move(stop)), screen_(screen) {}

  /// nullopt: the input has ended.
  Result<std::optional<std::string>> next(const std::string& prompt) {
    screen_.print(prompt);
    while (buffer_.find('\n') == std::string::npos && !ended_) {
      if (stop_.stop_requested())
        return fail(ErrorCode::cancelled, "the review was stopped; what was decided is saved",
                    "skillgrad review", "give the same command again to go on");
      pollfd entry{STDIN_FILENO, POLLIN, 0};
      if (::poll(&entry, 1, kPollMs) > 0) fill();
    }
    if (buffer_.empty()) return std::optional<std::string>();
    const std::size_t end = std::min(buffer_.find('\n'), buffer_.size());
    std::string line = buffer_.substr(0, end);
    buffer_.erase(0, end + 1);
    return std::optional(std::move(line));
  }

 private:
  void fill() {
    char bytes[4096];
    const ssize_t n = ::read(STDIN_FILENO, bytes, sizeof bytes);
    if (n > 0)
      buffer_.append(bytes, static_cast<std::size_t>(n));
    else if (n == 0 || (errno != EINTR && errno != EAGAIN))
      ended_ = true;
  }

  std::stop_token stop_;
  const TerminalScreen& screen_;
  std::string buffer_;
  bool ended_ = false;
};

class TerminalReview {
 public:
  TerminalReview(ReviewSession& session, const std::stop_token& stop, const TerminalScreen& screen)
      : session_(session), screen_(screen), input_(stop, screen), colour_(wants_colour()) {}

  Result<> run() {
    screen_.print(screen_.head + "\n");
    const std::size_t count = session_.proposal().hunks.size();
    at_ = first_open();
    if (count > 0 && at_ == count) {
      screen_.print("every change is decided; `b` goes back to the last one, Enter ends\n");
      SKILLGRAD_TRY(const auto line, input_.next("> "));
      if (!line || trim(*line) != "b") return {};
      at_ = count - 1;
    }
    while (at_ < count && !quit_) {
      show();
      SKILLGRAD_CHECK(ask());
    }
    return {};
  }

 private:
  [[nodiscard]] std::size_t first_open() const {
    const auto review = session_.review();
    std::size_t at = 0;
    while (at < review.hunks.size() && review.hunks[at].decision != report::HunkDecision::open)
      ++at;
    return at;
  }

  [[nodiscard]] std::string painted(const std::string& text, const char* sequence) const {
    return colour_ ? std::string(sequence) + text + "\x1b[0m" : text;
  }

  [[nodiscard]] std::string line_of(const std::string& line) const {
    const char* const sequence = line.starts_with('+')   ? "\x1b[32m"
                                 : line.starts_with('-') ? "\x1b[31m"
                                                         : nullptr;
    return (sequence == nullptr ? line : painted(line, sequence)) + "\n";
  }

  void show() const {
    const auto text = report::hunk_text(session_.report(), session_.proposal(), at_);
    std::string out = painted(text.title, "\x1b[1m") + "\n";
    for (const auto& line : text.lines) out += line_of(line);
    for (const auto& risk : text.risks) out += painted("  risk: " + risk, "\x1b[33m") + "\n";
    for (const auto& why : text.why) out += "  why: " + why + "\n";
    for (const auto& evidence : text.evidence) out += "  evidence: " + evidence + "\n";
    const report::HunkReview now = session_.review().hunks[at_];
    if (now.decision == report::HunkDecision::edit)
      for (const auto& line : split_lines(*now.text))
        out += "  edited: " + strip_control(line) + "\n";
    if (!now.comment.empty()) out += "  comment: " + strip_control(now.comment) + "\n";
    screen_.print(out);
  }

  Result<> ask() {
    const report::HunkReview now = session_.review().hunks[at_];
    const std::string decided = now.decision == report::HunkDecision::open
                                    ? ""
                                    : fmt::format(" (now: {})", name_of(now.decision));
    SKILLGRAD_TRY(const auto line,
                  input_.next(fmt::format("{}{} accept, reject, edit, comment, skip, back, quit "
                                          "[a/r/e/c/s/b/q/?] ",
                                          session_.proposal().hunks[at_].id, decided)));
    if (!line) {
      quit_ = true;
      screen_.print("\n");
      return {};
    }
    return obey(std::string(trim(*line)));
  }

  Result<> obey(const std::string& word) {
    if (word == "a" || word == "accept") return decide(report::HunkDecision::accept);
    if (word == "r" || word == "reject") return decide(report::HunkDecision::reject);
    if (word == "e" || word == "edit") return edit();
    if (word == "c" || word == "comment") return comment();
    if (word == "A") return accept_open();
    if (word == "s" || word == "skip")
      ++at_;
    else if (word == "b" || word == "back")
      at_ -= at_ > 0 ? 1 : 0;
    else if (word == "q" || word == "quit")
      quit_ = true;
    else
      screen_.print(kHelp);
    return {};
  }

  /// What a person can mend at once is said, and asked again.
  Result<> put(report::HunkReview decision) {
    const auto done = session_.decide(at_, std::move(decision));
    if (done) {
      ++at_;
      return {};
    }
    if (done.error().code == ErrorCode::io || done.error().code == ErrorCode::disk_full)
      return done;
    print_error(done.error());
    return {};
  }

  Result<> decide(report::HunkDecision decision) {
    return put({decision, std::nullopt, session_.review().hunks[at_].comment});
  }

  Result<> accept_open() {
    SKILLGRAD_CHECK(decide(report::HunkDecision::accept));
    const auto review = session_.review();
    for (std::size_t i = 0; i < review.hunks.size(); ++i)
      if (review.hunks[i].decision == report::HunkDecision::open)
        SKILLGRAD_CHECK(session_.decide(
            i, {report::HunkDecision::accept, std::nullopt, review.hunks[i].comment}));
    at_ = review.hunks.size();
    return {};
  }

  Result<> edit() {
    const skill::Hunk& hunk = session_.proposal().hunks[at_];
    const report::HunkReview now = session_.review().hunks[at_];
    if (!hunk.editable()) return decide_not_editable(hunk);
    auto text = edit_text(now.text.value_or(hunk.new_text),
                          hunk.id + "-" + hunk.file.substr(hunk.file.rfind('/') + 1));
    if (!text) {
      print_error(text.error());
      return {};
    }
    return put({report::HunkDecision::edit, std::move(*text), now.comment});
  }

  Result<> decide_not_editable(const skill::Hunk& hunk) {
    screen_.print(hunk.id + " can be accepted or rejected, not edited\n");
    return {};
  }

  Result<> comment() {
    SKILLGRAD_TRY(const auto line, input_.next("comment: "));
    if (!line) return {};
    report::HunkReview now = session_.review().hunks[at_];
    now.comment = sanitize_utf8(trim(*line));
    return session_.decide(at_, std::move(now));
  }

  ReviewSession& session_;
  const TerminalScreen& screen_;
  LineInput input_;
  bool colour_;
  std::size_t at_ = 0;
  bool quit_ = false;
};

}  // namespace

Result<> review_in_terminal(ReviewSession& session, const std::stop_token& stop,
                            const TerminalScreen& screen) {
  return TerminalReview(session, stop, screen).run();
}

}  // namespace skillgrad::cli
