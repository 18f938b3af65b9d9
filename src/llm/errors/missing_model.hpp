// SPDX-License-Identifier: MIT
#pragma once

#include "llm/errors/error_body.hpp"

namespace skillgrad::llm {

/// True if the error says that the endpoint does not have the model asked for: by its code, or in
/// words whose subject is the model. "The model called a function that was not found" is not that.
[[nodiscard]] bool says_model_not_found(int status, const ErrorBody& error);

}  // namespace skillgrad::llm
