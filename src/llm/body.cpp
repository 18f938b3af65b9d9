// SPDX-License-Identifier: MIT
#include "llm/body.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include <skillgrad/core/text.hpp>

#include "llm/field.hpp"

namespace skillgrad::llm {

namespace {

constexpr std::size_t kMaxCachedToolArrays = 64;
constexpr std::array<std::string_view, 4> kReserved = {"model", "messages", "tools", "stream"};
constexpr std::array<std::string_view, 2> kCapKeys = {"max_tokens", "max_completion_tokens"};
/// Keys that do not change what the model answers.
constexpr std::array<std::string_view, 5> kNotInKey = {"stream", "stream_options", "user",
                                                       "metadata", "prompt_cache_key"};

template <std::size_t N>
bool one_of(const std::string& key, const std::array<std::string_view, N>& keys) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

std::string join_fields(const std::vector<std::pair<std::string, std::string>>& fields) {
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

Result<std::string> tool_text(const ToolSpec& tool) {
  if (!legal_tool_name(tool.name)) {
    return fail(ErrorCode::bad_request, "tool name \"" + tool.name + "\" breaks the protocol", {},
                "use a letter, then at most 63 letters, digits, '_' or '-'");
  }
  auto schema = parse_json(tool.parameters.empty() ? "{}" : tool.parameters,
                           "parameters of tool " + tool.name);
  if (!schema) return tl::unexpected(schema.error());
  if (!schema->is_object()) {
    return fail(ErrorCode::bad_request, "parameters of tool " + tool.name + " are no JSON object",
                {}, "give a schema like {\"type\":\"object\",\"properties\":{}}");
  }
  if (!schema->contains("type")) (*schema)["type"] = "object";
  if (!schema->contains("properties")) (*schema)["properties"] = Json::object();
  std::string out = R"({"type":"function","function":{"name":)";
  append_json_string(out, tool.name);
  if (!tool.description.empty()) {
    out += ",\"description\":";
    append_json_string(out, tool.description);
  }
  out += ",\"parameters\":" + dump_json(*schema) + "}}";
  return out;
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
    if (one_of(key, kCapKeys)) builder->extra_cap_ = integer_of(&value).value_or(0);
    // Sorted keys: the same options give the same bytes however they were written.
    builder->extra_.emplace_back(key, canonical_json(value));
  }
  return builder;
}

Result<std::shared_ptr<const std::string>> BodyBuilder::tools_text(
    const std::vector<ToolSpec>& tools) const {
  std::string key;
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
    SKILLGRAD_TRY(const std::string one, tool_text(tool));
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
  const auto add = [&](const std::string& key, std::string value) {
    if (style.dropped.contains(key)) return;
    for (auto& [name, old] : body.fields) {
      if (name == key) {
        old = std::move(value);
        return;
      }
    }
    body.fields.emplace_back(key, std::move(value));
  };
  std::string model;
  append_json_string(model, options_.model);
  add("model", std::move(model));
  add("messages", write_messages(request.messages, style, options_.source, body.has_null_content));
  if (!request.tools.empty()) {
    SKILLGRAD_TRY(const auto tools, tools_text(request.tools));
    add("tools", *tools);
  }
  const char* cap_key = style.completion_cap ? "max_completion_tokens" : "max_tokens";
  body.output_cap = extra_cap_ > 0 ? std::min(extra_cap_, cap) : cap;
  if (body.output_cap > 0) add(cap_key, std::to_string(body.output_cap));
  if (options_.temperature) add("temperature", format_double(*options_.temperature));
  for (const auto& [key, value] : extra_) {
    if (one_of(key, kCapKeys)) continue;
    if (key == "tool_choice" && request.tools.empty()) continue;
    add(key, value);
  }
  if (!style.reasoning_effort.empty()) {
    add("reasoning_effort", "\"" + style.reasoning_effort + "\"");
  }
  if (style.stream) {
    add("stream", "true");
    if (style.stream_options) add("stream_options", R"({"include_usage":true})");
  }
  return body;
}

}  // namespace skillgrad::llm
