// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include <skillgrad/llm/chat.hpp>

namespace skillgrad::agent {

/// A line for the model about arguments of its call that the tool's schema does not know and the
/// tool did not use (a time limit for a shell, say); "" where there are none.
[[nodiscard]] std::string note_on_arguments(const llm::ToolSpec& spec,
                                            const std::string& arguments);

}  // namespace skillgrad::agent
