// SPDX-License-Identifier: MIT
#pragma once

#include <skillgrad/core/enum_text.hpp>

namespace skillgrad::optim {

/// Who proposes patches (docs/controls.md). Everything else is the same for all of them.
enum class OptimizerKind {
  skillgrad,  ///< diagnoses, momentum, patch
  one_shot,   ///< one patch from all failures at once
  reflect,    ///< one reflection over each batch, without memory
  rerun,      ///< nobody: what the same rollouts of the unchanged skill come to
  command     ///< a program of the user's
};

}  // namespace skillgrad::optim

namespace skillgrad {

template <>
struct EnumText<optim::OptimizerKind> {
  using enum optim::OptimizerKind;
  static constexpr EnumName<optim::OptimizerKind> kTable[] = {{skillgrad, "skillgrad"},
                                                              {one_shot, "one-shot"},
                                                              {reflect, "reflect"},
                                                              {rerun, "rerun"},
                                                              {command, "command"}};
};

}  // namespace skillgrad
