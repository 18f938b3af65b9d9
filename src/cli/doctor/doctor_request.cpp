// SPDX-License-Identifier: MIT
#include "cli/doctor/doctor_request.hpp"

#include <skillgrad/core/text.hpp>

namespace skillgrad::cli {

llm::ChatRequest tool_request(int output_cap) {
  llm::ChatRequest request;
  request.stage = "doctor";
  request.scope = "doctor";
  request.messages = {
      {llm::Role::system, "You test tool calling.", {}, {}, {}},
      {llm::Role::user, "Call the tool `activate_skill` with skill \"probe\".", {}, {}, {}}};
  request.tools = {
      {"activate_skill", "Activates a skill by its name.",
       R"({"type":"object","properties":{"skill":{"type":"string"}},"required":["skill"]})"}};
  request.max_output_tokens = output_cap;
  return request;
}

std::string form_of(const llm::EndpointFacts& facts) {
  std::vector<std::string> parts = {facts.api + (facts.may_switch_api ? " (or the other API where "
                                                                        "this one refuses)"
                                                                      : "")};
  parts.push_back("cap " + facts.cap_field);
  parts.push_back(!facts.stream          ? "not streamed"
                  : facts.stream_options ? "streamed with usage"
                                         : "streamed");
  parts.push_back(facts.auth.empty()        ? "no key"
                  : facts.auth == "api-key" ? "key in api-key"
                                            : "key in " + facts.auth);
  parts.push_back(facts.empty_content ? "content \"\" on turns with calls"
                                      : "content null on turns with calls");
  parts.push_back(facts.mirror_reasoning ? "reasoning goes back" : "reasoning does not go back");
  if (facts.fold_system) parts.emplace_back("system text in the first user message");
  if (facts.strict_tools) parts.emplace_back("strict tool schemas");
  return join(parts, ", ");
}

Json to_json(const llm::EndpointFacts& facts) {
  return {{"url", facts.url},
          {"headers", facts.headers},
          {"api", facts.api},
          {"may_switch_api", facts.may_switch_api},
          {"cap_field", facts.cap_field},
          {"auth", facts.auth},
          {"stream", facts.stream},
          {"stream_options", facts.stream_options},
          {"content_of_tool_turns", facts.empty_content ? Json("") : Json()},
          {"fold_system", facts.fold_system},
          {"strict_tools", facts.strict_tools},
          {"mirror_reasoning", facts.mirror_reasoning}};
}

}  // namespace skillgrad::cli
