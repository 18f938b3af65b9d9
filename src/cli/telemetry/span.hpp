// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <skillgrad/core/clock.hpp>
#include <skillgrad/core/json.hpp>

namespace skillgrad::cli {

/// A span of OpenTelemetry that has ended.
struct TraceSpan {
  std::string id, parent;  ///< 16 hexadecimal digits; no parent: ""
  std::string name;
  bool client = false;  ///< it waited for another program
  WallTime begin{}, end{};
  std::vector<std::pair<const char*, Json>> attributes;  ///< texts, numbers, booleans
  bool failed = false;
};

/// ExportTraceServiceRequest as JSON (OTLP 1.3): ids in hexadecimal digits, 64-bit numbers as
/// texts.
[[nodiscard]] std::string otlp_json(const std::string& trace_id,
                                    const std::vector<TraceSpan>& spans,
                                    const std::string& version);
/// Ids that depend on nothing but what they are of; the first is a trace's.
[[nodiscard]] std::string trace_id_of(const std::string& run);
[[nodiscard]] std::string span_id_of(const std::string& trace_id, const std::string& what);

}  // namespace skillgrad::cli
