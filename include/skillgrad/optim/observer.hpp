// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include <skillgrad/optim/approver.hpp>
#include <skillgrad/optim/messages.hpp>

namespace skillgrad::optim {

/// One finished iteration, for tables and run.json.
struct IterationRow {
  int iteration = 0;
  Decision decision = Decision::undecided;
  std::string reason;
  double train_score = 0;
  std::size_t train_n = 0;
  std::optional<GateDecision> gate;
  std::size_t l1 = 0, l2 = 0, l3 = 0;  ///< tokens of the package's layers after this iteration
  std::string summary;                 ///< what the patch says it did
  std::string returned;   ///< a task of an earlier batch that was in this one as well, or ""
  std::size_t flips = 0;  ///< passes of the unchanged initial skill: chance, no evidence
  std::optional<Approval> approval = std::nullopt;  ///< where a person was asked
  std::vector<std::string> diagnosed = {};          ///< recorded sessions that it rests on
};

/// Sees everything and changes nothing. Called from several threads at once.
class Observer {
 public:
  virtual ~Observer() = default;
  /// `stage` such as "base run" or "iteration 3: diagnose"; total 0 = unknown.
  virtual void progress(const std::string& stage, std::size_t done, std::size_t total) = 0;
  virtual void iteration(const IterationRow& row) = 0;
  /// How many iterations there may be, before the first of them; told again by a run that goes on.
  virtual void planned(std::size_t /*iterations*/) {}
  /// Something a user should know: a task left out, a failed stage call, a repaired message.
  virtual void notice(const std::string& text) = 0;
  /// A rollout of `stage` ended in this process, or was left out.
  virtual void rollout(const std::string& /*stage*/, const LossRecord& /*record*/) {}
  /// The last word: what the command came to, as run.json has it, or an error object where there
  /// is no result.
  virtual void ended(const Json& /*result*/) {}
  /// Comes about once a second, so that one long call does not look like a standstill.
  virtual void tick() {}
};

}  // namespace skillgrad::optim
