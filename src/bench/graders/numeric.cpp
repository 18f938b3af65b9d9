// SPDX-License-Identifier: MIT
// `numeric`: finds numbers in an answer. Thousands separators, percent and currency signs and units
// around a number are read over; a digit inside a word ("H2O", "0x10") is no number.
#include <charconv>
#include <cmath>
#include <limits>

#include <utf8proc.h>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/core/unicode.hpp>

#include "bench/grade_tools.hpp"
#include "bench/graders/grader.hpp"

namespace skillgrad::bench {
namespace {

/// Which number of an answer with several is meant.
enum class Pick { only, first, last };

}  // namespace
}  // namespace skillgrad::bench

template <>
struct skillgrad::EnumText<skillgrad::bench::Pick> {
  using enum skillgrad::bench::Pick;
  static constexpr EnumName<skillgrad::bench::Pick> kTable[] = {
      {only, "only"}, {first, "first"}, {last, "last"}};
};

namespace skillgrad::bench {
namespace {

bool is_ascii_digit(char32_t c) { return c >= '0' && c <= '9'; }

bool is_word_sign(char32_t c) {
  const utf8proc_category_t category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
  return c == '_' || (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO);
}

bool is_currency(char32_t c) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(c)) == UTF8PROC_CATEGORY_SC;
}

// Digits of any script, minus signs and the blanks that group thousands get one form each.
std::u32string plain_signs(std::string_view text) {
  std::u32string out = to_code_points(text);
  for (char32_t& c : out) {
    if (const auto digit = decimal_digit(c))
      c = U'0' + *digit;
    else if (c == U'\u2212')
      c = U'-';
    else if (c == U'\u202F' || c == U'\u2009')
      c = U'\u00A0';
  }
  return out;
}

class NumberScanner {
 public:
  explicit NumberScanner(std::string_view text) : text_(plain_signs(text)) {}

  [[nodiscard]] std::vector<double> scan() {
    std::vector<double> numbers;
    while (at_ < text_.size()) {
      if (is_word_sign(look(0)) || is_hexadecimal())
        skip_word();
      else if (is_ascii_digit(look(0)) || (look(0) == '.' && is_ascii_digit(look(1))))
        numbers.push_back(number());
      else
        ++at_;
    }
    return numbers;
  }

 private:
  [[nodiscard]] char32_t look(std::size_t ahead) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : U'\0';
  }
  [[nodiscard]] bool is_hexadecimal() const {
    return look(0) == '0' && (look(1) == 'x' || look(1) == 'X') && std::isxdigit(narrow(look(2)));
  }
  static int narrow(char32_t c) { return c < 0x80 ? static_cast<int>(c) : 0; }
  void skip_word() {
    while (is_word_sign(look(0)) || is_ascii_digit(look(0))) ++at_;
  }

  // A hyphen is a sign unless it joins the number to something before it ("2024-05").
  [[nodiscard]] bool is_negative() const {
    std::size_t before = at_;
    if (before > 0 && is_currency(text_[before - 1])) --before;
    if (before == 0 || text_[before - 1] != '-') return false;
    return before == 1 || !(is_ascii_digit(text_[before - 2]) || is_word_sign(text_[before - 2]));
  }

  void digits(std::string& out) {
    while (is_ascii_digit(look(0))) out.push_back(static_cast<char>(text_[at_++]));
  }

  static bool is_separator(char32_t c) {
    return c == ',' || c == U'\u00A0' || c == '\'' || c == U'\u2019' || c == '_';
  }

  // ",123" with exactly three digits, after one to three digits.
  void groups(std::string& out) {
    const std::size_t first = out.size();
    const char32_t separator = look(0);
    if (first == 0 || first > 3 || !is_separator(separator)) return;
    while (look(0) == separator && is_ascii_digit(look(1)) && is_ascii_digit(look(2)) &&
           is_ascii_digit(look(3)) && !is_ascii_digit(look(4))) {
      ++at_;
      digits(out);
    }
  }

  void exponent(std::string& out) {
    if (look(0) != 'e' && look(0) != 'E') return;
    const std::size_t sign = look(1) == '+' || look(1) == '-' ? 1 : 0;
    std::size_t end = 1 + sign;
    if (!is_ascii_digit(look(end))) return;
    while (is_ascii_digit(look(end))) ++end;
    if (is_word_sign(look(end))) return;
    out.push_back('e');
    if (look(1) == '-') out.push_back('-');
    at_ += 1 + sign;
    digits(out);
  }

  [[nodiscard]] double number() {
    const bool negative = is_negative();
    std::string token;
    digits(token);
    groups(token);
    if (look(0) == '.' && is_ascii_digit(look(1))) {
      if (token.empty()) token = "0";
      token.push_back('.');
      ++at_;
      digits(token);
    }
    exponent(token);
    double value = 0;
    const auto parsed = std::from_chars(token.data(), token.data() + token.size(), value);
    if (parsed.ec == std::errc::result_out_of_range)
      value = token.find("e-") == std::string::npos ? std::numeric_limits<double>::infinity() : 0;
    return negative ? -value : value;
  }

  std::u32string text_;
  std::size_t at_ = 0;
};

