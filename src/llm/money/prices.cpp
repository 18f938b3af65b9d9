// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cctype>
#include <set>

#include <fmt/format.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/json.hpp>
#include <skillgrad/core/resources.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/llm/prices.hpp>

#include "llm/address/url.hpp"
#include "llm/money/price_formats.hpp"

namespace skillgrad::llm {

namespace {

constexpr const char* kResource = "configs/prices.json";

bool digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return std::isdigit(static_cast<unsigned char>(c)) != 0;
  });
}

std::string without_provider(const std::string& name) { return name.substr(name.rfind('/') + 1); }

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

using Entries = std::vector<const PriceEntry*>;

bool valid_on(const PriceEntry& entry, const std::string& day) {
  return (entry.from.empty() || day >= entry.from) && (entry.until.empty() || day <= entry.until);
}

/// Entries whose id begins the name; only the longest such id.
Entries by_prefix(const std::vector<PriceEntry>& entries, const std::string& name,
                  const std::string& day) {
  Entries out;
  for (const PriceEntry& entry : entries) {
    const std::string id = to_lower_ascii(entry.id);
    if (!entry.prefix || !valid_on(entry, day)) continue;
    if (!name.starts_with(id) && !without_provider(name).starts_with(id)) continue;
    if (!out.empty() && out.front()->id.size() > id.size()) continue;
    if (!out.empty() && out.front()->id.size() < id.size()) out.clear();
    out.push_back(&entry);
  }
  return out;
}

/// Entries under this name, in the closest way in which there are any.
Entries candidates(const std::vector<PriceEntry>& entries, const std::string& name,
                   const std::string& day) {
  const std::string bare = without_provider(name), undated = without_date(bare);
  Entries ways[4];
  for (const PriceEntry& entry : entries) {
    if (entry.prefix || !valid_on(entry, day)) continue;
    const std::string id = to_lower_ascii(entry.id);
    const std::string id_bare = without_provider(id);
    if (id == name || (!entry.vendor.empty() && to_lower_ascii(entry.vendor) + "/" + id == name)) {
      ways[0].push_back(&entry);
    } else if (id_bare == bare) {
      ways[1].push_back(&entry);
    } else if (id_bare == undated) {
      ways[2].push_back(&entry);
    } else if (without_date(id_bare) == undated) {
      ways[3].push_back(&entry);
    }
  }
  for (Entries& way : ways) {
    if (!way.empty()) return std::move(way);
  }
  return by_prefix(entries, name, day);
}

std::string letters(std::string_view text) {
  std::string out = to_lower_ascii(text);
  std::erase_if(out, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; });
  return out;
}

/// How well a host fits the vendor: 0 = not at all. Of "me.openai.azure.com" the part nearest to
/// the end counts most: it is who runs the endpoint.
int fit(const PriceEntry& entry, const std::string& host) {
  constexpr std::size_t kTelling = 5;  ///< letters that a common beginning must have
  if (host.empty()) return 0;
  if (!entry.vendor_host.empty() && entry.vendor_host == host) return 1000;
  const std::string vendor = letters(entry.vendor);
  if (vendor.empty()) return 0;
  std::vector<std::string> labels;
  for (const auto& label : split(host, '.')) labels.push_back(letters(label));
  int best = 0, place = 0;
  for (std::size_t i = labels.size(); i-- > 0; ++place) {
    const std::string& label = labels[i];
    const bool whole =
        label == vendor || (i + 1 < labels.size() && label + labels[i + 1] == vendor);
    const bool part = std::min(label.size(), vendor.size()) >= kTelling &&
                      (label.starts_with(vendor) || vendor.starts_with(label));
    if (whole || part) best = std::max(best, 2 * (100 - std::min(place, 99)) + (whole ? 1 : 0));
  }
  return best;
}

Entries of_vendor(Entries entries, const std::string& base_url) {
  const auto url = parse_base_url(base_url);
  const std::string host = url ? url->host : "";
  int best = 0;
  for (const PriceEntry* entry : entries) best = std::max(best, fit(*entry, host));
  if (best > 0) std::erase_if(entries, [&](const auto* entry) { return fit(*entry, host) < best; });
  return entries;
}

const PriceTier* tier_of(const PriceEntry& entry, std::int64_t prompt_tokens) {
  const PriceTier* out = nullptr;
  for (const PriceTier& tier : entry.tiers) {
    if (prompt_tokens > tier.above_prompt_tokens) out = &tier;
  }
  return out;
}

