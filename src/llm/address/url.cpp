// SPDX-License-Identifier: MIT
#include "llm/address/url.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <skillgrad/core/text.hpp>
#include <skillgrad/llm/client.hpp>
#include <skillgrad/llm/inspect.hpp>

namespace skillgrad::llm {

namespace {

constexpr const char* kExample =
    "write it like http://127.0.0.1:8000/v1 or https://api.openai.com/v1";

void strip_suffixes(std::string& path) {
  static constexpr std::array<std::string_view, 3> kSuffixes = {"/chat/completions", "/responses",
                                                                "/"};
  bool again = true;
  while (again) {
    again = false;
    for (const std::string_view suffix : kSuffixes) {
      if (!path.ends_with(suffix)) continue;
      path.resize(path.size() - suffix.size());
      again = true;
    }
  }
}

Result<> check_authority(Url& url, const std::string& shown) {
  if (url.authority.find('@') != std::string::npos) {
    return fail(ErrorCode::config, "the base URL holds user information before '@'", {},
                "take it out of the URL and give the key with --api-key-env");
  }
  std::string_view rest = url.authority;
  std::string_view port;
  if (rest.starts_with('[')) {
    const auto close = rest.find(']');
    if (close == std::string_view::npos) {
      return fail(ErrorCode::config, "bad IPv6 address in base URL \"" + shown + "\"", {},
                  kExample);
    }
    url.host = to_lower_ascii(rest.substr(1, close - 1));
    rest.remove_prefix(close + 1);
    if (rest.starts_with(':')) port = rest.substr(1);
  } else {
    const auto colon = rest.find(':');
    url.host = to_lower_ascii(rest.substr(0, colon));
    if (colon != std::string_view::npos) port = rest.substr(colon + 1);
  }
  const bool odd = std::any_of(url.authority.begin(), url.authority.end(), [](char c) {
    return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F || c == '\\';
  });
  if (url.host.empty() || odd) {
    return fail(ErrorCode::config, "the base URL \"" + shown + "\" names no valid host", {},
                kExample);
  }
  if (!port.empty()) {
    unsigned number = 0;
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (error != std::errc{} || end != port.data() + port.size() || number == 0 || number > 65535) {
      return fail(ErrorCode::config, "bad port in base URL \"" + shown + "\"", {}, kExample);
    }
  }
  return {};
}

}  // namespace

Result<Url> parse_base_url(std::string_view text) {
  text = trim(text);
  const std::string shown = printable_url(text);
  text = text.substr(0, text.find('#'));
  const auto mark = text.find("://");
  if (mark == std::string_view::npos) {
    return fail(ErrorCode::config, "the base URL \"" + shown + "\" has no scheme", {},
                text.empty() ? kExample : "did you mean http://" + shown + " ?");
  }
  Url url;
  url.scheme = to_lower_ascii(text.substr(0, mark));
  if (url.scheme != "http" && url.scheme != "https") {
    return fail(ErrorCode::config,
                "the base URL scheme \"" + url.scheme + "\" is not http or https", {}, kExample);
  }
  text.remove_prefix(mark + 3);
  const auto question = text.find('?');
  if (question != std::string_view::npos) {
    url.query = std::string(text.substr(question + 1));
    text = text.substr(0, question);
  }
  const auto slash = text.find('/');
  url.authority = std::string(text.substr(0, slash));
  if (slash != std::string_view::npos) url.path = std::string(text.substr(slash));
  SKILLGRAD_CHECK(check_authority(url, shown));
  const bool odd = std::any_of(url.path.begin(), url.path.end(), [](char c) {
    return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F;
  });
  if (odd || std::any_of(url.query.begin(), url.query.end(),
                         [](char c) { return static_cast<unsigned char>(c) <= 0x20; })) {
    return fail(ErrorCode::config, "the base URL \"" + shown + "\" holds white space", {},
                "write %20 for a space");
  }
  strip_suffixes(url.path);
  url.path_given = !url.path.empty();
  if (!url.path_given) url.path = "/v1";
  return url;
}

std::string Url::resource(std::string_view name) const {
  std::string out = origin() + path + "/" + std::string(name);
  if (!query.empty()) out += "?" + query;
  return out;
}

std::string percent_encode(std::string_view text) {
  static constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char raw : text) {
    const auto c = static_cast<unsigned char>(raw);
    const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      out += raw;
    } else {
      out += '%';
      out += kHex[c >> 4U];
      out += kHex[c & 15U];
    }
  }
  return out;
}

