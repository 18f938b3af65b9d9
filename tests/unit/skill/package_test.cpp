// SPDX-License-Identifier: MIT
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/skill/package.hpp>

namespace skillgrad::skill {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const char kSkill[] =
    "---\nname: my-skill\ndescription: Does a thing.\n---\n# Title\n\n## Workflow\n\n1. Step\n";

SkillPackage make(const std::string& text, std::map<std::string, BundledFile> files = {}) {
  auto package = SkillPackage::from_files("my-skill", text, std::move(files));
  EXPECT_TRUE(package.has_value()) << (package ? "" : package.error().to_text());
  return package.value_or(SkillPackage{});
}

class PackageOnDisk : public testing::Test {
 protected:
  void SetUp() override {
    auto temp = TempDir::create("skill-test-");
    ASSERT_TRUE(temp.has_value());
    temp_.emplace(std::move(*temp));
  }
  void put(const std::string& path, const std::string& bytes, std::uint32_t mode = 0644) {
    ASSERT_TRUE(write_file_atomic(root() / path, bytes, mode).has_value());
  }
  [[nodiscard]] fs::path root() const { return temp_->path() / "my-skill"; }
  std::optional<TempDir> temp_;
};

TEST(SkillPackage, SplitsFrontMatterAndBodyByteForByte) {
  const SkillPackage package = make(kSkill);
  EXPECT_EQ(package.name(), "my-skill");
  EXPECT_EQ(package.description(), "Does a thing.");
  EXPECT_EQ(package.front_matter(), "---\nname: my-skill\ndescription: Does a thing.\n---\n");
  EXPECT_EQ(package.front_matter() + package.body(), kSkill);
}

TEST(SkillPackage, KeepsCarriageReturns) {
  const SkillPackage package =
      make("---\r\nname: my-skill\r\ndescription: d\r\n---\r\n# A\r\ntext\r\n");
  EXPECT_EQ(package.description(), "d");
  EXPECT_EQ(package.body(), "# A\r\ntext\r\n");
  ASSERT_EQ(package.outline().size(), 1U);
  EXPECT_EQ(package.outline()[0].title, "A");
}

TEST(SkillPackage, OutlineIgnoresHashesInFencesQuotesAndSetextHeadings) {
  const std::string body =
      "# Top #\n```python\n# no heading\n## nor this\n```\nSetext\n---\n> ## quoted\n\n"
      "## First `x`\ntext\n### Sub\nmore\n## Second\n    # code\nend\n# Next\n";
  const SkillPackage package = make("---\nname: my-skill\ndescription: d\n---\n" + body);
  const auto outline = package.outline();
  std::vector<std::string> titles;
  for (const Section& section : outline) titles.push_back(section.title);
  EXPECT_THAT(titles, ElementsAre("Top", "First `x`", "Sub", "Second", "Next"));
  EXPECT_EQ(body.substr(outline[1].begin, outline[1].end - outline[1].begin),
            "## First `x`\ntext\n### Sub\nmore\n");
  EXPECT_EQ(body.substr(outline[0].end), "# Next\n");
  EXPECT_EQ(outline[1].slug, "first-x");
  EXPECT_EQ(body.substr(outline[2].content, outline[2].end - outline[2].content), "more\n");
}

TEST(SkillPackage, AnUnderlinedLineThatBeginsWithAHashIsNoSection) {
  const auto package = SkillPackage::from_files(
      "my-skill", "---\nname: my-skill\ndescription: d\n---\n## B\n\n#: 1\n---\n# T\n\n## A\n", {});
  ASSERT_TRUE(package);
  std::string titles;
  std::size_t at = 0;
  for (const Section& section : package->outline()) {
    titles += section.title + " ";
    EXPECT_LE(at, section.begin);
    EXPECT_LE(section.begin, section.content);
    EXPECT_LE(section.content, section.end) << section.title;
    at = section.content;
  }
  EXPECT_EQ(titles, "B T A ");
}

TEST(SkillPackage, SizesCountLayersAndDenseScriptsAsOneTokenEach) {
  const SkillPackage package =
      make("---\nname: my-skill\ndescription: 表计算 abcd\n---\nabcdefgh\n漢字\n",
           {{"references/a.md", {"12345678\n", 0644}}, {"evals/evals.json", {"{}", 0644}}});
  const Sizes sizes = package.sizes();
  EXPECT_EQ(sizes.l2.bytes, 9U + 7U);
  EXPECT_EQ(sizes.l2.lines, 2U);
  EXPECT_EQ(sizes.l2.code_points, 12U);
  EXPECT_EQ(sizes.l2.tokens, 2U + 3U);
  EXPECT_EQ(sizes.l1.tokens, 3U + 4U);  // "my-skill " and " abcd"
  EXPECT_EQ(sizes.l3.bytes, 9U);
}

TEST(SkillPackage, HashSeesBytesNamesAndExecutableBitButNotEvals) {
  const auto with = [](std::map<std::string, BundledFile> files) {
    return make(kSkill, std::move(files)).hash();
  };
  const std::string base = with({{"a.md", {"x", 0644}}});
  EXPECT_EQ(base, with({{"a.md", {"x", 0600}}}));
  EXPECT_EQ(base, with({{"a.md", {"x", 0644}}, {"evals/evals.json", {"1", 0644}}}));
  EXPECT_NE(base, with({{"a.md", {"x", 0755}}}));
  EXPECT_NE(base, with({{"b.md", {"x", 0644}}}));
  EXPECT_NE(base, with({{"a.md", {"y", 0644}}}));
}

TEST(SkillPackage, EvalsAreCarriedButNotShownToTheAgent) {
  const SkillPackage package =
      make(kSkill, {{"evals/evals.json", {"{}", 0644}}, {"evalsheet.md", {"x", 0644}}});
  EXPECT_EQ(package.files().size(), 2U);
  EXPECT_THAT(package.files_for_agent(), ElementsAre("evalsheet.md"));
}

TEST(SkillPackage, CatalogEscapesNameAndDescription) {
  const SkillPackage package =
      make("---\nname: my-skill\ndescription: \" a <b> & \\\"c\\\" 'd' \"\n---\n");
  EXPECT_EQ(catalog_entry(package, "/s/my-skill/SKILL.md"),
            "<available_skills>\n<skill>\n<name>\nmy-skill\n</name>\n<description>\n"
            "a &lt;b&gt; &amp; &quot;c&quot; &#x27;d&#x27;\n</description>\n<location>\n"
            "/s/my-skill/SKILL.md\n</location>\n</skill>\n</available_skills>");
}

TEST(SkillPackage, LenientRepairsAreNamedAndWritableSkillsHaveNone) {
  EXPECT_TRUE(make(kSkill).repairs().empty());
  const SkillPackage colon =
      make("---\nname: my-skill\ndescription: Use when: x\nallowed-tools: [Bash, Read]\n---\n");
  EXPECT_EQ(colon.description(), "Use when: x");
  ASSERT_EQ(colon.repairs().size(), 2U);
  EXPECT_EQ(colon.repairs()[0].rule, "F3");
  EXPECT_EQ(colon.repairs()[0].line, 3);
  const SkillPackage bom = make("\xEF\xBB\xBF\n---\nname: my-skill\ndescription: d\n---\nb\n");
  ASSERT_EQ(bom.repairs().size(), 1U);
  EXPECT_EQ(bom.repairs()[0].rule, "F2");
  EXPECT_EQ(bom.body(), "b\n");
}

TEST(SkillPackage, KeysOfOtherProgramsAreReadAsTextAndKeepTheirBytes) {
  const std::string head = "---\nname: my-skill\ndescription: d\n";
  for (const std::string keys :
       {R"(metadata: {"openclaw":{"emoji":"x","requires":{"bins":["a"]}}})",
        R"(argument-hint: [action] - e.g. "list")", "argument-hint: [a] [b]", "allowed-tools: *",
        "metadata: {\n  \"a\": {\"b\": 1},\n}", "metadata:\n  {\n    \"a\": [1, {\"b\": 2}]\n  }",
        "tags: [a,\n  b]", "allowed-tools: [Bash, Read]", "hooks: &x [a]", "version: \"1",
        "examples: |bad\n  text"}) {
    const std::string text = head + keys + "\nlicense: MIT\n---\n# B\n\nBody.\n";
    SkillPackage package = make(text);
    EXPECT_EQ(package.description(), "d") << keys;
    EXPECT_EQ(package.repairs().size(), 1U) << keys;
    ASSERT_TRUE(package.set_body("# B\n\nNew.\n")) << keys;
    EXPECT_EQ(package.skill_md(), head + keys + "\nlicense: MIT\n---\n# B\n\nNew.\n");
    ASSERT_TRUE(package.set_description("Use when: new")) << keys;
    EXPECT_EQ(package.skill_md(), "---\nname: my-skill\ndescription: \"Use when: new\"\n" + keys +
                                      "\nlicense: MIT\n---\n# B\n\nNew.\n");
  }
}

TEST(SkillPackage, ADescriptionThatIsNoPlainYamlIsReadAsText) {
  for (const auto& [value, text] : std::map<std::string, std::string>{
           {"Does x.\n\n  Keywords: a, b", "Does x.\nKeywords: a, b"},
           {"Use when: a\n  and when: b", "Use when: a and when: b"},
           {"[BETA] Does x", "[BETA] Does x"},
           {"\"Say \"hi\" to all\"", "Say \"hi\" to all"}}) {
    SkillPackage package = make("---\nname: my-skill\ndescription: " + value + "\nv: 1\n---\nb\n");
    EXPECT_EQ(package.description(), text);
    ASSERT_TRUE(package.set_description("new")) << "an edit of that very key mends it";
    EXPECT_EQ(package.skill_md(), "---\nname: my-skill\ndescription: new\nv: 1\n---\nb\n");
    EXPECT_TRUE(package.repairs().empty());
  }
  for (const char* value : {"*a", "&a b", "!t b", "\"open", "- a", "a\tb: c"})
    EXPECT_FALSE(SkillPackage::from_files(
        "my-skill", "---\nname: my-skill\ndescription: " + std::string(value) + "\n---\n", {}))
        << value;
}

TEST(SkillPackage, MissingNameFallsBackToTheFolder) {
  EXPECT_EQ(make("---\ndescription: d\n---\n").name(), "my-skill");
}

TEST(SkillPackage, RefusesUnreadableSkillsWithTheReason) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "must start with YAML frontmatter"},
      {"---\nname: x\n", "not properly closed"},
      {"---\nname: my-skill\ndescription: \xFF\n---\n", "not valid UTF-8 at byte"},
      {"---\nname: my-skill\ndescription:\n---\n", "'description' must be a non-empty string"},
      {"---\nname: my-skill\n---\n", "Missing required field in frontmatter: description"},
      {"---\nname: &a x\ndescription: d\n---\n", "Invalid YAML in frontmatter"}};
  for (const auto& [text, message] : cases) {
    const auto package = SkillPackage::from_files("my-skill", text, {});
    ASSERT_FALSE(package.has_value()) << text;
    EXPECT_EQ(package.error().code, ErrorCode::invalid_skill);
    EXPECT_THAT(package.error().message, HasSubstr(message));
  }
}

