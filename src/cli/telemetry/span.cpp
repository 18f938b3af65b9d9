// SPDX-License-Identifier: MIT
#include "cli/telemetry/span.hpp"

#include <skillgrad/core/hashing.hpp>

#include "cli/telemetry/semantic_names.hpp"

namespace skillgrad::cli {
namespace {

constexpr int kInternal = 1, kClient = 3, kError = 2;

Json any_value(const Json& value) {
  if (value.is_boolean()) return {{"boolValue", value}};
  if (value.is_number_integer()) return {{"intValue", value.dump()}};
  if (value.is_number()) return {{"doubleValue", value}};
  return {{"stringValue", value.is_string() ? value : Json(dump_json(value))}};
}

Json attributes_json(const std::vector<std::pair<const char*, Json>>& attributes) {
  Json out = Json::array();
  for (const auto& [key, value] : attributes)
    if (!value.is_null()) out.push_back({{"key", key}, {"value", any_value(value)}});
  return out;
}

std::string nanoseconds(WallTime time) { return std::to_string(time.time_since_epoch().count()); }

Json span_json(const std::string& trace_id, const TraceSpan& span) {
  Json out = {{"traceId", trace_id}, {"spanId", span.id}};
  if (!span.parent.empty()) out["parentSpanId"] = span.parent;
  out["name"] = span.name;
  out["kind"] = span.client ? kClient : kInternal;
  out["startTimeUnixNano"] = nanoseconds(span.begin);
  out["endTimeUnixNano"] = nanoseconds(span.end);
  out["attributes"] = attributes_json(span.attributes);
  if (span.failed) out["status"] = {{"code", kError}};
  return out;
}

}  // namespace

std::string otlp_json(const std::string& trace_id, const std::vector<TraceSpan>& spans,
                      const std::string& version) {
  Json list = Json::array();
  for (const TraceSpan& span : spans) list.push_back(span_json(trace_id, span));
  const Json scope = {{"scope", {{"name", "skillgrad"}, {"version", version}}},
                      {"spans", std::move(list)},
                      {"schemaUrl", otel::kSchemaUrl}};
  const Json resource = {{"attributes", attributes_json({{otel::kServiceName, "skillgrad"},
                                                         {otel::kServiceVersion, version}})}};
  return dump_json({{"resourceSpans", Json::array({{{"resource", resource},
                                                    {"scopeSpans", Json::array({scope})},
                                                    {"schemaUrl", otel::kSchemaUrl}}})}});
}

std::string trace_id_of(const std::string& run) {
  return sha256_hex("skillgrad trace\n" + run).substr(0, 32);
}

std::string span_id_of(const std::string& trace_id, const std::string& what) {
  return sha256_hex(trace_id + "\n" + what).substr(0, 16);
}

}  // namespace skillgrad::cli
