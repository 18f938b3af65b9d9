// SPDX-License-Identifier: MIT
// `xlsx-cells`: SpreadsheetBench's comparison of cells, for a record of one's own.
#include <skillgrad/core/json.hpp>

#include "bench/grade_tools.hpp"
#include "bench/graders/grader.hpp"
#include "bench/spreadsheetbench/spreadsheetbench.hpp"

namespace skillgrad::bench {
namespace {

class XlsxCellsGrader final : public Grader {
 public:
  /// `task_output` is what the task itself names.
  XlsxCellsGrader(CellGradeRequest request, std::string output, const std::string& task_output)
      : request_(std::move(request)),
        output_(std::move(output)),
        own_output_(output_ != task_output) {}
  [[nodiscard]] std::string name() const override { return "xlsx-cells"; }

  [[nodiscard]] Grade grade(const GraderInput& input, const GradeContext& context) const override {
    // A link could lead to the golden workbook; it counts as no output.
    std::error_code error;
    const fs::path named = input.output && !own_output_ ? fs::canonical(*input.output, error) : "";
    return grade_file(
        named.empty() ? find_output(input.work_dir, output_).value_or(fs::path()) : named, input,
        context);
  }
  [[nodiscard]] bool needs_work_dir() const override { return own_output_; }
  [[nodiscard]] bool may_recalculate() const override {
    return request_.recalc != RecalcMode::never;
  }
  [[nodiscard]] bool needs_text() const override { return false; }
  [[nodiscard]] Grade missing(const GraderInput& input,
                              const GradeContext& context) const override {
    return grade_file({}, input, context);
  }
  [[nodiscard]] std::optional<fs::path> golden_file() const override { return request_.golden; }
  [[nodiscard]] std::vector<fs::path> hashed_files() const override { return {request_.golden}; }

 private:
  [[nodiscard]] Grade grade_file(const fs::path& output, const GraderInput& input,
                                 const GradeContext& context) const {
    CellGradeRequest request = request_;
    request.task_id = input.task_id;
    request.output = output;
    request.answer_is_golden = input.golden;
    return grade_cells(request, context);
  }

  CellGradeRequest request_;
  std::string output_;
  bool own_output_;  ///< another file than the task's output
};

}  // namespace

Result<std::unique_ptr<Grader>> make_xlsx_cells(const Json& spec, const GraderSetup& setup) {
  StrictReader reader(spec, setup.where);
  reader.ignore("type");
  CellGradeRequest request;
  const std::string golden = reader.string("golden");
  request.position = reader.string("position");
  request.answer_sheet = reader.string("sheet", "");
  request.recalc = setup.recalc;
  request.recalc_golden = setup.recalc_golden;
  const std::string output = reader.string("output", setup.output);
  request.mode = read_named<GradingMode>(reader, "mode", GradingMode::strict);
  SKILLGRAD_CHECK(reader.finish());
  if (!is_confined(output))
    return fail(ErrorCode::dataset, "no workbook is named that the agent must write", setup.where,
                "give the record \"output\":\"out.xlsx\"");
  SKILLGRAD_TRY(request.golden, confined_file(setup.base_dir, golden, setup.where));
  return std::make_unique<XlsxCellsGrader>(std::move(request), output, setup.output);
}

}  // namespace skillgrad::bench
