// SPDX-License-Identifier: MIT
// The verdicts that validation must give, one row each, in the profiles spec, strict and lenient.
#include <skillgrad/core/files.hpp>
#include <skillgrad/core/text.hpp>

#include "unit/skill/support.hpp"

namespace skillgrad::skill {
namespace {

struct Row {
  const char* input;
  std::string file;  ///< bytes of SKILL.md
  const char* spec;  ///< error ids in order, "" = valid
  const char* strict;
  const char* lenient;
  std::string folder = "my-skill";
  const char* file_name = "SKILL.md";
  const char* value = nullptr;  ///< description that lenient loading gives
};

std::string fm(const std::string& lines) { return "---\n" + lines + "---\nBody.\n"; }
std::string described(const std::string& line) { return fm("name: my-skill\n" + line + "\n"); }
std::string plus(const std::string& lines) {
  return fm("name: my-skill\ndescription: d\n" + lines + "\n");
}
std::string named(const std::string& line) { return fm(line + "\ndescription: d\n"); }
std::string repeat(const std::string& text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

std::vector<Row> structure_rows() {
  const std::string good = plus("license: MIT");
  return {
      {"empty file", "", "F2", "F2", "F2"},
      {"only two dash lines", "---\n---\n", "F3", "F3", "F3"},
      {"BOM first", "\xEF\xBB\xBF" + good, "F2", "F2", ""},
      {"blank line first", "\n" + good, "F2", "F2", ""},
      {"CRLF", replace_all(good, "\n", "\r\n"), "", "", ""},
      {"lone CR", replace_all(good, "\n", "\r"), "", "", ""},
      {"nothing after the closing line", "---\nname: my-skill\ndescription: d\n---", "", "", ""},
      {"opener of four dashes", "-" + good, "F3", "F3", "F3"},
      {"dashes inside an unquoted value", described("description: a --- b"), "", "F5", "",
       "my-skill", "SKILL.md", "a --- b"},
      {"dashes inside quotes", described("description: \"a --- b\""), "F3", "F3", "", "my-skill",
       "SKILL.md", "a --- b"},
      {"opener with text behind", "---name: my-skill\ndescription: d\n---\nBody.\n", "", "F5", ""},
      {"opener with a comment", "--- # c\nname: my-skill\ndescription: d\n---\nBody.\n", "", "F5",
       ""},
      {"closing dashes behind a value", "---\nname: my-skill\ndescription: d---\nBody.\n", "", "F5",
       ""},
      {"dots instead of the closing line", "---\nname: my-skill\ndescription: d\n...\nBody.\n",
       "F3", "F3", "F3"},
      {"dots before the closing line", plus("..."), "", "", ""},
      {"indented closing line", "---\nname: my-skill\ndescription: d\n  ---\nBody.\n", "", "F5",
       ""},
      {"file named skill.md", good, "", "F1", "", "my-skill", "skill.md"},
      {"bytes FF FE", described("description: \xFF\xFE"), "F0", "F0", "F0"},
      {"NUL in the description", described(std::string("description: a\0b", 16)), "F0", "F0", "F0"},
      {"further dash lines in the body", good + "\n---\n\nmore\n---\n", "", "", ""},
      {"a list", fm("- name: my-skill\n- description: d\n"), "F3", "F3", "F3"},
      {"a plain text", fm("just text\n"), "F3", "F3", "F3"},
      {"comments", fm("# c\nname: my-skill # c\n\n  # c\ndescription: d\n"), "", "", ""},
      {"anchors", fm("name: &a my-skill\ndescription: *a\n"), "F3", "F3", "F3"},
      {"TAB below metadata", plus("metadata:\n\ta: b"), "F3", "F3", "F3"},
      {"single quotes", fm("name: 'my-skill'\ndescription: 'it''s'\n"), "", "", "", "my-skill",
       "SKILL.md", "it's"}};
}

std::vector<Row> value_rows() {
  return {{"colon in a value", described("description: Use when: x"), "F3", "F3", "", "my-skill",
           "SKILL.md", "Use when: x"},
          {"quoted colon", described("description: \"Use when: x\""), "", "", ""},
          {"block of two lines", described("description: |-\n  one\n  two"), "", "", "", "my-skill",
           "SKILL.md", "one\ntwo"},
          {"flow list of tools", plus("allowed-tools: [Bash, Read]"), "F3", "F3", ""},
          {"block list of tools", plus("allowed-tools:\n  - Bash\n  - Read"), "", "T1", ""},
          {"list at the key's indentation", plus("allowed-tools:\n- Bash"), "", "T1", ""},
          {"metadata text", plus("metadata: x"), "", "M1", ""},
          {"metadata with a list", plus("metadata:\n  a:\n    - b"), "", "M1", ""},
          {"metadata empty", plus("metadata:"), "", "M1", ""},
          {"metadata of texts", plus("metadata:\n  version: 1\n  \"b c\": 'x'"), "", "", ""},
          {"license empty", plus("license:"), "", "I1", ""},
          {"compatibility empty", plus("compatibility:"), "", "C2", ""},
          {"compatibility of 500", plus("compatibility: " + repeat("a", 500)), "", "", ""},
          {"compatibility of 501", plus("compatibility: " + repeat("a", 501)), "C1", "C1", ""},
          {"compatibility list", plus("compatibility:\n  - a"), "C1", "C1", ""},
          {"description of 1024", described("description: " + repeat("é", 1024)), "", "", ""},
          {"description of 1025", described("description: " + repeat("a", 1025)), "D1", "D1", ""},
          {"description of 1024 in a block", described("description: |\n  " + repeat("a", 1024)),
           "D1", "D1", ""},
          {"description empty", described("description:"), "D1", "D1", "D1"},
          {"description of empty quotes", described("description: \"\""), "D1", "D1", "D1"},
          {"description only a comment", described("description: # b"), "D1", "D1", "D1"},
          {"description missing", fm("name: my-skill\n"), "D1", "D1", "D1"},
          {"description a number", described("description: 42"), "", "F8", ""},
          {"description cut by a comment", described("description: a # b"), "", "D3", "",
           "my-skill", "SKILL.md", "a"},
          {"description with markup", described("description: Use <b>"), "", "D2", ""},
          {"two unknown keys", plus("version: 1\nauthor: x"), "F4", "F4", ""},
          {"underscore in a key", plus("allowed_tools: x"), "F4", "F4", ""},
          {"key twice", plus("description: e"), "F3", "F3", "", "my-skill", "SKILL.md", "e"}};
}

std::vector<Row> name_rows() {
  const std::string cjk = repeat("技", 64);
  return {{"number", named("name: 123"), "", "F8", "", "123"},
          {"date", named("name: 2024-01-01"), "", "F8", "", "2024-01-01"},
          {"64 letters", named("name: " + repeat("a", 64)), "", "", "", repeat("a", 64)},
          {"70 letters", named("name: " + repeat("a", 70)), "N2", "N2", "", repeat("a", 70)},
          {"one letter", named("name: a"), "", "", "", "a"},
          {"hyphen at the end", named("name: my-"), "N4", "N4 N6", "", "my-"},
          {"one hyphen", named("name: -"), "F3", "F3", "F3", "-"},
          {"blanks in quotes", named("name: \" my-skill \""), "", "N6", ""},
          {"dot", named("name: my.skill"), "N3", "N3 N6", "", "my.skill"},
          {"everything wrong", named("name: -My__Sk--ill-"), "N3 N4 N4 N3 N5", "N3 N4 N4 N3 N5 N6",
           "", "Other"},
          {"empty", named("name:"), "N1", "N1", ""},
          {"missing", fm("description: d\n"), "N1", "N1", ""},
          {"list", named("name:\n  - a"), "N1", "N1", ""},
          {"full-width letters", named("name: ａｂｃ"), "", "N6", "", "abc"},
          {"superscript", named("name: x²"), "", "N6", "", "x2"},
          {"sharp s", named("name: straße"), "", "N6", "", "straße"},
          {"combining vowel signs", named("name: कौशल"), "N3", "N3 N6", "", "कौशल"},
          {"64 ideographs", named("name: " + cjk), "", "N6", "", cjk},
          {"camel case", named("name: MySkill"), "N3", "N3 N6", "", "MySkill"},
          {"upper case Cyrillic", named("name: НАВЫК"), "N3", "N3 N6", "", "НАВЫК"},
          {"two hyphens", named("name: my--skill"), "N4", "N4 N6", "", "my--skill"},
          {"underscore", named("name: my_skill"), "N3", "N3 N6", "", "my_skill"},
          {"Cyrillic", named("name: навык"), "", "N6", "", "навык"},
          {"Cyrillic with hyphen", named("name: мой-навык"), "", "N6", "", "мой-навык"},
          {"ideographs", named("name: 技能"), "", "N6", "", "技能"},
          {"decomposed accent", named("name: cafe\xCC\x81"), "", "N6", "", "caf\xC3\xA9"},
          {"open bracket", named("name: [invalid"), "F3", "F3", "F3"}};
}

std::vector<Row> all_rows() {
  std::vector<Row> out = structure_rows();
  for (const auto& rows : {value_rows(), name_rows()}) {
    out.insert(out.end(), rows.begin(), rows.end());
  }
  return out;
}

std::string error_ids(const std::vector<Finding>& findings) {
  std::vector<std::string> ids;
  for (const Finding& finding : findings) {
    if (finding.severity == Severity::error) ids.push_back(finding.rule);
  }
  return join(ids, " ");
}

std::string describe(const std::vector<Finding>& findings) {
  std::string out;
  for (const Finding& one : findings) {
    out += std::string(name_of(one.severity)) + " " + one.rule + " " + one.message + "\n";
  }
  return out;
}

TEST(Verdicts, EveryRowInEveryProfile) {
  for (const Row& row : all_rows()) {
    auto temp = TempDir::create("skill-verdict-");
    ASSERT_TRUE(temp.has_value());
    const fs::path folder = temp->path() / row.folder;
    ASSERT_TRUE(write_file_atomic(folder / row.file_name, row.file).has_value());
    const std::pair<Profile, const char*> expected[] = {
        {Profile::spec, row.spec}, {Profile::strict, row.strict}, {Profile::lenient, row.lenient}};
    for (const auto& [profile, ids] : expected) {
      const auto findings = validate(folder, profile);
      ASSERT_TRUE(findings.has_value()) << findings.error().to_text();
      EXPECT_EQ(error_ids(*findings), ids)
          << row.input << ", profile " << static_cast<int>(profile) << "\n"
          << describe(*findings);
    }
    const auto loaded = SkillPackage::load(folder);
    EXPECT_EQ(loaded.has_value(), row.lenient[0] == '\0') << row.input;
    if (loaded && row.value != nullptr) {
      EXPECT_EQ(loaded->description(), row.value) << row.input;
    }
  }
}

std::vector<std::string> spec_messages(const std::string& file,
                                       const std::string& folder = "my-skill") {
  auto temp = TempDir::create("skill-verdict-");
  EXPECT_TRUE(temp.has_value());
  EXPECT_TRUE(write_file_atomic(temp->path() / folder / "SKILL.md", file).has_value());
  std::vector<std::string> out;
  const auto findings = validate(temp->path() / folder, Profile::spec);
  EXPECT_TRUE(findings.has_value());
  for (const Finding& finding : *findings) {
    if (finding.severity == Severity::error) out.push_back(finding.message);
  }
  return out;
}

using testing::ElementsAre;
using testing::StartsWith;

TEST(Messages, AreTheReferenceValidatorsWordForWord) {
  EXPECT_THAT(spec_messages(""), ElementsAre("SKILL.md must start with YAML frontmatter (---)"));
  EXPECT_THAT(spec_messages("---\nname: x\n"),
              ElementsAre("SKILL.md frontmatter not properly closed with ---"));
  EXPECT_THAT(spec_messages("---\n---\n"),
              ElementsAre("SKILL.md frontmatter must be a YAML mapping"));
  EXPECT_THAT(spec_messages(described("description: Use when: x")),
              ElementsAre(StartsWith("Invalid YAML in frontmatter: ")));
  EXPECT_THAT(spec_messages(named("name: -My__Sk--ill-"), "Other"),
              ElementsAre("Skill name '-My__Sk--ill-' must be lowercase",
                          "Skill name cannot start or end with a hyphen",
                          "Skill name cannot contain consecutive hyphens",
                          "Skill name '-My__Sk--ill-' contains invalid characters. Only letters, "
                          "digits, and hyphens are allowed.",
                          "Directory name 'Other' must match skill name '-My__Sk--ill-'"));
  EXPECT_THAT(spec_messages(fm("version: 1\nauthor: x\n")),
              ElementsAre("Unexpected fields in frontmatter: author, version. Only "
                          "['allowed-tools', 'compatibility', 'description', 'license', "
                          "'metadata', 'name'] are allowed.",
                          "Missing required field in frontmatter: name",
                          "Missing required field in frontmatter: description"));
  const std::string too_long = repeat("a", 70);
  EXPECT_THAT(spec_messages(fm("name: " + too_long + "\ndescription: |\n  " + repeat("a", 1024) +
                               "\ncompatibility: " + repeat("b", 550) + "\n"),
                            too_long),
              ElementsAre("Skill name '" + too_long + "' exceeds 64 character limit (70 chars)",
                          "Description exceeds 1024 character limit (1025 chars)",
                          "Compatibility exceeds 500 character limit (550 chars)"));
  EXPECT_THAT(spec_messages(fm("name:\ndescription:\ncompatibility:\n  - a\n")),
              ElementsAre("Field 'name' must be a non-empty string",
                          "Field 'description' must be a non-empty string",
                          "Field 'compatibility' must be a string"));
  EXPECT_THAT(spec_messages("---\nname: \xFF\n---\n"),
              ElementsAre("SKILL.md is not valid UTF-8 at byte 10"));
  EXPECT_THAT(spec_messages("---\nname: \x01\n---\n"),
              ElementsAre("SKILL.md has a control character at byte 10"));
}

TEST(Messages, NameLineColumnAndMendOfAYamlError) {
  EXPECT_THAT(spec_messages(described("description: é: x")),
              ElementsAre("Invalid YAML in frontmatter: a colon followed by a blank or the line "
                          "end inside an unquoted value (line 3, column 15); put the value in "
                          "double quotes"));
}

TEST(Validate, MissingPathIsAUsageErrorAndOtherWrongPathsAreFindings) {
  auto temp = TempDir::create("skill-verdict-");
  ASSERT_TRUE(temp.has_value());
  const auto missing = validate(temp->path() / "none", Profile::spec);
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().code, ErrorCode::usage);
  const auto empty = validate(temp->path(), Profile::spec);
  ASSERT_TRUE(empty.has_value());
  EXPECT_EQ(empty->at(0).message, "Missing required file: SKILL.md");
  const fs::path other = temp->path() / "note.txt";
  ASSERT_TRUE(write_file_atomic(other, "x").has_value());
  const auto file = validate(other, Profile::spec);
  ASSERT_TRUE(file.has_value());
  EXPECT_EQ(file->at(0).message, "Not a directory: " + other.string());
}

std::string rules_of(const SkillPackage& package, Profile profile) {
  std::vector<std::string> out;
  for (const Finding& finding : validate(package, profile)) {
    out.push_back(finding.rule + (finding.severity == Severity::error ? "!" : ""));
  }
  return join(out, " ");
}

TEST(Validate, BodyRulesWarnInSpecAndFailInStrict) {
  const std::string head = "---\nname: my-skill\ndescription: d\n---\n";
  const std::pair<std::string, const char*> bodies[] = {{repeat("line\n", 501), "B1"},
                                                        {"Read references/none.md.\n", "B2"},
                                                        {"See [x](docs/none.md).\n", "B2"},
                                                        {"See [x](../other/SKILL.md).\n", "B2"},
                                                        {"Run `scripts/none.py`.\n", "B2"}};
  for (const auto& [body, rule] : bodies) {
    const SkillPackage package = make_package(head + body);
    EXPECT_EQ(rules_of(package, Profile::spec), rule) << body;
    EXPECT_EQ(rules_of(package, Profile::strict), std::string(rule) + "!") << body;
    EXPECT_EQ(rules_of(package, Profile::lenient), "") << body;
  }
  const char* const fine[] = {"A link https://example.org/references/x.md and and/or.\n",
                              "[up](#section) and references/<topic>.md\n",
                              "Put it below references/ or scripts/.\n"};
  for (const char* body : fine) EXPECT_EQ(rules_of(make_package(head + body), Profile::strict), "");
  EXPECT_EQ(rules_of(make_package(head), Profile::strict), "B3");
  EXPECT_EQ(rules_of(make_package(head + "a\x01" + "b\n"), Profile::strict), "F0");
}

TEST(Validate, LongReferencesWantATableOfContents) {
  const std::string text = repeat("line\n", 301);
  EXPECT_EQ(
      rules_of(package_with_body("x\n", {{"references/a.md", {text, 0644}}}), Profile::strict),
      "B2");
  EXPECT_EQ(rules_of(package_with_body(
                         "x\n", {{"references/a.md", {"# A\n\n## Contents\n" + text, 0644}}}),
                     Profile::strict),
            "");
}

}  // namespace
}  // namespace skillgrad::skill
