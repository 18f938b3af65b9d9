// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <skillgrad/core/clock.hpp>
#include <skillgrad/core/error.hpp>
#include <skillgrad/llm/chat.hpp>
#include <skillgrad/llm/endpoint_options.hpp>

namespace skillgrad::llm {

/// USD per million tokens.
struct Price {
  double input = 0, cached = 0, output = 0;
};

/// What prompts above a length cost instead.
struct PriceTier {
  std::int64_t above_prompt_tokens = 0;
  Price rate;
  std::optional<double> cache_write;  ///< nullopt: scaled as the input price
};

/// What a model costs at a vendor, USD per million tokens.
struct PriceEntry {
  std::string id;
  std::string vendor;       ///< who bills it, or "" where the table does not say
  std::string vendor_host;  ///< host of the vendor's endpoint, or ""
  bool prefix = false;      ///< `id` is the beginning of the model's name
  std::string from, until;  ///< "YYYY-MM-DD", inclusive; "" = open
  Price base;
  std::optional<double> cache_write;                       ///< nullopt: as input
  double per_call = 0;                                     ///< USD for each call besides its tokens
  std::vector<PriceTier> tiers;                            ///< ascending
  std::int64_t context_tokens = 0, max_output_tokens = 0;  ///< 0: the table does not say
  std::string problem;  ///< not empty: the entry is there, but cannot be read, and why
};

/// What a table says about one model.
struct FoundPrice {
  PriceEntry entry;
  std::string warning;  ///< vendors differ and none is known to be meant: which price was taken
};

class PriceTable {
 public:
  /// A price table in any of the known formats, told apart by its shape (docs/usage.md): our own,
  /// LiteLLM, llm-prices, models.dev, OpenRouter. `where` names it in errors and in source().
  /// Errors: input, config.
  [[nodiscard]] static Result<PriceTable> parse(std::string_view json, const std::string& where);
  /// The same from a file; one that does not say its date has that of its last change.
  [[nodiscard]] static Result<PriceTable> load(const std::filesystem::path& path);
  /// The table compiled into the program (configs/prices.json).
  [[nodiscard]] static const PriceTable& built_in();

  /// By exact id (alone or as VENDOR/ID), then without a provider prefix, then without a date
  /// suffix. Where several vendors sell it at different prices, the one to which `base_url` leads,
  /// else the highest price of each kind with a warning. Errors: config (the entry is unreadable).
  [[nodiscard]] Result<std::optional<FoundPrice>> find(const std::string& model,
                                                       const std::string& base_url,
                                                       WallTime when) const;
  [[nodiscard]] const std::string& date() const { return date_; }  ///< "YYYY-MM-DD" or ""
  /// The date is what the table says, not the time of the file's last change.
  [[nodiscard]] bool says_date() const { return says_date_; }
  [[nodiscard]] const std::string& format() const { return format_; }  ///< "LiteLLM", ...
  [[nodiscard]] const std::string& where() const { return where_; }
  [[nodiscard]] const std::vector<PriceEntry>& entries() const { return entries_; }

 private:
  std::vector<PriceEntry> entries_;
  std::string date_, format_, where_;
  bool says_date_ = true;
};

/// The price in force for an endpoint: its own options, else the user's table, else the built-in
/// one.
struct EffectivePrice {
  std::optional<PriceEntry> price;  ///< nullopt: not known
  std::string source;               ///< for people: "the built-in table of 2026-08-05", ...
  std::string warning;
  /// What the user's table says about the model, whoever named the price.
  std::int64_t context_tokens = 0, max_output_tokens = 0;
};
/// Errors: config (half a price; an unreadable entry of the user's table).
[[nodiscard]] Result<EffectivePrice> effective_price(const EndpointOptions& options, WallTime when);
/// "0.4 input, 0.1 cached, 1.6 output USD per million tokens" and what else belongs to it.
[[nodiscard]] std::string to_text(const PriceEntry& price);

/// USD for the tokens of one reply.
[[nodiscard]] double cost_of(const PriceEntry& price, const Usage& usage,
                             std::int64_t cache_write_tokens);
/// The same where nobody knows yet what the prompt cache will store.
[[nodiscard]] double most_cost_of(const PriceEntry& price, const Usage& usage);

}  // namespace skillgrad::llm
