// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include <skillgrad/core/error.hpp>

#include "sheet/xml/zip_archive.hpp"

namespace skillgrad::sheet {

/// The bytes of an XML part as UTF-8 without a byte order mark. UTF-16 and ISO-8859-1 are
/// converted; UTF-8, which nearly every part is, is looked over where it lies and not copied.
class XmlSource {
 public:
  explicit XmlSource(ZipPart part) : part_(std::move(part)) {}
  /// Fills `buffer`, of kLeast bytes or more; 0 at the end. Errors: those of the part, an encoding
  /// that is not known, bytes that are no characters of XML.
  [[nodiscard]] Result<std::size_t> read(char* buffer, std::size_t size);
  [[nodiscard]] const std::string& name() const { return part_.name(); }
  [[nodiscard]] bool take_element() { return part_.take_element(); }

  static constexpr std::size_t kLeast = 1024;

 private:
  enum class Encoding { unknown, utf8, ascii, latin1, utf16_little, utf16_big };
  [[nodiscard]] tl::unexpected<Error> problem(std::string what) const;
  [[nodiscard]] Result<std::size_t> read_some(char* buffer, std::size_t size);
  [[nodiscard]] Result<std::size_t> read_first(char* buffer, std::size_t size);
  [[nodiscard]] Result<Encoding> encoding_of(std::string_view start) const;
  [[nodiscard]] Result<std::size_t> convert_more(char* buffer, std::size_t size);
  [[nodiscard]] Result<> convert();
  [[nodiscard]] Result<> check(std::string_view bytes);
  [[nodiscard]] Result<> check_utf8(std::string_view bytes);
  [[nodiscard]] bool is_wide() const {
    return encoding_ == Encoding::utf16_little || encoding_ == Encoding::utf16_big;
  }

  ZipPart part_;
  Encoding encoding_ = Encoding::unknown;
  bool ended_ = false;
  // Of a character that the end of a chunk cut: how many bytes are still to come, which the next
  // one may be, and what it is so far.
  int more_ = 0;
  std::uint32_t code_ = 0, least_ = 0;
  std::string raw_, ready_;  ///< of another encoding: read, converted
};

}  // namespace skillgrad::sheet
