// SPDX-License-Identifier: MIT
#include <algorithm>

#include <fmt/format.h>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/traces/labels.hpp>

#include "traces/parts/cleaner.hpp"

namespace skillgrad::traces {
namespace {

constexpr std::uint64_t kMostLabelBytes = std::uint64_t{64} << 20;
constexpr const char* kJudge = "judge";

Result<Label> label_from(const Json& json, const std::string& where) {
  StrictReader reader(json, where);
  Label out;
  out.session = reader.string("session");
  out.sha256 = reader.string("sha256", "");
  const Json score = reader.any("score");
  if (score.is_number() && score.get<double>() >= 0 && score.get<double>() <= 1)
    out.score = score.get<double>();
  else if (!score.is_null())
    reader.reject("score", "got " + dump_json(score) + ", expected a number from 0 to 1");
  out.note = reader.string("note", "");
  out.by = reader.string("by", "person");
  SKILLGRAD_CHECK(reader.finish());
  if (!out.score && trim(out.note).empty())
    return fail(ErrorCode::input, "the label has neither a score nor a note", where,
                "write \"score\" (0 to 1), \"note\" or both, or take the line out");
  return out;
}

Json to_json(const Label& label) {
  Json out = {{"session", label.session}};
  if (!label.sha256.empty()) out["sha256"] = label.sha256;
  if (label.score) out["score"] = *label.score;
  if (!label.note.empty()) out["note"] = label.note;
  out["by"] = label.by;
  return out;
}

}  // namespace

fs::path labels_file(const fs::path& place) {
  std::error_code ignored;
  return (fs::is_directory(place, ignored) ? place : place.parent_path()) / "labels.jsonl";
}

Result<std::vector<Label>> read_labels(const fs::path& file) {
  std::vector<Label> out;
  std::error_code ignored;
  if (!fs::exists(file, ignored)) return out;
  SKILLGRAD_TRY(const std::string text, read_file(file, kMostLabelBytes));
  std::size_t number = 0;
  const std::vector<std::string> lines = split_lines(text);
  for (const std::string& line : lines) {
    ++number;
    if (trim(line).empty()) continue;
    const std::string where = fmt::format("{}:{}", file.string(), number);
    SKILLGRAD_TRY(const Json json, parse_json(line, where));
    SKILLGRAD_TRY(Label label, label_from(json, where));
    std::erase_if(out, [&](const Label& other) { return other.session == label.session; });
    out.push_back(std::move(label));
  }
  return out;
}

Result<> write_labels(const fs::path& file, const std::vector<Label>& labels) {
  SKILLGRAD_TRY(auto all, read_labels(file));
  for (const Label& label : labels) {
    std::erase_if(all, [&](const Label& other) { return other.session == label.session; });
    all.push_back(label);
  }
  std::sort(all.begin(), all.end(),
            [](const Label& a, const Label& b) { return a.session < b.session; });
  std::string text;
  for (const Label& label : all) text += dump_json(to_json(label)) + "\n";
  return write_file_atomic(file, text);
}

Result<std::optional<double>> read_score(const std::string& word) {
  const std::string text(trim(word));
  if (text == "pass") return std::optional<double>(1);
  if (text == "fail") return std::optional<double>(0);
  if (text == "note") return std::optional<double>();
  const auto value = parse_json(text, "--label");
  if (value && value->is_number() && value->get<double>() >= 0 && value->get<double>() <= 1)
    return std::optional<double>(value->get<double>());
  return fail(ErrorCode::usage,
              "got \"" + truncate_middle(text, 60) +
                  "\", expected pass, fail, note or a number from 0 to 1",
              "--label", "write for example --label SESSION=fail");
}

std::vector<std::string> apply_labels(const std::vector<Label>& labels,
                                      std::vector<Session>& sessions, const Redactor& redactor) {
  std::vector<std::string> notes;
  Cleaner cleaner(redactor);
  for (const Label& label : labels) {
    const std::string name = cleaner.text(label.session);
    // What was labelled counts, wherever it lies by now.
    auto found = std::find_if(sessions.begin(), sessions.end(), [&](const Session& session) {
      return !label.sha256.empty() && session.sha256 == label.sha256;
    });
    if (found == sessions.end())
      found = std::find_if(sessions.begin(), sessions.end(),
                           [&](const Session& session) { return session.id == label.session; });
    if (found == sessions.end()) {
      notes.push_back(
          fmt::format("labels.jsonl: the label of {} is not used: there is no such "
                      "session",
                      name));
      continue;
    }
    if (!label.sha256.empty() && found->sha256 != label.sha256) {
      notes.push_back(
          fmt::format("labels.jsonl: the label of {} is not used: the session has "
                      "changed since it was labelled; label it again",
                      name));
      continue;
    }
    const Witness by = label.by.starts_with(kJudge) ? Witness::judge
                       : label.score                ? Witness::label
                                                    : Witness::note;
    // A note alone says what a person found wanting.
    found->outcome = Outcome{by, label.score.value_or(0), cleaner.text(label.note)};
  }
  return notes;
}

}  // namespace skillgrad::traces
