// SPDX-License-Identifier: MIT
#include <algorithm>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/llm/exchange_store.hpp>
#include <skillgrad/llm/inspect.hpp>

#include "cli/console.hpp"
#include "cli/doctor.hpp"
#include "cli/models.hpp"

namespace skillgrad::cli {
namespace {

using State = DoctorRow::State;

constexpr const char* kRoles[] = {"executor", "diagnoser", "momentum", "patcher", "judge"};
/// Below this, a few turns with a skill and tool output do not fit.
constexpr std::int64_t kSmallContext = 8192;
constexpr const char* kToolsMend =
    "start the server with tool calling (vLLM: --enable-auto-tool-choice --tool-call-parser NAME; "
    "llama.cpp: --jinja), or choose a model that can call tools";

llm::ChatRequest tool_request() {
  llm::ChatRequest request;
  request.stage = "doctor";
  request.scope = "doctor";
  request.messages = {
      {llm::Role::system, "You test tool calling.", {}, {}, {}},
      {llm::Role::user, "Call the tool `activate_skill` with skill \"probe\".", {}, {}, {}}};
  request.tools = {
      {"activate_skill", "Activates a skill by its name.",
       R"({"type":"object","properties":{"skill":{"type":"string"}},"required":["skill"]})"}};
  return request;
}

std::string without_mend(Error error) {
  error.mend.clear();
  return error.to_line();
}

bool sends_key(const llm::EndpointFacts& facts) { return !facts.auth.empty(); }

/// The request in words: what the profile of host and model name made of the options.
std::string form_of(const llm::EndpointFacts& facts) {
  std::vector<std::string> parts = {facts.api + (facts.may_switch_api ? " (or the other API where "
                                                                        "this one refuses)"
                                                                      : "")};
  parts.push_back("cap " + facts.cap_field);
  parts.push_back(!facts.stream          ? "not streamed"
                  : facts.stream_options ? "streamed with usage"
                                         : "streamed");
  parts.push_back(facts.auth.empty()        ? "no key"
                  : facts.auth == "api-key" ? "key in api-key"
                                            : "key in " + facts.auth);
  parts.push_back(facts.empty_content ? "content \"\" on turns with calls"
                                      : "content null on turns with calls");
  parts.push_back(facts.mirror_reasoning ? "reasoning goes back" : "reasoning does not go back");
  if (facts.fold_system) parts.emplace_back("system text in the first user message");
  if (facts.strict_tools) parts.emplace_back("strict tool schemas");
  return join(parts, ", ");
}

Json to_json(const llm::EndpointFacts& facts) {
  return {{"url", facts.url},
          {"headers", facts.headers},
          {"api", facts.api},
          {"may_switch_api", facts.may_switch_api},
          {"cap_field", facts.cap_field},
          {"auth", facts.auth},
          {"stream", facts.stream},
          {"stream_options", facts.stream_options},
          {"content_of_tool_turns", facts.empty_content ? Json("") : Json()},
          {"fold_system", facts.fold_system},
          {"strict_tools", facts.strict_tools},
          {"mirror_reasoning", facts.mirror_reasoning}};
}

/// One endpoint with its roles.
class Check {
 public:
  Check(const llm::EndpointOptions& options, const Redactor& redactor, std::string prefix,
        bool simulated, const std::stop_token& stop)
      : options_(options),
        redactor_(redactor),
        prefix_(std::move(prefix)),
        simulated_(simulated),
        stop_(stop) {
    // Doctor answers soon: a fault that lasts shows at the second try.
    options_.max_attempts_transient = std::min(options_.max_attempts_transient, 2);
    options_.max_attempts_rate_limit = std::min(options_.max_attempts_rate_limit, 2);
  }

  void run() {
    auto learned = llm::LearnedChanges::open({});
    auto facts = llm::inspect(options_);
    if (!learned || !facts) {
      bad("endpoint", !facts ? facts.error() : learned.error());
      return;
    }
    learned_ = std::move(*learned);
    facts_ = std::move(*facts);
    json_["request"] = to_json(facts_);
    if (!reachable()) return;
    add("endpoint", State::ok, simulated_ ? "simulated endpoint" : facts_.url);
    if (!simulated_) {
      add("request", State::ok, form_of(facts_));
      add("headers", State::ok, join(facts_.headers, "; "));
    }
    if (!try_tools()) {
      say_changes();
      return;
    }
    if (facts_.stream && !simulated_) try_stream();
    say_changes();
    if (!simulated_) check_context();
  }

  [[nodiscard]] std::vector<DoctorRow>& rows() { return rows_; }
  [[nodiscard]] Json& json() { return json_; }

 private:
  void add(const std::string& what, State state, const std::string& found,
           const std::string& mend = {}) {
    rows_.push_back({prefix_ + what, state, redactor_.redact(found), redactor_.redact(mend)});
  }

