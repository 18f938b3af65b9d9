// SPDX-License-Identifier: MIT
#include "traces/parts/cleaner.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <skillgrad/core/ascii.hpp>
#include <skillgrad/core/text.hpp>

namespace skillgrad::traces {
namespace {

constexpr std::string_view kMask = "***";
constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::string_view kPrivate = "PRIVATE KEY";

std::size_t count_masks(std::string_view text) {
  std::size_t n = 0;
  for (std::size_t at = text.find(kMask); at != std::string_view::npos;
       at = text.find(kMask, at + kMask.size()))
    ++n;
  return n;
}

template <class Predicate>
std::size_t end_of_run(std::string_view text, std::size_t at, Predicate belongs) {
  while (at < text.size() && belongs(text[at])) ++at;
  return at;
}

bool is_token(char c) { return is_alnum(c) || c == '_' || c == '-'; }
bool is_value(char c) {
  return static_cast<unsigned char>(c) > ' ' &&
         std::string_view("\"'`\\<>;,&|)}]").find(c) == std::string_view::npos;
}
bool starts_word(std::string_view text, std::size_t at) {
  return at == 0 || !(is_alnum(text[at - 1]) || text[at - 1] == '_');
}

/// What is replaced: [begin, end).
struct Span {
  std::size_t begin, end;
};

/// A block from BEGIN to END, or to the end of the text where it was cut.
std::optional<Span> private_key(std::string_view text, std::size_t at) {
  if (!text.substr(at).starts_with(kBegin)) return std::nullopt;
  const std::size_t name_end = text.find("-----", at + kBegin.size());
  if (name_end == std::string_view::npos ||
      text.substr(at, name_end - at).find(kPrivate) == std::string_view::npos)
    return std::nullopt;
  const std::size_t end = text.find("-----END ", name_end);
  if (end == std::string_view::npos) return Span{at, text.size()};
  const std::size_t close = text.find("-----", end + kBegin.size());
  return Span{at, close == std::string_view::npos ? text.size() : close + 5};
}

struct TokenForm {
  std::string_view prefix;
  std::size_t least;  ///< characters behind it
};
constexpr std::array<TokenForm, 9> kForms = {{{"AKIA", 16},
                                              {"ASIA", 16},
                                              {"xoxb-", 20},
                                              {"xoxp-", 20},
                                              {"glpat-", 16},
                                              {"gho_", 16},
                                              {"ghs_", 16},
                                              {"npm_", 30},
                                              {"pypi-", 30}}};

std::optional<Span> known_form(std::string_view text, std::size_t at) {
  if (!starts_word(text, at)) return std::nullopt;
  for (const TokenForm& form : kForms) {
    if (!text.substr(at).starts_with(form.prefix)) continue;
    const std::size_t end = end_of_run(text, at + form.prefix.size(), is_token);
    if (end - at - form.prefix.size() >= form.least) return Span{at, end};
  }
  return std::nullopt;
}

/// Three parts of base64url, of which the first begins an object.
std::optional<Span> web_token(std::string_view text, std::size_t at) {
  if (!text.substr(at).starts_with("eyJ") || !starts_word(text, at)) return std::nullopt;
  const std::size_t end =
      end_of_run(text, at, [](char c) { return is_token(c) || c == '.' || c == '='; });
  const std::string_view token = text.substr(at, end - at);
  const bool three = std::count(token.begin(), token.end(), '.') == 2;
  return three && token.size() >= 40 ? std::optional(Span{at, end}) : std::nullopt;
}

constexpr std::array<std::string_view, 8> kSecretNames = {
    "password", "passwd", "secret", "api_key", "apikey", "access_key", "auth_token", "private_key"};

/// A name that ends with a word for a secret, an assignment behind it, and its value: PASSWORD=x,
/// "password": "x", db_password: x.
std::optional<Span> assigned(std::string_view text, std::size_t at) {
  if (at > 0 && (is_alnum(text[at - 1]) || text[at - 1] == '_')) return std::nullopt;
  const std::size_t name_end = end_of_run(text, at, is_token);
  if (name_end == at || name_end - at > 60) return std::nullopt;
  std::string name = to_lower_ascii(text.substr(at, name_end - at));
  std::replace(name.begin(), name.end(), '-', '_');
  const bool told = std::any_of(kSecretNames.begin(), kSecretNames.end(),
                                [&](std::string_view word) { return name.ends_with(word); }) ||
                    name.ends_with("_token") || name.ends_with("_key");
  if (!told) return std::nullopt;
  std::size_t begin =
      end_of_run(text, name_end, [](char c) { return c == '"' || c == '\'' || c == '\\'; });
  const bool quoted = begin > name_end;
  begin = end_of_run(text, begin, [](char c) { return c == ' '; });
  if (begin >= text.size() || (text[begin] != '=' && text[begin] != ':')) return std::nullopt;
  const bool equals = text[begin] == '=';
  // `key == x` and `key := x` compare and assign in programs.
  if (begin + 1 < text.size() && (text[begin + 1] == '=' || text[begin + 1] == ':'))
    return std::nullopt;
  const auto is_gap = [](char c) { return c == ' ' || c == '"' || c == '\'' || c == '\\'; };
  begin = end_of_run(text, begin + 1, is_gap);
  const std::size_t end = end_of_run(text, begin, is_value);
  const std::string_view value = text.substr(begin, end - begin);
  // A variable, a call or a short word is a program's text, not a secret.
  const bool literal = value.size() >= 8 && value.find('(') == std::string_view::npos &&
                       value.front() != '$' && value.front() != '{' && value.front() != '[';
  const bool mixed = std::any_of(value.begin(), value.end(), is_digit) ||
                     (value.size() >= 16 && value.find('.') == std::string_view::npos);
  const bool whole_word = name.ends_with("password") || name.ends_with("passwd");
  if (!literal || !(mixed || (whole_word && (equals || quoted)))) return std::nullopt;
  return Span{begin, end};
}

}  // namespace

std::string redact_pasted_secrets(std::string_view text) {
  std::string out;
  std::size_t copied = 0;
  for (std::size_t at = 0; at < text.size();) {
    std::optional<Span> found;
    const char c = text[at];
    if (c == '-') found = private_key(text, at);
    if (!found && is_alnum(c) && starts_word(text, at)) {
      found = known_form(text, at);
      if (!found) found = web_token(text, at);
      if (!found) found = assigned(text, at);
    }
    if (found && text.substr(found->begin, found->end - found->begin) == kMask) found.reset();
    if (!found) {
      ++at;
      continue;
    }
    out.append(text.substr(copied, found->begin - copied)).append(kMask);
    at = copied = found->end;
  }
  return out.append(text.substr(copied));
}

std::string Cleaner::text(std::string_view raw) {
  const std::string valid = sanitize_utf8(raw);
  std::string out = redact_pasted_secrets(redactor_.redact(valid));
  const std::size_t before = count_masks(valid), after = count_masks(out);
  if (after > before) redacted_ += after - before;
  return out;
}

Json Cleaner::cleaned(const Json& value) {
  if (value.is_string()) return text(value.get_ref<const std::string&>());
  if (value.is_array()) {
    Json out = Json::array();
    for (const Json& item : value) out.push_back(cleaned(item));
    return out;
  }
  if (!value.is_object()) return value;
  Json out = Json::object();
  for (const auto& [key, item] : value.items()) out[text(key)] = cleaned(item);
  return out;
}

std::string Cleaner::json(const Json& value) { return text(dump_json(cleaned(value))); }

}  // namespace skillgrad::traces
