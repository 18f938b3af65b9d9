// SPDX-License-Identifier: MIT
#include "cli/screen/output_file.hpp"

#include <unistd.h>

#include <skillgrad/core/files.hpp>

#include "cli/screen/console.hpp"

namespace skillgrad::cli {
namespace {

Result<> check_output_file(const std::string& flag, const fs::path& file) {
  std::error_code ignored;
  const std::string option = "--" + flag;
  if (!file.has_filename() || fs::is_directory(file, ignored))
    return fail(ErrorCode::usage, "\"" + file.string() + "\" is a folder, expected a file", option,
                "name a file in it, as in " + option + " " +
                    shell_word((file / ("out." + std::string(flag == "comment" ? "md"
                                                             : flag == "junit" ? "xml"
                                                                               : flag)))
                                   .string()));
  const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  if (!fs::is_directory(folder, ignored))
    return fail(
        ErrorCode::usage, "there is no folder \"" + folder.string() + "\" for the file", option,
        fs::exists(folder, ignored) ? "name a file in a folder that is there"
                                    : "make it with `mkdir -p " + shell_word(folder.string()) +
                                          "`, or name a file in a folder that is there");
  // The file itself is replaced, so that its own mode does not count.
  if (::access(folder.c_str(), W_OK | X_OK) != 0)
    return fail(ErrorCode::usage, "no file can be written into \"" + folder.string() + "\"", option,
                "name a file in a folder that you may write to");
  return {};
}

}  // namespace

Result<> check_output_files(const Invocation& invocation,
                            std::initializer_list<const char*> flags) {
  for (const char* flag : flags)
    if (invocation.has(flag)) SKILLGRAD_CHECK(check_output_file(flag, invocation.value(flag)));
  return {};
}

}  // namespace skillgrad::cli
