// SPDX-License-Identifier: MIT
#include "store/ledger_json.hpp"

namespace skillgrad::store {

Json row_to_json(const llm::LedgerRow& row) {
  Json out = {{"key", row.key},
              {"stage", row.stage},
              {"scope", row.scope},
              {"model", row.model},
              {"outcome", row.outcome ? row.outcome->name() : ""},
              {"billed", name_of(row.billed)},
              {"input_tokens", row.usage.input_tokens},
              {"cached_tokens", row.usage.cached_tokens},
              {"output_tokens", row.usage.output_tokens},
              {"calls", row.usage.calls},
              {"estimated", row.usage.estimated},
              {"cost_usd", row.cost_usd ? Json(*row.cost_usd) : Json()},
              {"http_status", row.http_status},
              {"attempt", row.attempt},
              {"seconds", row.seconds},
              {"first_byte_seconds", row.first_byte_seconds}};
  const std::pair<const char*, const std::string&> named[] = {
      {"response_model", row.response_model},
      {"response_id", row.response_id},
      {"request_id", row.request_id},
      {"provider", row.provider},
      {"system_fingerprint", row.system_fingerprint}};
  for (const auto& [key, text] : named)
    if (!text.empty()) out[key] = text;
  if (row.cache_write_tokens > 0) out["cache_write_tokens"] = row.cache_write_tokens;
  if (row.reserved_tokens > 0) out["reserved_tokens"] = row.reserved_tokens;
  if (row.budgeted_retry) out["budgeted_retry"] = true;
  if (row.cached) out["cached"] = true;
  if (row.recorded_usd) out["recorded_usd"] = *row.recorded_usd;
  return out;
}

Result<llm::LedgerRow> row_from_json(const Json& value, const std::string& where) {
  StrictReader reader(value, where);
  llm::LedgerRow out;
  out.key = reader.string("key");
  out.stage = reader.string("stage", "");
  out.scope = reader.string("scope", "");
  out.model = reader.string("model", "");
  const std::string outcome = reader.string("outcome", ""), billed = reader.string("billed", "");
  out.outcome = llm::AttemptOutcome::named(outcome);
  if (!out.outcome && !outcome.empty())
    reader.reject("outcome", "is not the name of an outcome, got \"" + outcome + "\"");
  out.billed = named<llm::Billed>(billed);
  if (!out.billed && !billed.empty())
    reader.reject("billed", "got \"" + billed + "\", expected " + join_or(names_of<llm::Billed>()));
  out.usage.input_tokens = reader.integer("input_tokens", 0);
  out.usage.cached_tokens = reader.integer("cached_tokens", 0);
  out.usage.output_tokens = reader.integer("output_tokens", 0);
  out.usage.calls = reader.integer("calls", 0);
  out.cache_write_tokens = reader.integer("cache_write_tokens", 0);
  out.usage.estimated = reader.boolean("estimated", false);
  const Json cost = reader.any("cost_usd");
  if (cost.is_number()) out.cost_usd = cost.get<double>();
  out.http_status = static_cast<int>(reader.integer("http_status", 0));
  out.attempt = static_cast<int>(reader.integer("attempt", 0));
  out.seconds = reader.number("seconds", 0.0);
  out.first_byte_seconds = reader.number("first_byte_seconds", 0.0);
  out.response_model = reader.string("response_model", "");
  out.response_id = reader.string("response_id", "");
  out.request_id = reader.string("request_id", "");
  out.provider = reader.string("provider", "");
  out.system_fingerprint = reader.string("system_fingerprint", "");
  out.reserved_tokens = reader.integer("reserved_tokens", 0, 0);
  out.budgeted_retry = reader.boolean("budgeted_retry", false);
  out.cached = reader.boolean("cached", false);
  if (reader.has("recorded_usd")) out.recorded_usd = reader.number("recorded_usd");
  SKILLGRAD_CHECK(reader.finish(true));
  return out;
}

}  // namespace skillgrad::store
