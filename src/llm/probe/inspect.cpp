// SPDX-License-Identifier: MIT
#include <array>
#include <charconv>

#include <skillgrad/core/text.hpp>
#include <skillgrad/llm/inspect.hpp>

#include "llm/address/headers.hpp"
#include "llm/address/profile.hpp"
#include "llm/address/url.hpp"
#include "llm/call/endpoint.hpp"
#include "llm/errors/explain.hpp"
#include "llm/transport/outcome.hpp"
#include "llm/wire/field.hpp"

namespace skillgrad::llm {

namespace {

std::string header_name(const std::string& line) {
  return line.substr(0, line.find_first_of(":;"));
}

/// Headers that we write ourselves and that hold no secret are shown as they are.
std::string printable_header(const std::string& line, const EndpointOptions& options) {
  const std::string name = header_name(line);
  static constexpr std::array<std::string_view, 3> kPlain = {"content-type", "accept",
                                                             "user-agent"};
  const std::string lower = to_lower_ascii(name);
  const bool own =
      std::any_of(options.headers.begin(), options.headers.end(),
                  [&](const auto& mine) { return to_lower_ascii(mine.first) == lower; });
  if (!own && std::find(kPlain.begin(), kPlain.end(), lower) != kPlain.end()) return line;
  return lower == "authorization" && line.find(": Bearer ") != std::string::npos
             ? name + ": Bearer ***"
             : name + ": ***";
}

/// A reply of the server's own API, or null.
Json ask(const EndpointOptions& options, const std::string& url, const std::string& body,
         std::chrono::milliseconds timeout, const std::stop_token& stop) {
  TransportOptions transport;
  transport.url = url;
  transport.get = body.empty();
  transport.headers = {"Content-Type: application/json", "Accept: application/json",
                       std::string("User-Agent: skillgrad/") + SKILLGRAD_VERSION, "Expect:"};
  transport.ca_file = options.ca_file;
  transport.insecure_tls = options.insecure_tls;
  transport.connect_timeout = timeout;
  transport.max_reply_bytes = std::size_t{16} << 20U;
  AttemptLimits limits;
  limits.total = timeout;
  const HttpReply reply = Transport(transport).perform(body, limits, stop);
  if (reply.status != 200) return {};
  auto parsed = parse_reply_json(reply.body, url);
  return parsed ? std::move(*parsed) : Json();
}

/// Ollama names models without the tag "latest", too.
bool same_model(const std::string& a, const std::string& b) {
  const auto tagged = [](const std::string& name) {
    return name.find(':') == std::string::npos ? name + ":latest" : name;
  };
  return to_lower_ascii(tagged(a)) == to_lower_ascii(tagged(b));
}

/// "num_ctx    8192" among the lines of a Modelfile's parameters.
std::int64_t num_ctx(const std::string& parameters) {
  for (const std::string& line : split_lines(parameters)) {
    const std::string text(trim(line));
    if (!text.starts_with("num_ctx")) continue;
    const std::string_view number = trim(std::string_view(text).substr(7));
    std::int64_t value = 0;
    std::from_chars(number.data(), number.data() + number.size(), value);
    return value;
  }
  return 0;
}

std::optional<ServedContext> ask_ollama(const EndpointOptions& options, const std::string& root,
                                        std::chrono::milliseconds timeout,
                                        const std::stop_token& stop) {
  const Json running = ask(options, root + "/api/ps", "", timeout, stop);
  const Json* models = member(&running, "models");
  if (models == nullptr || !models->is_array()) return std::nullopt;
  ServedContext out;
  out.server = "Ollama";
  for (const Json& model : *models) {
    if (!same_model(text_of(member_of(&model, {"model", "name"})), options.model)) continue;
    out.context_tokens = integer_of(member(&model, "context_length")).value_or(0);
    out.from = "of the loaded model";
  }
  if (out.context_tokens > 0) return out;
  const Json shown =
      ask(options, root + "/api/show", dump_json({{"model", options.model}}), timeout, stop);
  out.context_tokens = num_ctx(text_of(member(&shown, "parameters")));
  out.from = out.context_tokens > 0 ? "num_ctx of the model" : "";
  return out;
}

std::optional<ServedContext> ask_llama_cpp(const EndpointOptions& options, const std::string& root,
                                           std::chrono::milliseconds timeout,
                                           const std::stop_token& stop) {
  const Json props = ask(options, root + "/props", "", timeout, stop);
  const Json* settings = member(&props, "default_generation_settings");
  if (settings == nullptr || !settings->is_object()) return std::nullopt;
  ServedContext out;
  out.server = "llama.cpp";
  const Json* context = member(settings, "n_ctx");
  if (context == nullptr) context = member(&props, "n_ctx");
  out.context_tokens = integer_of(context).value_or(0);
  out.from = out.context_tokens > 0 ? "n_ctx of a slot" : "";
  return out;
}

/// Providers on the internet run neither server, and are not bothered.
bool is_provider(const Url& url) {
  static constexpr std::array<std::string_view, 12> kDomains = {
      "openai.com", "azure.com",      "openrouter.ai", "anthropic.com",
      "google.com", "googleapis.com", "deepseek.com",  "aliyuncs.com",
      "groq.com",   "mistral.ai",     "together.xyz",  "x.ai"};
  return std::any_of(kDomains.begin(), kDomains.end(), [&](std::string_view domain) {
    return url.host == domain || url.host.ends_with("." + std::string(domain));
  });
}

}  // namespace

Result<EndpointFacts> inspect(const EndpointOptions& options) {
  SKILLGRAD_TRY(const auto endpoint, Endpoint::create(options, {}));
  SKILLGRAD_TRY(const Url url, parse_base_url(options.base_url));
  SKILLGRAD_TRY(const std::vector<std::string> lines,
                request_headers(options, profile_of(url, options.model)));
  const WireStyle& style = endpoint->initial_style();
  EndpointFacts out;
  out.url = printable_url(endpoint->url(style));
  for (const std::string& line : lines) {
    if (line == "Expect:") continue;
    out.headers.push_back(printable_header(line, options));
    const std::string name = to_lower_ascii(header_name(line));
    if (name == "authorization" || name == "api-key") out.auth = header_name(line);
  }
  out.api = style.responses ? "responses" : "chat completions";
  out.may_switch_api = style.may_switch_api;
  out.cap_field = style.responses        ? "max_output_tokens"
                  : style.completion_cap ? "max_completion_tokens"
                                         : "max_tokens";
  out.stream = style.stream;
  out.stream_options = style.stream_options;
  out.empty_content = style.empty_content;
  out.fold_system = style.fold_system;
  out.strict_tools = style.strict;
  out.mirror_reasoning = style.mirror;
  return out;
}

std::optional<ServedContext> ask_served_context(const EndpointOptions& options,
                                                std::chrono::milliseconds timeout,
                                                const std::stop_token& stop) {
  const auto url = parse_base_url(options.base_url);
  if (!url || is_provider(*url)) return std::nullopt;
  std::string root = url->origin() + url->path;
  if (root.ends_with("/v1")) root.resize(root.size() - 3);
  if (auto found = ask_ollama(options, root, timeout, stop)) return found;
  return ask_llama_cpp(options, root, timeout, stop);
}

Result<StreamProbe> probe_stream(const EndpointOptions& options,
                                 const ClientDependencies& dependencies,
                                 const std::stop_token& stop) {
  SKILLGRAD_TRY(const auto endpoint, Endpoint::create(options, dependencies));
  ChatRequest request;
  request.stage = request.scope = "doctor";
  request.messages = {{Role::user, "Answer with the word yes.", {}, {}, {}}};
  WireStyle style = endpoint->style();
  style.stream = true;
  SKILLGRAD_TRY(const Body body,
                endpoint->builder().build(request, style,
                                          std::min(256, options.max_output_tokens.value_or(256))));
  AttemptLimits limits;
  limits.total = options.attempt_timeout;
  limits.stream = true;
  limits.first_byte = options.first_byte_timeout;
  limits.idle = options.idle_timeout;
  limits.progress = options.progress_timeout;
  HttpReply http = endpoint->transport(style).perform(body.text(), limits, stop);
  StreamProbe out;
  out.events = http.stream.has_value();
  out.complete = !http.stream || http.stream->complete();
  out.first_byte_seconds = http.first_byte_seconds;
  out.seconds = http.seconds;
  ReplyContext context;
  context.request = &request;
  context.source = endpoint->source();
  const ReadReply read = read_outcome(http, context, endpoint->clock().wall_now());
  if (!read.failure) return out;
  ErrorScene scene;
  scene.url = endpoint->url(style);
  scene.model = options.model;
  scene.attempts = 1;
  scene.redact = [&](const std::string& text) { return endpoint->redact(text); };
  scene.redact_refusal = [&](const std::string& text) { return endpoint->redact_refusal(text); };
  return tl::unexpected(explain(*read.failure, scene));
}

}  // namespace skillgrad::llm
