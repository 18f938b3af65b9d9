// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <skillgrad/core/json.hpp>

namespace skillgrad::llm {

// Endpoints differ in which type a field has: these readers accept every type that carries the
// meaning and never throw.

/// The member, or nullptr when `value` is no object, lacks it or has null there.
[[nodiscard]] const Json* member(const Json* value, const char* key);
/// The first member of several names that is present and not null.
[[nodiscard]] const Json* member_of(const Json* value, std::initializer_list<const char*> keys);
/// A string as it is, a number or boolean printed, otherwise "".
[[nodiscard]] std::string text_of(const Json* value);
/// Integers, finite floats (rounded down) and numeric strings.
[[nodiscard]] std::optional<std::int64_t> integer_of(const Json* value);
[[nodiscard]] std::optional<double> number_of(const Json* value);

/// Parses a reply; what strict JSON refuses but servers send (lone surrogate escapes, NaN,
/// Infinity, numbers out of range, bad UTF-8) is mended and parsed once more. The last of repeated
/// keys counts, and what is nested too deeply to be read is null. Errors: input.
[[nodiscard]] Result<Json> parse_reply_json(std::string_view text, std::string_view where,
                                            DeepValues deep = DeepValues::make_null);

/// Appends `text` as a JSON string with its quotes; bad UTF-8 becomes U+FFFD, NUL is dropped.
void append_json_string(std::string& out, std::string_view text);

}  // namespace skillgrad::llm
