// SPDX-License-Identifier: MIT
#include "cli/models/executing_models.hpp"

#include <algorithm>
#include <array>

#include <skillgrad/core/text.hpp>
#include <skillgrad/llm/inspect.hpp>
#include <skillgrad/optim/decisions.hpp>

#include "cli/screen/notes.hpp"
#include "cli/settings/model_list.hpp"
#include "cli/settings/roles.hpp"

namespace skillgrad::cli {
namespace {

/// What the models of one run may differ in. Headers and bodies may hold keys, which a list that is
/// kept with the run must not.
constexpr std::array<std::string_view, 10> kOwnOptions = {
    "model",       "base_url", "api_key_env", "api",   "context_tokens",
    "temperature", "rpm",      "tpm",         "price", "max_concurrency"};

Result<Json> role_of_listed(const ListedModel& model) {
  Json out = Json::object();
  for (const auto& [key, text] : model.options) {
    if (std::find(kOwnOptions.begin(), kOwnOptions.end(), key) == kOwnOptions.end())
      return fail(ErrorCode::config, "the models of one run cannot differ in \"" + key + "\"",
                  "--models: " + model.name,
                  "give --" + std::string(find_option(key)->flag) +
                      " for all of them, or compare such models with `skillgrad transfer SKILL "
                      "--models FILE`");
    const bool is_text = find_option(key)->type == ValueType::text;
    Json value = text;
    if (!is_text) {
      SKILLGRAD_TRY(value, parse_json(text, "--models: " + model.name));
    }
    out[key] = std::move(value);
  }
  if (const std::string url = text_of(out, "base_url", "");
      !url.empty() && llm::printable_url(url) != url)
    return fail(ErrorCode::config, "the base_url holds a key, which a run would keep",
                "--models: " + model.name,
                "put the key into an environment variable, and name that as \"api_key_env\"");
  SKILLGRAD_CHECK(check_roles(Json{{"executor", out}}).map_error([&](Error error) {
    return std::move(error).with_context("--models: " + model.name);
  }));
  return out;
}

/// What several models cannot be decided over.
Result<> check_combination(const Settings& settings) {
  SKILLGRAD_CHECK(check_executor_role(settings));
  if (!settings.get<"traces">().empty())
    return fail(ErrorCode::config, "recorded sessions cannot be run again with each of the models",
                settings.origin<"traces">(), "leave out --traces, or --models");
  const bool own_gate = !settings.get<"stages.gate">().is_null();
  const std::string gate = name_of(settings.get<"gate">());
  if (!own_gate && named<optim::decisions::GateLevel>(gate)) return {};
  return fail(ErrorCode::config,
              std::string("several models are decided over by evidence from both skills, and ") +
                  (own_gate ? "a gate stage of your own gets one score a task"
                            : "--gate " + gate + " looks at one score a task at most"),
              own_gate ? settings.origin<"stages.gate">() : settings.origin<"gate">(),
              own_gate ? "leave out --gate-stage" : "use --gate loose, balanced or strict");
}

}  // namespace

std::string executor_role(const std::string& name) { return "executor@" + name; }

std::string scenario_of_role(const Settings& settings, const Json& role) {
  const std::string model = text_of(role, "model", "");
  const bool elsewhere = !text_of(role, "base_url", settings.get<"base_url">()).empty();
  return model.starts_with("sim:") && !elsewhere ? model.substr(4) : "";
}

Result<> settle_models(Settings& settings) {
  const std::string text = settings.get<"models">();
  if (text.empty()) return {};
  SKILLGRAD_TRY(const auto listed, read_model_list(text));
  if (listed.size() < 2)
    return fail(ErrorCode::usage, "got one model, expected two or more", "--models",
                "name more of them with commas between them, or give the one as --model");
  std::vector<std::string> names;
  for (const ListedModel& model : listed) names.push_back(model.name);
  SKILLGRAD_CHECK(check_model_names(names));
  SKILLGRAD_CHECK(check_combination(settings));
  Json list = Json::array();
  for (const ListedModel& model : listed) {
    SKILLGRAD_TRY(Json role, role_of_listed(model));
    role["name"] = model.name;
    list.push_back(std::move(role));
  }
  if (settings.get<"model">().empty()) {
    if (listed.front().options.size() > 1)
      return fail(ErrorCode::config, "no model is named that diagnoses and patches", "--model",
                  "give --model NAME beside --models, with the endpoint of that model");
    SKILLGRAD_CHECK(
        settings.set(option<"model">, listed.front().model, settings.origin<"models">()));
    notes().say("no --model is given: " + listed.front().model +
                ", the first of --models, diagnoses and patches, too");
  }
  return settings.set(option<"models">, dump_json(list), settings.origin<"models">());
}

Result<std::vector<ExecutingModel>> executing_models(const Settings& settings) {
  std::vector<ExecutingModel> out;
  const std::string text = settings.get<"models">();
  if (text.empty()) return out;
  SKILLGRAD_TRY(const auto listed, read_model_list(text));
  for (const ListedModel& model : listed) {
    SKILLGRAD_TRY(Json role, role_of_listed(model));
    out.push_back({model.name, std::move(role)});
  }
  return out;
}

}  // namespace skillgrad::cli
