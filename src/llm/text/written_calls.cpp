// SPDX-License-Identifier: MIT
#include "llm/text/written_calls.hpp"

#include <array>
#include <charconv>
#include <utility>

#include <skillgrad/core/ascii.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/core/unicode.hpp>

#include "llm/text/search.hpp"

namespace skillgrad::llm {

namespace {

constexpr std::size_t kLongestWord = 128;
constexpr std::size_t kMaxArguments = 256;
constexpr int kMostNested = 32;

bool is_word_char(char c) { return is_alnum(c) || c == '_'; }

/// Reads from one place on. Every function returns false, or nothing, where what it wants does not
/// stand there; the reading is over then.
class Reader {
 public:
  Reader(std::string_view text, std::size_t at) : text_(text), at_(at) {}

  [[nodiscard]] std::size_t at() const { return at_; }

  void blanks() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != kNone) ++at_;
  }
  bool take(std::string_view token) {
    if (text_.substr(std::min(at_, text_.size()), token.size()) != token) return false;
    at_ += token.size();
    return true;
  }
  bool take_behind_blanks(char c) {
    blanks();
    return take(std::string_view(&c, 1));
  }

  std::string name() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && at_ - begin < kLongestWord && is_call_name_char(text_[at_])) ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }
  std::string word() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && at_ - begin < kLongestWord && is_word_char(text_[at_])) ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }

  std::optional<Json> value(int depth = 0) {
    blanks();
    if (at_ >= text_.size() || depth > kMostNested) return std::nullopt;
    for (const std::string_view quote : {"<escape>", "<|\"|>"}) {
      if (take(quote)) return until(quote);
    }
    const char c = text_[at_];
    if (c == '[' || c == '(') return list(c == '[' ? ']' : ')', depth);
    if (c == '{') return object(depth);
    if (is_digit(c) || c == '-' || c == '+' || c == '.') return number();
    return text_or_word();
  }

  /// {key: value, ..}; keys may stand without quotation marks.
  std::optional<Json> object(int depth) {
    if (!take("{")) return std::nullopt;
    Json out = Json::object();
    if (take_behind_blanks('}')) return out;
    while (out.size() <= kMaxArguments) {
      auto key = object_key(depth);
      if (!key || !take_behind_blanks(':')) return std::nullopt;
      auto item = value(depth + 1);
      if (!item) return std::nullopt;
      out[*key] = std::move(*item);
      const bool more = take_behind_blanks(',');
      if (take_behind_blanks('}')) return out;
      if (!more) return std::nullopt;
    }
    return std::nullopt;
  }

  /// key=value or value, after the opening bracket of a call.
  bool argument(WrittenCall& call) {
    blanks();
    const std::size_t begin = at_;
    std::string key = word();
    if (!key.empty() && !is_digit(key.front()) && take_behind_blanks('=') && !take("=")) {
      auto item = value();
      if (!item) return false;
      call.named[key] = std::move(*item);
      return true;
    }
    at_ = begin;
    auto item = value();
    if (!item) return false;
    call.positional.push_back(std::move(*item));
    return true;
  }

 private:
  std::optional<std::string> object_key(int depth) {
    blanks();
    if (at_ < text_.size() && is_word_char(text_[at_])) {
      std::string bare = name();
      return bare.empty() ? std::nullopt : std::optional<std::string>(std::move(bare));
    }
    auto key = value(depth + 1);
    if (!key || !key->is_string()) return std::nullopt;
    return key->get<std::string>();
  }

  std::optional<Json> until(std::string_view quote) {
    const auto end = text_.find(quote, at_);
    if (end == kNone) return std::nullopt;
    std::string out = sanitize_utf8(text_.substr(at_, end - at_));
    at_ = end + quote.size();
    return Json(std::move(out));
  }

  std::optional<Json> list(char close, int depth) {
    ++at_;
    Json out = Json::array();
    if (take_behind_blanks(close)) return out;
    while (true) {
      auto item = value(depth + 1);
      if (!item) return std::nullopt;
      out.push_back(std::move(*item));
      const bool more = take_behind_blanks(',');
      if (take_behind_blanks(close)) {
        // (x) is x in brackets; (x,) is a tuple.
        if (close == ')' && !more && out.size() == 1) return Json(out.front());
        return out;
      }
      if (!more) return std::nullopt;
    }
  }

  std::optional<Json> number() {
    std::string digits;
    const std::size_t begin = at_;
    while (
        at_ < text_.size() && at_ - begin < kLongestWord &&
        (is_word_char(text_[at_]) || text_[at_] == '.' || text_[at_] == '-' || text_[at_] == '+')) {
      if (text_[at_] != '_') digits += text_[at_];
      ++at_;
    }
    if (digits.starts_with('+')) digits.erase(0, 1);
    const char* const first = digits.data();
    const char* const last = first + digits.size();
    std::int64_t whole = 0;
    if (const auto [end, error] = std::from_chars(first, last, whole);
        error == std::errc{} && end == last) {
      return Json(whole);
    }
    double real = 0;
    if (const auto [end, error] = std::from_chars(first, last, real);
        error == std::errc{} && end == last) {
      return Json(real);
    }
    return std::nullopt;
  }

  std::optional<Json> text_or_word() {
    const std::size_t begin = at_;
    const std::string prefix = word();
    const bool quoted = at_ < text_.size() && (text_[at_] == '"' || text_[at_] == '\'');
    if (quoted && prefix.size() <= 2) return strings(to_lower_ascii(prefix));
    static constexpr std::array<std::pair<std::string_view, int>, 6> kWords = {
        {{"True", 1}, {"true", 1}, {"False", 0}, {"false", 0}, {"None", 2}, {"null", 2}}};
    for (const auto& [known, meaning] : kWords) {
      if (prefix == known) return meaning == 2 ? Json() : Json(meaning == 1);
    }
    at_ = begin;
    return std::nullopt;
  }

  /// One string, or several beside each other, which Python joins.
  std::optional<Json> strings(const std::string& prefix) {
    if (prefix.find_first_not_of("rbuf") != std::string::npos) return std::nullopt;
    std::string out;
    std::string kind = prefix;
    while (true) {
      if (!one_string(kind, out)) return std::nullopt;
      const std::size_t behind = at_;
      blanks();
      kind = to_lower_ascii(word());
      const bool more = at_ < text_.size() && (text_[at_] == '"' || text_[at_] == '\'') &&
                        kind.size() <= 2 && kind.find_first_not_of("rbuf") == std::string::npos;
      if (more) continue;
      at_ = behind;
      return Json(sanitize_utf8(out));
    }
  }

  bool one_string(const std::string& kind, std::string& out) {
    const char quote = text_[at_];
    const std::string triple(3, quote);
    const std::string end = take(triple) ? triple : std::string(1, quote);
    if (end.size() == 1) ++at_;
    const bool raw = kind.find('r') != std::string::npos;
    const bool formatted = kind.find('f') != std::string::npos;
    while (at_ < text_.size()) {
      if (take(end)) return true;
      const char c = text_[at_];
      if (formatted && c == '{') return false;  // its value is not known
      if (c != '\\') {
        out += c;
        ++at_;
      } else if (raw) {
        out += text_.substr(at_, 2);
        at_ += 2;
      } else if (!escape(out)) {
        return false;
      }
    }
    return false;
  }

  bool escape(std::string& out) {
    static constexpr std::string_view kEscapes = "nrtabfv\\'\"/";
    static constexpr std::string_view kMeanings = "\n\r\t\a\b\f\v\\'\"/";
    if (at_ + 1 >= text_.size()) return false;
    const char c = text_[at_ + 1];
    at_ += 2;
    if (const auto known = kEscapes.find(c); known != kNone) {
      out += kMeanings[known];
      return true;
    }
    if (c == '\n') return true;
    if (c == 'x') return code(out, 2);
    if (c == 'u') return code(out, 4);
    if (c == 'U') return code(out, 8);
    if (c >= '0' && c <= '7') {
      --at_;
      std::size_t size = 1;
      while (size < 3 && at_ + size < text_.size() && text_[at_ + size] >= '0' &&
             text_[at_ + size] <= '7') {
        ++size;
      }
      return code(out, size, 8);
    }
    out += '\\';
    out += c;
    return true;
  }

  std::optional<unsigned long> digits(std::size_t size, int base) {
    unsigned long value = 0;
    const std::string_view piece = text_.substr(std::min(at_, text_.size()), size);
    const auto [end, error] =
        std::from_chars(piece.data(), piece.data() + piece.size(), value, base);
    if (piece.size() < size || error != std::errc{} || end != piece.data() + piece.size()) {
      return std::nullopt;
    }
    at_ += size;
    return value;
  }

  bool code(std::string& out, std::size_t size, int base = 16) {
    auto value = digits(size, base);
    if (!value) return false;
    if (*value >= 0xD800 && *value < 0xDC00 && take("\\u")) {
      const auto low = digits(4, 16);
      if (!low) return false;
      value = 0x10000 + ((*value - 0xD800) << 10U) + (*low & 0x3FFU);
    }
    append_utf8(out, static_cast<char32_t>(*value > 0x10FFFF ? 0xFFFD : *value));
    return true;
  }

  std::string_view text_;
  std::size_t at_;
};

