// SPDX-License-Identifier: MIT
#include "bench/graders/ecmascript.hpp"

#include <algorithm>

#include <skillgrad/core/ascii.hpp>

namespace skillgrad::bench {
namespace {

// WhiteSpace and LineTerminator of ECMAScript, and all other code points, as members of a class.
constexpr std::string_view kSpace =
    R"(\t\n\x0b\f\r\x20\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff)";
constexpr std::string_view kNoSpace =
    R"(\x00-\x08\x0e-\x1f\x21-\x9f\xa1-\u167f\u1681-\u1fff\u200b-\u2027\u202a-\u202e)"
    R"(\u2030-\u205e\u2060-\u2fff\u3001-\ufefe\uff00-\u{10ffff})";
constexpr std::string_view kDot = R"([^\n\r\u2028\u2029])";
constexpr std::string_view kAnySign = R"((?s:.))";
// With the flag m: PCRE2 knows no line ends but \n there, and none at the very end.
constexpr std::string_view kLineBegin = R"((?:^|(?<=[\n\r\u2028\u2029])))";
constexpr std::string_view kLineEnd = R"((?:$|(?=[\n\r\u2028\u2029])))";
constexpr std::string_view kVerticalTab = R"(\x0b)";

bool is_one_of(char c, std::string_view set) { return set.find(c) != std::string_view::npos; }

/// The flags of "(?flags)" or "(?flags:" at the start of `rest`, or "".
std::string_view inline_flags(std::string_view rest) {
  if (!rest.starts_with("(?")) return "";
  const std::size_t end = rest.find_first_not_of("imsx-", 2);
  if (end == std::string_view::npos || end == 2 || !is_one_of(rest[end], ":)")) return "";
  return rest.substr(2, end - 2);
}

class Translator {
 public:
  Translator(std::string_view pattern, const std::string& where)
      : pattern_(pattern), where_(where) {}

  Result<PcrePattern> run() {
    while (at_ < pattern_.size()) {
      const char c = pattern_[at_];
      if (c == '\\') {
        read_escape();
      } else if (c == '[') {
        read_class();
      } else if (c == '(') {
        SKILLGRAD_CHECK(read_group());
      } else if (c == ')') {
        if (!outer_.empty()) {
          flags_ = outer_.back();
          outer_.pop_back();
        }
        copy(1);
      } else {
        emit(plain_sign(c), 1);
      }
    }
    return std::move(out_);
  }

 private:
  /// What a flag decides is translated and not left to PCRE2.
  struct Flags {
    bool dot_all = false, lines = false;
  };
  [[nodiscard]] std::string_view plain_sign(char c) const {
    if (c == '.') return flags_.dot_all ? kAnySign : kDot;
    if (c == '^' && flags_.lines) return kLineBegin;
    if (c == '$' && flags_.lines) return kLineEnd;
    return pattern_.substr(at_, 1);
  }

  void emit(std::string_view text, std::size_t source_size) {
    out_.text += text;
    out_.origin.resize(out_.text.size(), at_);
    at_ += source_size;
  }
  void copy(std::size_t size) {
    for (const std::size_t end = std::min(at_ + size, pattern_.size()); at_ < end;)
      emit(pattern_.substr(at_, 1), 1);
  }
  [[nodiscard]] char ahead(std::size_t count) const {
    return at_ + count < pattern_.size() ? pattern_[at_ + count] : '\0';
  }
  /// Whether an escape of several signs stands here: \d and its like, \p{...}.
  [[nodiscard]] bool is_class_escape(std::size_t offset) const {
    if (ahead(offset) != '\\') return false;
    const char c = ahead(offset + 1);
    return is_one_of(c, "dDwWsS") || (is_one_of(c, "pP") && ahead(offset + 2) == '{');
  }

