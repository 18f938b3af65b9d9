// SPDX-License-Identifier: MIT
#include "cli/screen/console.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <mutex>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <skillgrad/core/text.hpp>

namespace skillgrad::cli {
namespace {

std::mutex& output_mutex() {
  static std::mutex mutex;
  return mutex;
}

int print(std::FILE* stream, const std::string& text) {
  errno = 0;
  const bool written = std::fwrite(text.data(), 1, text.size(), stream) == text.size();
  return std::fflush(stream) == 0 && written ? 0 : errno;
}

bool wrote = false;   ///< stdout; under output_mutex()
int lost_output = 0;  ///< errno of the first write to stdout that failed; under output_mutex()

std::shared_ptr<const Redactor>& hidden() {
  // Before the secrets are known, what looks like one.
  static std::shared_ptr<const Redactor> redactor = std::make_shared<const Redactor>();
  return redactor;
}

}  // namespace

void hide_in_output(std::shared_ptr<const Redactor> redactor) {
  const std::lock_guard lock(output_mutex());
  hidden() = std::move(redactor);
}

std::string without_secrets(const std::string& text) {
  std::shared_ptr<const Redactor> redactor;
  {
    const std::lock_guard lock(output_mutex());
    redactor = hidden();
  }
  return redactor->redact(text);
}

void print_out(const std::string& text) { print_out_unchanged(without_secrets(text)); }

void print_out_unchanged(const std::string& text) {
  const std::lock_guard lock(output_mutex());
  wrote = wrote || !text.empty();
  const int error = print(stdout, text);
  if (lost_output == 0) lost_output = error;
}

bool stdout_used() {
  const std::lock_guard lock(output_mutex());
  return wrote;
}

void print_err(const std::string& text) { print_err_unchanged(without_secrets(text)); }

void print_err_unchanged(const std::string& text) {
  const std::lock_guard lock(output_mutex());
  print(stderr, text);
}

Result<> output_written() {
  const std::lock_guard lock(output_mutex());
  if (lost_output == 0 || lost_output == EPIPE) return {};
  return tl::unexpected(errno_error(lost_output, "cannot write the result", "stdout"));
}

void occupy_standard_streams() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) >= 0) continue;
    // The lowest free number is this one; the wrong direction makes its use fail.
    [[maybe_unused]] const int opened =
        ::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  }
}

std::string mend_of(const Error& error) {
  if (!error.mend.empty()) return error.mend;
  switch (error.code) {
    case ErrorCode::usage:
      return "`skillgrad --help` lists the commands, and COMMAND --help its flags";
    case ErrorCode::config:
      return "correct the value there; `skillgrad config show --origin` shows where each comes "
             "from";
    case ErrorCode::input:
    case ErrorCode::dataset:
    case ErrorCode::invalid_skill:
      return "correct what is named there, or name another file or folder";
    case ErrorCode::disk_full:
      return "free space on this file system or choose another folder";
    case ErrorCode::io:
      return "check the path, its rights and the disk";
    case ErrorCode::locked:
      return "wait until the other process has ended, or name another folder with --run";
    case ErrorCode::sandbox:
    case ErrorCode::infra:
      return "`skillgrad doctor` checks the sandbox and the programs that are needed";
    case ErrorCode::cancelled:
    case ErrorCode::deadline:
    case ErrorCode::budget:
      return "give the same command again to go on";
    case ErrorCode::internal:
      return "this is a fault of the program: please report it with the command line";
    default:
      return "`skillgrad doctor --model NAME` checks the endpoint";
  }
}

void print_error(const Error& error) {
  Error shown = error;
  shown.mend = mend_of(error);
  print_err(strip_control(shown.to_text()) + "\n");
}

std::string shell_word(const std::string& text) {
  const bool plain = !text.empty() && text.find_first_not_of(
                                          "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                          "0123456789_-./:@%+=,") == std::string::npos;
  return plain ? text : "'" + replace_all(text, "'", "'\\''") + "'";
}

namespace {

bool takes_sequences(int stream) {
  const char* no_color = std::getenv("NO_COLOR");  // NOLINT(concurrency-mt-unsafe): never set
  const char* term = std::getenv("TERM");          // NOLINT(concurrency-mt-unsafe)
  return isatty(stream) == 1 && (no_color == nullptr || *no_color == '\0') &&
         (term == nullptr || std::string_view(term) != "dumb");
}

}  // namespace

bool wants_status_line() { return takes_sequences(STDERR_FILENO); }

bool wants_colour() { return takes_sequences(STDOUT_FILENO); }

std::size_t terminal_columns() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 100;
}

}  // namespace skillgrad::cli
