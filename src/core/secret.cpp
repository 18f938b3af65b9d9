// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/secret.hpp>
#include <skillgrad/core/text.hpp>

#include "core/key_patterns.hpp"

namespace skillgrad {

namespace {

// Shorter "secrets" are placeholders of local endpoints ("x", "none"): replacing them would spoil
// ordinary text and protect nothing.
constexpr std::size_t kMinSecret = 6;
constexpr std::string_view kMask = "***";

std::string url_encode(std::string_view text, std::string_view digits) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                       (byte >= 'a' && byte <= 'z') ||
                       std::string_view("-._~").find(c) != std::string_view::npos;
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += digits[byte >> 4U];
      out += digits[byte & 15U];
    }
  }
  return out;
}

std::string base64(std::string_view text, bool url_safe) {
  const std::string alphabet =
      std::string("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") +
      (url_safe ? "-_" : "+/");
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 3) {
    std::uint32_t block = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      block = (block << 8U) | (i + j < text.size() ? static_cast<unsigned char>(text[i + j]) : 0U);
    }
    for (unsigned j = 0; j < 4; ++j) {
      if (i + j <= text.size()) out += alphabet[(block >> (18U - 6U * j)) & 63U];
    }
  }
  return out;
}

/// The characters that encode the secret alone wherever it stands in the encoded text: with
/// `offset` bytes before it (mod 3), less the characters shared with its neighbours.
std::string base64_core(std::string_view secret, std::size_t offset, bool url_safe) {
  const std::string encoded = base64(std::string(offset, '\0') + std::string(secret), url_safe);
  const std::size_t begin = offset == 0 ? 0 : offset + 1;
  const std::size_t end = (offset + secret.size()) * 8 / 6;
  return encoded.substr(begin, end - begin);
}

void add_forms(const std::string& secret, std::vector<std::string>& out) {
  out.push_back(secret);
  for (const char* digits : {"0123456789ABCDEF", "0123456789abcdef"}) {
    const std::string encoded = url_encode(secret, digits);
    out.push_back(encoded);
    out.push_back(replace_all(encoded, "%20", "+"));
  }
  for (const bool url_safe : {false, true}) {
    for (std::size_t offset = 0; offset < 3; ++offset) {
      out.push_back(base64_core(secret, offset, url_safe));
    }
  }
  for (const bool ascii : {false, true}) {
    const std::string quoted = Json(secret).dump(-1, ' ', ascii, Json::error_handler_t::replace);
    const std::string escaped = quoted.substr(1, quoted.size() - 2);
    out.push_back(escaped);
    out.push_back(replace_all(escaped, "/", "\\/"));
    // Request bodies carry JSON inside JSON: tool arguments are strings.
    const std::string twice = Json(escaped).dump(-1, ' ', ascii, Json::error_handler_t::replace);
    out.push_back(twice.substr(1, twice.size() - 2));
  }
}

/// What JSON puts a backslash before: one more for each text inside a text.
bool may_be_escaped(char c) { return c == '"' || c == '/' || c == '\\'; }

/// Where `needle` ends in `text` from `at`, however often it was escaped; npos if it is not there.
std::size_t escaped_end(std::string_view text, std::size_t at, std::string_view needle) {
  for (std::size_t i = 0; i < needle.size(); ++i) {
    if (needle[i] == '\\' && i > 0 && needle[i - 1] == '\\') continue;  // one run of them
    if (may_be_escaped(needle[i])) {
      const std::size_t run = at;
      while (at < text.size() && text[at] == '\\') ++at;
      if (needle[i] == '\\') {
        if (at == run) return std::string_view::npos;
        continue;
      }
    }
    if (at >= text.size() || text[at] != needle[i]) return std::string_view::npos;
    ++at;
  }
  return at;
}

std::string replace_escaped(std::string text, std::string_view needle) {
  const auto plain = static_cast<std::size_t>(
      std::find_if(needle.begin(), needle.end(), may_be_escaped) - needle.begin());
  const std::string_view head = needle.substr(0, std::max<std::size_t>(plain, 1));
  for (auto at = text.find(head); at != std::string::npos; at = text.find(head, at)) {
    const std::size_t end = escaped_end(text, at, needle);
    if (end == std::string_view::npos) {
      ++at;
      continue;
    }
    std::size_t begin = at;
    while (plain == 0 && begin > 0 && text[begin - 1] == '\\') --begin;
    text.replace(begin, end - begin, kMask);
    at = begin + kMask.size();
  }
  return text;
}

}  // namespace

Redactor::Redactor(const std::vector<Secret>& secrets) {
  for (const Secret& secret : secrets) {
    if (secret.reveal().size() >= kMinSecret) add_forms(secret.reveal(), needles_);
  }
  // Longest first: a form that contains another one is removed whole.
  std::sort(needles_.begin(), needles_.end(), [](const std::string& a, const std::string& b) {
    return a.size() != b.size() ? a.size() > b.size() : a < b;
  });
  needles_.erase(std::unique(needles_.begin(), needles_.end()), needles_.end());
}

std::string Redactor::redact(std::string_view text) const {
  std::string out(text);
  for (const std::string& needle : needles_) {
    out = std::any_of(needle.begin(), needle.end(), may_be_escaped)
              ? replace_escaped(std::move(out), needle)
              : replace_all(std::move(out), needle, kMask);
  }
  return redact_key_patterns(out);
}

}  // namespace skillgrad
