// SPDX-License-Identifier: MIT
// skillgrad.loss/1: what a rollout came to, as JSON and back.
#include <algorithm>

#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/messages.hpp>

#include "optim/message_parts.hpp"

namespace skillgrad::optim {
namespace {

/// What was not graded has no score, which is another thing than 0.
template <class Value>
Json if_graded(const LossRecord& record, const Value& value) {
  return record.graded() ? Json(value) : Json();
}

Json signs_json(const std::optional<RolloutSigns>& signs) {
  if (!signs) return {};
  Json out = {{"tool_calls", signs->tool_calls},
              {"cut_replies", signs->cut_replies},
              {"cut_at", signs->cut_at > 0 ? Json(signs->cut_at) : Json()},
              {"answered", signs->answered},
              {"skill_read", signs->skill_read ? Json(*signs->skill_read) : Json()},
              {"tool_error", signs->tool_error}};
  if (!signs->skills.empty()) out["skills"] = signs->skills;
  return out;
}

Result<std::optional<RolloutSigns>> signs_from_json(const Json& value) {
  if (value.is_null()) return std::nullopt;
  StrictReader reader(value, "skillgrad.loss/1 /signs");
  RolloutSigns out;
  out.tool_calls = static_cast<std::size_t>(reader.integer("tool_calls", 0, 0));
  out.cut_replies = static_cast<std::size_t>(reader.integer("cut_replies", 0, 0));
  const Json cut_at = reader.any("cut_at");
  if (cut_at.is_number_integer()) out.cut_at = cut_at.get<std::int64_t>();
  out.answered = reader.boolean("answered", true);
  out.tool_error = reader.string("tool_error", "");
  const Json read = reader.any("skill_read");
  if (read.is_boolean()) out.skill_read = read.get<bool>();
  out.skills = reader.strings("skills", std::vector<std::string>{});
  SKILLGRAD_CHECK(reader.finish(true));
  return std::optional<RolloutSigns>(out);
}

/// Of one rollout; a program may print as many as it likes.
constexpr std::size_t kMostChecks = 1000, kMostCheckBytes = 2000;

Json checks_json(const std::vector<bench::Check>& checks) {
  Json out = Json::array();
  for (const bench::Check& check : checks) {
    if (out.size() == kMostChecks) break;
    out.push_back({{"name", truncate_middle(check.name, kMostCheckBytes)},
                   {"weight", check.weight},
                   {"score", check.score},
                   {"message", truncate_middle(check.message, kMostCheckBytes)}});
  }
  return out;
}

Result<std::vector<bench::Check>> checks_from_json(const Json& value) {
  std::vector<bench::Check> out;
  if (!value.is_null() && !value.is_array())
    return fail(ErrorCode::input, "got a " + std::string(value.type_name()) + ", expected a list",
                "skillgrad.loss/1 /checks", "write [{\"name\",\"score\",\"message\"}]");
  for (const Json& item : value) {
    if (out.size() == kMostChecks) break;
    StrictReader reader(item, "skillgrad.loss/1 /checks/" + std::to_string(out.size()));
    bench::Check check;
    check.name = reader.string("name");
    check.weight = reader.number("weight", 1, 0);
    check.score = reader.number("score", std::nullopt, 0, 1);
    check.message = reader.string("message", "");
    SKILLGRAD_CHECK(reader.finish(true));
    out.push_back(std::move(check));
  }
  return out;
}

/// The fields that only what was graded has.
void read_grade(StrictReader& reader, LossRecord& out) {
  if (!out.graded()) {
    for (const char* key : {"loss", "score", "hard", "matched", "total"}) reader.ignore(key);
    return;
  }
  out.loss = reader.number("loss", std::nullopt, 0);
  out.score = reader.number("score", std::max(0.0, 1.0 - out.loss), 0, 1);
  const Json hard = reader.any("hard");  // 0 or 1, or a boolean
  out.hard = out.score >= 1;
  if (hard.is_boolean())
    out.hard = hard.get<bool>();
  else if (hard.is_number_integer() && (hard == 0 || hard == 1))
    out.hard = hard == 1;
  else if (!hard.is_null())
    reader.reject("hard", "got " + dump_json(hard) + ", expected 0 or 1", "write 0 or 1");
  out.matched = static_cast<std::size_t>(reader.integer("matched", 0, 0));
  out.total = static_cast<std::size_t>(reader.integer("total", 0, 0));
}

}  // namespace

Json to_json(const LossRecord& value) {
  Json components = Json::object();
  for (const auto& [name, number] : value.components) components[name] = number;
  Json out = {{"schema", "skillgrad.loss/1"},
              {"task_id", value.task_id},
              {"sample", value.sample},
              {"status", name_of(value.status)},
              {"score", if_graded(value, value.score)},
              {"loss", if_graded(value, value.loss)},
              {"hard", if_graded(value, value.hard ? 1 : 0)},
              {"matched", if_graded(value, value.matched)},
              {"total", if_graded(value, value.total)},
              {"feedback", value.feedback},
              {"components", components},
              {"trace", value.trace},
              {"end_state", name_of(value.end_state)},
              {"error", value.error},
              {"usage", to_json(value.usage)},
              {"cost_usd", number_or_null(value.cost_usd)},
              {"seconds", value.seconds},
              {"signs", signs_json(value.signs)}};
  if (!value.timed) out["timed"] = false;
  if (!value.checks.empty()) out["checks"] = checks_json(value.checks);
  return out;
}

Result<LossRecord> loss_from_json(const Json& value) {
  SKILLGRAD_CHECK(expect_schema(value, "skillgrad.loss/1"));
  StrictReader reader(value, "skillgrad.loss/1");
  LossRecord out;
  reader.ignore("schema");
  out.task_id = reader.string("task_id");
  out.sample = static_cast<int>(reader.integer("sample", 0, 0, 1'000'000));
  const std::string status = reader.string("status", "");
  const auto said = named<LossStatus>(status);
  if (!said && !status.empty())
    reader.reject("status", "got \"" + status + "\"",
                  "use one of " + join(names_of<LossStatus>(), ", "));
  out.status = said.value_or(LossStatus::fail);
  read_grade(reader, out);
  if (!said) out.status = out.score >= 1 ? LossStatus::pass : LossStatus::fail;
  out.feedback = reader.string("feedback", "");
  out.trace = reader.string("trace", "");
  // Of a program's answer it is not used, whatever the word.
  out.end_state = named<agent::EndState>(reader.string("end_state", ""));
  out.error = reader.string("error", "");
  out.seconds = reader.number("seconds", 0.0, 0);
  out.timed = reader.any("timed") != Json(false);
  const Json components = reader.any("components");
  const Json usage = reader.any("usage");
  const Json signs = reader.any("signs"), checks = reader.any("checks");
  out.cost_usd = optional_number(reader, "cost_usd", 0);
  if (!components.is_null() && !components.is_object())
    reader.reject("components", "got a " + std::string(components.type_name()),
                  "write an object of numbers");
  for (const auto& [name, number] : components.items()) {
    if (number.is_number()) out.components[name] = number.get<double>();
    if (!number.is_number())
      reader.reject("components", "\"" + name + "\" is no number", "write an object of numbers");
  }
  SKILLGRAD_CHECK(reader.finish(true));
  if (!usage.is_null()) {
    SKILLGRAD_TRY(out.usage, usage_from_json(usage));
  }
  SKILLGRAD_TRY(out.signs, signs_from_json(signs));
  SKILLGRAD_TRY(out.checks, checks_from_json(checks));
  return out;
}

}  // namespace skillgrad::optim
