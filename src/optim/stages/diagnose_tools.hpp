// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <skillgrad/agent/tool_loop.hpp>
#include <skillgrad/optim/messages.hpp>

namespace skillgrad::optim {

/// Where the evidence of one task lies in the run directory. Outlives the tools made of it.
class EvidenceFiles {
 public:
  EvidenceFiles(std::filesystem::path run_dir, const Evidence& evidence);
  /// "current", and "earlier" and "passing" where there is such a run.
  [[nodiscard]] std::vector<std::string> runs() const;
  /// Errors: input (no such run, no trace), io.
  [[nodiscard]] Result<agent::Trajectory> trajectory(const std::string& run) const;
  [[nodiscard]] Result<std::string> file(const std::string& path) const;

 private:
  std::filesystem::path run_dir_;
  std::string task_dir_;
  std::map<std::string, std::string> traces_;  ///< run -> path below the run directory
};

/// read_trace{from, to, run}.
[[nodiscard]] std::unique_ptr<agent::Tool> make_trace_reader(const EvidenceFiles& files);
/// read_file{path}, confined to the task's folder.
[[nodiscard]] std::unique_ptr<agent::Tool> make_task_file_reader(const EvidenceFiles& files);

}  // namespace skillgrad::optim
