// SPDX-License-Identifier: MIT
#include "llm/transport/sink.hpp"

#include <charconv>

#include <skillgrad/core/text.hpp>

namespace skillgrad::llm {

void ReplySink::header_line(std::string_view line) {
  line = trim(line);
  if (line.starts_with("HTTP/")) {
    // A new block: 100 Continue, a proxy's answer to CONNECT, then the real one.
    headers_.clear();
    status_ = 0;
    if (const auto space = line.find(' '); space != std::string_view::npos) {
      const std::string_view code = trim(line.substr(space + 1)).substr(0, 3);
      std::from_chars(code.data(), code.data() + code.size(), status_);
    }
    return;
  }
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return;
  headers_[to_lower_ascii(trim(line.substr(0, colon)))] = std::string(trim(line.substr(colon + 1)));
}

void ReplySink::decide(std::string_view data) {
  body_.append(data);
  std::string_view text = body_;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const auto start = text.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos) {
    body_.clear();  // keep-alive newlines of a queued request
    return;
  }
  text.remove_prefix(start);
  bool events = false;
  if (status_ >= 200 && status_ < 300) {
    for (const std::string_view field : {":", "data:", "event:", "id:", "retry:"}) {
      if (text.starts_with(field)) events = true;
      if (text.size() < field.size() && field.starts_with(text)) return;  // needs more bytes
    }
  }
  if (!events) {
    kind_ = Kind::plain;
    return;
  }
  kind_ = Kind::events;
  stream_ = std::make_unique<DeltaAssembler>();
  parser_ = std::make_unique<SseParser>(
      [assembler = stream_.get()](const SseEvent& event) { assembler->event(event); });
  parser_->feed(text);
  if (!keep_raw_) body_.clear();
}

bool ReplySink::bytes(std::string_view data) {
  total_ += data.size();
  if (total_ > max_bytes_) {
    over_cap_ = true;
    return false;
  }
  switch (kind_) {
    case Kind::unknown:
      decide(data);
      break;
    case Kind::plain:
      body_.append(data);
      break;
    case Kind::events:
      if (keep_raw_) body_.append(data);
      parser_->feed(data);
      break;
  }
  return true;
}

void ReplySink::finish(HttpReply& reply) {
  reply.status = status_;
  reply.headers = std::move(headers_);
  if (kind_ == Kind::events) {
    parser_->finish();
    reply.stream = std::move(*stream_);
  }
  reply.body = std::move(body_);
}

}  // namespace skillgrad::llm
