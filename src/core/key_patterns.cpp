// SPDX-License-Identifier: MIT
#include "core/key_patterns.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <skillgrad/core/text.hpp>

namespace skillgrad {

namespace {

constexpr std::string_view kMask = "***";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alnum(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_one_of(char c, std::string_view set) { return set.find(c) != std::string_view::npos; }
// '*' belongs to keys because error bodies echo them as "sk-ab****yz".
bool is_key_char(char c) { return is_alnum(c) || is_one_of(c, "_-*"); }
bool is_token_char(char c) { return is_alnum(c) || is_one_of(c, "_-*.~+/=%"); }
bool is_value_char(char c) {
  return static_cast<unsigned char>(c) > ' ' && !is_one_of(c, "\"'\\<>`");
}

template <class Predicate>
std::size_t run_end(std::string_view text, std::size_t at, Predicate belongs) {
  while (at < text.size() && belongs(text[at])) ++at;
  return at;
}

/// What to keep of the match that starts at `at` before the mask, and where it ends.
struct Match {
  std::size_t keep;
  std::size_t end;
};

struct Prefix {
  std::string_view text;
  std::size_t min_rest;
};
constexpr std::array<Prefix, 7> kPrefixes = {{{"sk-", 8},
                                              {"gsk_", 8},
                                              {"xai-", 8},
                                              {"AIza", 20},
                                              {"hf_", 8},
                                              {"ghp_", 8},
                                              {"github_pat_", 8}}};

std::optional<Match> match_key(std::string_view text, std::size_t at) {
  if (at > 0 && (is_alnum(text[at - 1]) || is_one_of(text[at - 1], "_-"))) return std::nullopt;
  for (const Prefix& prefix : kPrefixes) {
    if (text.substr(at, prefix.text.size()) != prefix.text) continue;
    const std::size_t begin = at + prefix.text.size();
    const std::size_t end = run_end(text, begin, is_key_char);
    const std::string_view rest = text.substr(begin, end - begin);
    // A key has digits or is long; "sk-learn-like" words are neither.
    const bool keyish = rest.size() >= 20 || std::any_of(rest.begin(), rest.end(), [](char c) {
                          return is_digit(c) || c == '*';
                        });
    if (rest.size() >= prefix.min_rest && keyish) return Match{at, end};
  }
  return std::nullopt;
}

std::optional<Match> match_bearer(std::string_view text, std::size_t at) {
  constexpr std::string_view kWord = "Bearer ";
  if (!starts_with_icase(text.substr(at), kWord)) return std::nullopt;
  const std::size_t begin = at + kWord.size();
  const std::size_t end = run_end(text, begin, is_token_char);
  const std::string_view token = text.substr(begin, end - begin);
  const bool exact = text.substr(at, kWord.size()) == kWord;
  if (token.empty() || (!exact && std::none_of(token.begin(), token.end(), is_digit))) {
    return std::nullopt;
  }
  return Match{begin, end};
}

constexpr std::array<std::string_view, 9> kHeaders = {
    "proxy-authorization", "authorization", "x-goog-api-key",      "x-api-key",     "api-key",
    "set-cookie",          "cookie",        "openai-organization", "openai-project"};

/// `name: value`, also as JSON (`"name":"value"`, with escaped quotes too).
std::optional<Match> match_header(std::string_view text, std::size_t at) {
  if (at > 0 && (is_alnum(text[at - 1]) || is_one_of(text[at - 1], "_-"))) return std::nullopt;
  for (const std::string_view name : kHeaders) {
    if (!starts_with_icase(text.substr(at), name)) continue;
    const auto is_gap = [](char c) { return is_one_of(c, " \t\"\\"); };
    std::size_t begin = run_end(text, at + name.size(), is_gap);
    if (begin >= text.size() || text[begin] != ':') return std::nullopt;
    begin = run_end(text, begin + 1, is_gap);
    if (name.find("cookie") != std::string_view::npos) {
      const std::size_t end =
          run_end(text, begin, [](char c) { return is_value_char(c) || c == ' '; });
      const bool pair = text.substr(begin, end - begin).find('=') != std::string_view::npos;
      return pair ? std::optional(Match{begin, end}) : std::nullopt;
    }
    for (const char* scheme : {"Basic ", "Bearer ", "Digest ", "Token ", "ApiKey "}) {
      const std::string_view word = scheme;
      if (starts_with_icase(text.substr(begin), word)) begin += word.size();
    }
    const std::size_t end = run_end(text, begin, is_value_char);
    // One short word after "authorization:" is prose.
    if (end - begin < 6) return std::nullopt;
    return Match{begin, end};
  }
  return std::nullopt;
}

constexpr std::array<std::string_view, 6> kParameters = {
    "key=", "api_key=", "api-key=", "token=", "sig=", "code="};

std::optional<Match> match_query(std::string_view text, std::size_t at) {
  if (text[at] != '?' && text[at] != '&') return std::nullopt;
  for (const std::string_view name : kParameters) {
    if (!starts_with_icase(text.substr(at + 1), name)) continue;
    const std::size_t begin = at + 1 + name.size();
    const std::size_t end =
        run_end(text, begin, [](char c) { return is_value_char(c) && !is_one_of(c, "&#"); });
    if (end > begin) return Match{begin, end};
  }
  return std::nullopt;
}

std::optional<Match> match_userinfo(std::string_view text, std::size_t at) {
  if (text.substr(at, 3) != "://") return std::nullopt;
  const std::size_t begin = at + 3;
  const std::size_t end =
      run_end(text, begin, [](char c) { return is_value_char(c) && !is_one_of(c, "/?#@"); });
  if (end == begin || end >= text.size() || text[end] != '@') return std::nullopt;
  return Match{begin, end};
}

}  // namespace

std::string redact_key_patterns(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    std::optional<Match> match;
    // Only these bytes can start a match.
    if (is_one_of(text[at], "sgxAhpaocbB?&:PCOXS")) {
      for (auto* matcher : {match_header, match_bearer, match_key, match_query, match_userinfo}) {
        if ((match = matcher(text, at))) break;
      }
    }
    if (!match) {
      out += text[at++];
      continue;
    }
    out.append(text.substr(at, match->keep - at)).append(kMask);
    at = match->end;
  }
  return out;
}

}  // namespace skillgrad
