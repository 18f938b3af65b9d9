// SPDX-License-Identifier: MIT
#include "llm/wire/sse.hpp"

#include <skillgrad/core/text.hpp>

namespace skillgrad::llm {

void SseParser::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    if (after_cr_) {
      after_cr_ = false;
      if (bytes.front() == '\n') {
        bytes.remove_prefix(1);
        continue;
      }
    }
    const auto end = bytes.find_first_of("\r\n");
    line_.append(bytes.substr(0, end));
    if (end == std::string_view::npos) return;
    after_cr_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    const std::string complete = std::move(line_);
    line_.clear();
    line(complete);
  }
}

void SseParser::finish() {
  if (!line_.empty()) {
    const std::string complete = std::move(line_);
    line_.clear();
    line(complete);
  }
  dispatch();
}

void SseParser::line(std::string_view text) {
  if (first_line_) {
    first_line_ = false;
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  }
  if (text.empty()) {
    dispatch();
    return;
  }
  if (text.front() == ':') return;
  if (text.front() == '{') {
    // Servers that write JSON lines put a mid-stream failure on a line of its own.
    stray(text);
    return;
  }
  const auto colon = text.find(':');
  const std::string_view field = text.substr(0, colon);
  std::string_view value =
      colon == std::string_view::npos ? std::string_view{} : text.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "data") {
    if (has_data_) event_.data += '\n';
    event_.data += value;
    has_data_ = true;
  } else if (field == "event") {
    event_.event = value;
  } else if (field != "id" && field != "retry" && !trim(text).empty()) {
    stray(text);
  }
}

void SseParser::stray(std::string_view text) {
  dispatch();
  event_.data = text;
  event_.stray = has_data_ = true;
  dispatch();
}

void SseParser::dispatch() {
  if (has_data_ || !event_.event.empty()) sink_(event_);
  event_ = {};
  has_data_ = false;
}

}  // namespace skillgrad::llm
