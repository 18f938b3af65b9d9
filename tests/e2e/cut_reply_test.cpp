// SPDX-License-Identifier: MIT
// Replies that were cut or hold too much, met by whole runs.
#include <atomic>

#include <httplib.h>

#include "e2e/support.hpp"
#include "fault/fault_server.hpp"

namespace skillgrad::e2e {
namespace {

/// The simulated endpoint, whose replies a test may change on their way.
class Between {
 public:
  using Change = std::function<void(const Json& request, Json& reply)>;
  Between(const Scratch& scratch, const Mini& mini, Change change)
      : endpoint_(scratch, mini.scenario()), change_(std::move(change)) {
    server_.handler([this](const fault::Hit& hit, std::size_t) { return forward(hit); });
  }
  [[nodiscard]] std::string url() const { return server_.base_url(); }
  [[nodiscard]] std::vector<fault::Hit> hits() const { return server_.hits(); }

 private:
  fault::Step forward(const fault::Hit& hit) const {
    httplib::Client client(endpoint_.url().substr(0, endpoint_.url().rfind("/v1")));
    const auto reply = hit.method == "GET" ? client.Get(hit.target)
                                           : client.Post(hit.target, hit.body, "application/json");
    if (!reply) return fault::json_step(502, "{}");
    auto request = parse_json(hit.body, "request");
    auto body = parse_json(reply->body, "reply");
    if (!request || !body || reply->status != 200)
      return fault::json_step(reply->status, reply->body);
    change_(*request, *body);
    return fault::json_step(200, dump_json(*body));
  }

  Endpoint endpoint_;
  Change change_;
  fault::Server server_;
};

bool offers(const Json& request, const std::string& tool) {
  for (const auto& item : request.value("tools", Json::array()))
    if (item["function"]["name"] == tool) return true;
  return false;
}

Words optimize(const Mini& mini, const Between& between, const Words& more = {}) {
  return join_words({"optimize", mini.skill(), "--model", "sim:mini", "--base-url", between.url(),
                     "--run", "r", "--batch", "3", "--max-iters", "2", "--json"},
                    more);
}

TEST(CutReply, OfThePatcherLeavesTheSkillUntouched) {
  const Scratch scratch;
  const Mini mini(scratch);
  const auto before = tree(mini.skill());
  std::atomic<int> cut = 0;
  const Between between(scratch, mini, [&](const Json& request, Json& reply) {
    if (!offers(request, "replace_section")) return;
    ++cut;
    reply["choices"][0]["finish_reason"] = "length";
  });
  const auto outcome = run(scratch, optimize(mini, between));
  EXPECT_GT(cut.load(), 0) << outcome;
  EXPECT_EQ(tree(mini.skill()), before);
  const auto best = tree(scratch.path() / "r/best");
  for (const auto& [name, text] : best) EXPECT_EQ(text, before.at(name)) << name;
  EXPECT_EQ(best.at("SKILL.md"), before.at("SKILL.md"));
}

TEST(CutReply, FortyCallsOfOneTurnAreAllAnsweredAndTheHistoryStaysValid) {
  const Scratch scratch;
  const Mini mini(scratch);
  const Between between(scratch, mini, [](const Json& request, Json& reply) {
    Json& message = reply["choices"][0]["message"];
    if (!offers(request, "shell") || !message.contains("tool_calls")) return;
    const Json call = message["tool_calls"][0];
    for (int i = 0; i < 40; ++i) {
      message["tool_calls"].push_back(call);
      message["tool_calls"].back()["id"] = "extra" + std::to_string(i);
    }
  });
  const auto outcome =
      run(scratch, {"eval", mini.skill(), "--split", "test", "--limit", "2", "--model", "sim:mini",
                    "--base-url", between.url(), "--run", "e", "--json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome;
  std::size_t refused = 0;
  for (const auto& hit : between.hits()) {
    if (hit.method != "POST") continue;
    EXPECT_EQ(fault::history_problem(hit.body), "");
    for (auto at = hit.body.find("not executed: at most"); at != std::string::npos;
         at = hit.body.find("not executed: at most", at + 1))
      ++refused;
  }
  EXPECT_GT(refused, 20U);
}

TEST(CutReply, ThreeTurnsOfUnusableCallsEndTheirTaskAlone) {
  const Scratch scratch;
  const Mini mini(scratch);
  const Between between(scratch, mini, [](const Json& request, Json& reply) {
    Json& message = reply["choices"][0]["message"];
    if (dump_json(request).find("<test-03>") == std::string::npos) return;
    message["tool_calls"] =
        Json::array({{{"id", "bad"},
                      {"type", "function"},
                      {"function", {{"name", "shell"}, {"arguments", "{\"command\":"}}}}});
    reply["choices"][0]["finish_reason"] = "tool_calls";
  });
  const auto outcome = run(scratch, {"eval", mini.skill(), "--split", "test", "--model", "sim:mini",
                                     "--base-url", between.url(), "--run", "e", "--json"});
  const Json result = outcome.json();
  EXPECT_EQ(result["n_planned"], 6);
  EXPECT_EQ(result["n_graded"], 5) << outcome;
  EXPECT_EQ(result["by_status"]["error"], 1) << outcome;
  std::size_t turns = 0;
  for (const auto& hit : between.hits()) turns += hit.body.find("<test-03>") != std::string::npos;
  EXPECT_EQ(turns, 6U) << "three, and three when the task is tried once more" << outcome;
  for (const auto& hit : between.hits()) {
    if (hit.method != "POST") continue;
    EXPECT_EQ(fault::history_problem(hit.body), "");
  }
}

}  // namespace
}  // namespace skillgrad::e2e
