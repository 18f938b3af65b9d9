// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include <skillgrad/core/error.hpp>

namespace skillgrad::skill {

/// A path that a patch may give to a new file: a name that every file system takes, that a shell
/// and a command line pass on as it is, and that a reader sees whole. Letters, digits, '.', '_',
/// '-' and '+' of any script; no device names, no leading '-', no final '.', nothing invisible.
/// Files that a package already has keep their names. Errors: input.
[[nodiscard]] Result<> check_new_file_name(std::string_view path);

/// Equal for names that some file system takes for one: letter case, composed and decomposed
/// letters, compatibility forms, invisible characters.
[[nodiscard]] std::string file_name_key(std::string_view path);

}  // namespace skillgrad::skill
