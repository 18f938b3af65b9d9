// SPDX-License-Identifier: MIT
// Fuzzes skills: a SKILL.md, and behind a line of "%%%" a patch message of edits. What loads is
// read back, validated and linted; what an edit refuses leaves the package as it was, and what it
// does can be undone.
#include <cstdint>
#include <cstdlib>
#include <string>

#include <skillgrad/core/json.hpp>
#include <skillgrad/skill/editor.hpp>
#include <skillgrad/skill/foreign_words.hpp>
#include <skillgrad/skill/hunks.hpp>

namespace {

using namespace skillgrad;

void must(bool holds) {
  if (!holds) std::abort();
}

void must_be_whole(const skill::SkillPackage& package) {
  const auto again =
      skill::SkillPackage::from_files(package.folder_name(), package.skill_md(), package.files());
  must(again.has_value() && *again == package);
  for (const auto& section : package.outline())
    must(section.begin <= section.content && section.content <= section.end &&
         section.end <= package.body().size());
}

void undo(const skill::SkillPackage& before, const skill::SkillPackage& after) {
  const auto back = skill::hunks_between(after, before);
  std::vector<skill::ChosenHunk> chosen;
  for (const auto& hunk : back) chosen.push_back({&hunk, std::nullopt});
  const auto merged = skill::merge_hunks(after, after, chosen);
  must(merged.has_value() && merged->conflicts.empty() && merged->package == before);
}

void edit(skill::SkillPackage& package, const Json& op) {
  const auto parsed = skill::parse_edit(op);
  if (!parsed) return;
  const skill::SkillPackage before = package;
  const auto done = skill::apply_edit(package, *parsed);
  if (!done) {
    must(package == before);
    return;
  }
  must_be_whole(package);
  undo(before, package);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string all(reinterpret_cast<const char*>(data), size);
  const std::size_t at = all.find("\n%%%\n");
  const std::string text = all.substr(0, at == std::string::npos ? at : at + 1);
  auto loaded = skill::SkillPackage::from_files("my-skill", text,
                                                {{"references/a.md", {"# A\n\ntext\n", 0644}}});
  if (!loaded) return 0;
  must_be_whole(*loaded);
  for (const auto profile : {skill::Profile::spec, skill::Profile::strict, skill::Profile::lenient})
    static_cast<void>(skill::validate(*loaded, profile));
  const skill::SkillPackage initial = *loaded;
  if (at != std::string::npos) {
    const auto patch = parse_json(all.substr(at + 5), "patch");
    if (patch && patch->is_array()) {
      std::size_t count = 0;
      for (const Json& op : *patch)
        if (++count <= 8) edit(*loaded, op);
    }
  }
  skill::ForeignWords foreign;
  foreign.add(all, "all of it");
  skill::LintContext context;
  context.previous = context.initial = &initial;
  context.foreign = std::make_shared<const skill::ForeignWords>(std::move(foreign));
  static_cast<void>(skill::lint(*loaded, context));
  return 0;
}
