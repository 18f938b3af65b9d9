// SPDX-License-Identifier: MIT
#include "llm/wire/body.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include <skillgrad/core/hashing.hpp>
#include <skillgrad/core/text.hpp>

#include "llm/wire/field.hpp"
#include "llm/wire/items.hpp"

namespace skillgrad::llm {

namespace {

constexpr std::size_t kMaxCachedToolArrays = 64;
constexpr std::array<std::string_view, 6> kReserved = {"model", "messages",     "tools",
                                                       "input", "instructions", "stream"};
constexpr std::array<std::string_view, 3> kCapKeys = {"max_tokens", "max_completion_tokens",
                                                      "max_output_tokens"};
/// Keys that do not change what the model answers.
constexpr std::array<std::string_view, 5> kNotInKey = {"stream", "stream_options", "user",
                                                       "metadata", "prompt_cache_key"};

using Fields = std::vector<std::pair<std::string, std::string>>;

template <std::size_t N>
bool one_of(const std::string& key, const std::array<std::string_view, N>& keys) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

std::string join_fields(const Fields& fields) {
  std::size_t bytes = 2;
  for (const auto& [key, value] : fields) bytes += key.size() + value.size() + 4;
  std::string out;
  out.reserve(bytes);
  out += '{';
  for (const auto& [key, value] : fields) {
    if (out.size() > 1) out += ',';
    append_json_string(out, key);
    out += ':';
    out += value;
  }
  out += '}';
  return out;
}

bool legal_tool_name(const std::string& name) {
  if (name.empty() || name.size() > 64) return false;
  if (std::isalpha(static_cast<unsigned char>(name.front())) == 0) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
  });
}

/// Strict schemas allow no other keys and require all of theirs (R1.13).
void make_strict(Json& schema) {
  schema["additionalProperties"] = false;
  Json required = Json::array();
  for (const auto& [name, value] : schema["properties"].items()) required.push_back(name);
  schema["required"] = std::move(required);
}

Result<Json> tool_schema(const ToolSpec& tool, bool strict) {
  SKILLGRAD_TRY(Json schema, parse_json(tool.parameters.empty() ? "{}" : tool.parameters,
                                        "parameters of tool " + tool.name));
  if (!schema.is_object()) {
    return fail(ErrorCode::bad_request, "parameters of tool " + tool.name + " are no JSON object",
                {}, "give a schema like {\"type\":\"object\",\"properties\":{}}");
  }
  if (!schema.contains("type")) schema["type"] = "object";
  if (!schema.contains("properties")) schema["properties"] = Json::object();
  if (strict) make_strict(schema);
  return schema;
}

Result<std::string> tool_text(const ToolSpec& tool, const WireStyle& style) {
  if (!legal_tool_name(tool.name)) {
    return fail(ErrorCode::bad_request, "tool name \"" + tool.name + "\" breaks the protocol", {},
                "use a letter, then at most 63 letters, digits, '_' or '-'");
  }
  SKILLGRAD_TRY(const Json schema, tool_schema(tool, style.strict));
  std::string out = style.responses ? R"({"type":"function","name":)"
                                    : R"({"type":"function","function":{"name":)";
  append_json_string(out, tool.name);
  if (!tool.description.empty()) {
    out += ",\"description\":";
    append_json_string(out, tool.description);
  }
  out += ",\"parameters\":" + dump_json(schema);
  // The responses API is strict unless told otherwise.
  if (style.strict) {
    out += ",\"strict\":true";
  } else if (style.responses) {
    out += ",\"strict\":false";
  }
  return out + (style.responses ? "}" : "}}");
}

/// `response_format` in the words of the responses API.
Json text_format(const Json& format) {
  Json out = {{"type", text_of(member(&format, "type"))}};
  if (const Json* schema = member(&format, "json_schema"); schema != nullptr) {
    for (const auto& [key, value] : schema->items()) out[key] = value;
  }
  return {{"format", std::move(out)}};
}

