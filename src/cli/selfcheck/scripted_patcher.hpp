// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <vector>

#include <skillgrad/optim/stages.hpp>

namespace skillgrad::cli {

/// Makes the same edits whatever it is shown, under the same rules as every patcher. For the checks
/// of what is done with a patch.
class ScriptedPatcher final : public optim::Patcher {
 public:
  using Edits = std::function<std::vector<skill::EditOp>(const optim::PatchInput& input)>;
  explicit ScriptedPatcher(Edits edits) : edits_(std::move(edits)) {}
  [[nodiscard]] Result<optim::PatchOutput> patch(const optim::PatchInput& input,
                                                 const optim::StageContext& context) override;

 private:
  Edits edits_;
};

}  // namespace skillgrad::cli
