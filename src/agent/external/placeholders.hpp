// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <skillgrad/core/error.hpp>

namespace skillgrad::agent {

/// The names between "${" and "}" that a profile may use, sorted.
[[nodiscard]] const std::vector<std::string>& placeholder_names();
/// The names that a template uses, in order, known or not; "${" without an end is one, "".
[[nodiscard]] std::vector<std::string> placeholders_in(std::string_view text);
/// The template with its values put in; every name of it must have one.
[[nodiscard]] std::string fill(std::string_view text,
                               const std::map<std::string, std::string>& values);

}  // namespace skillgrad::agent
