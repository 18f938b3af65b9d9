// SPDX-License-Identifier: MIT
#include "cli/help/topics.hpp"

#include <skillgrad/core/resources.hpp>
#include <skillgrad/core/text.hpp>

#include "cli/settings/command_table.hpp"

namespace skillgrad::cli {
namespace {

const std::string kTopics = "docs/topics/";
const std::string kMarkdown = ".md";

}  // namespace

std::vector<std::string> topic_names() {
  std::vector<std::string> out;
  for (const auto& [path, text] : resources_below(kTopics))
    out.push_back(path.substr(kTopics.size(), path.size() - kTopics.size() - kMarkdown.size()));
  return out;
}

Result<std::string> topic_text(const std::string& name) {
  if (const auto text = resource(kTopics + name + kMarkdown)) return std::string(*text);
  std::vector<std::string> known = topic_names();
  const std::string topics = join(known, ", ");
  for (const CommandSpec& command : command_table()) known.emplace_back(command.name);
  const auto near = nearest_match(name, known);
  return fail(
      ErrorCode::usage, "no topic or command \"" + name + "\"", "skillgrad help",
      near ? "did you mean `skillgrad help " + *near + "`?" : "use a command or one of " + topics);
}

}  // namespace skillgrad::cli
