// SPDX-License-Identifier: MIT
#include <algorithm>

#include <skillgrad/core/json.hpp>

#include "llm/call.hpp"
#include "llm/explain.hpp"
#include "llm/field.hpp"
#include "llm/headers.hpp"
#include "llm/outcome.hpp"
#include "llm/profile.hpp"
#include "llm/transport.hpp"

namespace skillgrad::llm {

namespace {

std::vector<std::string> model_ids(const Json& reply) {
  const Json* list = reply.is_array() ? &reply : member_of(&reply, {"data", "models"});
  std::vector<std::string> ids;
  if (list == nullptr || !list->is_array()) return ids;
  for (const Json& item : *list) {
    const std::string id =
        item.is_string() ? text_of(&item) : text_of(member_of(&item, {"id", "name", "model"}));
    if (!id.empty()) ids.push_back(id);
  }
  return ids;
}

}  // namespace

Result<std::vector<std::string>> fetch_models(const EndpointOptions& options,
                                              std::chrono::milliseconds timeout) {
  SKILLGRAD_TRY(const Url url, parse_base_url(options.base_url));
  TransportOptions transport;
  transport.url = url.resource("models");
  transport.get = true;
  transport.ca_file = options.ca_file;
  transport.insecure_tls = options.insecure_tls;
  transport.http_version = options.http_version;
  transport.connect_timeout = std::min(options.connect_timeout, timeout);
  transport.max_reply_bytes = options.max_reply_bytes;
  SKILLGRAD_TRY(transport.headers, request_headers(options, profile_of(url, options.model)));
  AttemptLimits limits;
  limits.total = timeout;
  HttpReply http = Transport(transport).perform({}, limits, {});
  const Redactor redactor(secrets_of(options));
  ErrorScene scene;
  scene.method = "GET";
  scene.url = transport.url;
  scene.model = options.model;
  scene.redact = [&](const std::string& text) { return redactor.redact(text); };
  scene.redact_refusal = [&](const std::string& text) { return redactor.redact_refusal(text); };
  if (http.status >= 200 && http.status < 300) {
    if (const auto parsed = parse_reply_json(http.body, "model list")) {
      std::vector<std::string> ids = model_ids(*parsed);
      if (!ids.empty() || !is_error_json(*parsed)) return ids;
    }
    Failure odd = make_failure(FailureClass::malformed, http.status, "the model list is not JSON");
    odd.body = parse_error_body(http.body);
    if (odd.body.html) odd.cls = FailureClass::wrong_url;
    return tl::unexpected(explain(odd, scene));
  }
  const ChatRequest none;
  ReplyContext context;
  context.request = &none;
  ReadReply read = read_outcome(http, context, SystemClock().wall_now());
  if (!read.failure) read.failure = make_failure(FailureClass::malformed, http.status, "no list");
  return tl::unexpected(explain(*read.failure, scene));
}

Result<std::vector<std::string>> list_models(const EndpointOptions& options) {
  return fetch_models(options,
                      std::min(options.attempt_timeout, std::chrono::milliseconds(30'000)));
}

}  // namespace skillgrad::llm
