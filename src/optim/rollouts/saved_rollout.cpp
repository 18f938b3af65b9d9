// SPDX-License-Identifier: MIT
#include "optim/rollouts/saved_rollout.hpp"

#include <algorithm>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/text.hpp>

#include "optim/rollouts/damaged.hpp"
#include "optim/rollouts/outputs.hpp"

namespace skillgrad::optim {
namespace {

constexpr const char* kLoss = "/loss.json";

/// What loss.json holds beside the record.
struct Saved {
  LossRecord record;
  std::string skill;
  AskAgain again;
  Json files;  ///< name -> bytes; null in runs of earlier versions, which waited for each file
};

Json to_json(const AskAgain& again) {
  return {{"tries", again.tries}, {"executor", again.executor}};
}

AskAgain again_from_json(const Json& json) {
  constexpr int kMost = 1'000'000;
  AskAgain out;
  if (!json.is_object()) return out;
  if (const Json tries = json.value("tries", Json()); tries.is_number_integer())
    out.tries = static_cast<int>(std::clamp<std::int64_t>(tries.get<std::int64_t>(), 0, kMost));
  out.executor = json.value("executor", Json()) == Json(true);
  return out;
}

Result<Saved> saved_from_json(Json json) {
  Saved out;
  if (json.is_object() && json.contains("skill")) {
    if (json["skill"].is_string()) out.skill = json["skill"].get<std::string>();
    out.files = json.value("files", Json());
    out.again = again_from_json(json.value("again", Json()));
    for (const char* key : {"skill", "final_message", "outputs_kept", "files", "again"})
      json.erase(key);
  }
  SKILLGRAD_TRY(out.record, loss_from_json(json));
  return out;
}

/// The file that is not there as it was written, or "".
std::string missing_file(const fs::path& dir, const Json& files) {
  for (const auto& [name, bytes] : files.items()) {
    std::error_code missing;
    const auto size = fs::file_size(dir / name, missing);
    if (missing || bytes != size) return name;
  }
  return {};
}

/// Writes the text and notes its size.
Result<> put(const store::RunStore& store, const std::string& dir, const std::string& name,
             std::string text, Json& files) {
  SKILLGRAD_TRY(const auto written, store.put(dir + "/" + name, std::move(text)));
  files[name] = written.size();
  return {};
}

}  // namespace

Result<SavedRollout> read_rollout(const store::RunStore& store, const RolloutPlace& place) {
  const std::string file = place.dir + kLoss;
  SKILLGRAD_TRY(const auto text, store.read(file));
  if (!text) return SavedRollout{};
  auto json = parse_json(*text, file);
  if (!json) return SavedRollout{std::nullopt, {}, file + " is cut off"};
  auto saved = saved_from_json(std::move(*json));
  if (!saved) return tl::unexpected(damaged(std::move(saved).error(), store, file));
  if (saved->skill != place.skill) return SavedRollout{};
  const std::string missing = missing_file(store.path(place.dir), saved->files);
  if (!missing.empty())
    return SavedRollout{std::nullopt, {}, place.dir + "/" + missing + " is cut off"};
  return SavedRollout{std::move(saved->record), saved->again, {}};
}

Result<KeptRollout> save_rollout(const store::RunStore& store, const RolloutPlace& place,
                                 const bench::Task& task, const agent::Rollout& rollout,
                                 const LossRecord& record) {
  const fs::path dir = store.path(place.dir);
  SKILLGRAD_CHECK(make_fresh_directory(dir));
  SKILLGRAD_TRY(const KeptOutputs outputs, keep_outputs(rollout.work_dir(), task, dir / "outputs"));
  Json files = Json::object();
  for (const auto& [name, bytes] : outputs.files) files["outputs/" + name] = bytes;
  SKILLGRAD_CHECK(
      put(store, place.dir, "trajectory.jsonl", rollout.trajectory.to_json_lines(), files));
  if (!rollout.skill_text.empty())
    SKILLGRAD_CHECK(put(store, place.dir, "skill_text.md", rollout.skill_text, files));
  Json json = to_json(record);
  // So that the answer can be graded again, or exported, without the rollout.
  json["skill"] = place.skill;
  json["final_message"] = sanitize_utf8(rollout.final_message);
  json["outputs_kept"] = outputs.all;
  json["files"] = std::move(files);
  if (record.failed()) json["again"] = to_json(place.again);
  SKILLGRAD_TRY(const auto text, store.put(place.dir + kLoss, dump_json(json, 1) + "\n"));
  // What is shown to other stages is what a resumed run would show them.
  SKILLGRAD_TRY(auto read, parse_json(text, place.dir + kLoss));
  SKILLGRAD_TRY(auto saved, saved_from_json(std::move(read)));
  return KeptRollout{std::move(saved.record), outputs.all};
}

}  // namespace skillgrad::optim
