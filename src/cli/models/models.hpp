// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include <skillgrad/bench/benchmark.hpp>
#include <skillgrad/core/clock.hpp>
#include <skillgrad/core/secret.hpp>
#include <skillgrad/llm/client.hpp>
#include <skillgrad/llm/exchange_store.hpp>
#include <skillgrad/llm/prices.hpp>
#include <skillgrad/sim/server.hpp>

#include "cli/models/credentials.hpp"
#include "cli/settings/options.hpp"

namespace skillgrad::cli {

/// The endpoints of a run: a client for each role, one accountant for all, and the simulated
/// endpoint when the model is "sim:NAME". Not movable: clients hold references into it, which is
/// why all that they share is kept here, in the order in which it must outlive them.
class Models final : public bench::JudgeModels {
 public:
  /// Starts what is needed; what endpoints teach is kept in the file `learned`, if one is named,
  /// and beside cache and cassette. Errors: config (no model, bad URL, unknown scenario), input (no
  /// such recording), io.
  [[nodiscard]] static Result<std::unique_ptr<Models>> open(const Settings& settings,
                                                            llm::CallRecorder* recorder,
                                                            Clock& clock,
                                                            const fs::path& learned = {});
  /// executor, diagnoser, momentum, patcher, judge; with --models also "executor@NAME" of each.
  [[nodiscard]] llm::ChatModel& role(const std::string& name) const;
  /// Asks for one thing once at a time: of equal requests at the same moment, the first is sent and
  /// the others find its reply in the record.
  [[nodiscard]] Result<llm::ChatModel*> judge(const std::string& model) override;
  [[nodiscard]] llm::Accountant& accountant() { return *accountant_; }
  [[nodiscard]] llm::Limits& limits() { return *limits_; }
  [[nodiscard]] const Redactor& redactor() const { return *redactor_; }
  /// Also true for a simulated endpoint that runs in another process.
  [[nodiscard]] bool simulated() const {
    return server_ != nullptr || !more_servers_.empty() || model_.starts_with("sim:");
  }
  [[nodiscard]] const std::vector<Secret>& secrets() const { return secrets_; }
  [[nodiscard]] const std::string& model() const { return model_; }
  /// How requests differ from what was configured, because endpoints refused it, in words.
  [[nodiscard]] std::vector<std::string> request_changes() const { return learned_->in_words(); }
  /// Where and how a role calls, and what its calls cost.
  [[nodiscard]] const llm::EndpointOptions& endpoint_of(const std::string& role) const {
    return endpoints_.at(role);
  }
  /// check_key() of every account.
  [[nodiscard]] Result<> check_keys() const;
  /// check_keys(), then, with --preflight, sees that each endpoint can be connected to, by asking
  /// for its list of models: a wrong host, port or certificate shows here, before any task runs.
  /// What the endpoint answers decides nothing. A failed connection is tried three times, a second
  /// apart.
  [[nodiscard]] Result<> preflight(const Settings& settings, const std::stop_token& stop) const;

 private:
  explicit Models(Clock& clock) : clock_(&clock) {}
  /// An endpoint that is simulated here; no model: there is none.
  struct Simulated {
    std::string model, url;
  };
  Result<llm::EndpointOptions> endpoint(const Settings& settings, const Json& role,
                                        const Simulated& simulated);
  Result<llm::EndpointOptions> executing_endpoint(const Settings& settings, const Json& role);
  Result<Simulated> simulate(const Settings& settings, const std::string& scenario,
                             std::unique_ptr<sim::Server>& server) const;
  Result<> open_stores(const Settings& settings, const fs::path& learned);
  Result<> apply_prices(llm::EndpointOptions& out);
  Result<std::unique_ptr<llm::ChatModel>> make_client(llm::EndpointOptions options) const;
  Result<> reach(const llm::EndpointOptions& options, const std::stop_token& stop) const;
  /// Says a warning of a client, once.
  void warn(const std::string& line) const;

  Clock* clock_;
  std::unique_ptr<sim::Server> server_;
  std::map<std::string, std::unique_ptr<sim::Server>> more_servers_;  ///< by scenario, of --models
  std::shared_ptr<const Redactor> redactor_;
  std::unique_ptr<llm::Accountant> accountant_;
  std::unique_ptr<llm::Limits> limits_ = std::make_unique<llm::Limits>();
  std::vector<Secret> secrets_;
  std::vector<Account> accounts_;
  std::map<std::string, llm::EndpointOptions> endpoints_;
  std::map<std::string, std::unique_ptr<llm::ChatModel>> clients_;
  std::unique_ptr<llm::ExchangeStore> cassette_, cache_;
  std::unique_ptr<llm::LearnedChanges> learned_;
  bool offline_ = false;  ///< all calls are replayed, so no secret is needed
  std::string model_;
  Simulated simulated_;  ///< for --model sim:NAME
  std::shared_ptr<const llm::PriceTable> prices_;
  std::set<std::string> warned_;
  /// What the clients warned of, so that roles with one endpoint do not say it once each.
  struct Said {
    std::mutex mutex;
    std::set<std::string> lines;
    [[nodiscard]] bool first_time(const std::string& line) {
      const std::lock_guard lock(mutex);
      return lines.insert(line).second;
    }
  };
  std::shared_ptr<Said> said_ = std::make_shared<Said>();
  llm::CallRecorder* recorder_ = nullptr;
  std::uint64_t jitter_seed_ = 0;
  struct Judge {
    std::unique_ptr<llm::ChatModel> own;  ///< null for the model of the role
    std::unique_ptr<llm::ChatModel> shared;
  };
  std::mutex judges_mutex_;
  std::map<std::string, Judge> judges_;
};

/// The models of a judge for grading outside of a run, which records nothing; `what` says who needs
/// them. Errors: config (naming --model), and those of preflight().
[[nodiscard]] Result<std::unique_ptr<Models>> open_judges(const Settings& settings, Clock& clock,
                                                          const std::string& what,
                                                          const std::stop_token& stop);
/// Lets graders ask these models within --max-time. Errors: config.
[[nodiscard]] Result<> lend_judges(const Settings& settings, const Clock& clock, Models& models,
                                   bench::GradeContext& context);
/// What stands for model and endpoints in a run's identity: names and URLs, no keys, no ports of
/// the simulated endpoint.
[[nodiscard]] Json model_identity(const Settings& settings);
/// The table of --prices; null without one. Errors: input, config.
[[nodiscard]] Result<std::shared_ptr<const llm::PriceTable>> load_prices(const Settings& settings);
/// What the calls of a role cost.
struct RolePrice {
  std::string role, model;
  llm::EffectivePrice price;
};
/// Of every role that has a model. Starts nothing and asks nobody. Errors: config, input.
[[nodiscard]] Result<std::vector<RolePrice>> role_prices(const Settings& settings, WallTime when);
/// "gpt-4.1-mini: 0.4 input, ... (the built-in table of ...)".
[[nodiscard]] std::string to_text(const RolePrice& price);
[[nodiscard]] Json to_json(const RolePrice& price);
/// The knobs of the simulated endpoint, with the scenario of the model's name.
[[nodiscard]] sim::ServerOptions simulation_options(const Settings& settings);
/// What of the models decides a judged score: the judge's name and temperature, in words.
[[nodiscard]] std::string judge_description(const Settings& settings);

}  // namespace skillgrad::cli
