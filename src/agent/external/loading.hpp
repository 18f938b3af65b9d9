// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "agent/executor_tools.hpp"
#include "agent/transcripts/transcript.hpp"

namespace skillgrad::agent {

/// What of a skill a transcript shows as loaded: by a tool of the agent for skills, or by a call
/// whose arguments name one of its files and whose output begins as the file does.
void note_loaded(const Transcript& transcript, const AgentProfile& profile, LoadedSkill& loaded);
/// The same text without the number in front of each line that tools for reading put there.
[[nodiscard]] std::string without_line_numbers(const std::string& text);

}  // namespace skillgrad::agent
