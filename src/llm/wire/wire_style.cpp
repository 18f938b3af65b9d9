// SPDX-License-Identifier: MIT
#include "llm/wire/wire_style.hpp"

#include <array>
#include <utility>
#include <vector>

#include <skillgrad/core/json.hpp>

namespace skillgrad::llm {

namespace {

constexpr std::array<std::pair<const char*, bool WireStyle::*>, 10> kFlags = {{
    {"responses", &WireStyle::responses},
    {"may_switch_api", &WireStyle::may_switch_api},
    {"fold_system", &WireStyle::fold_system},
    {"strict", &WireStyle::strict},
    {"completion_cap", &WireStyle::completion_cap},
    {"empty_content", &WireStyle::empty_content},
    {"stream", &WireStyle::stream},
    {"stream_options", &WireStyle::stream_options},
    {"mirror", &WireStyle::mirror},
    {"backfill_reasoning", &WireStyle::backfill_reasoning},
}};

}  // namespace

std::string style_to_json(const WireStyle& style) {
  Json out = Json::object();
  for (const auto& [name, flag] : kFlags) out[name] = style.*flag;
  out["short_ids"] = style.short_ids;
  out["reasoning_effort"] = style.reasoning_effort;
  out["dropped"] = style.dropped;
  return dump_json(out);
}

Result<WireStyle> style_from_json(const std::string& text, const std::string& where) {
  SKILLGRAD_TRY(const Json value, parse_json(text, where));
  StrictReader reader(value, where);
  WireStyle out;
  for (const auto& [name, flag] : kFlags) out.*flag = reader.boolean(name, out.*flag);
  out.short_ids = reader.boolean("short_ids", false);
  out.reasoning_effort = reader.string("reasoning_effort", "");
  for (std::string& key : reader.strings("dropped", std::vector<std::string>{}))
    out.dropped.insert(std::move(key));
  SKILLGRAD_CHECK(reader.finish());
  return out;
}

}  // namespace skillgrad::llm
