// SPDX-License-Identifier: MIT
#include "agent/transcripts/transcript.hpp"

#include <algorithm>
#include <array>

#include <skillgrad/core/text.hpp>

namespace skillgrad::agent {
namespace {

using Kind = TraceEvent::Kind;

struct Sign {
  std::string_view words;
  ErrorCode code;
};
/// The first that stands in a message says what it is.
constexpr std::array<Sign, 21> kSigns = {{{"rate limit", ErrorCode::rate_limit},
                                          {"rate_limit", ErrorCode::rate_limit},
                                          {"too many requests", ErrorCode::rate_limit},
                                          {"usage limit", ErrorCode::rate_limit},
                                          {"resource_exhausted", ErrorCode::rate_limit},
                                          {"quota", ErrorCode::quota},
                                          {"credit balance", ErrorCode::quota},
                                          {"billing", ErrorCode::quota},
                                          {"not logged in", ErrorCode::auth},
                                          {"/login", ErrorCode::auth},
                                          {"log in", ErrorCode::auth},
                                          {"unauthorized", ErrorCode::auth},
                                          {"api key", ErrorCode::auth},
                                          {"authentication", ErrorCode::auth},
                                          {"context window", ErrorCode::context_overflow},
                                          {"prompt is too long", ErrorCode::context_overflow},
                                          {"overloaded", ErrorCode::transient},
                                          {"timed out", ErrorCode::transient},
                                          {"stream disconnected", ErrorCode::transient},
                                          {"connection", ErrorCode::transient},
                                          {"does not exist", ErrorCode::model_not_found}}};

std::optional<ErrorCode> by_status(int status) {
  if (status == 401 || status == 403) return ErrorCode::auth;
  if (status == 402) return ErrorCode::quota;
  if (status == 404) return ErrorCode::model_not_found;
  if (status == 429) return ErrorCode::rate_limit;
  if (status == 408 || status >= 500) return ErrorCode::transient;
  if (status >= 400) return ErrorCode::bad_request;
  return std::nullopt;
}

/// A status that a message names in words: "unexpected status 429", "API Error: 529 {...}".
std::optional<int> status_in(const std::string& lower) {
  for (const std::string_view mark :
       {"status ", "status code ", "error: ", "error code: ", "http "}) {
    const std::size_t at = lower.find(mark);
    if (at == std::string::npos || at + mark.size() + 3 > lower.size()) continue;
    const std::string digits = lower.substr(at + mark.size(), 3);
    if (digits.find_first_not_of("0123456789") == std::string::npos &&
        (digits[0] == '4' || digits[0] == '5'))
      return std::stoi(digits);
  }
  return std::nullopt;
}

/// How many, where the first stood, and which.
struct Odd {
  std::size_t count = 0, first_line = 0;
  std::string first;
  void meet(std::size_t line, const std::string& what) {
    if (count++ > 0) return;
    first_line = line;
    first = what;
  }
};

void add_note(Transcript& out, const Odd& odd, const std::string& what) {
  if (odd.count == 0) return;
  out.notes.push_back("transcript: " + std::to_string(odd.count) + " " + what +
                      ", the first in line " + std::to_string(odd.first_line) + ": " + odd.first);
}

std::unique_ptr<TranscriptReader> reader_of(TranscriptFormat format, Transcript& out) {
  switch (format) {
    case TranscriptFormat::claude_stream_json:
      return read_claude_events(out);
    case TranscriptFormat::codex_json:
      return read_codex_events(out);
    case TranscriptFormat::opencode_json:
      return read_opencode_events(out);
    case TranscriptFormat::gemini_stream_json:
      return read_gemini_events(out);
    case TranscriptFormat::text:
      break;
  }
  return nullptr;
}

Transcript read_text(std::string_view text) {
  Transcript out;
  out.final_message = sanitize_utf8(trim(text));
  out.complete = true;
  if (out.final_message.empty()) return out;
  out.events = 1;
  TraceEvent event;
  event.turn = 1;
  event.role = "assistant";
  event.text = out.final_message;
  out.trajectory.events.push_back(std::move(event));
  return out;
}

}  // namespace

Error agent_fault(std::optional<int> status, const std::string& message) {
  const std::string lower = to_lower_ascii(message);
  if (!status) status = status_in(lower);
  Error out;
  out.code = ErrorCode::infra;
  const auto sign = std::find_if(kSigns.begin(), kSigns.end(), [&](const Sign& one) {
    return lower.find(one.words) != std::string::npos;
  });
  if (sign != kSigns.end()) out.code = sign->code;
  if (const auto known = status ? by_status(*status) : std::nullopt;
      known && out.code != ErrorCode::context_overflow)
    out.code = *known;
  out.message = "the agent could not work: " +
                truncate_middle(strip_control(trim(sanitize_utf8(message))), 500);
  if (status) out.message += " (status " + std::to_string(*status) + ")";
  if (out.code == ErrorCode::auth)
    out.mend = "give it a key that its endpoint takes: --api-key-env NAME";
  return out;
}

void TranscriptReader::add(TraceEvent event) {
  event.turn = std::max(1, out_.turns);
  event.text = sanitize_utf8(event.text);
  out_.trajectory.events.push_back(std::move(event));
}

void TranscriptReader::say(const std::string& role, const std::string& text) {
  if (trim(text).empty()) return;
  TraceEvent event;
  event.role = role;
  event.text = text;
  add(std::move(event));
  if (role == "assistant") out_.final_message = sanitize_utf8(text);
}

void TranscriptReader::think(const std::string& text) {
  if (trim(text).empty()) return;
  TraceEvent event;
  event.kind = Kind::reasoning;
  event.text = text;
  add(std::move(event));
}

void TranscriptReader::call(const std::string& id, const std::string& name, const Json& arguments) {
  TraceEvent event;
  event.kind = Kind::tool_call;
  event.call_id = id;
  event.name = name;
  event.text = dump_json(arguments);
  add(std::move(event));
}

void TranscriptReader::result(const std::string& id, const std::string& name,
                              const std::string& text, bool failed) {
  TraceEvent event;
  event.kind = Kind::tool_output;
  event.call_id = id;
  event.name = name;
  event.text = text;
  event.is_error = failed;
  add(std::move(event));
}

void TranscriptReader::fault(std::optional<int> status, const std::string& message) {
  out_.fault = agent_fault(status, message.empty() ? "it gave no reason" : message);
}

Transcript read_transcript(TranscriptFormat format, std::string_view text) {
  if (format == TranscriptFormat::text) return read_text(text);
  Transcript out;
  const auto reader = reader_of(format, out);
  Odd broken, unknown;
  std::size_t number = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = trim(text.substr(at, end - at));
    at = end + 1;
    ++number;
    if (line.empty()) continue;
    const auto event =
        parse_tolerant_json(line, "line " + std::to_string(number), DeepValues::make_null);
    if (!event || !event->is_object()) {
      broken.meet(number, truncate_middle(strip_control(sanitize_utf8(line)), 80));
      continue;
    }
    ++out.events;
    if (!reader->event(*event))
      unknown.meet(number,
                   "\"" + truncate_middle(strip_control(text_in(*event, "type")), 60) + "\"");
  }
  reader->finish();
  add_note(out, broken,
           broken.count == 1 ? "line that is no JSON object" : "lines that are no JSON objects");
  add_note(out, unknown,
           unknown.count == 1 ? "event of a type that is not known"
                              : "events of types that are not known");
  return out;
}

std::string text_in(const Json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

const Json& object_in(const Json& object, const char* key) {
  static const Json none = Json::object();
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() && found->is_object() ? *found : none;
}

std::int64_t count_in(const Json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  if (found == object.end() || !found->is_number()) return 0;
  const double value = found->get<double>();
  // Sums of as many as an output can hold stay far from the end of the type.
  return value > 0 && value < 1e12 ? static_cast<std::int64_t>(value) : 0;
}

std::optional<int> http_status_in(const Json& object, const char* key) {
  const auto status = count_in(object, key);
  return status >= 100 && status < 600 ? std::optional(static_cast<int>(status)) : std::nullopt;
}

std::optional<double> cost_in(const Json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  if (found == object.end() || !found->is_number()) return std::nullopt;
  const double value = found->get<double>();
  return value >= 0 && value < 1e9 ? std::optional(value) : std::nullopt;
}

std::string shown_content(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_null()) return {};
  if (!value.is_array()) return dump_json(value);
  std::string out;
  for (const Json& part : value) {
    const std::string text = text_in(part, "text");
    if (!out.empty()) out += "\n";
    out += text.empty() ? dump_json(part) : text;
  }
  return out;
}

}  // namespace skillgrad::agent
