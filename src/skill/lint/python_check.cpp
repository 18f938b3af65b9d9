// SPDX-License-Identifier: MIT
#include "skill/lint/python_check.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>

#include <skillgrad/core/text.hpp>

namespace skillgrad::skill {

namespace {

/// A string literal that begins at `open`; `end` is behind its closing quote.
struct Literal {
  std::size_t begin = 0, end = 0;  ///< of the content
  std::size_t after = 0;
  bool closed = false;
};

[[nodiscard]] Literal read_literal(std::string_view code, std::size_t open) {
  const char quote = code[open];
  const std::string triple(3, quote);
  const bool is_triple = code.substr(open, 3) == triple;
  Literal out;
  out.begin = open + (is_triple ? 3 : 1);
  for (std::size_t at = out.begin; at < code.size(); ++at) {
    if (code[at] == '\\') {
      ++at;
    } else if (is_triple ? code.substr(at, 3) == triple : code[at] == quote) {
      out.end = at;
      out.after = at + (is_triple ? 3 : 1);
      out.closed = true;
      return out;
    } else if (!is_triple && code[at] == '\n') {
      out.end = out.after = at;
      return out;
    }
  }
  out.end = out.after = code.size();
  return out;
}

/// Statements that must hold a colon outside brackets.
[[nodiscard]] bool opens_block(std::string_view logical_line) {
  static constexpr std::string_view kWords[] = {"if",    "elif", "else", "for",    "while",  "def",
                                                "class", "try",  "with", "except", "finally"};
  const std::size_t end = std::min(logical_line.find_first_of(" (:\t"), logical_line.size());
  const auto word = logical_line.substr(0, end);
  return std::find(std::begin(kWords), std::end(kWords), word) != std::end(kWords);
}

class Checker {
 public:
  explicit Checker(std::string_view code) : code_(code) {}

  std::optional<PythonProblem> run() {
    while (at_ < code_.size() && !problem_) logical_line();
    if (!problem_ && wants_indent_) report("a block without an indented line");
    return problem_;
  }

 private:
  void report(std::string what) {
    if (!problem_) problem_ = PythonProblem{line_, std::move(what)};
  }

  /// Reads one statement with its continuation lines.
  void logical_line() {
    const std::size_t begin = at_;
    std::size_t indent = 0;
    while (at_ < code_.size() && (code_[at_] == ' ' || code_[at_] == '\t')) {
      ++at_;
      ++indent;
    }
    if (at_ >= code_.size() || code_[at_] == '\n' || code_[at_] == '\r' || code_[at_] == '#') {
      skip_to_line_end();
      return;
    }
    check_indent(indent);
    const std::size_t first = begin + indent;
    bool colon = false;
    std::size_t last_text = first;
    while (at_ < code_.size() && !problem_) {
      const char c = code_[at_];
      if (c == '\n' && brackets_.empty()) break;
      if (c == '#') {
        while (at_ < code_.size() && code_[at_] != '\n') ++at_;
        continue;
      }
      colon = colon || (c == ':' && brackets_.empty());
      if (c != ' ' && c != '\t' && c != '\r') last_text = at_;
      step(c);
    }
    const auto statement = code_.substr(first, last_text + 1 - first);
    if (at_ >= code_.size() && !brackets_.empty()) {
      report(std::string("a bracket `") + brackets_.back() + "` that is not closed");
    }
    if (!problem_ && opens_block(statement) && !colon) report("a statement without its colon");
    wants_indent_ = !statement.empty() && statement.back() == ':';
    if (at_ < code_.size()) ++at_, ++line_;
  }

  void step(char c) {
    if (c == '"' || c == '\'') {
      const Literal literal = read_literal(code_, at_);
      if (!literal.closed) report("a string that is not closed");
      line_ += static_cast<int>(
          std::count(code_.begin() + static_cast<std::ptrdiff_t>(at_),
                     code_.begin() + static_cast<std::ptrdiff_t>(literal.after), '\n'));
      at_ = literal.after;
      return;
    }
    if (c == '(' || c == '[' || c == '{') brackets_ += c;
    if (c == ')' || c == ']' || c == '}') close(c);
    if (c == '\n') ++line_;
    if (c == '\\' && at_ + 1 < code_.size() && code_[at_ + 1] == '\n') {
      ++line_;
      ++at_;
    }
    ++at_;
  }

  void close(char c) {
    const char open = c == ')' ? '(' : c == ']' ? '[' : '{';
    if (brackets_.empty() || brackets_.back() != open) {
      report(std::string("a bracket `") + c + "` that was not opened");
    } else {
      brackets_.pop_back();
    }
  }

  void check_indent(std::size_t indent) {
    if (indents_.empty()) indents_.push_back(indent);
    const std::size_t current = indents_.back();
    if (wants_indent_ && indent <= current) {
      report("a block without an indented line");
    } else if (!wants_indent_ && indent > current) {
      report("an unexpected indentation");
    } else if (indent > current) {
      indents_.push_back(indent);
    } else {
      while (!indents_.empty() && indents_.back() > indent) indents_.pop_back();
      if (indents_.empty() || indents_.back() != indent) report("an uneven indentation");
    }
    wants_indent_ = false;
  }

  void skip_to_line_end() {
    while (at_ < code_.size() && code_[at_] != '\n') ++at_;
    if (at_ < code_.size()) ++at_, ++line_;
  }

  std::string_view code_;
  std::size_t at_ = 0;
  int line_ = 1;
  std::string brackets_;
  std::vector<std::size_t> indents_;
  bool wants_indent_ = false;
  std::optional<PythonProblem> problem_;
};

}  // namespace

std::optional<PythonProblem> check_python(std::string_view code) { return Checker(code).run(); }

std::vector<std::string> string_literals(std::string_view code) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < code.size();) {
    if (code[at] == '#') {
      while (at < code.size() && code[at] != '\n') ++at;
    } else if (code[at] == '"' || code[at] == '\'') {
      const Literal literal = read_literal(code, at);
      if (literal.closed) out.emplace_back(code.substr(literal.begin, literal.end - literal.begin));
      at = literal.after;
    } else {
      ++at;
    }
  }
  return out;
}

}  // namespace skillgrad::skill
