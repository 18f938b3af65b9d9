// SPDX-License-Identifier: MIT
#include "llm/reply/mirror.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <skillgrad/core/text.hpp>

#include "llm/reply/reply_texts.hpp"
#include "llm/wire/field.hpp"

namespace skillgrad::llm {

namespace {

bool is_joined(std::string_view key) {
  static constexpr std::array<std::string_view, 6> kTexts = {"text",    "thinking",  "summary",
                                                             "content", "reasoning", "data"};
  return std::find(kTexts.begin(), kTexts.end(), key) != kTexts.end();
}

bool has_text(const Json& entry, const char* key) { return !text_of(member(&entry, key)).empty(); }

/// Whether a piece goes on with an entry of a list.
bool continues(const Json& entry, const Json& piece) {
  if (!entry.is_object() || text_of(member(&entry, "type")) != text_of(member(&piece, "type"))) {
    return false;
  }
  const Json *index = member(&entry, "index"), *other = member(&piece, "index");
  if (index != nullptr && other != nullptr) return *index == *other;
  const std::string id = text_of(member(&entry, "id")), other_id = text_of(member(&piece, "id"));
  if (!id.empty() && !other_id.empty()) return id == other_id;
  // A signature ends its block.
  return !has_text(entry, "signature") && !has_text(entry, "data");
}

void merge_list(Json& into, const Json& piece) {
  for (const Json& entry : piece) {
    if (!entry.is_object()) {
      into.push_back(entry);
      continue;
    }
    const bool indexed = member(&entry, "index") != nullptr;
    const auto begin = indexed || into.empty() ? into.begin() : into.end() - 1;
    const auto known = std::find_if(begin, into.end(),
                                    [&](const Json& before) { return continues(before, entry); });
    if (known == into.end()) {
      into.push_back(entry);
    } else {
      merge_piece(*known, entry);
    }
  }
}

/// Thinking parts that are signed are sent back as they came, or the endpoint refuses the turn.
bool is_signed(const Json& content) {
  if (!content.is_array()) return false;
  return std::any_of(content.begin(), content.end(), [](const Json& part) {
    if (!part.is_object()) return false;
    const bool thinking = text_of(member(&part, "type")).find("think") != std::string::npos;
    return (thinking && member_of(&part, {"signature", "data"}) != nullptr) ||
           member_of(&part, {"thoughtSignature", "thought_signature"}) != nullptr;
  });
}

Json without_calls(const Json& message, const Json& content) {
  if (call_parts(message).empty()) return content;
  Json out = Json::array();
  for (const Json& part : content) {
    if (call_parts(Json{{"content", Json::array({part})}}).empty()) out.push_back(part);
  }
  return out;
}

}  // namespace

bool is_mirrored(std::string_view key) {
  static constexpr std::array<std::string_view, 3> kWhole = {
      "extra_content", "provider_specific_fields", "provider_data"};
  static constexpr std::array<std::string_view, 5> kParts = {"reasoning", "thinking", "thought",
                                                             "signature", "encrypted"};
  if (std::find(kWhole.begin(), kWhole.end(), key) != kWhole.end()) return true;
  const std::string lower = to_lower_ascii(key);
  return std::any_of(kParts.begin(), kParts.end(),
                     [&](std::string_view part) { return lower.find(part) != std::string::npos; });
}

void merge_piece(Json& into, const Json& piece) {
  if (piece.is_null()) return;
  if (into.is_array() && piece.is_array()) {
    merge_list(into, piece);
  } else if (into.is_object() && piece.is_object()) {
    for (const auto& [key, value] : piece.items()) {
      Json& known = into[key];
      if (known.is_string() && value.is_string()) {
        const auto& text = value.get_ref<const std::string&>();
        if (is_joined(key)) {
          known.get_ref<std::string&>() += text;
        } else if (!text.empty()) {
          known = value;
        }
      } else {
        merge_piece(known, value);
      }
    }
  } else if (into.is_null() && piece.is_array()) {
    into = Json::array();
    merge_list(into, piece);
  } else {
    into = piece;
  }
}

Json mirrored_of_call(const Json& call) {
  Json out = Json::object();
  for (const auto& [key, value] : call.items()) {
    if (is_mirrored(key) && !value.is_null()) out[key] = value;
  }
  if (const Json* function = member(&call, "function"); function && function->is_object()) {
    for (const auto& [key, value] : function->items()) {
      if (is_mirrored(key) && !value.is_null()) out["function"][key] = value;
    }
  }
  return out.empty() ? Json() : out;
}

std::string read_mirror(const Json& message, const std::string& source) {
  if (const Json* items = member(&message, "responses_items")) {
    return dump_json(Json{{"from", source}, {"items", *items}});
  }
  Json fields = Json::object();
  for (const auto& [key, value] : message.items()) {
    if (is_mirrored(key) && !value.is_null()) fields[key] = value;
  }
  if (const Json* content = member(&message, "content"); content && is_signed(*content)) {
    fields["content"] = without_calls(message, *content);
  }
  Json calls = Json::array();
  bool any = false;
  if (const Json* list = member(&message, "tool_calls"); list != nullptr && list->is_array()) {
    for (const Json& call : *list) {
      calls.push_back(call.is_object() ? mirrored_of_call(call) : Json());
      any = any || !calls.back().is_null();
    }
  }
  if (fields.empty() && !any) return {};
  Json mirror = {{"from", source}, {"fields", std::move(fields)}};
  if (any) mirror["calls"] = std::move(calls);
  return dump_json(mirror);
}

}  // namespace skillgrad::llm
