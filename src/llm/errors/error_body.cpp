// SPDX-License-Identifier: MIT
#include "llm/errors/error_body.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <skillgrad/core/text.hpp>

#include "llm/errors/validation_text.hpp"
#include "llm/wire/field.hpp"

namespace skillgrad::llm {

namespace {

constexpr std::size_t kMaxBodyText = 2048;
/// Gateways behind gateways wrap a message once each; what is deeper is shown as it is.
constexpr int kMostWraps = 12;

std::string bounded(std::string text) {
  if (text.size() > kMaxBodyText) text = truncate_middle(text, kMaxBodyText);
  return text;
}

void set_if_empty(std::string& target, std::string value) {
  if (target.empty() && value != "None") target = std::move(value);
}

void add_name(ErrorBody& out, const std::string& name) {
  if (!name.empty() && out.names.size() < kMaxBodyText) out.names += bounded(name) + "\n";
}

/// Takes over what an error inside another one says; the outer one's own words go before.
void merge(ErrorBody& out, ErrorBody inner) {
  set_if_empty(out.message, std::move(inner.message));
  set_if_empty(out.type, std::move(inner.type));
  set_if_empty(out.code, std::move(inner.code));
  set_if_empty(out.param, std::move(inner.param));
  set_if_empty(out.retry_delay, std::move(inner.retry_delay));
  set_if_empty(out.provider_name, std::move(inner.provider_name));
  set_if_empty(out.limit_source, std::move(inner.limit_source));
  set_if_empty(out.raw, std::move(inner.raw));
  add_name(out, inner.names);
  if (!out.prompt_tokens) out.prompt_tokens = inner.prompt_tokens;
  if (!out.context_tokens) out.context_tokens = inner.context_tokens;
  out.content_policy = out.content_policy || inner.content_policy;
  out.refused_fields = out.refused_fields || inner.refused_fields;
}

/// HTML of gateways and login pages: the title says most.
ErrorBody parse_html(std::string_view body) {
  ErrorBody error;
  error.html = true;
  const std::string lower = to_lower_ascii(body.substr(0, 64 * 1024));
  const auto open = lower.find("<title");
  const auto start = open == std::string::npos ? open : lower.find('>', open);
  const auto end = start == std::string::npos ? start : lower.find("</title", start);
  error.message = "an HTML page";
  if (end != std::string::npos) {
    const std::string title(trim(body.substr(start + 1, end - start - 1)));
    if (!title.empty()) error.message = bounded("HTML page \"" + sanitize_utf8(title) + "\"");
  }
  return error;
}

/// Python's repr of a dict, {'error': {'message': 'x'}}, as JSON, as far as swapping quotes goes.
std::string python_to_json(std::string_view text) {
  std::string out;
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != 0 && c == '\\' && i + 1 < text.size()) {
      const char next = text[++i];
      if (next == '\'') {
        out += '\'';
      } else {
        out += '\\';
        out += next;
      }
    } else if (quote == 0 && (c == '\'' || c == '"')) {
      quote = c;
      out += '"';
    } else if (quote != 0 && c == quote) {
      quote = 0;
      out += '"';
    } else if (quote == '\'' && c == '"') {
      out += "\\\"";
    } else if (quote == 0 && text.substr(i, 4) == "None") {
      out += "null";
      i += 3;
    } else if (quote == 0 && text.substr(i, 4) == "True") {
      out += "true";
      i += 3;
    } else if (quote == 0 && text.substr(i, 5) == "False") {
      out += "false";
      i += 4;
    } else {
      out += c;
    }
  }
  return out;
}

std::optional<Json> embedded_json(const std::string& text) {
  const auto start = text.find_first_of("{[");
  const auto end = text.find_last_of("}]");
  if (start == std::string::npos || end == std::string::npos || end < start) return std::nullopt;
  const std::string_view inner = std::string_view(text).substr(start, end - start + 1);
  if (inner.size() < 8) return std::nullopt;
  if (auto parsed = parse_json(inner, "error"); parsed && !parsed->empty()) return *parsed;
  if (auto parsed = parse_json(python_to_json(inner), "error"); parsed && !parsed->empty()) {
    return *parsed;
  }
  return std::nullopt;
}

void collect(const Json& value, ErrorBody& out, int depth);
void collect_message(std::string text, ErrorBody& out, int depth);

