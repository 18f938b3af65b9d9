// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <skillgrad/core/enum_text.hpp>

namespace skillgrad::sim {

/// Error rates of the simulated model, each in [0,1].
struct Noise {
  double slip = 0, luck = 0, vague = 0, wrong = 0, weak = 0, forget = 0;
  double own = 0;  ///< how far a task's own chance may be from what the lessons say
};

/// What a lesson is about: one operation, or a step of the way.
enum class LessonKind { operation, workflow };

/// One thing that a skill can teach.
struct Lesson {
  LessonKind kind = LessonKind::operation;
  std::string slug, heading, label, diagnosis, success, rule, weak_rule;
  std::vector<std::vector<std::string>> taught_when;  ///< normalised phrases
  /// The same of what says the opposite: where it is in view, too, the agent does not follow the
  /// rule. Empty: nothing does.
  std::vector<std::vector<std::string>> contradicted_when = {};
};

struct SimTask {
  std::string id;
  std::string match;                         ///< text that the prompt contains, or ""
  std::string match_sha256;                  ///< of one trimmed line of the prompt, or ""
  std::vector<std::size_t> lessons;          ///< indices
  std::string right;                         ///< shell command
  std::map<std::size_t, std::string> wrong;  ///< shell command while that lesson is missing
  std::optional<std::string> wrong_any;
  std::vector<std::string> skills = {};  ///< that the agent loads for it, as far as they are there
};

}  // namespace skillgrad::sim

namespace skillgrad {

template <>
struct EnumText<sim::LessonKind> {
  using enum sim::LessonKind;
  static constexpr EnumName<sim::LessonKind> kTable[] = {{operation, "operation"},
                                                         {workflow, "workflow"}};
};

}  // namespace skillgrad
