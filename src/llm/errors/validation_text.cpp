// SPDX-License-Identifier: MIT
#include "llm/errors/validation_text.hpp"

namespace skillgrad::llm {

namespace {

constexpr std::string_view kPlace = "'loc': ('body'";
constexpr std::string_view kMessage = "'msg': ";

/// The steps of ", 'messages', 2, 'content')" as "messages.2.content".
std::string path_of(std::string_view tuple) {
  std::string out;
  for (const char c : tuple.substr(0, tuple.find(')'))) {
    if (c == ',') {
      if (!out.empty()) out += '.';
    } else if (c != '\'' && c != ' ') {
      out += c;
    }
  }
  while (out.ends_with('.')) out.pop_back();
  return out;
}

/// The string literal that `text` begins with, in either kind of quotes.
std::string literal_of(std::string_view text) {
  std::string out;
  if (text.empty() || (text.front() != '\'' && text.front() != '"')) return out;
  for (std::size_t i = 1; i < text.size() && text[i] != text.front(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    out += text[i];
  }
  return out;
}

}  // namespace

std::optional<ValidationText> read_validation_text(std::string_view text) {
  ValidationText out;
  for (auto at = text.find(kPlace); at != std::string_view::npos;) {
    const std::string_view rest = text.substr(at + kPlace.size());
    const auto next = rest.find(kPlace);
    const std::string_view item = rest.substr(0, next);
    const std::string path = path_of(item);
    const auto message = item.find(kMessage);
    if (message != std::string_view::npos) {
      if (out.message.empty()) out.param = path;
      out.message += (out.message.empty() ? "" : "; ") + (path.empty() ? "" : path + ": ") +
                     literal_of(item.substr(message + kMessage.size()));
    }
    at = next == std::string_view::npos ? next : at + kPlace.size() + next;
  }
  if (out.message.empty()) return std::nullopt;
  return out;
}

}  // namespace skillgrad::llm
