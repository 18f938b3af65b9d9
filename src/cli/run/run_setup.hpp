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
#include "cli/run/run_request.hpp"
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

}  // namespace skillgrad::cli
