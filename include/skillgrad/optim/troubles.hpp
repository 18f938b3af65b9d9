// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <skillgrad/core/json.hpp>
#include <skillgrad/optim/messages.hpp>

namespace skillgrad::optim {

/// error and feedback: what errors and graders said; skipped: it was not run, which is nothing that
/// went wrong with it.
enum class TroubleKind {
  error,
  feedback,
  turn_limit,
  time_limit,
  token_limit,
  refused,
  reply_cut,
  no_answer,
  no_tool_call,
  skill_not_read,
  skipped
};

/// One thing that went wrong in a set of rollouts, and how often.
struct Trouble {
  TroubleKind kind = TroubleKind::feedback;
  std::string what;       ///< in words; where texts differ in details only, with … for these
  std::size_t count = 0;  ///< rollouts; for reply_cut replies
  std::size_t of = 0;     ///< of so many
  std::vector<std::string> tasks;  ///< each once, in the order of the records
};

/// What the rollouts that did not pass have in common, the most frequent first within each kind;
/// kinds that only a few rollouts show come after those of many. Empty where all passed.
[[nodiscard]] std::vector<Trouble> troubles(const std::vector<LossRecord>& records);
/// Why one rollout did not pass; nullopt where it passed.
[[nodiscard]] std::optional<TroubleKind> reason_of(const LossRecord& record);
/// A message without what differs from task to task: texts in quotation marks, numbers.
[[nodiscard]] std::string common_form(const std::string& message);

[[nodiscard]] Json to_json(const std::vector<Trouble>& troubles);
/// "8 of 8: the file was not written", the first `most` of them, and how many more there are.
[[nodiscard]] std::vector<std::string> to_lines(const std::vector<Trouble>& troubles,
                                                std::size_t most);

}  // namespace skillgrad::optim

namespace skillgrad {

template <>
struct EnumText<optim::TroubleKind> {
  using enum optim::TroubleKind;
  static constexpr EnumName<optim::TroubleKind> kTable[] = {{error, "error"},
                                                            {feedback, "feedback"},
                                                            {turn_limit, "turn_limit"},
                                                            {time_limit, "time_limit"},
                                                            {token_limit, "token_limit"},
                                                            {refused, "refused"},
                                                            {reply_cut, "reply_cut"},
                                                            {no_answer, "no_answer"},
                                                            {no_tool_call, "no_tool_call"},
                                                            {skill_not_read, "skill_not_read"},
                                                            {skipped, "skipped"}};
};

}  // namespace skillgrad
