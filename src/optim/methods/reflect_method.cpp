// SPDX-License-Identifier: MIT
#include "optim/methods/reflect_method.hpp"

#include "optim/methods/patch_making.hpp"

namespace skillgrad::optim {
namespace {

class ReflectProposer final : public Proposer {
 public:
  explicit ReflectProposer(Step& step) : step_(step) {}

  Result<> propose() override {
    const PatchPlace place = patch_place(step_, 1, 1);
    SKILLGRAD_TRY(const bool known, restore_candidate(step_, place));
    if (known || step_.evidence.empty()) return {};
    PatchInput input = patch_input_of(step_);
    input.rejected.clear();  // a memory of what was tried is not this method's
    input.evidence = step_.evidence;
    return make_candidate(step_, place, [&](const StageContext& asking) {
      return step_.loop.parts->patcher->patch(input, asking);
    });
  }

 private:
  Step& step_;
};

class ReflectMethod final : public Method {
 public:
  [[nodiscard]] bool must_beat_batch() const override { return true; }
  [[nodiscard]] std::unique_ptr<Proposer> start(Step& step) const override {
    return std::make_unique<ReflectProposer>(step);
  }
};

}  // namespace

std::unique_ptr<Method> make_reflect_method() { return std::make_unique<ReflectMethod>(); }

}  // namespace skillgrad::optim
