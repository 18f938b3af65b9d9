// SPDX-License-Identifier: MIT
#include "llm/wire/field.hpp"

#include <array>
#include <charconv>
#include <cmath>

#include <skillgrad/core/text.hpp>

namespace skillgrad::llm {

const Json* member(const Json* value, const char* key) {
  if (value == nullptr || !value->is_object()) return nullptr;
  const auto found = value->find(key);
  if (found == value->end() || found->is_null()) return nullptr;
  return &*found;
}

const Json* member_of(const Json* value, std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    if (const Json* found = member(value, key)) return found;
  }
  return nullptr;
}

std::string text_of(const Json* value) {
  if (value == nullptr) return {};
  if (value->is_string()) return value->get_ref<const std::string&>();
  if (value->is_number() || value->is_boolean()) return dump_json(*value);
  return {};
}

std::optional<double> number_of(const Json* value) {
  if (value == nullptr) return std::nullopt;
  double number = 0;
  if (value->is_number()) {
    number = value->get<double>();
  } else if (value->is_string()) {
    const std::string_view text = trim(value->get_ref<const std::string&>());
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  } else {
    return std::nullopt;
  }
  if (!std::isfinite(number)) return std::nullopt;
  return number;
}

std::optional<std::int64_t> integer_of(const Json* value) {
  const std::optional<double> number = number_of(value);
  if (!number || std::abs(*number) > 9e15) return std::nullopt;
  return static_cast<std::int64_t>(std::floor(*number));
}

namespace {

std::optional<unsigned> hex4(std::string_view text) {
  unsigned value = 0;
  if (text.size() < 4) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + 4, value, 16);
  if (error != std::errc{} || end != text.data() + 4) return std::nullopt;
  return value;
}

/// Copies the escape at `text[i] == '\\'`; a surrogate without its partner becomes U+FFFD.
std::size_t copy_escape(std::string_view text, std::size_t i, std::string& out) {
  if (i + 1 >= text.size() || text[i + 1] != 'u') {
    out.append(text.substr(i, 2));
    return i + 2;
  }
  const auto unit = hex4(text.substr(i + 2));
  if (!unit || *unit < 0xD800 || *unit > 0xDFFF) {
    out.append(text.substr(i, 6));
    return i + 6;
  }
  const bool high = *unit < 0xDC00;
  if (high && text.substr(i + 6, 2) == "\\u") {
    const auto low = hex4(text.substr(i + 8));
    if (low && *low >= 0xDC00 && *low <= 0xDFFF) {
      out.append(text.substr(i, 12));
      return i + 12;
    }
  }
  out += "\\ufffd";
  return i + 6;
}

bool number_char(char c) {
  return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

/// Copies the token at `i` outside strings; tokens that stand for no finite number become null.
std::size_t copy_token(std::string_view text, std::size_t i, std::string& out) {
  for (const std::string_view word : {"-Infinity", "Infinity", "NaN"}) {
    if (text.substr(i, word.size()) == word) {
      out += "null";
      return i + word.size();
    }
  }
  std::size_t end = i;
  while (end < text.size() && number_char(text[end])) ++end;
  if (end == i) {
    out += text[i];
    return i + 1;
  }
  double value = 0;
  const auto parsed = std::from_chars(text.data() + i, text.data() + end, value);
  if (parsed.ec == std::errc::result_out_of_range) {
    out += "null";
  } else {
    out.append(text.substr(i, end - i));
  }
  return end;
}

std::string mend_json(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  bool in_string = false;
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (in_string && c == '\\') {
      i = copy_escape(text, i, out);
      continue;
    }
    if (c == '"') {
      in_string = !in_string;
      out += c;
      ++i;
    } else if (in_string) {
      out += c;
      ++i;
    } else {
      i = copy_token(text, i, out);
    }
  }
  return out;
}

}  // namespace

Result<Json> parse_reply_json(std::string_view text, std::string_view where, DeepValues deep) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  text = trim(text);
  Result<Json> parsed = parse_tolerant_json(text, where, deep);
  if (parsed) return parsed;
  Result<Json> mended = parse_tolerant_json(mend_json(sanitize_utf8(text)), where, deep);
  if (mended) return mended;
  return parsed;
}

void append_json_string(std::string& out, std::string_view text) {
  std::string clean;
  if (first_invalid_utf8(text) || text.find('\0') != std::string_view::npos) {
    clean = sanitize_utf8(text);
    text = clean;
  }
  static constexpr std::array<char, 16> kHex = {'0', '1', '2', '3', '4', '5', '6', '7',
                                                '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'};
  out += '"';
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7F) continue;
    out.append(text.substr(start, i - start));
    start = i + 1;
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        out += "\\u00";
        out += kHex[c >> 4U];
        out += kHex[c & 15U];
    }
  }
  out.append(text.substr(start));
  out += '"';
}

}  // namespace skillgrad::llm
