// SPDX-License-Identifier: MIT
#include <algorithm>

#include "report/run/sections.hpp"

namespace skillgrad::report {
namespace {

void take_memory(optim::MomentumMemory memory, int iteration, RunReport& report) {
  for (auto& pattern : memory.patterns) {
    auto found = std::find_if(
        report.patterns.begin(), report.patterns.end(),
        [&](const PatternHistory& known) { return known.pattern.slug == pattern.slug; });
    if (found == report.patterns.end()) found = report.patterns.insert(found, PatternHistory{});
    found->velocity.emplace_back(iteration, pattern.velocity);
    found->pattern = std::move(pattern);
  }
}

void add_contradictions(const Step& step, RunReport& report) {
  for (const auto& diagnosis : step.diagnoses)
    for (const auto& cause : diagnosis.causes)
      if (!cause.refutes.empty())
        report.contradictions.push_back(
            {step.iteration, diagnosis.task_id, cause.refutes, cause.analysis});
}

}  // namespace

void read_patterns(const RunFiles& files, RunReport& report) {
  for (const Step& step : report.steps) {
    const std::string name = iteration_folder(step.iteration) + "/memory.json";
    const Json value = files.json(name);
    if (value.is_object()) {
      auto memory = optim::memory_from_json(value);
      if (memory)
        take_memory(std::move(*memory), step.iteration, report);
      else
        files.miss(name + " cannot be read: " + memory.error().to_line());
    }
    add_contradictions(step, report);
  }
  for (const auto& known : report.patterns)
    for (const auto& remedy : known.pattern.remedies)
      for (const auto& task : remedy.against)
        report.contradictions.push_back(
            {remedy.iteration, task, known.pattern.slug, "contradicts the rule: " + remedy.change});
  std::stable_sort(report.patterns.begin(), report.patterns.end(),
                   [](const PatternHistory& a, const PatternHistory& b) {
                     return a.pattern.velocity > b.pattern.velocity;
                   });
}

}  // namespace skillgrad::report
