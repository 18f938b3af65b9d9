// SPDX-License-Identifier: MIT
#include "core/secret_matcher.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include <skillgrad/core/ascii.hpp>
#include <skillgrad/core/unicode.hpp>

namespace skillgrad {

namespace {

constexpr std::string_view kHidden = "***";
constexpr std::size_t kNone = std::string_view::npos;
constexpr std::size_t kFragment = 6;

std::uint8_t byte_of(char c) { return static_cast<std::uint8_t>(c); }

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char small = to_lower(c);
  return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

std::optional<std::uint32_t> read_hex(std::string_view text, std::size_t at, std::size_t digits) {
  if (at + digits > text.size()) return std::nullopt;
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    const int digit = hex_value(text[at + i]);
    if (digit < 0) return std::nullopt;
    value = value * 16 + static_cast<std::uint32_t>(digit);
  }
  return value;
}

std::string utf8_of(std::uint32_t code) {
  std::string out;
  append_utf8(out, static_cast<char32_t>(code));
  return out;
}

std::size_t backslashes_end(std::string_view text, std::size_t at) {
  while (at < text.size() && text[at] == '\\') ++at;
  return at;
}

/// A character by its number.
struct Unit {
  std::string bytes;
  std::size_t end;
};

/// "u00e9" (or a surrogate pair) or "xe9" behind backslashes that end at `at`.
std::optional<Unit> read_number(std::string_view text, std::size_t at) {
  if (at >= text.size()) return std::nullopt;
  if (text[at] == 'x') {
    const auto value = read_hex(text, at + 1, 2);
    if (!value) return std::nullopt;
    return Unit{utf8_of(*value), at + 3};
  }
  if (text[at] != 'u') return std::nullopt;
  const auto high = read_hex(text, at + 1, 4);
  if (!high) return std::nullopt;
  const std::size_t behind = backslashes_end(text, at + 5);
  if (*high >= 0xD800 && *high < 0xDC00 && behind > at + 5 && behind < text.size() &&
      text[behind] == 'u') {
    const auto low = read_hex(text, behind + 1, 4);
    if (low && *low >= 0xDC00 && *low < 0xE000)
      return Unit{utf8_of(0x10000 + ((*high - 0xD800) << 10U) + (*low - 0xDC00)), behind + 5};
  }
  return Unit{utf8_of(*high), at + 5};
}

/// Follows one needle through a text.
class Walk {
 public:
  Walk(std::string_view text, std::string_view needle, bool any_case)
      : text_(text), needle_(needle), any_case_(any_case) {}

  /// Where the needle from `i` on, which begins at `at`, ends; kNone if it is not there.
  [[nodiscard]] std::size_t end(std::size_t at, std::size_t i) const {
    while (i < needle_.size()) {
      if (at >= text_.size()) return kNone;
      const char c = text_[at];
      if (c == '%') return percent(at, i);
      if (c == '\\') {
        if (!backslash(at, i)) return kNone;
      } else if (same(c, i) || (c == '+' && needle_[i] == ' ')) {
        ++at;
        ++i;
      } else {
        return kNone;
      }
    }
    return at;
  }

 private:
  [[nodiscard]] bool same(char c, std::size_t i) const {
    return any_case_ ? to_lower(c) == needle_[i] : c == needle_[i];
  }

  /// "%2B", "%252B", ... or the sign itself: only then there is more than one way to go on.
  [[nodiscard]] std::size_t percent(std::size_t at, std::size_t i) const {
    if (needle_[i] == '%') {
      if (const std::size_t found = end(at + 1, i + 1); found != kNone) return found;
    }
    for (std::size_t digits = at + 1;; digits += 2) {
      const auto value = read_hex(text_, digits, 2);
      if (!value) return kNone;
      if (same(static_cast<char>(*value), i)) return end(digits + 2, i + 1);
      if (*value != '%') return kNone;
    }
  }

  bool backslash(std::size_t& at, std::size_t& i) const {
    const std::size_t run = backslashes_end(text_, at);
    if (const auto unit = read_number(text_, run)) {
      const bool one = unit->bytes.size() == 1 && same(unit->bytes[0], i);
      if (one || needle_.compare(i, unit->bytes.size(), unit->bytes) == 0) {
        at = unit->end;
        i += unit->bytes.size();
        return true;
      }
    }
    if (needle_[i] == '\\') {
      at = run;
      i = backslashes_end(needle_, i);  // one run of them, however often it was escaped
      return true;
    }
    // Letters behind a backslash mean something else (\n).
    if (run >= text_.size() || is_alnum(needle_[i]) || text_[run] != needle_[i]) return false;
    at = run + 1;
    ++i;
    return true;
  }

