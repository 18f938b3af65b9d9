// SPDX-License-Identifier: MIT
#include "llm/reply/delta.hpp"

#include <algorithm>
#include <utility>

#include <skillgrad/core/text.hpp>

#include "llm/errors/error_body.hpp"
#include "llm/errors/reply_shape.hpp"
#include "llm/reply/call_members.hpp"
#include "llm/reply/finish.hpp"
#include "llm/reply/mirror.hpp"
#include "llm/reply/usage.hpp"
#include "llm/wire/field.hpp"

namespace skillgrad::llm {

void DeltaAssembler::event(const SseEvent& event) {
  if (done() || error_) return;
  const std::string_view data = trim(event.data);
  if (data.empty() && !names_failure(event.event)) return;
  if (data.starts_with("[DONE]")) {
    done_ = true;
    return;
  }
  auto parsed = parse_reply_json(data, "stream");
  if (!parsed || !parsed->is_structured()) {
    other_data(event, data);
  } else if (is_error_json(*parsed)) {
    fail(std::move(*parsed));
  } else if (ResponseEvents::is_event(*parsed)) {
    progressed_ = responses_.event(*parsed) || progressed_;
    error_ = responses_.error();
  } else if (names_failure(event.event)) {
    fail(std::move(*parsed));
  } else if (is_chunk(*parsed)) {
    chunk(*parsed);
  } else if (!is_other_event(event, *parsed)) {
    note_malformed(data);
  }
}

void DeltaAssembler::fail(Json error) {
  if (read_usage(error)) usage_ = *find_usage(error);
  error_ = only_error(std::move(error));
}

void DeltaAssembler::note_malformed(std::string_view what) {
  if (malformed_.empty()) malformed_ = truncate_middle(sanitize_utf8(what), 200);
}

void DeltaAssembler::other_data(const SseEvent& event, std::string_view data) {
  const auto text = parse_reply_json(data, "stream");
  const bool is_text = text && text->is_string();
  const std::string said = is_text ? text->get<std::string>() : sanitize_utf8(data);
  if (names_failure(event.event)) {
    error_ = Json{{"error", {{"message", said.empty() ? event.event : said}}}};
  } else if (keeps_alive(event, said) || (text && !is_text) || trim(said).empty()) {
    return;
  } else if (is_text) {
    error_ = Json{{"error", {{"message", said}}}};
  } else {
    note_malformed(said);
  }
}

void DeltaAssembler::chunk(const Json& value) {
  for (const char* key : {"id", "model", "provider", "system_fingerprint"}) {
    const Json* found = member(&value, key);
    if (found != nullptr && !head_.contains(key)) head_[key] = *found;
  }
  for (const char* key : {"status", "incomplete_details"}) {
    if (const Json* found = member(&value, key)) head_[key] = *found;
  }
  merge_usage(usage_, value);
  const Json* choices = member(&value, "choices");
  if (choices == nullptr || !choices->is_array()) return;
  for (const Json& item : *choices) choice(item);
}

void DeltaAssembler::choice(const Json& value) {
  // An error of the upstream may stand at the choice, or where its text should be.
  const Json* piece = member_of(&value, {"delta", "message"});
  for (const Json* holder : {&value, piece}) {
    const Json* error = member(holder, "error");
    if (error != nullptr && names_an_error(*error)) {
      error_ = Json{{"error", *error}};
      return;
    }
  }
  if (const auto index = integer_of(member(&value, "index")).value_or(0); index != 0) {
    other_choice(index, value);
    return;
  }
  if (member(&value, "delta") != nullptr) {
    delta(*piece);
  } else if (piece != nullptr) {
    whole_message(*piece);
  }
  if (calls_beside_ || (calls_.empty() && !function_call_.is_object())) {
    call_deltas(value);
    calls_beside_ = !calls_.empty() || function_call_.is_object();
  }
  for (const char* key :
       {"finish_reason", "native_finish_reason", "finish_details", "incomplete_details"}) {
    const Json* said = member(&value, key);
    if (said == nullptr) continue;
    const Json known = ends_.value(key, Json());
    ends_[key] = worse_reason(known, *said);
  }
  if (turn_end(Json(), value).kind != FinishKind::none) {
    finished_ = true;
    progressed_ = true;
  }
}

/// Other choices are put together by themselves: what they are to the turn, their whole tells.
void DeltaAssembler::other_choice(std::int64_t index, const Json& value) {
  auto& other = others_[index];
  if (!other) other = std::make_shared<DeltaAssembler>();
  Json first = value;
  first["index"] = 0;
  other->choice(first);
}

/// Servers that send no deltas write `message` for each piece; behind deltas it is the whole once
/// more, and adds nothing but what did not come before.
void DeltaAssembler::whole_message(const Json& value) {
  if (!in_deltas_ || !value.is_object()) {
    delta(value);
    in_deltas_ = false;
    return;
  }
  Json rest = Json::object();
  for (const auto& [key, piece] : value.items()) {
    const auto known = texts_.find(key);
    if (known == texts_.end() || known->second.empty()) {
      const bool has_calls = !calls_.empty() || function_call_.is_object();
      const bool repeats = (is_call_member(key) && has_calls) || mirrored_.contains(key);
      if (!repeats) rest[key] = piece;
    } else if (key == "content" && says_other(known->second, piece)) {
      note_malformed("a whole message that is not what came in pieces: " + dump_json(piece));
    }
  }
  delta(rest);
}

bool DeltaAssembler::says_other(const Mixed& came, const Json& whole) {
  const bool text = whole.is_string() && came.parts.empty();
  return text && !trim(text_of(&whole)).empty() && trim(text_of(&whole)) != trim(came.text);
}

void DeltaAssembler::Mixed::add(const Json& value) {
  const auto add_text = [this](const std::string& more) {
    const bool after_text = !parts.empty() && parts.back().is_object() &&
                            parts.back().size() == 2 &&
                            text_of(member(&parts.back(), "type")) == "text" &&
                            parts.back().contains("text") && parts.back()["text"].is_string();
    if (after_text) {
      parts.back()["text"].get_ref<std::string&>() += more;
    } else if (!more.empty()) {
      parts.push_back({{"type", "text"}, {"text", more}});
    }
  };
  if (!value.is_structured()) {
    if (parts.empty()) {
      text += text_of(&value);
    } else {
      add_text(text_of(&value));
    }
    return;
  }
  if (!text.empty() && !value.empty()) add_text(std::exchange(text, {}));
  if (value.is_object()) {
    parts.push_back(value);
  } else {
    for (const Json& part : value) parts.push_back(part);
  }
}

void DeltaAssembler::delta(const Json& value) {
  ++deltas_;
  if (const Json* role = member(&value, "role"); role && role->is_string()) role_ = *role;
  const Json* content = member(&value, "content");
  if (content != nullptr && !content->is_string() && !content->is_structured()) {
    note_malformed("content that is no text: " + dump_json(*content));
  }
  for (const char* key : {"content", "reasoning_content", "reasoning", "refusal"}) {
    const Json* found = member(&value, key);
    if (found == nullptr) continue;
    texts_[key].add(*found);
    const std::size_t bytes = found->is_structured() ? found->size() : text_of(found).size();
    text_bytes_ += bytes;
    progressed_ = progressed_ || bytes > 0;
    in_deltas_ = in_deltas_ || bytes > 0;
  }
  for (const auto& [key, piece] : value.items()) {
    if (!is_mirrored(key) || texts_.contains(key) || piece.is_null()) continue;
    const Json wrapped = {{key, piece}};
    merge_piece(mirrored_, wrapped);
  }
  call_deltas(value);
}

/// The calls of a piece, or of the choice around it: of the first member that holds some.
void DeltaAssembler::call_deltas(const Json& value) {
  for (const Json* list : call_lists(value)) {
    if (list->is_array()) {
      for (const Json& call : *list) tool_delta(call);
    } else if (list->is_object()) {
      tool_delta(*list);
    } else {
      note_malformed("tool calls that are no list of calls: " + dump_json(*list));
    }
    if (!list->empty()) break;
  }
  const auto singles = single_calls(value);
  if (!singles.empty()) legacy_delta(*singles.front());
}

void DeltaAssembler::legacy_delta(const Json& value) {
  if (!value.is_object()) {
    const std::string text = text_of(&value);
    if (!trim(text).empty() && text != "none" && text != "auto")
      note_malformed("a function call that is no object: " + dump_json(value));
    return;
  }
  const std::string name = text_of(member(&value, "name"));
  if (!function_call_.is_object()) function_call_ = {{"name", ""}, {"arguments", ""}};
  if (!name.empty()) function_call_["name"] = name;
  if (const Json* arguments = member(&value, "arguments")) {
    Json& known = function_call_["arguments"];
    if (known.is_string() && !arguments->is_structured()) {
      known.get_ref<std::string&>() += text_of(arguments);
    } else if (known.is_structured() || !known.get_ref<const std::string&>().empty()) {
      note_malformed("arguments of a function call in two forms");
    } else {
      known = *arguments;
    }
  }
  progressed_ = in_deltas_ = true;
}

DeltaAssembler::Piece::Piece(const Json& value) {
  const Json* function = member(&value, "function");
  if (function == nullptr) function = &value;
  id = trim(text_of(member(&value, "id")));
  name = text_of(member(function, "name"));
  index = integer_of(member(&value, "index"));
  arguments = member(function, "arguments");
  mirrored = mirrored_of_call(value);
}

bool DeltaAssembler::Piece::begins_object() const {
  if (arguments == nullptr) return false;
  if (!arguments->is_string()) return true;
  return trim(arguments->get_ref<const std::string&>()).starts_with('{');
}

/// Whether a piece that names no id tells of another call than `call`. A name may also come late,
/// grow, or repeat in full with every piece.
bool DeltaAssembler::is_another(const Call& call, const Piece& piece) const {
  if (call.whole() && piece.begins_object()) return !piece.name.empty() || call.named_again;
  if (piece.name.empty() || call.name.empty()) return false;
  if (call.named_in == deltas_) return true;
  return piece.name != call.name && (call.has_arguments() || !piece.name.starts_with(call.name));
}

DeltaAssembler::Call& DeltaAssembler::call_at_index(const Piece& piece) {
  std::string name;
  const auto known = by_index_.find(*piece.index);
  if (known != by_index_.end()) {
    Call& call = calls_[known->second];
    const bool both_ids = !piece.id.empty() && !call.id.empty();
    const bool another =
        both_ids ? piece.id != call.id && !piece.name.empty() : is_another(call, piece);
    if (!another) return call;
    if (call.named_again) name = call.name;
  }
  by_index_[*piece.index] = calls_.size();
  Call& begun = new_call();
  begun.name = std::move(name);
  return begun;
}

DeltaAssembler::Call* DeltaAssembler::call_of_id(const Piece& piece) {
  const auto known = piece.id.empty() ? by_id_.end() : by_id_.find(piece.id);
  if (known == by_id_.end()) return nullptr;
  Call& call = calls_[known->second];
  const bool same = piece.name.empty() || (piece.name == call.name && !call.has_arguments());
  return same ? &call : nullptr;
}

DeltaAssembler::Call& DeltaAssembler::call_for(const Piece& piece) {
  if (piece.index && !by_index_.contains(*piece.index)) {
    // Servers that count calls anew may number one and the same call twice.
    if (Call* known = call_of_id(piece)) {
      by_index_[*piece.index] = static_cast<std::size_t>(known - calls_.data());
      return *known;
    }
  }
  if (piece.index) return call_at_index(piece);
  if (!piece.id.empty()) {
    const auto same = by_id_.find(piece.id);
    return same != by_id_.end() ? calls_[same->second] : new_call();
  }
  // Without index and id: a name begins a call, a nameless piece continues the latest.
  if (calls_.empty()) return new_call();
  Call& latest = calls_.back();
  const bool begins = !piece.name.empty() && latest.has_arguments();
  return begins || is_another(latest, piece) ? new_call() : latest;
}

void DeltaAssembler::tool_delta(const Json& value) {
  if (!value.is_object()) {
    if (!value.is_null()) note_malformed("a tool call that is no object: " + dump_json(value));
    return;
  }
  progressed_ = in_deltas_ = true;
  const Piece piece(value);
  Call& call = call_for(piece);
  if (!piece.id.empty() && call.id.empty()) {
    call.id = piece.id;
    by_id_.emplace(piece.id, static_cast<std::size_t>(&call - calls_.data()));
  }
  if (!piece.name.empty()) {
    call.named_again = call.named_again || call.whole();
    call.name = piece.name;
    call.named_in = deltas_;
  }
  if (piece.arguments != nullptr && piece.arguments->is_string()) {
    const auto& text = piece.arguments->get_ref<const std::string&>();
    call.arguments += text;
    call.progress.add(text);
  } else if (piece.arguments != nullptr) {
    call.arguments_object = *piece.arguments;
  }
  merge_piece(call.mirrored, piece.mirrored);
}

std::size_t DeltaAssembler::output_bytes() const {
  std::size_t bytes = responses_.output_bytes() + text_bytes_;
  for (const Call& call : calls_) bytes += call.name.size() + call.arguments.size();
  return bytes;
}

Json DeltaAssembler::reply() const {
  if (responses_.seen()) return responses_.reply();
  Json message = {{"role", role_}};
  for (const auto& [key, text] : texts_) {
    if (key != "refusal" || !text.empty()) message[key] = text.value();
  }
  for (const auto& [key, value] : mirrored_.items()) message[key] = value;
  for (const Call& call : calls_) {
    Json function = {{"name", call.name}, {"arguments", call.arguments}};
    if (!call.arguments_object.is_null()) function["arguments"] = call.arguments_object;
    Json item = {{"id", call.id}, {"type", "function"}, {"function", std::move(function)}};
    for (const auto& [key, value] : call.mirrored.items()) {
      if (key == "function") {
        item["function"].update(value);
      } else {
        item[key] = value;
      }
    }
    message["tool_calls"].push_back(std::move(item));
  }
  if (function_call_.is_object()) message["function_call"] = function_call_;
  Json reply = head_;
  Json choice = {{"index", 0}, {"message", std::move(message)}};
  for (const auto& [key, value] : ends_.items()) choice[key] = value;
  reply["choices"] = Json::array({std::move(choice)});
  for (const auto& [index, other] : others_) {
    reply["choices"].push_back(other->reply().at("choices").front());
    reply["choices"].back()["index"] = index;
  }
  if (!usage_.is_null()) reply["usage"] = usage_;
  return reply;
}

}  // namespace skillgrad::llm
