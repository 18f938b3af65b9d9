// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "agent/transcripts/transcript.hpp"

namespace skillgrad::agent {
namespace {

using Kind = TraceEvent::Kind;

/// "call NAME ARGUMENTS" and the like, one an event.
std::vector<std::string> shown_events(const Transcript& read) {
  std::vector<std::string> out;
  for (const TraceEvent& event : read.trajectory.events)
    out.push_back(std::string(name_of(event.kind)) + (event.is_error ? "! " : " ") +
                  (event.kind == Kind::message ? event.role : event.name) + " " + event.text);
  return out;
}

TEST(Transcripts, ClaudeCodeIsReadWithToolsSkillsUsageAndCost) {
  const Transcript read = read_transcript(TranscriptFormat::claude_stream_json, R"(
{"type":"system","subtype":"init","cwd":"/task","session_id":"s","tools":["Bash","Skill"],"model":"m","skills":["xlsx","a"],"claude_code_version":"2.1.0"}
{"type":"assistant","message":{"id":"m1","content":[{"type":"thinking","thinking":"hm"}]},"session_id":"s"}
{"type":"assistant","message":{"id":"m1","content":[{"type":"text","text":"I begin."},{"type":"tool_use","id":"t1","name":"Skill","input":{"skill":"xlsx"}}]},"session_id":"s"}
{"type":"user","message":{"content":[{"type":"tool_result","tool_use_id":"t1","content":"Launching skill: xlsx"},{"type":"text","text":"Base directory"}]}}
{"type":"assistant","message":{"id":"m2","content":[{"type":"tool_use","id":"t2","name":"Bash","input":{"command":"false"}}]},"session_id":"s"}
{"type":"user","message":{"content":[{"type":"tool_result","tool_use_id":"t2","content":[{"type":"text","text":"Exit code 1"}],"is_error":true}]}}
{"type":"assistant","message":{"id":"m3","content":[{"type":"text","text":"Done."}]},"session_id":"s"}
{"type":"result","subtype":"success","is_error":false,"num_turns":3,"result":"Done.","total_cost_usd":0.25,"usage":{"input_tokens":10,"cache_creation_input_tokens":5,"cache_read_input_tokens":85,"output_tokens":7}}
)");
  EXPECT_EQ(shown_events(read),
            (std::vector<std::string>{
                "reasoning  hm", "message assistant I begin.",
                R"(tool_call Skill {"skill":"xlsx"})", "tool_output Skill Launching skill: xlsx",
                "message user Base directory", R"(tool_call Bash {"command":"false"})",
                "tool_output! Bash Exit code 1", "message assistant Done."}));
  EXPECT_EQ(read.offered, (std::vector<std::string>{"a", "xlsx"}));
  EXPECT_EQ(read.version, "2.1.0");
  EXPECT_EQ(read.final_message, "Done.");
  ASSERT_TRUE(read.usage);
  EXPECT_EQ(read.usage->input_tokens, 100);
  EXPECT_EQ(read.usage->cached_tokens, 85);
  EXPECT_EQ(read.usage->output_tokens, 7);
  EXPECT_EQ(read.cost_usd, 0.25);
  EXPECT_EQ(read.turns, 3);
  EXPECT_TRUE(read.complete);
  EXPECT_FALSE(read.fault);
  EXPECT_TRUE(read.notes.empty());
}

TEST(Transcripts, NumbersOutOfAllBoundsAreNone) {
  const Transcript claude = read_transcript(TranscriptFormat::claude_stream_json, R"(
{"type":"result","subtype":"success","is_error":true,"num_turns":99999999999,"result":"no","api_error_status":4000000429,"total_cost_usd":1e300,"usage":{"input_tokens":9e17,"output_tokens":-3}}
)");
  EXPECT_EQ(claude.turns, 1'000'000);
  EXPECT_FALSE(claude.cost_usd);
  ASSERT_TRUE(claude.usage);
  EXPECT_EQ(claude.usage->input_tokens, 0);
  EXPECT_EQ(claude.usage->output_tokens, 0);
  ASSERT_TRUE(claude.fault);
  EXPECT_EQ(claude.fault->message.find("status"), std::string::npos) << claude.fault->message;
}

struct Ending {
  const char* what;
  TranscriptFormat format;
  const char* text;
  std::optional<EndState> end;
  std::optional<ErrorCode> fault;
};
const Ending kEndings[] = {
    {"claude turns",
     TranscriptFormat::claude_stream_json,
     R"({"type":"result","subtype":"error_max_turns","is_error":true,"num_turns":9})",
     EndState::turn_limit,
     {}},
    {"claude budget",
     TranscriptFormat::claude_stream_json,
     R"({"type":"result","subtype":"error_max_budget_usd","is_error":true})",
     EndState::token_limit,
     {}},
    {"claude rate",
     TranscriptFormat::claude_stream_json,
     R"({"type":"result","subtype":"success","is_error":true,"result":"API Error","api_error_status":429})",
     {},
     ErrorCode::rate_limit},
    {"claude overload",
     TranscriptFormat::claude_stream_json,
     R"({"type":"result","subtype":"success","is_error":true,"result":"API Error","api_error_status":529})",
     {},
     ErrorCode::transient},
    {"claude logged out",
     TranscriptFormat::claude_stream_json,
     R"({"type":"result","subtype":"success","is_error":true,"result":"Not logged in. Please run /login"})",
     {},
     ErrorCode::auth},
    {"claude broke",
     TranscriptFormat::claude_stream_json,
     R"({"type":"result","subtype":"error_during_execution","errors":["it broke"]})",
     {},
     ErrorCode::infra},
    {"codex failed turn",
     TranscriptFormat::codex_json,
     R"({"type":"turn.failed","error":{"message":"unexpected status 401 Unauthorized: no key"}})",
     {},
     ErrorCode::auth},
    {"codex fatal",
     TranscriptFormat::codex_json,
     R"({"type":"error","message":"stream disconnected before completion"})",
     {},
     ErrorCode::transient},
    {"opencode status",
     TranscriptFormat::opencode_json,
     R"({"type":"error","sessionID":"s","error":{"name":"APIError","data":{"message":"slow down","statusCode":429}}})",
     {},
     ErrorCode::rate_limit},
    {"gemini error",
     TranscriptFormat::gemini_stream_json,
     R"({"type":"result","status":"error","error":{"type":"ApiError","message":"quota exceeded"}})",
     {},
     ErrorCode::quota},
    {"gemini turns",
     TranscriptFormat::gemini_stream_json,
     R"({"type":"result","status":"error","error":{"type":"FatalTurnLimitedError","message":"turns"}})",
     EndState::turn_limit,
     {}},
};

TEST(Transcripts, FaultsAreToldFromLimitsAndAnswers) {
  for (const Ending& ending : kEndings) {
    SCOPED_TRACE(ending.what);
    const Transcript read = read_transcript(ending.format, ending.text);
    EXPECT_EQ(read.end, ending.end);
    EXPECT_EQ(read.fault ? std::optional(read.fault->code) : std::nullopt, ending.fault);
  }
}

TEST(Transcripts, CodexItemsAreCallsAndTheirResults) {
  const Transcript read = read_transcript(TranscriptFormat::codex_json, R"(
{"type":"thread.started","thread_id":"t"}
{"type":"turn.started"}
{"type":"error","message":"Reconnecting... 1/5"}
{"type":"item.completed","item":{"id":"i0","type":"reasoning","text":"hm"}}
{"type":"item.started","item":{"id":"i1","type":"command_execution","command":"ls","aggregated_output":"","exit_code":null,"status":"in_progress"}}
{"type":"item.completed","item":{"id":"i1","type":"command_execution","command":"ls","aggregated_output":"a\n","exit_code":0,"status":"completed"}}
{"type":"item.completed","item":{"id":"i2","type":"file_change","changes":[{"path":"x","kind":"add"}],"status":"completed"}}
{"type":"item.completed","item":{"id":"i3","type":"mcp_tool_call","server":"s","tool":"t","arguments":{"a":1},"error":{"message":"no"},"status":"failed"}}
{"type":"item.completed","item":{"id":"i4","type":"agent_message","text":"Done."}}
{"type":"turn.completed","usage":{"input_tokens":9,"cached_input_tokens":4,"output_tokens":2}}
)");
  EXPECT_EQ(
      shown_events(read),
      (std::vector<std::string>{"reasoning  hm", R"(tool_call shell {"command":"ls"})",
                                "tool_output shell exit code: 0\na\n",
                                R"(tool_call apply_patch {"changes":[{"path":"x","kind":"add"}]})",
                                "tool_output apply_patch completed", R"(tool_call s.t {"a":1})",
                                "tool_output! s.t no", "message assistant Done."}));
  EXPECT_FALSE(read.fault);
  EXPECT_TRUE(read.complete);
  ASSERT_TRUE(read.usage);
  EXPECT_EQ(read.usage->input_tokens, 9);
  EXPECT_FALSE(read.cost_usd);
}

TEST(Transcripts, OpencodeSumsItsSteps) {
  const Transcript read = read_transcript(TranscriptFormat::opencode_json, R"(
{"type":"step_start","timestamp":1,"sessionID":"s","part":{"type":"step-start"}}
{"type":"tool_use","timestamp":1,"sessionID":"s","part":{"type":"tool","callID":"c","tool":"bash","state":{"status":"completed","input":{"command":"ls"},"output":"a"}}}
{"type":"tool_use","timestamp":1,"sessionID":"s","part":{"type":"tool","callID":"d","tool":"read","state":{"status":"error","input":{"filePath":"x"},"error":"none"}}}
{"type":"step_finish","sessionID":"s","part":{"type":"step-finish","reason":"tool-calls","cost":0.1,"tokens":{"input":5,"output":2,"reasoning":1,"cache":{"read":3,"write":0}}}}
{"type":"step_start","timestamp":1,"sessionID":"s","part":{"type":"step-start"}}
{"type":"text","sessionID":"s","part":{"type":"text","text":"Done."}}
{"type":"step_finish","sessionID":"s","part":{"type":"step-finish","reason":"stop","cost":0.2,"tokens":{"input":6,"output":1,"reasoning":0,"cache":{"read":0,"write":0}}}}
)");
  EXPECT_EQ(shown_events(read),
            (std::vector<std::string>{R"(tool_call bash {"command":"ls"})", "tool_output bash a",
                                      R"(tool_call read {"filePath":"x"})",
                                      "tool_output! read none", "message assistant Done."}));
  ASSERT_TRUE(read.usage);
  EXPECT_EQ(read.usage->input_tokens, 14);
  EXPECT_EQ(read.usage->output_tokens, 4);
  EXPECT_NEAR(*read.cost_usd, 0.3, 1e-9);
  EXPECT_EQ(read.turns, 2);
  EXPECT_TRUE(read.complete);
}

TEST(Transcripts, OneThatBreaksOffIsNotComplete) {
  const Transcript read = read_transcript(TranscriptFormat::opencode_json,
                                          R"({"type":"step_start","sessionID":"s","part":{}}
{"type":"step_finish","sessionID":"s","part":{"reason":"tool-calls","tokens":{"input":5,"output":2}}})");
  EXPECT_FALSE(read.complete);
}

TEST(Transcripts, GeminiDeltasBecomeOneMessage) {
  const Transcript read = read_transcript(TranscriptFormat::gemini_stream_json, R"(
{"type":"init","timestamp":"t","session_id":"s","model":"m"}
{"type":"message","role":"user","content":"the task"}
{"type":"message","role":"assistant","content":"I lo","delta":true}
{"type":"message","role":"assistant","content":"ok.","delta":true}
{"type":"tool_use","tool_name":"run_shell_command","tool_id":"c","parameters":{"command":"ls"}}
{"type":"tool_result","tool_id":"c","status":"error","output":"","error":{"type":"x","message":"no"}}
{"type":"error","severity":"warning","message":"loop"}
{"type":"message","role":"assistant","content":"Done.","delta":true}
{"type":"result","status":"success","stats":{"input_tokens":4,"output_tokens":2,"cached":1,"tool_calls":1}}
)");
  EXPECT_EQ(shown_events(read),
            (std::vector<std::string>{
                "message assistant I look.", R"(tool_call run_shell_command {"command":"ls"})",
                "tool_output! run_shell_command no", "message assistant Done."}));
  EXPECT_EQ(read.final_message, "Done.");
  EXPECT_EQ(read.notes, (std::vector<std::string>{"the agent warns: loop"}));
  ASSERT_TRUE(read.usage);
  EXPECT_EQ(read.usage->cached_tokens, 1);
}

TEST(Transcripts, BrokenLinesAndUnknownEventsAreCountedWithTheirLine) {
  const Transcript read =
      read_transcript(TranscriptFormat::codex_json,
                      "\n{broken\n[1]\n{\"type\":\"new.one\"}\n{\"type\":\"turn.completed\"}\n");
  EXPECT_EQ(
      read.notes,
      (std::vector<std::string>{
          "transcript: 2 lines that are no JSON objects, the first in line 2: {broken",
          "transcript: 1 event of a type that is not known, the first in line 4: \"new.one\""}));
  EXPECT_TRUE(read.complete);
  EXPECT_FALSE(read.usage);
}

TEST(Transcripts, ValuesOfOtherTypesThanExpectedDoNoHarm) {
  for (const TranscriptFormat format :
       {TranscriptFormat::claude_stream_json, TranscriptFormat::codex_json,
        TranscriptFormat::opencode_json, TranscriptFormat::gemini_stream_json})
    for (const char* type : {"system", "assistant", "user", "result", "item.completed",
                             "turn.completed", "turn.failed", "error", "tool_use", "step_finish",
                             "text", "message", "tool_result", "init"})
      for (
          const char* rest :
          {R"("message":7,"part":[],"item":"x","usage":{"input_tokens":-1e99})",
           R"("message":{"content":[3,{"type":"tool_use","input":[]}]},"item":{"type":3},"stats":[])",
           R"("part":{"state":{"status":1},"tokens":{"input":"x"}},"error":{"data":{"statusCode":"x"}})"}) {
        const std::string line = std::string(R"({"type":")") + type + R"(",)" + rest + "}";
        const Transcript read = read_transcript(format, line);
        EXPECT_EQ(read.events, 1U) << line;
      }
}

}  // namespace
}  // namespace skillgrad::agent
