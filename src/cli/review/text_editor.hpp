// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include <skillgrad/core/error.hpp>

namespace skillgrad::cli {

/// Opens a text in the user's editor (VISUAL, EDITOR, else vi) on this terminal and waits for it.
/// `name` ends the file's name, which tells the editor what it is. Errors: infra (the editor cannot
/// be started or fails), io.
[[nodiscard]] Result<std::string> edit_text(const std::string& text, const std::string& name);

}  // namespace skillgrad::cli
