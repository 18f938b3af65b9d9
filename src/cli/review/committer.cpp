// SPDX-License-Identifier: MIT
#include "cli/review/committer.hpp"

#include <unistd.h>

#include <skillgrad/core/text.hpp>

#include "cli/screen/console.hpp"

extern char** environ;  // NOLINT(readability-identifier-naming): the name is POSIX's

namespace skillgrad::cli {
namespace {

/// A hook of the user's may run tests.
constexpr std::chrono::minutes kGitTime{10};
constexpr std::uint64_t kGitCpuSeconds = 3600;

/// It is the user's own program, with their name, hooks and settings.
std::map<std::string, std::string> whole_environment() {
  std::map<std::string, std::string> out;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (const std::size_t at = text.find('='); at != std::string_view::npos && at > 0)
      out.emplace(text.substr(0, at), text.substr(at + 1));
  }
  out["GIT_TERMINAL_PROMPT"] = "0";
  out["GIT_EDITOR"] = "false";
  return out;
}

std::string said(const exec::CommandResult& result) {
  const std::string text(trim(result.err.empty() ? result.out : result.err));
  const std::string clean = truncate_middle(strip_control(sanitize_utf8(text)), 600);
  return clean.empty() ? "it ended with exit code " + std::to_string(result.exit_code)
                       : replace_all(clean, "\n", "; ");
}

std::vector<std::string> with_files(std::vector<std::string> words,
                                    const std::vector<std::string>& files) {
  words.emplace_back("--");
  words.insert(words.end(), files.begin(), files.end());
  return words;
}

}  // namespace

Result<exec::CommandResult> Committer::run(std::vector<std::string> words,
                                           const std::string& input) const {
  exec::CommandSpec spec;
  // A file may be called ":(top)"; and what git starts behind our back would be ended with it.
  spec.argv = {"git", "--literal-pathspecs", "-c", "gc.auto=0"};
  spec.argv.insert(spec.argv.end(), words.begin(), words.end());
  spec.work_dir = folder_;
  spec.env = whole_environment();
  spec.stdin_text = input;
  spec.limits.wall = kGitTime;
  spec.limits.memory_bytes = 0;
  spec.limits.cpu_seconds = kGitCpuSeconds;
  spec.limits.file_bytes = std::uint64_t{16} << 30;
  spec.limits.processes = 4096;
  SKILLGRAD_TRY(auto result, exec::run_process(spec, stop_));
  if (result.cancelled) return fail(ErrorCode::cancelled, "git was stopped", folder_.string());
  if (result.timed_out)
    return fail(ErrorCode::infra, "git did not end within 10 minutes", folder_.string(),
                "see what holds it: a hook that waits, or a lock");
  return result;
}

std::string Committer::command() const { return "git -C " + shell_word(folder_.string()); }

Result<Committer> Committer::open(const fs::path& folder, std::stop_token stop) {
  Committer git(folder, std::move(stop));
  if (exec::find_program("git").empty())
    return fail(ErrorCode::infra, "git is not installed", "--commit",
                "install git, or leave --commit and --branch out and commit by other means");
  SKILLGRAD_TRY(const auto inside, git.run({"rev-parse", "--is-inside-work-tree"}));
  if (inside.exit_code != 0 || trim(inside.out) != "true")
    return fail(ErrorCode::usage, "the skill is in no git repository: " + said(inside),
                folder.string(),
                "leave --commit and --branch out, or make one: " + git.command() + " init");
  SKILLGRAD_TRY(const auto staged, git.run({"diff", "--cached", "--quiet"}));
  if (staged.exit_code != 0)
    return fail(ErrorCode::usage,
                staged.exit_code == 1 ? "the index has staged changes, which would be committed too"
                                      : "git cannot read the index: " + said(staged),
                folder.string(), "commit them first, or unstage them: " + git.command() + " reset");
  return git;
}

Result<> Committer::check_branch(const std::string& branch) const {
  SKILLGRAD_TRY(const auto valid, run({"check-ref-format", "--branch", branch}));
  if (valid.exit_code != 0 || branch.starts_with('-'))
    return fail(ErrorCode::usage, "\"" + branch + "\" is no name for a branch", "--branch",
                "use letters, digits and dashes, such as --branch skill-patch");
  SKILLGRAD_TRY(const auto known, run({"show-ref", "--verify", "--quiet", "refs/heads/" + branch}));
  if (known.exit_code == 0)
    return fail(ErrorCode::usage, "there is a branch \"" + branch + "\" already", "--branch",
                "choose another name, or check it out and give --commit alone: " + command() +
                    " switch " + shell_word(branch));
  return {};
}

Result<> Committer::check(const CommitWish& wish) const {
  if (!wish.branch.empty()) SKILLGRAD_CHECK(check_branch(wish.branch));
  SKILLGRAD_TRY(const auto name, run({"var", "GIT_AUTHOR_IDENT"}));
  if (name.exit_code != 0)
    return fail(ErrorCode::usage, "git does not know who commits: " + said(name), folder_.string(),
                "tell it: " + command() + " config user.name NAME, and user.email ADDRESS");
  SKILLGRAD_TRY(const auto dirty,
                run(with_files({"status", "--porcelain", "--ignored=matching"}, wish.files)));
  if (dirty.exit_code != 0)
    return fail(ErrorCode::usage, "git cannot look at the skill: " + said(dirty), folder_.string(),
                "mend what git says, or leave --commit and --branch out");
  if (!trim(dirty.out).empty())
    return fail(ErrorCode::usage,
                "a file that would be committed is not in git as it is now: " + said(dirty),
                folder_.string(),
                "commit the skill as it is first: " + command() + " add SKILL.md, then " +
                    command() + " commit; or leave --commit and --branch out");
  SKILLGRAD_TRY(const auto ignored, run(with_files({"check-ignore", "-v"}, wish.files)));
  if (ignored.exit_code == 0)
    return fail(ErrorCode::usage, "git ignores a file of the skill: " + said(ignored),
                folder_.string(), "change that rule, or leave --commit and --branch out");
  return {};
}

Result<std::string> Committer::commit(const CommitWish& wish) const {
  const auto step = [&](std::vector<std::string> words, const std::string& input) -> Result<> {
    const std::string what = words.front();
    SKILLGRAD_TRY(const auto result, run(std::move(words), input));
    if (result.exit_code == 0) return {};
    return fail(
        ErrorCode::infra, "the skill was written, but `git " + what + "` failed: " + said(result),
        folder_.string(), "mend what git says, then commit by hand: " + command() + " commit");
  };
  if (!wish.branch.empty()) SKILLGRAD_CHECK(step({"checkout", "--quiet", "-b", wish.branch}, ""));
  SKILLGRAD_CHECK(step(with_files({"add", "-A"}, wish.files), ""));
  SKILLGRAD_CHECK(step({"commit", "--quiet", "--cleanup=whitespace", "-F", "-"}, wish.message));
  SKILLGRAD_TRY(const auto head, run({"rev-parse", "HEAD"}));
  return std::string(trim(head.out));
}

}  // namespace skillgrad::cli