/// What writing to the cache costs: of a step without its own price as much dearer as the input.
double write_rate(const PriceEntry& entry, const PriceTier* tier) {
  const double base = entry.cache_write.value_or(entry.base.input);
  if (tier == nullptr) return base;
  if (tier->cache_write) return *tier->cache_write;
  return entry.cache_write && entry.base.input > 0 ? base * tier->rate.input / entry.base.input
                                                   : std::max(base, tier->rate.input);
}

bool same_price(const PriceEntry& a, const PriceEntry& b) {
  const auto same = [](const Price& x, const Price& y) {
    return x.input == y.input && x.cached == y.cached && x.output == y.output;
  };
  if (!same(a.base, b.base) || a.per_call != b.per_call || a.tiers.size() != b.tiers.size()) {
    return false;
  }
  if (write_rate(a, nullptr) != write_rate(b, nullptr)) return false;
  for (std::size_t i = 0; i < a.tiers.size(); ++i) {
    const PriceTier &x = a.tiers[i], &y = b.tiers[i];
    if (x.above_prompt_tokens != y.above_prompt_tokens || !same(x.rate, y.rate) ||
        write_rate(a, &x) != write_rate(b, &y)) {
      return false;
    }
  }
  return true;
}

void raise(Price& price, const Price& other) {
  price.input = std::max(price.input, other.input);
  price.cached = std::max(price.cached, other.cached);
  price.output = std::max(price.output, other.output);
}

/// An entry that costs, for any usage, at least as much as each of these.
PriceEntry highest(const Entries& entries) {
  PriceEntry out = *entries.front();
  std::set<std::int64_t> steps;
  double write = 0;
  for (const PriceEntry* entry : entries) {
    raise(out.base, entry->base);
    out.per_call = std::max(out.per_call, entry->per_call);
    write = std::max(write, write_rate(*entry, nullptr));
    for (const PriceTier& tier : entry->tiers) steps.insert(tier.above_prompt_tokens);
    if (entry->context_tokens > 0) {
      out.context_tokens = out.context_tokens > 0
                               ? std::min(out.context_tokens, entry->context_tokens)
                               : entry->context_tokens;
    }
  }
  out.cache_write = write;
  out.tiers.clear();
  for (const std::int64_t step : steps) {
    PriceTier tier{step, out.base, write};
    for (const PriceEntry* entry : entries) {
      const PriceTier* own = tier_of(*entry, step + 1);
      raise(tier.rate, own != nullptr ? own->rate : entry->base);
      tier.cache_write = std::max(*tier.cache_write, write_rate(*entry, own));
    }
    out.tiers.push_back(tier);
  }
  return out;
}

/// "gpt-4o at openai"
std::string in_words(const PriceEntry& entry) {
  return entry.vendor.empty() ? entry.id : entry.id + " at " + entry.vendor;
}

Result<FoundPrice> choose(Entries entries, const std::string& model, const std::string& base_url,
                          const std::string& where) {
  entries = of_vendor(std::move(entries), base_url);
  const PriceEntry* const broken = entries.front();
  std::erase_if(entries, [](const PriceEntry* entry) { return !entry->problem.empty(); });
  if (entries.empty()) {
    return fail(ErrorCode::config,
                "the price of " + in_words(*broken) + " cannot be read: " + broken->problem, where,
                "correct it, or give the price: --price '{\"input\":1,\"output\":4}' (USD per "
                "million tokens)");
  }
  const bool agreed = std::all_of(entries.begin(), entries.end(), [&](const PriceEntry* entry) {
    return same_price(*entry, *entries.front());
  });
  if (agreed) return FoundPrice{*entries.front(), {}};
  FoundPrice out{highest(entries), {}};
  std::vector<std::string> names;
  for (const PriceEntry* entry : entries) names.push_back(in_words(*entry));
  out.warning = fmt::format(
      "{} has different prices for model {} ({}), and the endpoint does not tell which is meant: "
      "the highest count, {}; --price names another",
      where, model, list_some(names, 4), to_text(out.entry));
  return out;
}

std::string date_of_file(const fs::path& path) {
  std::error_code error;
  const auto changed = fs::last_write_time(path, error);
  if (error) return {};
  const auto time = std::chrono::file_clock::to_sys(changed);
  return format_utc(std::chrono::time_point_cast<Duration>(time)).substr(0, 10);
}

