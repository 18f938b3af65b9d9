// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "skill/yaml/yaml_node.hpp"

namespace skillgrad::skill::yaml {

template <class T = void>
using Scan = tl::expected<T, Problem>;

[[nodiscard]] inline tl::unexpected<Problem> problem(std::size_t offset, std::string what,
                                                     std::string mend) {
  return tl::unexpected(Problem{offset, std::move(what), std::move(mend)});
}

/// Characters, line breaks and scalars; knows nothing of mappings and sequences. Many of its
/// methods are one-line questions about the text at a place.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  /// Bytes of the line break at `at`: LF, CR, CRLF, U+0085, U+2028, U+2029; else 0.
  [[nodiscard]] std::size_t break_length(std::size_t at) const;
  /// What the break counts as in a value.
  [[nodiscard]] std::string_view break_value(std::size_t at) const;
  [[nodiscard]] bool at_line_end(std::size_t at) const;
  /// Space, TAB, line break or end of text.
  [[nodiscard]] bool blank_at(std::size_t at) const;
  [[nodiscard]] char peek(std::size_t at) const { return at < text_.size() ? text_[at] : '\0'; }
  /// `---` or `...` alone at the start of the line that begins at `at`.
  [[nodiscard]] bool document_marker_at(std::size_t at) const;

  [[nodiscard]] std::string_view text() const { return text_; }
  [[nodiscard]] std::size_t position() const { return pos_; }
  [[nodiscard]] bool done() const { return pos_ >= text_.size(); }
  [[nodiscard]] std::size_t column() const { return pos_ - line_begin_; }
  /// A line break was crossed since the last token.
  [[nodiscard]] bool fresh_line() const { return fresh_; }
  [[nodiscard]] bool indicator(char which) const {
    return peek(pos_) == which && blank_at(pos_ + 1);
  }
  void take(std::size_t bytes) {
    pos_ += bytes;
    fresh_ = false;
  }
  /// Goes on at a later place, whatever stands between.
  void skip_to(std::size_t at);
  /// Skips spaces, comments and line breaks. A TAB in front of a token is an error.
  [[nodiscard]] Scan<> skip_to_token();

  /// Offset of the `:` if a one-line key of at most 1,024 characters stands here, else npos.
  [[nodiscard]] std::size_t key_colon() const;

  /// The scalars; `parent` is the indentation of the enclosing block, -1 at the top.
  [[nodiscard]] Scan<Node> plain(int parent);
  [[nodiscard]] Scan<Node> single_quoted();
  [[nodiscard]] Scan<Node> double_quoted();
  [[nodiscard]] Scan<Node> block_scalar(int parent);

 private:
  struct BlockHeader {
    char chomp = ' ';
    std::size_t indent = 0;  ///< 0: detected
    std::size_t end = 0;     ///< before the line break
  };
  /// Columns count from LF and CR only: U+0085, U+2028 and U+2029 break values but, as in the
  /// reference, not columns.
  void cross_break(std::size_t bytes);
  void pass_break(std::size_t& at, std::size_t& line) const;
  [[nodiscard]] std::size_t plain_chunk_end(std::size_t at) const;
  [[nodiscard]] Scan<> fold_quoted(std::string& out);
  [[nodiscard]] Scan<> quoted_breaks(std::string& breaks);
  [[nodiscard]] Scan<> escape(std::string& out);
  [[nodiscard]] Scan<BlockHeader> block_header();
  void block_breaks(std::size_t indent, std::string& breaks);

  std::string_view text_;
  std::size_t pos_ = 0;
  std::size_t line_begin_ = 0;
  bool fresh_ = true;
};

}  // namespace skillgrad::skill::yaml
