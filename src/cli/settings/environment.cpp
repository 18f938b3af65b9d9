// SPDX-License-Identifier: MIT
#include "cli/settings/environment.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string_view>
#include <vector>

#include <skillgrad/core/secret.hpp>
#include <skillgrad/core/text.hpp>

extern char** environ;  // NOLINT(readability-identifier-naming): the name is POSIX's

namespace skillgrad::cli {
namespace {

/// The environment as the kernel wrote it, and what took its place.
struct Moved {
  std::mutex mutex;
  std::vector<char*> originals;
  std::vector<std::string> copies;
  std::vector<char*> block;  ///< what environ points to
};

Moved& moved() {
  // Never destroyed: environ points into it, also while other statics are.
  static Moved& state = *new Moved;
  return state;
}

bool names_a_secret(std::string_view name) {
  static constexpr std::array<std::string_view, 6> kWords = {"KEY",    "TOKEN",    "SECRET",
                                                             "PASSWD", "PASSWORD", "CREDENTIALS"};
  const auto last = name.substr(name.rfind('_') + 1);
  return std::any_of(kWords.begin(), kWords.end(), [&](std::string_view word) {
    return to_lower_ascii(last) == to_lower_ascii(word);
  });
}

}  // namespace

void move_environment() {
  Moved& state = moved();
  const std::lock_guard lock(state.mutex);
  if (!state.originals.empty() || environ == nullptr) return;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    state.originals.push_back(*entry);
    state.copies.emplace_back(*entry);
  }
  for (std::string& copy : state.copies) state.block.push_back(copy.data());
  state.block.push_back(nullptr);
  environ = state.block.data();
}

void wipe_environment(const std::function<bool(const std::string& entry)>& secret) {
  Moved& state = moved();
  const std::lock_guard lock(state.mutex);
  for (std::size_t i = 0; i < state.originals.size(); ++i) {
    const std::string& copy = state.copies[i];
    const auto equals = copy.find('=');
    if (equals == std::string::npos || !secret(copy)) continue;
    // Not memset: what nobody reads again would be optimised away.
    ::explicit_bzero(state.originals[i] + equals + 1, copy.size() - equals - 1);
  }
}

void wipe_likely_secrets() {
  const Redactor any;
  wipe_environment([&](const std::string& entry) {
    return names_a_secret(std::string_view(entry).substr(0, entry.find('='))) ||
           any.redact(entry) != entry;
  });
}

std::string environment_value(const std::string& name) {
  const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): never set
  return value == nullptr ? "" : value;
}

}  // namespace skillgrad::cli