  std::string_view text_, needle_;
  bool any_case_;
};

/// Where the escape sequence begins that `at` stands in, or `at`: cutting one would break JSON.
std::size_t escape_begin(std::string_view text, std::size_t at) {
  const auto run_before = [&](std::size_t end) {
    std::size_t begin = end;
    while (begin > 0 && text[begin - 1] == '\\') --begin;
    return begin;
  };
  if (const std::size_t begin = run_before(at); (at - begin) % 2 == 1) return begin;
  for (std::size_t back = 1; back <= 4 && back <= at; ++back) {
    const std::size_t u = at - back;
    if (text[u] == 'u') {
      const std::size_t begin = run_before(u);
      return (u - begin) % 2 == 1 ? begin : at;
    }
    if (hex_value(text[u]) < 0) break;
  }
  return at;
}

std::string base64(std::string_view text, bool url_safe) {
  const std::string alphabet =
      std::string("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") +
      (url_safe ? "-_" : "+/");
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 3) {
    std::uint32_t block = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      block = (block << 8U) | (i + j < text.size() ? byte_of(text[i + j]) : 0U);
    }
    for (unsigned j = 0; j < 4; ++j) {
      if (i + j <= text.size()) out += alphabet[(block >> (18U - 6U * j)) & 63U];
    }
  }
  return out;
}

/// The characters that encode the secret alone wherever it stands in the encoded text: with
/// `offset` bytes before it (mod 3), less the characters shared with its neighbours.
std::string base64_core(std::string_view secret, std::size_t offset, bool url_safe) {
  const std::string encoded = base64(std::string(offset, '\0') + std::string(secret), url_safe);
  const std::size_t begin = offset == 0 ? 0 : offset + 1;
  const std::size_t end = (offset + secret.size()) * 8 / 6;
  return encoded.substr(begin, end - begin);
}

std::string hex(std::string_view text) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    out += kDigits[byte_of(c) >> 4U];
    out += kDigits[byte_of(c) & 15U];
  }
  return out;
}

bool in_word(char c) {
  return byte_of(c) > ' ' && std::string_view("\"'`\\<>()[]{},;").find(c) == kNone;
}

}  // namespace

SecretMatcher::SecretMatcher(const std::vector<std::string>& secrets) {
  std::set<std::pair<std::string, bool>> forms;
  for (const std::string& secret : secrets) {
    forms.emplace(secret, false);
    forms.emplace(hex(secret), true);
    for (const bool url_safe : {false, true}) {
      for (std::size_t offset = 0; offset < 3; ++offset)
        forms.emplace(base64_core(secret, offset, url_safe), false);
    }
    // Of "Bearer TOKEN" the first word is no secret; the token is registered alone.
    if (secret.find(' ') != std::string::npos) continue;
    fragments_.push_back(secret.substr(0, kFragment));
    fragments_.push_back(secret.substr(secret.size() - std::min(kFragment, secret.size())));
  }
  for (const auto& form : forms) needles_.push_back({form.first, form.second});
  std::stable_sort(needles_.begin(), needles_.end(),
                   [](const Needle& a, const Needle& b) { return a.text.size() > b.text.size(); });
  may_start_[byte_of('%')] = may_start_[byte_of('\\')] = true;
  for (std::uint32_t i = 0; i < needles_.size(); ++i) {
    const char first = needles_[i].text.front();
    by_first_[byte_of(first)].push_back(i);
    may_start_[byte_of(first)] = true;
    if (!needles_[i].any_case || first < 'a') continue;
    const auto upper = static_cast<char>(first - 'a' + 'A');
    by_first_[byte_of(upper)].push_back(i);
    may_start_[byte_of(upper)] = true;
  }
}

std::size_t SecretMatcher::find_end(std::string_view text, std::size_t at) const {
  std::size_t found = kNone;
  const auto try_with = [&](char first) {
    for (const std::uint32_t i : by_first_[byte_of(first)]) {
      if (found != kNone) return;
      found = Walk(text, needles_[i].text, needles_[i].any_case).end(at, 0);
    }
  };
  try_with(text[at]);
  if (text[at] == '\\') {
    const std::size_t run = backslashes_end(text, at);
    if (run < text.size() && !is_alnum(text[run])) try_with(text[run]);
    if (const auto unit = read_number(text, run)) try_with(unit->bytes[0]);
  } else if (text[at] == '%') {
    for (std::size_t digits = at + 1;; digits += 2) {
      const auto value = read_hex(text, digits, 2);
      if (!value) break;
      if (*value != '%' || digits == at + 1) try_with(static_cast<char>(*value));
      if (*value != '%') break;
    }
  }
  return found;
}

std::string SecretMatcher::replace(std::string_view text) const {
  std::string out;
  std::size_t copied = 0;
  for (std::size_t at = 0; at < text.size();) {
    if (!may_start_[byte_of(text[at])]) {
      ++at;
      continue;
    }
    const std::size_t end = find_end(text, at);
    if (end == kNone) {
      // A run of backslashes is looked at once, from its beginning.
      at = text[at] == '\\' ? backslashes_end(text, at) : at + 1;
      continue;
    }
    const std::size_t begin = std::max(copied, escape_begin(text, at));
    out.append(text.substr(copied, begin - copied)).append(kHidden);
    at = copied = end;
  }
  return copied == 0 ? std::string(text) : out.append(text.substr(copied));
}

std::string SecretMatcher::replace_fragments(std::string_view text) const {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && in_word(text[end])) ++end;
    const std::string_view word = text.substr(at, end - at);
    const bool hidden =
        std::any_of(fragments_.begin(), fragments_.end(),
                    [&](const std::string& part) { return word.find(part) != kNone; });
    out += hidden ? kHidden : word;
    if (end < text.size()) out += text[end++];
    at = end;
  }
  return out;
}

}  // namespace skillgrad