/// FastAPI: [{"loc":["body","seed"],"msg":"Extra inputs are not
/// permitted","type":"extra_forbidden"}]
void collect_details(const Json& list, ErrorBody& out, int depth) {
  std::string joined;
  for (const Json& item : list) {
    if (!item.is_object()) continue;
    set_if_empty(out.retry_delay, text_of(member(&item, "retryDelay")));
    for (const char* key : {"reason", "type", "code"}) add_name(out, text_of(member(&item, key)));
    const Json* message = member_of(&item, {"msg", "message"});
    if (message == nullptr) continue;
    std::string path;
    if (const Json* loc = member(&item, "loc"); loc != nullptr && loc->is_array()) {
      for (const Json& step : *loc) {
        const std::string text = text_of(&step);
        if (text == "body" || text.empty()) continue;
        path += (path.empty() ? "" : ".") + text;
      }
      set_if_empty(out.param, path);
    }
    set_if_empty(out.type, text_of(member(&item, "type")));
    set_if_empty(out.code, text_of(member(&item, "code")));
    ErrorBody inner;
    collect_message(text_of(message), inner, depth + 1);
    joined += (joined.empty() ? "" : "; ") + (path.empty() ? "" : path + ": ") +
              std::exchange(inner.message, {});
    merge(out, std::move(inner));
  }
  if (out.message.empty()) out.message = joined;
  if (depth < kMostWraps && out.message.empty() && !list.empty())
    collect(list.front(), out, depth + 1);
}

void collect_message(std::string text, ErrorBody& out, int depth) {
  if (auto found = read_validation_text(text)) {
    set_if_empty(out.message, std::move(found->message));
    set_if_empty(out.param, std::move(found->param));
    out.refused_fields = true;
    return;
  }
  if (depth < kMostWraps && text.find('{') != std::string::npos) {
    if (const auto inner = embedded_json(text)) {
      ErrorBody nested;
      collect(*inner, nested, depth + 1);
      if (!nested.message.empty()) {
        // The prefix ("litellm.RateLimitError: ...") often names the class.
        const std::string prefix(trim(text.substr(0, text.find_first_of("{["))));
        if (!prefix.empty()) nested.message = prefix + " " + nested.message;
        merge(out, std::move(nested));
        return;
      }
    }
  }
  set_if_empty(out.message, std::move(text));
}

/// MiniMax says in a reply of status 200 what is wrong, under numbers of its own.
void collect_base(const Json& base, ErrorBody& out) {
  static constexpr std::array<std::pair<std::int64_t, const char*>, 9> kStatuses = {
      {{1002, "429"},
       {1039, "429"},
       {1041, "429"},
       {1004, "401"},
       {2049, "401"},
       {1008, "402"},
       {2056, "402"},
       {2013, "400"},
       {1042, "400"}}};
  const std::int64_t number = integer_of(member(&base, "status_code")).value_or(0);
  if (number == 0) return;
  const auto known = std::find_if(kStatuses.begin(), kStatuses.end(),
                                  [&](const auto& item) { return item.first == number; });
  set_if_empty(out.message, text_of(member(&base, "status_msg")));
  set_if_empty(out.code, known != kStatuses.end() ? known->second : std::to_string(number));
  if (number == 1026 || number == 1027) out.content_policy = true;
}

void collect_fields(const Json& value, ErrorBody& out, int depth) {
  for (const char* key : {"type", "code", "status", "reason", "error_type"})
    add_name(out, text_of(member(&value, key)));
  set_if_empty(out.type, text_of(member(&value, "type")));
  set_if_empty(out.code, text_of(member(&value, "code")));
  set_if_empty(out.type, text_of(member(&value, "status")));
  set_if_empty(out.param, text_of(member(&value, "param")));
  if (const auto n = integer_of(member(&value, "n_prompt_tokens"))) out.prompt_tokens = n;
  if (const auto n = integer_of(member(&value, "n_ctx"))) out.context_tokens = n;
  if (const Json* inner = member(&value, "innererror")) {
    const std::string code = text_of(member(inner, "code"));
    out.content_policy = out.content_policy || code == "ResponsibleAIPolicyViolation";
  }
  if (const Json* meta = member(&value, "metadata")) {
    set_if_empty(out.provider_name, text_of(member(meta, "provider_name")));
    set_if_empty(out.limit_source, text_of(member(meta, "limit_source")));
    const Json* raw = member(meta, "raw");
    if (raw != nullptr) set_if_empty(out.raw, raw->is_string() ? text_of(raw) : dump_json(*raw));
    set_if_empty(out.code, text_of(member(meta, "provider_code")));
    add_name(out, text_of(member(meta, "provider_code")));
    // OpenRouter's moderation; only there are both.
    out.content_policy = out.content_policy || (member(meta, "reasons") != nullptr &&
                                                member(meta, "flagged_input") != nullptr);
  }
  if (const Json* details = member(&value, "details"); details != nullptr && details->is_array()) {
    ErrorBody inner;
    collect_details(*details, inner, depth + 1);
    set_if_empty(out.retry_delay, inner.retry_delay);
    add_name(out, inner.names);
  }
}

