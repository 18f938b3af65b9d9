// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <skillgrad/core/clock.hpp>
#include <skillgrad/llm/client.hpp>

namespace skillgrad::llm {

/// What a model costs, USD per million tokens.
struct PriceEntry {
  std::string id;
  bool prefix = false;      ///< `id` is the beginning of the model's name
  std::string from, until;  ///< "YYYY-MM-DD", inclusive; "" = open
  Price base;
  std::optional<double> cache_write;  ///< nullopt: as input
  /// Prompts above this many tokens cost `above` instead; 0 = no such step.
  std::int64_t above_prompt_tokens = 0;
  Price above;
};

class PriceTable {
 public:
  /// Errors: input. `where` names the file.
  [[nodiscard]] static Result<PriceTable> parse(std::string_view json, const std::string& where);
  /// The table compiled into the program (configs/prices.json).
  [[nodiscard]] static const PriceTable& built_in();
  /// By exact id, then without a provider prefix, then without a date suffix.
  [[nodiscard]] std::optional<PriceEntry> find(const std::string& model, WallTime when) const;
  [[nodiscard]] const std::string& date() const { return date_; }

 private:
  std::vector<PriceEntry> entries_;
  std::string date_;
};

/// USD for the tokens of one reply.
[[nodiscard]] double cost_of(const PriceEntry& price, const Usage& usage,
                             std::int64_t cache_write_tokens);

}  // namespace skillgrad::llm
