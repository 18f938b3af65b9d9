// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <skillgrad/core/enum_text.hpp>
#include <skillgrad/core/error.hpp>
#include <skillgrad/core/files.hpp>
#include <skillgrad/core/text.hpp>

// Made once, in core/json.cpp: every file that uses it would else compile them anew.
extern template class nlohmann::basic_json<nlohmann::ordered_map>;

namespace skillgrad {

using Json = nlohmann::ordered_json;  ///< keys keep the order in which the code writes them

/// Parses one JSON text. `where` (a file name or "reply of ...") goes into the error with line and
/// column. `comments` allows // and /* */. Errors: input. Depth over 256 is an error.
[[nodiscard]] Result<Json> parse_json(std::string_view text, std::string_view where,
                                      bool comments = false);
/// What a tolerant reading does with values nested deeper than 256 levels.
enum class DeepValues { refuse, make_null };
/// As parse_json, and as most programs read JSON: the last of repeated keys counts.
[[nodiscard]] Result<Json> parse_tolerant_json(std::string_view text, std::string_view where,
                                               DeepValues deep);
[[nodiscard]] Result<Json> read_json(const fs::path& path, bool comments = false);
/// Each non-blank line is one value; errors name file:line.
[[nodiscard]] Result<std::vector<Json>> read_json_lines(const fs::path& path);
/// The JSON object of a model's text answer: bare, in one code fence, or between prose. Errors:
/// malformed_reply.
[[nodiscard]] Result<Json> object_in_text(const std::string& text);
/// Never throws: bad UTF-8 is replaced. indent < 0: one line.
[[nodiscard]] std::string dump_json(const Json& value, int indent = -1);
/// Keys sorted at every level, one line: for hashing.
[[nodiscard]] std::string canonical_json(const Json& value);
[[nodiscard]] Result<> write_json(const fs::path& path, const Json& value);  ///< atomic, indent 1

/// Reads an object field by field, checks types and ranges, and at the end refuses unknown keys
/// with the nearest match. The first error wins; getters return the default after an error.
///   StrictReader r(value, "skillgrad.json");
///   int n = r.integer("batch", 4, 1, 1000);
///   SKILLGRAD_CHECK(r.finish());
class StrictReader {
 public:
  StrictReader(const Json& object, std::string where);
  [[nodiscard]] bool has(const char* key) const;
  std::string string(const char* key, std::optional<std::string> fallback = std::nullopt);
  std::int64_t integer(const char* key, std::optional<std::int64_t> fallback = std::nullopt,
                       std::int64_t low = INT64_MIN, std::int64_t high = INT64_MAX);
  double number(const char* key, std::optional<double> fallback = std::nullopt, double low = -1e300,
                double high = 1e300);
  bool boolean(const char* key, std::optional<bool> fallback = std::nullopt);
  std::vector<std::string> strings(const char* key,
                                   std::optional<std::vector<std::string>> fallback = std::nullopt);
  /// Any value; null when absent and `required` is false.
  Json any(const char* key, bool required = false);
  /// Marks a key as known without reading it.
  void ignore(const char* key);
  /// Records an error found by the caller at `key`.
  void reject(const char* key, std::string problem, std::string mend = {});
  /// Error of the first bad field, or of an unknown key unless `allow_unknown`.
  [[nodiscard]] Result<> finish(bool allow_unknown = false);

 private:
  const Json* get(const char* key, bool required, const char* type);
  const Json& object_;
  std::string where_;
  std::vector<std::string> known_;
  std::optional<Error> error_;
};

/// The value that the text at `key` names; any other text is rejected with the names that are
/// known. `fallback` as with the getters.
template <class E>
[[nodiscard]] E read_named(StrictReader& reader, const char* key,
                           std::optional<E> fallback = std::nullopt) {
  const std::string text = fallback ? reader.string(key, name_of(*fallback)) : reader.string(key);
  const std::optional<E> value = named<E>(text);
  if (!value) reader.reject(key, "got \"" + text + "\", expected " + join_or(names_of<E>()));
  return value.value_or(fallback.value_or(EnumText<E>::kTable[0].value));
}

}  // namespace skillgrad
