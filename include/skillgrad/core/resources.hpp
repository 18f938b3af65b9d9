// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace skillgrad {

/// The files of configs/, skills/ and src/report/web/ and the rule books of docs/ as compiled in,
/// by path relative to the source tree ("configs/prompts/executor.md"). Generated at build time.
[[nodiscard]] const std::map<std::string, std::string_view>& resources();
/// One of them, or nullopt.
[[nodiscard]] std::optional<std::string_view> resource(const std::string& path);
/// All whose path starts with `prefix` (a folder with its final '/').
[[nodiscard]] std::map<std::string, std::string_view> resources_below(const std::string& prefix);

}  // namespace skillgrad
