// SPDX-License-Identifier: MIT
// `exact`, `contains`, `starts-with` and `ends-with`.
#include <algorithm>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/core/unicode.hpp>

#include "bench/grade_tools.hpp"
#include "bench/graders/closeness.hpp"
#include "bench/graders/grader.hpp"

namespace skillgrad::bench {
namespace {

struct TextOptions {
  bool trim = true, ignore_case = false, collapse_space = false, all = false;
};

std::string prepared(const std::string& text, const TextOptions& options) {
  std::string out = options.ignore_case ? fold_case(text) : nfc(text);
  if (options.collapse_space)
    out = to_utf8(collapse_white_space(to_code_points(out)));
  else if (options.trim)
    out = to_utf8(trim_white_space(to_code_points(out)));
  return out;
}

class TextGrader final : public Grader {
 public:
  enum class Kind { exact, contains, starts_with, ends_with };
  TextGrader(Kind kind, TextOptions options, std::vector<std::string> targets)
      : kind_(kind), options_(options), targets_(std::move(targets)) {
    for (const std::string& target : targets_) prepared_.push_back(prepared(target, options_));
  }
  [[nodiscard]] std::string name() const override {
    switch (kind_) {
      case Kind::exact:
        return "exact";
      case Kind::contains:
        return "contains";
      case Kind::starts_with:
        return "starts-with";
      case Kind::ends_with:
        return "ends-with";
    }
    return "exact";
  }

  [[nodiscard]] Grade grade(const GraderInput& input, const GradeContext&) const override {
    const std::string answer = prepared(input.answer, options_);
    const auto fits = [&](const std::string& target) { return holds(answer, target); };
    if (!options_.all) {
      const bool right = std::any_of(prepared_.begin(), prepared_.end(), fits);
      Grade grade = yes_or_no(input, right, targets_.front());
      if (kind_ == Kind::exact && !right)
        if (const auto close = how_close(targets_.front(), input.answer); !close.empty())
          grade.message += "\n" + close;
      return grade;
    }
    Grade grade;
    grade.task_id = input.task_id;
    grade.total = targets_.size();
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      if (fits(prepared_[i]))
        ++grade.matched;
      else
        grade.differences.push_back({"answer", {"string", targets_[i]}, {"string", input.answer}});
    }
    grade.score = grade.matched == grade.total ? 1 : 0;
    settle(grade);
    grade.message = describe(grade);
    return grade;
  }

  [[nodiscard]] std::optional<std::string> golden_text() const override {
    return options_.all ? join(targets_, "\n") : targets_.front();
  }

 private:
  [[nodiscard]] bool holds(const std::string& answer, const std::string& target) const {
    switch (kind_) {
      case Kind::exact:
        return answer == target;
      case Kind::contains:
        return answer.find(target) != std::string::npos;
      case Kind::starts_with:
        return answer.starts_with(target);
      case Kind::ends_with:
        return answer.ends_with(target);
    }
    return false;
  }

  Kind kind_;
  TextOptions options_;
  std::vector<std::string> targets_, prepared_;
};

Result<std::unique_ptr<Grader>> make_text(TextGrader::Kind kind, const Json& spec,
                                          const GraderSetup& setup) {
  StrictReader reader(spec, setup.where);
  reader.ignore("type");
  reader.ignore("target");
  TextOptions options;
  options.trim = reader.boolean("trim", true);
  options.ignore_case = reader.boolean("ignore_case", false);
  options.collapse_space = reader.boolean("collapse_space", false);
  options.all = reader.boolean("all", false);
  SKILLGRAD_CHECK(reader.finish());
  SKILLGRAD_TRY(std::vector<std::string> targets, grader_targets(spec, setup));
  if (kind != TextGrader::Kind::contains && options.all && targets.size() > 1)
    return fail(ErrorCode::dataset, "no answer can equal several targets at once", setup.where,
                "use \"contains\" with \"all\", or leave \"all\" out");
  for (const std::string& target : targets)
    if (prepared(target, options).empty())
      return fail(ErrorCode::dataset, "an empty target would accept an empty answer", setup.where,
                  "give a target with text");
  return std::make_unique<TextGrader>(kind, options, std::move(targets));
}

}  // namespace

Result<std::unique_ptr<Grader>> make_exact(const Json& spec, const GraderSetup& setup) {
  return make_text(TextGrader::Kind::exact, spec, setup);
}

Result<std::unique_ptr<Grader>> make_contains(const Json& spec, const GraderSetup& setup) {
  return make_text(TextGrader::Kind::contains, spec, setup);
}

Result<std::unique_ptr<Grader>> make_starts_with(const Json& spec, const GraderSetup& setup) {
  return make_text(TextGrader::Kind::starts_with, spec, setup);
}

Result<std::unique_ptr<Grader>> make_ends_with(const Json& spec, const GraderSetup& setup) {
  return make_text(TextGrader::Kind::ends_with, spec, setup);
}

}  // namespace skillgrad::bench
