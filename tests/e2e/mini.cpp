// SPDX-License-Identifier: MIT
#include <array>

#include <fmt/format.h>

#include "e2e/support.hpp"

namespace skillgrad::e2e {
namespace {

constexpr const char* kSkill = R"(---
name: note-taker
description: Writes short notes into text files as the office wants them. Use it when a task asks for a note.
---

# Note taker

Each task names a note and the file it goes into.

## How to work

1. Read the task.
2. Write the note with a shell command.
3. Print the file once.

## Pitfalls

- The file holds the note and nothing else.
)";

struct LessonText {
  const char *slug, *heading, *label, *diagnosis, *success, *rule, *weak, *phrase;
};

const std::array<LessonText, 3> kLessons = {{
    {"upper-case", "Choose the letters", "note in small letters",
     "The note came out in small letters, while the office reads notes in capitals only.",
     "This run wrote the note in capitals, as the office reads it; the earlier one had not.",
     "Write every letter of the note as a capital letter, whatever the task shows.",
     "Mind how the note looks.", "capital letter"},
    {"end-mark", "Close the note", "closing mark left out",
     "The note has no closing mark, so the office takes it for unfinished.",
     "This run closed the note with its mark; the earlier one had left it open.",
     "End every note with a full stop as its closing mark.", "Finish the note well.",
     "closing mark"},
    {"prefix", "Start the note", "opening word left out",
     "The note does not begin with the word by which the office sorts its mail.",
     "This run began the note with the sorting word; the earlier one had not.",
     "Begin every note with the word NOTE and a colon, the sorting word.",
     "Begin the note properly.", "sorting word"},
}};

Json lesson_json(const LessonText& lesson) {
  return {{"slug", lesson.slug},
          {"kind", "operation"},
          {"heading", lesson.heading},
          {"label", lesson.label},
          {"diagnosis", lesson.diagnosis},
          {"success", lesson.success},
          {"rule", lesson.rule},
          {"weak_rule", lesson.weak},
          {"taught_when", Json::array({Json::array({lesson.phrase})})}};
}

struct MiniTask {
  std::string id, split;
  int lesson = -1;  ///< -1: needs none
};

/// Train 10, val 6, test 6; in each split every lesson occurs, and some tasks need none.
std::vector<MiniTask> mini_tasks() {
  std::vector<MiniTask> out;
  const auto add = [&](const char* split, int count) {
    for (int i = 0; i < count; ++i)
      out.push_back({fmt::format("{}-{:02d}", split, i), split, i % 4 == 3 ? -1 : i % 4});
  };
  add("train", 11);
  add("val", 6);
  add("test", 6);
  return out;
}

}  // namespace

Mini::Mini(const Scratch& scratch, const std::string& name) : dir_(scratch / name) {
  Json lessons = Json::array(), plays = Json::array();
  Json split = {{"train", Json::array()}, {"val", Json::array()}, {"test", Json::array()}};
  for (const auto& lesson : kLessons) lessons.push_back(lesson_json(lesson));
  std::string tasks;
  for (const auto& task : mini_tasks()) {
    const std::string target = "NOTE: " + task.id + " DONE.";
    const Json line = {
        {"id", task.id},
        {"split", task.split},
        {"input", "Write the note <" + task.id + "> that the work is done to answer.txt."},
        {"output", "answer.txt"},
        {"target", target},
        {"grader", {{"type", "exact"}}}};
    tasks += dump_json(line) + "\n";
    const std::string script = "printf '%s' '{}' > answer.txt\ncat answer.txt\n";
    const std::string base = name + "/scenario/" + task.id;
    scratch.put(base + ".right.sh", fmt::format(fmt::runtime(script), target));
    scratch.put(base + ".wrong.sh", fmt::format(fmt::runtime(script), "wrong " + task.id));
    Json play = {{"id", task.id}, {"match", "<" + task.id + ">"}, {"right", task.id + ".right.sh"}};
    if (task.lesson >= 0) {
      play["lessons"] = {kLessons.at(static_cast<std::size_t>(task.lesson)).slug};
      play["wrong"] = {{"*", task.id + ".wrong.sh"}};
    }
    plays.push_back(std::move(play));
    split[task.split].push_back(task.id);
  }
  const Json scenario = {{"schema", "skillgrad.sim-scenario/1"},
                         {"name", "mini"},
                         {"benchmark", "records"},
                         {"lessons", lessons},
                         {"tasks", plays},
                         {"split", split}};
  scratch.put(name + "/scenario/scenario.json", dump_json(scenario, 1));
  scratch.put(name + "/note-taker/SKILL.md", kSkill);
  scratch.put(name + "/note-taker/evals/tasks.jsonl", tasks);
}

Words Mini::optimize(const std::string& run, const Words& more) const {
  return join_words({"optimize", skill(), "--model", model(), "--run", run, "--batch", "3"}, more);
}

Words Mini::optimize_at(const Endpoint& endpoint, const std::string& run, const Words& more) const {
  return join_words({"optimize", skill(), "--model", "sim:mini", "--base-url", endpoint.url(),
                     "--run", run, "--batch", "3"},
                    more);
}

Words Mini::eval(const std::string& what, const std::string& run, const Words& more) const {
  return join_words({"eval", what, "--benchmark", tasks(), "--model", model(), "--run", run}, more);
}

}  // namespace skillgrad::e2e
