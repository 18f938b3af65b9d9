// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include <skillgrad/core/json.hpp>
#include <skillgrad/traces/sessions.hpp>

#include "traces/parts/cleaner.hpp"

namespace skillgrad::traces {

/// One line of a file of JSON Lines, which may hold several sessions.
struct Line {
  std::size_t number = 0;  ///< from 1
  Json value;
};

/// What readers get: the lines of one file, and where to put what they find. Readers throw nothing
/// and refuse nothing: what they cannot use is a note.
struct Source {
  std::string place;
  std::vector<Line> lines;
  Cleaner* cleaner = nullptr;
  std::vector<std::string>* notes = nullptr;
};

/// A file of `~/.claude/projects`: lines of type user, assistant, system, summary with a message of
/// content blocks. Lines of sub-agents (sidechains) are not a part of the session.
[[nodiscard]] bool is_claude_code(const Json& line);
[[nodiscard]] std::vector<Session> read_claude_code(const Source& source);

/// A rollout of `~/.codex/sessions`: session_meta, response_item, event_msg, turn_context, each
/// with a payload; older ones are the items alone.
[[nodiscard]] bool is_codex(const Json& line);
[[nodiscard]] std::vector<Session> read_codex(const Source& source);

/// What `opencode export SESSION` prints: one object with "info" and "messages", each of these with
/// an "info" of its own and "parts".
[[nodiscard]] bool is_opencode(const Json& value);
[[nodiscard]] std::vector<Session> read_opencode(const Source& source);

/// Lists of chat messages as the OpenAI API takes them: an array, an object with "messages", lines
/// of either, or one message a line.
[[nodiscard]] bool is_messages(const Json& value);
[[nodiscard]] std::vector<Session> read_messages(const Source& source);

/// The Agent Trajectory Interchange Format, 1.0 to 1.8: one object with "steps".
[[nodiscard]] bool is_atif(const Json& value);
[[nodiscard]] std::vector<Session> read_atif(const Source& source);

/// trajectory.jsonl of a run of skillgrad.
[[nodiscard]] bool is_skillgrad(const Json& line);
[[nodiscard]] std::vector<Session> read_skillgrad(const Source& source);

}  // namespace skillgrad::traces
