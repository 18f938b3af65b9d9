// SPDX-License-Identifier: MIT
// Several skills as one subject: what a set is, and that each skill of it is held to what one is.
#include <skillgrad/core/files.hpp>
#include <skillgrad/skill/hunks.hpp>
#include <skillgrad/skill/install.hpp>
#include <skillgrad/skill/places.hpp>
#include <skillgrad/skill/skill_set.hpp>

#include "unit/skill/support.hpp"

namespace skillgrad::skill {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::string set_text(const std::string& name, const std::string& body) {
  return "---\nname: " + name + "\ndescription: About " + name + ".\n---\n\n# " + name + "\n\n" +
         body;
}

std::map<std::string, BundledFile> two_skills() {
  return {{"pdf/SKILL.md", {set_text("pdf", "## Dates\n\n- Write dates as `DD.MM.YYYY`.\n")}},
          {"pdf/references/forms.md", {"# Forms\n\nSee them.\n"}},
          {"pdf/evals/tasks.jsonl", {"{}\n"}},
          {"xlsx/SKILL.md", {set_text("xlsx", "## Sums\n\n- Add up first.\n")}}};
}

SkillPackage two_in_a_set() {
  auto out = SkillPackage::from_files("skills", "", two_skills());
  EXPECT_TRUE(out) << (out ? "" : out.error().to_text());
  return out.value_or(SkillPackage{});
}

EditOp set_edit(const std::string& skill, const std::string& from, const std::string& to) {
  EditOp out;
  out.op = "edit_text";
  out.skill = skill;
  out.path = "SKILL.md";
  out.old_text = from;
  out.new_text = to;
  return out;
}

TEST(SkillSet, HasTheFilesOfItsSkillsAndNoTextOfItsOwn) {
  const SkillPackage set = two_in_a_set();
  EXPECT_TRUE(is_set(set));
  EXPECT_FALSE(is_set(package_with_body("# T\n")));
  EXPECT_FALSE(is_set(SkillPackage{}));
  EXPECT_THAT(skill_names(set), ElementsAre("pdf", "xlsx"));
  EXPECT_EQ(set.name(), "skills");
  EXPECT_THAT(set.files_for_agent(),
              ElementsAre("pdf/SKILL.md", "pdf/references/forms.md", "xlsx/SKILL.md"));
  const auto pdf = find_member(set, "PDF");
  ASSERT_TRUE(pdf);
  EXPECT_THAT(pdf->files_for_agent(), ElementsAre("references/forms.md"));
  const Sizes sizes = set.sizes();
  EXPECT_EQ(sizes.l2.bytes, pdf->sizes().l2.bytes + find_member(set, "xlsx")->sizes().l2.bytes);
  auto other = two_skills();
  other["pdf/evals/tasks.jsonl"].bytes = "{\"id\":1}\n";
  EXPECT_EQ(SkillPackage::from_files("skills", "", other)->hash(), set.hash());
  other["xlsx/SKILL.md"].bytes += "More.\n";
  EXPECT_NE(SkillPackage::from_files("skills", "", other)->hash(), set.hash());
}

TEST(SkillSet, IsReadFromAFolderWithoutWhatLiesBesideTheSkills) {
  const TempDir temp = std::move(*TempDir::create("skill-set-"));
  const fs::path root = temp.path() / "skills";
  ASSERT_TRUE(two_in_a_set().save(root));
  EXPECT_FALSE(fs::exists(root / "SKILL.md"));
  ASSERT_TRUE(write_file_atomic(root / "README.md", "Mine.\n"));
  ASSERT_TRUE(write_file_atomic(root / "notes/a.md", "Mine.\n"));
  ASSERT_TRUE(write_file_atomic(root / "evals/tasks.jsonl", "{}\n"));
  ASSERT_TRUE(write_file_atomic(root / ".git/SKILL.md", "Not one.\n"));
  const auto loaded = load_skills(root);
  ASSERT_TRUE(loaded) << loaded.error().to_text();
  EXPECT_THAT(changed_files(two_in_a_set(), *loaded), ElementsAre("evals/tasks.jsonl (new)"));
  EXPECT_EQ(loaded->hash(), two_in_a_set().hash()) << "tasks are no part of what an agent gets";
  EXPECT_EQ(loaded->files_for_agent(), two_in_a_set().files_for_agent());
  EXPECT_TRUE(holds_skills(root));
  EXPECT_TRUE(holds_skills(root / "pdf"));
  EXPECT_FALSE(holds_skills(root / "notes"));
  // One skill is what it was, and so is what is none.
  EXPECT_FALSE(is_set(load_skills(root / "pdf").value()));
  EXPECT_THAT(SkillPackage::load(root).error().message, HasSubstr("2 packages, one is expected"));
  EXPECT_THAT(load_skills(root / "notes").error().message, HasSubstr("SKILL.md"));
}

TEST(SkillSet, RefusesWhatNobodyCouldTellApart) {
  auto files = two_skills();
  files["other/SKILL.md"] = {set_text("PDF", "")};
  EXPECT_THAT(SkillPackage::from_files("skills", "", files).error().message,
              HasSubstr("two skills are called"));
  files = two_skills();
  files["loose.md"] = {"x"};
  EXPECT_THAT(SkillPackage::from_files("skills", "", files).error().message,
              HasSubstr("in none of the skills"));
  files = two_skills();
  files["xlsx/SKILL.md"].bytes = "no front matter\n";
  const auto broken = SkillPackage::from_files("skills", "", files);
  EXPECT_EQ(broken.error().code, ErrorCode::invalid_skill);
  EXPECT_THAT(broken.error().where, HasSubstr("xlsx/SKILL.md"));
  files["xlsx/SKILL.md"].bytes = "";
  EXPECT_FALSE(SkillPackage::from_files("skills", "", files));
}

TEST(SkillSet, AnEditNamesItsSkillAndLeavesTheOthersAlone) {
  SkillPackage set = two_in_a_set();
  const SkillPackage before = set;
  const auto done = apply_edit(set, set_edit("pdf", "DD.MM.YYYY", "YYYY-MM-DD"));
  ASSERT_TRUE(done) << done.error().to_text();
  EXPECT_THAT(*done, HasSubstr("pdf: edited SKILL.md"));
  EXPECT_THAT(changed_files(before, set), ElementsAre("pdf/SKILL.md"));
  EXPECT_THAT(unified_diff(before, set), HasSubstr("+++ b/pdf/SKILL.md"));
  EXPECT_EQ(changed_lines(before, set).added, 1U);
  EditOp section;
  section.op = "insert_section";
  section.skill = "xlsx";
  section.new_text = "## Dates\n\nAs they are.\n";
  EXPECT_TRUE(apply_edit(set, section));
  EditOp file;
  file.op = "write_file";
  file.skill = "xlsx";
  file.path = "xlsx/references/x.md";
  file.new_text = "# X\n";
  EXPECT_TRUE(apply_edit(set, file));
  EXPECT_TRUE(set.files().contains("xlsx/references/x.md"));
  EXPECT_EQ(edit_to_json(file)["skill"], "xlsx");
  EXPECT_EQ(parse_edit(edit_to_json(file))->skill, "xlsx");
}

TEST(SkillSet, NoEditMakesOrRemovesASkill) {
  SkillPackage set = two_in_a_set();
  const SkillPackage before = set;
  EditOp file;
  file.op = "write_file";
  file.new_text = set_text("docx", "");
  struct Case {
    const char *op, *skill, *path, *says;
  };
  for (const Case& one : {Case{"write_file", "docx", "SKILL.md", "for a person to decide"},
                          Case{"write_file", "pdf", "docx/SKILL.md", "for a person to decide"},
                          Case{"write_file", "", "docx/SKILL.md", "names no skill"},
                          Case{"write_file", "pdf", "SKILL.md", "cannot be written or deleted"},
                          Case{"delete_file", "pdf", "SKILL.md", "cannot be written or deleted"},
                          Case{"write_file", "pdf", "evals/x.md", "read-only"}}) {
    file.op = one.op;
    file.skill = one.skill;
    file.path = one.path;
    const auto done = apply_edit(set, file);
    ASSERT_FALSE(done) << one.op << " " << one.skill << " " << one.path;
    EXPECT_THAT(done.error().to_text(), HasSubstr(one.says));
  }
  EXPECT_FALSE(set.write_file("docx/SKILL.md", "x"));
  EXPECT_FALSE(set.delete_file("pdf/SKILL.md"));
  EXPECT_FALSE(set.set_description("All of them."));
  EXPECT_FALSE(set.set_body("# All\n"));
  EXPECT_EQ(set, before);
  SkillPackage one = package_with_body("# T\n\nold text\n");
  EXPECT_FALSE(apply_edit(one, set_edit("pdf", "old", "new")));
  EXPECT_TRUE(apply_edit(one, set_edit("my-skill", "old", "new")));
}

TEST(SkillSet, LintLooksAtEachSkillAndSaysWhichOneItIs) {
  const SkillPackage before = two_in_a_set();
  SkillPackage set = before;
  EditOp file;
  file.op = "write_file";
  file.skill = "xlsx";
  file.path = "references/lost.md";
  file.new_text = "# Lost\n\nNobody points here.\n";
  ASSERT_TRUE(apply_edit(set, file));
  LintContext context;
  context.initial = context.previous = &before;
  EXPECT_TRUE(lint(before, context).blocking.empty());
  const auto report = lint(set, context);
  ASSERT_FALSE(report.blocking.empty());
  EXPECT_THAT(report.blocking.front().file, HasSubstr("xlsx/"));
  for (const Finding& finding : validate(set, Profile::spec))
    EXPECT_THAT(finding.file, HasSubstr("/SKILL.md"));
}

TEST(SkillSet, HunksNameTheSkillInTheirAnchorsAndMergeOverEditsMadeSince) {
  const SkillPackage before = two_in_a_set();
  SkillPackage after = before, live = before;
  ASSERT_TRUE(apply_edit(after, set_edit("pdf", "DD.MM.YYYY", "YYYY-MM-DD")));
  EditOp description;
  description.op = "set_description";
  description.skill = "xlsx";
  description.new_text = "Adds up tables.";
  ASSERT_TRUE(apply_edit(after, description));
  const auto hunks = hunks_between(before, after);
  ASSERT_EQ(hunks.size(), 2U);
  EXPECT_EQ(hunks[0].file, "pdf/SKILL.md");
  EXPECT_EQ(hunks[0].anchor, "pdf/dates");
  EXPECT_EQ(hunks[0].layer, 2);
  EXPECT_EQ(hunks[1].anchor, "xlsx/front matter");
  EXPECT_EQ(hunks[1].layer, 1);
  ASSERT_TRUE(apply_edit(live, set_edit("xlsx", "Add up first.", "Add up last.")));
  const auto merged = merge_hunks(before, live, {{&hunks[0], {}}, {&hunks[1], {}}});
  ASSERT_TRUE(merged) << merged.error().to_text();
  EXPECT_TRUE(merged->conflicts.empty());
  EXPECT_TRUE(is_set(merged->package));
  EXPECT_THAT(find_member(merged->package, "xlsx")->body(), HasSubstr("Add up last."));
  EXPECT_THAT(find_member(merged->package, "pdf")->body(), HasSubstr("YYYY-MM-DD"));
  EXPECT_THAT(patch_text(before, after, hunks), HasSubstr("--- a/pdf/SKILL.md"));
  EXPECT_EQ(line_origins(before, after).at("xlsx/SKILL.md").size(),
            line_origins(before, before).at("xlsx/SKILL.md").size());
}

TEST(SkillSet, APlaceBeginsWithItsSkill) {
  SkillPackage set = two_in_a_set();
  EXPECT_EQ(find_place(set, "pdf/dates")->anchor, "pdf/dates");
  EXPECT_EQ(find_place(set, "pdf / Dates")->anchor, "pdf/dates");
  EXPECT_EQ(find_place(set, "Dates")->anchor, "pdf/dates");
  EXPECT_EQ(find_place(set, "pdf/references/forms.md")->anchor, "pdf/forms.md");
  EXPECT_EQ(find_place(set, "pdf/description")->text, "About pdf.");
  EXPECT_FALSE(find_place(set, "docx/dates"));
  EXPECT_THAT(anchors_of(set),
              ElementsAre("pdf/pdf", "pdf/dates", "pdf/forms.md", "xlsx/xlsx", "xlsx/sums"));
  EditOp section;
  section.op = "insert_section";
  section.skill = "xlsx";
  section.new_text = "## Dates\n\nAs they are.\n";
  ASSERT_TRUE(apply_edit(set, section));
  EXPECT_FALSE(find_place(set, "Dates")) << "two skills have it";
  EXPECT_TRUE(find_place(set, "xlsx/dates"));
}

TEST(SkillSet, IsReplacedAsAWholeWithWhatLiesBesideIt) {
  const TempDir temp = std::move(*TempDir::create("skill-set-"));
  const fs::path live = temp.path() / "skills", old = temp.path() / "old";
  const SkillPackage before = two_in_a_set();
  ASSERT_TRUE(before.save(live));
  ASSERT_TRUE(write_file_atomic(live / "README.md", "Mine.\n"));
  ASSERT_TRUE(check_install(live));
  SkillPackage after = before;
  ASSERT_TRUE(apply_edit(after, set_edit("pdf", "DD.MM.YYYY", "YYYY-MM-DD")));
  ASSERT_TRUE(after.delete_file("pdf/references/forms.md"));
  const auto done = install_package({&after, &before, live, old});
  ASSERT_TRUE(done) << done.error().to_text();
  EXPECT_TRUE(changed_files(after, load_skills(live).value()).empty());
  EXPECT_TRUE(changed_files(before, load_skills(old).value()).empty());
  EXPECT_EQ(read_file(live / "README.md").value(), "Mine.\n");
  EXPECT_FALSE(fs::exists(live / "SKILL.md"));
  ASSERT_TRUE(write_file_atomic(live / "docx/SKILL.md", set_text("docx", "")));
  const auto refused = install_package({&before, &after, live, old});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("docx/SKILL.md (new)"));
}

}  // namespace
}  // namespace skillgrad::skill
