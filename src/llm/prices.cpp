// SPDX-License-Identifier: MIT
#include "llm/prices.hpp"

#include <algorithm>
#include <cctype>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/resources.hpp>
#include <skillgrad/core/text.hpp>

namespace skillgrad::llm {

namespace {

constexpr const char* kResource = "configs/prices.json";

Price read_price(StrictReader& reader) {
  Price price;
  price.input = reader.number("input", std::nullopt, 0, 1e6);
  // No cached price known: cached tokens cost as much as others.
  price.cached = reader.has("cached") ? reader.number("cached", std::nullopt, 0, 1e6) : price.input;
  price.output = reader.number("output", std::nullopt, 0, 1e6);
  return price;
}

Result<PriceEntry> read_entry(const Json& value, const std::string& where) {
  StrictReader reader(value, where);
  PriceEntry entry;
  entry.id = reader.string("id");
  entry.prefix = reader.boolean("prefix", false);
  entry.from = reader.string("from", "");
  entry.until = reader.string("until", "");
  entry.base = read_price(reader);
  if (reader.has("cache_write")) {
    entry.cache_write = reader.number("cache_write", std::nullopt, 0, 1e6);
  }
  const Json above = reader.any("above");
  SKILLGRAD_CHECK(reader.finish());
  if (!above.is_null()) {
    StrictReader step(above, where + "/above");
    entry.above_prompt_tokens = step.integer("prompt_tokens", std::nullopt, 1);
    entry.above = read_price(step);
    SKILLGRAD_CHECK(step.finish());
  }
  return entry;
}

bool digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return std::isdigit(static_cast<unsigned char>(c)) != 0;
  });
}

/// "gpt-4o-mini-2024-07-18", "claude-haiku-4-5-20251001" and "name@20251001" without their dates.
std::string without_date(const std::string& name) {
  if (const auto at = name.find('@'); at != std::string::npos) return name.substr(0, at);
  const std::size_t n = name.size();
  if (n > 11 && name[n - 11] == '-' && digits(name.substr(n - 10, 4)) && name[n - 6] == '-' &&
      digits(name.substr(n - 5, 2)) && name[n - 3] == '-' && digits(name.substr(n - 2))) {
    return name.substr(0, n - 11);
  }
  if (n > 9 && name[n - 9] == '-' && digits(name.substr(n - 8))) return name.substr(0, n - 9);
  return name;
}

std::optional<PriceEntry> look_up(const std::vector<PriceEntry>& entries, const std::string& name,
                                  const std::string& day) {
  for (const PriceEntry& entry : entries) {
    const bool named = entry.prefix ? name.starts_with(entry.id) : name == entry.id;
    if (!named || (!entry.from.empty() && day < entry.from)) continue;
    if (!entry.until.empty() && day > entry.until) continue;
    return entry;
  }
  return std::nullopt;
}

}  // namespace

Result<PriceTable> PriceTable::parse(std::string_view json, const std::string& where) {
  SKILLGRAD_TRY(const Json value, parse_json(json, where));
  StrictReader reader(value, where);
  PriceTable table;
  const std::string schema = reader.string("schema");
  if (schema != "skillgrad.prices/1") reader.reject("schema", "got \"" + schema + "\"");
  table.date_ = reader.string("date");
  reader.ignore("source");
  reader.ignore("unit");
  const Json models = reader.any("models", true);
  if (!models.is_array()) reader.reject("models", "is not an array");
  SKILLGRAD_CHECK(reader.finish());
  for (std::size_t i = 0; i < models.size(); ++i) {
    SKILLGRAD_TRY(PriceEntry entry, read_entry(models[i], where + "/models/" + std::to_string(i)));
    table.entries_.push_back(std::move(entry));
  }
  return table;
}

const PriceTable& PriceTable::built_in() {
  static const PriceTable table = [] {
    const auto text = resource(kResource);
    if (!text) return PriceTable{};
    auto parsed = parse(*text, kResource);
    return parsed ? std::move(*parsed) : PriceTable{};
  }();
  return table;
}

std::optional<PriceEntry> PriceTable::find(const std::string& model, WallTime when) const {
  const std::string day = format_utc(when).substr(0, 10);
  const std::string name = to_lower_ascii(trim(model));
  if (auto found = look_up(entries_, name, day)) return found;
  const std::string bare = name.substr(name.rfind('/') + 1);
  if (auto found = look_up(entries_, bare, day)) return found;
  return look_up(entries_, without_date(bare), day);
}

double cost_of(const PriceEntry& price, const Usage& usage, std::int64_t cache_write_tokens) {
  const bool above =
      price.above_prompt_tokens > 0 && usage.input_tokens > price.above_prompt_tokens;
  const Price& rate = above ? price.above : price.base;
  const auto plain = usage.input_tokens - usage.cached_tokens - cache_write_tokens;
  const double step = above && price.base.input > 0 ? rate.input / price.base.input : 1.0;
  const double write_rate = price.cache_write ? *price.cache_write * step : rate.input;
  const double micro = static_cast<double>(plain) * rate.input +
                       static_cast<double>(usage.cached_tokens) * rate.cached +
                       static_cast<double>(cache_write_tokens) * write_rate +
                       static_cast<double>(usage.output_tokens) * rate.output;
  return micro / 1e6;
}

std::optional<Price> find_price(const std::string& model) {
  const auto found = PriceTable::built_in().find(model, SystemClock().wall_now());
  if (!found) return std::nullopt;
  return found->base;
}

}  // namespace skillgrad::llm
