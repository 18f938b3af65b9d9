// SPDX-License-Identifier: MIT
#include "llm/reply/choices.hpp"

#include <algorithm>
#include <vector>

#include "llm/reply/call_members.hpp"
#include "llm/reply/finish.hpp"
#include "llm/reply/reply_texts.hpp"
#include "llm/wire/field.hpp"

namespace skillgrad::llm {

namespace {

bool holds_calls(const Json& choice) {
  const Json* message = member(&choice, "message");
  if (message == nullptr) return false;
  const auto lists = call_lists(*message);
  return !single_calls(*message).empty() ||
         std::any_of(lists.begin(), lists.end(), [](const Json* list) { return !list->empty(); });
}

bool holds_text(const Json& choice) {
  const Json* content = member(member(&choice, "message"), "content");
  if (content == nullptr || (content->is_structured() && content->empty())) return false;
  return content->is_structured() || !is_blank(text_of(content));
}

/// The text of one choice and the calls of another.
void put_together(Json& choice, const Json& calls) {
  Json& message = choice["message"];
  if (!message.is_object()) message = Json::object();
  const bool text = holds_text(choice);
  for (const auto& [key, value] : calls.at("message").items()) {
    const bool taken = key == "content" ? text : message.contains(key) && !message[key].is_null();
    if (!value.is_null() && (is_call_member(key) || !taken)) message[key] = value;
  }
  for (const char* key : {"finish_reason", "native_finish_reason", "finish_details"}) {
    const Json own = choice.value(key, Json()), other = calls.value(key, Json());
    const FinishKind kind = turn_end(Json(), Json{{key, own}}).kind;
    const bool done = kind == FinishKind::stop || kind == FinishKind::tools;
    choice[key] = done ? other : worse_reason(own, other);
  }
}

}  // namespace

ChosenChoice choose(const Json& body) {
  ChosenChoice out;
  const Json* choices = member(&body, "choices");
  if (choices == nullptr || !choices->is_array() || choices->empty()) return out;
  const auto named = std::find_if(choices->begin(), choices->end(), [](const Json& choice) {
    return integer_of(member(&choice, "index")) == 0;
  });
  const Json& first = named != choices->end() ? *named : choices->front();
  out.choice = first;
  if (choices->size() == 1) return out;
  std::vector<const Json*> calling;
  for (const Json& choice : *choices) {
    if (&choice != &first && holds_calls(choice)) calling.push_back(&choice);
  }
  if (calling.empty() || holds_calls(first)) {
    out.note =
        "the endpoint sends several choices, which were not asked for; only the first is used";
  } else if (!first.is_object() || calling.size() > 1 ||
             (holds_text(first) && holds_text(*calling.front()))) {
    out.problem = "the reply holds several choices, and tool calls in another than the first";
  } else {
    put_together(out.choice, *calling.front());
  }
  return out;
}

}  // namespace skillgrad::llm
