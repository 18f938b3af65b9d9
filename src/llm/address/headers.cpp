// SPDX-License-Identifier: MIT
#include "llm/address/headers.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include <skillgrad/core/text.hpp>

namespace skillgrad::llm {

namespace {

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

bool legal_header_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

}  // namespace

Result<std::string> expand_env(std::string_view value, const std::string& header) {
  std::string out;
  while (true) {
    const auto open = value.find("${");
    out.append(value.substr(0, open));
    if (open == std::string_view::npos) return out;
    const auto close = value.find('}', open);
    if (close == std::string_view::npos) {
      return fail(ErrorCode::config, "the value of header " + header + " has \"${\" without \"}\"");
    }
    const std::string name(value.substr(open + 2, close - open - 2));
    const char* found = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe)
    if (found == nullptr) {
      return fail(ErrorCode::config, "header " + header + " needs the environment variable " + name,
                  {}, "set " + name);
    }
    out += trim(found);
    value.remove_prefix(close + 1);
  }
}

Result<Secret> clean_key(const Secret& key) {
  const std::string text(trim(key.reveal()));
  if (has_control(text)) {
    return fail(ErrorCode::config, "the API key holds a control character", {},
                "set the key's environment variable to the key alone, on one line");
  }
  return Secret(text);
}

Result<std::vector<std::string>> request_headers(const EndpointOptions& options,
                                                 const Profile& profile) {
  SKILLGRAD_TRY(const Secret key, clean_key(options.api_key));
  std::vector<std::string> lines = {
      "Content-Type: application/json", "Accept: application/json, text/event-stream",
      std::string("User-Agent: skillgrad/") + SKILLGRAD_VERSION, "Expect:"};
  bool own_auth = false;
  for (const auto& [name, raw] : options.headers) {
    if (!legal_header_name(name)) {
      return fail(ErrorCode::config, "\"" + sanitize_utf8(name) + "\" is not a header name");
    }
    SKILLGRAD_TRY(const std::string value, expand_env(raw, name));
    if (has_control(value)) {
      return fail(ErrorCode::config, "the value of header " + name + " holds a control character");
    }
    const std::string lower = to_lower_ascii(name);
    own_auth = own_auth || lower == "authorization" || lower == "api-key";
    std::erase_if(lines, [&](const std::string& line) {
      return starts_with_icase(line, lower + ":") && lower != "expect";
    });
    // libcurl's way to write a header without a value.
    lines.push_back(value.empty() ? name + ";" : name + ": " + value);
  }
  if (!key.empty() && !own_auth) {
    lines.push_back(profile.api_key_header ? "api-key: " + key.reveal()
                                           : "Authorization: Bearer " + key.reveal());
  }
  return lines;
}

}  // namespace skillgrad::llm
