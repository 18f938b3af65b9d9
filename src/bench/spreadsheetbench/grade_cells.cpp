// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <optional>

#include <fmt/format.h>
#include <sys/stat.h>

#include <skillgrad/core/files.hpp>

#include "bench/spreadsheetbench/compare.hpp"
#include "bench/spreadsheetbench/spreadsheetbench.hpp"

namespace skillgrad::bench {
namespace {

constexpr std::size_t kShown = 20;

Comparison compare(const CellGradeRequest& request, const sheet::Workbook& golden,
                   const sheet::Workbook* output) {
  switch (request.mode) {
    case GradingMode::strict:
      return compare_strict(golden, output, request.position, request.answer_sheet);
    case GradingMode::official:
      return compare_official(golden, output, request.position);
    case GradingMode::skillgrad:
      return compare_skillgrad(golden, output, request.position);
  }
  return {};
}

/// What the mode's evaluator reads of a file.
Result<sheet::Workbook> read_workbook(const CellGradeRequest& request,
                                      const std::filesystem::path& file) {
  return request.mode == GradingMode::strict ? sheet::Workbook::read(file)
                                             : sheet::Workbook::read_as_openpyxl(file);
}

Grade cells_error(const CellGradeRequest& request, GradeErrorKind kind, std::string message) {
  Grade grade;
  grade.task_id = request.task_id;
  grade.status = GradeStatus::error;
  grade.kind = kind;
  grade.message = std::move(message);
  return grade;
}

std::string describe(const Comparison& comparison) {
  std::string text = fmt::format("{} of {} cells match", comparison.matched, comparison.total);
  for (const std::string& note : comparison.notes) text += "\n" + note;
  std::size_t shown = 0;
  for (const Difference& difference : comparison.differences) {
    if (shown++ == kShown) break;
    text +=
        fmt::format("\n{}: expected {} {}, got {} {}", difference.where, difference.expected.type,
                    difference.expected.text, difference.got.type, difference.got.text);
  }
  const std::size_t count = comparison.differences.size() + comparison.unlisted;
  if (count > kShown) text += fmt::format("\nand {} more differences", count - kShown);
  if (comparison.unlisted > 0) {
    text += fmt::format(", of which the last {} are not listed", comparison.unlisted);
  }
  return text;
}

// In official mode the score is the verdict, and matched and total count test cases (2.11).
Grade grade_of(const CellGradeRequest& request, Comparison comparison) {
  Grade grade;
  grade.task_id = request.task_id;
  grade.hard = comparison.pass;
  grade.status = comparison.pass ? GradeStatus::pass : GradeStatus::fail;
  grade.message = describe(comparison);
  if (request.mode == GradingMode::official) {
    grade.matched = comparison.pass ? 1 : 0;
    grade.total = 1;
    grade.score = comparison.pass ? 1 : 0;
  } else {
    grade.matched = comparison.matched;
    grade.total = comparison.total;
    grade.score = comparison.pass ? 1
                                  : static_cast<double>(comparison.matched) /
                                        static_cast<double>(comparison.total);
  }
  grade.differences = std::move(comparison.differences);
  return grade;
}

Grade no_output(const CellGradeRequest& request, const sheet::Workbook& golden,
                const std::string& what) {
  Comparison comparison = compare(request, golden, nullptr);
  if (!comparison.dataset_error.empty()) {
    return cells_error(request, GradeErrorKind::dataset_error, comparison.dataset_error);
  }
  const std::size_t total = request.mode == GradingMode::official ? 1 : comparison.total;
  Grade grade;
  grade.task_id = request.task_id;
  grade.status = GradeStatus::fail;
  grade.total = total;
  grade.message = what;
  return grade;
}

// A cached value may be stale when the file says so or when any formula was never computed. Where
// golden values are recalculated, those of the output must come from the same program.
bool wants_recalculation(const CellGradeRequest& request, const sheet::Workbook& output,
                         const Comparison& comparison) {
  switch (request.recalc) {
    case RecalcMode::never:
      return false;
    case RecalcMode::always:
      return true;
    case RecalcMode::automatic:
      break;
  }
  return comparison.uncached > 0 ||
         (comparison.formulas > 0 && (request.recalc_golden || output.has_uncached_formula() ||
                                      output.recalculates_on_load()));
}

bool wants_golden_recalculation(const CellGradeRequest& request, const sheet::Workbook& golden) {
  if (!request.recalc_golden || request.recalc == RecalcMode::never) return false;
  return request.recalc == RecalcMode::always || golden.has_uncached_formula() ||
         compare(request, golden, &golden).formulas > 0;
}

Result<sheet::Workbook> recalculated(const CellGradeRequest& request,
                                     const std::filesystem::path& file,
                                     const GradeContext& context) {
  if (context.recalculator == nullptr) {
    return fail(ErrorCode::infra, "no program for recalculation is set up", {},
                "apt install libreoffice-calc-nogui");
  }
  SKILLGRAD_TRY(const TempDir folder, TempDir::create("skillgrad-recalc-"));
  const auto copy = folder.path() / "recalculated.xlsx";
  SKILLGRAD_CHECK(context.recalculator->recalculate(file, copy, context.stop));
  return read_workbook(request, copy);
}

/// The workbooks of both sides and how they compare as they are stored.
struct Stored {
  const sheet::Workbook& golden;
  const sheet::Workbook& output;
  Comparison comparison;
};

// Both sides by one program where the golden workbook has no values to be compared by, and where
// the answer is that very workbook: then only the program's own failure could tell them apart.
bool computes_both(const CellGradeRequest& request, const Comparison& comparison) {
  if (request.recalc == RecalcMode::never) return false;
  return comparison.golden_uncached > 0 || request.answer_is_golden;
}

Grade grade_with_recalculation(const CellGradeRequest& request, const GradeContext& context,
                               Stored stored) {
  const bool both = computes_both(request, stored.comparison);
  auto golden = both ? recalculated(request, request.golden, context) : Result<sheet::Workbook>();
  auto output = golden ? recalculated(request, request.output, context) : std::move(golden);
  if (output) {
    Grade grade = grade_of(request, compare(request, both ? *golden : stored.golden, &*output));
    grade.recalculated = true;
    return grade;
  }
  const std::string problem = "recalculation failed: " + output.error().to_line();
  const bool cancelled = output.error().code == ErrorCode::cancelled;
  const bool needed = request.mode == GradingMode::strict && stored.comparison.uncached > 0;
  if (cancelled || needed) return cells_error(request, GradeErrorKind::infra_error, problem);
  stored.comparison.notes.push_back("graded by the values stored in the file; " + problem);
  return grade_of(request, std::move(stored.comparison));
}

/// Byte for byte: whatever is read of the one file is read of the other. Where that cannot be told,
/// reading them says why.
bool holds_the_same(const std::filesystem::path& one, const std::filesystem::path& other) {
  if (one.extension() != other.extension()) return false;  // openpyxl goes by it, too
  std::error_code failed;
  const auto size = std::filesystem::file_size(one, failed);
  if (failed || std::filesystem::file_size(other, failed) != size || failed) return false;
  if (size > sheet::ReadLimits{}.file_bytes) return false;
  std::ifstream first(one, std::ios::binary), second(other, std::ios::binary);
  std::array<char, 65536> a{}, b{};
  for (auto left = size; left > 0;) {
    const auto part = static_cast<std::streamsize>(std::min<std::uintmax_t>(left, a.size()));
    if (!first.read(a.data(), part) || !second.read(b.data(), part)) return false;
    if (std::memcmp(a.data(), b.data(), static_cast<std::size_t>(part)) != 0) return false;
    left -= static_cast<std::uintmax_t>(part);
  }
  return true;
}

/// `stored`: the golden workbook is as its file has it, not recalculated.
Grade grade_output(const CellGradeRequest& request, const GradeContext& context,
                   const sheet::Workbook& golden, bool stored) {
  struct stat status {};
  if (request.output.empty() || ::lstat(request.output.c_str(), &status) != 0 ||
      S_ISLNK(status.st_mode)) {
    return no_output(request, golden,
                     !request.missing.empty() ? request.missing
                     : request.output.empty()
                         ? "there is no output file"
                         : "there is no output file " + request.output.filename().string());
  }
  // A check of a data set grades its golden workbooks themselves.
  const bool same = stored && holds_the_same(request.golden, request.output);
  const auto read = same ? Result<sheet::Workbook>() : read_workbook(request, request.output);
  if (!read) {
    const std::string what =
        "output " + request.output.filename().string() + " is " + read.error().message;
    // The authors' evaluator raises on such a file, so it has no verdict to be identical to.
    if (request.mode == GradingMode::skillgrad) {
      return cells_error(request, GradeErrorKind::infra_error, what);
    }
    return no_output(request, golden, what);
  }
  const sheet::Workbook& output = same ? golden : *read;
  Comparison comparison = compare(request, golden, &output);
  if (!comparison.dataset_error.empty()) {
    return cells_error(request, GradeErrorKind::dataset_error, comparison.dataset_error);
  }
  const bool recalculate = wants_recalculation(request, output, comparison) ||
                           (request.recalc != RecalcMode::never && comparison.golden_uncached > 0);
  Grade grade = recalculate ? grade_with_recalculation(request, context,
                                                       {golden, output, std::move(comparison)})
                            : grade_of(request, std::move(comparison));
  // Its version decides about such a verdict. Asking for it starts the program.
  if (recalculate && context.recalculator != nullptr)
    grade.version = context.recalculator->version();
  return grade;
}

}  // namespace

Grade grade_cells(const CellGradeRequest& request, const GradeContext& context) {
  if (request.position.size() > kMaxPositionBytes) {
    return cells_error(request, GradeErrorKind::dataset_error,
                       fmt::format("the position has {} bytes, expected at most {}",
                                   request.position.size(), kMaxPositionBytes));
  }
  const auto golden = read_workbook(request, request.golden);
  if (!golden) {
    Grade grade = cells_error(request, GradeErrorKind::dataset_error,
                              "golden workbook: " + golden.error().to_line());
    if (request.mode != GradingMode::official) return grade;
    grade.status = GradeStatus::fail;
    grade.kind = GradeErrorKind::none;
    grade.total = 1;
    return grade;
  }
  if (!wants_golden_recalculation(request, *golden))
    return grade_output(request, context, *golden, true);
  const auto computed = recalculated(request, request.golden, context);
  // Graded by its stored values it would not be what was asked for.
  if (!computed) {
    return cells_error(
        request, GradeErrorKind::infra_error,
        "recalculation of the golden workbook failed: " + computed.error().to_line());
  }
  Grade grade = grade_output(request, context, *computed, false);
  grade.version = context.recalculator->version();
  grade.recalculated = true;
  return grade;
}

}  // namespace skillgrad::bench