class NumericGrader final : public Grader {
 public:
  NumericGrader(std::vector<double> targets, double abs_tol, double rel_tol, Pick pick)
      : targets_(std::move(targets)), abs_tol_(abs_tol), rel_tol_(rel_tol), pick_(pick) {}
  [[nodiscard]] std::string name() const override { return "numeric"; }

  [[nodiscard]] Grade grade(const GraderInput& input, const GradeContext&) const override {
    const std::vector<double> numbers = NumberScanner(input.answer).scan();
    const bool usable = !numbers.empty() && (pick_ != Pick::only || numbers.size() == 1);
    const double chosen = !usable ? 0 : (pick_ == Pick::last ? numbers.back() : numbers.front());
    if (usable && fits(chosen)) return yes_or_no(input, true, "");
    Grade grade = yes_or_no(input, false, format_double(targets_.front()));
    grade.differences.front().expected.type = "number";
    if (usable && std::isfinite(chosen))
      grade.differences.front().got = {"number", format_double(chosen)};
    grade.message = describe(grade);
    if (numbers.empty()) grade.message += "\nthe answer holds no number";
    if (pick_ == Pick::only && numbers.size() > 1)
      grade.message += "\nthe answer holds " + std::to_string(numbers.size()) +
                       " numbers, but one alone is wanted";
    return grade;
  }

  [[nodiscard]] std::optional<std::string> golden_text() const override {
    return format_double(targets_.front());
  }

 private:
  [[nodiscard]] bool fits(double answer) const {
    if (!std::isfinite(answer)) return false;
    for (const double target : targets_)
      if (std::abs(answer - target) <= std::max(abs_tol_, rel_tol_ * std::abs(target))) return true;
    return false;
  }
  std::vector<double> targets_;
  double abs_tol_, rel_tol_;
  Pick pick_;
};

}  // namespace

Result<std::unique_ptr<Grader>> make_numeric(const Json& spec, const GraderSetup& setup) {
  StrictReader reader(spec, setup.where);
  reader.ignore("type");
  reader.ignore("target");
  const double abs_tol = reader.number("abs_tol", 0, 0);
  const double rel_tol = reader.number("rel_tol", 0, 0);
  const Pick pick = read_named<Pick>(reader, "pick", Pick::only);
  SKILLGRAD_CHECK(reader.finish());
  SKILLGRAD_TRY(const std::vector<std::string> texts, grader_targets(spec, setup));
  std::vector<double> targets;
  for (const std::string& text : texts) {
    const std::vector<double> numbers = NumberScanner(text).scan();
    if (numbers.size() != 1 || !std::isfinite(numbers.front()))
      return fail(ErrorCode::dataset, "target \"" + text + "\" is not one number", setup.where,
                  "give a number as target, or use another grader");
    targets.push_back(numbers.front());
  }
  return std::make_unique<NumericGrader>(std::move(targets), abs_tol, rel_tol, pick);
}

}  // namespace skillgrad::bench
