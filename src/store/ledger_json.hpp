// SPDX-License-Identifier: MIT
#pragma once

#include <skillgrad/core/json.hpp>
#include <skillgrad/llm/client.hpp>

namespace skillgrad::store {

[[nodiscard]] Json row_to_json(const llm::LedgerRow& row);
[[nodiscard]] Result<llm::LedgerRow> row_from_json(const Json& value, const std::string& where);

}  // namespace skillgrad::store
