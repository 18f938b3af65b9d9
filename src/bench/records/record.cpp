// SPDX-License-Identifier: MIT
// One record in the JSON Lines form; the other forms are turned into it.
#include "bench/records/record.hpp"

#include <algorithm>

#include <skillgrad/core/hashing.hpp>
#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/core/unicode.hpp>

#include "bench/grade_tools.hpp"

namespace skillgrad::bench {
namespace {

constexpr std::size_t kShownFiles = 50;  ///< names of input files in a prompt

const std::vector<std::string>& known_keys() {
  static const std::vector<std::string> keys = {"id",     "input",    "target", "files",
                                                "setup",  "metadata", "split",  "category",
                                                "grader", "checks",   "output", "golden"};
  return keys;
}

Error record_error(const RecordPlace& place, std::string message, std::string mend) {
  return {ErrorCode::dataset, std::move(message), place.where, std::move(mend), {}};
}

std::vector<std::string> keys_of(const Json& object) {
  std::vector<std::string> keys;
  for (const auto& [key, _] : object.items()) keys.push_back(key);
  return keys;
}

void warn_unknown_keys(const Json& object, const RecordPlace& place, Notices& notices) {
  for (const std::string& key : keys_of(object)) {
    if (std::find(known_keys().begin(), known_keys().end(), key) != known_keys().end()) continue;
    const auto near = nearest_match(key, known_keys());
    notices.add(place.where, "unknown key \"" + key + "\" is not used" +
                                 (near ? "; did you mean \"" + *near + "\"?" : ""));
  }
}

// Content of a chat message: a text, or a list of parts of which only text can be asked here.
std::optional<std::string> message_text(const Json& content) {
  if (content.is_string()) return content.get<std::string>();
  if (!content.is_array()) return std::nullopt;
  std::string text;
  for (const Json& part : content) {
    if (!part.is_object() || !part.contains("text") || !part["text"].is_string())
      return std::nullopt;
    text += part["text"].get<std::string>();
  }
  return text;
}

Result<std::string> read_input(const Json& object, const RecordPlace& place) {
  const auto found = object.find("input");
  if (found == object.end())
    return unexpected(record_error(place,
                                   "no \"input\"; the keys are " + list_some(keys_of(object)),
                                   "give each record an \"input\" with the task's text"));
  std::string text;
  if (found->is_string()) {
    text = found->get<std::string>();
  } else if (found->is_array()) {
    for (const Json& message : *found) {
      const bool usable = message.is_object() && message.contains("role") &&
                          message["role"].is_string() && message.contains("content");
      const auto part = usable ? message_text(message["content"]) : std::nullopt;
      if (!part)
        return unexpected(record_error(place, "a message of \"input\" has no role or no text",
                                       "write {\"role\":\"user\",\"content\":\"...\"}"));
      if (!text.empty()) text += "\n\n";
      if (found->size() > 1) text += message["role"].get<std::string>() + ": ";
      text += *part;
    }
  } else {
    return unexpected(record_error(place, "\"input\" is neither a text nor a list of messages",
                                   "write the task's text"));
  }
  if (trim(text).empty())
    return unexpected(record_error(place, "\"input\" is empty", "write the task's text"));
  return text;
}

Result<std::string> read_id(const Json& object, const RecordPlace& place, Notices& notices) {
  const auto found = object.find("id");
  if (found == object.end()) {
    notices.add(place.where, "no \"id\": the number of the line or item serves as one");
    return std::to_string(place.line);
  }
  if (found->is_number_integer()) return found->dump();
  if (found->is_number())
    return unexpected(record_error(place, "\"id\" is a number that is no 64-bit integer",
                                   "write it as a text, in quotes"));
  const std::string id = found->is_string() ? found->get<std::string>() : "";
  const bool printable = std::none_of(id.begin(), id.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
  });
  if (trim(id).empty() || !printable)
    return unexpected(record_error(place, "\"id\" is " + dump_json(*found),
                                   "give a text without control characters, or an integer"));
  return id;
}

Result<std::vector<FileSource>> read_files(const Json& value, const std::string& key,
                                           const RecordPlace& place, Notices& notices) {
  std::vector<FileSource> files;
  if (!value.is_object())
    return unexpected(record_error(place, "\"" + key + "\" is not an object",
                                   "write {\"name in the work directory\": source}"));
  for (const auto& [name, source] : value.items()) {
    SKILLGRAD_TRY(FileSource file, read_source(name, source, place, notices));
    files.push_back(std::move(file));
  }
  for (const auto& [name, source] : value.items())
    for (std::size_t at = name.find('/'); at != std::string::npos; at = name.find('/', at + 1))
      if (value.contains(name.substr(0, at)))
        return unexpected(record_error(place,
                                       "\"" + key + "\" holds both \"" + name.substr(0, at) +
                                           "\" and \"" + name +
                                           "\": a file cannot be a folder, too",
                                       "rename one of them"));
  return files;
}

Result<std::vector<std::string>> read_setup(const Json& value, const RecordPlace& place) {
  if (holds_nul(value))
    return unexpected(record_error(place, "\"setup\" holds a NUL character", "take it out"));
  if (value.is_string()) return std::vector<std::string>{"/bin/sh", "-c", value.get<std::string>()};
  std::vector<std::string> words;
  for (const Json& word : value.is_array() ? value : Json::array())
    if (word.is_string()) words.push_back(word.get<std::string>());
  if (words.empty() || words.size() != value.size())
    return unexpected(record_error(place, "\"setup\" is neither a text nor a list of texts",
                                   "write a command for /bin/sh, or a program and its arguments"));
  return words;
}

std::string prompt_of(const Record& record) {
  std::string prompt = record.input;
  if (!record.task.input_files.empty())
    prompt +=
        "\n\nInput files in the current folder: " + list_some(record.task.input_files, kShownFiles);
  if (!record.task.output_file.empty())
    prompt +=
        "\n\nWrite the result to the file " + record.task.output_file + " in the current folder.";
  return prompt;
}

/// A target that the grader does not look at is one that nothing checks.
void note_unused_target(const GraderSetup& setup, Notices& notices) {
  const bool empty = std::all_of(setup.targets.begin(), setup.targets.end(),
                                 [](const std::string& text) { return trim(text).empty(); });
  if (!*setup.target_used && !empty)
    notices.add(setup.where, "the \"target\" is not graded: the record's grader does not use it");
}

Result<> read_grader(const Json& object, const RecordPlace& place, Record& record,
                     Notices& notices) {
  bool target_used = false;
  GraderSetup setup;
  setup.target_used = &target_used;
  setup.where = place.where;
  setup.base_dir = place.base_dir;
  setup.output = record.task.output_file;
  setup.recalc = place.recalc;
  setup.recalc_golden = place.recalc_golden;
  if (object.contains("target")) {
    setup.targets = target_texts(object["target"]);
    setup.odd_target = odd_target(object["target"]);
  }
  const bool has_checks = object.contains("checks");
  const bool has_grader = object.contains("grader");
  if (has_checks && has_grader)
    return unexpected(record_error(place, "both \"grader\" and \"checks\" are given",
                                   "put the grader into \"checks\""));
  if (!has_checks && !has_grader && setup.targets.empty())
    return unexpected(record_error(place, "no \"target\", \"grader\" or \"checks\"",
                                   "say how an answer is judged"));
  if (has_checks) {
    SKILLGRAD_TRY(record.grader, make_weighted_grader(object["checks"], setup));
    note_unused_target(setup, notices);
    return {};
  }
  const Json spec = has_grader ? object["grader"] : Json("exact");
  SKILLGRAD_TRY(record.grader, make_grader(spec, setup));
  note_unused_target(setup, notices);
  if (spec.is_object() && spec.contains("position") && spec["position"].is_string())
    record.task.answer_position = spec["position"].get<std::string>();
  return {};
}

Result<> read_golden(const Json& object, const RecordPlace& place, Record& record,
                     Notices& notices) {
  if (!object.contains("golden")) return {};
  const Json& golden = object["golden"];
  if (golden.is_string()) {
    record.golden_text = golden.get<std::string>();
    return {};
  }
  if (!golden.is_object())
    return unexpected(record_error(
        place, "\"golden\" is " + truncate_middle(dump_json(golden), 60),
        "write the answer as a text, or its files as {\"name in the work directory\": source}"));
  SKILLGRAD_TRY(record.golden_files, read_files(golden, "golden", place, notices));
  return {};
}

Result<> hash_task(const Json& object, Record& record) {
  PartHasher content;
  // A copy with other blanks or letter case is the same task.
  std::string blanks;
  for (const std::string& word : split(replace_all(fold_case(record.task.prompt), "\n", " "), ' '))
    if (!trim(word).empty()) blanks += std::string(trim(word)) + " ";
  content.add(blanks);
  for (const FileSource& file : record.files) {
    SKILLGRAD_TRY(const std::string bytes, content_of(file));
    content.add(file.name).add(bytes);
  }
  record.task.content_hash = content.finish();
  PartHasher whole;
  whole.add(record.task.content_hash).add(canonical_json(object));
  std::vector<FileSource> sources = record.golden_files;
  for (const fs::path& path : record.grader->hashed_files())
    sources.push_back({path.filename().string(), {}, path});
  for (const FileSource& source : sources) {
    SKILLGRAD_TRY(const std::string bytes, content_of(source));
    whole.add(source.name).add(bytes);
  }
  record.task.hash = whole.finish();
  return {};
}

Result<> read_text_fields(const Json& object, const RecordPlace& place, Record& record) {
  const std::pair<const char*, std::string*> fields[] = {{"split", &record.task.split},
                                                         {"category", &record.task.category},
                                                         {"output", &record.task.output_file}};
  for (const auto& [key, field] : fields) {
    if (!object.contains(key) || object[key].is_null()) continue;
    if (!object[key].is_string())
      return unexpected(record_error(place, std::string("\"") + key + "\" is not a text",
                                     "write it as a string"));
    *field = object[key].get<std::string>();
  }
  if (!record.task.output_file.empty() && !is_confined(record.task.output_file))
    return unexpected(
        record_error(place, "output \"" + record.task.output_file + "\" leaves the work directory",
                     "use a relative name without \"..\""));
  return {};
}

}  // namespace

