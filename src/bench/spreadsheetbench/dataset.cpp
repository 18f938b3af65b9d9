// SPDX-License-Identifier: MIT
#include "bench/spreadsheetbench/dataset.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <set>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

#include "bench/dataset_file.hpp"

namespace skillgrad::bench {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxEntries = 20'000;  // each has a folder to look into

Result<std::string> read_id(const Json& value, const std::string& where) {
  std::string id;
  if (value.is_number_integer()) {
    id = value.dump();
  } else if (value.is_string()) {
    id = value.get<std::string>();
  }
  const bool bad = id.empty() || id.find_first_of("/\\") != std::string::npos || id == "." ||
                   id == ".." || strip_control(id) != id;
  if (!bad) return id;
  return fail(ErrorCode::input, "\"id\" is no integer and no text that can be a file name", where,
              "give every entry an id such as 57117 or \"13-1\"");
}

// Leaves of the path may come from anybody; none may leave the data set's folder.
bool stays_inside(const fs::path& path) {
  return !path.empty() && path.is_relative() &&
         std::none_of(path.begin(), path.end(), [](const fs::path& step) { return step == ".."; });
}

Result<DatasetEntry> read_entry(const Json& value, const std::string& where) {
  StrictReader reader(value, where);
  DatasetEntry entry;
  const Json id = reader.any("id", true);
  entry.instruction = reader.string("instruction");
  entry.folder = reader.string("spreadsheet_path");
  entry.instruction_type = reader.string("instruction_type", "");
  entry.answer_position = reader.string("answer_position");
  entry.answer_sheet = reader.string("answer_sheet", "");
  if (const Json exclude = reader.any("exclude"); !exclude.is_null()) {
    entry.exclude = exclude.is_string() ? exclude.get<std::string>() : dump_json(exclude);
  }
  if (const auto done = reader.finish(true); !done) {
    Error error = done.error();
    if (error.mend.empty()) error.mend = "write the entry as SpreadsheetBench's dataset.json does";
    return unexpected(std::move(error));
  }
  static constexpr std::array<std::string_view, 8> kKnown = {
      "id",      "instruction",  "spreadsheet_path", "instruction_type", "answer_position",
      "exclude", "answer_sheet", "data_position"};
  for (const auto& [key, member] : value.items()) {
    if (std::find(kKnown.begin(), kKnown.end(), key) == kKnown.end()) entry.unused.push_back(key);
  }
  SKILLGRAD_TRY(entry.id, read_id(id, where));
  if (!stays_inside(entry.folder)) {
    return fail(ErrorCode::input, "\"spreadsheet_path\" leaves the data set: " + entry.folder,
                where, "use a path such as \"spreadsheet/13-1\"");
  }
  return entry;
}

enum class Role { input, golden };

// "1_13-1_init.xlsx", also with blanks before the extension.
struct CaseFile {
  int number = 0;
  std::string id, kind;
};

std::optional<CaseFile> parse_case_file(const fs::path& path) {
  std::string stem = path.stem().string();
  while (stem.ends_with(' ')) stem.pop_back();
  const std::size_t first = stem.find('_'), last = stem.rfind('_');
  if (first == std::string::npos || last == first) return std::nullopt;
  CaseFile file;
  const auto [end, problem] = std::from_chars(stem.data(), stem.data() + first, file.number);
  if (problem != std::errc{} || end != stem.data() + first || first == 0) return std::nullopt;
  file.id = stem.substr(first + 1, last - first - 1);
  file.kind = stem.substr(last + 1);
  return file;
}

std::vector<fs::path> workbooks_in(const fs::path& folder) {
  std::vector<fs::path> out;
  std::error_code ignored;
  for (fs::directory_iterator it(folder, ignored), end; !ignored && it != end;
       it.increment(ignored)) {
    const std::string extension = to_lower_ascii(it->path().extension().string());
    std::error_code status;
    if ((extension == ".xlsx" || extension == ".xlsm") && it->is_regular_file(status)) {
      out.push_back(it->path());
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

Error case_error(const fs::path& folder, std::string what) {
  return Error{ErrorCode::dataset,
               std::move(what),
               folder.string(),
               "restore the folder from the data set's archive",
               {}};
}

// The file of one kind and case: the one with the right id, else a golden that stands alone (one
// folder of Verified has a golden with a mistyped id).
Result<std::optional<fs::path>> pick(const std::vector<fs::path>& files, const fs::path& folder,
                                     const CaseFile& wanted, Role role) {
  std::vector<fs::path> exact, others;
  for (const fs::path& path : files) {
    const auto file = parse_case_file(path);
    if (!file || file->number != wanted.number || file->kind != wanted.kind) continue;
    (file->id == wanted.id ? exact : others).push_back(path);
  }
  if (exact.empty() && role == Role::golden) exact = others;
  if (exact.size() > 1) {
    return unexpected(case_error(folder, "two files claim to be the " + wanted.kind + " of case " +
                                             std::to_string(wanted.number) + ": " +
                                             exact[0].filename().string() + " and " +
                                             exact[1].filename().string()));
  }
  if (exact.empty()) return std::nullopt;
  return exact[0];
}

Result<std::optional<TestCase>> bare_case(const std::vector<fs::path>& files,
                                          const fs::path& folder) {
  std::vector<fs::path> inputs, goldens;
  for (const fs::path& path : files) {
    std::string stem = path.stem().string();
    while (stem.ends_with(' ')) stem.pop_back();
    if (stem == "initial") inputs.push_back(path);
    if (stem == "golden") goldens.push_back(path);
  }
  if (inputs.size() > 1 || goldens.size() > 1) {
    return unexpected(case_error(folder, "two files claim to be the initial or golden workbook"));
  }
  if (inputs.empty() || goldens.empty()) return std::nullopt;
  return TestCase{1, inputs[0], goldens[0]};
}

}  // namespace

Result<std::vector<DatasetEntry>> read_dataset(const fs::path& json) {
  SKILLGRAD_TRY(const Json value, read_dataset_json(json));
  if (!value.is_array()) {
    return fail(ErrorCode::input, "is no JSON array of tasks", json.string(),
                "name the folder that holds SpreadsheetBench's dataset.json");
  }
  if (value.size() > kMaxEntries) {
    return unexpected(too_many("tasks", kMaxEntries, json.string()));
  }
  std::vector<DatasetEntry> entries;
  std::set<std::string> ids;
  for (const Json& item : value) {
    const std::string where = json.string() + "[" + std::to_string(entries.size()) + "]";
    SKILLGRAD_TRY(DatasetEntry entry, read_entry(item, where));
    if (!ids.insert(entry.id).second) {
      return fail(ErrorCode::input, "id \"" + entry.id + "\" occurs twice", where,
                  "remove one of the two entries");
    }
    entries.push_back(std::move(entry));
  }
  if (entries.empty()) {
    return fail(ErrorCode::input, "holds no task", json.string(), "use a complete data set");
  }
  return entries;
}

Result<TestCase> find_test_case(const fs::path& folder, const std::string& id) {
  SKILLGRAD_TRY(auto cases, find_test_cases(folder, id, CaseMode::first));
  return std::move(cases.front());
}

Result<std::vector<TestCase>> find_test_cases(const fs::path& folder, const std::string& id,
                                              CaseMode mode) {
  std::vector<TestCase> cases;
  const std::vector<fs::path> files = workbooks_in(folder);
  std::set<int> numbers;
  for (const fs::path& path : files) {
    if (const auto file = parse_case_file(path)) numbers.insert(file->number);
  }
  for (const int number : numbers) {
    for (const auto& [input_kind, golden_kind] :
         {std::pair{"input", "answer"}, std::pair{"init", "golden"}}) {
      SKILLGRAD_TRY(const auto input, pick(files, folder, {number, id, input_kind}, Role::input));
      SKILLGRAD_TRY(const auto golden,
                    pick(files, folder, {number, id, golden_kind}, Role::golden));
      if (!input || !golden) continue;
      cases.push_back({number, *input, *golden});
      if (mode == CaseMode::first) return cases;
      break;
    }
  }
  if (!cases.empty()) return cases;
  SKILLGRAD_TRY(const auto bare, bare_case(files, folder));
  if (bare) return std::vector<TestCase>{*bare};
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored)) {
    return unexpected(case_error(folder, "the task's folder is missing"));
  }
  return unexpected(case_error(folder, "the folder has no input workbook with its golden one"));
}

std::vector<std::string> orphan_folders(const fs::path& dir,
                                        const std::vector<DatasetEntry>& entries) {
  std::set<std::string> named;
  for (const DatasetEntry& entry : entries) {
    named.insert((dir / entry.folder).lexically_normal().filename().string());
  }
  std::vector<std::string> out;
  std::error_code ignored;
  for (fs::directory_iterator it(dir / "spreadsheet", ignored), end; !ignored && it != end;
       it.increment(ignored)) {
    std::error_code status;
    const std::string name = it->path().filename().string();
    if (it->is_directory(status) && !named.contains(name)) out.push_back(name);
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace skillgrad::bench
