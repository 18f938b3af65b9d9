// SPDX-License-Identifier: MIT
#include "llm/errors/missing_model.hpp"

#include <algorithm>
#include <array>

#include <skillgrad/core/text.hpp>

#include "llm/errors/words.hpp"

namespace skillgrad::llm {

namespace {

template <std::size_t N>
bool has_any(std::string_view text, const std::array<std::string_view, N>& parts) {
  return std::any_of(parts.begin(), parts.end(), [&](std::string_view part) {
    return text.find(part) != std::string_view::npos;
  });
}

bool is_code(const ErrorBody& error) {
  static constexpr std::array<std::string_view, 6> kCodes = {
      "modelnotfound", "deploymentnotfound",  "modelnotavailable",
      "invalidmodel",  "modeldecommissioned", "modelnotsupported"};
  for (const std::string* field : {&error.code, &error.type}) {
    std::string name = to_lower_ascii(*field);
    name.erase(std::remove(name.begin(), name.end(), '_'), name.end());
    if (std::find(kCodes.begin(), kCodes.end(), name) != kCodes.end()) return true;
  }
  return false;
}

void skip_spaces(std::string_view& text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
}

bool skip(std::string_view& text, std::string_view part) {
  if (!text.starts_with(part)) return false;
  text.remove_prefix(part.size());
  return true;
}

/// What follows the words "model NAME" in a sentence about a model that is not there.
bool tells_of_absence(std::string_view text) {
  skip_spaces(text);
  while (skip(text, "is ") || skip(text, "was ") || skip(text, "has been ") ||
         skip(text, "could ")) {
  }
  static constexpr std::array<std::string_view, 12> kEnds = {
      "not found",       "not be found",      "cannot be found", "does not exist",
      "doesn't exist",   "do not exist",      "not exist",       "not available",
      "isn't available", "not a valid model", "decommissioned",  "no longer available"};
  if (std::any_of(kEnds.begin(), kEnds.end(),
                  [&](std::string_view end) { return text.starts_with(end); })) {
    return true;
  }
  // "not supported" alone may be about anything that the model is asked for.
  static constexpr std::array<std::string_view, 4> kWhose = {"account", "any provider", "your plan",
                                                             "subscription"};
  return skip(text, "not supported") && has_any(text.substr(0, 60), kWhose);
}

/// A name that needs no quotes to be known for one: llama3.2:1b, qwen/qwen3, gpt-5.
bool looks_like_name(std::string_view word) {
  return word.find_first_of("0123456789-_/:.") != std::string_view::npos;
}

/// Takes the name of a model from the front, if there is one: quoted, or bare.
void skip_name(std::string_view& text, bool any_word) {
  for (bool again = true; again;) {
    skip_spaces(text);
    again = skip(text, "named ") || skip(text, "name ") || skip(text, "id ") ||
            skip(text, "with ") || skip(text, ": ") || skip(text, "= ");
  }
  if (text.empty()) return;
  if (std::string_view("'\"`").find(text.front()) != std::string_view::npos) {
    const auto close = text.substr(0, 200).find(text.front(), 1);
    if (close != std::string_view::npos) text.remove_prefix(close + 1);
    return;
  }
  const std::string_view word = text.substr(0, text.find_first_of(" ,;\n"));
  if (word.size() == text.size() || tells_of_absence(text)) return;
  if (any_word || looks_like_name(word)) text.remove_prefix(word.size());
}

/// "model 'x' not found", "models/x is not found", "the model does not exist".
bool says_so_of_a_model(const std::string& text, bool any_word) {
  for (const std::string_view subject : {"model", "deployment"}) {
    for (auto at = text.find(subject); at != std::string::npos; at = text.find(subject, at + 1)) {
      if (at > 0 && is_word_char(text[at - 1])) continue;
      std::string_view rest = std::string_view(text).substr(at + subject.size());
      const bool path = skip(rest, "s/");  // Gemini: models/NAME
      if (!path && !rest.empty() && is_word_char(rest.front())) continue;
      skip_name(rest, path || any_word);
      if (tells_of_absence(rest)) return true;
    }
  }
  return false;
}

}  // namespace

bool says_model_not_found(int status, const ErrorBody& error) {
  if (is_code(error)) return true;
  if (!error.param.empty() && error.param.find("model") == std::string::npos) return false;
  const std::string text = to_lower_ascii(error.message + "\n" + error.raw);
  static constexpr std::array<std::string_view, 13> kSigns = {
      "model_not_found",
      "try pulling it",
      "unknown model:",
      "unknown model '",
      "unknown model \"",
      "unknown model `",
      "invalid model name",
      "not a valid model id",
      "not found the model",
      "no endpoints found ",
      "no such model",
      "deployment for this resource does not exist",
      "model identifier is invalid"};
  if (has_any(text, kSigns)) return true;
  if (status == 404 && error.type == "not_found_error" && text.starts_with("model:")) return true;
  return says_so_of_a_model(text, status == 404);
}

}  // namespace skillgrad::llm
