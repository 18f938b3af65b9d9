// SPDX-License-Identifier: MIT
#include <cerrno>
#include <system_error>

#include <skillgrad/core/error.hpp>

namespace skillgrad {
namespace {

std::string chain_of(const Error& error) {
  std::string out;
  for (auto it = error.context.rbegin(); it != error.context.rend(); ++it) out += *it + ": ";
  return out + error.message;
}

}  // namespace

std::string Error::to_text() const {
  std::string out = "error: " + chain_of(*this);
  if (!where.empty()) out += "\n  at: " + where;
  if (!mend.empty()) out += "\n  fix: " + mend;
  return out;
}

std::string Error::to_line() const {
  std::string out = std::string(name_of(code)) + ": " + chain_of(*this);
  if (!where.empty()) out += " (at " + where + ")";
  if (!mend.empty()) out += "; fix: " + mend;
  for (char& c : out) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  return out;
}

tl::unexpected<Error> fail(ErrorCode code, std::string message, std::string where,
                           std::string mend) {
  return tl::unexpected<Error>(
      Error{code, std::move(message), std::move(where), std::move(mend), {}});
}

namespace {

const char* mend_of_errno(int error_number) {
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
      return "free space on this file system or choose another folder";
    case EACCES:
    case EPERM:
      return "check who owns it and what its rights are, or name another place";
    case EROFS:
      return "this file system is read-only: name a folder on another one";
    case ENOENT:
    case ENOTDIR:
      return "check the path, or make the folder first";
    case EMFILE:
    case ENFILE:
      return "raise the limit of open files (ulimit -n), or do fewer things at once with -j";
    case ENOMEM:
      return "free memory, or do fewer things at once with -j";
    default:
      return "check the path, its rights and the disk";
  }
}

}  // namespace

Error errno_error(int error_number, std::string what, std::string where) {
  const bool full = error_number == ENOSPC || error_number == EDQUOT;
  return Error{full ? ErrorCode::disk_full : ErrorCode::io,
               std::move(what) + ": " + std::generic_category().message(error_number),
               std::move(where),
               mend_of_errno(error_number),
               {}};
}

int exit_code_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::usage:
    case ErrorCode::config:
    case ErrorCode::input:
    case ErrorCode::dataset:
    case ErrorCode::invalid_skill:
    case ErrorCode::locked:
      return 2;
    case ErrorCode::budget:
    case ErrorCode::deadline:
      return 4;
    case ErrorCode::cancelled:
      return 130;
    default:
      return 3;
  }
}

}  // namespace skillgrad
