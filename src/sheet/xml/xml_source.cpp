// SPDX-License-Identifier: MIT
#include "sheet/xml/xml_source.hpp"

#include <algorithm>
#include <cstring>

#include <skillgrad/core/text.hpp>
#include <skillgrad/core/unicode.hpp>

#include "sheet/xml/xml_chars.hpp"

namespace skillgrad::sheet {
namespace {

/// What a block of bytes holds besides plain ASCII.
struct Findings {
  unsigned char control = 0;  ///< not 0: a control character that XML does not allow
  unsigned char high = 0;     ///< 0x80 and more: a byte beyond ASCII
};

// Without branches and of a fixed size, so that compilers make vector instructions of it.
template <std::size_t kSize>
void look_over(const char* bytes, Findings& found) {
  unsigned char control = 0, high = 0;
  for (std::size_t i = 0; i < kSize; ++i) {
    const auto c = static_cast<unsigned char>(bytes[i]);
    high = static_cast<unsigned char>(high | c);
    control = static_cast<unsigned char>(control |
                                         ((c < 0x20) & (c != '\t') & (c != '\n') & (c != '\r')));
  }
  found.control = static_cast<unsigned char>(found.control | control);
  found.high = static_cast<unsigned char>(found.high | high);
}

Findings look_over(std::string_view bytes) {
  constexpr std::size_t kBlock = 64;
  Findings found;
  std::size_t i = 0;
  for (; i + kBlock <= bytes.size(); i += kBlock) look_over<kBlock>(bytes.data() + i, found);
  for (; i < bytes.size(); ++i) look_over<1>(bytes.data() + i, found);
  return found;
}

/// How many bytes at the start are ASCII, nearly.
std::size_t plain_start(std::string_view bytes) {
  std::size_t size = 0;
  std::uint64_t word = 0;
  for (; bytes.size() - size >= sizeof word; size += sizeof word) {
    std::memcpy(&word, bytes.data() + size, sizeof word);
    if ((word & 0x8080808080808080U) != 0) break;
  }
  return size;
}

/// The encoding that an XML declaration names, in capitals, or "".
std::string declared_encoding(std::string_view text) {
  if (!text.starts_with("<?xml")) return "";
  const std::string_view declaration = text.substr(0, text.find("?>"));
  std::size_t at = declaration.find("encoding");
  if (at == std::string_view::npos) return "";
  at = declaration.find_first_of("\"'", at);
  if (at == std::string_view::npos) return "";
  const std::size_t end = declaration.find(declaration[at], at + 1);
  std::string name(declaration.substr(at + 1, end == std::string_view::npos ? 0 : end - at - 1));
  for (char& c : name) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return name;
}

}  // namespace

tl::unexpected<Error> XmlSource::problem(std::string what) const {
  return unexpected(unreadable(name() + ": " + std::move(what)));
}

Result<std::size_t> XmlSource::read(char* buffer, std::size_t size) {
  if (encoding_ == Encoding::unknown) return read_first(buffer, size);
  if (encoding_ != Encoding::utf8) return convert_more(buffer, size);
  SKILLGRAD_TRY(const std::size_t count, read_some(buffer, size));
  SKILLGRAD_CHECK(check({buffer, count}));
  return count;
}

Result<std::size_t> XmlSource::read_some(char* buffer, std::size_t size) {
  SKILLGRAD_TRY(const std::size_t count, part_.read(buffer, size));
  ended_ = count == 0;
  return count;
}

// Enough for the declaration, which says what the rest is.
Result<std::size_t> XmlSource::read_first(char* buffer, std::size_t size) {
  std::size_t count = 0;
  while (count < kLeast && !ended_) {
    SKILLGRAD_TRY(const std::size_t more, read_some(buffer + count, size - count));
    count += more;
  }
  const std::string_view start(buffer, count);
  SKILLGRAD_TRY(encoding_, encoding_of(start));
  if (encoding_ != Encoding::utf8) {
    raw_ = start.substr(is_wide() && !start.starts_with('<') && !start.starts_with('\0') ? 2 : 0);
    return convert_more(buffer, size);
  }
  const std::size_t mark = start.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  SKILLGRAD_CHECK(check(start.substr(mark)));
  if (mark > 0) std::memmove(buffer, buffer + mark, count - mark);
  return count - mark;
}

Result<XmlSource::Encoding> XmlSource::encoding_of(std::string_view start) const {
  using namespace std::string_view_literals;
  if (start.starts_with("\xFF\xFE") || start.starts_with("<\0"sv)) return Encoding::utf16_little;
  if (start.starts_with("\xFE\xFF") || start.starts_with("\0<"sv)) return Encoding::utf16_big;
  const std::string name =
      declared_encoding(start.substr(start.starts_with("\xEF\xBB\xBF") ? 3 : 0));
  if (name.empty() || name == "UTF-8" || name == "UTF8") return Encoding::utf8;
  if (name == "US-ASCII") return Encoding::ascii;
  if (name == "ISO-8859-1") return Encoding::latin1;
  return problem("is in the encoding \"" + name.substr(0, 40) + "\"");
}

Result<std::size_t> XmlSource::convert_more(char* buffer, std::size_t size) {
  while (ready_.empty() && !(ended_ && raw_.empty())) {
    SKILLGRAD_CHECK(convert());
    if (!ready_.empty() || ended_) break;
    const std::size_t kept = raw_.size();
    raw_.resize(kept + kLeast);
    SKILLGRAD_TRY(const std::size_t count, read_some(raw_.data() + kept, kLeast));
    raw_.resize(kept + count);
  }
  if (ready_.empty() && !raw_.empty()) return problem("ends in the middle of a character");
  const std::size_t count = std::min(size, ready_.size());
  std::memcpy(buffer, ready_.data(), count);
  ready_.erase(0, count);
  return count;
}

/// Takes the whole characters of raw_.
Result<> XmlSource::convert() {
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(raw_[i]));
  };
  const auto unit = [&](std::size_t i) {
    return encoding_ == Encoding::utf16_little ? byte(i) | byte(i + 1) << 8
                                               : byte(i) << 8 | byte(i + 1);
  };
  std::size_t at = 0;
  while (at < raw_.size()) {
    std::uint32_t code = byte(at);
    std::size_t size = 1;
    if (is_wide()) {
      size = 2;
      if (raw_.size() - at < size) break;
      code = unit(at);
      if (code >= 0xD800 && code < 0xDC00) {
        size = 4;
        if (raw_.size() - at < size) break;
        const std::uint32_t low = unit(at + 2);
        if (low < 0xDC00 || low >= 0xE000) return problem("holds half a character");
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
      }
    }
    const bool beyond = encoding_ == Encoding::ascii && code >= 0x80;
    if (beyond || !is_xml_char(code)) return problem("holds what is no character of XML");
    append_utf8(ready_, static_cast<char32_t>(code));
    at += size;
  }
  raw_.erase(0, at);
  return {};
}

Result<> XmlSource::check(std::string_view bytes) {
  const Findings found = look_over(bytes);
  if (found.control != 0) return problem("holds a control character");
  if (bytes.empty() && more_ > 0) return problem("ends in the middle of a character");
  return found.high < 0x80 && more_ == 0 ? Result<>() : check_utf8(bytes);
}

Result<> XmlSource::check_utf8(std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (more_ == 0) i += plain_start(bytes.substr(i));
    if (i == bytes.size()) break;
    const auto c = static_cast<unsigned char>(bytes[i]);
    if (more_ > 0) {
      if ((c & 0xC0) != 0x80) return problem("is not UTF-8");
      code_ = code_ << 6 | (c & 0x3FU);
      if (--more_ == 0 && (code_ < least_ || !is_xml_char(code_)))
        return problem("holds what is no character of XML");
    } else if (c >= 0x80) {
      more_ = c >= 0xF0 ? 3 : c >= 0xE0 ? 2 : 1;
      if (c < 0xC2 || c > 0xF4) return problem("is not UTF-8");
      code_ = c & (0x3FU >> more_);
      least_ = more_ == 3 ? 0x10000 : more_ == 2 ? 0x800 : 0x80;
    }
  }
  return {};
}

}  // namespace skillgrad::sheet
