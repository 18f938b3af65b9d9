// SPDX-License-Identifier: MIT
#include "skill/yaml/yaml_scanner.hpp"

#include <algorithm>

#include <skillgrad/core/text.hpp>
#include <skillgrad/core/unicode.hpp>

namespace skillgrad::skill::yaml {

namespace {
constexpr std::size_t kMaxKey = 1024;
}

std::size_t Scanner::break_length(std::size_t at) const {
  const std::string_view rest = text_.substr(std::min(at, text_.size()));
  if (rest.empty()) return 0;
  if (rest.front() == '\n') return 1;
  if (rest.front() == '\r') return rest.size() > 1 && rest[1] == '\n' ? 2 : 1;
  if (rest.substr(0, 2) == "\xC2\x85") return 2;
  if (rest.substr(0, 3) == "\xE2\x80\xA8" || rest.substr(0, 3) == "\xE2\x80\xA9") return 3;
  return 0;
}

std::string_view Scanner::break_value(std::size_t at) const {
  return break_length(at) == 3 ? text_.substr(at, 3) : std::string_view("\n");
}

bool Scanner::at_line_end(std::size_t at) const {
  return at >= text_.size() || break_length(at) > 0;
}

bool Scanner::blank_at(std::size_t at) const {
  return at_line_end(at) || text_[at] == ' ' || text_[at] == '\t';
}

bool Scanner::document_marker_at(std::size_t at) const {
  const auto three = text_.substr(std::min(at, text_.size()), 3);
  return (three == "---" || three == "...") && blank_at(at + 3);
}

void Scanner::cross_break(std::size_t bytes) {
  const bool resets_column = bytes > 0 && (text_[pos_] == '\n' || text_[pos_] == '\r');
  pos_ += bytes;
  if (resets_column) line_begin_ = pos_;
  fresh_ = true;
}

void Scanner::skip_to(std::size_t at) {
  while (pos_ < at) {
    const std::size_t length = break_length(pos_);
    if (length > 0)
      cross_break(length);
    else
      ++pos_;
  }
  fresh_ = false;
}

Scan<> Scanner::skip_to_token() {
  while (true) {
    while (peek(pos_) == ' ') ++pos_;
    if (peek(pos_) == '#' && !done()) {
      while (!at_line_end(pos_)) ++pos_;
    }
    const std::size_t length = break_length(pos_);
    if (length == 0) break;
    cross_break(length);
  }
  if (!done() && text_[pos_] == '\t') {
    return problem(pos_, "a TAB outside quotes", "use spaces instead of the TAB");
  }
  return {};
}

std::size_t Scanner::plain_chunk_end(std::size_t at) const {
  while (at < text_.size() && !blank_at(at) && !(text_[at] == ':' && blank_at(at + 1))) ++at;
  return at;
}

std::size_t Scanner::key_colon() const {
  std::size_t at = pos_;
  const char quote = peek(at);
  if (quote == '"' || quote == '\'') {
    ++at;
    while (!at_line_end(at) && !(text_[at] == quote && !(quote == '\'' && peek(at + 1) == quote))) {
      at += (quote == '"' && text_[at] == '\\') || text_[at] == quote ? 2 : 1;
    }
    if (at >= text_.size() || text_[at] != quote) return std::string_view::npos;
    ++at;
    while (peek(at) == ' ') ++at;
  } else {
    while (true) {
      const std::size_t end = plain_chunk_end(at);
      if (end == at) break;
      at = end;
      while (peek(at) == ' ') ++at;
      if (peek(at) == '#') break;
    }
  }
  if (peek(at) != ':' || !blank_at(at + 1) || at == pos_) return std::string_view::npos;
  if (count_code_points(text_.substr(pos_, at - pos_)) > kMaxKey) return std::string_view::npos;
  return at;
}

void Scanner::pass_break(std::size_t& at, std::size_t& line) const {
  const bool resets_column = peek(at) == '\n' || peek(at) == '\r';
  at += break_length(at);
  if (resets_column) line = at;
}

Scan<Node> Scanner::plain(int parent) {
  Node node;
  node.style = Style::plain;
  node.begin = pos_;
  std::string spaces;
  std::size_t at = pos_;
  std::size_t line = line_begin_;
  while (true) {
    if (peek(at) == '#') break;
    const std::size_t end = plain_chunk_end(at);
    if (end == at) break;
    node.value += spaces;
    node.value += text_.substr(at, end - at);
    node.end = pos_ = end;
    line_begin_ = line;
    fresh_ = false;
    at = end;
    while (peek(at) == ' ') ++at;
    spaces.assign(text_.substr(end, at - end));
    if (break_length(at) > 0) {
      std::string breaks;
      const std::string_view first = break_value(at);
      pass_break(at, line);
      bool marker = document_marker_at(at);
      while (!marker && (peek(at) == ' ' || break_length(at) > 0)) {
        if (peek(at) == ' ') {
          ++at;
          continue;
        }
        breaks += break_value(at);
        pass_break(at, line);
        marker = document_marker_at(at);
      }
      if (marker || static_cast<int>(at - line) <= parent) break;
      spaces = first != "\n" ? std::string(first) : breaks.empty() ? " " : "";
      spaces += breaks;
    } else if (spaces.empty()) {
      break;
    }
  }
  std::size_t rest = pos_;
  while (peek(rest) == ' ') ++rest;
  node.cut_by_comment = rest > pos_ && peek(rest) == '#';
  if (peek(rest) == ':' && blank_at(rest + 1)) {
    return problem(rest, "a colon followed by a blank or the line end inside an unquoted value",
                   "put the value in double quotes");
  }
  if (peek(rest) == '\t') {
    return problem(rest, "a TAB in an unquoted value", "use spaces, or put the value in quotes");
  }
  return node;
}

Scan<> Scanner::quoted_breaks(std::string& breaks) {
  while (true) {
    if (document_marker_at(pos_)) {
      return problem(pos_, "a document marker inside a quoted value",
                     "indent the line or close the quote before it");
    }
    while (peek(pos_) == ' ' || peek(pos_) == '\t') ++pos_;
    const std::size_t length = break_length(pos_);
    if (length == 0) return {};
    breaks += break_value(pos_);
    cross_break(length);
  }
}

Scan<> Scanner::fold_quoted(std::string& out) {
  const std::size_t begin = pos_;
  while (peek(pos_) == ' ' || peek(pos_) == '\t') ++pos_;
  const std::size_t length = break_length(pos_);
  if (length == 0) {
    out += text_.substr(begin, pos_ - begin);
    return {};
  }
  const std::string_view first = break_value(pos_);
  cross_break(length);
  std::string breaks;
  if (auto scanned = quoted_breaks(breaks); !scanned) return scanned;
  if (first != "\n") {
    out += first;
  } else if (breaks.empty()) {
    out += ' ';
  }
  out += breaks;
  return {};
}

Scan<Node> Scanner::single_quoted() {
  Node node;
  node.style = Style::single_quoted;
  node.begin = pos_;
  ++pos_;
  while (true) {
    if (done()) {
      return problem(node.begin, "a single quote that is never closed",
                     "close it with ', "
                     "and write no --- between the quotes");
    }
    if (text_[pos_] == '\'') {
      if (peek(pos_ + 1) != '\'') break;
      node.value += '\'';
      pos_ += 2;
    } else if (blank_at(pos_)) {
      if (auto scanned = fold_quoted(node.value); !scanned) return tl::unexpected(scanned.error());
    } else {
      node.value += text_[pos_++];
    }
  }
  node.end = ++pos_;
  fresh_ = false;
  return node;
}

Scan<> Scanner::escape(std::string& out) {
  static constexpr std::string_view kFrom = "0abt\tnvfre \"/\\";
  static constexpr std::string_view kTo{"\0\a\b\t\t\n\v\f\r\x1B \"/\\", 14};
  const std::size_t begin = pos_++;
  if (const std::size_t length = break_length(pos_); length > 0) {
    cross_break(length);
    return quoted_breaks(out);
  }
  const char c = peek(pos_);
  if (const auto found = kFrom.find(c); !done() && found != std::string_view::npos) {
    out += kTo[found];
    ++pos_;
    return {};
  }
  const auto named = c == 'N' ? 0x85U : c == '_' ? 0xA0U : c == 'L' ? 0x2028U : 0x2029U;
  if (c == 'N' || c == '_' || c == 'L' || c == 'P') {
    append_utf8(out, named);
    ++pos_;
    return {};
  }
  const std::size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
  char32_t code = 0;
  for (std::size_t i = 1; i <= digits; ++i) {
    const char d = peek(pos_ + i);
    const int value = d >= '0' && d <= '9'   ? d - '0'
                      : d >= 'a' && d <= 'f' ? d - 'a' + 10
                      : d >= 'A' && d <= 'F' ? d - 'A' + 10
                                             : -1;
    if (value < 0)
      return problem(begin, "a broken \\x, \\u or \\U escape",
                     "write all its digits, or use single quotes, in which a backslash is "
                     "a backslash");
    code = code * 16 + static_cast<char32_t>(value);
  }
  if (digits == 0) {
    return problem(begin, "an unknown escape in double quotes",
                   "write \\\\ for a backslash, or use single quotes");
  }
  if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) {
    return problem(begin, "an escape that is no Unicode character",
                   "write the character itself or one \\UXXXXXXXX escape");
  }
  append_utf8(out, code);
  pos_ += digits + 1;
  return {};
}

