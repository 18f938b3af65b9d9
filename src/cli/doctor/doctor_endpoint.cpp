// SPDX-License-Identifier: MIT
#include <algorithm>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/llm/exchange_store.hpp>
#include <skillgrad/llm/inspect.hpp>

#include "cli/doctor/doctor.hpp"
#include "cli/doctor/doctor_request.hpp"
#include "cli/models/models.hpp"
#include "cli/screen/console.hpp"
#include "cli/settings/options.hpp"

namespace skillgrad::cli {
namespace {

using State = DoctorRow::State;

constexpr const char* kRoles[] = {"executor", "diagnoser", "momentum", "patcher", "judge"};
/// Below this, a few turns with a skill and tool output do not fit.
constexpr std::int64_t kSmallContext = 8192;
/// Enough for one call, and soon over where a model rambles; for models that think first, more.
constexpr int kFirstCap = 300;
constexpr int kSecondCap = 2'000;
/// Of one request.
constexpr auto kPatience = std::chrono::seconds(60);
constexpr auto kListTime = std::chrono::seconds(5);

bool sends_key(const llm::EndpointFacts& facts) { return !facts.auth.empty(); }

/// One endpoint with its roles.
class Check {
 public:
  Check(const llm::EndpointOptions& options, const Redactor& redactor, std::string prefix,
        DoctorRows& rows)
      : options_(options),
        redactor_(redactor),
        prefix_(std::move(prefix)),
        simulated_(options.model.starts_with("sim:")),
        rows_(rows),
        stop_(rows.stop()) {
    // Doctor answers soon: a fault that lasts shows at the second try.
    options_.max_attempts_transient = std::min(options_.max_attempts_transient, 2);
    options_.max_attempts_rate_limit = std::min(options_.max_attempts_rate_limit, 2);
    options_.attempt_timeout =
        std::min<std::chrono::milliseconds>(options_.attempt_timeout, kPatience);
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
    if (stop_.stop_requested() || !try_tools()) {
      say_changes();
      return;
    }
    if (facts_.stream && !simulated_ && !stop_.stop_requested()) try_stream();
    say_changes();
    if (!simulated_ && !stop_.stop_requested()) check_context();
  }

  [[nodiscard]] Json& json() { return json_; }

 private:
  void add(const std::string& what, State state, const std::string& found,
           const std::string& mend = {}) {
    rows_.add({prefix_ + what, state, redactor_.redact(found), redactor_.redact(mend)});
  }

  void bad(const std::string& what, const Error& error) {
    if (error.code == ErrorCode::cancelled) return;  // said by the command
    std::string mend = error.mend;
    if (error.code == ErrorCode::auth && !sends_key(facts_))
      mend =
          "no key was sent: set OPENAI_API_KEY, or name the variable that holds the key with "
          "--api-key-env";
    if (!prefix_.empty())
      mend +=
          " (in roles." + prefix_.substr(0, prefix_.find_first_of(",:")) + " of the configuration)";
    json_["error"] = {{"code", name_of(error.code)}, {"message", redactor_.redact(error.message)}};
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

  /// The list of models costs nothing, and shows that the endpoint can be connected to. Whatever
  /// else it says, only a call decides. False: no further check makes sense.
  bool reachable() {
    auto list = llm::list_models(
        options_, std::min<std::chrono::milliseconds>(options_.attempt_timeout, kListTime), stop_);
    if (!list.connected && list.failure) {
      bad("endpoint", *list.failure);
      return false;
    }
    add("endpoint", State::ok, simulated_ ? "simulated endpoint" : facts_.url);
    if (!simulated_) {
      add("request", State::ok, form_of(facts_));
      add("headers", State::ok, join(facts_.headers, "; "));
    }
    for (auto& name : list.names) offered_.push_back(redactor_.redact(name));
    json_["models"] = offered_;
    const auto& failure = list.failure;
    if (failure && (failure->code == ErrorCode::auth || failure->code == ErrorCode::transient))
      add("models", State::weak,
          "the list could not be read, which decides nothing: " + without_mend(*failure),
          "none is needed: the next rows show what calls do");
    return true;
  }

  Result<llm::ChatReply> ask(llm::ChatModel& model, int cap) {
    llm::CallContext context;
    context.stop = stop_;
    context.cut_at = clock_.now() + options_.attempt_timeout;
    context.patience = Duration(0);
    // A wait may end a little before its time.
    constexpr auto kRounding = std::chrono::milliseconds(100);
    auto reply = model.complete(tool_request(cap), context);
    if (!reply && reply.error().code == ErrorCode::transient &&
        clock_.now() + kRounding >= *context.cut_at)
      reply.error().mend =
          "check that the server answers at all; a slow one needs --attempt-timeout and no short "
          "--task-timeout in a run";
    return reply;
  }

  /// A reply that the cap cut before it could hold a call says nothing.
  static bool too_short(const Result<llm::ChatReply>& reply) {
    return reply && reply->finish == llm::Finish::length && reply->message.tool_calls.empty();
  }

  [[nodiscard]] int allowed(int cap) const {
    return std::min(cap, options_.max_output_tokens.value_or(cap));
  }

  /// False: no further check makes sense.
  bool try_tools() {
    auto client = llm::make_client(options_, dependencies());
    if (!client) {
      bad("endpoint", client.error());
      return false;
    }
    cap_ = allowed(kFirstCap);
    auto reply = ask(**client, cap_);
    if (too_short(reply) && allowed(kSecondCap) > cap_ && !stop_.stop_requested()) {
      cap_ = allowed(kSecondCap);
      reply = ask(**client, cap_);
    }
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
    if (error.code == ErrorCode::malformed_reply &&
        error.message.find("left a tool call in the text") != std::string::npos) {
      json_["tool_calls"] = "none";
      add("tool calling", State::bad, without_mend(error), llm::kToolsMend);
      return;
    }
    const bool about_request =
        error.code == ErrorCode::bad_request || error.code == ErrorCode::transient;
    if (about_request && to_lower_ascii(error.message).find("tool") != std::string::npos) {
      json_["tool_calls"] = "refused";
      json_["error"] = {{"code", name_of(error.code)},
                        {"message", redactor_.redact(error.message)}};
      add("tool calling", State::bad, without_mend(error), llm::kToolsMend);
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
          "works, but the calls stand in the text and are read from there", llm::kToolsMend);
    } else if (simulated_) {
      add("tool calling", State::ok, "simulated: plays tools in a run only");
    } else if (reply.finish == llm::Finish::length) {
      judge_cut();
    } else {
      add("tool calling", State::bad, "the model answered with text only", llm::kToolsMend);
    }
  }

