// SPDX-License-Identifier: MIT
// Attributes, entities and prefixes of XmlReader.
#include <algorithm>
#include <charconv>

#include <skillgrad/core/unicode.hpp>

#include "sheet/xml/xml_chars.hpp"
#include "sheet/xml/xml_reader.hpp"

namespace skillgrad::sheet {
namespace {

constexpr std::size_t kFewAttributes = 16;
constexpr std::size_t kMaxPrefixes = 1000;  // each prefixed name is sought among them

constexpr std::string_view kDeclares = "xmlns:";

XmlReader::Space space_of(std::string_view uri) {
  using Space = XmlReader::Space;
  if (uri.empty()) return Space::none;
  if (uri == "http://schemas.openxmlformats.org/spreadsheetml/2006/main") return Space::main;
  if (uri == "http://purl.oclc.org/ooxml/spreadsheetml/main") return Space::strict;
  return uri == "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
             ? Space::relationships
             : Space::other;
}

// Names that are not empty; nearly all differ in size or in the first sign.
bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && a.front() == b.front() && a == b;
}

}  // namespace

// After the attributes of a start tag: each occurs once, and prefixes are bound.
bool XmlReader::check_names(bool prefixed) {
  if (attribute_count_ > 1 && attribute_count_ <= kFewAttributes) {
    for (std::size_t i = 1; i < attribute_count_; ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (same_name(attributes_[i].name, attributes_[j].name))
          return refuse("has an attribute twice");
      }
    }
  } else if (attribute_count_ > 1) {
    std::vector<std::string_view> names;
    for (std::size_t i = 0; i < attribute_count_; ++i) names.push_back(attributes_[i].name);
    std::sort(names.begin(), names.end());
    if (std::adjacent_find(names.begin(), names.end()) != names.end())
      return refuse("has an attribute twice");
  }
  for (std::size_t i = 0; i < attribute_count_; ++i) {
    const std::string_view name = attributes_[i].name;
    if (name.size() == kDeclares.size() - 1 && name == kDeclares.substr(0, name.size()) &&
        !bind({}, attributes_[i].value()))
      return false;
  }
  if (prefixed && !check_prefixes()) return false;
  place();
  return true;
}

// What the new element is in, after the prefixes that it binds.
void XmlReader::place() {
  Element& element = open_[depth_ - 1];
  element.space = default_space_;
  if (element.local > 0) {
    const Prefix* prefix = find_prefix(std::string_view(element.name).substr(0, element.local - 1));
    element.space = prefix == nullptr ? Space::other : prefix->space;
  }
  space_ = element.space;
  if (depth_ == 1) root_space_ = space_;
}

bool XmlReader::bind(std::string_view name, std::string_view uri) {
  if (prefixes_.size() == kMaxPrefixes) return refuse("binds too many prefixes");
  prefixes_.push_back({depth_, std::string(name), space_of(uri)});
  if (name.empty()) default_space_ = prefixes_.back().space;
  return true;
}

bool XmlReader::check_prefixes() {
  for (std::size_t i = 0; i < attribute_count_; ++i) {
    const std::string_view name = attributes_[i].name;
    if (!name.starts_with(kDeclares)) continue;
    if (attributes_[i].value().empty()) return refuse("binds a prefix to nothing");
    if (!bind(name.substr(kDeclares.size()), attributes_[i].value())) return false;
  }
  bool bound = is_bound(open_[depth_ - 1].name);
  for (std::size_t i = 0; i < attribute_count_; ++i) bound = bound && is_bound(attributes_[i].name);
  return bound || refuse("has a prefix that is not bound");
}

bool XmlReader::is_bound(std::string_view name) const {
  const std::size_t colon = name.find(':');
  if (colon == std::string_view::npos) return true;
  const std::string_view prefix = name.substr(0, colon);
  return prefix == "xml" || prefix == "xmlns" || find_prefix(prefix) != nullptr;
}

const XmlReader::Prefix* XmlReader::find_prefix(std::string_view prefix) const {
  for (std::size_t i = prefixes_.size(); i-- > 0;) {
    if (prefixes_[i].name == prefix) return &prefixes_[i];
  }
  return nullptr;
}

XmlReader::Attribute& XmlReader::next_slot() {
  if (attributes_.size() == attribute_count_) attributes_.emplace_back();
  return attributes_[attribute_count_++];
}

