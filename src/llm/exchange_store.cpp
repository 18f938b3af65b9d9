// SPDX-License-Identifier: MIT
#include <skillgrad/core/files.hpp>
#include <skillgrad/core/json.hpp>
#include <skillgrad/core/publish.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/llm/exchange_store.hpp>

#include "llm/json_difference.hpp"
#include "llm/record.hpp"

namespace skillgrad::llm {

namespace {

constexpr const char* kSchema = "skillgrad.exchange/1";

std::int64_t seconds_of(WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

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

struct StoredFile {
  StoredCall call;
  std::int64_t stored_at = 0;
};

Result<StoredFile> file_from_json(const Json& value, const std::string& where) {
  StrictReader reader(value, where);
  StoredFile out;
  const std::string schema = reader.string("schema");
  if (schema != kSchema) reader.reject("schema", "got \"" + schema + "\", expected " + kSchema);
  reader.string("key", "");
  out.stored_at = reader.integer("stored_at", 0);
  out.call.stage = reader.string("stage", "");
  out.call.scope = reader.string("scope", "");
  out.call.model = reader.string("model", "");
  out.call.sample_index = static_cast<int>(reader.integer("sample_index", 0));
  out.call.attempts = static_cast<int>(reader.integer("attempts", 1, 1));
  out.call.seconds = reader.number("seconds", 0.0, 0);
  const Json request = reader.any("request");
  const Json replies = reader.any("replies", true);
  if (!replies.is_array() || replies.empty())
    reader.reject("replies", "is not an array of at least one reply");
  SKILLGRAD_CHECK(reader.finish());
  out.call.request = dump_json(request);
  for (std::size_t i = 0; i < replies.size(); ++i) {
    SKILLGRAD_TRY(Exchange one,
                  exchange_from_json(replies[i], where + "/replies/" + std::to_string(i)));
    out.call.replies.push_back(std::move(one));
  }
  return out;
}

}  // namespace

Result<std::unique_ptr<ExchangeStore>> ExchangeStore::open(ExchangeStoreOptions options,
                                                           const Clock& clock,
                                                           const Redactor* redactor) {
  std::error_code error;
  const bool there = std::filesystem::is_directory(options.dir, error);
  if (options.use == StoreUse::replay && !there) {
    return fail(ErrorCode::input, "there is no folder of recorded calls to replay",
                options.dir.string(), "record one first: the same command with --record DIR");
  }
  if (!there) SKILLGRAD_CHECK(make_directories(options.dir));
  return std::unique_ptr<ExchangeStore>(new ExchangeStore(std::move(options), clock, redactor));
}

std::filesystem::path ExchangeStore::path_of(const std::string& key) const {
  return options_.dir / key.substr(0, 2) / (key.substr(2) + ".json");
}

Result<std::optional<StoredCall>> ExchangeStore::find(const std::string& key) const {
  if (!reads() || options_.refresh) return std::optional<StoredCall>{};
  const auto path = path_of(key);
  std::error_code missing;
  if (!std::filesystem::exists(path, missing)) return std::optional<StoredCall>{};
  SKILLGRAD_TRY(const Json value, read_json(path));
  SKILLGRAD_TRY(StoredFile file, file_from_json(value, path.string()));
  const auto age = seconds_of(clock_.wall_now()) - file.stored_at;
  if (options_.time_to_live.count() > 0 && age > options_.time_to_live.count())
    return std::optional<StoredCall>{};
  return std::optional<StoredCall>(std::move(file.call));
}

Result<> ExchangeStore::put(const std::string& key, const StoredCall& call) const {
  Json replies = Json::array();
  for (const Exchange& exchange : call.replies) replies.push_back(exchange_to_json(exchange));
  SKILLGRAD_TRY(const Json request, parse_json(call.request, "request"));
  const Json value = {{"schema", kSchema},
                      {"key", key},
                      {"stored_at", seconds_of(clock_.wall_now())},
                      {"stage", call.stage},
                      {"scope", call.scope},
                      {"model", call.model},
                      {"sample_index", call.sample_index},
                      {"attempts", call.attempts},
                      {"seconds", call.seconds},
                      {"request", request},
                      {"replies", std::move(replies)}};
  return publish_file(path_of(key), redact_json(dump_json(value), redactor_) + "\n");
}

std::string ExchangeStore::nearest(const StoredCall& asked) const {
  const auto wanted = parse_json(redact_json(asked.request, redactor_), "request");
  const auto files = list_files(options_.dir);
  if (!wanted || !files) return {};
  std::string best;
  std::size_t best_equal = 0;
  for (const std::string& name : *files) {
    if (!name.ends_with(".json")) continue;
    const auto value = read_json(options_.dir / name);
    if (!value) continue;
    const auto file = file_from_json(*value, name);
    if (!file || file->call.stage != asked.stage) continue;
    const auto recorded = parse_json(file->call.request, name);
    if (!recorded) continue;
    const auto difference = first_difference(*recorded, *wanted);
    // An equal body under another key: only what stands beside it can differ.
    const std::size_t equal = difference ? difference->equal_before : SIZE_MAX;
    const std::size_t rank =
        file->call.scope == asked.scope && equal < SIZE_MAX ? equal * 2 : equal;
    if (!best.empty() && rank <= best_equal) continue;
    best_equal = rank;
    best = "the nearest recorded call is " + name + " (" + file->call.scope + ")";
    if (difference) {
      best += "; first difference at " + (difference->path.empty() ? "/" : difference->path) +
              ": recorded \"" + difference->expected + "\", asked \"" + difference->got + "\"";
    } else {
      best += "; its body is equal, so scope, sample, model or endpoint differ: recorded " +
              file->call.scope + "#" + std::to_string(file->call.sample_index) + " of " +
              file->call.model + ", asked " + asked.scope + "#" +
              std::to_string(asked.sample_index) + " of " + asked.model;
    }
  }
  return best.empty() ? "no call of the stage " + asked.stage + " is recorded" : best;
}

}  // namespace skillgrad::llm
