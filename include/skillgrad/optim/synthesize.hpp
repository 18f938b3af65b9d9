// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <skillgrad/optim/stages.hpp>

namespace skillgrad::optim {

/// What a first skill is written from.
struct SynthesisInput {
  std::string description;  ///< what the skill is for, in a person's words
  std::string name;         ///< that it must have; "": the model chooses
  /// Is there a skill of this name already, so that it must have another? May be empty.
  std::function<bool(const std::string& name)> is_taken;
  /// Training tasks as examples of the kind of work; none is fine.
  std::vector<TaskFacts> tasks;
  /// Expected answers, ids and texts of all training tasks, which must not stand in the skill.
  skill::LintContext lint;
};

/// The first few tasks as examples; of all what must not stand in the skill.
void add_training_tasks(const bench::Benchmark& benchmark, const std::vector<std::string>& train,
                        SynthesisInput& input);

struct Synthesis {
  skill::SkillPackage package;           ///< valid (profile strict), and without blocking findings
  std::vector<skill::Finding> findings;  ///< advice that is left
  std::vector<RefusedCall> refused;      ///< hand-ins that did not hold, in order
};

/// Has a model write a package (prompt `synthesize`). What the rules refuse goes back to it, three
/// times. Errors: malformed_reply (nothing that holds came, with the last refusal), and those of
/// Dialog.
[[nodiscard]] Result<Synthesis> synthesize(llm::ChatModel& model, const std::string& prompt,
                                           const SynthesisInput& input,
                                           const StageContext& context);

}  // namespace skillgrad::optim
