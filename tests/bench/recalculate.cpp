// SPDX-License-Identifier: MIT
// Recalculates workbooks with the pool of LibreOffice workers, all asked for at once.
//
// usage: recalculate WORKERS auto|off WORKBOOK...  (auto: in the sandbox)
//
// Prints one JSON object: workbooks, done, wall_s, version.
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include <skillgrad/core/clock.hpp>
#include <skillgrad/core/files.hpp>
#include <skillgrad/core/json.hpp>
#include <skillgrad/exec/sandbox.hpp>
#include <skillgrad/sheet/workbook.hpp>

int main(int argc, char** argv) {
  using namespace skillgrad;
  if (argc < 4) {
    std::fputs("usage: recalculate WORKERS auto|off WORKBOOK...\n", stderr);
    return 2;
  }
  const auto pool = sheet::make_libreoffice_recalculator(
      static_cast<unsigned>(std::strtoul(argv[1], nullptr, 10)),
      std::string(argv[2]) == "off" ? exec::SandboxMode::off : exec::SandboxMode::automatic);
  const auto folder = TempDir::create("skillgrad-bench-").value();
  std::atomic<int> done{0};
  const SystemClock clock;
  const SteadyTime start = clock.now();
  {
    std::vector<std::jthread> askers;
    for (int i = 3; i < argc; ++i)
      askers.emplace_back([&, i] {
        const auto output = folder.path() / (std::to_string(i) + ".xlsx");
        const auto result = pool->recalculate(argv[i], output, {});
        if (!result) std::fprintf(stderr, "%s: %s\n", argv[i], result.error().to_line().c_str());
        if (result && sheet::Workbook::read(output)) ++done;
      });
    for (auto& asker : askers) asker.join();
  }
  const double wall = std::chrono::duration<double>(clock.now() - start).count();
  std::puts(dump_json(Json{{"workbooks", argc - 3},
                           {"done", done.load()},
                           {"wall_s", wall},
                           {"version", pool->version()},
                           {"outside", pool->outside()}})
                .c_str());
  return 0;
}
