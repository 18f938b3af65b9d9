// SPDX-License-Identifier: MIT
#include "agent/transcripts/transcript.hpp"

namespace skillgrad::agent {
namespace {

/// `opencode run --format json`: parts of messages as they end; a step is one reply of the model.
class OpencodeEvents final : public TranscriptReader {
 public:
  using TranscriptReader::TranscriptReader;

  bool event(const Json& event) override {
    const std::string type = text_in(event, "type");
    if (const std::string session = text_in(event, "sessionID"); !session.empty())
      out_.session = session;
    const Json& part = object_in(event, "part");
    if (type == "step_start") {
      ++out_.turns;
      out_.complete = false;
    } else if (type == "text") {
      say("assistant", text_in(part, "text"));
    } else if (type == "reasoning") {
      think(text_in(part, "text"));
    } else if (type == "tool_use") {
      use(part);
    } else if (type == "step_finish") {
      end_step(part);
    } else if (type == "error") {
      fail_session(event);
    } else {
      return false;
    }
    return true;
  }

 private:
  void use(const Json& part) {
    const std::string id = text_in(part, "callID"), name = text_in(part, "tool");
    const Json& state = object_in(part, "state");
    call(id, name, object_in(state, "input"));
    const bool failed = text_in(state, "status") == "error";
    result(id, name, shown_content(state.value(failed ? "error" : "output", Json())), failed);
  }

  void end_step(const Json& part) {
    // With calls another step comes.
    out_.complete = text_in(part, "reason") != "tool-calls";
    if (const auto cost = cost_in(part, "cost")) out_.cost_usd = out_.cost_usd.value_or(0) + *cost;
    const Json& tokens = object_in(part, "tokens");
    if (tokens.empty()) return;
    const Json& cache = object_in(tokens, "cache");
    llm::Usage sum = out_.usage.value_or(llm::Usage());
    const auto cached = count_in(cache, "read");
    sum.input_tokens += count_in(tokens, "input") + cached + count_in(cache, "write");
    sum.cached_tokens += cached;
    sum.output_tokens += count_in(tokens, "output") + count_in(tokens, "reasoning");
    out_.usage = sum;
  }

  void fail_session(const Json& event) {
    const Json& error = object_in(event, "error");
    const Json& data = object_in(error, "data");
    const std::string message = text_in(data, "message");
    out_.complete = true;
    fault(http_status_in(data, "statusCode"), message.empty()
                                                  ? shown_content(event.value("error", Json()))
                                                  : text_in(error, "name") + ": " + message);
  }
};

}  // namespace

std::unique_ptr<TranscriptReader> read_opencode_events(Transcript& out) {
  return std::make_unique<OpencodeEvents>(out);
}

}  // namespace skillgrad::agent