bool XmlReader::read_attributes(std::string_view tag) {
  attribute_count_ = 0;
  const auto skip_space = [&tag] {
    while (!tag.empty() && is_space(tag.front())) tag.remove_prefix(1);
  };
  while (!tag.empty()) {
    const std::size_t before = tag.size();
    skip_space();
    if (tag.empty()) break;
    const std::size_t equals = tag.find('=');
    if (tag.size() == before || equals == 0 || equals == std::string_view::npos) {
      fail("has a malformed attribute");
      return false;
    }
    std::string_view name = tag.substr(0, equals);
    while (!name.empty() && is_space(name.back())) name.remove_suffix(1);
    tag.remove_prefix(equals + 1);
    skip_space();
    Attribute& slot = next_slot();
    slot.name = name;
    if (!read_attribute_value(tag, slot)) return false;
  }
  return true;
}

bool XmlReader::read_attribute_value(std::string_view& tag, Attribute& slot) {
  const char quote = tag.empty() ? '\0' : tag.front();
  bool literal = true;
  std::size_t end = 1;
  bool marked_up = false;
  for (; end < tag.size() && tag[end] != quote; ++end) {
    const char c = tag[end];
    if (c == '<') marked_up = true;
    if (c == '&' || c == '\r' || c == '\n' || c == '\t') literal = false;
  }
  if (end >= tag.size() || marked_up || (quote != '"' && quote != '\'')) {
    fail("has a malformed attribute");
    return false;
  }
  slot.raw = tag.substr(1, end - 1);
  slot.is_decoded = !literal;
  if (!literal) {
    slot.decoded.clear();
    if (!decode(slot.raw, true, slot.decoded)) return false;
  }
  tag.remove_prefix(end + 1);
  return true;
}

// Entities are replaced and line ends made LF; in attributes white space becomes blanks.
bool XmlReader::decode(std::string_view raw, bool attribute, std::string& out) {
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const char c = raw[i];
    if (c == '&') {
      const std::size_t end = raw.find(';', i);
      if (end == std::string_view::npos || end - i > kMaxXmlEntity ||
          !decode_entity(raw.substr(i + 1, end - i - 1), out)) {
        fail("has an unknown entity");
        return false;
      }
      i = end;
    } else if (c == '\r') {
      if (i + 1 == raw.size() || raw[i + 1] != '\n') out.push_back(attribute ? ' ' : '\n');
    } else if (c == '>' && !attribute && raw.substr(0, i).ends_with("]]")) {
      fail("has \"]]>\" in a text");
      return false;
    } else {
      out.push_back(attribute && is_space(c) ? ' ' : c);
    }
  }
  return true;
}

bool XmlReader::decode_entity(std::string_view entity, std::string& out) {
  static constexpr std::pair<std::string_view, char> kNamed[] = {
      {"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}};
  for (const auto& [name, value] : kNamed) {
    if (entity == name) {
      out.push_back(value);
      return true;
    }
  }
  if (!entity.starts_with('#')) return false;
  entity.remove_prefix(1);
  const bool hex = entity.starts_with('x');
  if (hex) entity.remove_prefix(1);
  std::uint32_t code = 0;
  const auto [end, problem] =
      std::from_chars(entity.data(), entity.data() + entity.size(), code, hex ? 16 : 10);
  if (problem != std::errc{} || end != entity.data() + entity.size() || !is_xml_char(code)) {
    return false;
  }
  append_utf8(out, static_cast<char32_t>(code));
  return true;
}

std::optional<std::string_view> XmlReader::prefixed_attribute(std::string_view local) const {
  for (std::size_t i = 0; i < attribute_count_; ++i) {
    const std::string_view name = attributes_[i].name;
    if (name.size() > local.size() + 1 && name.ends_with(local) &&
        name[name.size() - local.size() - 1] == ':') {
      return attributes_[i].value();
    }
  }
  return std::nullopt;
}

std::optional<std::string_view> XmlReader::attribute_in(Space space, std::string_view local) const {
  for (std::size_t i = 0; i < attribute_count_; ++i) {
    const std::string_view name = attributes_[i].name;
    const std::size_t colon = name.find(':');
    if (colon == std::string_view::npos || name.substr(colon + 1) != local) continue;
    const Prefix* prefix = find_prefix(name.substr(0, colon));
    if (prefix != nullptr && prefix->space == space) return attributes_[i].value();
  }
  return std::nullopt;
}

}  // namespace skillgrad::sheet
