// SPDX-License-Identifier: MIT
#include <skillgrad/core/secret.hpp>

#include "core/key_patterns.hpp"
#include "core/secret_matcher.hpp"

namespace skillgrad {

namespace {

// Shorter "secrets" are placeholders of local endpoints ("x", "none"): replacing them would spoil
// ordinary text and protect nothing.
constexpr std::size_t kMinSecret = 6;

}  // namespace

Redactor::Redactor(const std::vector<Secret>& secrets) {
  std::vector<std::string> texts;
  for (const Secret& secret : secrets) {
    if (secret.reveal().size() >= kMinSecret) texts.push_back(secret.reveal());
  }
  if (!texts.empty()) secrets_ = std::make_shared<const SecretMatcher>(texts);
}

std::string Redactor::redact(std::string_view text) const {
  return secrets_ ? redact_key_patterns(secrets_->replace(text), KeyPatterns::all)
                  : redact_key_patterns(text, KeyPatterns::all);
}

std::string Redactor::redact_content(std::string_view text) const {
  return secrets_ ? redact_key_patterns(secrets_->replace(text), KeyPatterns::certain)
                  : redact_key_patterns(text, KeyPatterns::certain);
}

std::string Redactor::redact_known(std::string_view text) const {
  return secrets_ ? secrets_->replace(text) : std::string(text);
}

std::string Redactor::redact_refusal(std::string_view text) const {
  const std::string out = redact(text);
  return secrets_ ? secrets_->replace_fragments(out) : out;
}

}  // namespace skillgrad
