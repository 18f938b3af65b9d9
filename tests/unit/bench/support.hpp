// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <skillgrad/bench/benchmark.hpp>
#include <skillgrad/bench/import.hpp>
#include <skillgrad/core/files.hpp>
#include <skillgrad/core/json.hpp>

namespace skillgrad::bench {

/// A folder with files of a test's own.
class Folder {
 public:
  Folder() : dir_(TempDir::create("skillgrad-test-").value()) {}
  [[nodiscard]] const std::filesystem::path& path() const { return dir_.path(); }
  std::filesystem::path put(const std::string& name, const std::string& content) const {
    const std::filesystem::path file = path() / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << content;
    return file;
  }
  [[nodiscard]] std::string read(const std::string& name) const {
    return read_file(path() / name).value();
  }

 private:
  TempDir dir_;
};

/// A benchmark from the text of one file in a folder of its own.
struct Loaded {
  Folder folder;
  Result<std::unique_ptr<Benchmark>> benchmark = fail(ErrorCode::internal, "not loaded");

  Loaded(const std::string& name, const std::string& content,
         const BenchmarkOptions& options = {}) {
    benchmark = load_benchmark(folder.put(name, content).string(), options);
  }
  [[nodiscard]] const Benchmark& operator*() const { return **benchmark; }
  [[nodiscard]] const Benchmark* operator->() const { return benchmark->get(); }
  [[nodiscard]] std::string error() const { return benchmark ? "" : benchmark.error().to_text(); }
};

/// What a file's first record becomes in the JSON Lines form, and what is said of it.
struct Imported {
  Json record;
  std::string notices;  ///< one a line
  std::string error;

  Imported(const std::string& name, const std::string& content,
           const BenchmarkOptions& options = {}) {
    const Folder folder;
    const auto imported = import_records(folder.put(name, content).string(), options);
    if (!imported) {
      error = imported.error().to_text();
      return;
    }
    record = Json::parse(imported->lines.at(0));
    for (const std::string& notice : imported->notices) notices += notice + "\n";
  }
  /// What stands at "/grader/type" of the record, or null.
  [[nodiscard]] Json at(const std::string& place) const {
    const Json::json_pointer pointer(place);
    return record.contains(pointer) ? record[pointer] : Json();
  }
};

/// The only eval of a skill, with further keys.
inline Imported imported_eval(const std::string& keys) {
  return {"evals.json", R"({"evals":[{"id":1,"prompt":"p",)" + keys + "}]}"};
}

/// Plays a sandbox: answers with what the test says and keeps what it was asked.
class FakeSandbox final : public exec::Sandbox {
 public:
  using Reply = std::function<Result<exec::CommandResult>(const exec::CommandSpec&)>;
  explicit FakeSandbox(Reply reply, bool remaps = true)
      : reply_(std::move(reply)), remaps_(remaps) {}
  Result<exec::CommandResult> run(const exec::CommandSpec& spec, std::stop_token) override {
    last = spec;
    ++calls;
    return reply_(spec);
  }
  [[nodiscard]] exec::SandboxInfo info() const override {
    exec::SandboxInfo info;
    info.backend = "fake";
    info.remaps_paths = remaps_;
    return info;
  }
  exec::CommandSpec last;
  int calls = 0;

 private:
  Reply reply_;
  bool remaps_;
};

inline exec::CommandResult printed(const std::string& out, int exit_code = 0) {
  exec::CommandResult result;
  result.exit_code = exit_code;
  result.out = out;
  return result;
}

}  // namespace skillgrad::bench
