// SPDX-License-Identifier: MIT
#include "optim/loop/candidates.hpp"

#include <skillgrad/skill/skill_set.hpp>

#include "optim/loop/run_state.hpp"

namespace skillgrad::optim {
namespace {

Json findings_json(const std::vector<skill::Finding>& findings) {
  Json out = Json::array();
  for (const auto& finding : findings)
    out.push_back({{"rule", finding.rule},
                   {"severity", name_of(finding.severity)},
                   {"message", finding.message},
                   {"file", finding.file},
                   {"line", finding.line},
                   {"anchor", finding.anchor}});
  return out;
}

Json refused_json(const std::vector<RefusedCall>& calls) {
  Json out = Json::array();
  for (const auto& call : calls)
    out.push_back({{"tool", call.tool}, {"arguments", call.arguments}, {"problem", call.problem}});
  return out;
}

Result<std::vector<skill::Finding>> findings_from_json(const Json& value) {
  std::vector<skill::Finding> out;
  if (!value.is_array()) return fail(ErrorCode::input, "\"blocking\" is no array");
  for (const auto& item : value) {
    StrictReader reader(item, "blocking");
    skill::Finding finding;
    finding.rule = reader.string("rule");
    finding.message = reader.string("message");
    finding.file = reader.string("file", "");
    finding.line = static_cast<int>(reader.integer("line", 0, 0, 100'000'000));
    SKILLGRAD_CHECK(reader.finish(true));
    out.push_back(std::move(finding));
  }
  return out;
}

/// The candidate's hash as the run wrote it; "" where an earlier version wrote none.
Result<std::string> written_hash(const store::RunStore& store, const std::string& dir) {
  SKILLGRAD_TRY(const auto text, store.read(dir + "/patch.json"));
  if (!text) return std::string();
  SKILLGRAD_TRY(const auto json, parse_json(*text, "patch.json"));
  StrictReader reader(json, "patch.json");
  const std::string hash = reader.string("skill_hash", "");
  SKILLGRAD_CHECK(reader.finish(true));
  return hash;
}

Result<Candidate> candidate_from(const OptimizeParts& parts, const std::string& dir,
                                 const std::string& text) {
  SKILLGRAD_TRY(auto json, parse_json(text, "patch.json"));
  StrictReader reader(json, "patch.json");
  Candidate out;
  out.failure = reader.string("failed", "");
  Json blocking = reader.any("blocking");
  SKILLGRAD_CHECK(reader.finish(true));
  if (json.contains("failed")) return out;
  if (blocking.is_null()) blocking = Json::array();
  SKILLGRAD_TRY(out.blocking, findings_from_json(blocking));
  for (const char* key : {"findings", "blocking", "repair_rounds", "refused", "skill_hash"})
    json.erase(key);
  SKILLGRAD_TRY(out.patch, patch_from_json(json));
  SKILLGRAD_TRY(out.package, load_package(parts, dir));
  return out;
}

/// As a resumed run would read it.
Result<Candidate> read_back(const OptimizeParts& parts, const std::string& dir) {
  SKILLGRAD_TRY(auto candidate, read_candidate(parts, dir));
  if (!candidate) return fail(ErrorCode::internal, "the patch was not kept", dir);
  return std::move(*candidate);
}

}  // namespace

Result<skill::SkillPackage> load_package(const OptimizeParts& parts, const std::string& dir) {
  const std::string folder = dir + "/skill";
  // In the run directory every package lies in a folder "skill"; its own name is the initial one's.
  SKILLGRAD_TRY(const auto package, skill::load_skills(parts.store->path(folder)));
  SKILLGRAD_TRY(const auto hash, written_hash(*parts.store, dir));
  if (!hash.empty() && hash != package.hash())
    return fail(ErrorCode::input, "the package is not the one that this run wrote",
                parts.store->path(folder).string(),
                "put its files back as they were (patch.diff beside it shows what the patch "
                "changed), or start a new run from it with another --run directory");
  return skill::SkillPackage::from_files(parts.initial.folder_name(), package.skill_md(),
                                         package.files());
}

Result<std::optional<Candidate>> read_candidate(const OptimizeParts& parts,
                                                const std::string& dir) {
  const std::string file = dir + "/patch.json";
  SKILLGRAD_TRY(const auto text, parts.store->read(file));
  if (!text) return std::nullopt;
  auto out = candidate_from(parts, dir, *text);
  if (!out) return tl::unexpected(damaged(std::move(out).error(), *parts.store, file));
  out->dir = dir;
  return std::optional<Candidate>(std::move(*out));
}

Result<Candidate> write_candidate(const OptimizeParts& parts, const std::string& dir,
                                  const skill::SkillPackage& current, const PatchOutput& output) {
  const fs::path skill = parts.store->path(dir + "/skill");
  SKILLGRAD_CHECK(remove_tree(skill));
  SKILLGRAD_CHECK(output.candidate.save(skill));
  SKILLGRAD_CHECK(
      parts.store->write(dir + "/patch.diff", skill::unified_diff(current, output.candidate)));
  Json json = to_json(output.patch);
  json["findings"] = findings_json(output.findings);
  json["blocking"] = findings_json(output.blocking);
  json["repair_rounds"] = output.repair_rounds;
  json["refused"] = refused_json(output.refused);
  json["skill_hash"] = output.candidate.hash();
  SKILLGRAD_CHECK(parts.store->write(dir + "/patch.json", dump_json(json, 1) + "\n"));
  return read_back(parts, dir);
}

Result<Candidate> write_failure(const OptimizeParts& parts, const std::string& dir,
                                const std::string& why) {
  SKILLGRAD_CHECK(parts.store->write(dir + "/patch.json", dump_json({{"failed", why}}, 1) + "\n"));
  return read_back(parts, dir);
}

Result<> copy_candidate(const OptimizeParts& parts, const std::string& from,
                        const std::string& to) {
  const store::RunStore& store = *parts.store;
  SKILLGRAD_TRY(const auto record, store.read(from + "/patch.json"));
  SKILLGRAD_TRY(const auto present, store.read(to + "/patch.json"));
  if (!record || record == present) return {};
  SKILLGRAD_CHECK(remove_tree(store.path(to + "/patch.json")));
  SKILLGRAD_CHECK(remove_tree(store.path(to + "/skill")));
  std::error_code ignored;
  if (fs::exists(store.path(from + "/skill"), ignored)) {
    SKILLGRAD_TRY(const auto package, load_package(parts, from));
    SKILLGRAD_CHECK(package.save(store.path(to + "/skill")));
  }
  SKILLGRAD_TRY(const auto diff, store.read(from + "/patch.diff"));
  if (diff) SKILLGRAD_CHECK(parts.store->write(to + "/patch.diff", *diff));
  return parts.store->write(to + "/patch.json", *record);
}

}  // namespace skillgrad::optim
