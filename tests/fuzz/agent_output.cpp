// SPDX-License-Identifier: MIT
// Fuzzes the readers of what agents of other programs print: a letter for the format, then the
// output. What is read must hold to its bounds, be the same twice, and be a trajectory of ours.
#include <cstdint>
#include <cstdlib>
#include <string>

#include <skillgrad/agent/external.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/skill/package.hpp>

#include "agent/executor_tools.hpp"
#include "agent/external/loading.hpp"
#include "agent/transcripts/transcript.hpp"

namespace {

using namespace skillgrad;

void must(bool holds) {
  if (!holds) std::abort();
}

agent::TranscriptFormat format_of(std::uint8_t letter) {
  switch (letter) {
    case 'c':
      return agent::TranscriptFormat::claude_stream_json;
    case 'x':
      return agent::TranscriptFormat::codex_json;
    case 'o':
      return agent::TranscriptFormat::opencode_json;
    case 'g':
      return agent::TranscriptFormat::gemini_stream_json;
    default:
      return agent::TranscriptFormat::text;
  }
}

void check_text(const std::string& text) { must(!first_invalid_utf8(text)); }

void check(const agent::Transcript& read) {
  constexpr int kMostTurns = 1'000'000;
  constexpr std::int64_t kMostTokens = std::int64_t{1} << 60;
  must(read.turns >= 0 && read.turns <= kMostTurns);
  for (const auto& event : read.trajectory.events) {
    must(event.turn >= 0 && event.turn <= kMostTurns);
    check_text(event.text);
    check_text(event.name);
    check_text(event.call_id);
  }
  check_text(read.final_message);
  check_text(read.session);
  check_text(read.version);
  for (const auto& note : read.notes) check_text(note);
  if (read.offered)
    for (const auto& name : *read.offered) check_text(name);
  if (read.usage)
    for (const auto tokens :
         {read.usage->input_tokens, read.usage->cached_tokens, read.usage->output_tokens})
      must(tokens >= 0 && tokens < kMostTokens);
  if (read.cost_usd) must(*read.cost_usd >= 0 && *read.cost_usd < 1e15);
  if (read.fault) {
    must(!read.fault->message.empty() && read.fault->message.size() < 1000);
    check_text(read.fault->message);
  }
  const std::string lines = read.trajectory.to_json_lines();
  const auto again = agent::Trajectory::from_json_lines(lines);
  must(again.has_value() && again->to_json_lines() == lines);
  // No text makes up a step: as many as there are events begin with a number.
  const std::string shown = read.trajectory.render(200, 1U << 20);
  std::size_t steps = 0;
  for (const auto& line : split_lines(shown)) steps += line.starts_with("[") ? 1 : 0;
  must(steps <= read.trajectory.events.size());
}

const skill::SkillPackage& package() {
  static const auto loaded = skill::SkillPackage::from_files(
      "table-reports",
      "---\nname: table-reports\ndescription: Reports of tables.\n---\n\n# Table reports\n\nRead "
      "the "
      "header first.\n",
      {{"references/sums.md", {"# Sums\n\nSum below the header.\n", 0644}}});
  return *loaded;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto format = format_of(data[0]);
  const std::string_view output(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto read = agent::read_transcript(format, output);
  check(read);
  const auto again = agent::read_transcript(format, output);
  must(again.trajectory.to_json_lines() == read.trajectory.to_json_lines());
  must(again.notes == read.notes && again.final_message == read.final_message);
  agent::AgentProfile profile;
  profile.skill_tools = {"skill", "Skill", "activate_skill"};
  agent::LoadedSkill loaded(&package());
  agent::note_loaded(read, profile, loaded);
  check_text(loaded.text());
  must(loaded.text().size() < 10'000);  // what the package holds, and each part once
  return 0;
}
