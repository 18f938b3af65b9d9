// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/hashing.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/skill/archive.hpp>

#include "cli/commands/commands.hpp"
#include "cli/screen/console.hpp"
#include "cli/screen/invocation.hpp"
#include "cli/workbench/load_settings.hpp"

namespace skillgrad::cli {

Result<int> cmd_pack(const Invocation& invocation) {
  SKILLGRAD_TRY(const auto settings, load_settings(invocation));
  SKILLGRAD_TRY(const auto package, skill::SkillPackage::load(invocation.arguments.front()));
  SKILLGRAD_TRY(const std::string bytes, skill::pack(package));
  const fs::path file = invocation.value("out", package.name() + ".skill");
  if (file.extension() != ".skill")
    return fail(ErrorCode::usage,
                "got --out " + file.string() + ", expected a name that ends in .skill", "--out",
                "for example --out " + shell_word(package.name() + ".skill"));
  SKILLGRAD_CHECK(write_file_atomic(file, bytes));
  const std::string hash = sha256_hex(bytes);
  if (settings.get<"json">())
    print_out(dump_json({{"schema", "skillgrad.pack/1"},
                         {"command", "pack"},
                         {"skill", package.name()},
                         {"file", fs::absolute(file).lexically_normal().string()},
                         {"bytes", bytes.size()},
                         {"sha256", hash}},
                        1) +
              "\n");
  else
    print_out(
        fmt::format("{}: {} bytes, sha256 {}\n", strip_control(file.string()), bytes.size(), hash));
  return 0;
}

}  // namespace skillgrad::cli