  /// Only a cap of the user's can be at fault: the one here is doctor's own.
  void judge_cut() {
    const bool own = options_.max_output_tokens && *options_.max_output_tokens <= cap_;
    if (own)
      add("tool calling", State::bad,
          "the output cap was spent before the model wrote a call: it counts hidden reasoning",
          fmt::format("--max-output-tokens {}", 8 * *options_.max_output_tokens));
    else
      add("tool calling", State::weak,
          fmt::format("not known: the model wrote {} tokens, hidden reasoning included, without "
                      "coming to the call that it was asked for",
                      cap_),
          "see what it writes: skillgrad eval SKILL --limit 1 --split all, then trajectory.jsonl "
          "in the run; a smaller reasoning effort (--extra-body) makes calls come sooner");
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
                        line.starts_with("the output cap") ||
                        line.starts_with("the list of models");
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
  DoctorRows& rows_;
  std::stop_token stop_;
  int cap_ = kFirstCap;
  SystemClock clock_;
  llm::Accountant accountant_{llm::Budget{}};
  std::unique_ptr<llm::LearnedChanges> learned_;
  llm::EndpointFacts facts_;
  std::vector<std::string> warnings_;
  std::vector<std::string> offered_;
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

EndpointReport check_endpoints(const Settings& given, DoctorRows& rows) {
  EndpointReport out;
  Settings settings = given;
  // Its calls are answered by the endpoints themselves, and not kept.
  for (const auto key : {option<"cache">, option<"record">, option<"replay">})
    static_cast<void>(settings.set(key, "", "default"));
  static_cast<void>(settings.set(option<"cache_ttl">, "", "default"));
  static_cast<void>(settings.set(option<"refresh">, false, "default"));
  if (settings.get<"model">().empty()) {
    rows.add({"endpoint", State::weak, "not checked: no model is named",
              "skillgrad doctor --model NAME [--base-url URL]"});
    return out;
  }
  SystemClock clock;
  const auto models = Models::open(settings, nullptr, clock);
  if (!models) {
    rows.add({"endpoint", State::bad, without_mend(models.error()), models.error().mend});
    return out;
  }
  if (const auto keys = (*models)->check_keys(); !keys)
    rows.add({"key", State::bad, without_mend(keys.error()), keys.error().mend});
  for (const RoleGroup& group : groups_of(**models)) {
    if (rows.stop().stop_requested()) break;
    // The endpoint of --model needs no name; the others are told by their roles.
    const std::string prefix =
        group.roles.front() == kRoles[0] ? "" : join(group.roles, ", ") + ": ";
    Check check(*group.options, (*models)->redactor(), prefix, rows);
    check.run();
    Json facts = std::move(check.json());
    facts["roles"] = group.roles;
    out.facts.push_back(std::move(facts));
  }
  return out;
}

}  // namespace skillgrad::cli
