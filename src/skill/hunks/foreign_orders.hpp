// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace skillgrad::skill {

/// An order to an agent that has nothing to do with a task.
struct Order {
  std::string what;
  bool sure = true;  ///< else it may be a rule of the work, or a defence
};

/// Orders against an agent's safety, its user or its instructions in German, French, Spanish,
/// Portuguese, Italian, Russian, Chinese, Japanese and Korean, in their strongest forms. `read`: a
/// line by as_read().
[[nodiscard]] std::optional<Order> foreign_order(std::string_view read);

}  // namespace skillgrad::skill
