// SPDX-License-Identifier: MIT
#include "llm/transport/outcome.hpp"

#include <curl/curl.h>

#include <skillgrad/core/text.hpp>

#include "llm/reply/call_members.hpp"
#include "llm/reply/responses.hpp"
#include "llm/reply/usage.hpp"
#include "llm/wire/field.hpp"
#include "llm/wire/sse.hpp"

namespace skillgrad::llm {

namespace {

std::optional<bool> should_retry(const Headers& headers) {
  const auto found = headers.find("x-should-retry");
  if (found == headers.end()) return std::nullopt;
  const std::string value = to_lower_ascii(trim(found->second));
  if (value == "true") return true;
  if (value == "false") return false;
  return std::nullopt;
}

/// What LiteLLM's proxy was billed; it sends 0 where it knows no price.
std::optional<double> billed_cost(const Headers& headers) {
  const auto found = headers.find("x-litellm-response-cost");
  if (found == headers.end()) return std::nullopt;
  const Json value = found->second;
  const auto cost = number_of(&value);
  return cost && *cost > 0 ? cost : std::nullopt;
}

/// Some servers write an error as an event although the status says it all (R2.1).
std::string error_text(const std::string& body) {
  std::string data;
  SseParser parser([&](const SseEvent& event) {
    if (data.empty() && !event.stray) data = event.data;
  });
  const std::string_view text = trim(body);
  if (!text.starts_with("data:") && !text.starts_with("event:") && !text.starts_with(':')) {
    return body;
  }
  parser.feed(text);
  parser.finish();
  return data.empty() ? body : data;
}

/// What an endpoint left uncounted is estimated from the text that came (R2.20).
void fill_output(Usage& usage, std::int64_t reasoning_tokens, std::size_t bytes) {
  if (usage.output_tokens > 0 || (bytes == 0 && reasoning_tokens == 0)) return;
  usage.output_tokens = reasoning_tokens + estimate_tokens(bytes);
  usage.estimated = true;
}

/// Some endpoints put a turn's calls beside its message.
std::optional<Json> with_calls_inside(const Json& body) {
  const Json* choices = member(&body, "choices");
  if (choices == nullptr || !choices->is_array() || choices->empty()) return std::nullopt;
  const Json& first = choices->front();
  const Json* message = member(&first, "message");
  if (message == nullptr || !message->is_object()) return std::nullopt;
  std::optional<Json> out;
  for (const auto& [key, value] : first.items()) {
    if (!is_call_member(key) || value.is_null() || member(message, key.c_str()) != nullptr)
      continue;
    if (!out) out = body;
    out->at("choices").front().at("message")[key] = value;
  }
  return out;
}

/// Reads a reply of either API, and says what of its usage had to be estimated.
ReadReply read_counted(const Json& body, const ReplyContext& context) {
  const auto gathered = with_calls_inside(body);
  ReadReply out = read_reply(gathered ? *gathered : body, context);
  Usage& usage = out.reply.usage;
  const bool counted = read_usage(body).has_value();
  const bool prompt_counted = !usage.estimated;
  if (counted) {
    const Message& message = out.reply.message;
    // Where reasoning was counted, its text is no more to be estimated.
    std::size_t bytes = message.content.size();
    if (out.reasoning_tokens == 0) bytes += out.reply.reasoning.size();
    for (const ToolCall& call : message.tool_calls)
      bytes += call.name.size() + call.arguments.size();
    fill_output(usage, out.reasoning_tokens, bytes);
  }
  if (!usage.estimated) return out;
  const std::string unread = unread_usage(body);
  out.usage_note = !unread.empty()  ? "the endpoint sends usage that is not understood: " + unread
                   : !counted       ? "the endpoint sends no usage"
                   : prompt_counted ? "the endpoint sends no usage of its output"
                                    : "the endpoint sends no usage of the prompt";
  out.usage_note += "; tokens are estimated from bytes";
  return out;
}

ReadReply failed(Failure failure) {
  ReadReply out;
  out.failure = std::move(failure);
  return out;
}

std::string shown(std::string_view body) {
  return body.empty() ? "" : ": " + truncate_middle(sanitize_utf8(body), 300);
}

/// Some endpoints refuse a prompt that is too long without a word (R3.2).
bool silent_overflow(const Failure& failure, const ReplyContext& context) {
  if (!failure.body.empty || (failure.status != 400 && failure.status != 413)) return false;
  return context.context_tokens > 0 &&
         10 * estimate_tokens(context.request_bytes) >= 9 * context.context_tokens;
}

Failure status_failure(const HttpReply& http, const ReplyContext& context, WallTime wall_now) {
  Failure failure;
  failure.status = http.status;
  failure.body = parse_error_body(error_text(http.body));
  failure.delay = requested_delay(http.headers, failure.body, wall_now);
  failure.should_retry = should_retry(http.headers);
  if (const auto location = http.headers.find("location"); location != http.headers.end()) {
    failure.location = location->second;
  }
  failure.cls = classify_status(http.status, failure.body, delays_of(http.headers, failure.body));
  if (silent_overflow(failure, context)) {
    failure.cls = FailureClass::context_overflow;
    failure.detail = "refused without a reason, and the prompt about fills the context of " +
                     std::to_string(context.context_tokens) + " tokens";
  }
  return failure;
}

/// Nothing of a stream that is not provably complete is used (R2.14).
ReadReply read_stream(HttpReply& http, const ReplyContext& context, const std::string& ended,
                      WallTime wall_now) {
  DeltaAssembler& stream = *http.stream;
  if (stream.error()) {
    Failure failure;
    failure.body = parse_error_json(*stream.error());
    failure.status = status_of(failure.body);
    failure.delay = requested_delay(http.headers, failure.body, wall_now);
    failure.cls =
        classify_status(failure.status, failure.body, delays_of(http.headers, failure.body));
    failure.possibly_billed = true;
    failure.detail = "in the middle of the stream";
    ReadReply out = failed(std::move(failure));
    if (auto usage = read_usage(stream.reply())) {
      fill_prompt(*usage, context.request_bytes);
      fill_output(usage->usage, usage->reasoning_tokens, stream.output_bytes());
      out.reply.usage = usage->usage;
      out.provider_cost = usage->provider_cost;
      out.cache_write_tokens = usage->cache_write_tokens;
    } else if (stream.output_bytes() > 0) {
      out.reply.usage.input_tokens = estimate_tokens(context.request_bytes);
      out.reply.usage.output_tokens = estimate_tokens(stream.output_bytes());
      out.reply.usage.estimated = true;
    }
    return out;
  }
  Failure failure;
  failure.possibly_billed = true;
  failure.status = http.status;
  if (!stream.complete() || !stream.malformed().empty()) {
    failure.cls = FailureClass::malformed;
    failure.detail = stream.malformed().empty()
                         ? "the stream ended before the reply was complete" + ended
                         : "the stream holds what is no part of a reply: " + stream.malformed();
    return failed(std::move(failure));
  }
  return read_counted(stream.reply(), context);
}

ReadReply read_success_body(const HttpReply& http, const ReplyContext& context) {
  const std::string_view text = trim(http.body);
  Failure failure = make_failure(FailureClass::malformed, http.status, {});
  failure.possibly_billed = true;
  failure.should_retry = should_retry(http.headers);
  if (text.empty() || text == "\xEF\xBB\xBF") {
    failure.detail = "the reply is empty";
    failure.body.empty = true;
    return failed(std::move(failure));
  }
  if (text.front() == '<') {
    failure.body = parse_error_body(text);
    failure.cls = FailureClass::wrong_url;
    failure.possibly_billed = false;
    return failed(std::move(failure));
  }
  const auto parsed = parse_reply_json(text, "reply");
  if (!parsed) {
    failure.detail =
        "the reply is not JSON (" + parsed.error().message + ")" + shown(text.substr(0, 2048));
    return failed(std::move(failure));
  }
  ReadReply out = read_counted(is_response(*parsed) ? chat_shape(*parsed) : *parsed, context);
  if (out.failure && !out.failure->should_retry) out.failure->should_retry = failure.should_retry;
  return out;
}

FailureClass classify_proxy(int status) {
  if (status == 407) return FailureClass::auth;
  return status == 429 || status >= 500 ? FailureClass::transient : FailureClass::wrong_url;
}

Failure transport_failure(const HttpReply& http) {
  Failure failure = make_failure(FailureClass::transient, http.status, {});
  failure.possibly_billed = http.sent;
  switch (http.ending) {
    case Ending::cancelled:
      failure.cls = FailureClass::cancelled;
      failure.detail = "stopped";
      break;
    case Ending::too_big:
      failure.cls = FailureClass::too_big;
      failure.detail = "the reply is larger than the limit";
      break;
    case Ending::first_byte:
      failure.detail = "no byte of the stream came in time";
      break;
    case Ending::idle:
      failure.detail = "the stream stalled";
      break;
    case Ending::progress:
      failure.detail = "the stream brought no output for too long";
      break;
    case Ending::finished:
      failure.cls = classify_curl(http.curl_code);
      failure.detail = http.curl_text + " (libcurl code " + std::to_string(http.curl_code) + ")";
      failure.bad_proxy = http.bad_proxy;
      if (http.proxy_status >= 400) {
        failure.status = http.proxy_status;
        failure.detail = "the proxy refused to connect to the endpoint";
        failure.cls = classify_proxy(http.proxy_status);
        failure.possibly_billed = false;
      }
      break;
  }
  return failure;
}

}  // namespace

FailureClass classify_curl(int code) {
  switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_INVALIDCERTSTATUS:
      return FailureClass::tls;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_URL_MALFORMAT:
      return FailureClass::wrong_url;
    case CURLE_UNSUPPORTED_PROTOCOL:  // not HTTP, or an HTTP/0.9 answer
    case CURLE_OUT_OF_MEMORY:         // a single header line of more than 100 KB
    case CURLE_BAD_CONTENT_ENCODING:
      return FailureClass::bad_encoding;
    default:
      return FailureClass::transient;
  }
}

