// SPDX-License-Identifier: MIT
#include "llm/address/profile.hpp"

#include <cctype>

#include <skillgrad/core/text.hpp>

namespace skillgrad::llm {

namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

constexpr std::string_view kDeployments = "/openai/deployments";

bool is_azure(const Url& url) {
  return url.host.ends_with(".azure.com") || url.host.ends_with(".azure.us") ||
         url.host.ends_with(".azure.cn");
}

/// The per-deployment API is recognised by its path, or at Azure by its mandatory query parameter.
/// Elsewhere a query says nothing, and a path is used as it is.
bool azure_legacy(const Url& url) {
  if (!contains(url.query, "api-version=")) return false;
  return contains(url.path, kDeployments) ||
         (is_azure(url) && (!url.path_given || url.path == "/openai"));
}

/// What stands before "/deployments": a gateway may put a path of its own before Azure's.
std::string account_path(const Url& url) {
  const auto at = url.path.find(kDeployments);
  return (at == std::string::npos ? "" : url.path.substr(0, at)) + "/openai";
}

}  // namespace

bool wants_completion_cap(const std::string& model) {
  const std::string name = to_lower_ascii(model);
  if (name.size() >= 2 && name[0] == 'o' && digit(name[1])) return true;
  if (!name.starts_with("gpt-") || name.size() < 5 || !digit(name[4])) return false;
  if (name.starts_with("gpt-35")) return false;  // Azure spells gpt-3.5 so
  const bool two_digits = name.size() > 5 && digit(name[5]);
  if (!two_digits && name[4] < '5') return false;
  return !(name.starts_with("gpt-5") && name.ends_with("-chat")) && !contains(name, "-chat-latest");
}

Profile profile_of(const Url& url, const std::string& model) {
  Profile profile;
  const std::string name = to_lower_ascii(model);
  const bool azure = is_azure(url) || azure_legacy(url);
  const bool mistral = url.host.ends_with("mistral.ai");
  const bool deepseek = url.host.ends_with("deepseek.com");
  const bool ollama = is_loopback(url) && url.authority.ends_with(":11434");
  profile.api_key_header = azure;
  profile.completion_cap = wants_completion_cap(name) && !ollama;
  profile.empty_content = mistral || deepseek;
  profile.stream_options = !mistral;
  profile.mirror_reasoning = !contains(name, "deepseek-r1") && !contains(name, "deepseek-reasoner");
  return profile;
}

std::string chat_url(const Url& url, const std::string& model) {
  if (azure_legacy(url) && !contains(url.path, "/deployments/")) {
    Url deployment = url;
    deployment.path = account_path(url) + "/deployments/" + percent_encode(model);
    return deployment.resource("chat/completions");
  }
  return url.resource("chat/completions");
}

std::string responses_url(const Url& url) {
  if (!azure_legacy(url)) return url.resource("responses");
  Url account = url;
  account.path = account_path(url);
  return account.resource("responses");
}

}  // namespace skillgrad::llm
