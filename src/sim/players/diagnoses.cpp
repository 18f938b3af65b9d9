// SPDX-License-Identifier: MIT
#include "sim/players/diagnoses.hpp"

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

#include "sim/players/player.hpp"
#include "sim/scenario/reading.hpp"

namespace skillgrad::sim {
namespace {

std::string text_member(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace

std::vector<ReadDiagnosis> read_diagnoses(const Scenario& scenario, std::string_view user_text) {
  const Json list = Json::parse(tagged(user_text, "diagnoses").value_or("[]"), nullptr, false);
  std::vector<ReadDiagnosis> out;
  if (!list.is_array()) return out;
  for (const Json& item : list) {
    if (!item.is_object()) continue;
    const auto causes = item.find("causes");
    if (causes == item.end() || !causes->is_array()) continue;
    for (const Json& cause : *causes) {
      if (!cause.is_object()) continue;
      ReadDiagnosis read;
      read.task_id = text_member(item, "task_id");
      read.label = text_member(cause, "label");
      read.analysis = text_member(cause, "analysis");
      read.success = text_member(item, "kind") == "contrastive";
      read.lesson = scenario.identify(read.label, read.analysis);
      if (!read.lesson) read.lesson = scenario.find_lesson(text_member(cause, "known"));
      if (const auto loaded = item.find("skills"); loaded != item.end() && loaded->is_array())
        for (const Json& name : *loaded)
          if (name.is_string()) read.skills.push_back(name.get<std::string>());
      read.says_nothing = !read.lesson && (read.label == kVagueLabel || read.label == kSlipLabel ||
                                           read.label == kLuckLabel || read.label.empty());
      out.push_back(std::move(read));
    }
  }
  return out;
}

std::vector<ReadDiagnosis> read_attempts(const Player& player, std::string_view user_text) {
  const Json list = Json::parse(tagged(user_text, "attempts").value_or("[]"), nullptr, false);
  std::vector<ReadDiagnosis> out;
  if (!list.is_array()) return out;
  const Scenario& scenario = player.scenario();
  for (const Json& item : list) {
    if (!item.is_object()) continue;
    ReadDiagnosis read;
    read.task_id = text_member(item, "task_id");
    read.success = text_member(item, "kind") == "contrastive";
    LoadedText loaded;
    loaded.add_files(text_member(item, "skill_loaded"));
    const SimTask* task = scenario.find_task(text_member(item, "task"));
    const auto draw = [&](std::string_view what) {
      return player.draw({"reflect", what, read.task_id, join(loaded.sections(), "\n")});
    };
    if (task != nullptr && draw("vague") >= player.noise().vague)
      for (const std::size_t i : task->lessons)
        if (!read.lesson && loaded.teaches(scenario.lessons[i]) == read.success) read.lesson = i;
    if (read.lesson && draw("wrong") < player.noise().wrong)
      read.lesson = (*read.lesson + 1) % scenario.lessons.size();
    if (read.lesson) {
      read.label = scenario.lessons[*read.lesson].label;
      read.analysis = scenario.lessons[*read.lesson].diagnosis;
    } else {
      read.label = kVagueLabel;
    }
    read.says_nothing = !read.lesson;
    out.push_back(std::move(read));
  }
  return out;
}

}  // namespace skillgrad::sim
