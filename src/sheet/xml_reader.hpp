// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <skillgrad/core/error.hpp>

#include "sheet/zip_archive.hpp"

namespace skillgrad::sheet {

/// Pull reader for one XML part of a workbook, in constant memory whatever the part's size.
/// Refuses what a workbook never needs and an attacker does: DTDs, unknown entities, nesting over
/// kMaxDepth, tags over kMaxTag bytes. Checks that tags match. UTF-8 only.
///
/// Name prefixes are dropped: office programs may bind any prefix to the main namespace.
class XmlReader {
 public:
  enum class Token { start, end, text, done, failed };
  static constexpr std::size_t kMaxDepth = 256;
  static constexpr std::size_t kMaxTag = std::size_t{1} << 20;

  explicit XmlReader(ZipPart part) : part_(std::move(part)) {}

  /// A text may come in several pieces. An empty element gives `start`, then `end`.
  [[nodiscard]] Token next();
  /// Local name, valid after `start` and `end`.
  [[nodiscard]] std::string_view name() const { return name_; }
  /// Number of open elements; the root's `start` and `end` both see 1.
  [[nodiscard]] std::size_t depth() const { return token_depth_; }
  [[nodiscard]] std::string_view text() const { return text_; }
  /// Attribute without a prefix, after `start`.
  [[nodiscard]] std::optional<std::string_view> attribute(std::string_view name) const;
  /// Attribute with any prefix, e.g. "id" for r:id.
  [[nodiscard]] std::optional<std::string_view> prefixed_attribute(std::string_view local) const;
  /// What went wrong, after `failed`.
  [[nodiscard]] Error error() const { return error_; }

 private:
  struct Attribute {
    std::string_view name;
    std::string value;
  };
  Token fail(std::string what);
  bool refill();
  std::size_t find_tag_end();
  Token read_markup();
  Token read_text();
  Token read_cdata();
  bool skip_to(std::string_view end, std::size_t skip);
  Token read_start(std::size_t close);
  Token read_end(std::size_t close);
  bool read_attributes(std::string_view tag);
  bool decode(std::string_view raw, bool attribute, std::string& out);
  bool decode_entity(std::string_view entity, std::string& out);
  Token pop();

  ZipPart part_;
  std::string buffer_;
  std::size_t position_ = 0;
  bool source_ended_ = false, failed_ = false, pending_end_ = false, started_ = false;
  std::vector<std::string> open_;  ///< full names; slots beyond depth_ are kept for reuse
  std::size_t depth_ = 0, token_depth_ = 0;
  bool root_seen_ = false;
  std::string tag_, text_;
  std::string_view name_;
  std::vector<Attribute> attributes_;
  std::size_t attribute_count_ = 0;
  Error error_;
};

}  // namespace skillgrad::sheet
