// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/json.hpp>

#include "sim/players/player.hpp"
#include "sim/scenario/scenario.hpp"
#include "sim/wire/conversation.hpp"

namespace skillgrad::sim {

/// A small scenario of two lessons and three tasks, no noise.
inline Json small_scenario() {
  return Json::parse(R"({
    "schema":"skillgrad.sim-scenario/1","name":"small","benchmark":"records",
    "lessons":[
     {"slug":"skip-totals","kind":"operation","heading":"Sum a column",
      "label":"total row counted as data","diagnosis":"The sum is too high because a total row was added in.",
      "success":"This run left the total row out before it added.","rule":"Drop every total row before you add.",
      "weak_rule":"Be careful with sums.","taught_when":[["total row"],["drop","leave out"]]},
     {"slug":"read-header","kind":"workflow","heading":"Find the header first",
      "label":"header row taken for data","diagnosis":"Title lines above the header were read as data.",
      "success":"This run looked for the header line before it read anything.",
      "rule":"Look for the header line before reading.","weak_rule":"Mind the top of the file.",
      "taught_when":[["header line"],["before reading"]]}],
    "tasks":[
     {"id":"t1","match":"sales.csv","lessons":["skip-totals"],"right":"t1.right.py","wrong":{"skip-totals":"t1.wrong.py"}},
     {"id":"t2","match":"stock.csv","lessons":["skip-totals","read-header"],"right":"t2.right.py",
      "wrong":{"skip-totals":"t2.wrong.py","*":"t2.other.py"}},
     {"id":"t3","match_sha256":"","lessons":[],"right":"t3.right.sh"}],
    "split":{"train":["t1"],"val":["t2"],"test":["t3"]}})");
}

/// The small scenario on disk; `change` may alter it first.
class ScenarioFolder {
 public:
  explicit ScenarioFolder(Json scenario = small_scenario()) : dir_(*TempDir::create("sim")) {
    Json& hash = scenario["tasks"][2]["match_sha256"];
    if (hash == "")
      hash = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";  // "x"
    EXPECT_TRUE(write_json(dir_.path() / "scenario.json", scenario));
    for (const char* name :
         {"t1.right.py", "t1.wrong.py", "t2.right.py", "t2.wrong.py", "t2.other.py", "t3.right.sh"})
      EXPECT_TRUE(write_file_atomic(dir_.path() / name, std::string("# ") + name + "\n"));
  }
  [[nodiscard]] std::string path() const { return (dir_.path() / "scenario.json").string(); }
  [[nodiscard]] Scenario scenario() const { return *Scenario::load(path()); }

 private:
  TempDir dir_;
};

inline const std::string kCatalog =
    "Solve it.\n<available_skills>\n<skill>\n<name>\nreports\n</name>\n<description>\nd\n"
    "</description>\n<location>\n/skills/reports/SKILL.md\n</location>\n</skill>\n"
    "</available_skills>\n";
inline const std::vector<std::string> kExecutorTools = {"activate_skill", "read_reference",
                                                        "shell"};
inline const std::vector<std::string> kPatcherTools = {
    "read_file", "replace_section", "insert_section", "delete_section",  "move_section",
    "edit_text", "write_file",      "delete_file",    "set_description", "finish_patch"};

inline std::string wrap(const std::string& tag, const std::string& text) {
  return "<" + tag + ">\n" + text + "\n</" + tag + ">\n";
}

/// A conversation with one system and one user turn.
inline Conversation opening(std::string system, std::string user, std::vector<std::string> tools) {
  Conversation out;
  out.model = "sim:small";
  out.tools = std::move(tools);
  out.turns.push_back({Turn::Role::system, std::move(system), {}, ""});
  out.turns.push_back({Turn::Role::user, std::move(user), {}, ""});
  out.key = std::string(64, 'a');
  return out;
}

/// Adds the reply and the tools' answers, one for each call.
inline void go_on(Conversation& conversation, const Reply& reply,
                  const std::vector<std::string>& results) {
  ASSERT_EQ(reply.calls.size(), results.size());
  Turn turn{Turn::Role::assistant, reply.text, reply.calls, ""};
  for (std::size_t i = 0; i < turn.calls.size(); ++i) {
    turn.calls[i].id = "c" + std::to_string(conversation.turns.size()) + std::to_string(i);
  }
  std::vector<Turn> answers;
  for (std::size_t i = 0; i < results.size(); ++i)
    answers.push_back({Turn::Role::tool, results[i], {}, turn.calls[i].id});
  conversation.turns.push_back(std::move(turn));
  for (Turn& answer : answers) conversation.turns.push_back(std::move(answer));
}

inline Json arguments_of(const Reply& reply, std::size_t index = 0) {
  return index < reply.calls.size() ? Json::parse(reply.calls[index].arguments) : Json();
}

}  // namespace skillgrad::sim