namespace {

/// What a status of success says of a body that is not the whole reply, whatever stands in it; ""
/// if it may be whole.
std::string unfinished(int status) {
  constexpr int kAccepted = 202;
  constexpr int kPartial = 206;
  if (status == kAccepted)
    return "the endpoint only took the request on; replies that are fetched later are not "
           "supported";
  return status == kPartial ? "the endpoint sent only a part of the reply" : "";
}

ReadReply read_body(HttpReply& http, const ReplyContext& context, WallTime wall_now) {
  const bool ended_well = http.ending == Ending::finished && http.curl_code == CURLE_OK;
  if (http.ending == Ending::cancelled || http.ending == Ending::too_big) {
    return failed(transport_failure(http));
  }
  if (std::string why = unfinished(http.status); !why.empty()) {
    Failure failure = make_failure(FailureClass::malformed, http.status, std::move(why));
    failure.possibly_billed = true;
    return failed(std::move(failure));
  }
  if (http.stream) {
    // An error after the finish reason does not matter: the reply is whole.
    if (ended_well || http.stream->complete() || http.stream->error()) {
      return read_stream(http, context, "", wall_now);
    }
    Failure failure = transport_failure(http);
    ReadReply out = read_stream(http, context, " (" + failure.detail + ")", wall_now);
    if (http.ending != Ending::finished) out.failure = std::move(failure);
    return out;
  }
  if (http.status >= 300) return failed(status_failure(http, context, wall_now));
  if (!ended_well || http.status == 0) return failed(transport_failure(http));
  return read_success_body(http, context);
}

}  // namespace

ReadReply read_outcome(HttpReply& http, const ReplyContext& context, WallTime wall_now) {
  ReadReply read = read_body(http, context, wall_now);
  const bool billed = !read.failure || read.failure->possibly_billed;
  if (billed && read.provider_cost.value_or(0) <= 0) {
    if (const auto cost = billed_cost(http.headers)) read.provider_cost = cost;
  }
  return read;
}

}  // namespace skillgrad::llm
