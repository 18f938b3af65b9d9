// SPDX-License-Identifier: MIT
#include "cli/settings/roles.hpp"

#include <filesystem>
#include <system_error>

#include <skillgrad/core/text.hpp>

#include "cli/settings/environment.hpp"
#include "cli/settings/hidden_values.hpp"

namespace skillgrad::cli {

namespace {

constexpr const char* kOpenAi = "https://api.openai.com/v1";

}  // namespace

bool same_folder(const std::string& a, const std::string& b) {
  const auto whole = [](const std::string& text) {
    std::error_code problem;
    const fs::path plain = fs::absolute(text).lexically_normal();
    const fs::path path = fs::weakly_canonical(plain, problem);
    const fs::path& best = problem ? plain : path;
    return best.has_filename() ? best : best.parent_path();
  };
  return whole(a) == whole(b);
}

const std::vector<std::string>& role_names() {
  static const std::vector<std::string> names = {"executor", "diagnoser", "momentum", "patcher",
                                                 "judge"};
  return names;
}

Result<> check_roles(const Json& roles) {
  const auto& names = role_names();
  if (!roles.is_object())
    return fail(ErrorCode::config, "expected a JSON object, got " + dump_json(roles), "roles",
                "write it as --roles '{\"diagnoser\":{\"model\":\"NAME\"}}'");
  for (const auto& [name, role] : roles.items()) {
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      const auto near = nearest_match(name, names);
      return fail(ErrorCode::config, "unknown role \"" + name + "\"", "roles",
                  near ? "did you mean \"" + *near + "\"?" : "use one of " + join(names, ", "));
    }
    StrictReader reader(role, "roles." + name);
    for (const char* key : {"model", "base_url", "api_key_env", "api"}) reader.string(key, "");
    reader.integer("context_tokens", 0, 0);
    reader.number("temperature", 0, 0, 2);
    reader.number("rpm", 0, 0);
    reader.number("tpm", 0, 0);
    reader.integer("max_concurrency", 0, 0, 4096);
    for (const char* key : {"headers", "extra_body", "price"}) reader.ignore(key);
    const std::string variable = text_of(role, "api_key_env", "");
    if (!variable.empty() && !names_variable(variable))
      reader.reject("api_key_env", "does not name an environment variable",
                    "put the key into a variable, and give the variable's name");
    SKILLGRAD_CHECK(reader.finish());
  }
  return {};
}

Result<> check_executor_role(const Settings& settings) {
  if (text_of(role_of(settings, "executor"), "model", "").empty()) return {};
  return fail(ErrorCode::usage,
              "the role executor names its own model, which would execute in the place of each "
              "of --models",
              "roles.executor", "take \"executor\" out of --roles");
}

Json role_of(const Settings& settings, const std::string& name) {
  const Json& roles = settings.get<"roles">();
  return roles.is_object() && roles.contains(name) ? roles[name] : Json::object();
}

std::string text_of(const Json& role, const char* key, const std::string& fallback) {
  const auto found = role.find(key);
  return found != role.end() && found->is_string() ? found->get<std::string>() : fallback;
}

Json value_of(const Settings& settings, const Json& role, const OptionSpec& option) {
  return role.contains(option.key) ? role[option.key] : settings.raw(option);
}

std::string effective_base_url(const Settings& settings) {
  if (const auto url = settings.get<"base_url">(); !url.empty()) return url;
  const auto url = environment_value("OPENAI_BASE_URL");
  return url.empty() ? kOpenAi : url;
}

std::string scenario_of(const Settings& settings) {
  const auto model = settings.get<"model">();
  // With --base-url the name means a `skillgrad simulate` that runs elsewhere.
  return model.starts_with("sim:") && settings.get<"base_url">().empty() ? model.substr(4) : "";
}

bool replays_only(const Settings& settings) {
  const std::string record = settings.get<"record">(), replay = settings.get<"replay">();
  return !replay.empty() && (record.empty() || !same_folder(record, replay));
}

}  // namespace skillgrad::cli
