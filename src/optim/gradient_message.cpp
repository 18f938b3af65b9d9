// SPDX-License-Identifier: MIT
// skillgrad.gradient/2: the diagnosis of one task, as JSON and back.
#include <algorithm>

#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/messages.hpp>

#include "optim/message_arrays.hpp"
#include "optim/message_parts.hpp"

namespace skillgrad::optim {
namespace {

constexpr const char* kName = "skillgrad.gradient";

Result<int> read_step(const Json& value, const std::string& where) {
  constexpr std::int64_t kMost = 1'000'000;
  if (value.is_number_integer() && value >= 1 && value <= kMost) return value.get<int>();
  return fail(ErrorCode::input, "got " + dump_json(value) + ", expected a step number from 1",
              where, "write the step numbers as [3, 7]");
}

Json cause_json(const Cause& cause) {
  return {
      {"label", cause.label},       {"case", cause.found ? Json(name_of(*cause.found)) : Json()},
      {"analysis", cause.analysis}, {"rule", cause.rule},
      {"open", cause.open},         {"skipped_step", cause.skipped_step},
      {"steps", cause.steps},       {"known", cause.known},
      {"refutes", cause.refutes}};
}

/// What both forms have.
void read_common(StrictReader& reader, Cause& out) {
  reader.ignore("steps");
  out.label = reader.string("label", "");
  out.skipped_step = reader.string("skipped_step", "");
  out.known = reader.string("known", "");
}

void reject_empty(StrictReader& reader, const char* key, const std::string& text) {
  if (trim(text).empty()) reader.reject(key, "it is empty", "write the diagnosis");
}

Result<Cause> read_cause(const Json& value, const std::string& where) {
  StrictReader reader(value, where);
  Cause out;
  read_common(reader, out);
  out.analysis = reader.string("analysis");
  out.rule = reader.string("rule", "");
  out.open = reader.string("open", "");
  out.refutes = reader.string("refutes", "");
  const Json found = reader.any("case");
  if (found.is_string()) out.found = named<CauseCase>(found.get<std::string>());
  if (!found.is_null() && !out.found)
    reader.reject("case", "got " + dump_json(found),
                  "use one of " + join(names_of<CauseCase>(), ", "));
  reject_empty(reader, "analysis", out.analysis);
  SKILLGRAD_CHECK(reader.finish(true));
  SKILLGRAD_TRY(out.steps, read_array<int>(value, "steps", where, false, read_step));
  return out;
}

/// The only cause of skillgrad.gradient/1 stands in the message itself.
Result<Cause> read_single(StrictReader& reader, const Json& value, const std::string& where) {
  Cause out;
  read_common(reader, out);
  out.analysis = reader.string("gradient");
  reject_empty(reader, "gradient", out.analysis);
  SKILLGRAD_TRY(out.steps, read_array<int>(value, "steps", where, false, read_step));
  return out;
}

}  // namespace

std::vector<std::string> Gradient::labels() const {
  std::vector<std::string> out;
  for (const Cause& cause : causes)
    if (!cause.label.empty()) out.push_back(cause.label);
  return out;
}

std::string Gradient::known() const {
  const auto found = std::find_if(causes.begin(), causes.end(), [](const Cause& cause) {
    return !cause.known.empty() && cause.known != "new";
  });
  return found == causes.end() ? "" : found->known;
}

Json to_json(const Gradient& value) {
  Json causes = Json::array();
  for (const Cause& cause : value.causes) causes.push_back(cause_json(cause));
  return {{"schema", "skillgrad.gradient/2"},
          {"task_id", value.task_id},
          {"kind", name_of(value.kind)},
          {"causes", causes},
          {"right", value.right},
          {"loss", value.loss}};
}

Result<Gradient> gradient_from_json(const Json& value) {
  SKILLGRAD_TRY(const int version, expect_version(value, kName, 2));
  // Where no schema says it, the list does.
  const bool single = version == 1 || (version == 0 && !value.contains("causes"));
  const std::string where = std::string(kName) + (single ? "/1" : "/2");
  StrictReader reader(value, where);
  Gradient out;
  reader.ignore("schema");
  out.task_id = reader.string("task_id");
  // Who asked for the diagnosis knows the kind, and puts it in place of any other word.
  out.kind = named<EvidenceKind>(reader.string("kind", "")).value_or(EvidenceKind::failure);
  out.loss = reader.number("loss", 0.0);
  if (single) {
    SKILLGRAD_TRY(Cause cause, read_single(reader, value, where));
    out.causes.push_back(std::move(cause));
    SKILLGRAD_CHECK(reader.finish(true));
    return out;
  }
  out.right = reader.string("right", "");
  reader.ignore("causes");
  SKILLGRAD_CHECK(reader.finish(true));
  SKILLGRAD_TRY(out.causes, read_array<Cause>(value, "causes", where, true, read_cause));
  if (out.causes.empty())
    return fail(ErrorCode::input, "\"causes\" is empty", where + " /causes",
                "name at least one cause");
  return out;
}

}  // namespace skillgrad::optim
