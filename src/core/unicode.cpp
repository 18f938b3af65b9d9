// SPDX-License-Identifier: MIT
#include <array>
#include <cstdint>
#include <cstring>

#include <utf8proc.h>

#include <skillgrad/core/text.hpp>

namespace skillgrad {

namespace {

unsigned byte_at(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

/// Number of bytes at the start that are ASCII and not NUL.
std::size_t ascii_length(std::string_view text) {
  std::size_t length = 0;
  while (length < text.size() && byte_at(text, length) - 1 < 0x7F) ++length;
  return length;
}

/// Behind `at`, the first of eight bytes that are not all ASCII, or the end of the eights.
std::size_t skip_ascii(std::string_view text, std::size_t at) {
  constexpr std::uint64_t kHighBits = 0x8080808080808080U;
  for (std::uint64_t eight = 0; at + sizeof eight <= text.size(); at += sizeof eight) {
    std::memcpy(&eight, text.data() + at, sizeof eight);
    if ((eight & kHighBits) != 0) break;
  }
  return at;
}

/// Length of the valid code point at `at`, or 0. `bad` receives how many bytes to replace by one
/// U+FFFD (the longest prefix of a code point, at least one).
std::size_t code_point_length(std::string_view text, std::size_t at, std::size_t& bad) {
  const unsigned first = byte_at(text, at);
  bad = 1;
  if (first < 0x80) return 1;
  std::size_t length = 0;
  unsigned low = 0x80;
  unsigned high = 0xBF;
  if (first >= 0xC2 && first <= 0xDF) {
    length = 2;
  } else if (first >= 0xE0 && first <= 0xEF) {
    length = 3;
    if (first == 0xE0) low = 0xA0;   // overlong
    if (first == 0xED) high = 0x9F;  // surrogates
  } else if (first >= 0xF0 && first <= 0xF4) {
    length = 4;
    if (first == 0xF0) low = 0x90;   // overlong
    if (first == 0xF4) high = 0x8F;  // beyond U+10FFFF
  } else {
    return 0;
  }
  for (std::size_t i = 1; i < length; ++i) {
    if (at + i >= text.size()) return 0;
    const unsigned next = byte_at(text, at + i);
    if (next < low || next > high) return 0;
    low = 0x80;
    high = 0xBF;
    bad = i + 1;
  }
  return length;
}

/// Skips an escape sequence that starts at `at` (an ESC byte); returns the offset behind it.
std::size_t skip_escape(std::string_view text, std::size_t at) {
  ++at;
  if (at >= text.size()) return at;
  const char kind = text[at];
  if (kind == '[') {  // CSI: parameters and intermediates, then one final byte
    for (++at; at < text.size() && byte_at(text, at) >= 0x20 && byte_at(text, at) < 0x40;) ++at;
    return at < text.size() && byte_at(text, at) >= 0x40 && byte_at(text, at) < 0x7F ? at + 1 : at;
  }
  if (kind == ']' || kind == 'P' || kind == 'X' || kind == '^' || kind == '_') {
    // OSC, DCS, SOS, PM, APC: a string up to BEL or ESC \. An unfinished one ends with its line, so
    // that a stray byte cannot hide the rest of a text.
    for (++at; at < text.size() && text[at] != '\n'; ++at) {
      if (text[at] == '\a') return at + 1;
      if (text[at] == '\x1b') return at + 1 < text.size() && text[at + 1] == '\\' ? at + 2 : at;
    }
    return at;
  }
  while (at < text.size() && byte_at(text, at) >= 0x20 && byte_at(text, at) < 0x30) ++at;
  return at < text.size() && byte_at(text, at) >= 0x30 && byte_at(text, at) < 0x7F ? at + 1 : at;
}

}  // namespace

std::optional<std::size_t> first_invalid_utf8(std::string_view bytes) {
  std::size_t bad = 0;
  for (std::size_t at = skip_ascii(bytes, 0); at < bytes.size(); at = skip_ascii(bytes, at)) {
    const std::size_t length = code_point_length(bytes, at, bad);
    if (length == 0) return at;
    at += length;
  }
  return std::nullopt;
}

std::string sanitize_utf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  std::size_t bad = 0;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t plain = ascii_length(bytes.substr(at));
    out.append(bytes, at, plain);
    at += plain;
    if (at == bytes.size()) break;
    const std::size_t length = code_point_length(bytes, at, bad);
    if (length == 0) {
      out += "\xEF\xBF\xBD";
      at += bad;
      continue;
    }
    if (bytes[at] != '\0') out.append(bytes.substr(at, length));
    at += length;
  }
  return out;
}

std::string strip_control(std::string_view text) {
  const std::string clean = sanitize_utf8(text);
  const std::string_view view = clean;
  std::string out;
  out.reserve(view.size());
  for (std::size_t at = 0; at < view.size();) {
    const unsigned byte = byte_at(view, at);
    if (byte == 0x1B) {
      at = skip_escape(view, at);
    } else if (byte == 0xC2 && byte_at(view, at + 1) < 0xA0) {  // U+0080..U+009F
      at += 2;
    } else {
      if (byte == '\t' || byte == '\n' || (byte >= 0x20 && byte != 0x7F)) out += view[at];
      ++at;
    }
  }
  return out;
}

std::size_t count_code_points(std::string_view utf8) {
  std::size_t count = 0;
  for (const char c : utf8) {
    if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) ++count;
  }
  return count;
}

std::string slugify(std::string_view text) {
  const std::string clean = sanitize_utf8(text);
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(clean.data());
  const auto size = static_cast<utf8proc_ssize_t>(clean.size());
  std::string out;
  for (utf8proc_ssize_t at = 0; at < size;) {
    utf8proc_int32_t code = 0;
    const auto length = utf8proc_iterate(bytes + at, size - at, &code);
    if (length <= 0) break;
    at += length;
    const auto category = utf8proc_category(code);
    const bool letter = category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
    const bool number = category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO;
    if (!letter && !number) {
      if (!out.empty() && out.back() != '-') out += '-';
      continue;
    }
    std::array<utf8proc_uint8_t, 4> encoded{};
    const auto written = utf8proc_encode_char(utf8proc_tolower(code), encoded.data());
    for (utf8proc_ssize_t i = 0; i < written; ++i) {
      out += static_cast<char>(encoded[static_cast<std::size_t>(i)]);
    }
  }
  if (!out.empty() && out.back() == '-') out.pop_back();
  return out;
}

}  // namespace skillgrad
