// SPDX-License-Identifier: MIT
// Fuzzes the readers of recorded sessions: any bytes, in any of the formats. What is read must hold
// to its bounds, be the same twice, and hold no key that was planted.
#include <cstdint>
#include <cstdlib>
#include <string>

#include <skillgrad/core/text.hpp>
#include <skillgrad/traces/sessions.hpp>

namespace {

using namespace skillgrad;

void must(bool holds) {
  if (!holds) std::abort();
}

constexpr const char* kPlanted = "planted-secret-0123456789";

void check_text(const std::string& text) {
  must(!first_invalid_utf8(text));
  must(text.find(kPlanted) == std::string::npos);
}

void check(const traces::Session& session) {
  must(!session.id.empty() && session.sha256.size() == 64);
  must(!session.trajectory.events.empty() && !trim(session.request).empty());
  check_text(session.request);
  check_text(session.final_message);
  for (const auto& said : session.corrections) check_text(said);
  for (const auto& event : session.trajectory.events) check_text(event.text);
  for (const auto& [name, text] : session.skill_texts) check_text(text);
  if (session.outcome) must(session.outcome->score >= 0 && session.outcome->score <= 1);
  must(session.usage.input_tokens >= 0 && session.usage.output_tokens >= 0);
  // A session is kept as a trajectory of ours.
  const auto again = agent::Trajectory::from_json_lines(session.trajectory.to_json_lines());
  must(again.has_value() && again->events.size() == session.trajectory.events.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Redactor redactor({Secret(kPlanted)});
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto read = traces::read_text(bytes, "fuzz.jsonl", redactor);
  for (const auto& session : read.sessions) check(session);
  for (const auto& note : read.notes) check_text(note);
  must(!read.sessions.empty() || !read.notes.empty());
  const auto again = traces::read_text(bytes, "fuzz.jsonl", redactor);
  must(again.sessions.size() == read.sessions.size() && again.notes == read.notes);
  return 0;
}
