// SPDX-License-Identifier: MIT
#include "skill/package/newlines.hpp"

#include <cstddef>

namespace skillgrad::skill {

namespace {

struct Counts {
  std::size_t lf = 0, crlf = 0, cr = 0;
};

[[nodiscard]] Counts count(std::string_view text) {
  Counts out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\n') {
      ++out.lf;
    } else if (text[at] == '\r' && at + 1 < text.size() && text[at + 1] == '\n') {
      ++out.crlf;
      ++at;
    } else if (text[at] == '\r') {
      ++out.cr;
    }
  }
  return out;
}

}  // namespace

std::string_view newline_of(std::string_view text) {
  const Counts counts = count(text);
  if (counts.crlf > counts.lf && counts.crlf >= counts.cr) return "\r\n";
  return counts.cr > counts.lf ? "\r" : "\n";
}

bool has_only_newline(std::string_view text, std::string_view newline) {
  const Counts counts = count(text);
  const std::size_t all = counts.lf + counts.crlf + counts.cr;
  return all == (newline == "\n" ? counts.lf : newline == "\r" ? counts.cr : counts.crlf);
}

std::string convert_newlines(std::string_view text, std::string_view newline) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\r' && at + 1 < text.size() && text[at + 1] == '\n') ++at;
    if (text[at] == '\n' || text[at] == '\r') {
      out += newline;
    } else {
      out += text[at];
    }
  }
  return out;
}

bool ends_with_newline(std::string_view text) {
  return !text.empty() && (text.back() == '\n' || text.back() == '\r');
}

}  // namespace skillgrad::skill
