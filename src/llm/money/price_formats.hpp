// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include <skillgrad/core/json.hpp>
#include <skillgrad/llm/prices.hpp>

namespace skillgrad::llm {

/// The entries of a price table, whichever format it has.
struct ReadPrices {
  std::vector<PriceEntry> entries;
  std::string format;
  std::string date;  ///< "" where the format has none
};
/// Errors: input (our own format with a mistake), config (none of the known shapes, or no price).
[[nodiscard]] Result<ReadPrices> read_prices(const Json& value, const std::string& where);

}  // namespace skillgrad::llm
