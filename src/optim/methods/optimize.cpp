// SPDX-License-Identifier: MIT
#include "optim/loop/step.hpp"
#include "optim/methods/command_method.hpp"
#include "optim/methods/gradient_method.hpp"
#include "optim/methods/reflect_method.hpp"

namespace skillgrad::optim {
namespace {

std::unique_ptr<Method> make_method(OptimizerKind kind) {
  switch (kind) {
    case OptimizerKind::command:
      return make_command_method();
    case OptimizerKind::reflect:
      return make_reflect_method();
    case OptimizerKind::skillgrad:
    case OptimizerKind::one_shot:
    case OptimizerKind::rerun:  // proposes nothing: the plan has no batch for it
      break;
  }
  return make_gradient_method();
}

}  // namespace

Result<OptimizeResult> optimize(const OptimizeSettings& settings, const OptimizeParts& parts,
                                const llm::CallContext& call) {
  const auto method = make_method(settings.optimizer);
  if (settings.optimizer == OptimizerKind::skillgrad)
    return run_loop(settings, parts, call, *method);
  OptimizeParts controls = parts;
  controls.momentum = nullptr;
  return run_loop(settings, controls, call, *method);
}

}  // namespace skillgrad::optim
