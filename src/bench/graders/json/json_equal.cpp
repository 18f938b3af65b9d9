// SPDX-License-Identifier: MIT
// `json-equal`: compares parsed values; key order and 1 against 1.0 make no difference.
#include <memory>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

#include "bench/grade_tools.hpp"
#include "bench/graders/grader.hpp"
#include "bench/graders/json/json_compare.hpp"

namespace skillgrad::bench {
namespace {

constexpr std::size_t kMaxUnorderedValues = 1'000'000;  // bounds the memory of comparing them

std::size_t count_values(const Json& value) {
  std::size_t count = 1;
  if (value.is_structured())
    for (const Json& item : value) count += count_values(item);
  return count;
}

class JsonEqualGrader final : public Grader {
 public:
  JsonEqualGrader(JsonOptions options, std::vector<std::unique_ptr<JsonSide>> targets)
      : options_(options), targets_(std::move(targets)) {}
  [[nodiscard]] std::string name() const override { return "json-equal"; }

  [[nodiscard]] Grade grade(const GraderInput& input, const GradeContext&) const override {
    const std::string text = unwrap_fence(input.answer);
    auto value = parse_json(text, "answer");
    if (!value) return refused(input, "the answer is not JSON: " + value.error().message);
    const JsonSide answer(text, std::move(*value));
    if (options_.unordered && count_values(answer.value) > kMaxUnorderedValues)
      return refused(input, "the answer holds too many values");
    std::optional<JsonOutcome> first;
    for (const auto& target : targets_) {
      JsonOutcome outcome = compare_json(*target, answer, options_);
      if (outcome.given_up)
        return error_grade(input.task_id, GradeErrorKind::infra_error,
                           "comparing the lists without regard to order takes more than " +
                               std::to_string(kMaxJsonSteps) + " steps",
                           "leave out \"tol\" and \"subset\", or \"unordered\"");
      if (outcome.equal) return yes_or_no(input, true, "");
      if (!first) first = std::move(outcome);
    }
    Grade grade = yes_or_no(input, false, "");
    grade.differences = std::move(first->differences);
    grade.message = describe(grade);
    if (first->unlisted > 0)
      grade.message += "\n" + std::to_string(first->unlisted) + " further ones are not listed";
    return grade;
  }

  [[nodiscard]] std::optional<std::string> golden_text() const override {
    return targets_.front()->text;
  }

 private:
  [[nodiscard]] Grade refused(const GraderInput& input, const std::string& why) const {
    Grade grade = yes_or_no(input, false, targets_.front()->text);
    grade.message += "\n" + why;
    return grade;
  }
  JsonOptions options_;
  std::vector<std::unique_ptr<JsonSide>> targets_;
};

}  // namespace

Result<std::unique_ptr<Grader>> make_json_equal(const Json& spec, const GraderSetup& setup) {
  StrictReader reader(spec, setup.where);
  reader.ignore("type");
  reader.ignore("target");
  JsonOptions options;
  options.subset = reader.boolean("subset", false);
  options.unordered = reader.boolean("unordered", false);
  options.tol = reader.number("tol", 0, 0);
  SKILLGRAD_CHECK(reader.finish());
  SKILLGRAD_TRY(const std::vector<std::string> texts, json_targets(spec, setup));
  std::vector<std::unique_ptr<JsonSide>> targets;
  for (const std::string& text : texts) {
    auto value = parse_json(text, setup.where);
    if (!value)
      return fail(ErrorCode::dataset, "target is not JSON: " + value.error().message, setup.where,
                  "write the target as JSON, or as a text that holds JSON");
    targets.push_back(std::make_unique<JsonSide>(text, std::move(*value)));
  }
  return std::make_unique<JsonEqualGrader>(options, std::move(targets));
}

}  // namespace skillgrad::bench