/// What the user asked for in the words of the chat API, in those of the responses API.
Fields responses_fields(const Json& extra) {
  Json out = extra;
  if (out.contains("reasoning_effort")) {
    if (!out.contains("reasoning") || !out["reasoning"].is_object()) out["reasoning"] = Json();
    out["reasoning"]["effort"] = out["reasoning_effort"];
    out.erase("reasoning_effort");
  }
  if (out.contains("response_format")) {
    if (!out.contains("text")) out["text"] = text_format(out["response_format"]);
    out.erase("response_format");
  }
  Fields fields;
  for (const auto& [key, value] : out.items()) {
    // Sorted keys: the same options give the same bytes however they were written.
    fields.emplace_back(key, canonical_json(value));
  }
  return fields;
}

/// Collects the fields of a body; one that the endpoint refuses is left out, a later one replaces
/// an earlier one of its name.
class FieldList {
 public:
  FieldList(Body& body, const WireStyle& style) : body_(body), style_(style) {}
  void add(const std::string& key, std::string value) {
    if (style_.dropped.contains(key)) return;
    for (auto& [name, old] : body_.fields) {
      if (name == key) {
        old = std::move(value);
        return;
      }
    }
    body_.fields.emplace_back(key, std::move(value));
  }
  void add_text(const std::string& key, std::string_view text) {
    std::string value;
    append_json_string(value, text);
    add(key, std::move(value));
  }

 private:
  Body& body_;
  const WireStyle& style_;
};

/// The effort as the API in use wants it, together with what else stands beside it.
void add_effort(FieldList& list, Body& body, const WireStyle& style, const std::string& asked) {
  body.effort = style.reasoning_effort.empty() ? asked : style.reasoning_effort;
  if (style.dropped.contains("reasoning_effort")) body.effort.clear();
  if (!style.responses) {
    if (!body.effort.empty()) list.add_text("reasoning_effort", body.effort);
    return;
  }
  const std::string* beside = body.find("reasoning");
  if (beside == nullptr && body.effort.empty()) return;
  auto reasoning = parse_json(beside != nullptr ? *beside : "{}", "reasoning");
  Json value = reasoning && reasoning->is_object() ? std::move(*reasoning) : Json::object();
  value.erase("effort");
  if (!body.effort.empty()) value["effort"] = body.effort;
  list.add("reasoning", canonical_json(value));
}

/// 31 bits: some servers read the seed into a 32-bit integer with a sign. One for all turns of a
/// rollout, another for each rollout.
std::string seed_of(const ChatRequest& request, std::uint64_t run_seed) {
  const std::string hex = PartHasher()
                              .add(std::to_string(run_seed))
                              .add(request.record_scope.value_or(request.scope))
                              .add(std::to_string(request.sample_index))
                              .finish();
  std::uint32_t bits = 0;
  std::from_chars(hex.data(), hex.data() + 8, bits, 16);
  return std::to_string(bits >> 1U);
}

const char* cap_key(const WireStyle& style) {
  if (style.responses) return "max_output_tokens";
  return style.completion_cap ? "max_completion_tokens" : "max_tokens";
}

}  // namespace

const std::string* Body::find(const std::string& key) const {
  for (const auto& [name, value] : fields) {
    if (name == key) return &value;
  }
  return nullptr;
}

bool Body::has(const std::string& key) const { return find(key) != nullptr; }

std::string Body::text() const { return join_fields(fields); }

std::string Body::canonical() const {
  std::vector<std::pair<std::string, std::string>> kept;
  for (const auto& field : fields) {
    if (!one_of(field.first, kNotInKey)) kept.push_back(field);
  }
  std::sort(kept.begin(), kept.end());
  return join_fields(kept);
}