  void bad(const std::string& what, const Error& error) {
    std::string mend = error.mend;
    if (error.code == ErrorCode::auth && !sends_key(facts_))
      mend =
          "no key was sent: set OPENAI_API_KEY, or name the variable that holds the key with "
          "--api-key-env";
    if (!prefix_.empty())
      mend +=
          " (in roles." + prefix_.substr(0, prefix_.find_first_of(",:")) + " of the configuration)";
    json_["error"] = {{"code", to_string(error.code)},
                      {"message", redactor_.redact(error.message)}};
    add(what, State::bad, without_mend(error), mend);
  }

  llm::ClientDependencies dependencies() {
    llm::ClientDependencies out;
    out.clock = &clock_;
    out.accountant = &accountant_;
    out.redactor = &redactor_;
    out.learned = learned_.get();
    out.warn = [this](const std::string& line) { warnings_.push_back(line); };
    return out;
  }

  [[nodiscard]] bool warned(std::string_view beginning) const {
    return std::any_of(warnings_.begin(), warnings_.end(),
                       [&](const std::string& line) { return line.starts_with(beginning); });
  }

  /// The list of models costs nothing. Endpoints without one are fine: the first call will tell.
  bool reachable() {
    auto models = llm::list_models(options_);
    if (models) {
      for (auto& name : *models) name = redactor_.redact(name);
      json_["models"] = *models;
      offered_ = std::move(*models);
      return true;
    }
    switch (models.error().code) {
      case ErrorCode::auth:
      case ErrorCode::tls:
      case ErrorCode::config:
      case ErrorCode::transient:
        bad("endpoint", models.error());
        return false;
      default:
        return true;
    }
  }

  /// False: no further check makes sense.
  bool try_tools() {
    auto client = llm::make_client(options_, dependencies());
    if (!client) {
      bad("endpoint", client.error());
      return false;
    }
    const auto reply = (*client)->complete(tool_request(), {stop_, {}, {}});
    if (!reply) {
      refused(reply.error());
      return false;
    }
    json_["model"] = redactor_.redact(reply->model);
    add("model", State::ok,
        reply->model.empty() || reply->model == options_.model
            ? options_.model
            : options_.model + ", answers as " + reply->model);
    judge_tools(*reply);
    return true;
  }

  void refused(const Error& error) {
    const bool about_request =
        error.code == ErrorCode::bad_request || error.code == ErrorCode::transient;
    if (about_request && to_lower_ascii(error.message).find("tool") != std::string::npos) {
      json_["tool_calls"] = "refused";
      json_["error"] = {{"code", to_string(error.code)},
                        {"message", redactor_.redact(error.message)}};
      add("tool calling", State::bad, without_mend(error), kToolsMend);
      return;
    }
    bad(error.code == ErrorCode::model_not_found ? "model" : "call", error);
    if (error.code == ErrorCode::model_not_found && !offered_.empty())
      add("models", State::weak, "the endpoint offers: " + list_some(offered_),
          "--model with one of these");
  }

  void judge_tools(const llm::ChatReply& reply) {
    const bool called = !reply.message.tool_calls.empty();
    const bool by_text = called && warned("text_tool_call");
    json_["tool_calls"] = by_text ? "text" : called ? "native" : "none";
    if (called && !by_text) {
      add("tool calling", State::ok, "works: native calls");
    } else if (by_text) {
      add("tool calling", State::weak,
          "works, but the calls stand in the text and are read from there", kToolsMend);
    } else if (simulated_) {
      add("tool calling", State::ok, "simulated: plays tools in a run only");
    } else if (reply.finish == llm::Finish::length) {
      add("tool calling", State::bad,
          "the output cap was spent before the model wrote a call: it counts hidden reasoning",
          options_.max_output_tokens
              ? fmt::format("--max-output-tokens {}", 8 * *options_.max_output_tokens)
              : "--max-output-tokens 32000");
    } else {
      add("tool calling", State::bad, "the model answered with text only", kToolsMend);
    }
  }

  void try_stream() {
    const auto probe = llm::probe_stream(options_, dependencies(), stop_);
    if (!probe) {
      bad("streaming", probe.error());
      return;
    }
    json_["streaming"] = {{"events", probe->events},
                          {"first_byte_seconds", probe->first_byte_seconds}};
    if (probe->events)
      add("streaming", State::ok,
          fmt::format("works: first byte after {:.1f} s", probe->first_byte_seconds));
    else
      add("streaming", State::weak,
          "the endpoint answers in one piece although a stream was asked "
          "for",
          "--stream off");
  }

  void say_changes() {
    Json changes = Json::array();
    for (const auto& change : learned_->in_words()) {
      changes.push_back(redactor_.redact(change));
      add("changed", State::ok, change);
    }
    json_["request_changes"] = changes;
    for (const auto& line : warnings_) {
      const bool said = line.starts_with("text_tool_call") ||
                        line.find("refused a parameter") != std::string::npos ||
                        line.starts_with("the output cap");
      if (!said) add("note", State::weak, line);
    }
  }

