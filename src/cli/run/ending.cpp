// SPDX-License-Identifier: MIT
#include "cli/run/ending.hpp"

#include <algorithm>

#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/rollouts.hpp>

#include "cli/screen/invocation.hpp"
#include "cli/screen/signals.hpp"
#include "cli/settings/command_table.hpp"

namespace skillgrad::cli {
namespace {

constexpr const char* kStdout = "-";

/// Settings as far as they can be read; what is wrong with them is reported elsewhere.
struct Wishes {
  bool json = false;
  bool events_on_stdout = false;
};

Wishes wishes_of(const Invocation& invocation) {
  const auto& flags = invocation.given.flags;
  Wishes out;
  const auto given = flags.find("json"), events = flags.find("events");
  out.json = given != flags.end() && given->second == "true";
  out.events_on_stdout = events != flags.end() && events->second == kStdout;
  std::vector<std::string> ignored;
  if (const auto settings = merge_settings(invocation.given, ignored)) {
    out.json = settings->get<"json">();
    out.events_on_stdout = settings->get<"events">() == kStdout;
  }
  const CommandSpec* const command = find_command(invocation.command);
  if (command == nullptr) return out;
  out.json = out.json && (command->groups & kOutput) != 0;
  out.events_on_stdout = out.events_on_stdout && (command->groups & kRun) != 0;
  return out;
}

/// A stop or a limit of time that was asked for outranks what failed on the way out.
Error as_ending(Error error, const Invocation& invocation) {
  llm::CallContext call;
  call.stop = invocation.stop;
  if (invocation.watch != nullptr) call.hard_limit = invocation.watch->limit();
  return optim::end_of_run(std::move(error), {call, SystemClock().now(), {}});
}

/// A command that was refused before its events had anywhere to go.
void print_error_event(const Json& object) {
  const Json event = {{"schema", "skillgrad.event/1"},
                      {"time", format_utc(SystemClock().wall_now())},
                      {"event", "error"},
                      {"result", object}};
  print_out(dump_json(event) + "\n");
}

}  // namespace

Json error_object(const Error& error, const std::string& command) {
  return {{"schema", kErrorSchema},
          {"command", command},
          {"code", name_of(error.code)},
          {"what", strip_control(error.message)},
          {"where", strip_control(error.where)},
          {"mend", strip_control(mend_of(error))},
          {"context", error.context},
          {"exit_code", exit_code_of(error.code)}};
}

int end_with_error(Error error, const Invocation& invocation) {
  error = as_ending(std::move(error), invocation);
  const bool silent = stdout_used();
  print_error(error);
  const Wishes wishes = wishes_of(invocation);
  const Json object = error_object(error, invocation.command);
  if (wishes.events_on_stdout)
    print_error_event(object);
  else if (wishes.json && !silent)
    print_out(dump_json(object, 1) + "\n");
  return exit_code_of(error.code);
}

int end_run_with_error(Error error, const Invocation& invocation, RunSetup& setup) {
  error = as_ending(std::move(error), invocation);
  const Json object = error_object(error, invocation.command);
  if (setup.observer != nullptr) setup.observer->ended(object);
  const bool told = setup.observer != nullptr && setup.settings.get<"events">() == kStdout;
  setup.observer.reset();
  const bool silent = stdout_used();
  print_error(error);
  if (setup.settings.get<"json">() && !told && !silent) print_out(dump_json(object, 1) + "\n");
  return exit_code_of(error.code);
}

void close_run(RunSetup& setup, const Json& result) {
  setup.observer->ended(result);
  setup.observer.reset();  // ends the status line
}

void print_result(const RunSetup& setup, const Json& json, const std::string& text) {
  const bool as_json = setup.settings.get<"json">();
  if (setup.settings.get<"events">() != kStdout)
    print_out(as_json ? dump_json(json, 1) + "\n" : text);
  else if (!as_json)
    print_err(text);
}

}  // namespace skillgrad::cli
