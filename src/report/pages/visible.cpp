// SPDX-License-Identifier: MIT
#include "report/pages/visible.hpp"

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/core/unicode.hpp>
#include <skillgrad/skill/visible_controls.hpp>

namespace skillgrad::report {

std::string visible(std::string_view text) {
  if (is_plain_ascii(text)) return skill::visible_controls(text);
  const std::string clean = skill::visible_controls(sanitize_utf8(text));
  std::string out;
  out.reserve(clean.size());
  for (std::size_t at = 0; at < clean.size();) {
    const std::size_t begin = at;
    const char32_t c = next_code_point(clean, at);
    if (skill::is_hidden(c))
      out += fmt::format("\\u{{{:X}}}", static_cast<unsigned>(c));
    else
      out.append(clean, begin, at - begin);
  }
  return out;
}

Json visible_texts(const Json& value) {
  if (value.is_string()) return visible(value.get_ref<const std::string&>());
  if (value.is_array()) {
    Json out = Json::array();
    for (const Json& item : value) out.push_back(visible_texts(item));
    return out;
  }
  if (value.is_object()) {
    Json out = Json::object();
    for (const auto& [key, item] : value.items()) out[visible(key)] = visible_texts(item);
    return out;
  }
  return value;
}

}  // namespace skillgrad::report
