// SPDX-License-Identifier: MIT
#include <algorithm>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

#include "sim/players/player.hpp"
#include "sim/scenario/reading.hpp"

namespace skillgrad::sim {
namespace {

constexpr const char* kLook = "LC_ALL=C wc -c -- *";
constexpr std::size_t kFinalBytes = 2000;

/// The skills that this rollout activates, the same in each of its turns: those that its task needs
/// as far as they are offered, else one.
std::vector<std::string> chosen_skills(const Player& player, const Conversation& conversation,
                                       std::string_view prompt) {
  const auto catalogue = read_catalogue(conversation.system_text());
  if (catalogue.empty()) return {};
  if (const SimTask* task = player.scenario().find_task(prompt);
      task != nullptr && !task->skills.empty()) {
    std::vector<std::string> out;
    for (const CatalogueEntry& entry : catalogue)
      if (std::find(task->skills.begin(), task->skills.end(), entry.name) != task->skills.end())
        out.push_back(entry.name);
    return out;
  }
  const auto& choosing = player.scenario().choosing;
  if (!choosing) return {catalogue.front().name};
  const auto choice = choosing->choice(prompt, catalogue);
  const double drawn = player.draw({"executor", "choose", prompt, conversation.seed});
  if (drawn >= choice.chance || choice.skill.empty()) return {};
  return {choice.skill};
}

std::string argument(const PastCall& call, const char* key) {
  const Json json = Json::parse(call.arguments, nullptr, false);
  const auto found = json.is_object() ? json.find(key) : json.end();
  return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

/// What has happened so far in this conversation.
struct Past {
  std::vector<std::string> activated;  ///< skills that were asked for
  LoadedText loaded;
  std::vector<std::pair<std::string, std::string>> bodies;  ///< skill, what it answered
  std::vector<std::string> references;  ///< asked for, whether they were there or not
  std::vector<PastCall> shell;
};

Past recall(const Conversation& conversation) {
  Past past;
  for (PastCall& call : past_calls(conversation)) {
    if (call.name == "activate_skill" && !argument(call, "skill").empty()) {
      past.activated.push_back(argument(call, "skill"));
      if (call.failed()) continue;
      past.loaded.add(call.result);
      past.bodies.emplace_back(argument(call, "skill"), call.result);
    } else if (call.name == "read_reference" && !argument(call, "path").empty()) {
      past.references.push_back(argument(call, "path"));
      if (!call.failed()) past.loaded.add_whole(call.result);
    } else if (call.name == "shell" && !argument(call, "command").empty()) {
      past.shell.push_back(std::move(call));
    }
  }
  return past;
}

Reply calling(const char* tool, const Json& arguments) {
  Reply reply;
  reply.calls.push_back({"", tool, dump_json(arguments)});
  return reply;
}

Reply saying(std::string text) {
  Reply reply;
  reply.text = std::move(text);
  return reply;
}

/// The draws hang on the task and on the loaded text, not on paths or tool output, so that they
/// hold for every turn of a conversation and change when the skill changes.
double draw(const Player& player, std::string_view what, const SimTask& task, const Past& past) {
  return player.draw({"executor", what, task.id, join(past.loaded.sections(), "\n")});
}

/// Whether this rollout errs, as its task does in a share of the rollouts with all lessons. Without
/// them it errs more often. Each turn of the rollout draws the same.
bool errs_by_itself(const Player& player, const SimTask& task, const Conversation& conversation,
                    bool taught) {
  const double share = player.noise().own * player.draw({"executor", "own", task.id});
  const double drawn = player.draw({"executor", "own-draw", task.id, conversation.seed});
  return taught ? drawn < share : drawn >= share * (1 - share);
}

const std::string& slip(const Player& player, const SimTask& task, const Past& past) {
  if (task.lessons.empty()) return task.wrong_any ? *task.wrong_any : task.right;
  const auto which = static_cast<std::size_t>(draw(player, "slip-of", task, past) *
                                              static_cast<double>(task.lessons.size()));
  return *Scenario::wrong_command(task, task.lessons[which]);
}

const std::string& choose_script(const Player& player, const SimTask& task, const Past& past,
                                 const Conversation& conversation) {
  const auto missing = std::find_if(task.lessons.begin(), task.lessons.end(), [&](std::size_t i) {
    return !past.loaded.teaches(player.scenario().lessons[i]);
  });
  if (player.noise().own > 0) {
    const bool taught = missing == task.lessons.end();
    if (!errs_by_itself(player, task, conversation, taught)) return task.right;
    return taught ? slip(player, task, past) : *Scenario::wrong_command(task, *missing);
  }
  if (missing != task.lessons.end()) {
    if (draw(player, "luck", task, past) < player.noise().luck) return task.right;
    return *Scenario::wrong_command(task, *missing);
  }
  if (draw(player, "slip", task, past) >= player.noise().slip) return task.right;
  return slip(player, task, past);
}

/// References whose pointer fits and that were not asked for yet, all in one turn.
Reply read_references(const Conversation& conversation, const Past& past,
                      std::string_view task_text) {
  Reply reply;
  if (!conversation.offers("read_reference")) return reply;
  for (const auto& [skill, body] : past.bodies)
    for (const Pointer& pointer : pointers(body)) {
      const bool asked = std::find(past.references.begin(), past.references.end(), pointer.path) !=
                         past.references.end();
      if (asked || !pointer_fits(pointer, task_text)) continue;
      reply.calls.push_back(
          {"", "read_reference", dump_json({{"skill", skill}, {"path", pointer.path}})});
    }
  return reply;
}

/// The chosen skills that were not asked for yet, all in one turn.
Reply activate_skills(const std::vector<std::string>& skills, const Past& past) {
  Reply reply;
  for (const std::string& skill : skills)
    if (std::find(past.activated.begin(), past.activated.end(), skill) == past.activated.end())
      reply.calls.push_back({"", "activate_skill", dump_json({{"skill", skill}})});
  return reply;
}

/// What the script printed: the part of the tool's answer below "stdout:".
std::string printed(const std::string& result) {
  const std::string mark = "stdout:\n";
  const std::size_t at = result.find(mark);
  if (at == std::string::npos) return {};
  const std::size_t begin = at + mark.size();
  const std::size_t end = std::min(result.find("\nstderr:\n", begin - 1), result.size());
  return truncate_middle(trim(std::string_view(result).substr(begin, end - begin)), kFinalBytes);
}

Reply finish(const PastCall& run) {
  if (run.failed() || !run.result.starts_with("exit code: 0"))
    return saying("The script did not run to its end, so there is no result.");
  const std::string output = printed(run.result);
  if (output.empty())
    return saying("Done. The result is saved under the name that the task gives.");
  return saying(output);
}

}  // namespace

Reply play_executor(const Player& player, const Conversation& conversation) {
  const auto tagged_task = tagged(conversation.first_user(), "task");
  const std::string task_text = tagged_task ? *tagged_task : std::string(conversation.first_user());
  const Past past = recall(conversation);
  const auto skills = chosen_skills(player, conversation, trim(task_text));
  const auto play = [&]() -> Reply {
    if (Reply choosing = activate_skills(skills, past); !choosing.calls.empty()) return choosing;
    if (Reply reading = read_references(conversation, past, task_text); !reading.calls.empty())
      return reading;
    const SimTask* task = player.scenario().find_task(task_text);
    if (task == nullptr || !conversation.offers("shell"))
      return saying("This simulation has no script for this task, so nothing was written.");
    const std::string& script = choose_script(player, *task, past, conversation);
    for (const PastCall& run : past.shell)
      if (argument(run, "command") == script) return finish(run);
    if (past.shell.empty() && player.draw({"executor", "look", task->id}) < 0.5)
      return calling("shell", {{"command", kLook}});
    return calling("shell", {{"command", script}});
  };
  Reply reply = play();
  reply.stage = "executor";
  return reply;
}

}  // namespace skillgrad::sim
