// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <skillgrad/core/error.hpp>

#include "sheet/xml/xml_source.hpp"

namespace skillgrad::sheet {

/// Pull reader for one XML part of a workbook, in constant memory whatever the part's size.
/// Refuses what a workbook never needs and an attacker does: DTDs, unknown entities, nesting over
/// kMaxDepth, tags over kMaxTag bytes. Refuses as well what parsers of XML refuse: tags that do not
/// match, repeated attributes, prefixes that are not bound, characters that are none.
///
/// Name prefixes are dropped: office programs may bind any prefix to the main namespace. Which
/// namespace a name is in is told by space().
///
/// Larger than most classes: a token's parts are handed out one by one and not as a value, since
/// half of the time to grade a workbook is spent here.
class XmlReader {
 public:
  /// The namespaces that are told apart. `none`: the name is in no namespace.
  enum class Space : unsigned char { none, main, strict, relationships, other };
  enum class Token { start, end, text, done, failed };
  static constexpr std::size_t kMaxDepth = 256;
  static constexpr std::size_t kMaxTag = std::size_t{1} << 20;

  explicit XmlReader(ZipPart part) : source_(std::move(part)) {}

  /// A text may come in several pieces. An empty element gives `start`, then `end`. What the other
  /// functions return is valid until the next call.
  [[nodiscard]] Token next();
  /// Local name, valid after `start` and `end`.
  [[nodiscard]] std::string_view name() const { return name_; }
  /// Comparison with a literal whose size the compiler knows: asked several times per cell.
  template <std::size_t kSize>
  [[nodiscard]] bool is(const char (&name)[kSize]) const {
    return same(name_, name);
  }
  /// Of the element that started or ended.
  [[nodiscard]] Space space() const { return space_; }
  /// Of the root element.
  [[nodiscard]] Space root_space() const { return root_space_; }
  /// Number of open elements; the root's `start` and `end` both see 1.
  [[nodiscard]] std::size_t depth() const { return token_depth_; }
  [[nodiscard]] std::string_view text() const { return text_; }
  /// Attribute without a prefix, after `start`.
  template <std::size_t kSize>
  [[nodiscard]] std::optional<std::string_view> attribute(const char (&name)[kSize]) const {
    for (std::size_t i = 0; i < attribute_count_; ++i) {
      if (same(attributes_[i].name, name)) return attributes_[i].value();
    }
    return std::nullopt;
  }
  /// Attribute with any prefix, e.g. "id" for r:id.
  [[nodiscard]] std::optional<std::string_view> prefixed_attribute(std::string_view local) const;
  /// Attribute with a prefix that is bound to this namespace.
  [[nodiscard]] std::optional<std::string_view> attribute_in(Space space,
                                                             std::string_view local) const;
  /// The attributes as they are written, after `start`: names with their prefixes.
  [[nodiscard]] std::size_t attribute_count() const { return attribute_count_; }
  [[nodiscard]] std::string_view attribute_name(std::size_t i) const { return attributes_[i].name; }
  [[nodiscard]] std::string_view attribute_value(std::size_t i) const {
    return attributes_[i].value();
  }
  /// What went wrong, after `failed`.
  [[nodiscard]] Error error() const { return error_; }

 private:
  struct Attribute {
    std::string_view name, raw;
    std::string decoded;
    bool is_decoded = false;
    [[nodiscard]] std::string_view value() const { return is_decoded ? decoded : raw; }
  };
  struct Element {
    std::string name;       ///< with its prefix
    std::size_t local = 0;  ///< where the local name starts
    bool plain = false;     ///< no sign in it means anything in a tag
    Space space = Space::none;
  };
  struct Prefix {
    std::size_t depth;  ///< of the element that binds it
    std::string name;   ///< "": names without one
    Space space;
  };
  template <std::size_t kSize>
  static bool same(std::string_view text, const char (&literal)[kSize]) {
    return text.size() == kSize - 1 && std::memcmp(text.data(), literal, kSize - 1) == 0;
  }
  [[nodiscard]] std::string_view unread() const {
    return {buffer_.get() + position_, end_ - position_};
  }
  Token fail(std::string what);
  bool refuse(std::string what);  ///< fail() for those that answer false
  bool refill();
  std::size_t find_tag_end();
  Token read_markup();
  bool read_declaration();
  Token read_text();
  Token read_cdata();
  Token skip_comment();
  bool skip_to(std::string_view end, std::size_t skip);
  bool read_plain_start();
  bool read_plain_end();
  Token read_start(std::size_t close);
  Token read_end(std::size_t close);
  bool check_names(bool prefixed);
  bool check_prefixes();
  [[nodiscard]] const Prefix* find_prefix(std::string_view prefix) const;
  [[nodiscard]] bool is_bound(std::string_view name) const;
  bool bind(std::string_view name, std::string_view uri);
  void place();
  bool open_element(std::string_view name, bool plain);
  Attribute& next_slot();
  bool read_attributes(std::string_view tag);
  bool read_attribute_value(std::string_view& tag, Attribute& slot);
  bool decode(std::string_view raw, bool attribute, std::string& out);
  bool decode_entity(std::string_view entity, std::string& out);
  Token pop();

  XmlSource source_;
  std::unique_ptr<char[]> buffer_;  ///< no string: growing one fills it with zeros first
  std::size_t capacity_ = 0, position_ = 0, end_ = 0;
  bool source_ended_ = false, failed_ = false, pending_end_ = false, started_ = false;
  std::vector<Element> open_;  ///< slots beyond depth_ are kept for reuse
  std::size_t depth_ = 0, token_depth_ = 0;
  bool root_seen_ = false;
  std::string decoded_;
  std::string_view name_, text_;
  std::vector<Attribute> attributes_;
  std::size_t attribute_count_ = 0;
  std::vector<Prefix> prefixes_;
  Space default_space_ = Space::none, space_ = Space::none, root_space_ = Space::none;
  Error error_;
};

}  // namespace skillgrad::sheet
