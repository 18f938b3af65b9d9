// SPDX-License-Identifier: MIT
#include "sheet/libreoffice_process.hpp"

#include <fmt/format.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/core/untrusted_tree.hpp>
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

constexpr const char* kSettingsFile = "user/registrymodifications.xcu";
/// Where the sandbox shows what is converted, and takes what came of it.
constexpr const char* kInputs = "/in";
constexpr const char* kOutputs = "/out";
/// What came out of a sandbox: one file for each that went in, and not many times their size.
constexpr TreeLimits kTaken{std::uint64_t{4} << 30, 1'000, 4, std::chrono::milliseconds(60'000),
                            Links::refuse};

exec::CommandSpec command(std::vector<std::string> argv, const fs::path& folder,
                          const std::string& home) {
  exec::CommandSpec spec;
  spec.argv = std::move(argv);
  spec.work_dir = folder;
  spec.env = exec::scrubbed_environment();
  spec.env["HOME"] = home;
  spec.env["TMPDIR"] = home;
  spec.limits.processes = 4096;
  return spec;
}

/// On this machine it reserves far more address space than it uses, so no limit is set there.
exec::CommandSpec plain_command(std::vector<std::string> argv, const fs::path& folder) {
  exec::CommandSpec spec = command(std::move(argv), folder, folder.string());
  spec.limits.memory_bytes = 0;
  return spec;
}

bool is_of_the_system(const fs::path& program) {
  return program.string().starts_with("/usr/") || program.string().starts_with("/bin/");
}

exec::CommandSpec sandboxed_command(std::vector<std::string> argv, const fs::path& folder) {
  constexpr std::uint64_t kMemory = std::uint64_t{6} << 30, kDisk = std::uint64_t{8} << 30;
  std::error_code ignored;
  const fs::path program = fs::canonical(argv.front(), ignored);
  if (!program.empty()) argv.front() = program.string();
  exec::CommandSpec spec = command(std::move(argv), folder, exec::kWorkDir);
  // .../libreoffice/program/soffice needs all of its installation.
  if (!program.empty() && !is_of_the_system(program)) {
    const fs::path own = program.parent_path();
    const fs::path shown = own.filename() == "program" ? own.parent_path() : own;
    spec.mounts.push_back({shown, shown.string()});
  }
  spec.limits.bound_addresses = false;
  spec.limits.memory_bytes = kMemory;
  spec.limits.disk_bytes = kDisk;
  return spec;
}

std::vector<std::string> conversion_words(const LibreOfficeOptions& options,
                                          const std::string& profile, const std::string& out_dir,
                                          const std::vector<std::string>& inputs) {
  std::vector<std::string> out{options.program.string(),
                               "-env:UserInstallation=file://" + profile,
                               "--headless",
                               "--norestore",
                               "--nolockcheck",
                               "--convert-to",
                               kFilter,
                               "--outdir",
                               out_dir};
  out.insert(out.end(), inputs.begin(), inputs.end());
  return out;
}

/// "LibreOffice 7.4.7.2 40(Build:2)"
std::string version_in(const Result<exec::CommandResult>& said) {
  if (!said) return {};
  const auto lines = split_lines(said->out);
  for (const std::string& line : lines) {
    const auto words = split(line, ' ');
    if (words.size() >= 2 && words[0] == "LibreOffice") return words[0] + " " + words[1];
  }
  return {};
}

constexpr std::chrono::seconds kVersionLimit{30};

/// In bubblewrap, which gives it files and a network of its own.
Result<OfficeRunner> open_sandboxed(const LibreOfficeOptions& options, const fs::path& folder) {
  SKILLGRAD_TRY(auto sandbox, exec::make_sandbox_backend("bwrap"));
  OfficeRunner out;
  out.sandbox = std::move(sandbox);
  exec::CommandSpec spec = sandboxed_command({options.program.string(), "--version"}, folder);
  spec.limits.wall = kVersionLimit;
  SKILLGRAD_TRY(const auto said, out.sandbox->run(spec, {}));
  out.version = version_in(said);
  if (!out.version.empty()) return out;
  const std::string last = truncate_middle(strip_control(sanitize_utf8(trim(said.err))), 200);
  return fail(ErrorCode::sandbox,
              "LibreOffice does not start in the sandbox" + (last.empty() ? "" : ": " + last),
              options.program.string(), "use --recalc never, or --sandbox auto");
}

Result<exec::CommandResult> run_outside(const LibreOfficeOptions& options,
                                        const Conversion& conversion,
                                        std::chrono::milliseconds limit, std::stop_token stop) {
  const fs::path& profile = conversion.profile;
  SKILLGRAD_CHECK(write_file_atomic(profile / kSettingsFile, kSettings));
  std::vector<std::string> inputs;
  for (const fs::path& input : conversion.inputs) inputs.push_back(input.string());
  exec::CommandSpec spec = plain_command(
      conversion_words(options, profile.string(), conversion.out_dir.string(), inputs), profile);
  spec.limits.wall = limit;
  return exec::run_process(spec, std::move(stop));
}

