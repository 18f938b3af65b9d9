// SPDX-License-Identifier: MIT
#include "llm/stored/stored_call.hpp"

#include <skillgrad/core/text.hpp>

namespace skillgrad::llm {

namespace {

constexpr const char* kExchangeSchema = "skillgrad.exchange/1";

Json exchange_to_json(const Exchange& exchange) {
  Json out = {{"status", exchange.status}};
  if (!exchange.headers.empty()) out["headers"] = exchange.headers;
  if (exchange.status != 0) out["body"] = exchange.body;
  if (!exchange.failure.empty()) out["failure"] = exchange.failure;
  if (exchange.curl_code != 0) out["curl_code"] = exchange.curl_code;
  if (!exchange.curl_text.empty()) out["curl_text"] = exchange.curl_text;
  return out;
}

/// A body may be written as text or, by hand, as the JSON value itself.
Result<Exchange> exchange_from_json(const Json& value, const std::string& where) {
  StrictReader reader(value, where);
  Exchange out;
  out.status = static_cast<int>(reader.integer("status", 200, 0, 999));
  const Json headers = reader.any("headers");
  const Json body = reader.any("body");
  out.failure = reader.string("failure", "");
  out.curl_code = static_cast<int>(reader.integer("curl_code", 0));
  out.curl_text = reader.string("curl_text", "");
  if (!headers.is_null() && !headers.is_object()) reader.reject("headers", "is not an object");
  SKILLGRAD_CHECK(reader.finish());
  for (const auto& [name, text] : headers.items())
    if (text.is_string()) out.headers[to_lower_ascii(name)] = text.get<std::string>();
  if (!body.is_null()) out.body = body.is_string() ? body.get<std::string>() : dump_json(body);
  return out;
}

Json attempt_to_json(const StoredAttempt& attempt) {
  return {{"outcome", attempt.outcome.name()},
          {"http_status", attempt.http_status},
          {"input_tokens", attempt.usage.input_tokens},
          {"cached_tokens", attempt.usage.cached_tokens},
          {"output_tokens", attempt.usage.output_tokens},
          {"estimated", attempt.usage.estimated},
          {"cost_usd", attempt.cost_usd ? Json(*attempt.cost_usd) : Json()}};
}

Result<StoredAttempt> attempt_from_json(const Json& value, const std::string& where) {
  StrictReader reader(value, where);
  StoredAttempt out;
  const std::string outcome = reader.string("outcome");
  if (const auto known = AttemptOutcome::named(outcome))
    out.outcome = *known;
  else
    reader.reject("outcome", "is not the name of an outcome, got \"" + outcome + "\"");
  out.http_status = static_cast<int>(reader.integer("http_status", 0, 0, 999));
  out.usage.input_tokens = reader.integer("input_tokens", 0, 0);
  out.usage.cached_tokens = reader.integer("cached_tokens", 0, 0);
  out.usage.output_tokens = reader.integer("output_tokens", 0, 0);
  out.usage.estimated = reader.boolean("estimated", false);
  const Json cost = reader.any("cost_usd");
  if (cost.is_number()) out.cost_usd = cost.get<double>();
  if (!cost.is_number() && !cost.is_null()) reader.reject("cost_usd", "is neither number nor null");
  SKILLGRAD_CHECK(reader.finish());
  return out;
}

Json ending_to_json(const Error& error) {
  return {{"code", name_of(error.code)},
          {"message", error.message},
          {"where", error.where},
          {"mend", error.mend}};
}

Result<Error> ending_from_json(const Json& value, const std::string& where) {
  StrictReader reader(value, where);
  Error out;
  const std::string code = reader.string("code");
  out.message = reader.string("message");
  out.where = reader.string("where", "");
  out.mend = reader.string("mend", "");
  if (const auto known = named<ErrorCode>(code))
    out.code = *known;
  else
    reader.reject("code", "is not the name of an error, got \"" + code + "\"");
  SKILLGRAD_CHECK(reader.finish());
  return out;
}

/// Each element of an array of objects.
template <class T>
Result<std::vector<T>> all_of(const Json& values, const std::string& where,
                              Result<T> (*read)(const Json&, const std::string&)) {
  std::vector<T> out;
  for (std::size_t i = 0; i < values.size(); ++i) {
    SKILLGRAD_TRY(T one, read(values[i], where + "/" + std::to_string(i)));
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace

Result<StoredFile> stored_from_json(const Json& value, const std::string& where) {
  StrictReader reader(value, where);
  StoredFile out;
  StoredCall& call = out.call;
  const std::string schema = reader.string("schema");
  if (schema != kExchangeSchema)
    reader.reject("schema", "got \"" + schema + "\", expected " + kExchangeSchema);
  reader.string("key", "");
  out.stored_at = reader.integer("stored_at", 0);
  call.stage = reader.string("stage", "");
  call.scope = reader.string("scope", "");
  call.model = reader.string("model", "");
  call.endpoint = reader.string("endpoint", "");
  call.sample_index = static_cast<int>(reader.integer("sample_index", 0));
  call.attempts = static_cast<int>(reader.integer("attempts", 1, 0));
  call.seconds = reader.number("seconds", 0.0, 0);
  const Json request = reader.any("request");
  const Json made = reader.any("made");
  const Json ending = reader.any("ending");
  const Json replies = reader.any("replies", ending.is_null());
  if (!made.is_null() && !made.is_array()) reader.reject("made", "is not an array of attempts");
  if (ending.is_null() ? !replies.is_array() || replies.empty()
                       : !replies.is_null() && !replies.is_array())
    reader.reject("replies", "is not an array of at least one reply");
  SKILLGRAD_CHECK(reader.finish());
  call.request = dump_json(request);
  if (made.is_array()) {
    SKILLGRAD_TRY(call.made, all_of<StoredAttempt>(made, where + "/made", attempt_from_json));
  }
  if (!ending.is_null()) {
    SKILLGRAD_TRY(call.ending, ending_from_json(ending, where + "/ending"));
  }
  SKILLGRAD_TRY(call.replies, all_of<Exchange>(replies, where + "/replies", exchange_from_json));
  return out;
}

Result<Json> stored_to_json(const StoredFile& file, const std::string& key) {
  const StoredCall& call = file.call;
  SKILLGRAD_TRY(const Json request, parse_json(call.request, "request"));
  Json out = {{"schema", kExchangeSchema},   {"key", key},
              {"stored_at", file.stored_at}, {"stage", call.stage},
              {"scope", call.scope},         {"model", call.model},
              {"endpoint", call.endpoint},   {"sample_index", call.sample_index},
              {"attempts", call.attempts},   {"seconds", call.seconds},
              {"request", request}};
  if (call.made) {
    out["made"] = Json::array();
    for (const StoredAttempt& attempt : *call.made) out["made"].push_back(attempt_to_json(attempt));
  }
  if (call.ending) out["ending"] = ending_to_json(*call.ending);
  out["replies"] = Json::array();
  for (const Exchange& exchange : call.replies)
    out["replies"].push_back(exchange_to_json(exchange));
  return out;
}

}  // namespace skillgrad::llm
