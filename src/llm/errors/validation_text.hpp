// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace skillgrad::llm {

/// What a server says about fields of the request that it cannot read.
struct ValidationText {
  std::string message;  ///< "messages.2.content: Input should be a valid string; ..."
  std::string param;    ///< path of the first field
};

/// Pydantic's errors as some FastAPI servers print them into a text, with Python's repr:
/// {'type': 'missing', 'loc': ('body', 'seed'), 'msg': 'Field required', 'input': ...}. The input
/// is left out: it echoes the request, and words of a task must not be taken for the error's.
/// Nullopt if the text is something else.
[[nodiscard]] std::optional<ValidationText> read_validation_text(std::string_view text);

}  // namespace skillgrad::llm
