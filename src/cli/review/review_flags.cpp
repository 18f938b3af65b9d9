// SPDX-License-Identifier: MIT
#include "cli/review/review_flags.hpp"

#include <charconv>

namespace skillgrad::cli {

Result<std::optional<int>> iteration_flag(const Invocation& invocation) {
  if (!invocation.has("iter")) return std::optional<int>();
  const std::string text = invocation.value("iter");
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number > 0)
    return std::optional(number);
  return fail(ErrorCode::usage, "got \"" + text + "\", expected the number of an iteration",
              "--iter", "give a whole number from 1, or leave --iter out for the best package");
}

Result<int> port_flag(const Invocation& invocation) {
  const std::string text = invocation.value("port", "0");
  int port = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error == std::errc() && end == text.data() + text.size() && port >= 0 && port <= 65535)
    return port;
  return fail(ErrorCode::usage, "got --port " + text + ", expected 0 to 65535", "--port",
              "for example --port 8090, or leave it out for any free port");
}

}  // namespace skillgrad::cli
