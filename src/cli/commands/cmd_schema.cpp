// SPDX-License-Identifier: MIT
#include <skillgrad/core/resources.hpp>
#include <skillgrad/core/text.hpp>

#include "cli/commands/commands.hpp"
#include "cli/screen/console.hpp"
#include "cli/screen/invocation.hpp"
#include "cli/workbench/load_settings.hpp"

namespace skillgrad::cli {
namespace {

const std::string kFolder = "configs/schemas/";
const std::string kSuffix = ".json";

std::vector<std::string> schema_names() {
  std::vector<std::string> out;
  for (const auto& [path, text] : resources_below(kFolder))
    out.push_back(path.substr(kFolder.size(), path.size() - kFolder.size() - kSuffix.size()));
  return out;
}

/// NAME and title of each, for people; with --json the names.
Result<int> list_schemas(const Settings& settings) {
  const auto names = schema_names();
  if (settings.get<"json">()) {
    print_out(dump_json({{"schema", "skillgrad.schemas/1"}, {"schemas", names}}, 1) + "\n");
    return 0;
  }
  for (const auto& name : names) {
    const auto text = resource(kFolder + name + kSuffix);
    SKILLGRAD_TRY(const Json schema, parse_json(std::string(*text), name));
    std::string line = name;
    line.resize(std::max<std::size_t>(line.size() + 1, 16), ' ');
    print_out(line + schema.value("title", "") + "\n");
  }
  return 0;
}

}  // namespace

Result<int> cmd_schema(const Invocation& invocation) {
  SKILLGRAD_TRY(const auto settings, load_settings(invocation));
  if (invocation.arguments.empty()) return list_schemas(settings);
  const std::string& name = invocation.arguments.front();
  const auto text = resource(kFolder + name + kSuffix);
  if (text) {
    print_out(std::string(*text));
    return 0;
  }
  const auto names = schema_names();
  const auto near = nearest_match(name, names);
  return fail(ErrorCode::usage, "unknown schema \"" + name + "\"", "skillgrad schema",
              near ? "did you mean \"" + *near + "\"?" : "use one of " + join(names, ", "));
}

}  // namespace skillgrad::cli