/// Regular files alone come out, opened without following a link.
Result<> take_out(const Conversion& conversion) {
  const fs::path taken = conversion.batch / "taken";
  const auto copy = copy_untrusted_tree(conversion.batch / "out", taken, kTaken);
  if (!copy && copy.error().code == ErrorCode::disk_full) return tl::unexpected(copy.error());
  if (!copy || !copy->refused.empty())
    return fail(
        ErrorCode::infra,
        "what LibreOffice made is not taken: " + (copy ? copy->refused : copy.error().to_line()),
        conversion.out_dir.string(), "try again, or grade with --recalc never");
  for (const fs::path& input : conversion.inputs) {
    const fs::path made = taken / input.filename();
    std::error_code problem;
    if (!fs::is_regular_file(fs::symlink_status(made, problem))) continue;
    fs::rename(made, conversion.out_dir / input.filename(), problem);
    if (problem) return tl::unexpected(errno_error(problem.value(), "cannot keep", made.string()));
  }
  return {};
}

/// The profile is written before its first run and never after: what lies there is the sandbox's
/// own.
Result<exec::CommandResult> run_inside(const LibreOfficeOptions& options, exec::Sandbox& sandbox,
                                       const Conversion& conversion,
                                       std::chrono::milliseconds limit, std::stop_token stop) {
  const fs::path in = conversion.batch / "in", out = conversion.batch / "out";
  std::error_code problem;
  if (!fs::exists(fs::symlink_status(conversion.profile, problem)))
    SKILLGRAD_CHECK(write_file_atomic(conversion.profile / kSettingsFile, kSettings, 0644));
  SKILLGRAD_CHECK(remove_tree(conversion.batch));
  SKILLGRAD_CHECK(make_directories(in));
  SKILLGRAD_CHECK(make_directories(out));
  // Whatever the umask is: a folder that the sandbox's user cannot read would be copied.
  fs::permissions(in, fs::perms(0755), problem);
  std::vector<std::string> inputs;
  for (const fs::path& input : conversion.inputs) {
    fs::create_hard_link(input, in / input.filename(), problem);
    if (problem)
      return tl::unexpected(errno_error(problem.value(), "cannot give to LibreOffice",
                                        (in / input.filename()).string()));
    inputs.push_back(std::string(kInputs) + "/" + input.filename().string());
  }
  exec::CommandSpec spec = sandboxed_command(
      conversion_words(options, exec::kWorkDir, kOutputs, inputs), conversion.profile);
  spec.mounts.push_back({in, kInputs});
  spec.writable.push_back({out, kOutputs});
  spec.limits.wall = limit;
  SKILLGRAD_TRY(auto ran, sandbox.run(spec, std::move(stop)));
  if (!ran.cancelled && !ran.timed_out) SKILLGRAD_CHECK(take_out(conversion));
  SKILLGRAD_CHECK(remove_tree(conversion.batch));
  return ran;
}

}  // namespace

Result<OfficeRunner> open_office(const LibreOfficeOptions& options, const fs::path& folder) {
  OfficeRunner out;
  if (options.program.empty()) return out;
  if (options.sandbox != exec::SandboxMode::off) {
    const fs::path inside = folder / "version";
    SKILLGRAD_CHECK(make_directories(inside));
    auto kept_in = open_sandboxed(options, inside);
    if (kept_in || options.sandbox == exec::SandboxMode::require) return kept_in;
    out.outside = kept_in.error().message;
  } else {
    out.outside = "--sandbox off";
  }
  exec::CommandSpec spec = plain_command({options.program.string(), "--version"}, folder);
  spec.limits.wall = kVersionLimit;
  out.version = version_in(exec::run_process(spec, {}));
  return out;
}

Result<> run_conversion(const LibreOfficeOptions& options, const OfficeRunner& runner,
                        const Conversion& conversion, std::stop_token stop) {
  SKILLGRAD_CHECK(make_directories(conversion.out_dir));
  const auto limit =
      options.base_limit + options.file_limit * static_cast<std::int64_t>(conversion.inputs.size());
  SKILLGRAD_TRY(const exec::CommandResult result,
                runner.sandbox ? run_inside(options, *runner.sandbox, conversion, limit, stop)
                               : run_outside(options, conversion, limit, stop));
  if (result.cancelled || stop.stop_requested()) {
    return fail(ErrorCode::cancelled, "recalculation was stopped");
  }
  if (result.timed_out) {
    return fail(ErrorCode::infra,
                fmt::format("LibreOffice did not finish {} file(s) within {} ms",
                            conversion.inputs.size(), limit.count()),
                options.program.string(), "try again, or grade with --recalc never");
  }
  return {};
}

}  // namespace skillgrad::sheet
