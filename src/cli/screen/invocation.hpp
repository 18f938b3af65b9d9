// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <skillgrad/core/error.hpp>

#include "cli/settings/options.hpp"

namespace skillgrad::cli {

class SignalWatch;

/// What the command line asked for: a command, its arguments, options of the table, own flags.
struct Invocation {
  std::string command;
  std::vector<std::string> arguments;
  GivenOptions given;
  std::map<std::string, std::string> local;  ///< flags that only this command has
  std::stop_token stop;
  SignalWatch* watch = nullptr;  ///< where `stop` comes from

  [[nodiscard]] bool has(const std::string& flag) const { return local.contains(flag); }
  [[nodiscard]] std::string value(const std::string& flag, std::string fallback = {}) const {
    const auto found = local.find(flag);
    return found == local.end() ? std::move(fallback) : found->second;
  }
};

/// A flag of one command with a whole number from `least` to 1,000.
struct Counted {
  const char* flag;
  std::int64_t least;
  const char* fallback;
};
/// Errors: usage.
[[nodiscard]] Result<int> count_of(const Invocation& invocation, const Counted& counted);

}  // namespace skillgrad::cli
