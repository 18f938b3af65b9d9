// SPDX-License-Identifier: MIT
#include "llm/money/price_formats.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include <skillgrad/core/text.hpp>

#include "llm/address/url.hpp"

namespace skillgrad::llm {

namespace {

constexpr double kMillion = 1e6;
constexpr double kMostUsd = 1e6;  ///< per million tokens; more is a mistake of the unit
constexpr const char* kAccepted =
    "accepted are skillgrad.prices/1 (configs/prices.json), LiteLLM's "
    "model_prices_and_context_window.json, llm-prices' current-v1.json, models.dev's api.json and "
    "the answer of OpenRouter's GET /models";

/// Reads prices out of an object whose other keys belong to somebody else. A value that is there
/// and cannot be a price makes the entry unusable instead of free.
class Fields {
 public:
  Fields(const Json& object, PriceEntry& entry, double unit)
      : object_(object), entry_(entry), unit_(unit) {}

  /// USD per million tokens; nullopt where the key is absent or null.
  std::optional<double> price(const std::string& key) const {
    const auto value = number(key);
    if (!value) return std::nullopt;
    const double usd = *value * unit_;
    if (usd < 0 || usd > kMostUsd) {
      reject(key);
      return std::nullopt;
    }
    // A price per token has no exact double: of 4e-7 * 1e6 the digits that were meant are kept.
    return unit_ == 1 ? usd : std::round(usd * 1e9) / 1e9;
  }

  std::int64_t tokens(const std::string& key) const {
    const auto value = number(key);
    return value && *value >= 1 && *value < 1e12 ? static_cast<std::int64_t>(*value) : 0;
  }

 private:
  std::optional<double> number(const std::string& key) const {
    const auto found = object_.find(key);
    if (found == object_.end() || found->is_null()) return std::nullopt;
    if (found->is_number()) return found->get<double>();
    if (found->is_string()) {
      const std::string text(trim(found->get_ref<const std::string&>()));
      double out = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
      if (error == std::errc{} && end == text.data() + text.size() && std::isfinite(out)) {
        return out;
      }
    }
    reject(key);
    return std::nullopt;
  }

  void reject(const std::string& key) const {
    if (!entry_.problem.empty()) return;
    entry_.problem = key + " is " + truncate_middle(dump_json(object_[key]), 60);
  }

