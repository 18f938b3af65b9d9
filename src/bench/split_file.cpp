// SPDX-License-Identifier: MIT
#include "bench/split_file.hpp"

#include <algorithm>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/resources.hpp>
#include <skillgrad/core/text.hpp>

#include "bench/dataset_file.hpp"

namespace skillgrad::bench {
namespace {

constexpr std::string_view kBuiltin = "builtin:";
constexpr const char* kForm = "write {\"train\":[...],\"val\":[...],\"test\":[...]}";

/// The names under which the three splits are published.
struct SplitName {
  const char* name;
  int split;  ///< 0 train, 1 val, 2 test
};
constexpr SplitName kNames[] = {{"train", 0}, {"training", 0}, {"evolution", 0},  {"val", 1},
                                {"valid", 1}, {"dev", 1},      {"validation", 1}, {"test", 2}};
constexpr const char* kRemarks[] = {"schema", "origin", "name", "description", "seed", "counts"};

std::vector<std::string>& list_of(Splits& splits, int split) {
  return split == 0 ? splits.train : split == 1 ? splits.val : splits.test;
}

Result<Json> read_split_json(const std::string& file) {
  if (!file.starts_with(kBuiltin)) return read_dataset_json(file);
  const std::string name = file.substr(kBuiltin.size());
  if (const auto text = resource(name)) return parse_json(*text, file);
  std::vector<std::string> names;
  for (const auto& [known, _] : resources())
    if (known.ends_with(".json")) names.push_back(known);
  const auto near = nearest_match(name, names);
  return fail(ErrorCode::config, "no compiled-in file \"" + name + "\"", file,
              near ? "did you mean \"builtin:" + *near + "\"?" : "give the path of a split file");
}

/// A text, or an integer because data sets number their tasks, or an object that holds one.
std::optional<std::string> id_of(const Json& entry) {
  if (entry.is_string()) return entry.get<std::string>();
  if (entry.is_number_integer()) return entry.dump();
  for (const char* key : {"id", "task_id"})
    if (entry.is_object() && entry.contains(key) && !entry[key].is_object())
      return id_of(entry[key]);
  return std::nullopt;
}

Result<std::vector<std::string>> read_ids(const Json& value, const std::string& key,
                                          const std::string& file) {
  std::vector<std::string> ids;
  if (!value.is_array())
    return fail(ErrorCode::input, "\"" + key + "\" is not an array of task ids", file, kForm);
  for (const Json& entry : value) {
    auto id = id_of(entry);
    if (!id)
      return fail(
          ErrorCode::input,
          "\"" + key + "\" holds " + truncate_middle(dump_json(entry), 200) + ", expected an id",
          file, "write ids as texts or integers, or objects with \"id\"");
    ids.push_back(std::move(*id));
  }
  return ids;
}

/// Two names of one split would silently replace each other.
Result<> take(Splits& splits, std::vector<const char*>& seen, const SplitName& name,
              std::vector<std::string> ids, const std::string& file) {
  for (const char* other : seen)
    for (const auto& known : kNames)
      if (known.name == std::string_view(other) && known.split == name.split)
        return fail(ErrorCode::input,
                    "both \"" + std::string(other) + "\" and \"" + name.name + "\" are given", file,
                    "keep one: they are two names of one split");
  seen.push_back(name.name);
  list_of(splits, name.split) = std::move(ids);
  return {};
}

bool is_remark(const std::string& key) {
  return std::find(std::begin(kRemarks), std::end(kRemarks), key) != std::end(kRemarks);
}

/// What stands under "splits", if that is there; then nothing else may be a split.
Result<Json> open_splits(Json value, const std::string& file) {
  if (!value.is_object() || !value.contains("splits")) return value;
  for (const auto& [key, _] : value.items())
    if (key != "splits" && !is_remark(key))
      return fail(ErrorCode::input, "\"" + key + "\" stands beside \"splits\", not in it", file,
                  "put it into \"splits\", or take it out");
  return Json(value["splits"]);
}

Result<Splits> read_object(const std::string& file) {
  SKILLGRAD_TRY(Json whole, read_split_json(file));
  SKILLGRAD_TRY(const Json value, open_splits(std::move(whole), file));
  if (!value.is_object())
    return fail(ErrorCode::input, "a split file is a JSON object", file, kForm);
  Splits splits;
  std::vector<const char*> seen;
  for (const auto& [key, list] : value.items()) {
    if (is_remark(key)) continue;
    const auto* name = std::find_if(std::begin(kNames), std::end(kNames),
                                    [&key = key](const auto& known) { return key == known.name; });
    if (name == std::end(kNames)) {
      std::vector<std::string> known;
      for (const auto& item : kNames) known.emplace_back(item.name);
      const auto near = nearest_match(key, known);
      return fail(ErrorCode::input, "unknown split \"" + key + "\"", file,
                  near ? "did you mean \"" + *near + "\"?" : "use train, val and test");
    }
    SKILLGRAD_TRY(auto ids, read_ids(list, key, file));
    SKILLGRAD_CHECK(take(splits, seen, *name, std::move(ids), file));
  }
  return splits;
}

Result<Json> parse_line(const std::string& line, const std::string& where) {
  auto entry = parse_json(line, "");
  if (entry) return entry;
  Error error = std::move(entry).error();
  // ":1:COLUMN" of the single line becomes "file:LINE:COLUMN".
  const std::size_t column = error.where.rfind(':');
  error.where = where + (column == std::string::npos ? "" : error.where.substr(column));
  error.mend = "write one id, or one object with \"id\", on each line";
  return unexpected(std::move(error));
}

Result<std::vector<std::string>> read_list(const fs::path& file) {
  if (file.extension() == ".json") {
    SKILLGRAD_TRY(const Json list, read_dataset_json(file));
    return read_ids(list, file.stem().string(), file.string());
  }
  if (file.extension() == ".jsonl") {
    SKILLGRAD_TRY(const auto text, read_dataset_text(file));
    Json list = Json::array();
    std::size_t number = 0;
    for (const auto& line : split_lines(text)) {
      ++number;
      if (trim(line).empty()) continue;
      SKILLGRAD_TRY(Json entry, parse_line(line, file.string() + ":" + std::to_string(number)));
      list.push_back(std::move(entry));
    }
    return read_ids(list, file.stem().string(), file.string());
  }
  SKILLGRAD_TRY(const auto text, read_dataset_text(file));
  std::vector<std::string> ids;
  for (const auto& line : split_lines(text))
    if (!trim(line).empty()) ids.emplace_back(trim(line));
  return ids;
}

Result<Splits> read_folder(const fs::path& folder) {
  Splits splits;
  std::vector<const char*> seen;
  for (const auto& name : kNames) {
    std::vector<fs::path> found;
    for (const char* form : {"/items.json", ".json", ".jsonl", ".txt"}) {
      std::error_code error;
      const fs::path file = folder / (std::string(name.name) + form);
      if (fs::is_regular_file(file, error)) found.push_back(file);
    }
    if (found.empty()) continue;
    if (found.size() > 1)
      return fail(ErrorCode::input,
                  "both " + found[0].string() + " and " + found[1].string() + " are there",
                  folder.string(), "keep one list for each split");
    SKILLGRAD_TRY(auto ids, read_list(found[0]));
    SKILLGRAD_CHECK(take(splits, seen, name, std::move(ids), folder.string()));
  }
  if (seen.empty())
    return fail(ErrorCode::input, "no list of ids in this folder", folder.string(),
                "put train/items.json, train.json, train.jsonl or train.txt there, and so on for "
                "val and test");
  return splits;
}

}  // namespace

Result<Splits> read_split_file(const std::string& file) {
  std::error_code error;
  SKILLGRAD_TRY(Splits splits,
                fs::is_directory(file, error) ? read_folder(file) : read_object(file));
  if (splits.train.empty() && splits.val.empty() && splits.test.empty())
    return fail(ErrorCode::input, "the splits name no task", file, kForm);
  splits.origin = "read from " + file;
  return splits;
}

}  // namespace skillgrad::bench