Scan<Node> Scanner::double_quoted() {
  Node node;
  node.style = Style::double_quoted;
  node.begin = pos_;
  ++pos_;
  while (peek(pos_) != '"') {
    if (done()) {
      return problem(node.begin, "a double quote that is never closed",
                     "close it with \", "
                     "and write no --- between the quotes");
    }
    if (text_[pos_] == '\\') {
      if (auto scanned = escape(node.value); !scanned) return tl::unexpected(scanned.error());
    } else if (blank_at(pos_)) {
      if (auto scanned = fold_quoted(node.value); !scanned) return tl::unexpected(scanned.error());
    } else {
      node.value += text_[pos_++];
    }
  }
  node.end = ++pos_;
  fresh_ = false;
  return node;
}

Scan<Scanner::BlockHeader> Scanner::block_header() {
  BlockHeader header;
  ++pos_;
  for (int i = 0; i < 2; ++i) {
    const char c = peek(pos_);
    if ((c == '+' || c == '-') && header.chomp == ' ') {
      header.chomp = c;
      ++pos_;
    } else if (c >= '1' && c <= '9' && header.indent == 0) {
      header.indent = static_cast<std::size_t>(c - '0');
      ++pos_;
    }
  }
  const std::size_t after = pos_;
  while (peek(pos_) == ' ') ++pos_;
  if (peek(pos_) == '#' && pos_ > after) {
    while (!at_line_end(pos_)) ++pos_;
  }
  if (!at_line_end(pos_)) {
    return problem(pos_, "text behind | or >", "start the text on the next line, indented");
  }
  header.end = pos_;
  cross_break(break_length(pos_));
  return header;
}

