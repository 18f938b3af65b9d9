// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace skillgrad {

[[nodiscard]] std::string_view trim(std::string_view text);  ///< ASCII white space
[[nodiscard]] std::vector<std::string> split(std::string_view text, char separator);
[[nodiscard]] std::vector<std::string> split_lines(std::string_view text);  ///< LF, CRLF, CR
[[nodiscard]] std::string join(const std::vector<std::string>& parts, std::string_view separator);
[[nodiscard]] std::string to_lower_ascii(std::string_view text);
[[nodiscard]] bool starts_with_icase(std::string_view text, std::string_view prefix);
[[nodiscard]] std::string replace_all(std::string text, std::string_view from, std::string_view to);

/// Offset of the first byte that is not part of valid UTF-8 (surrogates and overlong forms are
/// not), or nullopt.
[[nodiscard]] std::optional<std::size_t> first_invalid_utf8(std::string_view bytes);
/// Valid UTF-8: bad bytes become U+FFFD, NUL is dropped.
[[nodiscard]] std::string sanitize_utf8(std::string_view bytes);
/// For a terminal: control characters other than TAB and LF, and escape sequences, are removed.
[[nodiscard]] std::string strip_control(std::string_view text);
[[nodiscard]] std::size_t count_code_points(std::string_view utf8);
/// At most `max_bytes`, keeping head and tail on code point borders, with a marker that says how
/// many bytes were left out.
[[nodiscard]] std::string truncate_middle(std::string_view text, std::size_t max_bytes);

/// Candidate with the smallest Damerau-Levenshtein distance to `word`, if at most max(1, len/3).
[[nodiscard]] std::optional<std::string> nearest_match(std::string_view word,
                                                       const std::vector<std::string>& candidates);
/// "a, b or c", for what to choose from.
[[nodiscard]] std::string join_or(const std::vector<std::string>& parts);
/// "1 task", "2 tasks".
[[nodiscard]] std::string counted(std::size_t n, std::string_view noun);
/// "a, b and 3 more" for error messages.
[[nodiscard]] std::string list_some(const std::vector<std::string>& items, std::size_t at_most = 8);
/// Shortest text that reads back as the same double; never NaN or infinity in JSON's sense.
[[nodiscard]] std::string format_double(double value);
/// Slug: lower case, letters and numbers kept, else single '-'.
[[nodiscard]] std::string slugify(std::string_view text);

}  // namespace skillgrad
