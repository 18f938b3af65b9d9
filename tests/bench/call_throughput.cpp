// SPDX-License-Identifier: MIT
// How many calls a second the client makes, and what one costs in CPU time.
//
// usage: call_throughput BASE_URL MODEL CALLS IN_FLIGHT LATENCY_MS record|plain|cache
//
// "record" keeps every call in a run directory, as a real run does; "cache" makes the calls once
// without measuring and then measures how a cache answers them. Only this process is measured;
// the endpoint must run in another one. Prints one JSON object.
#include <atomic>
#include <cstdio>
#include <cstdlib>

#include <sys/resource.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/json.hpp>
#include <skillgrad/core/parallel.hpp>
#include <skillgrad/llm/client.hpp>
#include <skillgrad/llm/exchange_store.hpp>
#include <skillgrad/store/run_store.hpp>

namespace {

using namespace skillgrad;

/// About the size of the first request of a rollout.
llm::ChatRequest make_request(std::size_t index) {
  llm::ChatRequest out;
  out.stage = "executor";
  out.scope = "bench/" + std::to_string(index);
  std::string rules;
  for (int i = 0; i < 40; ++i)
    rules += "- Work only in the work directory; look at the files before you change them.\n";
  llm::Message system, user;
  system.role = llm::Role::system;
  system.content =
      "You solve tasks with tools.\n<available_skills>\nbench: a skill\n"
      "</available_skills>\n" +
      rules;
  user.content = "Task " + std::to_string(index) + ": sum the amounts of the table.";
  out.messages = {system, user};
  const auto tool = [](const char* name, const char* argument) {
    return llm::ToolSpec{name, "a tool of the executor",
                         std::string(R"({"type":"object","properties":{")") + argument +
                             R"(":{"type":"string"}},"required":[")" + argument + R"("]})"};
  };
  out.tools = {tool("activate_skill", "name"), tool("read_reference", "path"),
               tool("shell", "command")};
  return out;
}

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

struct Plan {
  std::size_t calls = 0;
  unsigned in_flight = 1;
  double latency = 0;  ///< seconds
};

Json measure(llm::ChatModel& client, const Plan& plan) {
  const SystemClock clock;
  std::atomic<std::size_t> failed{0};
  const double cpu = cpu_seconds();
  const SteadyTime start = clock.now();
  parallel_for(plan.calls, plan.in_flight, [&](std::size_t i) {
    if (const auto reply = client.complete(make_request(i), {}); !reply && failed++ == 0)
      std::fprintf(stderr, "%s\n", reply.error().to_line().c_str());
  });
  const double wall = std::chrono::duration<double>(clock.now() - start).count();
  const double used = cpu_seconds() - cpu;
  const auto calls = static_cast<double>(plan.calls);
  const double ideal = calls / plan.in_flight * plan.latency;
  return {{"calls", plan.calls},
          {"in_flight", plan.in_flight},
          {"failed", failed.load()},
          {"wall_s", wall},
          {"ideal_s", ideal},
          {"ratio", ideal > 0 ? wall / ideal : 0},
          {"cpu_us_per_call", used / calls * 1e6}};
}

Result<Json> run(char** argv) {
  SystemClock clock;
  llm::Accountant accountant({});
  SKILLGRAD_TRY(const TempDir dir, TempDir::create("skillgrad-bench-"));
  SKILLGRAD_TRY(const auto store, store::RunStore::open(dir.path() / "run", clock));
  const Redactor redactor({Secret("sk-bench-0123456789abcdef")});
  llm::EndpointOptions options;
  options.base_url = argv[1];
  options.model = argv[2];
  options.api_key = Secret("sk-bench-0123456789abcdef");
  llm::ClientDependencies dependencies;
  dependencies.clock = &clock;
  dependencies.accountant = &accountant;
  dependencies.redactor = &redactor;
  const std::string kind = argv[6];
  if (kind == "record") dependencies.recorder = &store->calls();
  SKILLGRAD_TRY(const auto cache,
                llm::ExchangeStore::open({dir.path() / "cache", llm::StoreUse::cache, {}, false},
                                         clock, &redactor));
  if (kind == "cache") dependencies.cache = cache.get();
  dependencies.warn = [](const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); };
  SKILLGRAD_TRY(const auto client, llm::make_client(std::move(options), dependencies));
  Plan plan;
  plan.calls = static_cast<std::size_t>(std::strtoull(argv[3], nullptr, 10));
  plan.in_flight = static_cast<unsigned>(std::strtoul(argv[4], nullptr, 10));
  plan.latency = std::strtod(argv[5], nullptr) / 1000;
  if (kind == "cache" && measure(*client, plan)["failed"] != 0)
    return fail(ErrorCode::infra, "not every call could be put into the cache");
  return measure(*client, plan);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7) {
    std::fprintf(
        stderr,
        "usage: call_throughput BASE_URL MODEL CALLS IN_FLIGHT LATENCY_MS record|plain|cache\n");
    return 2;
  }
  const auto result = run(argv);
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().to_line().c_str());
    return 1;
  }
  std::printf("%s\n", dump_json(*result).c_str());
  return (*result)["failed"] == 0 ? 0 : 1;
}
