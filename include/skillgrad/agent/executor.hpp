// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <skillgrad/agent/tool_loop.hpp>
#include <skillgrad/bench/benchmark.hpp>
#include <skillgrad/core/files.hpp>
#include <skillgrad/exec/sandbox.hpp>
#include <skillgrad/skill/package.hpp>

namespace skillgrad::agent {

struct RolloutLimits {
  LoopLimits loop;
  std::chrono::milliseconds command_time{120'000};  ///< each shell command
  std::uint64_t memory_bytes = std::uint64_t{4} << 30;
  std::uint64_t disk_bytes = std::uint64_t{2} << 30;  ///< of files in the work directory
};

struct RolloutRequest {
  const bench::Task* task = nullptr;
  const skill::SkillPackage* skill = nullptr;  ///< null: no skill at all (baseline "none")
  std::filesystem::path skill_dir;  ///< a copy without evals/, mounted read-only; "" without skill
  int sample = 0;
  std::string scope;  ///< e.g. "iter_003/rollouts/t1.0"
  RolloutLimits limits;
};

/// One execution of one task.
struct Rollout {
  std::string task_id;
  int sample = 0;
  EndState end = EndState::infra_error;
  std::optional<Error> error;
  Trajectory trajectory;
  std::string final_message;
  std::string skill_text;  ///< body and references that this run really loaded, with file names
  bool activated = false;
  /// Every skill that was, neighbours too, in order.
  std::vector<std::string> activated_skills = {};
  int cut_replies = 0;      ///< cut at the output limit
  std::int64_t cut_at = 0;  ///< tokens of the longest of them; 0 where not known
  llm::Usage usage;
  std::optional<double> cost_usd;
  double seconds = 0;
  int replayed_calls = 0;  ///< answered from a record or a cache: `seconds` lacks their time
  /// What the agent left, as long as this lives; null where neither a command nor the grading needs
  /// a work directory.
  std::shared_ptr<const TempDir> folder;

  /// "" without a folder.
  [[nodiscard]] std::filesystem::path work_dir() const {
    return folder != nullptr ? folder->path() : std::filesystem::path();
  }
};

/// A skill that stands beside the one of a request in the catalogue, to be chosen or not.
struct Neighbour {
  skill::SkillPackage package;
  std::filesystem::path dir;  ///< a copy without evals/; "" where nobody executes
};

/// Thread-safe: many rollouts at once.
class Executor {
 public:
  virtual ~Executor() = default;
  [[nodiscard]] virtual Rollout run(const RolloutRequest& request,
                                    const llm::CallContext& context) = 0;
  /// System prompt for this skill: catalog entry included; `optimize` checks that it is.
  [[nodiscard]] virtual std::string system_prompt(const skill::SkillPackage* skill) const = 0;
};

struct ExecutorDependencies {
  llm::ChatModel* model = nullptr;
  const bench::Benchmark* benchmark = nullptr;
  exec::Sandbox* sandbox = nullptr;
  sheet::Recalculator* recalculator = nullptr;  ///< for set_up's context only
  const Clock* clock = nullptr;
  std::string prompt;  ///< text of prompts/executor.md
  /// What the shell offers, for the description of the tool; asked once, before the first rollout.
  /// Empty: nothing is said.
  std::function<std::string()> shell_facts;
  ToolWatch* watch = nullptr;              ///< may be null
  std::vector<Neighbour> neighbours = {};  ///< with names of their own
};

/// Version of python3 and of packages that tasks are often solved with, as a command in this
/// sandbox finds them, in one sentence; "" if no command runs there.
[[nodiscard]] std::string measure_shell(exec::Sandbox& sandbox, std::stop_token stop);

/// The tool-using agent: activate_skill, read_reference, shell. The work directory is `/task` and
/// the skill `/skills/NAME` to the agent: where the sandbox cannot remap paths, these are
/// translated in commands, and host paths are translated back in outputs, so that outputs do not
/// depend on where the run lives. Parts of Rollout::skill_text stand under lines `## FILE`.
[[nodiscard]] std::unique_ptr<Executor> make_executor(ExecutorDependencies dependencies);

}  // namespace skillgrad::agent
