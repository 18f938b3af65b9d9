// SPDX-License-Identifier: MIT
#include <skillgrad/agent/executor.hpp>
#include <skillgrad/core/text.hpp>

namespace skillgrad::agent {
namespace {

/// Prints "3.11.2" and then those of the packages that are there, with their versions. Their code
/// is not run: that would take seconds.
constexpr const char* kAsk = R"py(
import platform
from importlib import metadata
print(platform.python_version())
for name in ("openpyxl", "pandas", "numpy", "xlsxwriter", "xlrd", "python-docx", "pypdf", "lxml",
             "scipy", "matplotlib", "pillow", "pyyaml"):
    try:
        print(name, metadata.version(name))
    except metadata.PackageNotFoundError:
        pass
)py";
constexpr std::chrono::seconds kLongest{20};
constexpr std::size_t kMostFactBytes = 1'000;

}  // namespace

std::string measure_shell(exec::Sandbox& sandbox, std::stop_token stop) {
  const auto work = TempDir::create("skillgrad-shell");
  if (!work) return {};
  exec::CommandSpec spec;
  spec.argv = {"/bin/bash", "-c", "python3 -"};
  spec.stdin_text = kAsk;
  spec.work_dir = work->path();
  spec.env = exec::scrubbed_environment();
  spec.limits.wall = kLongest;
  const auto result = sandbox.run(spec, std::move(stop));
  if (!result || result->cancelled || result->timed_out) return {};
  if (result->exit_code == 127) return "There is no python3.";
  std::vector<std::string> packages;
  std::string version;
  for (const std::string& line : split_lines(truncate_middle(result->out, kMostFactBytes))) {
    if (version.empty())
      version = trim(line);
    else if (!trim(line).empty())
      packages.emplace_back(trim(line));
  }
  if (result->exit_code != 0 || version.empty()) return {};
  return "python3 is " + version + ", with " +
         (packages.empty() ? "its standard library only" : "the packages " + join(packages, ", ")) +
         "; nothing can be installed.";
}

}  // namespace skillgrad::agent