bool hides_value(std::string_view parameter) {
  static constexpr std::array<std::string_view, 10> kHidden = {
      "key",    "apikey",   "token", "sig",  "signature",
      "secret", "password", "code",  "auth", "credential"};
  const std::string name = to_lower_ascii(parameter);
  // The last word tells: subscription-key, access_token, x-amz-signature.
  const std::string_view word = std::string_view(name).substr(name.find_last_of("-_.") + 1);
  return std::find(kHidden.begin(), kHidden.end(), word) != kHidden.end();
}

namespace {

/// True if an '@' after `authority` belongs to the path or query ("/ai/@cf/x"): the authority is a
/// whole one. "user:p" of user:p/w@host is none, for "p" is no port; and a bare name before the
/// port may be a user as well, so it is taken for one.
bool is_whole(std::string_view authority) {
  if (authority.find('@') != std::string_view::npos) return false;
  const auto colon = authority.rfind(':');
  if (colon == std::string_view::npos || authority.ends_with(']')) return true;
  const std::string_view host = authority.substr(0, colon);
  const std::string_view port = authority.substr(colon + 1);
  return port.find_first_not_of("0123456789") == std::string_view::npos &&
         (host == "localhost" || host.find_first_of(".[") != std::string_view::npos);
}

/// A password may hold '/', '?' and '#': anything before the last '@' may be a part of it.
std::string without_user(std::string_view url) {
  std::string out(url);
  const auto at = out.rfind('@');
  if (at == std::string::npos) return out;
  const auto mark = out.find("://");
  const std::size_t from = mark < at ? mark + 3 : 0;
  const std::string_view rest = std::string_view(out).substr(from);
  if (!is_whole(rest.substr(0, rest.find_first_of("/?#")))) out.replace(from, at - from, "***");
  return out;
}

}  // namespace

std::string printable_url(std::string_view url) {
  const std::string shown = without_user(url);
  const auto question = shown.find('?');
  const std::string out = shown.substr(0, question);
  if (question == std::string::npos) return out;
  std::vector<std::string> fields = split(shown.substr(question + 1), '&');
  for (std::string& field : fields) {
    const std::string name = field.substr(0, field.find('='));
    if (hides_value(name)) field = name + "=***";
  }
  return out + "?" + join(fields, "&");
}

std::string address_of(std::string_view url) {
  url = url.substr(0, url.find_first_of("?#"));
  const auto mark = url.find("://");
  if (mark == std::string_view::npos) return std::string(url);
  const auto slash = url.find('/', mark + 3);
  std::string origin = to_lower_ascii(url.substr(0, slash));
  if (const auto at = origin.rfind('@'); at != std::string::npos)
    origin.erase(mark + 3, at - mark - 2);
  const std::string port = origin.starts_with("https:") ? ":443" : ":80";
  for (const std::string& ending : {port, std::string(":")})
    if (origin.ends_with(ending)) origin.resize(origin.size() - ending.size());
  return origin + std::string(slash == std::string_view::npos ? "" : url.substr(slash));
}

bool is_loopback(const Url& url) {
  return url.host == "localhost" || url.host == "::1" || url.host.starts_with("127.");
}

bool is_loopback_url(const std::string& base_url) {
  const auto url = parse_base_url(base_url);
  return url && is_loopback(*url);
}

}  // namespace skillgrad::llm