TEST_F(PackageOnDisk, LoadsFolderAndSkillMdPathAlike) {
  put("SKILL.md", kSkill);
  put("scripts/run.py", "print(1)\n", 0755);
  put(".git/config", "x");
  put("sub/__pycache__/a.pyc", "x");
  put("node_modules/m/index.js", "x");
  const auto folder = SkillPackage::load(root());
  const auto file = SkillPackage::load(root() / "SKILL.md");
  ASSERT_TRUE(folder.has_value()) << folder.error().to_text();
  ASSERT_TRUE(file.has_value());
  EXPECT_EQ(*folder, *file);
  EXPECT_EQ(folder->folder_name(), "my-skill");
  EXPECT_THAT(folder->files_for_agent(), ElementsAre("scripts/run.py"));
  EXPECT_EQ(folder->files().at("scripts/run.py").mode, 0755U);
}

TEST_F(PackageOnDisk, SaveAndLoadRoundTripKeepsBytesAndModes) {
  const SkillPackage package = make(kSkill, {{"scripts/run.py", {"print(1)\n", 0755}},
                                             {"assets/b.bin", {std::string("\0\xFF", 2), 0644}}});
  ASSERT_TRUE(package.save(root()).has_value());
  const auto loaded = SkillPackage::load(root());
  ASSERT_TRUE(loaded.has_value()) << loaded.error().to_text();
  EXPECT_EQ(*loaded, package);
  EXPECT_EQ(loaded->hash(), package.hash());
  struct stat info {};
  ASSERT_EQ(::stat(root().c_str(), &info), 0);
  EXPECT_NE(info.st_mode & 0111U, 0U);
  EXPECT_EQ(std::distance(fs::directory_iterator(temp_->path()), fs::directory_iterator()), 1);
}

