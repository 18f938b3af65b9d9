// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <utility>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

#include "agent/executor_tools.hpp"

namespace skillgrad::agent {
namespace {

/// Linux refuses to start a program with an argument of 128 KiB, and sandboxes may quote it.
constexpr std::size_t kLongestArgument = 64 * 1024;
/// Runs the commands that come on standard input, and lets them find it empty as ever: the words
/// of a command are expanded before its redirections are made.
constexpr const char* kReadCommand = "eval \"$(cat)\" </dev/null";

bool is_path_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.' || static_cast<unsigned char>(c) >= 0x80;
}

/// Replaces `from` where it stands as a whole path prefix: "/task/x" and "/task", not "/tasks" or
/// "a/task".
std::string replace_prefix(const std::string& text, const std::string& from,
                           const std::string& to) {
  std::string out;
  std::size_t copied = 0;
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + 1)) {
    const bool starts = at == 0 || (!is_path_char(text[at - 1]) && text[at - 1] != '/');
    const std::size_t after = at + from.size();
    if (!starts || (after < text.size() && is_path_char(text[after]))) continue;
    out.append(text, copied, at - copied).append(to);
    copied = after;
  }
  return out.append(text, copied);
}

std::string describe(const exec::CommandResult& result, std::chrono::milliseconds limit) {
  std::string out = "exit code: " + std::to_string(result.exit_code) + "\n";
  if (result.timed_out) {
    out += "the command was ended after its time limit of " +
           format_double(static_cast<double>(limit.count()) / 1000.0) + " s\n";
  } else if (result.signal != 0) {
    out += "the command was ended by signal " + std::to_string(result.signal) + "\n";
  }
  if (result.output_truncated) out += "the output was too long and was cut\n";
  if (!result.out.empty()) out += "stdout:\n" + result.out;
  if (!result.out.empty() && result.out.back() != '\n') out += "\n";
  if (!result.err.empty()) out += "stderr:\n" + result.err;
  if (result.out.empty() && result.err.empty()) out += "(no output)\n";
  return out;
}

std::string gibibytes(std::uint64_t bytes) {
  return format_double(std::round(static_cast<double>(bytes) / (1U << 30U) * 10) / 10) + " GiB";
}

/// A limit of 0 is none.
std::string limits_text(const RolloutLimits& limits) {
  std::string out = "A command may take " +
                    format_double(static_cast<double>(limits.command_time.count()) / 1000.0) + " s";
  if (limits.memory_bytes > 0) out += " and " + gibibytes(limits.memory_bytes) + " of memory";
  if (limits.disk_bytes > 0) out += "; the work directory may hold " + gibibytes(limits.disk_bytes);
  return out + ".";
}

class ShellTool final : public Tool {
 public:
  ShellTool(OfferedSkills& offered, ShellOptions options)
      : offered_(offered),
        options_(std::move(options)),
        remaps_(options_.sandbox->info().remaps_paths) {}

  [[nodiscard]] llm::ToolSpec spec() const override {
    return {
        "shell",
        "Runs a command with bash in the work directory and returns exit code, stdout and stderr. "
        "Each call starts a new shell; files stay. There is no network. " +
            limits_text(options_.limits) + (options_.facts.empty() ? "" : " ") + options_.facts,
        R"({"type":"object","properties":{"command":{"type":"string","description":"The command; several lines are allowed"}},"required":["command"]})"};
  }

  [[nodiscard]] ToolOutcome call(const std::string& arguments, std::stop_token stop) override {
    ToolOutcome outcome;
    const auto command = read_command(arguments);
    if (!command) {
      outcome.text = command.error().to_line();
      outcome.is_error = true;
      return outcome;
    }
    if (auto done = run(*command, std::move(stop), outcome); !done) {
      outcome.is_error = true;
      outcome.infra = std::move(done).error().with_context("shell tool");
    }
    return outcome;
  }

