// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include <skillgrad/bench/triggers.hpp>
#include <skillgrad/optim/stages.hpp>

namespace skillgrad::optim {

/// What requests are made of, with which it is tested whether a skill is activated.
struct QueriesInput {
  const skill::SkillPackage* skill = nullptr;
  std::string catalogue;  ///< other skills beside it; "" without any
  std::size_t count = 0;  ///< at least 2
};
struct MadeQueries {
  std::vector<bench::TriggerQuery> items;  ///< half of them should trigger
  std::vector<RefusedCall> refused;        ///< hand-ins that did not hold, in order
};

/// Has a model write them (prompt `queries`). A wrong number, a kind of which there are too few,
/// one that stands twice or that names the skill go back to it. Nobody has checked what comes out.
/// Errors: malformed_reply (nothing that holds came), and those of Dialog.
[[nodiscard]] Result<MadeQueries> make_queries(llm::ChatModel& model, const std::string& prompt,
                                               const QueriesInput& input,
                                               const StageContext& context);

}  // namespace skillgrad::optim
