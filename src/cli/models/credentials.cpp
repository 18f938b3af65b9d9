// SPDX-License-Identifier: MIT
#include "cli/models/credentials.hpp"

#include <algorithm>
#include <cstdlib>

#include <sys/resource.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/llm/inspect.hpp>

#include "cli/models/call_stores.hpp"
#include "cli/screen/console.hpp"
#include "cli/screen/notes.hpp"
#include "cli/settings/environment.hpp"
#include "cli/settings/hidden_values.hpp"
#include "cli/settings/roles.hpp"

namespace skillgrad::cli {
namespace {

/// What a secret that is not known means: where nothing is sent, nobody needs it.
enum class Unknown { error, empty };

/// {"NAME":"value"} or {"NAME":{"env":"VARIABLE"}}; a null is a value that was not kept.
Result<std::string> header_value(const std::string& name, const Json& value, Unknown unknown) {
  if (value.is_string()) return value.get<std::string>();
  const std::string where = "header \"" + name + "\"";
  const std::string mend =
      R"(write {"NAME":{"env":"VARIABLE"}}, or give --headers again when a run goes on)";
  if (value.is_null() && unknown == Unknown::empty) return std::string();
  if (value.is_null())
    return fail(ErrorCode::config, "its value is not known: it is not kept with a run", where,
                mend);
  if (!value.is_object() || value.size() != 1 || !value.contains("env") ||
      !value["env"].is_string())
    return fail(ErrorCode::config, "got " + std::string(value.type_name()) + ", expected a text",
                where, mend);
  const auto variable = value["env"].get<std::string>();
  if (!names_variable(variable))
    return fail(ErrorCode::config, "\"env\" does not name an environment variable", where, mend);
  auto text = environment_value(variable);
  if (text.empty() && unknown == Unknown::error)
    return fail(ErrorCode::config, "the environment variable " + variable + " is empty or not set",
                where, "set it to the header's value");
  return text;
}

Result<std::map<std::string, std::string>> header_values(const Json& headers, Unknown unknown) {
  if (!headers.is_object())
    return fail(ErrorCode::config,
                "got " + std::string(headers.type_name()) + ", expected an object", "headers",
                R"(write {"NAME":{"env":"VARIABLE"}} or {"NAME":"value"})");
  std::map<std::string, std::string> out;
  for (const auto& [name, value] : headers.items()) {
    SKILLGRAD_TRY(out[name], header_value(name, value, unknown));
  }
  return out;
}

/// Two base URLs with one scheme, host and port.
bool same_origin(const std::string& a, const std::string& b) {
  const auto origin = [](const std::string& url) {
    const auto host = url.find("://");
    const auto end = url.find_first_of("/?#", host == std::string::npos ? 0 : host + 3);
    return to_lower_ascii(trim(url.substr(0, end)));
  };
  return origin(a) == origin(b);
}

/// A core file would hold the key. Commands of agents have limits of their own.
void forbid_core_files() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_CORE, &limit) != 0) return;
  limit.rlim_cur = 0;
  ::setrlimit(RLIMIT_CORE, &limit);
}

}  // namespace

Result<Account> account_of(const Settings& settings, const Json& role) {
  Account out;
  out.base_url = text_of(role, "base_url", effective_base_url(settings));
  out.own_endpoint = !same_origin(out.base_url, effective_base_url(settings));
  const bool own_key = role.contains("api_key_env") || out.own_endpoint;
  out.key_variable = own_key ? text_of(role, "api_key_env", "") : settings.get<"api_key_env">();
  out.key_was_named = own_key || settings.given<"api_key_env">();
  if (!out.key_variable.empty()) out.key = Secret(environment_value(out.key_variable));
  const Json headers = role.contains("headers") ? role["headers"]
                       : out.own_endpoint       ? Json::object()
                                                : settings.get<"headers">();
  const bool offline = replays_only(settings);
  SKILLGRAD_TRY(out.headers, header_values(headers, offline ? Unknown::empty : Unknown::error));
  if (!offline && llm::printable_url(out.base_url) == out.base_url &&
      out.base_url.find("=***") != std::string::npos)
    return fail(ErrorCode::config, "its key is not known: it is not kept with a run", "base URL",
                "give --base-url again when a run goes on");
  return out;
}

Result<> check_key(const Account& account) {
  if (!account.key_was_named || account.key_variable.empty() || !account.key.empty()) return {};
  const bool by_header =
      std::any_of(account.headers.begin(), account.headers.end(), [](const auto& header) {
        const std::string name = to_lower_ascii(header.first);
        return name == "authorization" || name == "api-key";
      });
  if (by_header) return {};
  const std::string what =
      "the environment variable " + account.key_variable + " is empty or not set";
  if (llm::is_loopback_url(account.base_url)) {
    notes().say(what + "; no key is sent");
    return {};
  }
  return fail(ErrorCode::config, what, "--api-key-env",
              "set it to the key, or name the variable that holds the key");
}

std::vector<Secret> secrets_in_bodies(const Settings& settings) {
  constexpr std::size_t kLeast = 8;
  std::vector<Json> bodies = {settings.get<"extra_body">()};
  for (const auto& name : role_names()) {
    const Json role = role_of(settings, name);
    if (role.is_object() && role.contains("extra_body")) bodies.push_back(role["extra_body"]);
  }
  std::vector<Secret> out;
  for (Json& body : bodies) {
    const Redactor any;
    ValueHider hider(any, ValueHider::As::stars);
    hider.hide(body);
    for (const auto& text : hider.texts())
      if (text.size() >= kLeast) out.emplace_back(text);
  }
  return out;
}

std::vector<Secret> secrets_in(const Settings& settings) {
  std::vector<Secret> out = secrets_in_bodies(settings);
  const bool simulated = !scenario_of(settings).empty();
  for (const auto& name : role_names()) {
    const Json role = role_of(settings, name);
    if (!role.is_object()) continue;
    if (simulated && text_of(role, "model", settings.get<"model">()).starts_with("sim:")) continue;
    const auto account = account_of(settings, role);
    if (!account) continue;  // said when the endpoint is opened
    llm::EndpointOptions options;
    options.base_url = account->base_url;
    options.api_key = account->key;
    options.headers = account->headers;
    for (Secret& secret : llm::secrets_of(options)) out.push_back(std::move(secret));
  }
  return out;
}

void protect_secrets(Settings& settings) {
  const auto secrets = secrets_in(settings);
  if (!secrets.empty()) forbid_core_files();
  wipe_environment([&](const std::string& entry) {
    return std::any_of(secrets.begin(), secrets.end(), [&](const Secret& secret) {
      return !secret.empty() && entry.find(secret.reveal()) != std::string::npos;
    });
  });
  const Redactor redactor(secrets);
  hide_in_output(std::make_shared<const Redactor>(redactor));
  settings.hide_with(redactor);
}

}  // namespace skillgrad::cli
