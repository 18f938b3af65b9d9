// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include <skillgrad/llm/endpoint_options.hpp>
#include <skillgrad/llm/inspect.hpp>

#include "llm/address/profile.hpp"

namespace skillgrad::llm {

/// The key without surrounding white space, as env variables and files have it. Errors: config
/// (a control character is left in it).
[[nodiscard]] Result<Secret> clean_key(const Secret& key);
/// "Name: value" lines of every request (R1.3, R1.5); extra headers may use ${ENV}. Errors: config.
[[nodiscard]] Result<std::vector<std::string>> request_headers(const EndpointOptions& options,
                                                               const Profile& profile);

/// With the environment's values in the place of ${NAME}. Errors: config.
[[nodiscard]] Result<std::string> expand_env(std::string_view value, const std::string& header);

}  // namespace skillgrad::llm