void RecordLines::add(const Json& object, const Record& record, const RecordPlace& place) {
  Json line = Json::object();
  line["id"] = record.task.id;
  for (const auto& [key, value] : object.items())
    if (key != "id") line[key] = value;
  lines.push_back(dump_json(line));
  base_dir = place.base_dir;
  // Golden workbooks and programs of graders are found beside the file as well.
  const bool grader_files =
      object.contains("grader") && object["grader"].is_object() &&
      (object["grader"].contains("golden") || object["grader"].contains("run"));
  has_files = has_files || grader_files || object.contains("files") || object.contains("golden") ||
              object.contains("checks");
}

Result<Record> read_record(const Json& object, const RecordPlace& place, Notices& notices) {
  if (!object.is_object())
    return unexpected(record_error(place, "a record is a JSON object",
                                   "write {\"id\":...,\"input\":...,\"target\":...}"));
  warn_unknown_keys(object, place, notices);
  Record record;
  SKILLGRAD_TRY(record.input, read_input(object, place));
  SKILLGRAD_TRY(record.task.id, read_id(object, place, notices));
  SKILLGRAD_CHECK(read_text_fields(object, place, record));
  if (object.contains("metadata")) {
    if (!object["metadata"].is_object())
      return unexpected(record_error(place, "\"metadata\" is not an object", "write {...}"));
    record.metadata = dump_json(object["metadata"]);
    for (const auto& [name, value] : object["metadata"].items())
      if (value.is_primitive() && !value.is_null())
        record.task.fields[name] = value.is_string() ? value.get<std::string>() : dump_json(value);
  }
  if (object.contains("files")) {
    SKILLGRAD_TRY(record.files, read_files(object["files"], "files", place, notices));
    for (const FileSource& file : record.files) record.task.input_files.push_back(file.name);
  }
  if (object.contains("setup")) {
    SKILLGRAD_TRY(record.setup, read_setup(object["setup"], place));
  }
  SKILLGRAD_CHECK(read_grader(object, place, record, notices));
  SKILLGRAD_CHECK(read_golden(object, place, record, notices));
  record.task.prompt = prompt_of(record);
  record.task.judge_calls = record.grader->model_calls();
  record.task.judged = record.task.judge_calls > 0;
  SKILLGRAD_CHECK(hash_task(object, record));
  return record;
}

}  // namespace skillgrad::bench