void Scanner::block_breaks(std::size_t indent, std::string& breaks) {
  while (true) {
    while (column() < indent && peek(pos_) == ' ') ++pos_;
    const std::size_t length = break_length(pos_);
    if (length == 0) return;
    breaks += break_value(pos_);
    cross_break(length);
  }
}

Scan<Node> Scanner::block_scalar(int parent) {
  Node node;
  const bool folded = peek(pos_) == '>';
  node.style = folded ? Style::folded : Style::literal;
  node.begin = pos_;
  auto header = block_header();
  if (!header) return tl::unexpected(header.error());
  node.end = header->end;
  const int deeper = parent + 1;  // 0 at the top, where the parent is -1
  const auto least = static_cast<std::size_t>(deeper);
  std::size_t indent = std::max<std::size_t>(least, 1) + header->indent - 1;
  std::string breaks;
  if (header->indent == 0) {
    indent = least;
    while (peek(pos_) == ' ' || break_length(pos_) > 0) {
      if (peek(pos_) == ' ') {
        ++pos_;
        indent = std::max(indent, column());
      } else {
        breaks += break_value(pos_);
        cross_break(break_length(pos_));
      }
    }
  } else {
    block_breaks(indent, breaks);
  }
  std::string line_break;
  while (column() == indent && !done()) {
    if (indent == 0 && document_marker_at(pos_)) break;
    node.value += breaks;
    breaks.clear();
    const bool text_first = peek(pos_) != ' ' && peek(pos_) != '\t';
    const std::size_t begin = pos_;
    while (!at_line_end(pos_)) ++pos_;
    node.value += text_.substr(begin, pos_ - begin);
    node.end = pos_;
    line_break = done() ? "" : std::string(break_value(pos_));
    if (!done()) cross_break(break_length(pos_));
    block_breaks(indent, breaks);
    if (column() != indent || done()) break;
    const bool fold =
        folded && line_break == "\n" && text_first && peek(pos_) != ' ' && peek(pos_) != '\t';
    if (!fold) {
      node.value += line_break;
    } else if (breaks.empty()) {
      node.value += ' ';
    }
  }
  if (header->chomp != '-') node.value += line_break;
  if (header->chomp == '+') node.value += breaks;
  fresh_ = true;
  return node;
}

}  // namespace skillgrad::skill::yaml
