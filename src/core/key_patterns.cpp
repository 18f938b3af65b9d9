// SPDX-License-Identifier: MIT
#include "core/key_patterns.hpp"

#include <algorithm>
#include <array>
#include <bitset>
#include <optional>

#include <skillgrad/core/ascii.hpp>
#include <skillgrad/core/text.hpp>

namespace skillgrad {

namespace {

constexpr std::string_view kMask = "***";

bool is_one_of(char c, std::string_view set) { return set.find(c) != std::string_view::npos; }
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

/// No word character before `at`, other than the end of an escape sequence: \n, \\n, \u0022.
bool at_word_begin(std::string_view text, std::size_t at) {
  if (at == 0 || !(is_alnum(text[at - 1]) || is_one_of(text[at - 1], "_-"))) return true;
  const auto escaped = [&](std::size_t i) { return i > 0 && text[i - 1] == '\\'; };
  if (is_one_of(text[at - 1], "nrtbf") && escaped(at - 1)) return true;
  if (at < 6 || text[at - 5] != 'u' || !escaped(at - 5)) return false;
  const std::string_view digits = text.substr(at - 4, 4);
  return digits.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

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
constexpr std::size_t kCertain = 16;  ///< characters of what cannot be anything but a key

bool has_digit(std::string_view text) { return std::any_of(text.begin(), text.end(), is_digit); }

/// Keys hold a long run of letters and digits; hyphenated words and product codes do not.
bool has_random_run(std::string_view text) {
  constexpr std::size_t kRun = 10;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = run_end(text, at, is_alnum);
    if (end - at >= kRun && has_digit(text.substr(at, end - at))) return true;
    at = end + 1;
  }
  return false;
}

/// A key has digits or is long; "sk-learn-like" words are neither.
bool is_keyish(std::string_view rest) {
  return rest.size() >= 20 || has_digit(rest) || rest.find('*') != std::string_view::npos;
}

template <KeyPatterns patterns>
std::optional<Match> match_key(std::string_view text, std::size_t at) {
  constexpr bool kOnlyCertain = patterns == KeyPatterns::certain;
  for (const Prefix& prefix : kPrefixes) {
    if (text.substr(at, prefix.text.size()) != prefix.text) continue;
    if (!at_word_begin(text, at)) return std::nullopt;
    const std::size_t begin = at + prefix.text.size();
    // '*' belongs to keys because error bodies echo them as "sk-ab****yz".
    const std::size_t end =
        run_end(text, begin, [](char c) { return is_key_char(c) && !(kOnlyCertain && c == '*'); });
    const std::string_view rest = text.substr(begin, end - begin);
    const bool fits = kOnlyCertain ? rest.size() >= kCertain && has_random_run(rest)
                                   : rest.size() >= prefix.min_rest && is_keyish(rest);
    if (fits) return Match{at, end};
  }
  return std::nullopt;
}

template <KeyPatterns patterns>
std::optional<Match> match_bearer(std::string_view text, std::size_t at) {
  constexpr std::string_view kWord = "Bearer ";
  constexpr bool kOnlyCertain = patterns == KeyPatterns::certain;
  if (!starts_with_icase(text.substr(at), kWord)) return std::nullopt;
  const std::size_t begin = at + kWord.size();
  const std::size_t end =
      run_end(text, begin, [](char c) { return is_token_char(c) && !(kOnlyCertain && c == '*'); });
  const std::string_view token = text.substr(begin, end - begin);
  const bool exact = text.substr(at, kWord.size()) == kWord;
  const bool fits = kOnlyCertain ? exact && token.size() >= kCertain && has_digit(token)
                                 : !token.empty() && (exact || has_digit(token));
  return fits ? std::optional(Match{begin, end}) : std::nullopt;
}

constexpr std::array<std::string_view, 9> kHeaders = {
    "proxy-authorization", "authorization", "x-goog-api-key",      "x-api-key",     "api-key",
    "set-cookie",          "cookie",        "openai-organization", "openai-project"};

/// `name: value`, also as JSON (`"name":"value"`, with escaped quotes too).
std::optional<Match> match_header(std::string_view text, std::size_t at) {
  for (const std::string_view name : kHeaders) {
    if (!starts_with_icase(text.substr(at), name)) continue;
    if (!at_word_begin(text, at)) return std::nullopt;
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

/// Bytes of "USER:PASSWORD" before the last '@' of a URL's authority, for the text behind "://"; 0
/// where there is none. A password may hold '/' although it must not: then what stands before it
/// is no host and port.
std::size_t userinfo_bytes(std::string_view behind_scheme) {
  const auto last_at = [&](std::size_t end) {
    const std::size_t found = behind_scheme.substr(0, end).rfind('@');
    return found == std::string_view::npos ? 0 : found;
  };
  const std::size_t authority =
      run_end(behind_scheme, 0, [](char c) { return is_value_char(c) && !is_one_of(c, "/?#"); });
  if (const std::size_t bytes = last_at(authority); bytes > 0) return bytes;
  const std::string_view host = behind_scheme.substr(0, authority);
  const std::size_t colon = host.find(':', host.starts_with('[') ? host.find(']') : 0);
  const bool port =
      colon == std::string_view::npos || run_end(host, colon + 1, is_digit) == host.size();
  // No URL is that long; the limit keeps many of them in a row from taking quadratic time.
  constexpr std::size_t kMostBytes = 256;
  return port ? 0 : last_at(run_end(behind_scheme.substr(0, kMostBytes), 0, is_value_char));
}

std::optional<Match> match_userinfo(std::string_view text, std::size_t at) {
  if (text.substr(at, 3) != "://") return std::nullopt;
  const std::size_t begin = at + 3;
  const std::size_t bytes = userinfo_bytes(text.substr(begin));
  return bytes == 0 ? std::nullopt : std::optional(Match{begin, begin + bytes});
}

/// Changes between letters and digits and between small and capital letters inside words: names
/// and versions have few, random texts many.
std::size_t changes_of_kind(std::string_view text) {
  const auto kind = [](char c) { return is_digit(c) ? 0 : c >= 'a' && c <= 'z' ? 1 : 2; };
  std::size_t changes = 0;
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (is_alnum(text[at - 1]) && is_alnum(text[at]))
      changes += kind(text[at]) != kind(text[at - 1]);
  }
  return changes;
}

/// A segment of a URL's path that is a key: some gateways take it there.
std::optional<Match> match_path_segment(std::string_view text, std::size_t at) {
  constexpr std::size_t kLeast = 20, kLeastChanges = 5, kMostBefore = 512;
  if (text[at] != '/' || (at > 0 && text[at - 1] == '/')) return std::nullopt;
  const std::size_t end =
      run_end(text, at + 1, [](char c) { return (is_token_char(c) && c != '/') || c == ':'; });
  const std::string_view segment = text.substr(at + 1, end - at - 1);
  if (segment.size() < kLeast || !has_random_run(segment) ||
      changes_of_kind(segment) < kLeastChanges)
    return std::nullopt;
  std::size_t begin = at;
  while (begin > 0 && at - begin < kMostBefore && is_value_char(text[begin - 1])) --begin;
  const bool in_url = text.substr(begin, at - begin).find("://") != std::string_view::npos;
  return in_url ? std::optional(Match{at + 1, end}) : std::nullopt;
}

/// The three bytes that a match can begin with: nearly all of a text is passed over by them.
class Beginnings {
 public:
  explicit Beginnings(KeyPatterns patterns) {
    for (const Prefix& prefix : kPrefixes) add(prefix.text);
    add("Bearer ");
    if (patterns == KeyPatterns::certain) return;
    for (const std::string_view name : kHeaders) add(name);
    add("://");
    for (const std::string_view name : kParameters)
      for (const char* sign : {"?", "&"}) add(sign + std::string(name));
    for (std::size_t next = 0; next < kLower; ++next)
      for (std::size_t third = 0; third < kLower; ++third)
        bits_.set(place('/', static_cast<char>(next), static_cast<char>(third)));
  }

  /// There are three bytes at `at`.
  [[nodiscard]] bool has(const char* at) const { return bits_[place(at[0], at[1], at[2])]; }

 private:
  // Of the first byte seven bits count. Of the others it is five, in which capital letters are as
  // small ones: what else they cannot tell apart is passed on to be looked at.
  static constexpr std::size_t kFirst = 128, kLower = 32;

  static std::size_t place(char first, char second, char third) {
    const auto low = [](char c, std::size_t values) {
      return static_cast<unsigned char>(c) & (values - 1);
    };
    return (low(first, kFirst) * kLower + low(second, kLower)) * kLower + low(third, kLower);
  }

  void add(std::string_view text) {
    const char first = to_lower(text[0]);
    bits_.set(place(first, text[1], text[2]));
    if (is_letter(first)) bits_.set(place(static_cast<char>(first - 'a' + 'A'), text[1], text[2]));
  }

  std::bitset<kFirst * kLower * kLower> bits_;
};

const Beginnings& beginnings(KeyPatterns patterns) {
  static const Beginnings all(KeyPatterns::all), certain(KeyPatterns::certain);
  return patterns == KeyPatterns::all ? all : certain;
}

}  // namespace

std::string redact_key_patterns(std::string_view text, KeyPatterns patterns) {
  using Matcher = std::optional<Match> (*)(std::string_view, std::size_t);
  static constexpr std::array<Matcher, 6> kAll = {match_header,
                                                  match_bearer<KeyPatterns::all>,
                                                  match_key<KeyPatterns::all>,
                                                  match_query,
                                                  match_userinfo,
                                                  match_path_segment};
  static constexpr std::array<Matcher, 2> kCertainOnes = {match_bearer<KeyPatterns::certain>,
                                                          match_key<KeyPatterns::certain>};
  const bool all = patterns == KeyPatterns::all;
  const auto* const begin = all ? kAll.data() : kCertainOnes.data();
  const auto* const end = begin + (all ? kAll.size() : kCertainOnes.size());
  const Beginnings& starts = beginnings(patterns);
  std::string out;
  std::size_t copied = 0;
  for (std::size_t at = 0; at + 2 < text.size();) {
    std::optional<Match> match;
    if (starts.has(text.data() + at)) {
      for (const auto* matcher = begin; matcher != end; ++matcher)
        if ((match = (*matcher)(text, at))) break;
    }
    if (!match) {
      ++at;
      continue;
    }
    out.append(text.substr(copied, match->keep - copied)).append(kMask);
    at = copied = match->end;
  }
  return out.append(text.substr(copied));
}

}  // namespace skillgrad
