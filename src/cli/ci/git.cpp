// SPDX-License-Identifier: MIT
#include "cli/ci/git.hpp"

#include <array>
#include <charconv>
#include <chrono>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/exec/process.hpp>

#include "cli/screen/console.hpp"
#include "cli/settings/environment.hpp"

namespace skillgrad::cli {
namespace {

constexpr const char* kSince = "--since";
constexpr const char* kWholeHistory =
    "`git fetch --unshallow` brings the history (in GitHub's checkout step fetch-depth: 0, in "
    "GitLab's CI the variable GIT_DEPTH: \"0\")";

/// What git may need of ours; keys of endpoints are not among it.
std::map<std::string, std::string> git_environment() {
  static constexpr std::array kPassed = {"PATH",
                                         "HOME",
                                         "USER",
                                         "LOGNAME",
                                         "TMPDIR",
                                         "GIT_DIR",
                                         "GIT_WORK_TREE",
                                         "GIT_OBJECT_DIRECTORY",
                                         "GIT_CEILING_DIRECTORIES",
                                         "GIT_DISCOVERY_ACROSS_FILESYSTEM",
                                         "GIT_ALTERNATE_OBJECT_DIRECTORIES",
                                         "GIT_CONFIG_GLOBAL",
                                         "GIT_CONFIG_SYSTEM",
                                         "GIT_CONFIG_NOSYSTEM",
                                         "XDG_CONFIG_HOME",
                                         "GIT_SSH",
                                         "GIT_SSH_COMMAND",
                                         "SSH_AUTH_SOCK",
                                         "HTTPS_PROXY",
                                         "https_proxy",
                                         "NO_PROXY",
                                         "no_proxy"};
  std::map<std::string, std::string> out = {{"LC_ALL", "C"},
                                            {"GIT_TERMINAL_PROMPT", "0"},
                                            {"GIT_OPTIONAL_LOCKS", "0"},
                                            {"GIT_LITERAL_PATHSPECS", "1"}};
  for (const char* name : kPassed)
    if (const auto value = environment_value(name); !value.empty()) out[name] = value;
  return out;
}

std::vector<std::string> nul_separated(const std::string& text) {
  std::vector<std::string> out = split(text, '\0');
  if (!out.empty() && out.back().empty()) out.pop_back();
  return out;
}

std::vector<std::string> below(std::vector<std::string> words, const std::string& dir) {
  words.emplace_back("--");
  if (!dir.empty()) words.push_back(dir);
  return words;
}

Error refused(const std::string& said, const fs::path& dir) {
  Error out{ErrorCode::infra, "git: " + strip_control(trim(said)), dir.string(), {}, {}};
  if (said.find("dubious ownership") != std::string::npos) {
    out.mend =
        "the work tree belongs to another user; if you trust it: git config --global --add "
        "safe.directory " +
        shell_word(dir.string());
  } else if (said.find("not a git repository") != std::string::npos ||
             said.find("must be run in a work tree") != std::string::npos) {
    out.code = ErrorCode::input;
    out.message = "this is no git work tree";
    out.mend = "name a folder inside of a clone, or `git init` it and commit what is there";
  } else {
    out.mend = "see that `git -C " + shell_word(dir.string()) + " status` works";
  }
  return out;
}

}  // namespace

Result<Git> Git::open(const fs::path& dir, std::stop_token stop) {
  std::error_code ignored;
  Git out;
  if (!fs::is_directory(dir, ignored))
    return fail(ErrorCode::input, "no such folder", dir.string(), "name the folder of the skills");
  out.dir_ = fs::weakly_canonical(fs::absolute(dir), ignored);
  out.program_ = exec::find_program("git");
  if (out.program_.empty())
    return fail(ErrorCode::infra, "git is not installed, or not on PATH", "git",
                "install it (Debian: apt-get install git)");
  out.stop_ = std::move(stop);
  SKILLGRAD_TRY(const auto top, out.tell({{"rev-parse", "--show-toplevel"}}));
  // Without the line end alone: a folder's name may end in blanks.
  out.top_ = fs::path(top.substr(0, top.find_last_not_of('\n') + 1));
  return out;
}

Result<Git::Answer> Git::ask(const Call& call) const {
  exec::CommandSpec spec;
  spec.argv = {program_.string()};
  spec.argv.insert(spec.argv.end(), call.words.begin(), call.words.end());
  spec.work_dir = top_.empty() ? dir_ : top_;
  spec.env = git_environment();
  if (!call.index.empty()) spec.env["GIT_INDEX_FILE"] = call.index.string();
  spec.stdin_text = call.input;
  spec.limits.wall = std::chrono::minutes(10);
  spec.limits.memory_bytes = 0;
  spec.limits.file_bytes = std::uint64_t{4} << 30;
  spec.limits.output_bytes = std::size_t{64} << 20;
  SKILLGRAD_TRY(auto ran, exec::run_process(spec, stop_));
  if (ran.cancelled)
    return fail(ErrorCode::cancelled, "stopped on request", "git", "give the same command again");
  if (ran.timed_out || ran.output_truncated)
    return fail(ErrorCode::infra,
                ran.timed_out ? "git took longer than ten minutes"
                              : "git printed more than 64 MiB of names",
                "git " + call.words.front(), "name a smaller folder than " + dir_.string());
  return Answer{ran.exit_code, std::move(ran.out), std::move(ran.err)};
}

Result<std::string> Git::tell(const Call& call) const {
  SKILLGRAD_TRY(auto answer, ask(call));
  if (answer.code == 0) return std::move(answer.out);
  return tl::unexpected(refused(answer.err, dir_).with_context("git " + call.words.front()));
}

bool Git::shallow() const {
  const auto answer = ask({{"rev-parse", "--is-shallow-repository"}});
  return answer && trim(answer->out) == "true";
}

Error Git::not_there(const std::string& revision, const std::string& where) const {
  Error out{ErrorCode::input, "no such revision here: \"" + revision + "\"", where, {}, {}};
  const auto remote =
      ask({{"rev-parse", "--verify", "--quiet", "origin/" + revision + "^{commit}"}});
  if (remote && remote->code == 0) {
    out.mend = "did you mean " + std::string(where == kSince ? "--since " : "") +
               shell_word("origin/" + revision) + "?";
  } else if (shallow()) {
    out.message += " (this clone is shallow)";
    out.mend = kWholeHistory;
  } else {
    out.mend = "`git fetch` brings what only the remote has; `git log --oneline` lists commits";
  }
  return out;
}

Result<std::string> Git::commit_of(const std::string& revision, const std::string& where) const {
  if (trim(revision).empty() || revision.front() == '-')
    return fail(ErrorCode::usage, "got \"" + revision + "\", expected a revision of git", where,
                "name a commit, branch or tag, as in HEAD~1 or origin/main");
  SKILLGRAD_TRY(const auto answer,
                ask({{"rev-parse", "--verify", "--quiet", revision + "^{commit}"}}));
  if (answer.code != 0) return tl::unexpected(not_there(revision, where));
  return std::string(trim(answer.out));
}

Result<std::string> Git::base_of(const std::string& revision) const {
  SKILLGRAD_TRY(const auto commit, commit_of(revision, kSince));
  SKILLGRAD_TRY(const auto parted, ask({{"merge-base", commit, "HEAD"}}));
  if (parted.code == 0) return split_lines(parted.out).front();
  if (shallow())
    return fail(ErrorCode::input,
                "where HEAD parted from \"" + revision + "\" is not in this shallow clone", kSince,
                kWholeHistory);
  return commit;  // histories without a common commit
}

Result<std::vector<Git::Change>> Git::changes(const std::string& commit,
                                              const std::string& dir) const {
  SKILLGRAD_TRY(
      const auto text,
      tell({below({"diff", "--no-ext-diff", "--no-textconv", "--no-relative", "--ignore-submodules",
                   "--find-renames", "--name-status", "-z", commit},
                  dir)}));
  const auto words = nul_separated(text);
  std::vector<Change> out;
  for (std::size_t i = 0; i + 1 < words.size();) {
    const char kind = words[i].empty() ? 'M' : words[i].front();
    Change change{kind, words[i + 1], words[i + 1]};
    if ((kind == 'R' || kind == 'C') && i + 2 < words.size()) {
      std::from_chars(words[i].data() + 1, words[i].data() + words[i].size(), change.alike);
      change.after = words[++i + 1];
    }
    if (kind == 'A') change.before.clear();
    if (kind == 'D') change.after.clear();
    out.push_back(std::move(change));
    i += 2;
  }
  SKILLGRAD_TRY(const auto others,
                tell({below({"ls-files", "--others", "--exclude-standard", "-z"}, dir)}));
  for (const auto& file : nul_separated(others)) out.push_back({'A', "", file});
  return out;
}

Result<std::vector<std::string>> Git::files(const std::string& dir) const {
  SKILLGRAD_TRY(
      const auto text,
      tell({below({"ls-files", "--cached", "--others", "--exclude-standard", "--deduplicate", "-z"},
                  dir)}));
  std::error_code ignored;
  auto out = nul_separated(text);
  std::erase_if(out, [&](const std::string& file) { return !fs::exists(top_ / file, ignored); });
  return out;
}

Result<std::vector<std::string>> Git::files_at(const std::string& commit,
                                               const std::string& dir) const {
  SKILLGRAD_TRY(const auto text,
                tell({below({"ls-tree", "-r", "-z", "--name-only", "--full-tree", commit}, dir)}));
  return nul_separated(text);
}

Result<> Git::check_out(const std::string& commit, const std::vector<std::string>& files,
                        const fs::path& to) const {
  const fs::path index = to.parent_path() / (to.filename().string() + ".index");
  SKILLGRAD_CHECK(tell({{"read-tree", commit}, {}, index}));
  std::string names;
  for (const auto& file : files) names += file + '\0';
  SKILLGRAD_CHECK(
      tell({{"checkout-index", "--prefix=" + (to / "").string(), "-z", "--stdin"}, names, index}));
  return {};
}

}  // namespace skillgrad::cli