Result<std::unique_ptr<BodyBuilder>> BodyBuilder::create(BodyOptions options) {
  std::unique_ptr<BodyBuilder> builder(new BodyBuilder(std::move(options)));
  const std::string& extra = builder->options_.extra_body;
  if (trim(extra).empty()) return builder;
  auto parsed = parse_json(extra, "extra_body", true);
  if (!parsed || !parsed->is_object()) {
    return fail(ErrorCode::config,
                "extra_body is not a JSON object" + (parsed ? "" : ": " + parsed.error().message),
                "extra_body", R"(write it like {"seed":7})");
  }
  for (const auto& [key, value] : parsed->items()) {
    if (one_of(key, kReserved)) {
      return fail(ErrorCode::config, "extra_body may not set \"" + key + "\"", "extra_body",
                  key == "stream" ? "use the stream option" : "take it out of extra_body");
    }
    if (key == "n" && integer_of(&value).value_or(1) > 1) {
      return fail(ErrorCode::config, "extra_body asks for several answers with \"n\"", "extra_body",
                  "only the first would be read, and all are paid: take it out");
    }
    if (one_of(key, kCapKeys)) builder->extra_cap_ = integer_of(&value).value_or(0);
    // Sorted keys: the same options give the same bytes however they were written.
    builder->extra_.emplace_back(key, canonical_json(value));
  }
  builder->responses_extra_ = responses_fields(*parsed);
  const Json* nested = member(member(&*parsed, "reasoning"), "effort");
  builder->effort_ = text_of(member(&*parsed, "reasoning_effort"));
  if (builder->effort_.empty()) builder->nested_effort_ = text_of(nested);
  return builder;
}

bool BodyBuilder::sets(const std::string& key) const {
  return std::any_of(extra_.begin(), extra_.end(),
                     [&](const auto& field) { return field.first == key; });
}

Result<std::shared_ptr<const std::string>> BodyBuilder::tools_text(
    const std::vector<ToolSpec>& tools, const WireStyle& style) const {
  std::string key = {style.responses ? 'r' : 'c', style.strict ? 's' : '-'};
  for (const ToolSpec& tool : tools) {
    for (const std::string* part : {&tool.name, &tool.description, &tool.parameters}) {
      key += *part;
      key += '\0';
    }
  }
  {
    const std::scoped_lock lock(mutex_);
    if (const auto found = tools_.find(key); found != tools_.end()) return found->second;
  }
  std::string text = "[";
  for (const ToolSpec& tool : tools) {
    SKILLGRAD_TRY(const std::string one, tool_text(tool, style));
    if (text.size() > 1) text += ',';
    text += one;
  }
  text += ']';
  auto shared = std::make_shared<const std::string>(std::move(text));
  const std::scoped_lock lock(mutex_);
  if (tools_.size() >= kMaxCachedToolArrays) tools_.clear();
  tools_[key] = shared;
  return shared;
}

Result<Body> BodyBuilder::build(const ChatRequest& request, const WireStyle& style,
                                std::int64_t cap) const {
  Body body;
  FieldList list(body, style);
  list.add_text("model", options_.model);
  if (style.responses) {
    ResponsesInput input = write_items(request.messages, style, options_.source);
    if (!input.instructions.empty()) list.add_text("instructions", input.instructions);
    body.facts.system = !input.instructions.empty();
    list.add("input", std::move(input.items));
  } else {
    list.add("messages", write_messages(request.messages, style, options_.source, body.facts));
  }
  if (!request.tools.empty()) {
    SKILLGRAD_TRY(const auto tools, tools_text(request.tools, style));
    list.add("tools", *tools);
  }
  body.output_cap = extra_cap_ > 0 ? std::min(extra_cap_, cap) : cap;
  if (body.output_cap > 0) list.add(cap_key(style), std::to_string(body.output_cap));
  if (options_.temperature) list.add("temperature", format_double(*options_.temperature));
  if (options_.request_seed) list.add("seed", seed_of(request, *options_.request_seed));
  if (style.responses) {
    // Nothing is kept at the provider; reasoning comes back encrypted and is sent along instead.
    list.add("store", "false");
    list.add("include", R"(["reasoning.encrypted_content"])");
  }
  for (const auto& [key, value] : style.responses ? responses_extra_ : extra_) {
    if (one_of(key, kCapKeys) || key == "reasoning_effort") continue;
    if (key == "tool_choice" && request.tools.empty()) continue;
    if (key == "stream_options" && !style.stream) continue;  // refused without stream (R1.16)
    list.add(key, value);
  }
  add_effort(list, body, style, style.responses && effort_.empty() ? nested_effort_ : effort_);
  if (style.stream) {
    list.add("stream", "true");
    if (style.stream_options && !style.responses) {
      list.add("stream_options", R"({"include_usage":true})");
    }
  }
  return body;
}

}  // namespace skillgrad::llm
