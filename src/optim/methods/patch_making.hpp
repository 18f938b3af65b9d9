// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>

#include "optim/loop/step.hpp"

namespace skillgrad::optim {

/// What every patch of a step must hold to, and what its writer is told of the step: the package,
/// earlier patches that were not kept, the lint rules.
[[nodiscard]] PatchInput patch_input_of(const Step& step);

/// Where a step's candidate lies. Where several are tried, each has a folder of its own, and the
/// one that the decision is about is copied to the iteration's.
struct PatchPlace {
  std::string dir, label;
};
[[nodiscard]] PatchPlace patch_place(const Step& step, std::size_t number, std::size_t of);

/// Adds the candidate that an earlier process made there; false: there is none.
[[nodiscard]] Result<bool> restore_candidate(Step& step, const PatchPlace& place);
/// Has one made and adds it; what a model or program came to nothing with is a candidate with a
/// failure. Errors: those that end a run or wait for a mend, io.
[[nodiscard]] Result<> make_candidate(
    Step& step, const PatchPlace& place,
    const std::function<Result<PatchOutput>(const StageContext& asking)>& make);

}  // namespace skillgrad::optim