TEST_F(PackageOnDisk, SaveRefusesAFolderWithContent) {
  put("other.txt", "keep");
  const auto saved = make(kSkill).save(root());
  ASSERT_FALSE(saved.has_value());
  EXPECT_EQ(saved.error().code, ErrorCode::input);
  EXPECT_EQ(read_file(root() / "other.txt").value_or(""), "keep");
}

TEST_F(PackageOnDisk, MissingPathAndMissingSkillMdAreInputErrors) {
  EXPECT_EQ(SkillPackage::load(root() / "no").error().code, ErrorCode::input);
  put("readme.md", "x");
  EXPECT_EQ(SkillPackage::load(root()).error().message, "Missing required file: SKILL.md");
  EXPECT_THAT(SkillPackage::load(root() / "readme.md").error().message,
              HasSubstr("Not a directory"));
}

TEST_F(PackageOnDisk, FolderOfSeveralPackagesIsRefusedWithTheirNames) {
  put("one/SKILL.md", kSkill);
  put("two/SKILL.md", kSkill);
  const auto loaded = SkillPackage::load(root());
  ASSERT_FALSE(loaded.has_value());
  EXPECT_EQ(loaded.error().code, ErrorCode::input);
  EXPECT_THAT(loaded.error().message, HasSubstr("one, two"));
}

