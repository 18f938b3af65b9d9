// SPDX-License-Identifier: MIT
// `denotation`: WikiTableQuestions' comparison of item lists, for a record of one's own.
#include "bench/wikitablequestions/denotation.hpp"

#include <skillgrad/core/json.hpp>

#include "bench/graders/grader.hpp"

namespace skillgrad::bench {
namespace {

class DenotationGrader final : public Grader {
 public:
  DenotationGrader(std::vector<std::string> targets, bool from_file) : from_file_(from_file) {
    for (std::string& target : targets) targets_.push_back({std::move(target), ""});
  }
  [[nodiscard]] std::string name() const override { return "denotation"; }

  [[nodiscard]] Grade grade(const GraderInput& input, const GradeContext&) const override {
    Grade grade = grade_denotation(
        targets_, from_file_ ? items_of_file(input.answer) : items_of_message(input.answer));
    grade.task_id = input.task_id;
    return grade;
  }

  [[nodiscard]] std::optional<std::string> golden_text() const override {
    std::string text;
    for (const AnswerValue& value : target_values(targets_)) text += value.raw + "\n";
    return text;
  }

 private:
  std::vector<AnswerItem> targets_;
  bool from_file_;
};

}  // namespace

Result<std::unique_ptr<Grader>> make_denotation(const Json& spec, const GraderSetup& setup) {
  StrictReader reader(spec, setup.where);
  reader.ignore("type");
  reader.ignore("target");
  SKILLGRAD_CHECK(reader.finish());
  SKILLGRAD_TRY(std::vector<std::string> targets, grader_targets(spec, setup));
  return std::make_unique<DenotationGrader>(std::move(targets), !setup.output.empty());
}

}  // namespace skillgrad::bench
