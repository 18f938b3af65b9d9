// SPDX-License-Identifier: MIT
#include <skillgrad/core/json.hpp>

#include "fault/fault_server.hpp"

namespace skillgrad::fault {

namespace {

std::string status_line(int status) {
  return "HTTP/1.1 " + std::to_string(status) + (status < 400 ? " OK" : " Error");
}

bool is_json_object(const Json& value) {
  if (!value.is_string()) return false;
  const auto parsed = parse_json(value.get<std::string>(), "arguments");
  return parsed && parsed->is_object();
}

/// The results right after the calls of one turn; moves `at` past them.
std::string check_results(const Json& messages, const Json& calls, std::size_t& at) {
  for (const Json& call : calls) {
    if (!call.contains("id") || !call.at("id").is_string() || call.at("id") == "") return "no id";
    if (!is_json_object(call.at("function").at("arguments"))) return "arguments are no object";
    if (at >= messages.size() || messages[at].at("role") != "tool") return "a result is missing";
    if (messages[at].at("tool_call_id") != call.at("id")) return "results are out of order";
    const Json& content = messages[at].at("content");
    if (!content.is_string() || content == "") return "a result is empty";
    ++at;
  }
  return {};
}

}  // namespace

Step json_step(int status, std::string body,
               std::vector<std::pair<std::string, std::string>> headers) {
  Step step;
  step.status_line = status_line(status);
  step.headers = std::move(headers);
  step.headers.emplace_back("Content-Type", "application/json");
  step.chunks = {{std::move(body), {}}};
  return step;
}

Step text_step(int status, std::string content_type, std::string body) {
  Step step;
  step.status_line = status_line(status);
  step.headers = {{"Content-Type", std::move(content_type)}};
  step.chunks = {{std::move(body), {}}};
  return step;
}

Step stream_step(std::vector<std::string> pieces, End end) {
  Step step;
  step.headers = {{"Content-Type", "text/event-stream"}};
  step.content_length = false;
  for (std::string& piece : pieces) step.chunks.push_back({std::move(piece), {}});
  step.end = end;
  return step;
}

Step drop_step(End end) { return raw_step({}, end); }

Step raw_step(std::string bytes, End end) {
  Step step;
  step.status_line.clear();
  step.chunks = {{std::move(bytes), {}}};
  step.end = end;
  return step;
}

std::string chat_body(const std::string& content) {
  const Json body = {
      {"id", "chatcmpl-1"},
      {"object", "chat.completion"},
      {"model", "test-model"},
      {"choices", Json::array({{{"index", 0},
                                {"message", {{"role", "assistant"}, {"content", content}}},
                                {"finish_reason", "stop"}}})},
      {"usage", {{"prompt_tokens", 100}, {"completion_tokens", 20}, {"total_tokens", 120}}}};
  return dump_json(body);
}

std::string tool_body(const std::string& tool_calls_json, const std::string& finish_reason) {
  return R"({"id":"chatcmpl-2","model":"test-model","choices":[{"index":0,"message":{"role":)"
         R"("assistant","content":null,"tool_calls":)" +
         tool_calls_json + R"(},"finish_reason":")" + finish_reason +
         R"("}],"usage":{"prompt_tokens":100,"completion_tokens":20,"total_tokens":120}})";
}

std::string history_problem(const std::string& body) {
  const auto parsed = parse_json(body, "request");
  if (!parsed || !parsed->contains("messages")) return "the body is not JSON with messages";
  const Json& messages = parsed->at("messages");
  std::size_t at = 0;
  while (at < messages.size()) {
    const Json& message = messages[at];
    const std::string role = message.at("role").get<std::string>();
    if (role == "system" && at > 0) return "a system message is not the first";
    if (role == "tool") return "a tool result answers no call";
    ++at;
    if (role != "assistant") continue;
    const bool has_text = message.contains("content") && message.at("content").is_string() &&
                          message.at("content") != "";
    const bool has_calls = message.contains("tool_calls") && !message.at("tool_calls").empty();
    if (!has_text && !has_calls) return "an assistant turn is empty";
    if (!has_calls) continue;
    if (!parsed->contains("tools")) return "the history has calls, the request has no tools";
    if (auto problem = check_results(messages, message.at("tool_calls"), at); !problem.empty()) {
      return problem;
    }
  }
  return {};
}

}  // namespace skillgrad::fault
