// SPDX-License-Identifier: MIT
#include "sim/players/player.hpp"

#include <charconv>

#include <skillgrad/core/hashing.hpp>
#include <skillgrad/core/json.hpp>

#include "sim/scenario/reading.hpp"

namespace skillgrad::sim {
namespace {

struct Role {
  const char* tool;  ///< the tool that only this role is offered
  Reply (*play)(const Player&, const Conversation&);
};
constexpr Role kRoles[] = {{"activate_skill", play_executor},
                           {"submit_diagnosis", play_diagnoser},
                           {"submit_momentum", play_momentum},
                           {"finish_patch", play_patcher},
                           {"submit_skill", play_synthesizer}};

}  // namespace

double Player::draw(std::initializer_list<std::string_view> parts) const {
  PartHasher hasher;
  hasher.add(std::to_string(seed_));
  for (const std::string_view part : parts) hasher.add(part);
  const std::string hex = hasher.finish();
  std::uint64_t bits = 0;  // 52 bits fit a double exactly
  std::from_chars(hex.data(), hex.data() + 13, bits, 16);
  return static_cast<double>(bits) / static_cast<double>(std::uint64_t{1} << 52);
}

Reply Player::reply(const Conversation& conversation) const {
  for (const Role& role : kRoles)
    if (conversation.offers(role.tool)) return role.play(*this, conversation);
  if (is_foreign_agent(conversation)) return play_foreign(*this, conversation);
  if (is_for_judge(conversation)) return play_judge(*this, conversation);
  if (conversation.tools.empty()) {
    const std::string system = conversation.system_text();
    for (const Role& role : kRoles)
      if (role.play != play_executor && system.find(role.tool) != std::string::npos)
        return role.play(*this, conversation);
  }
  Reply reply;
  reply.text =
      "This is skillgrad's simulated endpoint, not a model. It plays the stages of the "
      "scenario \"" +
      scenario_.name + "\" and has no answer to anything else.";
  return reply;
}

Player::About Player::about(const Conversation& conversation) const {
  const std::string_view user = conversation.first_user();
  About out;
  for (const Turn& turn : conversation.turns)
    if (turn.role == Turn::Role::assistant) ++out.turn;
  LoadedText shown;
  for (const char* list : {"diagnoses", "attempts"}) {
    const Json items = Json::parse(tagged(user, list).value_or("[]"), nullptr, false);
    if (!items.is_array()) continue;
    for (const Json& item : items)
      if (item.is_object() && item.contains("task_id") && item["task_id"].is_string())
        out.tasks.push_back(item["task_id"].get<std::string>());
  }
  if (const SimTask* task = scenario_.find_task(tagged(user, "task").value_or(std::string(user)));
      task != nullptr && out.tasks.empty())
    out.tasks.push_back(task->id);
  if (const auto loaded = tagged(user, "skill_loaded")) shown.add_files(*loaded);
  for (const std::string& skill : all_tagged(user, "skill")) shown.add(skill);
  for (const PastCall& call : past_calls(conversation))
    if (!call.failed() && (call.name == "activate_skill" || call.name == "read_reference"))
      shown.add(call.result);
  for (const Lesson& lesson : scenario_.lessons)
    if (shown.teaches(lesson)) out.teaches.push_back(lesson.slug);
  return out;
}

Reply hand_in(const Conversation& conversation, const std::string& tool, std::string arguments) {
  Reply reply;
  if (conversation.offers(tool)) {
    reply.calls.push_back({"", tool, std::move(arguments)});
  } else {
    reply.text = std::move(arguments);
  }
  return reply;
}

bool was_refused(const Conversation& conversation, std::string_view tool) {
  for (const PastCall& call : past_calls(conversation))
    if (call.name == tool && call.arguments != "{}" && call.failed()) return true;
  return false;
}

}  // namespace skillgrad::sim