std::optional<WrittenCall> plain_call(std::string_view text, std::size_t at) {
  Reader reader(text, at);
  WrittenCall call;
  call.name = reader.name();
  if (call.name.empty() || is_digit(call.name.front()) || !reader.take("(")) return std::nullopt;
  bool more = true;
  while (!reader.take_behind_blanks(')')) {
    if (!more || call.named.size() + call.positional.size() >= kMaxArguments) return std::nullopt;
    if (!reader.argument(call)) return std::nullopt;
    more = reader.take_behind_blanks(',');
  }
  call.end = reader.at();
  return call;
}

}  // namespace

bool is_call_name_char(char c) { return is_word_char(c) || c == '-' || c == '.'; }

std::optional<WrittenCall> python_call(std::string_view text, std::size_t at) {
  Reader reader(text, at);
  if (!reader.take("print(")) return plain_call(text, at);
  reader.blanks();
  auto inner = plain_call(text, reader.at());
  if (!inner) return std::nullopt;
  Reader behind(text, inner->end);
  if (!behind.take_behind_blanks(')')) return std::nullopt;
  inner->end = behind.at();
  return inner;
}

std::optional<WrittenValue> python_value(std::string_view text, std::size_t at) {
  Reader reader(text, at);
  auto value = reader.value();
  if (!value) return std::nullopt;
  return WrittenValue{std::move(*value), reader.at()};
}

std::optional<WrittenCall> braced_call(std::string_view text, std::size_t at) {
  Reader reader(text, at);
  WrittenCall call;
  call.name = reader.name();
  if (call.name.empty()) return std::nullopt;
  reader.blanks();
  auto arguments = reader.object(0);
  if (!arguments) return std::nullopt;
  call.named = std::move(*arguments);
  call.end = reader.at();
  return call;
}

}  // namespace skillgrad::llm
