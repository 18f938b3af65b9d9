// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include <skillgrad/bench/benchmark.hpp>
#include <skillgrad/core/error.hpp>

#include "bench/graders/grader.hpp"
#include "bench/notices.hpp"

namespace skillgrad::bench {

/// A file for a work directory: inline text, or the path of its source.
struct FileSource {
  std::string name;
  std::string text;
  std::filesystem::path path;  ///< empty: `text` is the content
};

struct Record {
  Task task;
  std::string input;
  std::string metadata = "{}";
  std::vector<FileSource> files;
  std::vector<std::string> setup;  ///< command, or empty
  std::unique_ptr<Grader> grader;
  std::optional<std::string> golden_text;  ///< from the key `golden`
  std::vector<FileSource> golden_files;
};

/// Where a record stands.
struct RecordPlace {
  std::string where;  ///< file:line
  std::size_t line = 0;
  std::filesystem::path base_dir;
  RecalcMode recalc = RecalcMode::automatic;
  bool recalc_golden = false;
};

struct RecordSet {
  std::vector<Record> records;
  std::vector<std::string> notices;
};

/// For an import: the records as they are in the JSON Lines form.
struct RecordLines {
  std::vector<std::string> lines;
  std::filesystem::path base_dir;  ///< of the paths in them
  bool has_files = false;
  /// `object` is what `record` was read from.
  void add(const nlohmann::ordered_json& object, const Record& record, const RecordPlace& place);
};

/// Reads one object of the JSON Lines form. Notices receive warnings. Errors: dataset.
[[nodiscard]] Result<Record> read_record(const nlohmann::ordered_json& object,
                                         const RecordPlace& place, Notices& notices);
/// `source` of a file: a data URI, {"path"}, {"text"}, or a bare string.
[[nodiscard]] Result<FileSource> read_source(const std::string& name,
                                             const nlohmann::ordered_json& source,
                                             const RecordPlace& place, Notices& notices);
[[nodiscard]] Result<std::string> content_of(const FileSource& source);
[[nodiscard]] Result<> write_sources(const std::vector<FileSource>& sources,
                                     const std::filesystem::path& work_dir);

[[nodiscard]] Result<RecordSet> load_json_lines(const std::filesystem::path& path,
                                                const BenchmarkOptions& options,
                                                RecordLines* lines = nullptr);
[[nodiscard]] Result<RecordSet> load_table(const std::filesystem::path& path,
                                           const BenchmarkOptions& options,
                                           RecordLines* lines = nullptr);
[[nodiscard]] Result<RecordSet> load_evals(const std::filesystem::path& path,
                                           const BenchmarkOptions& options,
                                           RecordLines* lines = nullptr);

}  // namespace skillgrad::bench