  // Letters that mean nothing to ECMAScript stand for themselves.
  void read_escape() {
    const char c = ahead(1);
    const bool known = is_one_of(c, "dDwWbBnrtfcxu") || (is_one_of(c, "pP") && ahead(2) == '{') ||
                       (c == 'k' && ahead(2) == '<');
    if (c == 's')
      emit("[" + std::string(kSpace) + "]", 2);
    else if (c == 'S')
      emit("[^" + std::string(kSpace) + "]", 2);
    else if (c == 'v')
      emit(kVerticalTab, 2);
    else if (is_letter(c) && !known)
      emit(pattern_.substr(at_ + 1, 1), 2);
    else
      copy(2);
  }

  void read_class_escape() {
    const char c = ahead(1);
    if (c == 's')
      emit(kSpace, 2);
    else if (c == 'S')
      emit(kNoSpace, 2);
    else if (c == 'v')
      emit(kVerticalTab, 2);
    else if (is_letter(c) && !is_one_of(c, "dDwWbnrtfcxu") && !is_class_escape(0))
      emit(pattern_.substr(at_ + 1, 1), 2);
    else
      copy(2);
  }

  void read_class() {
    copy(ahead(1) == '^' ? 2 : 1);
    bool after_class = false;  // a hyphen behind or before such an escape is no range
    while (at_ < pattern_.size() && pattern_[at_] != ']') {
      const bool class_escape = is_class_escape(0);
      if (pattern_[at_] == '\\')
        read_class_escape();
      else if (pattern_[at_] == '[')
        emit("\\[", 1);
      else if (pattern_[at_] == '-' && (after_class || is_class_escape(1)))
        emit("\\-", 1);
      else
        copy(1);
      after_class = class_escape;
    }
    copy(1);
  }

  Result<> read_group() {
    const std::string_view rest = pattern_.substr(at_);
    const std::string_view flags = inline_flags(rest);
    const bool known = !rest.starts_with("(?") && !rest.starts_with("(*");
    const bool named = rest.starts_with("(?<") && rest.size() > 3;
    const bool plain =
        rest.starts_with("(?:") || rest.starts_with("(?=") || rest.starts_with("(?!");
    if (!known && !named && !plain && flags.empty())
      return fail(ErrorCode::dataset,
                  "bad pattern \"" + std::string(pattern_) + "\": ECMAScript knows no group \"" +
                      std::string(rest.substr(0, 3)) + "\" (at offset " + std::to_string(at_) + ")",
                  where_,
                  rest.starts_with("(?P")
                      ? "write (?<name>...) and \\k<name>"
                      : "use (...), (?:...), (?=...), (?!...), (?<=...), (?<!...)");
    const bool only_flags = !flags.empty() && rest[2 + flags.size()] == ')';
    // Flags on their own hold up to the end of the group they stand in.
    if (!only_flags) outer_.push_back(flags_);
    if (flags.empty())
      copy(named || plain ? 3 : 1);
    else
      read_flags(flags, only_flags ? ")" : ":");
    return {};
  }

  void read_flags(std::string_view flags, std::string_view end) {
    bool on = true;
    std::string kept;
    for (const char flag : flags) {
      if (flag == '-') on = false;
      if (flag == 's') flags_.dot_all = on;
      if (flag == 'm') flags_.lines = on;
      if (!is_one_of(flag, "sm")) kept += flag;
    }
    if (kept == "-") kept.clear();
    const std::size_t size = 2 + flags.size() + 1;
    if (kept.empty() && end == ")")
      at_ += size;
    else
      emit("(?" + kept + std::string(end), size);
  }

  std::string_view pattern_;
  const std::string& where_;
  std::size_t at_ = 0;
  Flags flags_;
  std::vector<Flags> outer_;  ///< of the groups that are open
  PcrePattern out_;
};

}  // namespace

Result<PcrePattern> from_ecmascript(std::string_view pattern, const std::string& where) {
  return Translator(pattern, where).run();
}

}  // namespace skillgrad::bench
