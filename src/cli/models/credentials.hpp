// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include <skillgrad/core/error.hpp>
#include <skillgrad/core/secret.hpp>
#include <skillgrad/llm/client.hpp>

#include "cli/settings/options.hpp"

namespace skillgrad::cli {

/// Where and as whom a role calls.
struct Account {
  std::string base_url;
  std::string key_variable;    ///< that holds the key, "" without one
  bool key_was_named = false;  ///< the user named the variable; else it is a default
  Secret key;
  std::map<std::string, std::string> headers;
  bool own_endpoint = false;  ///< another one than that of all roles

  /// The account of all roles, whose limits they share.
  [[nodiscard]] bool is_shared(const Settings& settings) const {
    return !own_endpoint && key_variable == settings.get<"api_key_env">();
  }
};

/// What identifies the user at one endpoint is not shown to another one. Errors: config (a header
/// or a key that is not known).
[[nodiscard]] Result<Account> account_of(const Settings& settings, const Json& role);
/// A variable that the user named and that is empty is a slip: said on stderr for an endpoint of
/// this machine. Errors: config (any other endpoint).
[[nodiscard]] Result<> check_key(const Account& account);
/// Of the request bodies that are configured: what looks like a key there, or is named like one.
[[nodiscard]] std::vector<Secret> secrets_in_bodies(const Settings& settings);
/// Of these and of the accounts of all roles, as far as they are known.
[[nodiscard]] std::vector<Secret> secrets_in(const Settings& settings);
/// From now on neither output nor settings that are shown nor a core file hold these secrets.
void protect_secrets(Settings& settings);

}  // namespace skillgrad::cli
