// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

#include "sim/players/player.hpp"
#include "sim/scenario/reading.hpp"

namespace skillgrad::sim {
namespace {

constexpr std::size_t kShownOutput = 2000;

/// How an agent of another program runs a command: its tool, and where the command goes.
struct CommandTool {
  const char* name;
  const char* key;
  bool words;  ///< as a list: a shell, its flag, the command
};
constexpr std::array<CommandTool, 6> kCommandTools = {{{"bash", "command", false},
                                                       {"Bash", "command", false},
                                                       {"exec_command", "cmd", false},
                                                       {"shell_command", "command", false},
                                                       {"run_shell_command", "command", false},
                                                       {"shell", "command", true}}};

const CommandTool* tool_of(const Conversation& conversation) {
  const auto* const found =
      std::find_if(kCommandTools.begin(), kCommandTools.end(),
                   [&](const CommandTool& tool) { return conversation.offers(tool.name); });
  return found == kCommandTools.end() ? nullptr : found;
}

Reply run_command(const CommandTool& tool, const std::string& command) {
  Json arguments = {{tool.key, command}};
  if (tool.words) arguments[tool.key] = {"bash", "-c", command};
  if (std::string_view(tool.name) == "bash") arguments["description"] = "Does a step of the task";
  Reply reply;
  reply.stage = "executor";
  reply.calls.push_back({"", tool.name, dump_json(arguments)});
  return reply;
}

std::string command_of(const PastCall& call, const CommandTool& tool) {
  const Json json = Json::parse(call.arguments, nullptr, false);
  const auto found = json.is_object() ? json.find(tool.key) : json.end();
  if (found == json.end()) return {};
  if (found->is_array() && !found->empty() && found->back().is_string())
    return found->back().get<std::string>();
  return found->is_string() ? found->get<std::string>() : std::string();
}

/// The task may stand behind what the agent says of the machine.
const SimTask* task_of(const Player& player, const Conversation& conversation, std::string& text) {
  for (const Turn& turn : conversation.turns) {
    if (turn.role != Turn::Role::user) continue;
    text = turn.text;
    if (const SimTask* task = player.scenario().find_task(trim(text))) return task;
  }
  return nullptr;
}

/// Of every folder in which an agent looks, the first that there is.
std::string read_file_of_skill(const std::string& path) {
  return "for d in .agents .claude .opencode .gemini .qwen; do if ls $d/skills/*/" + path +
         " >/dev/null 2>&1; then cat $d/skills/*/" + path + "; break; fi; done";
}

/// What a command printed, without what an agent puts around it.
std::string printed_by(const std::string& result) {
  const std::string mark = "Output:\n";
  const std::size_t at = result.find(mark);
  return truncate_middle(trim(at == std::string::npos ? result : result.substr(at + mark.size())),
                         kShownOutput);
}

Reply say(std::string text) {
  Reply reply;
  reply.stage = "executor";
  reply.text = std::move(text);
  return reply;
}

const std::string& script_for(const Player& player, const SimTask& task, const LoadedText& loaded) {
  const auto missing = std::find_if(task.lessons.begin(), task.lessons.end(), [&](std::size_t i) {
    return !loaded.teaches(player.scenario().lessons[i]);
  });
  return missing == task.lessons.end() ? task.right : *Scenario::wrong_command(task, *missing);
}

}  // namespace

bool is_foreign_agent(const Conversation& conversation) { return tool_of(conversation) != nullptr; }

Reply play_foreign(const Player& player, const Conversation& conversation) {
  const CommandTool& tool = *tool_of(conversation);
  std::string task_text;
  const SimTask* task = task_of(player, conversation, task_text);
  if (task == nullptr)
    return say("This simulation has no script for this task, so nothing was written.");
  const std::string open = read_file_of_skill("SKILL.md");
  LoadedText loaded;
  std::string body;
  std::vector<std::string> asked;
  const auto calls = past_calls(conversation);
  for (const PastCall& call : calls) {
    const std::string command = command_of(call, tool);
    asked.push_back(command);
    if (command == open) {
      loaded.add(call.result);
      body = call.result;
    } else if (command.starts_with("for d in ")) {
      loaded.add_whole(call.result);
    }
  }
  const auto was_asked = [&](const std::string& command) {
    return std::find(asked.begin(), asked.end(), command) != asked.end();
  };
  if (!was_asked(open)) return run_command(tool, open);
  for (const Pointer& pointer : pointers(body)) {
    const std::string command = read_file_of_skill(pointer.path);
    if (!was_asked(command) && pointer_fits(pointer, task_text)) return run_command(tool, command);
  }
  const std::string& script = script_for(player, *task, loaded);
  for (const PastCall& call : calls) {
    if (command_of(call, tool) != script) continue;
    const std::string output = printed_by(call.result);
    return say(output.empty() ? "Done. The result is saved under the name that the task gives."
                              : output);
  }
  return run_command(tool, script);
}

}  // namespace skillgrad::sim
