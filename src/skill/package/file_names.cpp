// SPDX-License-Identifier: MIT
#include "skill/package/file_names.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include <skillgrad/core/text.hpp>
#include <skillgrad/core/unicode.hpp>
#include <skillgrad/skill/visible_controls.hpp>

namespace skillgrad::skill {

namespace {

constexpr const char* kMend = "use letters, digits, '.', '_' and '-', e.g. references/topic.md";

[[nodiscard]] tl::unexpected<Error> refuse(std::string_view path, const std::string& why) {
  return fail(ErrorCode::input,
              "the path \"" + visible_controls(path) + "\" cannot be given to a new file: " + why,
              std::string{}, kMend);
}

[[nodiscard]] std::string code_point_name(char32_t c) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "U+%04X", static_cast<unsigned>(c));
  return text.data();
}

/// CON, NUL, COM1 and the like are devices on Windows, whatever stands behind a dot.
[[nodiscard]] bool is_device(std::string_view component) {
  const std::string stem = to_lower_ascii(component.substr(0, component.find('.')));
  static constexpr std::array<std::string_view, 6> kNames = {"con", "prn",    "aux",
                                                             "nul", "conin$", "conout$"};
  if (std::find(kNames.begin(), kNames.end(), stem) != kNames.end()) return true;
  const bool port = stem.starts_with("com") || stem.starts_with("lpt");
  return port && stem.size() == 4 && stem[3] >= '0' && stem[3] <= '9';
}

[[nodiscard]] bool is_plain(char32_t c) {
  return is_letter_or_number(c) || is_mark(c) || c == '.' || c == '_' || c == '-' || c == '+';
}

[[nodiscard]] Result<> check_component(std::string_view path, std::string_view component) {
  if (component.front() == '-')
    return refuse(path, "a name that begins with '-' is taken for an option");
  if (component.back() == '.') return refuse(path, "a name that ends with '.' loses it on Windows");
  if (is_device(component))
    return refuse(path, "\"" + std::string(component) + "\" is a device name on Windows");
  for (std::size_t at = 0; at < component.size();) {
    const char32_t c = next_code_point(component, at);
    if (!is_plain(c)) return refuse(path, "it holds the character " + code_point_name(c));
  }
  return {};
}

}  // namespace

Result<> check_new_file_name(std::string_view path) {
  for (const std::string& component : split(path, '/')) {
    if (!component.empty()) SKILLGRAD_CHECK(check_component(path, component));
  }
  const std::string plain = without_invisible(nfkc(path));
  if (plain == path) return {};
  return refuse(
      path, "it holds invisible or decomposed characters; as plain text it is \"" + plain + "\"");
}

std::string file_name_key(std::string_view path) { return without_invisible(case_folded(path)); }

}  // namespace skillgrad::skill
