// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <skillgrad/bench/benchmark.hpp>
#include <skillgrad/core/error.hpp>

namespace skillgrad::bench {

/// One object of dataset.json (docs/rules-grading.md 2.1).
struct DatasetEntry {
  std::string id;  ///< integers become text
  std::string instruction, instruction_type, answer_position, answer_sheet;
  std::string folder;   ///< spreadsheet_path: relative, never upwards
  std::string exclude;  ///< a remark; such entries stay, because split indices count them
  std::vector<std::string> unused;  ///< members that mean nothing here
};
/// Errors: input, naming the entry.
[[nodiscard]] Result<std::vector<DatasetEntry>> read_dataset(const std::filesystem::path& json);

/// The workbooks of one test case of an entry.
struct TestCase {
  int number = 1;
  std::filesystem::path input, golden;
};
/// Errors (dataset): no folder, no complete case, two candidates for one role.
[[nodiscard]] Result<TestCase> find_test_case(const std::filesystem::path& folder,
                                              const std::string& id);
/// The first complete case, or all of them by number. Never empty. Errors as above.
[[nodiscard]] Result<std::vector<TestCase>> find_test_cases(const std::filesystem::path& folder,
                                                            const std::string& id, CaseMode mode);

/// Folders below `spreadsheet/` that no entry names, sorted.
[[nodiscard]] std::vector<std::string> orphan_folders(const std::filesystem::path& dir,
                                                      const std::vector<DatasetEntry>& entries);

}  // namespace skillgrad::bench
