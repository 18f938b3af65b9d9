// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include <skillgrad/core/json.hpp>
#include <skillgrad/llm/exchange_store.hpp>

namespace skillgrad::llm {

/// The file of a stored call.
struct StoredFile {
  StoredCall call;
  std::int64_t stored_at = 0;  ///< seconds since 1970
};

/// Errors: input, naming `where` and the field.
[[nodiscard]] Result<StoredFile> stored_from_json(const Json& value, const std::string& where);
/// Errors: input (the request is no JSON).
[[nodiscard]] Result<Json> stored_to_json(const StoredFile& file, const std::string& key);

}  // namespace skillgrad::llm