Result<EffectivePrice> from_table(const PriceTable& table, const EndpointOptions& options,
                                  WallTime when) {
  EffectivePrice out;
  SKILLGRAD_TRY(auto found, table.find(options.model, options.base_url, when));
  if (!found) return out;
  out.source =
      fmt::format("{} ({}, {} {}), entry {}", table.where(), table.format(),
                  table.says_date() ? "of" : "last changed", table.date(), in_words(found->entry));
  out.warning = std::move(found->warning);
  out.context_tokens = found->entry.context_tokens;
  out.max_output_tokens = found->entry.max_output_tokens;
  out.price = std::move(found->entry);
  return out;
}

}  // namespace

Result<PriceTable> PriceTable::parse(std::string_view json, const std::string& where) {
  SKILLGRAD_TRY(const Json value, parse_json(json, where));
  SKILLGRAD_TRY(auto read, read_prices(value, where));
  PriceTable table;
  table.entries_ = std::move(read.entries);
  table.date_ = std::move(read.date);
  table.format_ = std::move(read.format);
  table.where_ = where;
  return table;
}

Result<PriceTable> PriceTable::load(const std::filesystem::path& path) {
  SKILLGRAD_TRY(const std::string text, read_file(path, std::uint64_t{256} << 20));
  SKILLGRAD_TRY(auto table, parse(text, path.string()));
  table.says_date_ = !table.date_.empty();
  if (!table.says_date_) table.date_ = date_of_file(path);
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

Result<std::optional<FoundPrice>> PriceTable::find(const std::string& model,
                                                   const std::string& base_url,
                                                   WallTime when) const {
  const std::string day = format_utc(when).substr(0, 10);
  const std::string name = to_lower_ascii(trim(model));
  auto found = candidates(entries_, name, day);
  if (found.empty()) return std::nullopt;
  SKILLGRAD_TRY(auto chosen, choose(std::move(found), model, base_url, where_));
  return std::optional<FoundPrice>(std::move(chosen));
}

Result<EffectivePrice> effective_price(const EndpointOptions& options, WallTime when) {
  if (options.price_in.has_value() != options.price_out.has_value()) {
    return fail(ErrorCode::config, "only one of the prices for input and output is set", {},
                "name the price of input and of output: --price '{\"input\":1,\"output\":4}' (USD "
                "per million tokens)");
  }
  EffectivePrice out;
  if (options.price_table != nullptr) {
    auto own = from_table(*options.price_table, options, when);
    if (!own && !options.price_in) return tl::unexpected(std::move(own).error());
    if (own) out = std::move(*own);
  }
  if (options.price_in) {
    out.price = PriceEntry{};
    out.price->id = options.model;
    out.price->base = {*options.price_in, options.price_cached.value_or(*options.price_in),
                       *options.price_out};
    out.price->cache_write = options.price_cache_write;
    out.source = "the option price";
    out.warning.clear();
  }
  if (out.price) return out;
  const PriceTable& table = PriceTable::built_in();
  SKILLGRAD_TRY(auto found, table.find(options.model, options.base_url, when));
  if (!found) return out;
  out.price = std::move(found->entry);
  out.source = "the built-in table of " + table.date();
  return out;
}

std::string to_text(const PriceEntry& price) {
  const auto rates = [](const Price& rate) {
    return fmt::format("{} input, {} cached, {} output", format_double(rate.input),
                       format_double(rate.cached), format_double(rate.output));
  };
  std::string out = rates(price.base) + " USD per million tokens";
  if (price.cache_write) out += ", " + format_double(*price.cache_write) + " cache write";
  for (const PriceTier& tier : price.tiers) {
    out += fmt::format("; prompts above {} tokens: {}", tier.above_prompt_tokens, rates(tier.rate));
  }
  if (price.per_call > 0) out += "; " + format_double(price.per_call) + " USD a call";
  return out;
}

double most_cost_of(const PriceEntry& price, const Usage& usage) {
  return std::max(cost_of(price, usage, 0),
                  cost_of(price, usage, usage.input_tokens - usage.cached_tokens));
}

double cost_of(const PriceEntry& price, const Usage& usage, std::int64_t cache_write_tokens) {
  const PriceTier* const tier = tier_of(price, usage.input_tokens);
  const Price& rate = tier != nullptr ? tier->rate : price.base;
  const auto plain = usage.input_tokens - usage.cached_tokens - cache_write_tokens;
  const double micro = static_cast<double>(plain) * rate.input +
                       static_cast<double>(usage.cached_tokens) * rate.cached +
                       static_cast<double>(cache_write_tokens) * write_rate(price, tier) +
                       static_cast<double>(usage.output_tokens) * rate.output;
  return micro / 1e6 + price.per_call;
}

}  // namespace skillgrad::llm
