// SPDX-License-Identifier: MIT
#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

#include "sim/players/player.hpp"
#include "sim/scenario/reading.hpp"

namespace skillgrad::sim {
namespace {

constexpr std::size_t kNameWords = 4;

std::string name_for(std::string_view user) {
  const std::string asked(trim(tagged(user, "name").value_or("")));
  if (!asked.empty() && asked != "choose one") return asked;
  std::vector<std::string> words;
  for (const std::string& word : split(slugify(tagged(user, "description").value_or("skill")), '-'))
    if (!word.empty() && words.size() < kNameWords) words.push_back(word);
  return words.empty() ? "skill" : join(words, "-");
}

}  // namespace

/// Knows every second lesson from the craft; the others only failures teach.
Reply play_synthesizer(const Player& player, const Conversation& conversation) {
  const std::string_view user = conversation.first_user();
  const std::string purpose(trim(tagged(user, "description").value_or("Works on tasks.")));
  std::string body =
      "# Skill\n\n## Workflow\n\n1. Look at the input before you plan.\n2. Do what the task asks "
      "for.\n3. Read the result back and compare it with the request.\n";
  for (std::size_t i = 0; i < player.scenario().lessons.size(); i += 2) {
    const Lesson& lesson = player.scenario().lessons[i];
    body += "\n## " + lesson.heading + "\n\n" + lesson.rule + "\n";
  }
  return hand_in(conversation, "submit_skill",
                 dump_json({{"name", name_for(user)},
                            {"description", truncate_middle(purpose, 300)},
                            {"body", body},
                            {"files", Json::array()}}));
}

}  // namespace skillgrad::sim
