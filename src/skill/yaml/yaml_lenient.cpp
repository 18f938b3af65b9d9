// SPDX-License-Identifier: MIT
// Repairs of lenient reading (docs/rules-skill.md).
#include <algorithm>
#include <utility>

#include <skillgrad/core/text.hpp>

#include "skill/yaml/yaml_parser.hpp"

namespace skillgrad::skill::yaml {

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

/// Behind the last line that belongs to the value: up to the next line that is not indented more,
/// but for closing brackets.
std::size_t Parser::text_end(const Node& map, std::size_t begin) const {
  const std::string_view text = in_.text();
  std::size_t end = begin;
  while (!in_.at_line_end(end)) ++end;
  for (std::size_t at = end; at < text.size();) {
    const std::size_t line = at + in_.break_length(at);
    std::size_t first = line;
    while (in_.peek(first) == ' ') ++first;
    std::size_t next = first;
    while (!in_.at_line_end(next)) ++next;
    const bool blank = next == first;
    const bool closes = in_.peek(first) == '}' || in_.peek(first) == ']';
    if (!blank && first - line <= map.column && !closes) break;
    if (!blank) end = next;
    at = next;
  }
  return end;
}

Scan<> Parser::text_instead(const Node& map, const Problem& original, Entry& entry) {
  const std::string_view text = in_.text();
  std::size_t begin = entry.after_colon;
  const std::size_t end = text_end(map, begin);
  while (begin < end && in_.blank_at(begin)) ++begin;
  const bool used = entry.key == "name" || entry.key == "description";
  const char first = in_.peek(begin);
  // What looks like a reference to elsewhere, or is cut off, is no text of these two.
  const std::string_view closed = text.substr(begin, end - begin);
  const bool quoted = first == '"' || first == '\'';
  const bool closes = closed.size() > 1 && closed.back() == first;
  const bool refers = std::string_view("&*!|>").find(first) != std::string_view::npos ||
                      (first == '-' && in_.blank_at(begin + 1));
  const bool cut_list = entry.key == "name" && (first == '[' || first == '{');
  if (begin == end || cut_list || (used && refers) || (used && quoted && !closes) ||
      closed.find('\t') != std::string_view::npos) {
    return tl::unexpected(original);
  }
  Node node;
  node.style = Style::plain;
  node.begin = begin;
  node.end = end;
  std::size_t breaks = 0;
  for (std::size_t at = quoted && used ? begin + 1 : begin; at < end;) {
    std::size_t stop = at;
    while (stop < end && in_.break_length(stop) == 0) ++stop;
    const std::string line(trim(text.substr(at, stop - at)));
    if (line.empty()) {
      ++breaks;
    } else {
      if (!node.value.empty()) node.value += breaks > 0 ? std::string(breaks, '\n') : " ";
      node.value += line;
      breaks = 0;
    }
    at = stop + in_.break_length(stop);
  }
  if (quoted && used) node.value.pop_back();
  entry.value = std::move(node);
  in_.skip_to(end);
  repairs_.push_back({begin, "the value of `" + entry.key + "` is no plain YAML (" + original.what +
                                 ") and is read as text"});
  return in_.skip_to_token();
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

}  // namespace skillgrad::skill::yaml
