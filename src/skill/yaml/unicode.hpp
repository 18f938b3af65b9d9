// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <skillgrad/skill/visible_controls.hpp>

namespace skillgrad::skill {

/// Unicode tables compiled in (utf8proc), no locale. All texts here are valid UTF-8.

/// Decodes the code point at `at` and moves `at` behind it.
[[nodiscard]] char32_t next_code_point(std::string_view text, std::size_t& at);
void append_utf8(std::string& out, char32_t code_point);

/// What Python's str.strip removes.
[[nodiscard]] bool is_space(char32_t code_point);
[[nodiscard]] std::string_view trim_unicode(std::string_view text);

[[nodiscard]] std::string nfkc(std::string_view text);
/// nfkc() and full case folding: equal for texts that differ by letter case or form alone.
[[nodiscard]] std::string case_folded(std::string_view text);
/// Without default ignorable code points: bidirectional controls, joiners, variation selectors,
/// tags, fillers, soft hyphens.
[[nodiscard]] std::string without_invisible(std::string_view text);
/// Equal to its lower-case form.
[[nodiscard]] bool is_lower_case(std::string_view text);
/// General category L* or N*.
[[nodiscard]] bool is_letter_or_number(char32_t code_point);
/// General category M*: part of the letter before it.
[[nodiscard]] bool is_mark(char32_t code_point);
/// CJK ideographs, kana and hangul: one token each in the size estimate.
[[nodiscard]] bool is_dense_script(char32_t code_point);

}  // namespace skillgrad::skill
