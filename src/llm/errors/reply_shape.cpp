// SPDX-License-Identifier: MIT
#include "llm/errors/reply_shape.hpp"

#include <algorithm>
#include <array>
#include <string>

#include <skillgrad/core/text.hpp>

#include "llm/errors/error_body.hpp"
#include "llm/wire/field.hpp"

namespace skillgrad::llm {

namespace {

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// Its letters, in lower case: "Err_Msg" and "errMsg" are one name.
std::string letters_of(std::string_view text) {
  std::string out;
  for (const char c : to_lower_ascii(text)) {
    if (c >= 'a' && c <= 'z') out += c;
  }
  return out;
}

bool is_alive_word(std::string_view text) {
  static constexpr std::array<std::string_view, 9> kWords = {
      "ping", "pong", "heartbeat", "keepalive", "alive", "processing", "waiting", "queued", "noop"};
  return is_one_of(kWords, letters_of(text));
}

bool is_failure_key(std::string_view key) {
  const auto has = [&](std::string_view part) { return key.find(part) != std::string_view::npos; };
  return key.starts_with("err") || has("error") || has("exception") || key.starts_with("fault") ||
         (key.starts_with("fail") && !key.starts_with("failover")) || has("traceback") ||
         key == "detail";
}

constexpr std::string_view kChineseSuccess = "\xE6\x88\x90\xE5\x8A\x9F";

/// "", "ok", 0, 200 and the like beside a good reply.
bool is_harmless(const Json& value) {
  static constexpr std::array<std::string_view, 12> kWords = {
      "none", "null",    "false",        "ok",        "success", "successful",
      "na",   "succeed", "successfully", "succeeded", "noerror", "completed"};
  if (const auto number = number_of(&value)) return *number == 0 || *number == 200;
  if (value.is_structured()) return false;
  const std::string text(trim(text_of(&value)));
  if (text.empty() || text == kChineseSuccess) return true;
  return is_one_of(kWords, letters_of(text));
}

/// What stands under a name of failures speaks of one.
bool tells_failure(const Json& value) {
  if (value.is_null()) return false;
  if (value.is_array()) return std::any_of(value.begin(), value.end(), tells_failure);
  if (!value.is_object()) return !is_harmless(value);
  if (names_an_error(value)) return true;
  return std::any_of(value.items().begin(), value.items().end(), [](const auto& item) {
    return is_failure_key(letters_of(item.key())) && tells_failure(item.value());
  });
}

bool is_message_key(std::string_view key) {
  static constexpr std::array<std::string_view, 5> kKeys = {"message", "msg", "statusmsg", "retmsg",
                                                            "statusmessage"};
  return is_one_of(kKeys, key);
}

/// {"code":20000,"message":"success"}: the word says what the number means.
bool speaks_of_success(const Json& body) {
  return std::any_of(body.items().begin(), body.items().end(), [](const auto& item) {
    return is_message_key(letters_of(item.key())) && item.value().is_string() &&
           !trim(item.value().template get_ref<const std::string&>()).empty() &&
           is_harmless(item.value());
  });
}

bool member_tells_failure(std::string_view key, const Json& value, bool success) {
  static constexpr std::array<std::string_view, 4> kFlags = {"ok", "success", "succeeded",
                                                             "successful"};
  static constexpr std::array<std::string_view, 4> kResults = {"retcode", "ret", "resultcode",
                                                               "returncode"};
  static constexpr std::array<std::string_view, 3> kCodes = {"code", "status", "statuscode"};
  if (is_failure_key(key)) return tells_failure(value);
  if (is_message_key(key)) return value.is_string() && !is_harmless(value);
  if (is_one_of(kFlags, key)) return to_lower_ascii(text_of(&value)) == "false";
  const auto number = integer_of(&value);
  if (is_one_of(kResults, key)) return !success && number && *number != 0 && *number != 200;
  if (!is_one_of(kCodes, key)) return false;
  return number ? !success && *number >= 400 : names_failure(text_of(&value));
}

/// What servers tell beside the pieces of a reply.
constexpr std::array<std::string_view, 16> kBeside = {
    "id",         "model",          "created", "provider",          "system_fingerprint",
    "request_id", "service_tier",   "timings", "obfuscation",       "conversation_id",
    "citations",  "search_results", "sources", "related_questions", "images",
    "metadata"};

}  // namespace

bool reports_failure(const Json& body) {
  if (!body.is_object()) return false;
  if (integer_of(member(member(&body, "base_resp"), "status_code")).value_or(0) != 0) return true;
  const bool success = speaks_of_success(body);
  return std::any_of(body.items().begin(), body.items().end(), [&](const auto& item) {
    return !item.value().is_null() &&
           member_tells_failure(letters_of(item.key()), item.value(), success);
  });
}

bool is_error_json(const Json& body) {
  if (body.is_array()) return !body.empty() && is_error_json(body.front());
  if (!body.is_object()) return false;
  const bool answers = member_of(&body, {"choices", "usage"}) != nullptr;
  // Chunks of a stream may hold no choice but the tokens used.
  if (const Json* error = member(&body, "error"); error && error->is_object() && !answers)
    return true;
  if (text_of(member(&body, "object")) == "error") return true;
  if (member(&body, "choices") == nullptr && text_of(member(&body, "type")) == "error") return true;
  return reports_failure(body);
}

Json only_error(Json body) {
  if (body.is_object() && body.size() > 1) body.erase("choices");
  return body;
}

bool names_failure(std::string_view name) {
  static constexpr std::array<std::string_view, 9> kSigns = {"error",   "exception", "fail",
                                                             "abort",   "overload",  "unavailable",
                                                             "timeout", "crash",     "malformed"};
  const std::string letters = letters_of(name);
  return std::any_of(kSigns.begin(), kSigns.end(), [&](std::string_view sign) {
    return letters.find(sign) != std::string::npos;
  });
}

bool is_chunk(const Json& value) {
  if (!value.is_object()) return value.empty();
  for (const char* key : {"choices", "usage", "object", "x_groq", "prompt_filter_results"}) {
    if (value.contains(key)) return true;
  }
  return std::all_of(value.items().begin(), value.items().end(), [](const auto& item) {
    const std::string& key = item.key();
    return key.starts_with("x_") || key.starts_with("x-") || is_one_of(kBeside, key);
  });
}

bool keeps_alive(const SseEvent& event, std::string_view data) {
  if (is_alive_word(event.event)) return true;
  if (data.starts_with(':')) return true;
  if (data.size() >= 40) return false;
  return is_alive_word(data) ||
         data.find_first_not_of("0123456789-:.+TZ ") == std::string_view::npos;
}

bool is_other_event(const SseEvent& event, const Json& value) {
  if (is_alive_word(event.event)) return true;
  if (!value.is_object()) return false;
  // The responses API knows events of its own and of its servers: "codex.rate_limits".
  const std::string type = text_of(member(&value, "type"));
  if (type.find('.') != std::string::npos && !names_failure(type)) return true;
  return std::any_of(value.items().begin(), value.items().end(), [](const auto& item) {
    return is_alive_word(item.key()) ||
           (item.value().is_string() &&
            is_alive_word(item.value().template get_ref<const std::string&>()));
  });
}

}  // namespace skillgrad::llm
