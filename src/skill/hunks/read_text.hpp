// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace skillgrad::skill {

/// A line as whoever reads it takes it, in small letters: references of HTML are what they stand
/// for, tags and marks within words are gone, letters of other forms (wide, mathematical, in
/// circles, small capitals) and look-alikes of other scripts within a word are plain ones, letters
/// of Latin have no accents, and those that were set apart stand together. Bad UTF-8 becomes
/// U+FFFD.
[[nodiscard]] std::string as_read(std::string_view line);
/// The same as far as references of HTML go.
[[nodiscard]] std::string without_references(std::string_view line);
/// A command without what a shell does not see: empty quotes, quotes and backslashes within words,
/// `$@`, and `${IFS}` as a blank; programs that are named by a pattern are those that it stands
/// for. `text`: in small letters.
[[nodiscard]] std::string as_a_shell_reads(std::string_view text);

}  // namespace skillgrad::skill
