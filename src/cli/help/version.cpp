// SPDX-License-Identifier: MIT
#include "cli/help/version.hpp"

#include <CLI/Version.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <openssl/opensslv.h>
#include <seccomp.h>
#include <spdlog/version.h>

namespace skillgrad::cli {
namespace {

#if defined(__clang__)
constexpr const char* kCompiler = "clang " __clang_version__;
#else
constexpr const char* kCompiler = "g++ " __VERSION__;
#endif
#ifdef NDEBUG
constexpr const char* kKind = "release";
#else
constexpr const char* kKind = "debug";
#endif

}  // namespace

std::string version_text() {
  return fmt::format(
      "skillgrad {}\n"
      "built with {}, {}\n"
      "libraries: CLI11 {}, nlohmann_json {}.{}.{}, fmt {}.{}.{}, spdlog {}.{}.{}, OpenSSL {}, "
      "libseccomp {}.{}.{}; libcurl is loaded with the first request (`skillgrad doctor` shows "
      "it)\n"
      "sandboxes: bubblewrap, Landlock\n",
      SKILLGRAD_VERSION, kCompiler, kKind, CLI11_VERSION, NLOHMANN_JSON_VERSION_MAJOR,
      NLOHMANN_JSON_VERSION_MINOR, NLOHMANN_JSON_VERSION_PATCH, FMT_VERSION / 10000,
      FMT_VERSION / 100 % 100, FMT_VERSION % 100, SPDLOG_VER_MAJOR, SPDLOG_VER_MINOR,
      SPDLOG_VER_PATCH, OPENSSL_VERSION_STR, SCMP_VER_MAJOR, SCMP_VER_MINOR, SCMP_VER_MICRO);
}

}  // namespace skillgrad::cli
