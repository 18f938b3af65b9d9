// SPDX-License-Identifier: MIT
#include "llm/errors/explain.hpp"

#include <skillgrad/core/text.hpp>
#include <skillgrad/llm/inspect.hpp>

#include "llm/address/url.hpp"

namespace skillgrad::llm {

namespace {

constexpr std::size_t kMaxExplained = 2048;

/// The form of the base URL that most often is the right one when this one is not (R1.2); "" when
/// it has that form already.
std::string suggest_url(const std::string& url) {
  std::string base = url.substr(0, url.find_first_of("?#"));
  for (const char* resource : {"/chat/completions", "/responses", "/models"})
    if (base.ends_with(resource)) base.resize(base.size() - std::string_view(resource).size());
  if (base.ends_with("/v1")) return {};
  const auto inside = base.find("/v1/");
  return inside == std::string::npos ? base + "/v1" : base.substr(0, inside + 3);
}

std::string wrong_url_mend(const std::string& url) {
  const std::string better = suggest_url(printable_url(url));
  if (!better.empty()) return "check --base-url; it usually ends in /v1, e.g. " + better;
  return "check --base-url: its scheme, host and port, and the path in front of /v1";
}

std::string tls_or_plain(const std::string& url) {
  return url.starts_with("https://")
             ? "if the server speaks plain HTTP, write http:// in the base URL"
             : "if the server speaks TLS, write https:// in the base URL";
}

std::string transient_mend(const Failure& failure, const ErrorScene& scene) {
  const std::string& text = failure.detail;
  if (text.find("code 7)") != std::string::npos) {
    return "is the server running? start it, or check its address (--base-url)";
  }
  if (text.find("code 6)") != std::string::npos) {
    return "check the network of this machine (DNS), and the host name of the endpoint where you "
           "gave one: --base-url, OPENAI_BASE_URL or a role's base_url";
  }
  if (text.find("code 35)") != std::string::npos ||
      (text.find("code 28)") != std::string::npos && failure.status == 0 &&
       scene.url.starts_with("https://"))) {
    return "check that the server answers; " + tls_or_plain(scene.url);
  }
  if (failure.status == 0 && scene.url.starts_with("http://")) {
    return "check that the server answers; " + tls_or_plain(scene.url);
  }
  if (to_lower_ascii(failure.body.message).find("loading") != std::string::npos)
    return "the server still loads the model: go on with the run when it is ready";
  return "the endpoint is failing: try again later; a run that was begun can be resumed";
}

/// The server was started without what tool calls need, or the model has none.
bool refuses_tools(const Failure& failure) {
  if (failure.status < 400) return false;
  const std::string text = failure.body.haystack();
  for (const char* sign :
       {"tool choice requires", "enable-auto-tool-choice", "does not support tools",
        "does not support tool", "not support function call", "support tool use",
        "tools param requires", "tool calling is not supported", "tools are not supported",
        "tools is not supported", "function calling is not enabled"}) {
    if (text.find(sign) != std::string::npos) return true;
  }
  return false;
}

std::string mend_for(const Failure& failure, const ErrorScene& scene) {
  if (!failure.bad_proxy.empty()) {
    return "check the proxy that " + failure.bad_proxy +
           " names; NO_PROXY=HOST keeps a host from it";
  }
  if (failure.status == 407) {
    return "the proxy asks for a user and password: HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT; "
           "NO_PROXY=HOST keeps a host from it";
  }
  if (failure.detail.starts_with("the proxy refused")) {
    return "ask for the proxy's rules, or keep the endpoint's host from it with NO_PROXY=HOST";
  }
  if (refuses_tools(failure)) return kToolsMend;
  switch (failure.cls) {
    case FailureClass::auth:
      return "set OPENAI_API_KEY or --api-key-env to a key that this endpoint accepts";
    case FailureClass::quota:
      return "add credit or raise the spend limit at the provider, then resume";
    case FailureClass::model_not_found:
      return scene.offered_models.empty()
                 ? "check --model"
                 : "check --model; the endpoint offers: " + list_some(scene.offered_models);
    case FailureClass::wrong_url:
      if (!failure.location.empty()) {
        return "redirects are not followed; check --base-url against " + failure.location;
      }
      if (to_lower_ascii(failure.body.message).find("plain http request") != std::string::npos)
        return tls_or_plain(scene.url);
      return wrong_url_mend(scene.url);
    case FailureClass::tls:
      // CURLE_SSL_CACERT_BADFILE: the file that is named cannot be used, or the machine has none.
      if (failure.detail.find("(libcurl code 77)") != std::string::npos) {
        return "name a readable file of trusted certificates with --ca-file or SSL_CERT_FILE; "
               "where none is named, install the package ca-certificates";
      }
      return "give the certificate authority with --ca-file or SSL_CERT_FILE; check the host name";
    case FailureClass::rate_limit:
      // No rate of ours: the server itself is busy, or still loads the model.
      if (failure.status >= 500)
        return "wait until the server is ready, then resume; lower -j if it is only busy";
      return "lower -j, raise the limit at the provider, or resume later";
    case FailureClass::transient:
      return transient_mend(failure, scene);
    case FailureClass::bad_encoding:
      return "check that --base-url is an HTTP endpoint and that no proxy alters its replies";
    case FailureClass::malformed:
    case FailureClass::empty_choices:
    case FailureClass::empty_tool_calls:
      return "check that the server speaks the OpenAI chat completions protocol and that its tool "
             "call parser fits the model";
    case FailureClass::truncated_call:
      return "raise --max-output-tokens; it counts hidden reasoning too";
    case FailureClass::unread_call:
      return "start the endpoint with the tool call parser of this model (vLLM: "
             "--enable-auto-tool-choice --tool-call-parser NAME, llama.cpp: --jinja), or use a "
             "model that follows tool schemas; skillgrad doctor tries it";
    case FailureClass::empty_reply:
      return "raise --max-output-tokens if reasoning may have used it up; else look at the "
             "endpoint's log, or use another model";
    case FailureClass::too_big:
      return "check --base-url; a chat reply is far smaller";
    case FailureClass::context_overflow:
      return "use a model with a longer context, or lower the task's turn and output limits";
    case FailureClass::request_too_large:
      return "lower --max-output-tokens or raise the token limit at the provider";
    case FailureClass::content_filter:
      return "the provider's filter refused this task's text; change the task or the provider";
    case FailureClass::bad_request:
    case FailureClass::unsupported_param:
    case FailureClass::tool_use_failed:
      return "check the model's options and extra_body";
    case FailureClass::cancelled:
      return "resume the run to go on";
    case FailureClass::deadline:
      return "raise the time limit and resume";
    case FailureClass::unanswered:
      return "raise --task-timeout if a call takes longer than that here, or lower -j; `skillgrad "
             "doctor` shows whether the endpoint answers";
  }
  return {};
}

}  // namespace

Error explain(const Failure& failure, const ErrorScene& scene) {
  std::string message = scene.method + " " + printable_url(scene.url) + ": ";
  if (failure.status > 0) message += "HTTP " + std::to_string(failure.status);
  std::string said = failure.body.text();
  const bool has_body = !failure.body.message.empty() || failure.body.empty;
  if (!has_body) said.clear();
  if (!failure.location.empty()) said = "redirect to " + printable_url(failure.location);
  const auto add = [&](const std::string& text) {
    if (text.empty()) return;
    if (!message.ends_with(": ")) message += ": ";
    message += text;
  };
  const bool refusal =
      failure.cls == FailureClass::auth || failure.status == 401 || failure.status == 403;
  const bool hide = refusal && scene.redact_refusal;
  add(hide ? scene.redact_refusal(failure.detail) : failure.detail);
  add(hide ? scene.redact_refusal(said) : said);
  if (failure.cls == FailureClass::truncated_call && scene.output_cap > 0) {
    add("the limit was " + std::to_string(scene.output_cap) + " tokens");
  }
  if (scene.attempts > 1) message += " (after " + std::to_string(scene.attempts) + " attempts)";
  add(scene.note);
  if (scene.redact) message = scene.redact(message);
  if (message.size() > kMaxExplained) message = truncate_middle(message, kMaxExplained);
  std::string mend = mend_for(failure, scene);
  if (scene.redact) mend = scene.redact(mend);
  return Error{
      code_of(failure.cls), std::move(message), "model " + scene.model, std::move(mend), {}};
}

}  // namespace skillgrad::llm
