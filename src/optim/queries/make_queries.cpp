// SPDX-License-Identifier: MIT
#include <set>
#include <utility>

#include <fmt/format.h>

#include <skillgrad/agent/tool_loop.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/make_queries.hpp>

#include "optim/stages/dialog.hpp"

namespace skillgrad::optim {
namespace {

constexpr std::size_t kQueryBytes = 2'000;
constexpr int kQueryTurns = 6;
constexpr const char* kSubmit = "submit_queries";

llm::ToolSpec queries_tool() {
  return {
      kSubmit, "Hands in the requests and ends the work.",
      R"({"type":"object","properties":{"queries":{"type":"array","items":{"type":"object","properties":{"query":{"type":"string","description":"The request, as a user writes it"},"should_trigger":{"type":"boolean","description":"Whether the skill ought to be loaded for it"}},"required":["query","should_trigger"]}}},"required":["queries"]})"};
}

std::string queries_facts(const QueriesInput& input) {
  return agent::tagged("skill", input.skill->skill_md()) +
         agent::tagged("catalogue", input.catalogue.empty() ? "none" : input.catalogue) +
         agent::tagged("count", std::to_string(input.count));
}

tl::unexpected<Error> refused_queries(const std::string& what, const std::string& mend) {
  return fail(ErrorCode::input, what, kSubmit, mend);
}

Result<bench::TriggerQuery> query_from(const Json& item, const QueriesInput& input) {
  StrictReader reader(item, kSubmit);
  bench::TriggerQuery out;
  out.query = trim(reader.string("query"));
  out.should_trigger = reader.boolean("should_trigger");
  SKILLGRAD_CHECK(reader.finish(true));
  if (out.query.empty()) return refused_queries("a request is empty", "write what a user asks for");
  if (out.query.size() > kQueryBytes)
    return refused_queries(fmt::format("a request has {} bytes, at most {} are allowed",
                                       out.query.size(), kQueryBytes),
                           "shorten it");
  const std::string name = to_lower_ascii(input.skill->name());
  if (to_lower_ascii(out.query).find(name) != std::string::npos)
    return refused_queries("the request \"" + truncate_middle(out.query, 80) +
                               "\" names the skill, which leaves nothing to choose",
                           "say it without the name");
  return out;
}

Result<std::vector<bench::TriggerQuery>> queries_from(const Json& object,
                                                      const QueriesInput& input) {
  const auto list = object.is_object() ? object.find("queries") : object.end();
  if (!object.is_object() || list == object.end() || !list->is_array())
    return refused_queries("there is no list \"queries\"",
                           R"(hand in {"queries":[{"query":"...","should_trigger":true}]})");
  if (list->size() != input.count)
    return refused_queries(fmt::format("got {} requests, expected {}", list->size(), input.count),
                           "write as many as <count> says");
  std::vector<bench::TriggerQuery> out;
  std::set<std::string> texts;
  std::size_t should = 0;
  for (const Json& item : *list) {
    SKILLGRAD_TRY(auto query, query_from(item, input));
    if (!texts.insert(query.query).second)
      return refused_queries("\"" + truncate_middle(query.query, 80) + "\" stands twice",
                             "write another one");
    should += query.should_trigger ? 1U : 0U;
    query.id = fmt::format("query-{:02}", out.size() + 1);
    out.push_back(std::move(query));
  }
  if (should != input.count / 2 && should != input.count - input.count / 2)
    return refused_queries(
        fmt::format("{} of {} requests should load the skill, expected half of them", should,
                    input.count),
        "write as many of one kind as of the other");
  return out;
}

}  // namespace

Result<MadeQueries> make_queries(llm::ChatModel& model, const std::string& prompt,
                                 const QueriesInput& input, const StageContext& context) {
  MadeQueries out;
  DialogSetup setup;
  setup.stage = "patcher";
  setup.scope = context.scope;
  setup.system = prompt;
  setup.user = queries_facts(input);
  setup.hand_in = queries_tool();
  setup.turns = kQueryTurns;
  setup.accept = [&](const Json& object, Tries) -> Result<> {
    SKILLGRAD_TRY(out.items, queries_from(object, input));
    return {};
  };
  Dialog dialog(model, std::move(setup), context);
  SKILLGRAD_CHECK(dialog.run());
  out.refused = dialog.refused();
  return out;
}

}  // namespace skillgrad::optim
