// SPDX-License-Identifier: MIT
#include <algorithm>

#include <skillgrad/bench/benchmark.hpp>
#include <skillgrad/core/text.hpp>

#include "bench/records/records.hpp"
#include "bench/skill_tasks.hpp"
#include "bench/spreadsheetbench/spreadsheetbench.hpp"
#include "bench/triggers/trigger_benchmark.hpp"
#include "bench/wikitablequestions/wikitablequestions.hpp"

namespace skillgrad::bench {
namespace {

namespace fs = std::filesystem;

struct Spec {
  std::string name;  ///< "" when the path decides
  fs::path path;
};

// "NAME:PATH". A path that exists as a whole is a path, so that a colon in it does no harm.
Spec parse_spec(const std::string& spec) {
  std::error_code error;
  const std::size_t colon = spec.find(':');
  if (colon == std::string::npos || colon == 0 || fs::exists(spec, error)) return {"", spec};
  const std::string name = spec.substr(0, colon);
  const bool is_word = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
  if (!is_word) return {"", spec};
  return {name, spec.substr(colon + 1)};
}

Error unknown_name(const std::string& name) {
  const auto near = nearest_match(name, benchmark_names());
  return {ErrorCode::config,
          "unknown benchmark \"" + name + "\"",
          name,
          near ? "did you mean \"" + *near + "\"?"
               : "use one of " + join(benchmark_names(), ", ") +
                     ", or the path of a .jsonl, .csv, .tsv or evals.json file",
          {}};
}

// A folder says by its content what it is.
Result<std::unique_ptr<Benchmark>> load_folder(const fs::path& path,
                                               const BenchmarkOptions& options) {
  std::error_code error;
  if (fs::exists(path / "dataset.json", error)) return load_spreadsheetbench(path, options);
  if (fs::exists(path / "data", error) && fs::exists(path / "csv", error))
    return load_wikitablequestions(path, options);
  if (fs::exists(path / "SKILL.md", error)) return load_records(path / "evals", options);
  if (is_folder_of_skills(path)) return load_skill_tasks(path, options);
  return load_records(path, options);
}

}  // namespace

std::vector<std::string> benchmark_names() {
  return {"records", kSkillTasks, "spreadsheetbench", "triggers", "wikitablequestions"};
}

Result<std::unique_ptr<Benchmark>> load_benchmark(const std::string& spec,
                                                  const BenchmarkOptions& options) {
  const Spec parsed = parse_spec(spec);
  const std::vector<std::string> names = benchmark_names();
  if (!parsed.name.empty() && std::find(names.begin(), names.end(), parsed.name) == names.end())
    return unexpected(unknown_name(parsed.name));
  std::error_code error;
  if (parsed.path.empty() || !fs::exists(parsed.path, error))
    return fail(ErrorCode::input, "no benchmark at \"" + parsed.path.string() + "\"", spec,
                "give NAME:PATH, or the path of a .jsonl, .csv, .tsv or evals.json file");
  if (parsed.name == "spreadsheetbench") return load_spreadsheetbench(parsed.path, options);
  if (parsed.name == kSkillTasks) return load_skill_tasks(parsed.path, options);
  if (parsed.name == "triggers") return load_triggers(parsed.path, options);
  if (parsed.name == "wikitablequestions") return load_wikitablequestions(parsed.path, options);
  if (parsed.name.empty() && fs::is_directory(parsed.path, error))
    return load_folder(parsed.path, options);
  return load_records(parsed.path, options);
}

Result<std::string> Benchmark::official_prediction(const Task& /*task*/,
                                                   const AgentAnswer& /*answer*/) const {
  return fail(ErrorCode::config,
              "benchmark \"" + name() + "\" has no official evaluator that reads predictions",
              "--export", "leave --export out; only wikitablequestions has such a format");
}

const Task* Benchmark::find(const std::string& id) const {
  const std::vector<Task>& all = tasks();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Task& t) { return t.id == id; });
  return found == all.end() ? nullptr : &*found;
}

std::vector<std::string> Benchmark::ids() const {
  std::vector<std::string> out;
  for (const Task& task : tasks()) out.push_back(task.id);
  return out;
}

}  // namespace skillgrad::bench
