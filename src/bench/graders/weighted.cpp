// SPDX-License-Identifier: MIT
// Several graders over one answer (`checks` of a record).
#include <algorithm>
#include <cmath>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

#include "bench/grade_tools.hpp"
#include "bench/graders/grader.hpp"

namespace skillgrad::bench {
namespace {

struct WeightedCheck {
  std::string name;
  double weight = 1;
  std::unique_ptr<Grader> grader;
};

class WeightedGrader final : public Grader {
 public:
  explicit WeightedGrader(std::vector<WeightedCheck> checks) : checks_(std::move(checks)) {}
  [[nodiscard]] std::string name() const override { return "checks"; }

  // An error of one check is an error of the whole: its share of the score is unknown.
  [[nodiscard]] Grade grade(const GraderInput& input, const GradeContext& context) const override {
    Grade total;
    total.task_id = input.task_id;
    total.total = checks_.size();
    double sum = 0;
    double weights = 0;
    bool all_hard = true;
    for (const WeightedCheck& check : checks_) {
      Grade part = check.grader->grade(input, context);
      if (part.status == GradeStatus::error) {
        part.message = "check \"" + check.name + "\": " + part.message;
        return part;
      }
      total.judged = total.judged || part.judged;
      sum += check.weight * part.score;
      weights += check.weight;
      all_hard = all_hard && (part.hard || check.weight <= 0);  // weight 0: reported only
      total.matched += part.hard ? 1 : 0;
      add_checks(check, part, total.checks);
      for (Difference& difference : part.differences) {
        difference.where = check.name + ": " + difference.where;
        total.differences.push_back(std::move(difference));
      }
    }
    // All right is exactly 1, whatever the rounding of the weights.
    total.score = all_hard ? 1 : std::min(sum / weights, std::nextafter(1.0, 0.0));
    settle(total);
    total.message = describe(total);
    return total;
  }

  [[nodiscard]] bool needs_text() const override {
    return std::all_of(checks_.begin(), checks_.end(),
                       [](const WeightedCheck& check) { return check.grader->needs_text(); });
  }

  [[nodiscard]] bool needs_work_dir() const override {
    return std::any_of(checks_.begin(), checks_.end(),
                       [](const WeightedCheck& check) { return check.grader->needs_work_dir(); });
  }

  [[nodiscard]] bool may_recalculate() const override {
    return std::any_of(checks_.begin(), checks_.end(),
                       [](const WeightedCheck& check) { return check.grader->may_recalculate(); });
  }

  [[nodiscard]] int model_calls() const override {
    int calls = 0;
    for (const WeightedCheck& check : checks_) calls += check.grader->model_calls();
    return calls;
  }

  [[nodiscard]] std::vector<std::string> criteria() const override {
    std::vector<std::string> out;
    for (const WeightedCheck& check : checks_) {
      const auto more = check.grader->criteria();
      out.insert(out.end(), more.begin(), more.end());
    }
    return out;
  }

  [[nodiscard]] Grade missing(const GraderInput& input,
                              const GradeContext& context) const override {
    Grade grade = Grader::missing(input, context);
    grade.total = checks_.size();
    for (const WeightedCheck& check : checks_)
      add_checks(check, check.grader->missing(input, context), grade.checks);
    return grade;
  }

  // Only when one text can serve every check: all agree, or all want parts of it.
  [[nodiscard]] std::optional<std::string> golden_text() const override {
    std::vector<std::string> texts;
    bool parts_only = true;
    for (const WeightedCheck& check : checks_) {
      const auto text = check.grader->golden_text();
      if (!text) return std::nullopt;
      if (std::find(texts.begin(), texts.end(), *text) == texts.end()) texts.push_back(*text);
      parts_only = parts_only && check.grader->name() == "contains";
    }
    if (texts.size() == 1) return texts.front();
    return parts_only ? std::optional(join(texts, "\n")) : std::nullopt;
  }

  [[nodiscard]] std::optional<std::filesystem::path> golden_file() const override {
    std::optional<std::filesystem::path> file;
    for (const WeightedCheck& check : checks_) {
      const auto own = check.grader->golden_file();
      if (!own || (file && *file != *own)) return std::nullopt;
      file = own;
    }
    return file;
  }

  [[nodiscard]] std::vector<std::filesystem::path> hashed_files() const override {
    std::vector<std::filesystem::path> files;
    for (const WeightedCheck& check : checks_)
      for (auto& file : check.grader->hashed_files()) files.push_back(file);
    return files;
  }

 private:
  /// A judge gives a verdict for each of its criteria, and they count the same.
  static void add_checks(const WeightedCheck& check, const Grade& part, std::vector<Check>& out) {
    if (check.grader->name() != "llm-judge") {
      out.push_back({check.name, check.weight, part.score, part.message});
      return;
    }
    const double share = check.weight / static_cast<double>(part.checks.size());
    for (const Check& criterion : part.checks)
      out.push_back({criterion.name, share, criterion.score, criterion.message});
  }

  std::vector<WeightedCheck> checks_;
};

Result<WeightedCheck> read_check(const Json& item, std::size_t number, const GraderSetup& setup) {
  StrictReader reader(item, setup.where);
  WeightedCheck check;
  check.name = reader.string("name", "check " + std::to_string(number));
  check.weight = reader.number("weight", 1, 0, 1e9);
  const Json spec = reader.any("grader", true);
  if (const auto done = reader.finish(); !done) {
    Error error = done.error();
    error.code = ErrorCode::dataset;
    return unexpected(std::move(error));
  }
  SKILLGRAD_TRY(check.grader, make_grader(spec, setup));
  return check;
}

}  // namespace

Result<std::unique_ptr<Grader>> make_weighted_grader(const Json& checks, const GraderSetup& setup) {
  if (!checks.is_array() || checks.empty())
    return fail(ErrorCode::dataset, "\"checks\" must be a list with at least one check",
                setup.where, "write [{\"name\":...,\"weight\":1,\"grader\":{...}}]");
  std::vector<WeightedCheck> list;
  double weights = 0;
  for (const Json& item : checks) {
    SKILLGRAD_TRY(WeightedCheck check, read_check(item, list.size() + 1, setup));
    weights += check.weight;
    list.push_back(std::move(check));
  }
  if (weights <= 0)
    return fail(ErrorCode::dataset, "the weights of all checks are 0", setup.where,
                "give at least one check a weight above 0");
  return std::make_unique<WeightedGrader>(std::move(list));
}

}  // namespace skillgrad::bench
