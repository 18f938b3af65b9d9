// SPDX-License-Identifier: MIT
#include <skillgrad/agent/tool_loop.hpp>
#include <skillgrad/core/text.hpp>

#include "optim/stages/stage_facts.hpp"

namespace skillgrad::optim {
namespace {

// Of one attempt, in bytes: a batch of them shares one request.
constexpr std::size_t kPromptBytes = 8'000, kLoadedBytes = 12'000, kSaidBytes = 6'000,
                      kStepsBytes = 16'000;
constexpr std::size_t kPackageBytes = 120'000;

std::string outcome(const LossRecord& record) {
  std::string out =
      std::string("status: ") + name_of(record.status) + ", score: " + format_double(record.score);
  if (record.end_state) out += std::string(", run ended: ") + name_of(*record.end_state);
  if (!record.feedback.empty()) out += "\n" + record.feedback;
  return truncate_middle(out, kSaidBytes);
}

Json attempt_json(const Evidence& evidence) {
  Json out = {{"task_id", evidence.task_id},
              {"kind", name_of(evidence.kind)},
              {"task", truncate_middle(evidence.task_prompt, kPromptBytes)},
              {"runs", evidence.group.text()},
              {"feedback", outcome(evidence.current)},
              {"skill_loaded", truncate_middle(evidence.skill_text, kLoadedBytes)},
              {"trace", truncate_middle(evidence.current_trace, kStepsBytes)}};
  if (evidence.passing) out["passing_trace"] = truncate_middle(evidence.passing_trace, kStepsBytes);
  return out;
}

}  // namespace

std::string reflect_facts(const PatchInput& input, const StageContext& context) {
  Json attempts = Json::array();
  for (const Evidence& evidence : input.evidence) attempts.push_back(attempt_json(evidence));
  return skill_facts(*input.skill, SkillPart::file, {kPackageBytes, "reflect: SKILL.md"}, context) +
         agent::tagged("files", bundled_files(*input.skill, true)) +
         agent::tagged("skill_version", version_text(input.skill_iteration)) +
         agent::tagged("attempts", dump_json(attempts, 1));
}

}  // namespace skillgrad::optim
