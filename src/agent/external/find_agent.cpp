// SPDX-License-Identifier: MIT
#include <algorithm>
#include <set>
#include <system_error>

#include <skillgrad/agent/external.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/exec/process.hpp>

#include "agent/external/command.hpp"

namespace skillgrad::agent {
namespace {

constexpr std::chrono::seconds kVersionTime{60};

bool is_shown_anyway(const fs::path& path) {
  constexpr const char* kSystem[] = {"/usr/",   "/bin/",   "/sbin/",  "/lib/",
                                     "/lib64/", "/lib32/", "/libx32/"};
  return std::any_of(std::begin(kSystem), std::end(kSystem),
                     [&](const char* folder) { return path.native().starts_with(folder); });
}

/// The program's file, or all packages that it was installed with.
fs::path package_of(const fs::path& file) {
  fs::path out = file, at;
  for (const fs::path& part : file) {
    at /= part;
    if (part == "node_modules") return at;
  }
  return out;
}

Result<fs::path> find_file(const std::string& program, const AgentProfile& profile) {
  std::error_code problem;
  const bool path = program.find('/') != std::string::npos;
  fs::path found = path ? fs::path(program) : exec::find_program(program);
  if (!found.empty()) found = fs::canonical(found, problem);
  if (!found.empty() && !problem && fs::is_regular_file(found, problem)) return found;
  return fail(
      ErrorCode::config,
      (path ? "there is no program " : "no folder of PATH has the program ") + program +
          ", which " + profile.title + " is run by",
      profile.origin,
      path ? "correct the path" : "install it (docs/executors.md), or put its folder into PATH");
}

void show(InstalledAgent& out, const fs::path& path) {
  if (is_shown_anyway(path)) return;
  if (std::find(out.shown.begin(), out.shown.end(), path) == out.shown.end())
    out.shown.push_back(path);
}

Result<> link(const fs::path& folder, const std::string& name, const fs::path& program) {
  std::error_code problem;
  fs::create_symlink(program, folder / name, problem);
  if (!problem || problem == std::errc::file_exists) return {};
  return tl::unexpected(
      errno_error(problem.value(), "cannot make a link", (folder / name).string()));
}

Result<std::string> version_of(const InstalledAgent& agent, exec::Sandbox& sandbox,
                               std::stop_token stop) {
  if (agent.profile.version_words.empty()) return std::string();
  SKILLGRAD_TRY(const TempDir work, TempDir::create("skillgrad-version"));
  SKILLGRAD_TRY(const TempDir home, TempDir::create("skillgrad-home"));
  exec::CommandSpec spec = agent_command(agent, sandbox.info(), work.path(), home.path());
  spec.argv.insert(spec.argv.end(), agent.profile.version_words.begin(),
                   agent.profile.version_words.end());
  spec.limits.wall = kVersionTime;
  SKILLGRAD_TRY(const auto done, sandbox.run(spec, std::move(stop)));
  if (done.cancelled) return fail(ErrorCode::cancelled, "stopped on request");
  const auto lines = split_lines(done.out + "\n" + done.err);
  for (const std::string& line : lines)
    if (done.exit_code == 0 && !trim(line).empty())
      return truncate_middle(strip_control(trim(line)), 120);
  const std::string said(
      trim(strip_control(truncate_middle(done.err.empty() ? done.out : done.err, 400))));
  return fail(
      ErrorCode::infra,
      agent.profile.title + " does not start in the sandbox: asked for its version, it " +
          (done.timed_out ? "did not end"
                          : "ended with exit code " + std::to_string(done.exit_code)) +
          (said.empty() ? "" : " and said: " + said),
      agent.program.string(),
      "see that it runs here by itself; name folders that it needs under \"mounts\" of a profile");
}

}  // namespace

Result<InstalledAgent> find_agent(AgentProfile profile, exec::Sandbox& sandbox,
                                  std::stop_token stop) {
  InstalledAgent out;
  SKILLGRAD_TRY(out.program, find_file(profile.program, profile));
  SKILLGRAD_TRY(TempDir links, TempDir::create("skillgrad-bin"));
  std::error_code problem;
  fs::permissions(links.path(), fs::perms(0755), problem);
  SKILLGRAD_CHECK(link(links.path(), fs::path(profile.program).filename().string(), out.program));
  show(out, package_of(out.program));
  for (const std::string& name : profile.needs) {
    SKILLGRAD_TRY(const fs::path program, find_file(name, profile));
    SKILLGRAD_CHECK(link(links.path(), name, program));
    show(out, package_of(program));
  }
  for (const std::string& mount : profile.mounts) {
    if (!fs::exists(mount, problem))
      return fail(ErrorCode::config, "there is no " + mount + ", which \"mounts\" names",
                  profile.origin, "correct the path, or take it out");
    show(out, mount);
  }
  out.links = std::make_shared<const TempDir>(std::move(links));
  out.profile = std::move(profile);
  SKILLGRAD_TRY(out.version, version_of(out, sandbox, std::move(stop)));
  return out;
}

}  // namespace skillgrad::agent
