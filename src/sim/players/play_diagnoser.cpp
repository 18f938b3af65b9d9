// SPDX-License-Identifier: MIT
#include <algorithm>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

#include "sim/players/player.hpp"
#include "sim/scenario/reading.hpp"

namespace skillgrad::sim {
namespace {

constexpr const char* kSubmitDiagnosis = "submit_diagnosis";
/// Of a failure with two lessons missing, the trace shows the first; the second takes a closer
/// look.
constexpr double kLooksCloser = 0.5;

/// The facts of one diagnosis.
struct Facts {
  std::string task_text, feedback, trace, known;
  LoadedText loaded;
  std::string loaded_text;
  bool success = false;
  const SimTask* task = nullptr;
};

Facts read_facts(const Player& player, const Conversation& conversation) {
  const std::string_view user = conversation.first_user();
  Facts facts;
  facts.task_text = tagged(user, "task").value_or("");
  facts.feedback = tagged(user, "feedback").value_or("");
  facts.trace = tagged(user, "trace").value_or("");
  facts.known = tagged(user, "known_patterns").value_or("");
  facts.loaded_text = tagged(user, "skill_loaded").value_or("");
  facts.loaded.add_files(facts.loaded_text);
  facts.success = tagged(user, "earlier_trace").has_value();
  facts.task = player.scenario().find_task(facts.task_text);
  return facts;
}

/// One cause.
struct Diagnosis {
  std::string label, analysis, skipped, found;
  const Lesson* lesson = nullptr;
};

Diagnosis about(const Lesson& lesson, const Facts& facts) {
  // A lesson of kind workflow is a step that the run left out, so the diagnosis names it.
  const bool step = lesson.kind == LessonKind::workflow;
  const char* const failure = facts.loaded.contradicts(lesson) ? "wrong" : "gap";
  return {lesson.label, facts.success ? lesson.success : lesson.diagnosis,
          step ? lesson.heading : "", facts.success ? "followed" : failure, &lesson};
}

Diagnosis plain(std::string_view label, std::string_view analysis, const char* found) {
  return {std::string(label), std::string(analysis), "", found, nullptr};
}

/// Each draw hangs on the task, the loaded text and the outcome, not on paths in the trace.
double draw(const Player& player, std::string_view what, const Facts& facts) {
  return player.draw({"diagnoser", what, facts.task != nullptr ? facts.task->id : facts.task_text,
                      facts.loaded_text, facts.success ? "success" : facts.feedback});
}

/// The lesson that an honest look at the evidence finds, or nullptr: of a failure the first that is
/// missing, of a success one of those that the loaded text teaches.
const Lesson* honest(const Player& player, const Facts& facts) {
  if (facts.task == nullptr) return nullptr;
  std::vector<const Lesson*> found;
  for (const std::size_t i : facts.task->lessons) {
    const Lesson& lesson = player.scenario().lessons[i];
    if (facts.loaded.teaches(lesson) == facts.success) found.push_back(&lesson);
  }
  if (found.empty()) return nullptr;
  if (!facts.success) return found.front();
  const double at = draw(player, "which-success", facts) * static_cast<double>(found.size());
  return found[static_cast<std::size_t>(at)];
}

/// A wrong diagnosis blames what the loaded text talks about; if it teaches nothing else, any
/// other lesson.
const Lesson* blame_another(const Player& player, const Facts& facts, const Lesson* right) {
  std::vector<const Lesson*> taught, others;
  for (const Lesson& lesson : player.scenario().lessons) {
    if (&lesson == right) continue;
    others.push_back(&lesson);
    if (facts.loaded.teaches(lesson)) taught.push_back(&lesson);
  }
  const auto& pool = taught.empty() ? others : taught;
  if (pool.empty()) return right;
  const double at = draw(player, "wrong-which", facts) * static_cast<double>(pool.size());
  return pool[static_cast<std::size_t>(at)];
}

Diagnosis vague(const Facts& facts) {
  return plain(kVagueLabel, kVagueAnalysis, facts.success ? "chance" : "gap");
}

Diagnosis first_cause(const Player& player, const Facts& facts, const Lesson* right) {
  if (right != nullptr && draw(player, "wrong", facts) < player.noise().wrong)
    return about(*blame_another(player, facts, right), facts);
  if (right != nullptr) return about(*right, facts);
  if (facts.task == nullptr) return vague(facts);
  return facts.success ? plain(kLuckLabel, kLuckAnalysis, "chance")
                       : plain(kSlipLabel, kSlipAnalysis, "ignored");
}

/// Lessons of the task that are missing beside the first one.
std::vector<const Lesson*> further_missing(const Player& player, const Facts& facts,
                                           const Lesson* first) {
  std::vector<const Lesson*> out;
  if (facts.task == nullptr || facts.success) return out;
  for (const std::size_t i : facts.task->lessons) {
    const Lesson& lesson = player.scenario().lessons[i];
    if (&lesson != first && !facts.loaded.teaches(lesson)) out.push_back(&lesson);
  }
  return out;
}

std::vector<Diagnosis> diagnose(const Player& player, const Facts& facts) {
  if (draw(player, "vague", facts) < player.noise().vague) return {vague(facts)};
  const Lesson* right = honest(player, facts);
  std::vector<Diagnosis> out = {first_cause(player, facts, right)};
  if (right == nullptr || draw(player, "closer", facts) >= kLooksCloser) return out;
  for (const Lesson* lesson : further_missing(player, facts, right))
    if (lesson != out.front().lesson) out.push_back(about(*lesson, facts));
  return out;
}

/// Numbers of the steps at which the agent ran something; the last one, or step 1.
Json supporting_steps(const std::string& trace) {
  int last = 1;
  for (const std::string& line : split_lines(trace)) {
    if (line.empty() || line.front() != '[') continue;
    const std::size_t close = line.find(']');
    if (close == std::string::npos || !line.substr(close).starts_with("] tool_call shell"))
      continue;
    const std::string number = line.substr(1, close - 1);
    const bool digits = !number.empty() && number.size() < 7 &&
                        number.find_first_not_of("0123456789") == std::string::npos;
    if (digits) last = std::stoi(number);
  }
  return Json::array({last});
}

std::string known_as(const Diagnosis& diagnosis, const Facts& facts) {
  if (diagnosis.lesson == nullptr) return "";
  for (const std::string& line : split_lines(facts.known))
    if (line.starts_with(diagnosis.lesson->slug + ":")) return diagnosis.lesson->slug;
  return "new";
}

Json cause_json(const Diagnosis& diagnosis, const Facts& facts) {
  return {{"label", diagnosis.label},
          {"case", diagnosis.found},
          {"analysis", diagnosis.analysis},
          {"rule", diagnosis.lesson != nullptr ? diagnosis.lesson->rule : ""},
          {"open", ""},
          {"skipped_step", diagnosis.skipped},
          {"steps", supporting_steps(facts.trace)},
          {"known", known_as(diagnosis, facts)},
          {"refutes", ""}};
}

bool already_read_more(const Conversation& conversation) {
  const auto calls = past_calls(conversation);
  return std::any_of(calls.begin(), calls.end(), [](const PastCall& call) {
    return call.name == "read_trace" && call.arguments != "{}";
  });
}

}  // namespace

Reply play_diagnoser(const Player& player, const Conversation& conversation) {
  const Facts facts = read_facts(player, conversation);
  Reply reply;
  const bool shortened = facts.trace.find("left out here]") != std::string::npos;
  if (shortened && conversation.offers("read_trace") && !already_read_more(conversation)) {
    reply.calls.push_back(
        {"", "read_trace",
         facts.success ? R"({"from":1,"to":12,"run":"current"})" : R"({"from":1,"to":12})"});
  } else {
    Json causes = Json::array();
    for (const Diagnosis& diagnosis : diagnose(player, facts))
      causes.push_back(cause_json(diagnosis, facts));
    reply = hand_in(conversation, kSubmitDiagnosis,
                    dump_json({{"causes", std::move(causes)}, {"right", ""}}));
  }
  reply.stage = "diagnoser";
  return reply;
}

}  // namespace skillgrad::sim
