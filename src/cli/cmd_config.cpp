// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <skillgrad/core/clock.hpp>

#include "cli/console.hpp"
#include "cli/models.hpp"

namespace skillgrad::cli {

int cmd_config(const Invocation& invocation) {
  if (invocation.arguments.at(0) != "show") {
    print_error({ErrorCode::usage,
                 "unknown action \"" + invocation.arguments.at(0) + "\"",
                 "skillgrad config",
                 "write `skillgrad config show`",
                 {}});
    return 2;
  }
  const auto settings = load_settings(invocation);
  if (!settings) {
    print_error(settings.error());
    return exit_code_of(settings.error().code);
  }
  const auto prices = role_prices(*settings, SystemClock().wall_now());
  if (!prices) {
    print_error(prices.error());
    return exit_code_of(prices.error().code);
  }
  if (settings->flag("json")) {
    Json out = Json::object();
    for (const auto& spec : option_table())
      out[spec.key] = {{"value", settings->shown(spec.key)},
                       {"origin", settings->origin(spec.key)}};
    Json& effective = out["effective_prices"] = Json::object();
    for (const auto& price : *prices) effective[price.role] = to_json(price);
    print_out(dump_json(out, 1) + "\n");
    return 0;
  }
  for (const auto& spec : option_table()) {
    std::string line = fmt::format("{} = {}", spec.key, dump_json(settings->shown(spec.key)));
    if (invocation.has("origin"))
      line = fmt::format("{:<60} # {}", line, settings->origin(spec.key));
    print_out(line + "\n");
  }
  for (const auto& price : *prices)
    print_out(fmt::format("# price of {}: {}\n", price.role, to_text(price)));
  return 0;
}

}  // namespace skillgrad::cli
