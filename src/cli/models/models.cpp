// SPDX-License-Identifier: MIT
#include "cli/models/models.hpp"

#include <algorithm>
#include <cstdlib>
#include <set>

#include <fmt/format.h>
#include <unistd.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/llm/inspect.hpp>

#include "cli/models/call_stores.hpp"
#include "cli/models/executing_models.hpp"
#include "cli/models/shared_model.hpp"
#include "cli/screen/console.hpp"
#include "cli/screen/notes.hpp"
#include "cli/settings/durations.hpp"
#include "cli/settings/hidden_values.hpp"
#include "cli/settings/roles.hpp"

namespace skillgrad::cli {
namespace {

/// Certificates that cannot be read would show as a fault of each call.
Result<> check_certificates(const std::string& file, const std::string& origin) {
  std::error_code problem;
  const auto status = fs::status(file, problem);
  if (status.type() == fs::file_type::not_found)
    return fail(ErrorCode::config, "there is no file of trusted certificates " + file, origin,
                "name the file of your certificate authority (PEM)");
  if (status.type() != fs::file_type::regular || ::access(file.c_str(), R_OK) != 0)
    return fail(ErrorCode::config, "the file of trusted certificates cannot be read: " + file,
                origin, "name a file of certificates (PEM) that you may read");
  return {};
}

/// A role with another account (address or key) has the limits that it names, others those of all
/// roles: they draw on the same account.
Result<> apply_limits(const Settings& settings, const Json& role, bool own_account,
                      llm::EndpointOptions& out) {
  for (const char* key : kAccountLimits) {
    if (own_account || !role.contains(key)) continue;
    return fail(ErrorCode::config,
                std::string("\"") + key +
                    "\" is set for a role that shares the endpoint and key of "
                    "--model, so its requests count towards the same limits",
                "roles",
                std::string("set ") + key +
                    " for all of them, or give the role its own "
                    "base_url or api_key_env");
  }
  const auto value = [&](const auto key) {
    const OptionSpec& spec = key;
    return own_account ? role.value(spec.key, 0.0) : static_cast<double>(settings.get(key));
  };
  out.requests_per_minute = value(option<"rpm">);
  out.tokens_per_minute = value(option<"tpm">);
  out.max_concurrency = static_cast<int>(value(option<"max_concurrency">));
  // The number of tasks at once is the most that a rate limit can halve, and grow back to.
  if (out.max_concurrency <= 0) out.max_concurrency = static_cast<int>(settings.get<"jobs">());
  return {};
}

Result<> apply_price(const Json& price, llm::EndpointOptions& out) {
  if (price.is_null()) return {};
  if (!price.is_object())
    return fail(ErrorCode::config, "expected a JSON object, got " + dump_json(price), "price",
                "write it as --price '{\"input\":1,\"output\":4}', in USD per million tokens");
  StrictReader reader(price, "price");
  out.price_in = reader.number("input", std::nullopt, 0);
  out.price_out = reader.number("output", std::nullopt, 0);
  out.price_cached = reader.number("cached", *out.price_in, 0);
  if (price.is_object() && price.contains("cache_write"))
    out.price_cache_write = reader.number("cache_write", std::nullopt, 0);
  return reader.finish();
}

/// --price is of --model: another model needs its own, or one of a table.
Result<> own_price(const Settings& settings, const Json& role, const std::string& main_model,
                   llm::EndpointOptions& out) {
  if (role.contains("price")) return apply_price(role["price"], out);
  return out.model == main_model ? apply_price(settings.get<"price">(), out) : Result<>{};
}

}  // namespace

Result<std::shared_ptr<const llm::PriceTable>> load_prices(const Settings& settings) {
  const std::string path = settings.get<"prices">();
  if (path.empty()) return nullptr;
  auto table = llm::PriceTable::load(path);
  if (!table) return tl::unexpected(std::move(table).error().with_context("--prices"));
  return std::make_shared<const llm::PriceTable>(std::move(*table));
}

Result<std::vector<RolePrice>> role_prices(const Settings& settings, WallTime when) {
  SKILLGRAD_CHECK(check_roles(settings.get<"roles">()));
  SKILLGRAD_TRY(const auto table, load_prices(settings));
  std::vector<RolePrice> out;
  for (const auto& name : role_names()) {
    const Json role = role_of(settings, name);
    llm::EndpointOptions endpoint;
    endpoint.model = text_of(role, "model", settings.get<"model">());
    if (endpoint.model.empty()) continue;
    endpoint.base_url = text_of(role, "base_url", effective_base_url(settings));
    endpoint.price_table = table;
    SKILLGRAD_CHECK(own_price(settings, role, settings.get<"model">(), endpoint));
    SKILLGRAD_TRY(auto price, llm::effective_price(endpoint, when));
    out.push_back({name, endpoint.model, std::move(price)});
  }
  return out;
}

std::string to_text(const RolePrice& price) {
  if (!price.price.price) return price.model + ": not known (give --price or --prices)";
  return price.model + ": " + llm::to_text(*price.price.price) + " (" + price.price.source + ")";
}

Json to_json(const RolePrice& price) {
  Json out = {{"model", price.model}, {"input", nullptr},       {"cached", nullptr},
              {"output", nullptr},    {"cache_write", nullptr}, {"above", Json::array()},
              {"source", nullptr}};
  if (const auto& entry = price.price.price) {
    out["input"] = entry->base.input;
    out["cached"] = entry->base.cached;
    out["output"] = entry->base.output;
    if (entry->cache_write) out["cache_write"] = *entry->cache_write;
    for (const auto& tier : entry->tiers)
      out["above"].push_back({{"prompt_tokens", tier.above_prompt_tokens},
                              {"input", tier.rate.input},
                              {"cached", tier.rate.cached},
                              {"output", tier.rate.output}});
    if (entry->per_call > 0) out["per_call"] = entry->per_call;
    out["source"] = price.price.source;
  }
  if (price.price.context_tokens > 0) out["context_tokens"] = price.price.context_tokens;
  if (!price.price.warning.empty()) out["warning"] = price.price.warning;
  return out;
}

Json model_identity(const Settings& settings) {
  const bool simulated = !scenario_of(settings).empty();
  return {{"model", settings.get<"model">()},
          {"endpoint", simulated ? "simulated" : llm::printable_url(effective_base_url(settings))},
          {"roles", settings.deciding(option<"roles">)}};
}

std::uint64_t request_seed(const Settings& settings) {
  return static_cast<std::uint64_t>(settings.get<"seed">());
}

sim::ServerOptions simulation_options(const Settings& settings) {
  sim::ServerOptions out;
  out.scenario = scenario_of(settings);
  out.seed = static_cast<std::uint64_t>(settings.get<"sim.seed">());
  out.latency_ms = static_cast<int>(settings.get<"sim.latency_ms">());
  out.slip = settings.get<"sim.slip">();
  out.luck = settings.get<"sim.luck">();
  out.noise = settings.get<"sim.noise">();
  out.vague = settings.get<"sim.vague">();
  out.wrong = settings.get<"sim.wrong">();
  out.weak = settings.get<"sim.weak">();
  out.forget = settings.get<"sim.forget">();
  out.fault_429 = settings.get<"sim.fault_429">();
  out.fault_500 = settings.get<"sim.fault_500">();
  out.fault_cut = settings.get<"sim.fault_cut">();
  out.fault_tool_call = settings.get<"sim.fault_tool_call">();
  out.request_log = settings.get<"sim.request_log">();
  return out;
}

Result<> Models::open_stores(const Settings& settings, const fs::path& learned) {
  SKILLGRAD_TRY(CallStores stores, open_call_stores(settings, *clock_, redactor_.get(), learned));
  cassette_ = std::move(stores.cassette);
  cache_ = std::move(stores.cache);
  learned_ = std::move(stores.learned);
  for (const std::string& problem : learned_->problems()) notes().say(redactor_->redact(problem));
  return {};
}

Result<Models::Simulated> Models::simulate(const Settings& settings, const std::string& scenario,
                                           std::unique_ptr<sim::Server>& server) const {
  Simulated out;
  if (offline_) {
    SKILLGRAD_TRY(out.model, sim::model_name(scenario));
    out.url = "http://127.0.0.1:9/v1";  // the discard port; nobody connects to it
    return out;
  }
  if (server == nullptr) {
    auto options = simulation_options(settings);
    options.scenario = scenario;
    options.threads = static_cast<unsigned>(settings.get<"jobs">()) + 8;
    SKILLGRAD_TRY(server, sim::Server::start(options));
  }
  out.model = server->model();
  out.url = server->base_url();
  return out;
}

/// Of one of --models: another scenario than that of --model has a server of its own.
Result<llm::EndpointOptions> Models::executing_endpoint(const Settings& settings,
                                                        const Json& role) {
  const std::string scenario = scenario_of_role(settings, role);
  if (scenario.empty() || scenario == scenario_of(settings))
    return endpoint(settings, role, simulated_);
  SKILLGRAD_TRY(const Simulated own, simulate(settings, scenario, more_servers_[scenario]));
  return endpoint(settings, role, own);
}

Result<llm::EndpointOptions> Models::endpoint(const Settings& settings, const Json& role,
                                              const Simulated& simulated) {
  llm::EndpointOptions out;
  out.model = text_of(role, "model", settings.get<"model">());
  out.base_url = text_of(role, "base_url", effective_base_url(settings));
  if (out.model.starts_with("sim:") && !simulated.model.empty()) {
    out.base_url = simulated.url;
    out.model = simulated.model;
    out.identity = simulated.model;
    // Without seeds all rollouts of a task would get the same draws.
    if (settings.get<"sim.noise">() > 0) out.request_seed = request_seed(settings);
    SKILLGRAD_CHECK(apply_limits(settings, role, false, out));
  } else {
    SKILLGRAD_TRY(const Account account, account_of(settings, role));
    out.api_key = account.key;
    out.headers = account.headers;
    accounts_.push_back(account);
    for (Secret& secret : llm::secrets_of(out)) secrets_.push_back(std::move(secret));
    SKILLGRAD_CHECK(apply_limits(settings, role, !account.is_shared(settings), out));
  }
  out.stream = settings.get<"stream">();
  out.api = text_of(role, "api", settings.get<"api">());
  out.context_tokens = value_of(settings, role, option<"context_tokens">).get<std::int64_t>();
  out.truncation_is_error = settings.get<"on_truncation">() == OnTruncation::error;
  out.fold_system = settings.get<"fold_system">();
  out.strict_tools = settings.get<"strict_tools">();
  out.http_version = settings.get<"http_version">();
  if (const Json value = value_of(settings, role, option<"temperature">); !value.is_null())
    out.temperature = value.get<double>();
  if (settings.get<"request_seeds">()) out.request_seed = request_seed(settings);
  if (const auto most = settings.get<"max_output_tokens">())
    out.max_output_tokens = static_cast<int>(*most);
  if (const Json value = value_of(settings, role, option<"extra_body">); !value.is_null())
    out.extra_body = dump_json(value);
  out.ca_file = settings.get<"ca_file">();
  if (!offline_ && !out.ca_file.empty())
    SKILLGRAD_CHECK(check_certificates(out.ca_file, settings.origin<"ca_file">()));
  out.insecure_tls = settings.get<"insecure_tls">();
  out.attempt_timeout = std::chrono::milliseconds(
      static_cast<std::int64_t>(settings.get<"attempt_timeout_s">() * 1000));
  SKILLGRAD_CHECK(own_price(settings, role, settings.get<"model">(), out));
  out.price_table = prices_;
  SKILLGRAD_CHECK(apply_prices(out));
  return out;
}

/// What the user's table says about the model beyond its price, and whatever is doubtful, once.
Result<> Models::apply_prices(llm::EndpointOptions& out) {
  SKILLGRAD_TRY(const auto found, llm::effective_price(out, clock_->wall_now()));
  if (out.context_tokens == 0) out.context_tokens = found.context_tokens;
  if (!found.warning.empty() && warned_.insert(found.warning).second) notes().say(found.warning);
  return {};
}

Result<std::unique_ptr<Models>> Models::open(const Settings& settings, llm::CallRecorder* recorder,
                                             Clock& clock, const fs::path& learned) {
  std::unique_ptr<Models> out(new Models(clock));
  if (settings.get<"model">().empty())
    return fail(ErrorCode::config, "no model is named", "--model",
                "give --model NAME (with --base-url for another endpoint than OpenAI's); "
                "`skillgrad demo` shows the whole loop without a model");
  SKILLGRAD_CHECK(check_roles(settings.get<"roles">()));
  out->offline_ = replays_only(settings);
  SKILLGRAD_TRY(out->prices_, load_prices(settings));
  if (const std::string scenario = scenario_of(settings); !scenario.empty()) {
    SKILLGRAD_TRY(out->simulated_, out->simulate(settings, scenario, out->server_));
  }
  for (const auto& name : role_names()) {
    SKILLGRAD_TRY(out->endpoints_[name],
                  out->endpoint(settings, role_of(settings, name), out->simulated_));
  }
  SKILLGRAD_TRY(const auto executing, executing_models(settings));
  for (const ExecutingModel& model : executing) {
    SKILLGRAD_TRY(out->endpoints_[executor_role(model.name)],
                  out->executing_endpoint(settings, model.role));
  }
  out->model_ = out->endpoints_.at("executor").model;
  for (Secret& secret : secrets_in_bodies(settings)) out->secrets_.push_back(std::move(secret));
  out->redactor_ = std::make_shared<const Redactor>(out->secrets_);
  hide_in_output(out->redactor_);
  SKILLGRAD_CHECK(out->open_stores(settings, learned));
  llm::Budget budget;
  budget.max_usd = settings.get<"max_usd">();
  budget.max_tokens = settings.get<"max_tokens">();
  budget.max_calls = settings.get<"max_calls">();
  budget.retry_share = settings.get<"retry_budget">();
  out->accountant_ = std::make_unique<llm::Accountant>(budget);
  out->recorder_ = recorder;
  out->jitter_seed_ = static_cast<std::uint64_t>(settings.get<"seed">());
  for (const auto& [name, endpoint] : out->endpoints_) {
    SKILLGRAD_TRY(out->clients_[name], out->make_client(endpoint));
  }
  return out;
}

void Models::warn(const std::string& line) const {
  if (said_->first_time(line)) notes().say(line);
}

Result<std::unique_ptr<llm::ChatModel>> Models::make_client(llm::EndpointOptions options) const {
  llm::ClientDependencies dependencies;
  dependencies.clock = clock_;
  dependencies.accountant = accountant_.get();
  dependencies.recorder = recorder_;
  dependencies.redactor = redactor_.get();
  dependencies.cassette = cassette_.get();
  dependencies.cache = cache_.get();
  dependencies.learned = learned_.get();
  dependencies.jitter_seed = jitter_seed_;
  dependencies.limits = limits_.get();
  dependencies.warn = [this](const std::string& line) { warn(line); };
  return llm::make_client(std::move(options), std::move(dependencies));
}

Result<llm::ChatModel*> Models::judge(const std::string& model) {
  const std::lock_guard lock(judges_mutex_);
  if (const auto found = judges_.find(model); found != judges_.end())
    return found->second.shared.get();
  Judge judge;
  if (!model.empty()) {
    llm::EndpointOptions options = endpoints_.at("judge");
    if (options.model != model) {
      // The price and the context of the role are those of the role's model.
      options.price_in = options.price_cached = options.price_out = std::nullopt;
      options.price_cache_write = std::nullopt;
      options.context_tokens = 0;
    }
    options.model = model;
    SKILLGRAD_CHECK(apply_prices(options));
    SKILLGRAD_TRY(judge.own, make_client(std::move(options)));
  }
  judge.shared = share_equal_calls(judge.own ? *judge.own : *clients_.at("judge"));
  return judges_.emplace(model, std::move(judge)).first->second.shared.get();
}

Result<std::unique_ptr<Models>> open_judges(const Settings& settings, Clock& clock,
                                            const std::string& what, const std::stop_token& stop) {
  if (settings.get<"model">().empty())
    return fail(ErrorCode::config, what + ", and no model is named", "--model",
                "give --model NAME (with --base-url for another endpoint than OpenAI's)");
  SKILLGRAD_TRY(auto models, Models::open(settings, nullptr, clock));
  SKILLGRAD_CHECK(models->preflight(settings, stop));
  return models;
}

Result<> lend_judges(const Settings& settings, const Clock& clock, Models& models,
                     bench::GradeContext& context) {
  context.judging.models = &models;
  SKILLGRAD_TRY(const auto time,
                parse_duration(settings.get<"max_time">(), settings.origin<"max_time">()));
  if (time.count() > 0) context.judging.deadline = clock.now() + time;
  return {};
}

std::string judge_description(const Settings& settings) {
  const Json role = role_of(settings, "judge");
  const Json temperature = value_of(settings, role, option<"temperature">);
  return fmt::format(
      "judge {}, temperature {}", text_of(role, "model", settings.get<"model">()),
      temperature.is_number() ? format_double(temperature.get<double>()) : "not sent");
}

llm::ChatModel& Models::role(const std::string& name) const { return *clients_.at(name); }

Result<> Models::check_keys() const {
  std::set<std::string> seen;
  for (const Account& account : accounts_) {
    if (!seen.insert(account.base_url + " " + account.key_variable).second) continue;
    SKILLGRAD_CHECK(check_key(account));
  }
  return {};
}

Result<> Models::preflight(const Settings& settings, const std::stop_token& stop) const {
  if (cassette_ != nullptr && cassette_->must_hit()) return {};
  SKILLGRAD_CHECK(check_keys());
  if (!settings.get<"preflight">()) return {};
  std::set<std::string> seen;
  for (const auto& [name, options] : endpoints_) {
    if (!seen.insert(options.base_url + " " + options.api_key.reveal()).second) continue;
    SKILLGRAD_CHECK(reach(options, stop));
  }
  return {};
}

Result<> Models::reach(const llm::EndpointOptions& options, const std::stop_token& stop) const {
  constexpr auto kListTime = std::chrono::seconds(5);
  constexpr int kTries = 3;
  llm::ModelList list;
  for (int tried = 0; tried < kTries; ++tried) {
    if (tried > 0 && !clock_->sleep_for(std::chrono::seconds(1), stop)) break;
    list = llm::list_models(options, kListTime, stop);
    if (stop.stop_requested()) break;
    const bool passing = list.failure && list.failure->code == ErrorCode::transient;
    if (list.connected || !passing) break;
  }
  if (stop.stop_requested()) return fail(ErrorCode::cancelled, "stopped before the first call");
  if (!list.failure) return {};
  if (!list.connected) return tl::unexpected(std::move(*list.failure));
  // Many endpoints have no list at all; where it should be there, its failure may explain the
  // calls'.
  const ErrorCode code = list.failure->code;
  if (code == ErrorCode::auth || code == ErrorCode::transient)
    warn("the list of models could not be read, which decides nothing: " + list.failure->message);
  return {};
}

}  // namespace skillgrad::cli