  const Json& object_;
  PriceEntry& entry_;
  double unit_;
};

std::string string_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

std::string day_of(const Json& object, const char* key) {
  return string_at(object, key).substr(0, 10);
}

/// 200000 of "input_cost_per_token_above_200k_tokens" for the beginning and end around "200"; 0 for
/// another key.
std::int64_t threshold(std::string_view key, std::string_view begin, std::string_view end) {
  if (!key.starts_with(begin) || !key.ends_with(end)) return 0;
  if (key.size() <= begin.size() + end.size()) return 0;
  key = key.substr(begin.size(), key.size() - begin.size() - end.size());
  std::int64_t thousands = 0;
  const auto [last, error] = std::from_chars(key.data(), key.data() + key.size(), thousands);
  const bool whole = error == std::errc{} && last == key.data() + key.size();
  return whole && thousands > 0 && thousands < 1'000'000 ? thousands * 1000 : 0;
}

/// Where the tokens of the reasoning have a price of their own, the higher one counts for all that
/// the model writes, since replies seldom tell the two apart.
double output_price(double output, const std::optional<double>& reasoning) {
  return std::max(output, reasoning.value_or(0));
}

Price price_of(double input, const std::optional<double>& cached, double output) {
  // No cached price known: cached tokens cost as much as others.
  return {input, cached.value_or(input), output};
}

// --- our own -----------------------------------------------------------------------------------

Price own_price(StrictReader& reader) {
  const double input = reader.number("input", std::nullopt, 0, kMostUsd);
  const double cached = reader.number("cached", input, 0, kMostUsd);
  return {input, cached, reader.number("output", std::nullopt, 0, kMostUsd)};
}

Result<PriceTier> own_tier(const Json& value, const std::string& where) {
  StrictReader reader(value, where);
  PriceTier out;
  out.above_prompt_tokens = reader.integer("prompt_tokens", std::nullopt, 1);
  out.rate = own_price(reader);
  if (reader.has("cache_write")) {
    out.cache_write = reader.number("cache_write", std::nullopt, 0, kMostUsd);
  }
  SKILLGRAD_CHECK(reader.finish());
  return out;
}

Result<PriceEntry> own_entry(const Json& value, const std::string& where) {
  StrictReader reader(value, where);
  PriceEntry out;
  out.id = reader.string("id");
  out.vendor = reader.string("vendor", "");
  out.prefix = reader.boolean("prefix", false);
  out.from = reader.string("from", "");
  out.until = reader.string("until", "");
  out.base = own_price(reader);
  if (reader.has("cache_write")) {
    out.cache_write = reader.number("cache_write", std::nullopt, 0, kMostUsd);
  }
  out.per_call = reader.number("per_call", 0, 0, kMostUsd);
  out.context_tokens = reader.integer("context_tokens", 0, 0);
  out.max_output_tokens = reader.integer("max_output_tokens", 0, 0);
  const Json above = reader.any("above");
  SKILLGRAD_CHECK(reader.finish());
  if (above.is_null()) return out;
  const Json steps = above.is_array() ? above : Json::array({above});
  for (const Json& step : steps) {
    SKILLGRAD_TRY(PriceTier tier, own_tier(step, where + "/above"));
    out.tiers.push_back(tier);
  }
  return out;
}

Result<ReadPrices> read_own(const Json& value, const std::string& where) {
  StrictReader reader(value, where);
  ReadPrices out;
  out.format = "skillgrad.prices/1";
  if (reader.string("schema") != out.format) {
    reader.reject("schema", "got " + dump_json(value["schema"]), "write \"" + out.format + "\"");
  }
  out.date = reader.string("date", "");
  reader.ignore("source");
  reader.ignore("unit");
  const Json models = reader.any("models", true);
  if (!models.is_array()) reader.reject("models", "is not an array");
  SKILLGRAD_CHECK(reader.finish());
  for (std::size_t i = 0; i < models.size(); ++i) {
    SKILLGRAD_TRY(PriceEntry entry, own_entry(models[i], where + "/models/" + std::to_string(i)));
    out.entries.push_back(std::move(entry));
  }
  return out;
}

// --- LiteLLM -----------------------------------------------------------------------------------

/// "tiered_pricing": [{"range":[0,32000],"input_cost_per_token":...}, ...] instead of one price.
void litellm_ranges(const Json& ranges, PriceEntry& entry) {
  for (const Json& item : ranges) {
    const bool fits = item.is_object() && item.contains("range") && item["range"].is_array() &&
                      !item["range"].empty() && item["range"][0].is_number();
    if (!fits) {
      entry.problem = "tiered_pricing has " + truncate_middle(dump_json(item), 60);
      return;
    }
    const Fields fields(item, entry, kMillion);
    PriceTier tier;
    tier.above_prompt_tokens = static_cast<std::int64_t>(item["range"][0].get<double>());
    const auto input = fields.price("input_cost_per_token");
    const auto output = fields.price("output_cost_per_token");
    if (!input || !output) continue;
    tier.rate = price_of(*input, fields.price("cache_read_input_token_cost"),
                         output_price(*output, fields.price("output_cost_per_reasoning_token")));
    entry.tiers.push_back(tier);
  }
}

void litellm_tiers(const Json& value, const Fields& fields, PriceEntry& entry) {
  std::set<std::int64_t> steps;
  for (const auto& [key, ignored] : value.items()) {
    for (const char* begin : {"input_cost_per_token_above_", "output_cost_per_token_above_"}) {
      if (const auto step = threshold(key, begin, "k_tokens"); step > 0) steps.insert(step);
    }
  }
  PriceTier tier{0, entry.base, {}};
  for (const std::int64_t step : steps) {
    const std::string end = "_above_" + std::to_string(step / 1000) + "k_tokens";
    tier.above_prompt_tokens = step;
    tier.rate.input = fields.price("input_cost_per_token" + end).value_or(tier.rate.input);
    // A step without its own cached price: as much dearer as the input.
    const double times = entry.base.input > 0 ? tier.rate.input / entry.base.input : 1;
    tier.rate.cached = fields.price("cache_read_input_token_cost" + end)
                           .value_or(std::max(tier.rate.cached, entry.base.cached * times));
    tier.rate.output = fields.price("output_cost_per_token" + end).value_or(tier.rate.output);
    tier.cache_write = fields.price("cache_creation_input_token_cost" + end);
    entry.tiers.push_back(tier);
  }
}

std::optional<PriceEntry> litellm_entry(const std::string& id, const Json& value) {
  if (id == "sample_spec" || !value.is_object()) return std::nullopt;
  PriceEntry out;
  out.id = id;
  out.vendor = string_at(value, "litellm_provider");
  const Fields fields(value, out, kMillion);
  if (value.contains("tiered_pricing") && value["tiered_pricing"].is_array()) {
    litellm_ranges(value["tiered_pricing"], out);
  }
  const auto input = fields.price("input_cost_per_token");
  const auto output = fields.price("output_cost_per_token");
  if (input && output) {
    out.tiers.clear();
    out.base = price_of(*input, fields.price("cache_read_input_token_cost"),
                        output_price(*output, fields.price("output_cost_per_reasoning_token")));
    litellm_tiers(value, fields, out);
  } else if (!out.tiers.empty()) {
    out.base = out.tiers.front().rate;
    out.tiers.erase(out.tiers.begin());
  } else if (out.problem.empty()) {
    return std::nullopt;
  }
  out.cache_write = fields.price("cache_creation_input_token_cost");
  out.context_tokens = fields.tokens("max_input_tokens");
  out.max_output_tokens = fields.tokens("max_output_tokens");
  return out;
}

ReadPrices read_litellm(const Json& value) {
  ReadPrices out;
  out.format = "LiteLLM";
  for (const auto& [id, entry] : value.items()) {
    if (auto read = litellm_entry(id, entry)) out.entries.push_back(std::move(*read));
  }
  return out;
}

bool is_litellm(const Json& value) {
  return std::any_of(value.begin(), value.end(), [](const Json& entry) {
    return entry.is_object() &&
           (entry.contains("litellm_provider") || entry.contains("input_cost_per_token"));
  });
}

// --- llm-prices --------------------------------------------------------------------------------

ReadPrices read_llm_prices(const Json& value) {
  ReadPrices out;
  out.format = "llm-prices";
  out.date = day_of(value, "updated_at");
  for (const Json& item : value["prices"]) {
    if (!item.is_object()) continue;
    PriceEntry entry;
    entry.id = string_at(item, "id");
    entry.vendor = string_at(item, "vendor");
    entry.from = day_of(item, "from_date");
    entry.until = day_of(item, "to_date");
    const Fields fields(item, entry, 1);
    const auto input = fields.price("input"), output = fields.price("output");
    if (entry.id.empty() || (entry.problem.empty() && (!input || !output))) continue;
    entry.base = price_of(input.value_or(0), fields.price("input_cached"), output.value_or(0));
    out.entries.push_back(std::move(entry));
  }
  return out;
}

// --- models.dev --------------------------------------------------------------------------------

void models_dev_tiers(const Json& cost, PriceEntry& entry) {
  for (const auto& [key, value] : cost.items()) {
    const auto step = threshold(key, "context_over_", "k");
    if (step == 0 || !value.is_object()) continue;
    const Fields fields(value, entry, 1);
    PriceTier tier{step, entry.base, fields.price("cache_write")};
    tier.rate.input = fields.price("input").value_or(tier.rate.input);
    tier.rate.cached = fields.price("cache_read").value_or(tier.rate.input);
    tier.rate.output = fields.price("output").value_or(tier.rate.output);
    entry.tiers.push_back(tier);
  }
}

std::optional<PriceEntry> models_dev_entry(const std::string& id, const Json& value) {
  if (!value.is_object() || !value.contains("cost") || !value["cost"].is_object()) {
    return std::nullopt;
  }
  PriceEntry out;
  out.id = id;
  const Json& cost = value["cost"];
  const Fields fields(cost, out, 1);
  const auto input = fields.price("input"), output = fields.price("output");
  if (out.problem.empty() && (!input || !output)) return std::nullopt;
  out.base = price_of(input.value_or(0), fields.price("cache_read"),
                      output_price(output.value_or(0), fields.price("reasoning")));
  out.cache_write = fields.price("cache_write");
  models_dev_tiers(cost, out);
  if (value.contains("limit") && value["limit"].is_object()) {
    const Fields limit(value["limit"], out, 1);
    out.context_tokens = limit.tokens("context");
    out.max_output_tokens = limit.tokens("output");
  }
  return out;
}

ReadPrices read_models_dev(const Json& value) {
  ReadPrices out;
  out.format = "models.dev";
  for (const auto& [vendor, provider] : value.items()) {
    if (!provider.is_object() || !provider.contains("models") || !provider["models"].is_object()) {
      continue;
    }
    const auto url = parse_base_url(string_at(provider, "api"));
    for (const auto& [id, model] : provider["models"].items()) {
      auto entry = models_dev_entry(id, model);
      if (!entry) continue;
      entry->vendor = vendor;
      if (url) entry->vendor_host = url->host;
      out.entries.push_back(std::move(*entry));
    }
  }
  return out;
}

bool is_models_dev(const Json& value) {
  return std::any_of(value.begin(), value.end(), [](const Json& provider) {
    return provider.is_object() && provider.contains("models") && provider["models"].is_object();
  });
}

// --- OpenRouter --------------------------------------------------------------------------------

/// "-1": the price depends on the model that is chosen then.
bool unknown_price(const Json& pricing) {
  return std::any_of(pricing.begin(), pricing.end(), [](const Json& value) {
    return (value.is_string() && trim(value.get_ref<const std::string&>()) == "-1") ||
           (value.is_number() && value.get<double>() == -1);
  });
}

std::optional<PriceEntry> openrouter_entry(const Json& value) {
  if (!value.is_object() || !value.contains("pricing") || !value["pricing"].is_object()) {
    return std::nullopt;
  }
  const Json& pricing = value["pricing"];
  PriceEntry out;
  out.id = string_at(value, "id");
  if (out.id.empty() || unknown_price(pricing)) return std::nullopt;
  out.vendor = "openrouter";
  out.vendor_host = "openrouter.ai";
  const Fields fields(pricing, out, kMillion);
  const auto input = fields.price("prompt"), output = fields.price("completion");
  if (out.problem.empty() && (!input || !output)) return std::nullopt;
  out.base = price_of(input.value_or(0), fields.price("input_cache_read"),
                      output_price(output.value_or(0), fields.price("internal_reasoning")));
  out.cache_write = fields.price("input_cache_write");
  out.per_call = Fields(pricing, out, 1).price("request").value_or(0);
  out.context_tokens = Fields(value, out, 1).tokens("context_length");
  if (value.contains("top_provider") && value["top_provider"].is_object()) {
    out.max_output_tokens = Fields(value["top_provider"], out, 1).tokens("max_completion_tokens");
  }
  return out;
}

ReadPrices read_openrouter(const Json& value) {
  ReadPrices out;
  out.format = "OpenRouter";
  for (const Json& item : value["data"]) {
    if (auto entry = openrouter_entry(item)) out.entries.push_back(std::move(*entry));
  }
  return out;
}

// -----------------------------------------------------------------------------------------------

std::string shape_of(const Json& value) {
  if (!value.is_object()) return "a JSON " + std::string(value.type_name());
  if (value.empty()) return "an empty object";
  std::vector<std::string> keys;
  for (const auto& [key, ignored] : value.items()) {
    keys.push_back("\"" + truncate_middle(key, 40) + "\"");
  }
  return "an object with the keys " + list_some(keys, 5);
}

}  // namespace

Result<ReadPrices> read_prices(const Json& value, const std::string& where) {
  const auto is_array = [&](const char* key) {
    return value.is_object() && value.contains(key) && value[key].is_array();
  };
  ReadPrices out;
  if (value.is_object() && string_at(value, "schema").starts_with("skillgrad.")) {
    SKILLGRAD_TRY(out, read_own(value, where));
  } else if (is_array("prices")) {
    out = read_llm_prices(value);
  } else if (is_array("data")) {
    out = read_openrouter(value);
  } else if (value.is_object() && is_models_dev(value)) {
    out = read_models_dev(value);
  } else if (value.is_object() && is_litellm(value)) {
    out = read_litellm(value);
  } else {
    return fail(ErrorCode::config, "this is no price table: got " + shape_of(value), where,
                kAccepted);
  }
  if (out.entries.empty()) {
    return fail(ErrorCode::config, "no model of this price table (" + out.format + ") has a price",
                where, kAccepted);
  }
  for (PriceEntry& entry : out.entries) {
    std::stable_sort(entry.tiers.begin(), entry.tiers.end(), [](const auto& a, const auto& b) {
      return a.above_prompt_tokens < b.above_prompt_tokens;
    });
  }
  return out;
}

}  // namespace skillgrad::llm
