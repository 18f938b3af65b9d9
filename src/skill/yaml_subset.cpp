// SPDX-License-Identifier: MIT
#include "skill/yaml_subset.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "skill/yaml_scanner.hpp"

namespace skillgrad::skill::yaml {

namespace {

constexpr int kMaxDepth = 16;

class Parser {
 public:
  Parser(std::string_view text, Mode mode) : in_(text), mode_(mode) {}

  Scan<Document> document();

 private:
  [[nodiscard]] Scan<Node> below(int parent, bool sequence_at_parent);
  [[nodiscard]] Scan<Node> start(int parent);
  [[nodiscard]] Scan<Node> scalar(int parent);
  [[nodiscard]] Scan<Node> value_on_line(int parent);
  [[nodiscard]] Scan<Node> mapping();
  [[nodiscard]] Scan<Node> sequence();
  [[nodiscard]] Scan<Node> flow();
  [[nodiscard]] Scan<Node> flow_scalar();
  [[nodiscard]] Scan<> key(Entry& entry);
  [[nodiscard]] Scan<> explicit_key(Entry& entry);
  [[nodiscard]] Scan<> end_of_value();
  [[nodiscard]] Scan<> add(Node& map, Entry entry);
  [[nodiscard]] Scan<Node> whole_line(std::size_t begin, const Problem& original);
  [[nodiscard]] bool marker() const {
    return in_.column() == 0 && in_.document_marker_at(in_.position());
  }
  [[nodiscard]] bool stop() const { return in_.done() || marker(); }
  [[nodiscard]] bool lenient() const { return mode_ == Mode::lenient; }

  Scanner in_;
  Mode mode_;
  int depth_ = 0;
  std::vector<Repair> repairs_;
};

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

/// Lenient: reads `key: text: more` as if the value were quoted.
Scan<Node> Parser::whole_line(std::size_t begin, const Problem& original) {
  std::size_t end = begin;
  while (!in_.at_line_end(end)) ++end;
  std::size_t last = end;
  while (last > begin && in_.blank_at(last - 1)) --last;
  const std::string_view text = in_.text().substr(begin, last - begin);
  if (text.find('\t') != std::string_view::npos) return tl::unexpected(original);
  Node node;
  node.style = Style::plain;
  node.value.assign(text);
  node.begin = begin;
  node.end = last;
  in_.take(last - begin);
  repairs_.push_back({begin, "the value holds a colon and is not quoted"});
  return node;
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
  const auto indent = static_cast<int>(map.column);
  while (!stop() && in_.column() == map.column) {
    Entry entry;
    if (auto read = key(entry); !read) return tl::unexpected(read.error());
    entry.after_colon = in_.position();
    if (auto skipped = in_.skip_to_token(); !skipped) return tl::unexpected(skipped.error());
    if (in_.done() || in_.fresh_line()) {
      auto value = below(indent, true);
      if (!value) return value;
      entry.value = std::move(*value);
      if (entry.value.style == Style::empty && entry.value.kind == Kind::scalar) {
        entry.value.begin = entry.value.end = entry.after_colon;
      }
    } else {
      auto value = value_on_line(indent);
      if (!value) return value;
      entry.value = std::move(*value);
      if (auto ended = end_of_value(); !ended) return tl::unexpected(ended.error());
    }
    map.end = entry.value.end;
    if (auto added = add(map, std::move(entry)); !added) return tl::unexpected(added.error());
    if (!stop() && in_.column() > map.column) {
      return problem(in_.position(), "uneven indentation",
                     "indent all keys of a mapping by the same number of spaces");
    }
  }
  return map;
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

Scan<Node> Parser::flow_scalar() {
  const char first = in_.peek(in_.position());
  if (first == '"') return in_.double_quoted();
  if (first == '\'') return in_.single_quoted();
  Node node;
  node.style = Style::plain;
  node.begin = node.end = in_.position();
  std::size_t at = node.begin;
  while (!in_.at_line_end(at) &&
         std::string_view(",[]{}").find(in_.peek(at)) == std::string_view::npos &&
         !(in_.peek(at) == ':' && in_.blank_at(at + 1))) {
    if (in_.peek(at) == '#' && at > node.begin && in_.peek(at - 1) == ' ') break;
    if (in_.peek(at++) != ' ') node.end = at;
  }
  if (node.end == node.begin ||
      std::string_view("&*!|>%@`\t").find(first) != std::string_view::npos) {
    return problem(at, "a flow list or mapping of other than plain or quoted scalars",
                   "write a block list or mapping");
  }
  node.value = in_.text().substr(node.begin, node.end - node.begin);
  in_.take(node.end - node.begin);
  return node;
}

/// Lenient: `[a, b]` or `{a: b}` of scalars on one line.
Scan<Node> Parser::flow() {
  Node node;
  node.style = Style::flow;
  node.begin = in_.position();
  const bool map = in_.peek(node.begin) == '{';
  node.kind = map ? Kind::mapping : Kind::sequence;
  node.column = in_.column();
  const char close = map ? '}' : ']';
  const std::string mend = "close it with a bracket on the same line, or write it in block style";
  const auto blanks = [&] {
    while (in_.peek(in_.position()) == ' ') in_.take(1);
    return in_.peek(in_.position());
  };
  in_.take(1);
  while (blanks() != close) {
    Entry entry;
    entry.begin = in_.position();
    auto item = flow_scalar();
    if (!item) return item;
    if (map) {
      if (blanks() != ':')
        return problem(in_.position(), "a flow mapping without `key: value`", mend);
      in_.take(1);
      entry.key = item->value;
      entry.key_quoted = item->style != Style::plain;
      entry.after_colon = in_.position();
      const char next = blanks();
      item = next == ',' || next == close ? Scan<Node>(Node{}) : flow_scalar();
      if (!item) return item;
      entry.value = std::move(*item);
      if (auto added = add(node, std::move(entry)); !added) return tl::unexpected(added.error());
    } else {
      node.items.push_back(std::move(*item));
    }
    const char after = blanks();
    if (after == ',') {
      in_.take(1);
    } else if (after != close) {
      return problem(in_.position(), "a flow list or mapping that is not closed on its line", mend);
    }
  }
  in_.take(1);
  node.end = in_.position();
  repairs_.push_back({node.begin, "flow style is read as a block list or mapping"});
  return node;
}

}  // namespace

tl::expected<Document, Problem> parse(std::string_view text, Mode mode) {
  return Parser(text, mode).document();
}

}  // namespace skillgrad::skill::yaml
