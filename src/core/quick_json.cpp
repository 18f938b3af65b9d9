// SPDX-License-Identifier: MIT
#include "core/quick_json.hpp"

#include <algorithm>

#include <skillgrad/core/ascii.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/core/unicode.hpp>

namespace skillgrad {

namespace {

constexpr std::size_t kDeepest = 64;
constexpr std::size_t kMostKeys = 32;    ///< each is compared with those before it
constexpr std::size_t kMostDigits = 18;  ///< of a number that fits into 64 bits

/// Reads a text of valid UTF-8 from its begin to its end. Each function returns false where the
/// text is not of the quick kind; all is over then.
class QuickReader {
 public:
  explicit QuickReader(std::string_view text) : rest_(text) {}

  bool whole(Json& out) {
    if (!value(out)) return false;
    skip_blanks();
    return rest_.empty();
  }

 private:
  bool value(Json& out) {
    skip_blanks();
    if (rest_.empty()) return false;
    switch (rest_.front()) {
      case '{':
        return object(out);
      case '[':
        return array(out);
      case '"': {
        std::string text;
        if (!string(text)) return false;
        out = std::move(text);
        return true;
      }
      case 't':
        return word("true", true, out);
      case 'f':
        return word("false", false, out);
      case 'n':
        return word("null", nullptr, out);
      default:
        return number(out);
    }
  }

  bool object(Json& out) {
    if (++depth_ > kDeepest) return false;
    rest_.remove_prefix(1);
    out = Json::object();
    auto& members = static_cast<Json::object_t::Container&>(out.get_ref<Json::object_t&>());
    members.reserve(2);
    if (!take('}')) {
      do {
        skip_blanks();
        std::string key;
        if (members.size() == kMostKeys || !string(key)) return false;
        for (const auto& [known, _] : members)
          if (known == key) return false;
        members.emplace_back(std::move(key), Json());
        if (!take(':') || !value(members.back().second)) return false;
      } while (take(','));
      if (!take('}')) return false;
    }
    --depth_;
    return true;
  }

  bool array(Json& out) {
    if (++depth_ > kDeepest) return false;
    rest_.remove_prefix(1);
    out = Json::array();
    auto& items = out.get_ref<Json::array_t&>();
    if (!take(']')) {
      do {
        if (!value(items.emplace_back())) return false;
      } while (take(','));
      if (!take(']')) return false;
    }
    --depth_;
    return true;
  }

  bool string(std::string& out) {
    if (!rest_.starts_with('"')) return false;
    rest_.remove_prefix(1);
    for (;;) {
      std::size_t plain = 0;
      while (plain < rest_.size() && is_plain(rest_[plain])) ++plain;
      out.append(rest_.substr(0, plain));
      rest_.remove_prefix(plain);
      if (rest_.empty()) return false;
      const bool ended = rest_.front() == '"';
      if (!ended && rest_.front() != '\\') return false;  // a control character
      rest_.remove_prefix(1);
      if (ended) return true;
      if (!escape(out)) return false;
    }
  }

  static bool is_plain(char c) {
    return static_cast<unsigned char>(c) >= ' ' && c != '"' && c != '\\';
  }

  /// Behind the backslash.
  bool escape(std::string& out) {
    constexpr std::string_view kLetters = "\"\\/bfnrt", kSigns = "\"\\/\b\f\n\r\t";
    if (rest_.empty()) return false;
    const char letter = rest_.front();
    rest_.remove_prefix(1);
    if (letter == 'u') return number_escape(out);
    const std::size_t at = kLetters.find(letter);
    if (at == std::string_view::npos) return false;
    out += kSigns[at];
    return true;
  }

  /// Behind "\u"; two of them where the first is a high surrogate.
  bool number_escape(std::string& out) {
    char32_t code = 0;
    if (!hex(code)) return false;
    if (code >= 0xD800 && code < 0xE000) {
      char32_t low = 0;
      if (code >= 0xDC00 || !rest_.starts_with("\\u")) return false;
      rest_.remove_prefix(2);
      if (!hex(low) || low < 0xDC00 || low >= 0xE000) return false;
      code = 0x10000 + ((code - 0xD800) << 10U) + (low - 0xDC00);
    }
    append_utf8(out, code);
    return true;
  }

  bool hex(char32_t& code) {
    constexpr std::size_t kDigits = 4;
    if (rest_.size() < kDigits) return false;
    for (const char c : rest_.substr(0, kDigits)) {
      const char small = to_lower(c);
      if (!is_digit(c) && (small < 'a' || small > 'f')) return false;
      code = code * 16 + static_cast<char32_t>(is_digit(c) ? c - '0' : small - 'a' + 10);
    }
    rest_.remove_prefix(kDigits);
    return true;
  }

  /// An integer.
  bool number(Json& out) {
    const bool negative = rest_.starts_with('-');
    if (negative) rest_.remove_prefix(1);
    const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_digit);
    const auto digits = static_cast<std::size_t>(end - rest_.begin());
    if (digits == 0 || digits > kMostDigits || (digits > 1 && rest_.front() == '0')) return false;
    std::int64_t amount = 0;
    for (const char c : rest_.substr(0, digits)) amount = amount * 10 + (c - '0');
    rest_.remove_prefix(digits);
    if (!rest_.empty() && (rest_.front() == '.' || to_lower(rest_.front()) == 'e')) return false;
    if (negative)
      out = -amount;
    else
      out = static_cast<std::uint64_t>(amount);
    return true;
  }

  template <class Meaning>
  bool word(std::string_view text, Meaning meaning, Json& out) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    out = meaning;
    return true;
  }

  bool take(char sign) {
    skip_blanks();
    if (!rest_.starts_with(sign)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void skip_blanks() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\n' ||
                              rest_.front() == '\r' || rest_.front() == '\t'))
      rest_.remove_prefix(1);
  }

  std::string_view rest_;
  std::size_t depth_ = 0;
};

}  // namespace

std::optional<Json> read_quick_json(std::string_view text) {
  std::optional<Json> out(std::in_place);
  if (first_invalid_utf8(text) || !QuickReader(text).whole(*out)) return std::nullopt;
  return out;
}

}  // namespace skillgrad
