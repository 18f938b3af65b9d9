// SPDX-License-Identifier: MIT
// What one sandboxed `true` costs: the median time of each backend that works here.
//
// usage: sandbox_start [RUNS]
//
// Prints one JSON object: milliseconds by backend.
#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include <skillgrad/core/clock.hpp>
#include <skillgrad/core/files.hpp>
#include <skillgrad/core/json.hpp>
#include <skillgrad/exec/sandbox.hpp>

namespace {

using namespace skillgrad;

Result<double> median_ms(const std::string& backend, std::size_t runs) {
  SKILLGRAD_TRY(const auto sandbox, exec::make_sandbox_backend(backend));
  SKILLGRAD_TRY(const TempDir dir, TempDir::create("skillgrad-bench-"));
  exec::CommandSpec spec;
  spec.argv = {"true"};
  spec.work_dir = dir.path();
  spec.env = {{"PATH", "/usr/bin:/bin"}};
  const SystemClock clock;
  std::vector<double> times;
  for (std::size_t i = 0; i < runs; ++i) {
    const SteadyTime start = clock.now();
    SKILLGRAD_TRY(const auto result, sandbox->run(spec, {}));
    if (result.exit_code != 0) return fail(ErrorCode::sandbox, "true failed: " + result.err);
    times.push_back(std::chrono::duration<double, std::milli>(clock.now() - start).count());
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  const auto runs = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 20;
  if (runs < 1) return 2;
  Json out = Json::object();
  for (const char* backend : {"bwrap", "landlock", "none"}) {
    const auto time = median_ms(backend, runs);
    if (time)
      out[backend] = *time;
    else
      std::fprintf(stderr, "%s: %s\n", backend, time.error().to_line().c_str());
  }
  std::printf("%s\n", dump_json(out).c_str());
  return out.empty() ? 1 : 0;
}
