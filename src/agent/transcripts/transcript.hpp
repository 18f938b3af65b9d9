// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <skillgrad/agent/external.hpp>
#include <skillgrad/core/json.hpp>

namespace skillgrad::agent {

/// What an agent's output says of one task.
struct Transcript {
  Trajectory trajectory;
  std::string final_message;
  std::string session, version;                     ///< as the agent names them, or ""
  std::optional<std::vector<std::string>> offered;  ///< skills that it says it knows; sorted
  std::optional<llm::Usage> usage;                  ///< nullopt: it says none
  std::optional<double> cost_usd;                   ///< nullopt: it says none
  int turns = 0;                                    ///< replies of the model; at most 1,000,000
  std::size_t events = 0;                           ///< that could be read
  bool complete = false;                            ///< the event that comes last was there
  std::optional<EndState> end;                      ///< a limit of its own that ended it
  std::optional<Error> fault;                       ///< it could not work: no answer
  std::vector<std::string> notes;
};

/// Reads the events of one format. For one transcript.
class TranscriptReader {
 public:
  explicit TranscriptReader(Transcript& out) : out_(out) {}
  TranscriptReader(const TranscriptReader&) = delete;
  TranscriptReader& operator=(const TranscriptReader&) = delete;
  virtual ~TranscriptReader() = default;
  /// One event; false where its type is not known.
  [[nodiscard]] virtual bool event(const Json& event) = 0;
  /// After the last one.
  virtual void finish() {}

 protected:
  void say(const std::string& role, const std::string& text);
  void think(const std::string& text);
  void call(const std::string& id, const std::string& name, const Json& arguments);
  void result(const std::string& id, const std::string& name, const std::string& text, bool failed);
  void fault(std::optional<int> status, const std::string& message);
  Transcript& out_;

 private:
  void add(TraceEvent event);
};

/// What kept an agent from working, by the status of its endpoint where it names one and by the
/// words of its message: rate_limit, auth, quota, context_overflow, transient, bad_request, infra.
[[nodiscard]] Error agent_fault(std::optional<int> status, const std::string& message);

/// Everything that was printed. Lines that are no JSON and events that are not known are counted
/// in the notes, with the number of the first one. Text is one message.
[[nodiscard]] Transcript read_transcript(TranscriptFormat format, std::string_view text);

// Of one format each.
[[nodiscard]] std::unique_ptr<TranscriptReader> read_claude_events(Transcript& out);
[[nodiscard]] std::unique_ptr<TranscriptReader> read_codex_events(Transcript& out);
[[nodiscard]] std::unique_ptr<TranscriptReader> read_opencode_events(Transcript& out);
[[nodiscard]] std::unique_ptr<TranscriptReader> read_gemini_events(Transcript& out);

// Values of events, of whatever type they are.
/// The text at a key; "" where it is none.
[[nodiscard]] std::string text_in(const Json& object, const char* key);
/// The object, or an empty one.
[[nodiscard]] const Json& object_in(const Json& object, const char* key);
/// A number that is not negative and below 1e12; 0 where there is none.
[[nodiscard]] std::int64_t count_in(const Json& object, const char* key);
/// From 100 to 599.
[[nodiscard]] std::optional<int> http_status_in(const Json& object, const char* key);
/// USD, below 1e9.
[[nodiscard]] std::optional<double> cost_in(const Json& object, const char* key);
/// A text as it is, anything else as JSON; the "text" of each part of a list of parts.
[[nodiscard]] std::string shown_content(const Json& value);

}  // namespace skillgrad::agent
