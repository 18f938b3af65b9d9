// SPDX-License-Identifier: MIT
#include "sheet/libreoffice_process.hpp"

#include <fmt/format.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/exec/process.hpp>

namespace skillgrad::sheet {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFilter = "xlsx:Calc MS Excel 2007 XML";

// Recalculation on load is off by default and stale caches would be kept. Links are not followed
// and macros do not run: the workbooks come from a model. Requests go to a proxy that is not there.
constexpr const char* kSettings = R"(<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
<item oor:path="/org.openoffice.Office.Calc/Content/Update"><prop oor:name="Link" oor:op="fuse"><value>2</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="MacroSecurityLevel" oor:op="fuse"><value>3</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="DisableMacrosExecution" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Inet/Settings"><prop oor:name="ooInetProxyType" oor:op="fuse"><value>2</value></prop></item>
<item oor:path="/org.openoffice.Inet/Settings"><prop oor:name="ooInetHTTPProxyName" oor:op="fuse"><value>127.0.0.1</value></prop></item>
<item oor:path="/org.openoffice.Inet/Settings"><prop oor:name="ooInetHTTPProxyPort" oor:op="fuse"><value>9</value></prop></item>
<item oor:path="/org.openoffice.Inet/Settings"><prop oor:name="ooInetHTTPSProxyName" oor:op="fuse"><value>127.0.0.1</value></prop></item>
<item oor:path="/org.openoffice.Inet/Settings"><prop oor:name="ooInetHTTPSProxyPort" oor:op="fuse"><value>9</value></prop></item>
<item oor:path="/org.openoffice.Inet/Settings"><prop oor:name="ooInetNoProxy" oor:op="fuse"><value></value></prop></item>
</oor:items>
)";

exec::CommandSpec command(std::vector<std::string> argv, const fs::path& folder) {
  exec::CommandSpec spec;
  spec.argv = std::move(argv);
  spec.work_dir = folder;
  spec.env = exec::scrubbed_environment();
  spec.env["HOME"] = folder.string();
  spec.env["TMPDIR"] = folder.string();
  spec.limits.memory_bytes = 0;  // LibreOffice reserves far more address space than it uses
  spec.limits.processes = 4096;
  return spec;
}

}  // namespace

Result<> run_conversion(const LibreOfficeOptions& options, const std::vector<fs::path>& inputs,
                        const fs::path& out_dir, const fs::path& profile, std::stop_token stop) {
  SKILLGRAD_CHECK(make_directories(out_dir));
  SKILLGRAD_CHECK(write_file_atomic(profile / "user/registrymodifications.xcu", kSettings));
  std::vector<std::string> argv{options.program.string(),
                                "-env:UserInstallation=file://" + profile.string(),
                                "--headless",
                                "--norestore",
                                "--nolockcheck",
                                "--convert-to",
                                kFilter,
                                "--outdir",
                                out_dir.string()};
  for (const fs::path& input : inputs) argv.push_back(input.string());
  exec::CommandSpec spec = command(std::move(argv), profile);
  spec.limits.wall =
      options.base_limit + options.file_limit * static_cast<std::int64_t>(inputs.size());
  SKILLGRAD_TRY(const exec::CommandResult result, exec::run_process(spec, stop));
  if (result.cancelled || stop.stop_requested()) {
    return fail(ErrorCode::cancelled, "recalculation was stopped");
  }
  if (result.timed_out) {
    return fail(ErrorCode::infra,
                fmt::format("LibreOffice did not finish {} file(s) within {} ms", inputs.size(),
                            spec.limits.wall.count()),
                options.program.string(), "try again, or grade with --recalc never");
  }
  return {};
}

std::string query_version(const fs::path& program, const fs::path& folder) {
  if (program.empty()) return {};
  exec::CommandSpec spec = command({program.string(), "--version"}, folder);
  spec.limits.wall = std::chrono::seconds(30);
  const auto result = exec::run_process(spec, {});
  if (!result) return {};
  // "LibreOffice 7.4.7.2 40(Build:2)"
  for (const std::string& line : split_lines(result->out)) {
    const auto words = split(line, ' ');
    if (words.size() >= 2 && words[0] == "LibreOffice") return words[0] + " " + words[1];
  }
  return {};
}

}  // namespace skillgrad::sheet
