// SPDX-License-Identifier: MIT
#include <algorithm>
#include <functional>

#include <skillgrad/sim/server.hpp>

#include "unit/sim/sim_fixture.hpp"

namespace skillgrad::sim {
namespace {

TEST(SimScenario, EveryBuiltInOneLoadsAndItsSplitNamesItsTasks) {
  const auto names = scenario_names();
  ASSERT_FALSE(names.empty());
  for (const std::string& name : names) {
    const auto scenario = Scenario::load(name);
    ASSERT_TRUE(scenario) << scenario.error().to_text();
    EXPECT_EQ(scenario->name, name);
    const ScenarioTasks split = *scenario_tasks(name);
    EXPECT_EQ(split.benchmark, scenario->benchmark);
    for (const auto& ids : {split.train, split.val, split.test})
      for (const std::string& id : ids)
        EXPECT_TRUE(std::any_of(scenario->tasks.begin(), scenario->tasks.end(),
                                [&](const SimTask& task) { return task.id == id; }))
            << name << ": " << id;
  }
}

TEST(SimScenario, FindsATaskByTextOrByTheHashOfALine) {
  const ScenarioFolder folder;
  const Scenario scenario = folder.scenario();
  ASSERT_NE(scenario.find_task("Please add up sales.csv"), nullptr);
  EXPECT_EQ(scenario.find_task("Please add up sales.csv")->id, "t1");
  ASSERT_NE(scenario.find_task("first\n  x \nlast"), nullptr);
  EXPECT_EQ(scenario.find_task("first\n  x \nlast")->id, "t3");
  EXPECT_EQ(scenario.find_task("something else"), nullptr);
}

TEST(SimScenario, RunsAPythonScriptInOneCommandAndAnyOtherAsItStands) {
  const ScenarioFolder folder;
  const Scenario scenario = folder.scenario();
  EXPECT_EQ(scenario.tasks[0].right, "python3 - <<'EOF'\n# t1.right.py\nEOF");
  EXPECT_EQ(scenario.tasks[2].right, "# t3.right.sh\n");
  EXPECT_EQ(*Scenario::wrong_command(scenario.tasks[1], 1),
            "python3 - <<'EOF'\n# t2.other.py\nEOF");
}

TEST(SimScenario, ReadsALessonFromLabelOrProse) {
  const ScenarioFolder folder;
  const Scenario scenario = folder.scenario();
  EXPECT_EQ(scenario.identify("Total row  counted as data", ""), 0U);
  EXPECT_EQ(scenario.identify("x", "Seen: Title lines above the header were read as data. Hence."),
            1U);
  EXPECT_EQ(scenario.identify("x", "This run left the total row out before it added."), 0U);
  EXPECT_FALSE(scenario.identify("wrong sum", "The sum is off."));
  EXPECT_FALSE(scenario.identify("", ""));
}

struct Fault {
  const char* what;
  std::function<void(Json&)> make;
  const char* says;
};

TEST(SimScenario, RefusesAFileThatCannotBePlayed) {
  const Fault table[] = {
      {"schema", [](Json& s) { s["schema"] = "other/1"; }, "schema"},
      {"unknown key", [](Json& s) { s["lesson"] = 1; }, "lesson"},
      {"rule that does not teach", [](Json& s) { s["lessons"][0]["rule"] = "Be good."; }, "rule"},
      {"weak rule that teaches",
       [](Json& s) { s["lessons"][0]["weak_rule"] = "Leave out a total row."; }, "weak_rule"},
      {"empty group", [](Json& s) { s["lessons"][0]["taught_when"].push_back(Json::array()); },
       "taught_when"},
      {"unknown lesson", [](Json& s) { s["tasks"][0]["lessons"][0] = "skip-total"; },
       "skip-totals"},
      {"missing wrong script", [](Json& s) { s["tasks"][0].erase("wrong"); }, "wrong"},
      {"missing file", [](Json& s) { s["tasks"][0]["right"] = "none.py"; }, "none.py"},
      {"file outside", [](Json& s) { s["tasks"][0]["right"] = "../t1.right.py"; }, "script name"},
      {"both ways to match", [](Json& s) { s["tasks"][2]["match"] = "x"; }, "match"},
      {"task twice", [](Json& s) { s["tasks"][1]["id"] = "t1"; }, "twice"},
      {"lesson twice", [](Json& s) { s["lessons"][1]["slug"] = "skip-totals"; }, "twice"},
      {"rate above one",
       [](Json& s) {
         s["noise"] = {{"slip", 2}};
       },
       "slip"},
      {"bad kind", [](Json& s) { s["lessons"][0]["kind"] = "misc"; }, "kind"}};
  for (const Fault& fault : table) {
    Json json = small_scenario();
    fault.make(json);
    const ScenarioFolder folder(json);
    const auto scenario = Scenario::load(folder.path());
    ASSERT_FALSE(scenario) << fault.what;
    EXPECT_EQ(scenario.error().code, ErrorCode::input) << fault.what;
    EXPECT_NE(scenario.error().to_text().find(fault.says), std::string::npos)
        << fault.what << ": " << scenario.error().to_text();
  }
}

TEST(SimScenario, AnUnknownNameSaysWhichThereAre) {
  const auto scenario = Scenario::load("nosuch");
  ASSERT_FALSE(scenario);
  EXPECT_EQ(scenario.error().code, ErrorCode::config);
  EXPECT_NE(scenario.error().mend.find(scenario_names().front()), std::string::npos);
}

}  // namespace
}  // namespace skillgrad::sim
