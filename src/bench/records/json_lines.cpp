// SPDX-License-Identifier: MIT
// Records as JSON Lines: one object a line.
#include <algorithm>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

#include "bench/dataset_file.hpp"
#include "bench/records/known_keys.hpp"
#include "bench/records/record.hpp"

namespace skillgrad::bench {
namespace {

Result<Json> parse_line(std::string_view line, const std::string& where) {
  if (line.size() > kMaxJsonBytes) {
    return fail(ErrorCode::dataset,
                "this line has " + std::to_string(line.size()) + " bytes, expected at most " +
                    std::to_string(kMaxJsonBytes),
                where, "put large files beside this one and name them with {\"path\":...}");
  }
  auto object = parse_json(line, "");
  if (object) return object;
  Error error = std::move(object).error();
  error.code = ErrorCode::dataset;
  // ":1:COLUMN" of the single line becomes "file:LINE:COLUMN".
  const std::size_t column = error.where.rfind(':');
  error.where = where + (column == std::string::npos ? "" : error.where.substr(column));
  if (error.mend.empty()) error.mend = "write one JSON object on each line";
  return unexpected(std::move(error));
}

}  // namespace

Result<RecordSet> load_json_lines(const fs::path& path, const BenchmarkOptions& options,
                                  RecordLines* lines) {
  SKILLGRAD_TRY(const std::string text, read_dataset_text(path));
  SKILLGRAD_CHECK(check_map(options.map, path.string()));
  RecordSet set;
  Notices notices;
  RecordPlace place;
  place.base_dir = path.has_parent_path() ? path.parent_path() : fs::path(".");
  place.recalc = options.recalc;
  place.recalc_golden = options.recalc_golden;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = trim(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    ++place.line;
    if (line.empty()) continue;
    place.where = path.string() + ":" + std::to_string(place.line);
    if (set.records.size() == kMaxTasks)
      return unexpected(too_many("records", kMaxTasks, place.where));
    SKILLGRAD_TRY(const Json parsed, parse_line(line, place.where));
    SKILLGRAD_TRY(const Json object, with_known_keys(parsed, options.map, place.where, notices));
    SKILLGRAD_TRY(Record record, read_record(object, place, notices));
    if (lines != nullptr) lines->add(object, record, place);
    set.records.push_back(std::move(record));
  }
  set.notices = notices.list();
  return set;
}

}  // namespace skillgrad::bench
