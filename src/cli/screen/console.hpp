// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include <skillgrad/core/error.hpp>
#include <skillgrad/core/secret.hpp>

#include "cli/settings/options.hpp"

namespace skillgrad::cli {

class SignalWatch;

/// What the command line asked for: a command, its arguments, options of the table, own flags.
struct Invocation {
  std::string command;
  std::vector<std::string> arguments;
  GivenOptions given;
  std::map<std::string, std::string> local;  ///< flags that only this command has
  std::stop_token stop;
  SignalWatch* watch = nullptr;  ///< where `stop` comes from

  [[nodiscard]] bool has(const std::string& flag) const { return local.contains(flag); }
  [[nodiscard]] std::string value(const std::string& flag, std::string fallback = {}) const {
    const auto found = local.find(flag);
    return found == local.end() ? std::move(fallback) : found->second;
  }
};

/// From now on nothing that is printed or logged holds what this redactor removes; until then, what
/// looks like a key is removed.
void hide_in_output(std::shared_ptr<const Redactor> redactor);
[[nodiscard]] std::string without_secrets(const std::string& text);
/// stdout carries results only; everything else goes to stderr.
void print_out(const std::string& text);
/// Something was printed there.
[[nodiscard]] bool stdout_used();
/// What kept results from reaching stdout, once; a reader that went away (`| head`) is no error.
[[nodiscard]] Result<> output_written();
/// A standard stream that is closed at the start is opened so that its use fails: else a file of
/// the run would take its number and receive what is meant for the stream.
void occupy_standard_streams();
void print_err(const std::string& text);
/// How to go on from an error; where its maker said nothing, what its kind asks for.
[[nodiscard]] std::string mend_of(const Error& error);
void print_error(const Error& error);
/// "1 task", "2 tasks".
[[nodiscard]] std::string counted(std::size_t n, const std::string& noun);
/// A path or word as a shell reads it back.
[[nodiscard]] std::string shell_word(const std::string& text);
/// One rewritten status line is wanted: stderr is a terminal, no NO_COLOR, TERM is not dumb.
[[nodiscard]] bool wants_status_line();
/// Of stderr; 100 where it cannot be known.
[[nodiscard]] std::size_t terminal_columns();
/// Merged settings; unknown environment variables are named on stderr.
[[nodiscard]] Result<Settings> load_settings(const Invocation& invocation);
/// Lets --hard-max-time, if it is set, end this command. Errors: config.
[[nodiscard]] Result<> arm_hard_limit(const Settings& settings, const Invocation& invocation);
/// "90s", "30m", "2h", "1h30m", "2d" or plain seconds. Errors: config, at `where`.
[[nodiscard]] Result<std::chrono::milliseconds> parse_duration(const std::string& text,
                                                               const std::string& where);

/// One function for each command: the process exit code of what came to a result; an Error where it
/// came to nothing, which the caller reports.
[[nodiscard]] Result<int> cmd_schema(const Invocation& invocation);
[[nodiscard]] Result<int> cmd_optimize(const Invocation& invocation);
[[nodiscard]] Result<int> cmd_estimate(const Invocation& invocation);
[[nodiscard]] Result<int> cmd_resume(const Invocation& invocation);
[[nodiscard]] Result<int> cmd_eval(const Invocation& invocation);
[[nodiscard]] Result<int> cmd_grade(const Invocation& invocation);
[[nodiscard]] Result<int> cmd_validate(const Invocation& invocation);
[[nodiscard]] Result<int> cmd_demo(const Invocation& invocation);
[[nodiscard]] Result<int> cmd_simulate(const Invocation& invocation);
[[nodiscard]] Result<int> cmd_doctor(const Invocation& invocation);
[[nodiscard]] Result<int> cmd_benchmark(const Invocation& invocation);
[[nodiscard]] Result<int> cmd_config(const Invocation& invocation);

}  // namespace skillgrad::cli
