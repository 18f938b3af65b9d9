// SPDX-License-Identifier: MIT
#include "agent/relay/request_head.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <skillgrad/core/text.hpp>

namespace skillgrad::agent {
namespace {

constexpr std::uint16_t kHttp = 80, kHttps = 443;

std::optional<std::uint16_t> read_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (problem != std::errc() || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

bool is_host(std::string_view text) {
  return !text.empty() && text.size() <= 253 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_' ||
           c == ':';
  });
}

/// Of one hop, or set anew for the next.
bool is_left_out(std::string_view name) {
  static constexpr std::array<std::string_view, 5> kNames = {
      "host", "connection", "proxy-connection", "keep-alive", "proxy-authorization"};
  return std::find(kNames.begin(), kNames.end(), to_lower_ascii(name)) != kNames.end();
}

}  // namespace

std::string to_text(const Authority& authority) {
  const bool six = authority.host.find(':') != std::string::npos;
  return (six ? "[" + authority.host + "]" : authority.host) + ":" + std::to_string(authority.port);
}

std::optional<Authority> read_authority(std::string_view text, std::uint16_t otherwise) {
  Authority out;
  std::string_view rest;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    out.host = to_lower_ascii(text.substr(1, close - 1));
    rest = text.substr(close + 1);
  } else {
    const std::size_t colon = std::min(text.find(':'), text.size());
    out.host = to_lower_ascii(text.substr(0, colon));
    rest = text.substr(colon);
  }
  if (!is_host(out.host)) return std::nullopt;
  if (rest.empty()) {
    out.port = otherwise;
    return out;
  }
  const auto port = rest.starts_with(':') ? read_port(rest.substr(1)) : std::nullopt;
  if (!port) return std::nullopt;
  out.port = *port;
  return out;
}

Result<Address> read_address(const std::string& url) {
  Address out;
  std::string_view rest = url;
  const auto bad = [&] {
    return fail(
        ErrorCode::config, "got \"" + url + "\", expected an address as http://127.0.0.1:8000/v1",
        "--base-url", "give http:// or https://, a host, and a port where it is not the usual one");
  };
  if (starts_with_icase(rest, "https://"))
    out.tls = true;
  else if (!starts_with_icase(rest, "http://"))
    return bad();
  rest.remove_prefix(out.tls ? 8 : 7);
  rest = rest.substr(0, rest.find_first_of("?#"));
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  std::string_view authority = rest.substr(0, slash);
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos)
    authority.remove_prefix(at + 1);
  const auto read = read_authority(authority, out.tls ? kHttps : kHttp);
  if (!read) return bad();
  out.authority = *read;
  out.path = std::string(rest.substr(slash));
  while (out.path.ends_with('/')) out.path.pop_back();
  return out;
}

std::optional<RequestHead> read_request_head(std::string_view head) {
  RequestHead out;
  const std::size_t line_end = head.find("\r\n");
  const std::string_view line = head.substr(0, line_end);
  const std::size_t first = line.find(' '), last = line.rfind(' ');
  if (line_end == std::string_view::npos || first == std::string_view::npos || last <= first)
    return std::nullopt;
  if (!line.substr(last + 1).starts_with("HTTP/1.")) return std::nullopt;
  out.method = std::string(line.substr(0, first));
  const std::string_view target = line.substr(first + 1, last - first - 1);
  out.connect = out.method == "CONNECT";
  if (out.connect) {
    out.target = read_authority(target, kHttps);
    if (!out.target) return std::nullopt;
  } else if (target.starts_with('/')) {
    out.path = std::string(target);
  } else {
    const bool tls = starts_with_icase(target, "https://");
    if (!tls && !starts_with_icase(target, "http://")) return std::nullopt;
    const std::string_view rest = target.substr(tls ? 8 : 7);
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    out.target = read_authority(rest.substr(0, slash), tls ? kHttps : kHttp);
    if (!out.target) return std::nullopt;
    out.path = slash == rest.size() ? "/" : std::string(rest.substr(slash));
  }
  std::string_view rest = head.substr(line_end + 2);
  while (!rest.empty() && !rest.starts_with("\r\n")) {
    const std::size_t end = rest.find("\r\n");
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view field = rest.substr(0, end);
    const std::size_t colon = field.find(':');
    if (colon == std::string_view::npos || colon == 0) return std::nullopt;
    if (!is_left_out(field.substr(0, colon))) out.fields += std::string(field) + "\r\n";
    rest.remove_prefix(end + 2);
  }
  return out;
}

}  // namespace skillgrad::agent