 private:
  Result<> run(const std::string& command, std::stop_token stop, ToolOutcome& outcome) {
    SKILLGRAD_TRY(const fs::path work_dir, options_.work->open());
    if (!paths_) paths_.emplace(work_dir, options_.skills);
    const exec::CommandSpec spec = make_spec(command, work_dir);
    SKILLGRAD_TRY(const auto result, options_.sandbox->run(spec, std::move(stop)));
    if (result.cancelled) return fail(ErrorCode::cancelled, "the run was stopped during a command");
    outcome.text = paths_->to_agent(describe(result, spec.limits.wall));
    offered_.note_command(command, result.out);
    return {};
  }

  static Result<std::string> read_command(const std::string& arguments) {
    SKILLGRAD_TRY(const Json json, parse_json(arguments, "shell"));
    StrictReader reader(json, "shell");
    std::string command = reader.string("command");
    SKILLGRAD_CHECK(reader.finish(true));
    if (trim(command).empty()) {
      return fail(ErrorCode::input, "\"command\" is empty", "shell", "give the command to run");
    }
    if (command.find('\0') != std::string::npos) {
      return fail(ErrorCode::input, "\"command\" holds a NUL character", "shell", "remove it");
    }
    return command;
  }

  [[nodiscard]] exec::CommandSpec make_spec(const std::string& command,
                                            const fs::path& work_dir) const {
    exec::CommandSpec spec;
    std::string text = remaps_ ? command : paths_->to_host(command);
    if (text.size() < kLongestArgument) {
      spec.argv = {"/bin/bash", "-c", std::move(text)};
    } else {
      spec.argv = {"/bin/bash", "-c", kReadCommand};
      spec.stdin_text = std::move(text);
    }
    spec.work_dir = work_dir;
    spec.env = exec::scrubbed_environment();
    for (const auto& [folder, mount] : options_.skills) spec.mounts.push_back({folder, mount});
    spec.limits.memory_bytes = options_.limits.memory_bytes;
    spec.limits.disk_bytes = options_.limits.disk_bytes;
    spec.limits.wall = options_.limits.command_time;
    if (options_.deadline) {
      using std::chrono::milliseconds;
      const auto left =
          std::chrono::duration_cast<milliseconds>(*options_.deadline - options_.clock->now());
      spec.limits.wall = std::clamp(left, milliseconds{1}, spec.limits.wall);
    }
    return spec;
  }

  OfferedSkills& offered_;
  ShellOptions options_;
  std::optional<PathMap> paths_;  ///< once there is a work directory
  bool remaps_;
};

}  // namespace

PathMap::PathMap(const std::filesystem::path& work_dir,
                 const std::vector<std::pair<std::filesystem::path, std::string>>& skills) {
  const auto add = [&](const std::filesystem::path& host, const std::string& inside) {
    if (host.empty() || inside.empty()) return;
    std::error_code ignored;
    for (const auto& path : {std::filesystem::absolute(host, ignored),
                             std::filesystem::weakly_canonical(host, ignored)}) {
      if (path.native().size() > 1) pairs_.push_back({path.lexically_normal().string(), inside});
    }
  };
  add(work_dir, exec::kWorkDir);
  for (const auto& [folder, mount] : skills) add(folder, mount);
  std::stable_sort(pairs_.begin(), pairs_.end(),
                   [](const Pair& a, const Pair& b) { return a.host.size() > b.host.size(); });
}

std::string PathMap::to_host(const std::string& command) const {
  std::string out = command;
  std::vector<std::string> done;
  for (const Pair& pair : pairs_) {
    if (std::find(done.begin(), done.end(), pair.inside) != done.end()) continue;
    done.push_back(pair.inside);
    out = replace_prefix(out, pair.inside, pair.host);
  }
  return out;
}

std::string PathMap::to_agent(std::string output) const {
  for (const Pair& pair : pairs_) output = replace_all(std::move(output), pair.host, pair.inside);
  return output;
}

std::unique_ptr<Tool> make_shell_tool(OfferedSkills& offered, ShellOptions options) {
  std::erase_if(options.skills,
                [](const auto& skill) { return skill.first.empty() || skill.second.empty(); });
  if (!options.skills.empty() && !options.sandbox->info().remaps_paths) {
    // Where that fails, the first command does, and says why.
    for (auto& [folder, mount] : options.skills)
      folder = options.sandbox->shown_at(folder).value_or(folder);
  }
  return std::make_unique<ShellTool>(offered, std::move(options));
}

}  // namespace skillgrad::agent
