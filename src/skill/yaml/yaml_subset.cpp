// SPDX-License-Identifier: MIT
#include "skill/yaml/yaml_subset.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "skill/yaml/yaml_parser.hpp"

namespace skillgrad::skill::yaml {

namespace {

constexpr int kMaxDepth = 16;

/// Counts one level of nesting while it lives.
class Level {
 public:
  explicit Level(int& depth) : depth_(depth) { ++depth_; }
  ~Level() { --depth_; }
  Level(const Level&) = delete;
  Level& operator=(const Level&) = delete;

 private:
  int& depth_;
};

}  // namespace

Scan<Document> Parser::document() {
  Document out;
  if (auto skipped = in_.skip_to_token(); !skipped) return tl::unexpected(skipped.error());
  if (marker()) {
    return problem(in_.position(), "a document marker before the mapping", "remove the line");
  }
  if (!stop()) {
    auto root = start(-1);
    if (!root) return tl::unexpected(root.error());
    out.root = std::move(*root);
    if (auto ended = end_of_value(); !ended) return tl::unexpected(ended.error());
  }
  if (marker() && in_.peek(in_.position()) == '.') {
    in_.take(3);
    if (auto skipped = in_.skip_to_token(); !skipped) return tl::unexpected(skipped.error());
  }
  if (!in_.done()) {
    const bool second = marker() || in_.column() == 0;
    return problem(in_.position(),
                   second ? "text after the end of the mapping" : "uneven indentation",
                   second ? "keep one mapping of `key: value` lines"
                          : "indent all keys of a mapping by the same number of spaces");
  }
  out.repairs = std::move(repairs_);
  return out;
}

/// After a value only a comment may follow on its line.
Scan<> Parser::end_of_value() {
  if (auto skipped = in_.skip_to_token(); !skipped) return skipped;
  if (in_.done() || in_.fresh_line()) return {};
  return problem(in_.position(), "text after the end of the value",
                 "put the whole value in one pair of quotes, or start the text on a new line");
}

/// The value of a key or dash that stands at the end of its line.
Scan<Node> Parser::below(int parent, bool sequence_at_parent) {
  const auto column = static_cast<int>(in_.column());
  const bool same = sequence_at_parent && column == parent && in_.indicator('-');
  if (!stop() && (column > parent || same)) return start(parent);
  Node empty;
  empty.begin = empty.end = in_.position();
  return empty;
}

/// A node where a block mapping or sequence may begin.
Scan<Node> Parser::start(int parent) {
  const Level level(depth_);
  if (depth_ > kMaxDepth) {
    return problem(in_.position(), "nesting deeper than 16 levels", "flatten the mapping");
  }
  if (in_.indicator('-')) return sequence();
  if (in_.indicator('?') || in_.indicator(':') || in_.key_colon() != std::string_view::npos)
    return mapping();
  auto node = scalar(parent);
  if (!node) return node;
  if (auto ended = end_of_value(); !ended) return tl::unexpected(ended.error());
  return node;
}

Scan<Node> Parser::scalar(int parent) {
  const char c = in_.peek(in_.position());
  switch (c) {
    case '\'':
      return in_.single_quoted();
    case '"':
      return in_.double_quoted();
    case '|':
    case '>':
      return in_.block_scalar(parent);
    case '[':
    case '{':
      if (lenient()) return flow();
      return problem(in_.position(), "flow style ([...] or {...})",
                     "write a block list or mapping, or put the text in quotes");
    case '&':
    case '*':
      return problem(in_.position(), "an anchor or alias (& or *)", "put the value in quotes");
    case '!':
      return problem(in_.position(), "a tag (!)", "put the value in quotes");
    case '-':
    case '?':
    case ':':
      if (in_.blank_at(in_.position() + 1)) {
        return problem(in_.position(), std::string("a value that starts with `") + c + " `",
                       "put the value in quotes, or start a list on the next line");
      }
      return in_.plain(parent);
    case '%':
    case '@':
    case '`':
    case ',':
    case ']':
    case '}':
      return problem(in_.position(), std::string("a value that starts with `") + c + "`",
                     "put the value in quotes");
    default:
      return in_.plain(parent);
  }
}

Scan<Node> Parser::value_on_line(int parent) {
  const std::size_t begin = in_.position();
  const Scanner saved = in_;
  auto node = scalar(parent);
  if (!lenient() || node || saved.peek(begin) == '\'' || saved.peek(begin) == '"') return node;
  const std::string_view indicators = "[{&*!|>%@`,]}#\t";
  const bool is_plain = indicators.find(saved.peek(begin)) == std::string_view::npos &&
                        !(saved.blank_at(begin + 1) && saved.peek(begin) == '-');
  if (!is_plain ||
      in_.text().substr(begin, node.error().offset - begin).find('\n') != std::string_view::npos) {
    return node;
  }
  const Problem original = node.error();
  in_ = saved;
  return whole_line(begin, original);
}

Scan<> Parser::explicit_key(Entry& entry) {
  const std::size_t column = in_.column();
  in_.take(1);
  const std::size_t line_start = in_.position();
  if (auto skipped = in_.skip_to_token(); !skipped) return skipped;
  if (in_.fresh_line() || in_.done()) {
    return problem(line_start, "an explicit key without text", "write `key: value`");
  }
  entry.begin = in_.position();
  auto name = scalar(static_cast<int>(column));
  if (!name) return tl::unexpected(name.error());
  entry.key = name->value;
  entry.key_quoted = name->style != Style::plain;
  if (auto ended = end_of_value(); !ended) return ended;
  if (in_.column() != column || !in_.indicator(':')) {
    return problem(in_.position(), "an explicit key without a `: value` line",
                   "write `key: value`");
  }
  in_.take(1);
  return {};
}

Scan<> Parser::key(Entry& entry) {
  entry.begin = in_.position();
  if (in_.indicator('?')) return explicit_key(entry);
  if (in_.indicator('-')) {
    return problem(entry.begin, "a list item between the keys of a mapping",
                   "put the list below a key of its own");
  }
  if (in_.indicator(':')) {  // an empty key
    in_.take(1);
    return {};
  }
  const std::size_t colon = in_.key_colon();
  if (colon == std::string_view::npos) {
    return problem(in_.position(), "a line that is not `key: value`",
                   "write `key: value`, or indent the line if it continues the value above");
  }
  const char first = in_.peek(entry.begin);
  entry.key_quoted = first == '"' || first == '\'';
  if (entry.key_quoted) {
    auto name = first == '"' ? in_.double_quoted() : in_.single_quoted();
    if (!name) return tl::unexpected(name.error());
    entry.key = name->value;
  } else if (std::string_view("[]{},#&*!|>%@`").find(first) != std::string_view::npos) {
    return problem(entry.begin, std::string("a key that starts with `") + first + "`",
                   "put the key in quotes");
  } else {
    entry.key = in_.text().substr(entry.begin, colon - entry.begin);
    entry.key.erase(entry.key.find_last_not_of(' ') + 1);
    if (entry.key == "<<") {
      return problem(entry.begin, "a merge key (<<)", "write the keys out");
    }
  }
  in_.take(colon + 1 - in_.position());
  return {};
}

/// No key twice, and nested mappings of one mapping start in one column.
Scan<> Parser::add(Node& map, Entry entry) {
  const auto same_key = [&](const Entry& other) { return other.key == entry.key; };
  const auto twin = std::find_if(map.entries.begin(), map.entries.end(), same_key);
  if (twin != map.entries.end()) {
    if (!lenient()) {
      return problem(entry.begin, "the key `" + entry.key + "` a second time",
                     "keep one of the two");
    }
    repairs_.push_back({entry.begin, "the key `" + entry.key + "` stands twice, the last counts"});
    map.entries.erase(twin);
  }
  if (!lenient() && entry.value.kind == Kind::mapping) {
    for (const Entry& other : map.entries) {
      if (other.value.kind == Kind::mapping && other.value.column != entry.value.column) {
        return problem(entry.value.begin, "uneven indentation",
                       "indent the mappings below neighbouring keys by the same number of spaces");
      }
    }
  }
  map.entries.push_back(std::move(entry));
  return {};
}

Scan<Node> Parser::mapping() {
  Node map;
  map.kind = Kind::mapping;
  map.begin = in_.position();
  map.column = in_.column();
  while (!stop() && in_.column() == map.column) {
    Entry entry;
    if (auto read = key(entry); !read) return tl::unexpected(read.error());
    entry.after_colon = in_.position();
    if (auto read = entry_or_text(map, entry); !read) return tl::unexpected(read.error());
    map.end = entry.value.end;
    if (auto added = add(map, std::move(entry)); !added) return tl::unexpected(added.error());
  }
  return map;
}

Scan<> Parser::entry_value(int indent, Entry& entry) {
  if (auto skipped = in_.skip_to_token(); !skipped) return skipped;
  if (in_.done() || in_.fresh_line()) {
    auto value = below(indent, true);
    if (!value) return tl::unexpected(value.error());
    entry.value = std::move(*value);
    if (entry.value.style == Style::empty && entry.value.kind == Kind::scalar) {
      entry.value.begin = entry.value.end = entry.after_colon;
    }
  } else {
    auto value = value_on_line(indent);
    if (!value) return tl::unexpected(value.error());
    entry.value = std::move(*value);
    if (auto ended = end_of_value(); !ended) return ended;
  }
  if (!stop() && static_cast<int>(in_.column()) > indent) {
    return problem(in_.position(), "uneven indentation",
                   "indent all keys of a mapping by the same number of spaces");
  }
  return {};
}

/// Lenient: a value of the front matter itself that is no YAML here is the text that stands there,
/// so that one key of another program does not make the whole unreadable.
Scan<> Parser::entry_or_text(const Node& map, Entry& entry) {
  const Scanner saved = in_;
  const std::size_t repairs = repairs_.size();
  const int depth = depth_;
  auto read = entry_value(static_cast<int>(map.column), entry);
  if (read || !lenient() || depth != 1) return read;
  in_ = saved;
  repairs_.resize(repairs);
  depth_ = depth;
  return text_instead(map, read.error(), entry);
}

Scan<Node> Parser::sequence() {
  Node list;
  list.kind = Kind::sequence;
  list.begin = in_.position();
  list.column = in_.column();
  const auto indent = static_cast<int>(list.column);
  while (!stop() && in_.column() == list.column && in_.indicator('-')) {
    in_.take(1);
    if (auto skipped = in_.skip_to_token(); !skipped) return tl::unexpected(skipped.error());
    auto item = in_.done() || in_.fresh_line() ? below(indent, false) : start(indent);
    if (!item) return item;
    list.end = item->end;
    list.items.push_back(std::move(*item));
    if (!stop() && in_.column() > list.column) {
      return problem(in_.position(), "uneven indentation",
                     "start all items of a list in the same column");
    }
  }
  return list;
}

tl::expected<Document, Problem> parse(std::string_view text, Mode mode) {
  return Parser(text, mode).document();
}

}  // namespace skillgrad::skill::yaml
