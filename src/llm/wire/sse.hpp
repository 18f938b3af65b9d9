// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace skillgrad::llm {

struct SseEvent {
  std::string event;  ///< "" unless named
  std::string data;
  bool stray = false;  ///< a line that is neither a field nor a comment
};

/// Cuts server-sent events out of bytes that arrive in any portions (R2.15): LF, CRLF and CR line
/// ends, BOM, comments, several data lines. A line with no field that is known is an event of its
/// own, so that nobody overlooks what a server writes between the events. Not thread-safe.
class SseParser {
 public:
  using Sink = std::function<void(const SseEvent&)>;
  explicit SseParser(Sink sink) : sink_(std::move(sink)) {}
  void feed(std::string_view bytes);
  /// End of the stream: a last event without its blank line still counts.
  void finish();

 private:
  void line(std::string_view text);
  void stray(std::string_view text);
  void dispatch();

  Sink sink_;
  std::string line_;
  SseEvent event_;
  bool has_data_ = false;
  bool after_cr_ = false;
  bool first_line_ = true;
};

}  // namespace skillgrad::llm
