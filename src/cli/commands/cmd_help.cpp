// SPDX-License-Identifier: MIT
#include "cli/commands/commands.hpp"
#include "cli/help/completion.hpp"
#include "cli/help/reference.hpp"
#include "cli/help/topics.hpp"
#include "cli/screen/console.hpp"
#include "cli/screen/invocation.hpp"

namespace skillgrad::cli {

Result<int> cmd_help(const Invocation& invocation) {
  const std::string format = invocation.value("format");
  if (format.empty()) {
    if (invocation.arguments.empty())
      return fail(ErrorCode::usage, "no topic is named", "skillgrad help",
                  "for example `skillgrad help gates`");
    SKILLGRAD_TRY(const std::string text, topic_text(invocation.arguments.front()));
    print_out(text);
    return 0;
  }
  if (!invocation.arguments.empty())
    return fail(ErrorCode::usage, "got a topic and --format, which is of the whole reference",
                "skillgrad help", "leave one of them out");
  if (format != "man" && format != "markdown")
    return fail(ErrorCode::usage, "got --format " + format + ", expected man or markdown",
                "--format", "for example --format man");
  print_out(format == "man" ? reference_man() : reference_markdown());
  return 0;
}

Result<int> cmd_completion(const Invocation& invocation) {
  SKILLGRAD_TRY(const std::string script, completion_script(invocation.arguments.front()));
  print_out(script);
  return 0;
}

}  // namespace skillgrad::cli