  void check_context() {
    const auto served = llm::ask_served_context(options_, std::chrono::seconds(3), stop_);
    if (!served) return;
    json_["context"] = {
        {"server", served->server},
        {"tokens", served->context_tokens > 0 ? Json(served->context_tokens) : Json()},
        {"from", served->from}};
    const bool ollama = served->server == "Ollama";
    const std::string mend =
        ollama ? fmt::format(
                     "start it with OLLAMA_CONTEXT_LENGTH=16384 ollama serve, or make a "
                     "model of it: a Modelfile with \"FROM {}\" and \"PARAMETER num_ctx "
                     "16384\", then ollama create NAME -f Modelfile",
                     options_.model)
               : "start llama-server with a larger -c (it is shared out among --parallel slots)";
    if (served->context_tokens == 0) {
      add("context", State::weak,
          served->server + " does not say how many tokens the model reads" +
              (ollama ? "; with less than 24 GiB of GPU memory it is 4096, and longer prompts are "
                        "cut without a word"
                      : ""),
          mend);
      return;
    }
    const std::string found =
        fmt::format("{} tokens ({}: {})", served->context_tokens, served->server, served->from);
    if (served->context_tokens < kSmallContext)
      add("context", State::weak, found + ": too few for several turns with a skill", mend);
    else if (options_.context_tokens > served->context_tokens)
      add("context", State::weak,
          found + fmt::format(", but --context-tokens says {}", options_.context_tokens),
          fmt::format("--context-tokens {}", served->context_tokens));
    else
      add("context", State::ok, found);
  }

  llm::EndpointOptions options_;
  const Redactor& redactor_;
  std::string prefix_;
  bool simulated_;
  std::stop_token stop_;
  SystemClock clock_;
  llm::Accountant accountant_{llm::Budget{}};
  std::unique_ptr<llm::LearnedChanges> learned_;
  llm::EndpointFacts facts_;
  std::vector<std::string> warnings_;
  std::vector<std::string> offered_;
  std::vector<DoctorRow> rows_;
  Json json_ = Json::object();
};

/// All that makes requests of two roles differ.
std::string identity(const llm::EndpointOptions& options) {
  Json out = {options.base_url, options.model,      options.api_key.reveal(), options.headers,
              options.api,      options.extra_body, options.context_tokens};
  out.push_back(options.temperature ? Json(*options.temperature) : Json());
  return dump_json(out);
}

struct RoleGroup {
  std::vector<std::string> roles;
  const llm::EndpointOptions* options = nullptr;
};

std::vector<RoleGroup> groups_of(const Models& models) {
  std::vector<RoleGroup> out;
  std::vector<std::string> seen;
  for (const char* role : kRoles) {
    const auto& options = models.endpoint_of(role);
    const std::string text = identity(options);
    const auto at = std::find(seen.begin(), seen.end(), text);
    if (at == seen.end()) {
      seen.push_back(text);
      out.push_back({{role}, &options});
    } else {
      out[static_cast<std::size_t>(at - seen.begin())].roles.emplace_back(role);
    }
  }
  return out;
}

}  // namespace

EndpointReport check_endpoints(const Settings& given, const std::stop_token& stop) {
  EndpointReport out;
  Settings settings = given;
  // Its calls are answered by the endpoints themselves, and not kept.
  for (const char* key : {"cache", "cache_ttl", "refresh", "record", "replay"})
    static_cast<void>(
        settings.set(key, std::string(key) == "refresh" ? Json(false) : Json(""), "default"));
  if (settings.text("model").empty()) {
    out.rows = {{"endpoint", State::weak, "not checked: no model is named",
                 "skillgrad doctor --model NAME [--base-url URL]"}};
    return out;
  }
  SystemClock clock;
  const auto models = Models::open(settings, nullptr, clock);
  if (!models) {
    out.rows = {{"endpoint", State::bad, without_mend(models.error()), models.error().mend}};
    return out;
  }
  if (const auto keys = (*models)->check_keys(); !keys)
    out.rows.push_back({"key", State::bad, without_mend(keys.error()), keys.error().mend});
  for (const RoleGroup& group : groups_of(**models)) {
    // The endpoint of --model needs no name; the others are told by their roles.
    const std::string prefix =
        group.roles.front() == kRoles[0] ? "" : join(group.roles, ", ") + ": ";
    Check check(*group.options, (*models)->redactor(), prefix,
                group.options->model.starts_with("sim:"), stop);
    check.run();
    for (auto& row : check.rows()) out.rows.push_back(std::move(row));
    Json facts = std::move(check.json());
    facts["roles"] = group.roles;
    out.facts.push_back(std::move(facts));
  }
  return out;
}

}  // namespace skillgrad::cli
