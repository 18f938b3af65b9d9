// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "llm/transport/http_reply.hpp"

namespace skillgrad::llm {

/// Receives the bytes of one reply. Looks at the body, not at Content-Type, to tell a stream from
/// JSON (R2.1), and stops at the byte cap.
class ReplySink {
 public:
  /// `keep_raw`: the bytes of a stream are kept beside what they mean.
  explicit ReplySink(std::size_t max_bytes, bool keep_raw = false)
      : max_bytes_(max_bytes), keep_raw_(keep_raw) {}
  ReplySink(const ReplySink&) = delete;
  ReplySink& operator=(const ReplySink&) = delete;

  void header_line(std::string_view line);
  /// False: the cap is reached.
  bool bytes(std::string_view data);
  /// End of the transfer: moves everything into `reply`.
  void finish(HttpReply& reply);

  [[nodiscard]] bool over_cap() const { return over_cap_; }
  [[nodiscard]] DeltaAssembler* stream() { return stream_.get(); }

 private:
  enum class Kind { unknown, plain, events };
  void decide(std::string_view data);

  std::size_t max_bytes_;
  bool keep_raw_;
  std::size_t total_ = 0;
  bool over_cap_ = false;
  int status_ = 0;
  Headers headers_;
  Kind kind_ = Kind::unknown;
  std::string body_;  ///< of a stream only with keep_raw
  std::unique_ptr<DeltaAssembler> stream_;
  std::unique_ptr<SseParser> parser_;
};

}  // namespace skillgrad::llm
