// SPDX-License-Identifier: MIT
#include <algorithm>

#include <skillgrad/core/json.hpp>
#include <skillgrad/llm/client.hpp>

#include "llm/address/headers.hpp"
#include "llm/address/profile.hpp"
#include "llm/errors/explain.hpp"
#include "llm/errors/reply_shape.hpp"
#include "llm/transport/outcome.hpp"
#include "llm/transport/transport.hpp"
#include "llm/wire/field.hpp"

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

ModelList list_models(const EndpointOptions& options, std::chrono::milliseconds timeout,
                      const std::stop_token& stop) {
  ModelList out;
  const auto url = parse_base_url(options.base_url);
  const auto headers = url ? request_headers(options, profile_of(*url, options.model))
                           : Result<std::vector<std::string>>();
  if (!url || !headers) {
    out.failure = url ? headers.error() : url.error();
    out.connected = false;
    return out;
  }
  TransportOptions transport;
  transport.url = url->resource("models");
  transport.get = true;
  transport.headers = *headers;
  transport.ca_file = options.ca_file;
  transport.insecure_tls = options.insecure_tls;
  transport.http_version = options.http_version;
  transport.connect_timeout = std::min(options.connect_timeout, timeout);
  transport.max_reply_bytes = options.max_reply_bytes;
  AttemptLimits limits;
  limits.total = timeout;
  HttpReply http = Transport(transport).perform({}, limits, stop);
  out.connected = http.status > 0 || http.sent;
  const Redactor redactor(secrets_of(options));
  ErrorScene scene;
  scene.method = "GET";
  scene.url = transport.url;
  scene.model = options.model;
  scene.redact = [&](const std::string& text) { return redactor.redact(text); };
  scene.redact_refusal = [&](const std::string& text) { return redactor.redact_refusal(text); };
  if (http.status >= 200 && http.status < 300) {
    if (const auto parsed = parse_reply_json(http.body, "model list")) {
      out.names = model_ids(*parsed);
      if (!out.names.empty() || !is_error_json(*parsed)) return out;
    }
    Failure odd = make_failure(FailureClass::malformed, http.status, "the model list is not JSON");
    odd.body = parse_error_body(http.body);
    if (odd.body.html) odd.cls = FailureClass::wrong_url;
    out.failure = explain(odd, scene);
    return out;
  }
  const ChatRequest none;
  ReplyContext context;
  context.request = &none;
  ReadReply read = read_outcome(http, context, SystemClock().wall_now());
  if (!read.failure) read.failure = make_failure(FailureClass::malformed, http.status, "no list");
  out.failure = explain(*read.failure, scene);
  return out;
}

}  // namespace skillgrad::llm
