// SPDX-License-Identifier: MIT
#include "exec/process/capture.hpp"

#include <algorithm>
#include <utility>

namespace skillgrad::exec {

Capture::Capture(std::size_t max_bytes) : max_bytes_(max_bytes) {}

void Capture::add(std::string_view bytes) {
  total_ += bytes.size();
  const std::size_t room = max_bytes_ - head_.size();
  const std::size_t part = std::min(room, bytes.size());
  head_.append(bytes.substr(0, part));
  tail_.append(bytes.substr(part));
  if (tail_.size() > 2 * max_bytes_ + 4096) tail_.erase(0, tail_.size() - max_bytes_);
}

std::string Capture::take() {
  if (!truncated()) return std::move(head_);
  const auto marker = [](std::size_t left_out) {
    return "\n[... " + std::to_string(left_out) + " bytes left out ...]\n";
  };
  const std::size_t reserve = marker(total_).size();
  if (max_bytes_ <= reserve) return std::move(head_);
  // `head_` holds the first max_bytes, `tail_` what came last; together they cover both halves.
  const std::size_t keep = max_bytes_ - reserve;
  const std::size_t last = keep / 2;
  const std::string both = tail_.size() >= last ? std::string() : head_ + tail_;
  const std::string& end = both.empty() ? tail_ : both;
  return head_.substr(0, keep - last) + marker(total_ - keep) + end.substr(end.size() - last);
}

}  // namespace skillgrad::exec
