// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <skillgrad/core/files.hpp>
#include <skillgrad/llm/accountant.hpp>
#include <skillgrad/report/interchange.hpp>

#include "report/interchange/conversation.hpp"
#include "report/run/run_files.hpp"

namespace skillgrad::report {

/// A rollout of a task in a report.
struct RolloutPlace {
  const TaskRow* task = nullptr;
  const Rollout* rollout = nullptr;
};
/// Tokens and money of calls.
struct CallSum {
  std::int64_t input = 0, cached = 0, written = 0, output = 0;  ///< the first holds the next two
  std::optional<double> usd = 0.0;                              ///< nullopt: a price is not known
  void add(const llm::LedgerRow& row);
  void add(const CallSum& other);
};
/// All that is kept of a rollout.
struct RolloutRecord {
  optim::LossRecord loss;
  std::string final_message;
  std::vector<std::string> outputs;  ///< paths of regular files below its folder's outputs/
  std::vector<Utterance> conversation;
  std::string started_at, ended_at;  ///< UTC; "" where the run has no event of it
  /// The answered calls of the agent, in their order: one for each of its utterances, or empty
  /// where that cannot be told.
  std::vector<llm::LedgerRow> calls;
  std::map<std::string, CallSum> by_model;  ///< of the agent's calls
};

/// Reads the rollouts of a run one by one, each within bounds. What cannot be read is a note.
class RolloutFiles {
 public:
  /// `report` is of the run in `dir`, and outlives this.
  RolloutFiles(const fs::path& dir, const RunReport& report, ExportNotes& notes);

  /// In the order of the report's tasks, then of trials.
  [[nodiscard]] std::vector<RolloutPlace> of(const std::string& column, Arm arm) const;
  [[nodiscard]] std::vector<RolloutPlace> all() const;
  [[nodiscard]] std::optional<RolloutRecord> read(const RolloutPlace& place) const;
  /// Of the judges of a stage; they are not asked for one rollout, but once for equal answers.
  [[nodiscard]] std::map<std::string, CallSum> judges_of(const std::string& stage) const;
  [[nodiscard]] const RunFiles& files() const { return files_; }
  /// config.json, or null.
  [[nodiscard]] const Json& config() const { return config_; }

 private:
  void read_events();
  void read_calls();
  [[nodiscard]] std::vector<std::string> outputs_of(const std::string& path) const;

  const RunReport& report_;
  RunFiles files_;
  Json config_;
  std::map<std::string, std::string> ended_;                  ///< rollout's folder -> UTC
  std::map<std::string, std::vector<llm::LedgerRow>> calls_;  ///< answered ones by scope
};

/// `time` (UTC, as events have it) less `seconds`; "" where it is no such time.
[[nodiscard]] std::string earlier(const std::string& time, double seconds);
/// A folder for an export: written beside `out`, and put there when it is whole.
class NewFolder {
 public:
  [[nodiscard]] static Result<NewFolder> create(const fs::path& out);
  [[nodiscard]] const fs::path& path() const { return whole_; }
  /// A file below it; parent folders are made.
  [[nodiscard]] Result<> write(const fs::path& relative, const std::string& bytes) const;
  /// What an agent left in the folder `from`: regular files, within bounds.
  [[nodiscard]] Result<> copy(const fs::path& from, const fs::path& relative) const;
  [[nodiscard]] Result<> publish();

 private:
  NewFolder(TempDir folder, fs::path out)
      : folder_(std::move(folder)), whole_(folder_.path() / "whole"), out_(std::move(out)) {}
  TempDir folder_;  ///< private, unlike what is in it
  fs::path whole_, out_;
};

}  // namespace skillgrad::report
