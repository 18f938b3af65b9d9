// SPDX-License-Identifier: MIT
// What of an endpoint's options must not be shown (R4.8).
#include <algorithm>
#include <array>
#include <cstdlib>

#include <skillgrad/core/text.hpp>
#include <skillgrad/llm/inspect.hpp>

#include "llm/address/headers.hpp"
#include "llm/address/url.hpp"

namespace skillgrad::llm {

namespace {

/// A part of a secret that is shorter is no secret alone.
constexpr std::size_t kLeastPart = 8;

/// "production", "ollama": hiding such a word would alter what agents say and do.
bool is_word(std::string_view text) {
  constexpr std::size_t kMost = 16;
  return text.size() <= kMost && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
         });
}

/// What manuals of local servers put where a key is asked for.
bool is_placeholder(std::string_view key) {
  static constexpr std::array<std::string_view, 16> kKnown = {
      "ollama",       "lm-studio",    "empty",        "none",    "no-key",     "not-needed",
      "dummy",        "placeholder",  "your-api-key", "sk-1234", "no-api-key", "sk-no-key-required",
      "token-abc123", "not-required", "unused",       "anything"};
  const std::string lower = to_lower_ascii(key);
  return std::find(kKnown.begin(), kKnown.end(), lower) != kKnown.end();
}

bool is_secret_key(std::string_view key, const std::string& base_url) {
  if (is_placeholder(key)) return false;
  return !is_loopback_url(base_url) || (key.size() >= kLeastPart && !is_word(key));
}

std::string decode_base64(std::string_view text) {
  static constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  unsigned bits = 0, count = 0;
  for (const char c : text) {
    const auto value = kAlphabet.find(c == '-' ? '+' : c == '_' ? '/' : c);
    if (value == std::string_view::npos) break;
    bits = (bits << 6U | static_cast<unsigned>(value)) & 0xFFFFU;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>((bits >> count) & 0xFFU);
  }
  return out;
}

std::string decode_percent(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string digits(text.substr(i, 3));
    if (digits.size() == 3 && digits[0] == '%' &&
        digits.find_first_not_of("0123456789abcdefABCDEF", 1) == std::string::npos) {
      out += static_cast<char>(std::strtoul(digits.c_str() + 1, nullptr, 16));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

class Collector {
 public:
  void add(std::string_view text) {
    text = trim(text);
    if (!text.empty()) secrets_.emplace_back(std::string(text));
  }

  /// Servers echo the token, the password or one cookie alone.
  void add_header(const std::string& name, std::string_view value) {
    value = trim(value);
    const std::string lower = to_lower_ascii(name);
    const bool says_so = std::any_of(kTelling.begin(), kTelling.end(), [&](std::string_view part) {
      return lower.find(part) != std::string::npos;
    });
    if (!says_so && is_word(value)) return;
    add(value);
    if (lower == "cookie") add_cookies(value);
    const auto space = value.find(' ');
    if (space == std::string_view::npos) return;
    add(value.substr(space + 1));
    if (starts_with_icase(value, "basic ")) add_login(decode_base64(trim(value.substr(space + 1))));
  }

  /// "USER:PASSWORD"
  void add_login(std::string_view login) {
    const auto colon = login.find(':');
    if (colon == std::string_view::npos) return;
    for (const std::string& text : {std::string(login), std::string(login.substr(colon + 1)),
                                    decode_percent(login.substr(colon + 1))})
      add(text);
  }

  void add_query(std::string_view url) {
    const auto question = url.find('?');
    if (question == std::string_view::npos) return;
    for (const std::string& field :
         split(url.substr(question + 1, url.find('#') - question - 1), '&')) {
      const auto equals = field.find('=');
      if (equals != std::string::npos && hides_value(field.substr(0, equals)))
        add(std::string_view(field).substr(equals + 1));
    }
  }

  /// libcurl's texts show the proxy as it was written.
  void add_proxy(const char* variable) {
    const char* value = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe): never set
    if (value == nullptr) return;
    std::string_view text = value;
    if (const auto mark = text.find("://"); mark != std::string_view::npos)
      text.remove_prefix(mark + 3);
    if (const auto at = text.rfind('@'); at != std::string_view::npos)
      add_login(text.substr(0, at));
  }

  std::vector<Secret> take() { return std::move(secrets_); }

 private:
  static constexpr std::array<std::string_view, 7> kTelling = {"auth",   "key",  "token", "secret",
                                                               "cookie", "pass", "sig"};

  void add_cookies(std::string_view value) {
    for (const std::string& pair : split(value, ';')) {
      const auto equals = pair.find('=');
      if (equals == std::string::npos) continue;
      const std::string_view text = trim(std::string_view(pair).substr(equals + 1));
      if (text.size() >= kLeastPart) add(text);
    }
  }

  std::vector<Secret> secrets_;
};

}  // namespace

std::vector<Secret> secrets_of(const EndpointOptions& options) {
  Collector out;
  if (const auto key = trim(options.api_key.reveal()); is_secret_key(key, options.base_url))
    out.add(key);
  for (const auto& [name, raw] : options.headers) {
    if (const auto value = expand_env(raw, name)) out.add_header(name, *value);
  }
  out.add_query(options.base_url);
  for (const char* variable :
       {"http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"})
    out.add_proxy(variable);
  return out.take();
}

}  // namespace skillgrad::llm
