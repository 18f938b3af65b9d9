// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include <skillgrad/core/error.hpp>
#include <skillgrad/core/secret.hpp>

namespace skillgrad::cli {

/// `schema` of what a command that comes to nothing gives with --json.
inline constexpr const char* kErrorSchema = "skillgrad.error/1";

/// From now on nothing that is printed or logged holds what this redactor removes; until then, what
/// looks like a key is removed.
void hide_in_output(std::shared_ptr<const Redactor> redactor);
[[nodiscard]] std::string without_secrets(const std::string& text);
/// stdout carries results only; everything else goes to stderr.
void print_out(const std::string& text);
/// What this program made up itself and looks like a key: nothing is removed from it.
void print_out_unchanged(const std::string& text);
/// Something was printed there.
[[nodiscard]] bool stdout_used();
/// What kept results from reaching stdout, once; a reader that went away (`| head`) is no error.
[[nodiscard]] Result<> output_written();
/// A standard stream that is closed at the start is opened so that its use fails: else a file of
/// the run would take its number and receive what is meant for the stream.
void occupy_standard_streams();
void print_err(const std::string& text);
/// What this program made up itself and looks like a key: nothing is removed from it.
void print_err_unchanged(const std::string& text);
/// How to go on from an error; where its maker said nothing, what its kind asks for.
[[nodiscard]] std::string mend_of(const Error& error);
void print_error(const Error& error);
/// A path or word as a shell reads it back.
[[nodiscard]] std::string shell_word(const std::string& text);
/// One rewritten status line is wanted: stderr is a terminal, no NO_COLOR, TERM is not dumb.
[[nodiscard]] bool wants_status_line();
/// Of stdout: the same.
[[nodiscard]] bool wants_colour();
/// Of stderr; 100 where it cannot be known.
[[nodiscard]] std::size_t terminal_columns();

}  // namespace skillgrad::cli
