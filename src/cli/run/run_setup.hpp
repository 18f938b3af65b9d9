// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <skillgrad/agent/external.hpp>
#include <skillgrad/optim/across.hpp>
#include <skillgrad/optim/observer.hpp>
#include <skillgrad/skill/package.hpp>
#include <skillgrad/store/run_store.hpp>

#include "cli/models/models.hpp"
#include "cli/run/time_limit.hpp"
#include "cli/screen/console.hpp"
#include "cli/screen/invocation.hpp"
#include "cli/shards/shard.hpp"
#include "cli/shards/sharing.hpp"
#include "cli/telemetry/run_spans.hpp"
#include "cli/workbench/open_workbench.hpp"

namespace skillgrad::cli {

/// A folder that is removed at the end unless it is kept: the run directory of a command that was
/// refused before it began.
class FolderGuard {
 public:
  FolderGuard() = default;
  FolderGuard(const FolderGuard&) = delete;
  FolderGuard& operator=(const FolderGuard&) = delete;
  ~FolderGuard();
  void watch(fs::path dir) { dir_ = std::move(dir); }
  void keep() { dir_.clear(); }

 private:
  fs::path dir_;
};

/// A run directory opened for one command, with everything the command works with. The same
/// command again continues it; another configuration is refused with a list of what changed.
struct RunSetup {
  Settings settings;
  std::string skill_path;  ///< as given, absolute; for --in-place and the next command
  fs::path config_dir;     ///< where relative programs of command stages are looked up
  skill::SkillPackage skill;
  Workbench bench;
  /// Set by spread_models(): the tasks of `bench` are cells of several models.
  std::shared_ptr<const optim::Across> across;
  std::vector<agent::Neighbour> neighbours;    ///< of --with, without folders
  std::optional<agent::InstalledAgent> agent;  ///< of another program, where one executes
  SystemClock clock;
  std::unique_ptr<Models> models;  ///< holds the store's redactor
  std::unique_ptr<store::RunStore> store;
  std::unique_ptr<RunSpans> spans;   ///< null without --otlp; the observer and the models use it
  FolderGuard unused;                ///< ends before the store lets go of the folder's lock
  std::unique_ptr<Sharing> sharing;  ///< null where this process makes the run alone
  std::shared_ptr<TimeLimit> time_limit;  ///< set by call_context()
  std::unique_ptr<optim::Observer> observer;
  bool resumed = false;   ///< the directory held an earlier part of this run
  bool finished = false;  ///< which came to its end, and nothing given now moves that
  Json config;            ///< of a new run, until start_run() writes it
  /// Takes the place of every model while a dry run looks at requests; else null.
  llm::ChatModel* stand_in = nullptr;

  [[nodiscard]] llm::ChatModel& model(const std::string& role) const {
    return stand_in != nullptr ? *stand_in : models->role(role);
  }
};

/// Commands that make a run, which `resume` goes on with.
enum class RunCommand { optimize, eval, calibrate };
struct RunRequest {
  RunCommand command = RunCommand::optimize;
  std::string skill;  ///< path; "none" for eval without a skill
  Json extra =
      Json::object();  ///< command's own values that belong to the identity (split, trials)
  /// Where a folder named after the identity is made, whatever --run says; "": as --run says.
  fs::path runs = {};
  /// Limits of cost, tokens and calls are of this process: what earlier ones spent on the run comes
  /// on top.
  bool limits_from_now = false;
  /// Only these of its rollouts, in a folder of their own below the run's.
  std::optional<Shard> shard = std::nullopt;
  /// This process makes rollouts for the one that holds the run, under this name, in a folder of
  /// its own below it; "": it holds the run.
  std::string worker = {};
  /// Nothing is run: the result is made of what other processes left, and has their times.
  struct Found {
    double seconds = 0;       ///< of all of them
    std::string finished_at;  ///< UTC; of the last
  };
  std::optional<Found> found = std::nullopt;
};

/// For commands that make a run. Errors: usage, config, input, dataset, locked, io, ...
[[nodiscard]] Result<std::unique_ptr<RunSetup>> open_run(const Invocation& invocation,
                                                         const RunRequest& request);
/// The same without a run directory, and without asking any endpoint: for estimates. `store` and
/// `observer` stay null.
[[nodiscard]] Result<std::unique_ptr<RunSetup>> open_dry_run(const Invocation& invocation,
                                                             const RunRequest& request);
/// For `resume`: everything comes from RUN/config.json; given limits win.
[[nodiscard]] Result<std::unique_ptr<RunSetup>> reopen_run(const Invocation& invocation,
                                                           const std::string& run_dir,
                                                           RunRequest& request);
/// Are both of one run? Errors: config, naming each setting that differs.
[[nodiscard]] Result<> check_same_run(const Json& saved_identity, const Json& identity,
                                      const std::string& where);
/// Writes what names a new run, once every check has passed: until then the command can be mended
/// and given again with the same --run.
[[nodiscard]] Result<> start_run(RunSetup& setup);
/// Where several processes make the run, joins them: for --workers shared and for shards.
[[nodiscard]] Result<> share_run(RunSetup& setup, const RunRequest& request,
                                 const std::stop_token& stop);
/// Deadline and stop token of all calls.
[[nodiscard]] Result<llm::CallContext> call_context(const RunSetup& setup,
                                                    const Invocation& invocation);
/// Says on stderr why a run stopped and how it goes on; stdout has its result.
void print_stop(const Error& error, const RunSetup& setup);
/// The package's own folder, absolute and without links, for a path of it or of its SKILL.md.
[[nodiscard]] fs::path skill_folder(const fs::path& skill);
/// Loads a skill for execution: lenient; spec errors and repairs are notes, and so are conflicts
/// where `any` means that it may be a folder of several.
enum class SkillKind { one, any };
[[nodiscard]] Result<skill::SkillPackage> load_skill(const std::string& path,
                                                     SkillKind kind = SkillKind::one);
/// A note for each line of `folder`'s package that only a repair made readable.
void say_repairs(const skill::SkillPackage& package, const std::string& folder);

}  // namespace skillgrad::cli

namespace skillgrad {

template <>
struct EnumText<cli::RunCommand> {
  using enum cli::RunCommand;
  static constexpr EnumName<cli::RunCommand> kTable[] = {
      {optimize, "optimize"}, {eval, "eval"}, {calibrate, "calibrate"}};
};

}  // namespace skillgrad
