// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <skillgrad/core/clock.hpp>

#include "cli/commands/commands.hpp"
#include "cli/models/models.hpp"
#include "cli/screen/console.hpp"
#include "cli/screen/invocation.hpp"
#include "cli/screen/notes.hpp"
#include "cli/workbench/load_settings.hpp"

namespace skillgrad::cli {

Result<int> cmd_config(const Invocation& invocation) {
  if (invocation.arguments.at(0) != "show")
    return fail(ErrorCode::usage, "unknown action \"" + invocation.arguments.at(0) + "\"",
                "skillgrad config", "write `skillgrad config show`");
  const auto settings = load_settings(invocation);
  if (!settings) return tl::unexpected(settings.error());
  const auto prices = role_prices(*settings, SystemClock().wall_now());
  if (!prices) return tl::unexpected(prices.error());
  if (settings->get<"json">()) {
    Json out = {{"schema", "skillgrad.settings/1"}};
    for (const auto& spec : option_table())
      out[spec.key] = {{"value", settings->shown(spec)}, {"origin", settings->origin(spec)}};
    Json& effective = out["effective_prices"] = Json::object();
    for (const auto& price : *prices) effective[price.role] = to_json(price);
    out["notes"] = notes_json(notes().all());
    print_out(dump_json(out, 1) + "\n");
    return 0;
  }
  for (const auto& spec : option_table()) {
    std::string line = fmt::format("{} = {}", spec.key, dump_json(settings->shown(spec)));
    if (invocation.has("origin")) line = fmt::format("{:<60} # {}", line, settings->origin(spec));
    print_out(line + "\n");
  }
  for (const auto& price : *prices)
    print_out(fmt::format("# price of {}: {}\n", price.role, to_text(price)));
  return 0;
}

}  // namespace skillgrad::cli
