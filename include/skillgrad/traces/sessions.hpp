// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <skillgrad/agent/tool_loop.hpp>
#include <skillgrad/core/enum_text.hpp>
#include <skillgrad/core/files.hpp>
#include <skillgrad/core/secret.hpp>
#include <skillgrad/llm/chat.hpp>

/// Recorded sessions of agents, in the formats in which agents keep them, as evidence that costs no
/// execution (docs/traces.md). What is read here was written by strangers: sizes are bounded, no
/// link is followed, and keys are taken out before anything is kept.
namespace skillgrad::traces {

enum class Format { claude_code, codex, opencode, messages, atif, skillgrad };

/// Who says how a session came out.
enum class Witness { record, label, note, judge };

/// How a session came out.
struct Outcome {
  Witness by = Witness::record;
  double score = 0;  ///< from 0 to 1; 1 is right
  std::string text;  ///< what was found: differences, a person's note, a judge's reasons
};

struct Session {
  std::string id;      ///< path below the folder; "#2" behind it for the second one of a file
  std::string sha256;  ///< of the bytes it was read from
  Format format = Format::messages;
  std::string own_id;                    ///< as the record names it, or ""
  std::string agent, model;              ///< as far as the record says
  std::string request;                   ///< what the user asked for first; "" without one
  std::vector<std::string> corrections;  ///< what the user said later
  agent::Trajectory trajectory;
  std::string final_message;        ///< the agent's last text
  std::vector<std::string> skills;  ///< that it loaded, in their order
  /// Of each of them the text that it was shown, in parts under lines `## FILE`.
  std::map<std::string, std::string> skill_texts;
  llm::Usage usage;
  std::optional<double> cost_usd;
  bool cut = false;                ///< the record ends in the middle of a line
  std::optional<Outcome> outcome;  ///< nullopt: nobody has said how it came out

  /// What the agent read of this skill; "" if it did not load it.
  [[nodiscard]] std::string skill_text(const std::string& name) const;
  [[nodiscard]] bool loaded(const std::string& name) const;
};

struct Reading {
  std::vector<Session> sessions;   ///< in the order of their ids
  std::vector<std::string> notes;  ///< what was read and not used, one sentence each
  std::size_t redacted = 0;        ///< secrets that were taken out
  std::size_t files = 0;           ///< that were looked at
};

/// Sessions in a text of any of the formats; `place` names it in notes and ids. Whatever the bytes
/// are, this returns; what is no session is a note.
[[nodiscard]] Reading read_text(std::string_view bytes, const std::string& place,
                                const Redactor& redactor);

/// Sessions of all files below a folder, or of one file, with the labels of its labels.jsonl. Of
/// equal sessions the first counts. Errors: input (no such folder, a damaged labels file), io.
[[nodiscard]] Result<Reading> read_sessions(const fs::path& place, const Redactor& redactor);

}  // namespace skillgrad::traces

namespace skillgrad {

template <>
struct EnumText<traces::Format> {
  using enum traces::Format;
  static constexpr EnumName<traces::Format> kTable[] = {
      {claude_code, "claude-code"}, {codex, "codex"}, {opencode, "opencode"},
      {messages, "messages"},       {atif, "atif"},   {skillgrad, "skillgrad"}};
};

template <>
struct EnumText<traces::Witness> {
  using enum traces::Witness;
  static constexpr EnumName<traces::Witness> kTable[] = {
      {record, "record"}, {label, "label"}, {note, "note"}, {judge, "judge"}};
};

}  // namespace skillgrad
