// SPDX-License-Identifier: MIT
#include <algorithm>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

#include "sim/players/player.hpp"
#include "sim/scenario/reading.hpp"

namespace skillgrad::sim {
namespace {

/// What a new description has to say, and for whom.
struct Wanted {
  std::string description;         ///< as it is
  std::vector<std::string> words;  ///< to be added
  std::vector<std::string> tasks;  ///< requests that ask for them
};

std::string description_of(std::string_view skill_md) {
  constexpr std::string_view kKey = "description:";
  for (const std::string& line : split_lines(skill_md))
    if (line.starts_with(kKey))
      return std::string(trim(std::string_view(line).substr(kKey.size())));
  return {};
}

std::string text_at(const Json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// The rule for a request, the longest that matches; null: none.
const ChoiceRule* rule_of(const Choosing& choosing, const std::string& request) {
  const ChoiceRule* best = nullptr;
  for (const ChoiceRule& rule : choosing.rules)
    if (request.find(rule.match) != std::string::npos &&
        (best == nullptr || rule.match.size() > best->match.size()))
      best = &rule;
  return best;
}

Wanted read_wanted(const Player& player, std::string_view user_text) {
  Wanted out;
  out.description = description_of(tagged(user_text, "skill").value_or(""));
  const auto& choosing = player.scenario().choosing;
  const auto attempts = parse_json(tagged(user_text, "attempts").value_or("[]"), "attempts");
  if (!choosing || !attempts || !attempts->is_array()) return out;
  const std::string said = normalised(out.description);
  for (const Json& attempt : *attempts) {
    const ChoiceRule* rule = rule_of(*choosing, text_at(attempt, "task"));
    const bool missed =
        text_at(attempt, "feedback").find("should activate the skill, and did not") !=
        std::string::npos;
    if (rule == nullptr || rule->words.empty() || !missed) continue;
    const std::string& word = rule->words.front();
    if (said.find(word) != std::string::npos) continue;
    out.tasks.push_back(text_at(attempt, "task_id"));
    if (std::find(out.words.begin(), out.words.end(), word) == out.words.end())
      out.words.push_back(word);
  }
  return out;
}

}  // namespace

Reply play_describer(const Player& player, const Conversation& conversation) {
  const Wanted wanted = read_wanted(player, conversation.first_user());
  Reply reply;
  reply.stage = "patcher";
  const auto calls = past_calls(conversation);
  const bool edited = std::any_of(calls.begin(), calls.end(),
                                  [](const auto& call) { return call.name == "set_description"; });
  if (!wanted.words.empty() && !edited) {
    const std::string text =
        wanted.description + " Use it for " + join(wanted.words, " and ") + ", too.";
    reply.calls.push_back({"", "set_description", dump_json({{"text", text}})});
    return reply;
  }
  Json addressed = Json::array();
  if (edited)
    addressed.push_back({{"pattern", "request that the description misses"},
                         {"anchor", "description"},
                         {"reason", "the description does not name this kind of request"},
                         {"inferred", ""},
                         {"supports", wanted.tasks},
                         {"against", Json::array()}});
  reply.calls.push_back({"", "finish_patch",
                         dump_json({{"summary", edited ? "the description names what was missed"
                                                       : "nothing to change"},
                                    {"addressed", std::move(addressed)}})});
  return reply;
}

}  // namespace skillgrad::sim
