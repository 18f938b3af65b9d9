// SPDX-License-Identifier: MIT
#include <algorithm>
#include <map>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

#include "sim/players/patch_plan.hpp"
#include "sim/players/player.hpp"

namespace skillgrad::sim {
namespace {

constexpr const char* kFinishPatch = "finish_patch";

std::string same_call(const ToolUse& call) {
  const Json arguments = Json::parse(call.arguments, nullptr, false);
  return call.name + " " + canonical_json(arguments);
}

/// Calls of the conversation and whether they were carried out.
class Done {
 public:
  Done(const Conversation& conversation, std::size_t from_turn, std::size_t end_turn) {
    for (const PastCall& call : past_calls(conversation))
      if (call.turn >= from_turn && call.turn < end_turn)
        results_[same_call({"", call.name, call.arguments})] = !call.failed();
  }
  [[nodiscard]] bool asked(const ToolUse& call) const { return results_.contains(same_call(call)); }
  [[nodiscard]] bool done(const ToolUse& call) const {
    const auto found = results_.find(same_call(call));
    return found != results_.end() && found->second;
  }

 private:
  std::map<std::string, bool> results_;
};

bool carried_out(const PlannedEdit& edit, const Done& done) {
  return done.done(edit.call) || (edit.fallback && done.done(*edit.fallback));
}

/// Edits that are still to be made: the first try, or the other way after a refusal.
std::vector<ToolUse> outstanding(const std::vector<PlannedEdit>& plan, const Done& done) {
  std::vector<ToolUse> out;
  for (const PlannedEdit& edit : plan) {
    if (!done.asked(edit.call)) {
      out.push_back(edit.call);
    } else if (!done.done(edit.call) && edit.fallback && !done.asked(*edit.fallback)) {
      out.push_back(*edit.fallback);
    }
  }
  return out;
}

/// Rounds of repair asked for so far, and where the last one starts.
struct Repair {
  std::size_t rounds = 0, turn = 0;
  std::string findings;
};

Repair read_repair(const Conversation& conversation) {
  Repair out;
  bool first = true;
  for (std::size_t i = 0; i < conversation.turns.size(); ++i) {
    const Turn& turn = conversation.turns[i];
    if (turn.role != Turn::Role::user) continue;
    const auto findings = first ? std::nullopt : tagged(turn.text, "lint");
    first = false;
    if (findings) out = {out.rounds + 1, i, *findings};
  }
  return out;
}

/// The findings that block, in lower case; advice alone asks for nothing to be taken back.
std::string blocking_lines(const std::string& findings) {
  std::string out;
  for (const std::string& line : split_lines(findings))
    if (line.find("(advice)") == std::string::npos) out += to_lower_ascii(line) + "\n";
  return out;
}

/// What a repair takes back: in the first round the edits that the findings name by heading, or
/// else the last one; in later rounds all of them.
std::vector<ToolUse> undo_calls(const std::vector<PlannedEdit>& made, const Repair& repair) {
  std::vector<ToolUse> named, all;
  const std::string findings = blocking_lines(repair.findings);
  for (auto edit = made.rbegin(); edit != made.rend(); ++edit) {
    if (!edit->undo) continue;
    all.push_back(*edit->undo);
    const bool by_name = findings.find(to_lower_ascii(edit->section)) != std::string::npos ||
                         findings.find(slugify(edit->section)) != std::string::npos;
    if (by_name) named.push_back(*edit->undo);
  }
  if (repair.rounds > 1 || all.empty()) return all;
  return named.empty() ? std::vector<ToolUse>{all.front()} : named;
}

Json finish_arguments(const Player& player, const std::vector<PlannedEdit>& made) {
  std::vector<std::string> parts;
  Json addressed = Json::array();
  for (const PlannedEdit& edit : made) {
    const Lesson& lesson = player.scenario().lessons[edit.lesson];
    if (!edit.addresses) {
      parts.push_back("shortened \"" + edit.section + "\"");
      continue;
    }
    parts.push_back("rule under \"" + edit.section + "\"");
    addressed.push_back(
        {{"pattern", edit.pattern},
         {"anchor", (edit.skill.empty() ? "" : edit.skill + "/") + slugify(edit.section)},
         {"reason", "diagnosed: " + lesson.label},
         {"inferred", ""},
         {"supports", edit.tasks},
         {"against", Json::array()}});
  }
  const std::string summary = parts.empty() ? "nothing to change" : join(parts, "; ");
  return {{"summary", summary}, {"addressed", std::move(addressed)}};
}

/// The same edits as one message, for endpoints without tool calling.
std::string as_message(const std::vector<ToolUse>& calls, const Json& finish) {
  Json edits = Json::array();
  for (const ToolUse& call : calls) {
    Json edit = {{"op", call.name}};
    edit.update(Json::parse(call.arguments));
    edits.push_back(std::move(edit));
  }
  Json message = {{"schema", "skillgrad.patch/1"}, {"edits", std::move(edits)}};
  message.update(finish);
  return dump_json(message);
}

std::vector<PlannedEdit> those_made(std::vector<PlannedEdit> plan, const Done& done) {
  std::erase_if(plan, [&](const PlannedEdit& edit) { return !carried_out(edit, done); });
  return plan;
}

Reply with_tools(const Player& player, const Conversation& conversation,
                 const std::vector<PlannedEdit>& plan) {
  const Repair repair = read_repair(conversation);
  const std::size_t end = conversation.turns.size();
  const Done done(conversation, 0, end);
  Reply reply;
  std::vector<PlannedEdit> made = those_made(plan, done);
  if (repair.rounds == 0) {
    reply.calls = outstanding(plan, done);
  } else {
    // What earlier rounds took back is gone; what this round has taken back is no longer claimed.
    const Done before(conversation, 0, repair.turn);
    const Done since(conversation, repair.turn, end);
    const auto taken_back = [&made](const Done& calls) {
      std::erase_if(made,
                    [&](const PlannedEdit& edit) { return edit.undo && calls.done(*edit.undo); });
    };
    taken_back(before);
    for (const ToolUse& call : undo_calls(made, repair))
      if (!since.asked(call)) reply.calls.push_back(call);
    taken_back(since);
  }
  if (reply.calls.empty())
    reply.calls.push_back({"", kFinishPatch, dump_json(finish_arguments(player, made))});
  return reply;
}

Reply as_text(const Player& player, const Conversation& conversation,
              const std::vector<PlannedEdit>& plan) {
  const Repair repair = read_repair(conversation);
  std::vector<ToolUse> calls;
  if (repair.rounds > 0) {
    calls = undo_calls(plan, repair);
  } else {
    for (const PlannedEdit& edit : plan) calls.push_back(edit.call);
  }
  Reply reply;
  const std::vector<PlannedEdit> none;
  reply.text = as_message(calls, finish_arguments(player, repair.rounds > 0 ? none : plan));
  return reply;
}

}  // namespace

Reply play_patcher(const Player& player, const Conversation& conversation) {
  if (conversation.offers("set_description") && !conversation.offers("replace_section"))
    return play_describer(player, conversation);
  const std::vector<PlannedEdit> plan = plan_patch(player, conversation.first_user());
  Reply reply = conversation.offers(kFinishPatch) ? with_tools(player, conversation, plan)
                                                  : as_text(player, conversation, plan);
  reply.stage = "patcher";
  return reply;
}

}  // namespace skillgrad::sim
