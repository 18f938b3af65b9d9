// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <optional>

#include <skillgrad/bench/benchmark.hpp>
#include <skillgrad/core/files.hpp>

namespace skillgrad::agent {

/// The work directory of one execution of a task: made and set up when something first needs it,
/// which for a question that is answered in words is never. For one thread.
class WorkFolder {
 public:
  /// Both must outlive this.
  WorkFolder(const bench::Benchmark& benchmark, const bench::Task& task,
             bench::GradeContext context)
      : benchmark_(benchmark), task_(task), context_(std::move(context)) {}

  /// The folder, as the first call set it up, or why that failed. Errors: those of
  /// Benchmark::set_up(), io.
  [[nodiscard]] Result<std::filesystem::path> open();
  /// Null until open() has made it.
  [[nodiscard]] std::shared_ptr<const TempDir> folder() const { return folder_; }

 private:
  Result<> make();

  const bench::Benchmark& benchmark_;
  const bench::Task& task_;
  bench::GradeContext context_;
  std::shared_ptr<const TempDir> folder_;
  std::optional<Result<>> made_;
};

}  // namespace skillgrad::agent
