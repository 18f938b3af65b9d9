// SPDX-License-Identifier: MIT
// `llm-judge`: the criteria are read and checked with the data set. Judging needs a model in the
// role `judge`; without one the grade is an infrastructure error.
#include <skillgrad/core/json.hpp>

#include "bench/grade_tools.hpp"
#include "bench/graders/grader.hpp"

namespace skillgrad::bench {
namespace {

class JudgeGrader final : public Grader {
 public:
  explicit JudgeGrader(std::vector<std::string> criteria) : criteria_(std::move(criteria)) {}
  [[nodiscard]] std::string name() const override { return "llm-judge"; }

  [[nodiscard]] Grade grade(const GraderInput& input, const GradeContext&) const override {
    Grade grade = error_grade(
        input.task_id, GradeErrorKind::infra_error,
        "this task needs a judge model for " + std::to_string(criteria_.size()) + " criteria",
        "give the task a grader without a model, such as contains, regex or command");
    grade.total = criteria_.size();
    return grade;
  }

 private:
  std::vector<std::string> criteria_;
};

}  // namespace

Result<std::unique_ptr<Grader>> make_judge(const Json& spec, const GraderSetup& setup) {
  StrictReader reader(spec, setup.where);
  reader.ignore("type");
  const Json criteria = reader.any("criteria", true);
  std::vector<std::string> list = target_texts(criteria);
  if (list.empty() && !criteria.is_null())
    reader.reject("criteria", "expected a text or a list of texts with at least one");
  reader.ignore("model");
  reader.ignore("votes");
  SKILLGRAD_CHECK(reader.finish());
  return std::make_unique<JudgeGrader>(std::move(list));
}

}  // namespace skillgrad::bench
