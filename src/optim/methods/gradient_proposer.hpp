// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "optim/loop/step.hpp"

namespace skillgrad::optim {

/// Diagnose, momentum, patch (docs/algorithm.md section 2.4), each restored from its file where an
/// earlier process has done it.
class GradientProposer final : public Proposer {
 public:
  explicit GradientProposer(Step& step)
      : step_(step), loop_(step.loop), settings_(*step.loop.settings), parts_(*step.loop.parts) {}
  Result<> propose() override;
  Result<> learn() override;

 private:
  [[nodiscard]] Result<std::vector<TaskFacts>> task_facts() const;
  Result<> confirm_remedies();
  Result<> diagnose();
  Result<bool> restore_gradients();
  Result<> make_gradients();
  Result<> tell_diagnosis(const Gradient& gradient) const;
  [[nodiscard]] std::optional<PatchSince> patch_since() const;
  Result<> update_momentum();
  Result<> restore_momentum(const std::string& text);
  Result<> patch();
  [[nodiscard]] PatchInput patch_input(std::size_t number) const;
  Result<> remember_remedy();
  Result<> write_memory() const;

  Step& step_;
  const LoopContext& loop_;
  const OptimizeSettings& settings_;
  const OptimizeParts& parts_;
  std::vector<Gradient> gradients_;
  std::vector<TaskFacts> facts_;  ///< of the gradients' tasks
  std::optional<Overlay> overlay_;
};

}  // namespace skillgrad::optim
