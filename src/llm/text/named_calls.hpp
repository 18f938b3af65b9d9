// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "llm/text/text_call_reader.hpp"

namespace skillgrad::llm {

/// Behind the tag <..> or token <|..|> at `at`, or npos.
[[nodiscard]] std::size_t behind_any_mark(std::string_view text, std::size_t at);
/// Nothing but marks, closing brackets and fences stands at or behind `at`.
[[nodiscard]] bool only_marks_behind(std::string_view text, std::size_t at);

/// Finds calls by their shape, whatever syntax a model makes up: on its line nothing but marks and
/// words for a call stands before an offered tool's name; behind it come marks, brackets and an
/// argument's name as a key; and the call is the last of the text. In prose about a tool other
/// words stand there.
class NamedCalls {
 public:
  NamedCalls(std::string_view text, const TextCallReader& reader) : text_(text), reader_(reader) {}

  /// Whether the word that begins at `at` is the name in such a call.
  [[nodiscard]] bool stands_at(std::size_t at, std::string_view word);
  /// Whether an argument's name stands in a part of the text as a key.
  [[nodiscard]] bool has_key(const std::string& tool, std::size_t from, std::size_t end) const;
  /// Whether there is one anywhere in the text.
  [[nodiscard]] bool any();

 private:
  /// What stands before a name on its line.
  struct Before {
    bool good = false;
    bool marked = false;     ///< not nothing
    bool labelled = false;   ///< "tool:", "name:"
    bool announced = false;  ///< "Action:", "Call:": what follows is a call, whatever its arguments
    bool assigned = false;
    bool open = false;  ///< words for a call announce one only with a sign behind them
  };
  /// What stands behind a name, up to the first key.
  struct Behind {
    std::size_t bracket = std::string_view::npos;
    bool key = false, tag_key = false, line_end = false, structure = false, numbered = false;
  };
  [[nodiscard]] Before before(std::size_t at) const;
  [[nodiscard]] bool take_word_before(std::size_t& at, std::size_t end, Before& out,
                                      bool after_mark) const;
  [[nodiscard]] Behind behind(std::size_t at, const std::string& tool) const;
  [[nodiscard]] bool take_mark_behind(std::size_t& at, const std::string& tool, Behind& out) const;
  /// True: a word that may stand there, or the key.
  [[nodiscard]] bool take_word_behind(std::size_t& at, const std::string& tool, Behind& out) const;
  [[nodiscard]] bool ends_text(const Before& before, const Behind& behind, std::size_t name_end);
  [[nodiscard]] std::size_t behind_bracket(std::size_t at);

  std::string_view text_;
  const TextCallReader& reader_;
  std::size_t looked_at_ = 0;  ///< bytes between brackets, of all calls
};

}  // namespace skillgrad::llm
