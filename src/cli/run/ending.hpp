// SPDX-License-Identifier: MIT
#pragma once

#include <skillgrad/core/error.hpp>
#include <skillgrad/core/json.hpp>

#include "cli/run/run_setup.hpp"
#include "cli/screen/console.hpp"
#include "cli/screen/invocation.hpp"

namespace skillgrad::cli {

/// What a command that comes to nothing gives with --json.
[[nodiscard]] Json error_object(const Error& error, const std::string& command);
/// Ends a command that comes to nothing: the error goes to stderr, and to stdout as an object with
/// --json, or as the last event with `--events -`, unless a result is there already. The exit code,
/// which is that of a signal if one ended the command.
[[nodiscard]] int end_with_error(Error error, const Invocation& invocation);
/// The same for a run that is open: its log and its events hear of it.
[[nodiscard]] int end_run_with_error(Error error, const Invocation& invocation, RunSetup& setup);
/// Tells a run's log and events what it came to; there is no observer afterwards.
void close_run(RunSetup& setup, const Json& result);
/// The result on stdout, as the object or as text. With `--events -`, stdout holds events alone, of
/// which the object was the last: the text goes to stderr.
void print_result(const RunSetup& setup, const Json& json, const std::string& text);

}  // namespace skillgrad::cli