void collect(const Json& value, ErrorBody& out, int depth) {
  if (depth > kMostWraps) return;
  if (value.is_string()) {
    collect_message(value.get<std::string>(), out, depth);
    return;
  }
  if (value.is_array()) {
    collect_details(value, out, depth);
    for (const Json& item : value) {
      if (out.message.empty()) collect(item, out, depth + 1);
    }
    return;
  }
  if (!value.is_object()) return;
  if (const Json* base = member(&value, "base_resp")) collect_base(*base, out);
  if (const Json* error = member(&value, "error")) {
    collect(*error, out, depth + 1);
    if (error->is_object() || error->is_array()) {
      collect_fields(value, out, depth);
      return;
    }
  }
  collect_fields(value, out, depth);
  if (const Json* message = member(&value, "message")) {
    if (message->is_string()) {
      collect_message(message->get<std::string>(), out, depth);
    } else {
      collect(*message, out, depth + 1);
    }
  }
  for (const char* key : {"detail", "errors", "error_description", "msg", "Message", "fault",
                          "faultstring", "exception", "error_msg", "errmsg", "ret_msg"}) {
    if (!out.message.empty()) break;
    if (const Json* found = member(&value, key)) collect(*found, out, depth + 1);
  }
}

}  // namespace

std::string ErrorBody::text() const {
  std::string out = message;
  if (!provider_name.empty()) out += " (provider " + provider_name + ")";
  if (!raw.empty()) out += ": " + raw;
  if (out.empty()) out = empty ? "an empty reply" : "no message";
  if (!code.empty() && out.find(code) == std::string::npos) out += " [" + code + "]";
  out = bounded(out);
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
  return out;
}

std::string ErrorBody::haystack() const {
  return to_lower_ascii(message + "\n" + type + "\n" + code + "\n" + names + param + "\n" +
                        limit_source + "\n" + raw);
}

ErrorBody parse_error_json(const Json& body) {
  ErrorBody error;
  collect(body, error, 0);
  error.message = bounded(sanitize_utf8(error.message));
  error.raw = bounded(sanitize_utf8(error.raw));
  if (error.message.empty() && !body.empty()) error.message = bounded(dump_json(body));
  return error;
}

ErrorBody parse_error_body(std::string_view body) {
  if (body.starts_with("\xEF\xBB\xBF")) body.remove_prefix(3);
  const std::string_view text = trim(body);
  ErrorBody error;
  if (text.empty()) {
    error.empty = true;
    return error;
  }
  if (text.front() == '<') return parse_html(text);
  if (text.front() == '{' || text.front() == '[' || text.front() == '"') {
    if (const auto parsed = parse_reply_json(text, "error body")) return parse_error_json(*parsed);
  }
  error.message = bounded(sanitize_utf8(text.substr(0, 64 * 1024)));
  return error;
}

bool names_an_error(const Json& error) {
  if (error.is_array()) return std::any_of(error.begin(), error.end(), names_an_error);
  if (!error.is_object()) {
    const std::string text = to_lower_ascii(trim(text_of(&error)));
    return !(text.empty() || text == "none" || text == "null" || text == "false" || text == "0");
  }
  // A detail without a name for it does not make a failure of a good reply.
  for (const char* key :
       {"message", "type", "code", "status", "error", "errors", "detail", "msg"}) {
    if (const Json* found = member(&error, key); found != nullptr && names_an_error(*found))
      return true;
  }
  return false;
}

int status_of(const ErrorBody& error) {
  int number = 0;
  const auto [end, problem] =
      std::from_chars(error.code.data(), error.code.data() + error.code.size(), number);
  if (problem == std::errc{} && end == error.code.data() + error.code.size() && number >= 400 &&
      number < 600) {
    return number;
  }
  static constexpr std::array<std::pair<std::string_view, int>, 12> kNames = {{
      {"rate_limit", 429},
      {"resource_exhausted", 429},
      {"too_many_requests", 429},
      {"overloaded", 529},
      {"authentication", 401},
      {"invalid_api_key", 401},
      {"permission", 403},
      {"model_not_found", 404},
      {"not_found", 404},
      {"timeout", 504},
      {"unavailable", 503},
      {"invalid_request", 400},
  }};
  const std::string names = to_lower_ascii(error.code + " " + error.type);
  for (const auto& [name, status] : kNames) {
    if (names.find(name) != std::string::npos) return status;
  }
  return 500;
}

}  // namespace skillgrad::llm
