// SPDX-License-Identifier: MIT
// Graders around another one: `not` turns its verdict, `on-file` shows it a file that the agent
// left, `anywhere` the answer and each of these files.
#include <algorithm>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

#include "bench/grade_tools.hpp"
#include "bench/graders/grader.hpp"

namespace skillgrad::bench {
namespace {

constexpr std::size_t kMostFiles = 200;

/// Names of the files that the agent left, without those that the task brought along.
std::vector<std::string> left_files(const GraderInput& input) {
  if (input.work_dir.empty()) return {};
  auto names = list_files(input.work_dir);
  if (!names) return {};
  std::erase_if(*names, [&](const std::string& name) {
    return std::find(input.input_files.begin(), input.input_files.end(), name) !=
               input.input_files.end() ||
           !find_output(input.work_dir, name);
  });
  std::sort(names->begin(), names->end());
  if (names->size() > kMostFiles) names->resize(kMostFiles);
  return *std::move(names);
}

bool left_nothing(const GraderInput& input) {
  return trim(input.answer).empty() && left_files(input).empty();
}

class Around : public Grader {
 public:
  explicit Around(std::unique_ptr<Grader> inner) : inner_(std::move(inner)) {}
  [[nodiscard]] bool needs_text() const override { return false; }
  [[nodiscard]] int model_calls() const override { return inner_ ? inner_->model_calls() : 0; }
  [[nodiscard]] std::vector<std::string> criteria() const override {
    return inner_ ? inner_->criteria() : std::vector<std::string>();
  }
  [[nodiscard]] std::vector<std::filesystem::path> hashed_files() const override {
    return inner_ ? inner_->hashed_files() : std::vector<std::filesystem::path>();
  }

 protected:
  std::unique_ptr<Grader> inner_;
};

/// Right when the other grader says wrong. An answer that is not there fulfils nothing.
class NotGrader final : public Around {
 public:
  using Around::Around;
  [[nodiscard]] std::string name() const override { return "not"; }
  [[nodiscard]] Grade grade(const GraderInput& input, const GradeContext& context) const override {
    if (left_nothing(input)) return missing(input, context);
    const Grade inner = inner_->grade(input, context);
    if (inner.status == GradeStatus::error) return inner;
    Grade grade = yes_or_no(input, inner.score <= 0, "not: " + inner_->name());
    grade.judged = inner.judged;
    return grade;
  }
};

/// The text of one file; without another grader, that it is there and not empty.
class FileGrader final : public Around {
 public:
  FileGrader(std::string file, std::unique_ptr<Grader> inner)
      : Around(std::move(inner)), file_(std::move(file)) {}
  [[nodiscard]] std::string name() const override { return "on-file"; }
  [[nodiscard]] Grade grade(const GraderInput& input, const GradeContext& context) const override {
    const auto found = place(input);
    if (!found) return failed(input, "the file " + file_ + " was not written");
    if (!inner_) {
      std::error_code error;
      const bool filled = fs::file_size(input.work_dir / *found, error) > 0 && !error;
      return filled ? yes_or_no(input, true, "") : failed(input, "the file " + file_ + " is empty");
    }
    auto text = read_output_text(input.work_dir, *found);
    if (!text) return failed(input, "unreadable: " + text.error().message);
    GraderInput own = input;
    own.answer = text->value_or("");
    Grade grade = inner_->grade(own, context);
    for (Difference& difference : grade.differences)
      if (difference.where == "answer") difference.where = file_;
    return grade;
  }

 private:
  /// As named, or without the folder of outputs that other programs have.
  [[nodiscard]] std::optional<std::string> place(const GraderInput& input) const {
    if (find_output(input.work_dir, file_)) return file_;
    for (const char* folder : {"outputs/", "output/"})
      if (file_.starts_with(folder)) {
        const std::string bare = file_.substr(std::string_view(folder).size());
        if (find_output(input.work_dir, bare)) return bare;
      }
    return std::nullopt;
  }

  [[nodiscard]] static Grade failed(const GraderInput& input, const std::string& why) {
    GraderInput none = input;
    none.answer.clear();
    Grade grade = yes_or_no(none, false, why);
    grade.message = why;
    return grade;
  }

  std::string file_;
};

/// Right when the answer is, or one of the text files that the agent left.
class AnywhereGrader final : public Around {
 public:
  using Around::Around;
  [[nodiscard]] std::string name() const override { return "anywhere"; }
  [[nodiscard]] Grade grade(const GraderInput& input, const GradeContext& context) const override {
    Grade first = inner_->grade(input, context);
    if (first.status == GradeStatus::pass) return first;
    for (const std::string& name : left_files(input)) {
      auto text = read_output_text(input.work_dir, name);
      if (!text || !*text) continue;
      GraderInput own = input;
      own.answer = std::move(**text);
      Grade grade = inner_->grade(own, context);
      if (grade.status == GradeStatus::pass) return grade;
    }
    return first;
  }
  [[nodiscard]] std::optional<std::string> golden_text() const override {
    return inner_->golden_text();
  }
};

Result<std::unique_ptr<Grader>> inner_of(const Json& spec, const GraderSetup& setup) {
  if (spec.is_null())
    return fail(ErrorCode::dataset, "this grader needs another one", setup.where,
                "write {\"type\":\"not\",\"grader\":{...}}");
  return make_grader(spec, setup);
}

/// A grader whose only member is another one.
template <typename Outer>
Result<std::unique_ptr<Grader>> wrap(const Json& spec, const GraderSetup& setup) {
  StrictReader reader(spec, setup.where);
  reader.ignore("type");
  const Json inner = reader.any("grader", true);
  SKILLGRAD_CHECK(reader.finish());
  SKILLGRAD_TRY(auto grader, inner_of(inner, setup));
  return std::make_unique<Outer>(std::move(grader));
}

}  // namespace

Result<std::unique_ptr<Grader>> make_not(const Json& spec, const GraderSetup& setup) {
  return wrap<NotGrader>(spec, setup);
}

Result<std::unique_ptr<Grader>> make_on_file(const Json& spec, const GraderSetup& setup) {
  StrictReader reader(spec, setup.where);
  reader.ignore("type");
  const std::string file = reader.string("file");
  const Json inner = reader.any("grader");
  SKILLGRAD_CHECK(reader.finish());
  if (!is_confined(file))
    return fail(ErrorCode::dataset, "file \"" + file + "\" leaves the work directory", setup.where,
                "use a relative name without \"..\"");
  std::unique_ptr<Grader> grader;
  if (!inner.is_null()) {
    SKILLGRAD_TRY(grader, inner_of(inner, setup));
  }
  return std::make_unique<FileGrader>(file, std::move(grader));
}

Result<std::unique_ptr<Grader>> make_anywhere(const Json& spec, const GraderSetup& setup) {
  return wrap<AnywhereGrader>(spec, setup);
}

}  // namespace skillgrad::bench
