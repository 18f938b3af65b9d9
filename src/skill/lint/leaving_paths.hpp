// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>
#include <vector>

#include "skill/package/mentions.hpp"

namespace skillgrad::skill {

/// Paths that a Markdown text names and that lead out of the package: with `..` beyond the root,
/// absolute (`/etc/passwd`, `C:\x`, `\\server\share`, `file:` URLs), in a home folder (`~/x`,
/// `$HOME/x`, `%USERPROFILE%\x`); as links and as plain words, also percent-encoded, with HTML
/// entities or compatibility characters. Other URLs and interpreter lines (`#!/bin/sh`) are none.
/// The paths are given as written.
[[nodiscard]] std::vector<Mention> find_leaving_paths(std::string_view markdown);

}  // namespace skillgrad::skill
