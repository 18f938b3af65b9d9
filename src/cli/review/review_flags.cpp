// SPDX-License-Identifier: MIT
#include "cli/review/review_flags.hpp"

#include <charconv>

namespace skillgrad::cli {

namespace {

Result<std::optional<int>> iteration_of(const Invocation& invocation, const std::string& flag,
                                        const std::string& mend) {
  if (!invocation.has(flag)) return std::optional<int>();
  const std::string text = invocation.value(flag);
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number > 0)
    return std::optional(number);
  return fail(ErrorCode::usage, "got \"" + text + "\", expected the number of an iteration",
              "--" + flag, mend);
}

}  // namespace

Result<std::optional<int>> iteration_flag(const Invocation& invocation) {
  return iteration_of(invocation, "iter",
                      "give a whole number from 1, or leave --iter out for the best package");
}

Result<report::Proposal> proposal_of(const Invocation& invocation) {
  SKILLGRAD_TRY(const auto iteration, iteration_flag(invocation));
  SKILLGRAD_TRY(
      const auto undo,
      iteration_of(invocation, "undo", "give the number of an iteration whose patch was accepted"));
  const fs::path run = invocation.arguments.front();
  if (!undo) return report::read_proposal(run, iteration);
  for (const char* other : {"iter", "review", "all"})
    if (invocation.has(other))
      return fail(ErrorCode::usage, std::string("--undo and --") + other,
                  "skillgrad " + invocation.command,
                  "give one of them: --undo takes back what one iteration changed, all of it");
  return report::read_undo(run, *undo);
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
