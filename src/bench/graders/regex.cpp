// SPDX-License-Identifier: MIT
// `regex`: PCRE2 with its JavaScript options. A backtracking limit bounds the time, and matching
// uses the heap, so that no answer can overflow the stack.
#define PCRE2_CODE_UNIT_WIDTH 8
#include <algorithm>

#include <pcre2.h>

#include <skillgrad/core/json.hpp>

#include "bench/grade_tools.hpp"
#include "bench/graders/ecmascript.hpp"
#include "bench/graders/grader.hpp"

namespace skillgrad::bench {
namespace {

constexpr std::size_t kMaxAnswer = std::size_t{64} << 10;
constexpr std::uint32_t kMatchLimit = 5'000'000;  // well under a second
constexpr std::uint32_t kHeapLimitKiB = 64 << 10;

struct FreeCode {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};
struct FreeCompileContext {
  void operator()(pcre2_compile_context* c) const { pcre2_compile_context_free(c); }
};
struct FreeMatchContext {
  void operator()(pcre2_match_context* c) const { pcre2_match_context_free(c); }
};
struct FreeMatchData {
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};
using Code = std::unique_ptr<pcre2_code, FreeCode>;

PCRE2_SPTR bytes_of(const std::string& text) { return reinterpret_cast<PCRE2_SPTR>(text.data()); }

std::string pcre_message(int code) {
  PCRE2_UCHAR buffer[160] = {};
  pcre2_get_error_message(code, buffer, sizeof buffer);
  return reinterpret_cast<const char*>(buffer);
}

const char* mend_of(int error) {
  if (error == PCRE2_ERROR_LOOKBEHIND_NOT_FIXED_LENGTH)
    return "write a lookbehind of a fixed length: here it may hold no *, + or {n,m}";
  return "correct the regular expression (ECMAScript syntax)";
}

Result<Code> compile(const std::string& pattern, std::uint32_t options, const std::string& where) {
  SKILLGRAD_TRY(const PcrePattern translated, from_ecmascript(pattern, where));
  const std::unique_ptr<pcre2_compile_context, FreeCompileContext> context(
      pcre2_compile_context_create(nullptr));
  pcre2_set_compile_extra_options(context.get(),
                                  PCRE2_EXTRA_ALT_BSUX | PCRE2_EXTRA_BAD_ESCAPE_IS_LITERAL);
  int error = 0;
  PCRE2_SIZE offset = 0;
  Code code(pcre2_compile(bytes_of(translated.text), translated.text.size(), options, &error,
                          &offset, context.get()));
  if (code) return code;
  const std::size_t at =
      offset < translated.origin.size() ? translated.origin[offset] : pattern.size();
  return fail(ErrorCode::dataset,
              "bad pattern \"" + pattern + "\": " + pcre_message(error) + " at offset " +
                  std::to_string(at),
              where, mend_of(error));
}

class RegexGrader final : public Grader {
 public:
  RegexGrader(std::vector<std::string> patterns, std::vector<Code> codes)
      : patterns_(std::move(patterns)), codes_(std::move(codes)) {}
  [[nodiscard]] std::string name() const override { return "regex"; }

  [[nodiscard]] Grade grade(const GraderInput& input, const GradeContext&) const override {
    if (input.answer.size() > kMaxAnswer)
      return error_grade(input.task_id, GradeErrorKind::infra_error,
                         "the answer has " + std::to_string(input.answer.size()) +
                             " bytes; a regex is tried on at most 65536",
                         "let the task ask for a shorter answer");
    const std::unique_ptr<pcre2_match_context, FreeMatchContext> context(
        pcre2_match_context_create(nullptr));
    pcre2_set_match_limit(context.get(), kMatchLimit);
    pcre2_set_heap_limit(context.get(), kHeapLimitKiB);
    for (std::size_t i = 0; i < codes_.size(); ++i) {
      const std::unique_ptr<pcre2_match_data, FreeMatchData> data(
          pcre2_match_data_create_from_pattern(codes_[i].get(), nullptr));
      const int found = pcre2_match(codes_[i].get(), bytes_of(input.answer), input.answer.size(), 0,
                                    0, data.get(), context.get());
      if (found >= 0) return yes_or_no(input, true, patterns_[i]);
      if (found != PCRE2_ERROR_NOMATCH)
        return error_grade(input.task_id, GradeErrorKind::infra_error,
                           "pattern \"" + patterns_[i] + "\" was given up: " + pcre_message(found),
                           "write a pattern with less backtracking");
    }
    return yes_or_no(input, false, "match of " + patterns_.front());
  }

 private:
  std::vector<std::string> patterns_;
  std::vector<Code> codes_;
};

}  // namespace

Result<std::unique_ptr<Grader>> make_regex(const Json& spec, const GraderSetup& setup) {
  StrictReader reader(spec, setup.where);
  reader.ignore("type");
  reader.ignore("target");
  const std::vector<std::string> own = target_texts(reader.any("pattern"));
  const bool full = reader.boolean("full", false);
  const bool ignore_case = reader.boolean("ignore_case", false);
  SKILLGRAD_CHECK(reader.finish());
  // The patterns are the option `pattern`, else the targets.
  std::vector<std::string> patterns = own;
  if (!own.empty() && spec.contains("target"))
    return fail(ErrorCode::dataset, "both \"pattern\" and \"target\" are given", setup.where,
                "keep the one that is meant");
  if (patterns.empty()) {
    SKILLGRAD_TRY(patterns, grader_targets(spec, setup));
  }
  std::uint32_t options = PCRE2_UTF | PCRE2_ALT_BSUX | PCRE2_ALLOW_EMPTY_CLASS |
                          PCRE2_MATCH_UNSET_BACKREF | PCRE2_DOLLAR_ENDONLY |
                          PCRE2_NEVER_BACKSLASH_C;
  if (full) options |= PCRE2_ANCHORED | PCRE2_ENDANCHORED;
  if (ignore_case) options |= PCRE2_CASELESS;
  std::vector<Code> codes;
  for (const std::string& pattern : patterns) {
    SKILLGRAD_TRY(Code code, compile(pattern, options, setup.where));
    codes.push_back(std::move(code));
  }
  return std::make_unique<RegexGrader>(std::move(patterns), std::move(codes));
}

}  // namespace skillgrad::bench
