// SPDX-License-Identifier: MIT
#include "optim/scoring/gate.hpp"
#include "optim/stages/command_stage.hpp"

namespace skillgrad::optim {
namespace {

/// A user's program as the gate: skillgrad.gate-request/1 in, skillgrad.gate/1 out.
class CommandGate final : public Gate {
 public:
  explicit CommandGate(CommandStage command) : command_(std::move(command)) {}
  bool needs_scores() const override { return true; }

  Result<GateDecision> decide(const GateInput& input, const StageContext& context) override {
    Json samples = Json::array();
    for (const auto& sample : input.samples)
      samples.push_back({{"task_id", sample.task_id},
                         {"graded", sample.graded},
                         {"before", sample.graded ? Json(sample.before) : Json()},
                         {"after", sample.graded ? Json(sample.after) : Json()}});
    SKILLGRAD_TRY(const auto reply, command_.exchange({{"schema", "skillgrad.gate-request/1"},
                                                       {"iteration", context.iteration},
                                                       {"planned", input.planned},
                                                       {"samples", samples}},
                                                      context));
    auto decision = gate_from_json(reply);
    if (!decision) return tl::unexpected(command_.bad_answer(std::move(decision).error()));
    // The facts of the comparison are ours; the program contributes the decision and its reason.
    GateDecision out = decide_gate({.mode = GateRule::Mode::stored}, input);
    out.mode = "command";
    out.decision = decision->decision;
    out.reason = decision->reason;
    command_.tell_unused(reply, to_json(out), context);
    return out;
  }

 private:
  CommandStage command_;
};

GateRegistry make_registry() {
  GateRegistry out("gate");
  out.add("none",
          [](const Json& options, const StageDependencies&) { return make_no_gate(options); });
  for (const auto& [mode, name] : EnumText<GateRule::Mode>::kTable)
    out.add(name, [mode = mode](const Json& options, const StageDependencies&) {
      return make_score_gate(mode, options);
    });
  out.add("command",
          [](const Json& options,
             const StageDependencies& dependencies) -> Result<std::unique_ptr<Gate>> {
            SKILLGRAD_TRY(auto command, CommandStage::from_options(options, dependencies));
            return std::make_unique<CommandGate>(std::move(command));
          });
  return out;
}

}  // namespace

const GateRegistry& gate_registry() {
  static const GateRegistry registry = make_registry();
  return registry;
}

}  // namespace skillgrad::optim