TEST_F(PackageOnDisk, LinksThatLeaveThePackageAreRefusedAndInnerLinksAreRead) {
  put("SKILL.md", kSkill);
  put("references/a.md", "text\n");
  fs::create_symlink("a.md", root() / "references" / "b.md");
  auto loaded = SkillPackage::load(root());
  ASSERT_TRUE(loaded.has_value()) << loaded.error().to_text();
  EXPECT_EQ(loaded->files().at("references/b.md").bytes, "text\n");
  ASSERT_TRUE(write_file_atomic(temp_->path() / "outside.md", "secret").has_value());
  fs::create_symlink("../../outside.md", root() / "references" / "c.md");
  loaded = SkillPackage::load(root());
  ASSERT_FALSE(loaded.has_value());
  EXPECT_EQ(loaded.error().code, ErrorCode::invalid_skill);
  EXPECT_THAT(loaded.error().message, HasSubstr("references/c.md is a link that leaves"));
}

TEST_F(PackageOnDisk, ASkillMdThatIsNoFileOfThePackageSaysWhy) {
  ASSERT_TRUE(write_file_atomic(temp_->path() / "far.md", kSkill).has_value());
  const fs::path file = root() / "SKILL.md";
  fs::create_directories(root());
  const auto said = [&](const char* why) {
    const auto loaded = SkillPackage::load(root());
    ASSERT_FALSE(loaded.has_value());
    EXPECT_THAT(loaded.error().message, HasSubstr(why));
  };
  fs::create_symlink("../far.md", file);
  said("SKILL.md is a link that leaves the package");
  const auto readable = validate(root(), Profile::spec);
  ASSERT_TRUE(readable.has_value());
  for (const Finding& finding : *readable)
    EXPECT_NE(finding.severity, Severity::error) << "as the reference: " << finding.message;
  fs::remove(file);
  fs::create_symlink("nowhere.md", file);
  said("SKILL.md is a link that leads nowhere");
  const auto dangling = validate(root(), Profile::spec);
  ASSERT_EQ(dangling->size(), 2U);
  EXPECT_EQ(dangling->at(0).message, "Missing required file: SKILL.md");
  EXPECT_THAT(dangling->at(1).message, HasSubstr("leads nowhere"));
  fs::remove(file);
  fs::create_directory(file);
  said("SKILL.md is a folder");
}

TEST_F(PackageOnDisk, LowerCaseSkillMdIsReadUnlessBothExist) {
  put("skill.md", kSkill);
  ASSERT_TRUE(SkillPackage::load(root()).has_value());
  put("SKILL.md", "---\nname: my-skill\ndescription: upper\n---\n");
  const auto loaded = SkillPackage::load(root());
  ASSERT_TRUE(loaded.has_value());
  EXPECT_EQ(loaded->description(), "upper");
  EXPECT_THAT(loaded->files_for_agent(), ElementsAre("skill.md"));
}

TEST_F(PackageOnDisk, LimitsAreEnforced) {
  put("SKILL.md", kSkill);
  put("references/big.md", std::string(1024 * 1024 + 1, 'a'));
  EXPECT_THAT(SkillPackage::load(root()).error().message, HasSubstr("larger than 1 MiB"));
  put("references/big.md", "small");
  put("a/b/c/d/e/f/g.md", "deep");
  EXPECT_THAT(SkillPackage::load(root()).error().message, HasSubstr("deeper than 6 levels"));
}

}  // namespace
}  // namespace skillgrad::skill
