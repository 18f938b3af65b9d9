// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/sim/server.hpp>

#include "cli/commands/commands.hpp"
#include "cli/models/models.hpp"
#include "cli/screen/console.hpp"
#include "cli/screen/invocation.hpp"
#include "cli/workbench/load_settings.hpp"

namespace skillgrad::cli {
namespace {

Result<int> parse_port(const std::string& text) {
  const Json port = Json::parse(text, nullptr, false);
  if (port.is_number_integer() && port.get<std::int64_t>() >= 0 &&
      port.get<std::int64_t>() <= 65535)
    return port.get<int>();
  return fail(ErrorCode::usage, "got --port " + text + ", expected 0 to 65535", "--port",
              "for example --port 8090, or leave it out for any free port");
}

Result<int> run_simulate(const Invocation& invocation) {
  SKILLGRAD_TRY(const auto settings, load_settings(invocation));
  SKILLGRAD_TRY(const int port, parse_port(invocation.value("port", "0")));
  auto options = simulation_options(settings);
  options.scenario = invocation.arguments.empty() ? "demo" : invocation.arguments[0];
  if (options.scenario.starts_with("sim:")) options.scenario.erase(0, 4);
  options.port = port;
  options.require_key = invocation.value("require-key");
  SKILLGRAD_TRY(const auto server, sim::Server::start(options));
  // A program that starts this one reads the address from the first line.
  print_out(fmt::format("{}\n", server->base_url()));
  print_err(
      fmt::format("simulated endpoint (not a model) for scenario {}; model name \"{}\"; "
                  "stop it with Ctrl-C\n",
                  options.scenario, server->model()));
  SystemClock clock;
  while (clock.sleep_for(std::chrono::hours(1), invocation.stop)) {
  }
  print_err(counted(server->requests(), "request") + " served\n");
  return 0;
}

}  // namespace

Result<int> cmd_simulate(const Invocation& invocation) { return run_simulate(invocation); }

}  // namespace skillgrad::cli
