// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include <skillgrad/optim/shared_rollouts.hpp>
#include <skillgrad/store/budget_blocks.hpp>
#include <skillgrad/store/lease_board.hpp>
#include <skillgrad/store/run_store.hpp>

#include "cli/models/models.hpp"
#include "cli/settings/options.hpp"

namespace skillgrad::cli {

/// What a process has of a run that several make: its part of the limits, which hold for all of
/// them together, and, unless it is a shard, of the rollouts. Files are below RUN/shared.
class Sharing {
 public:
  enum class Part { coordinator, worker, shard };
  struct Options {
    std::filesystem::path run;
    std::string name;  ///< of the process; "" for a new one
    Part part = Part::worker;
    std::string holder;  ///< who has the blocks of the budget that it takes
  };
  /// From now on the models keep to this process's part of the limits of `settings`. `store` is
  /// that of this process, which may hold what it has spent earlier. All outlive it. Errors: input,
  /// io, disk_full, cancelled.
  [[nodiscard]] static Result<std::unique_ptr<Sharing>> open(Options options,
                                                             const Settings& settings,
                                                             Models& models, Clock& clock,
                                                             const store::RunStore& store,
                                                             const std::stop_token& stop);
  /// Gives back what it has, so that others need not wait.
  ~Sharing();
  Sharing(const Sharing&) = delete;
  Sharing& operator=(const Sharing&) = delete;

  /// Null for a shard.
  [[nodiscard]] optim::SharedRun* run() { return run_.get(); }

 private:
  Sharing(Models& models, std::unique_ptr<store::SharedFiles> files)
      : models_(models), files_(std::move(files)) {}
  Result<> share_rates(const Settings& settings, Clock& clock, const std::stop_token& stop);
  Result<> share_budget(const std::filesystem::path& dir, const std::string& holder,
                        const store::RunStore& store);

  Models& models_;
  std::unique_ptr<store::SharedFiles> files_;
  std::unique_ptr<store::BudgetBlocks> blocks_;
  std::unique_ptr<store::LeaseBoard> board_;  ///< of a shard; others have that of run_
  std::unique_ptr<store::KeepAlive> alive_;
  std::unique_ptr<optim::SharedRun> run_;
};

/// The limits of a run that its processes keep to together, as `--workers shared` tells them.
[[nodiscard]] Json shared_limits(const Settings& settings);

}  // namespace skillgrad::cli
