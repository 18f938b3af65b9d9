// SPDX-License-Identifier: MIT
#include <skillgrad/skill/editor.hpp>

#include "unit/skill/support.hpp"

namespace skillgrad::skill {
namespace {

using testing::HasSubstr;

const char kBody[] =
    "# My skill\n\nIntro.\n\n## Workflow\n\n1. Look\n2. Write\n\n## Read\n\nUse openpyxl.\n\n"
    "```python\n# Read\nx = 1\n```\n\n### Detail\n\nsame line\n\n## Write\n\n### Detail\n\n"
    "same line\n";

EditOp op(const std::string& json) {
  auto parsed = parse_edit(Json::parse(json));
  EXPECT_TRUE(parsed.has_value()) << (parsed ? "" : parsed.error().to_text());
  return parsed.value_or(EditOp{});
}

/// Applies the edit and returns the new body; fails the test on an error.
std::string edited(const std::string& body, const std::string& json) {
  SkillPackage package = package_with_body(body);
  const auto done = apply_edit(package, op(json));
  EXPECT_TRUE(done.has_value()) << (done ? "" : done.error().to_text());
  return package.body();
}

/// Applies an edit that must be refused without any change; returns message and mend.
std::string refused(const std::string& body, const EditOp& edit,
                    std::map<std::string, BundledFile> files = {}) {
  SkillPackage package = package_with_body(body, std::move(files));
  const SkillPackage before = package;
  const auto done = apply_edit(package, edit);
  EXPECT_FALSE(done.has_value()) << edit_to_json(edit);
  EXPECT_EQ(package, before);
  if (done) return {};
  EXPECT_EQ(done.error().code, ErrorCode::input);
  return done.error().message + " | " + done.error().mend;
}

TEST(ParseEdit, ReadsEveryOperationAndWritesItBack) {
  const char* const cases[] = {R"({"op":"replace_section","heading":"A","text":"## A\n"})",
                               R"({"op":"insert_section","after":"A","text":"## B\n"})",
                               R"({"op":"insert_section","before":"A","text":"## B\n"})",
                               R"({"op":"insert_section","text":"## B\n"})",
                               R"({"op":"delete_section","heading":"A"})",
                               R"({"op":"move_section","heading":"A","after":"B"})",
                               R"({"op":"edit_text","path":"SKILL.md","old":"a","new":""})",
                               R"({"op":"write_file","path":"references/x.md","text":""})",
                               R"({"op":"delete_file","path":"references/x.md"})",
                               R"({"op":"set_description","text":"d"})"};
  for (const char* json : cases) EXPECT_EQ(dump_json(edit_to_json(op(json))), json);
}

TEST(EditOperations, TellModelsOfEveryFieldThatTheyTake) {
  for (const EditOperation& operation : edit_operations()) {
    const Json schema = Json::parse(operation.parameters);
    std::set<std::string> told, taken, required;
    for (const auto& [key, value] : schema["properties"].items()) told.insert(key);
    for (const EditField& field : operation.fields) {
      taken.insert(field.key);
      if (field.required) required.insert(field.key);
    }
    EXPECT_EQ(told, taken) << operation.name;
    EXPECT_EQ(schema["required"].get<std::set<std::string>>(), required) << operation.name;
    EXPECT_STRNE(operation.description, "") << operation.name;
  }
}

TEST(ParseEdit, RefusesUnknownOperationsAndKeysWithTheNearest) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"op":"replace_sectoin","heading":"A","text":"t"})", "replace_section"},
      {R"({"op":"replace_section","heading":"A"})", "text"},
      {R"({"op":"replace_section","heading":"A","text":"t","tex":"u"})", "tex"},
      {R"({"op":"insert_section","after":"A","before":"B","text":"t"})", "both"},
      {R"({"op":"edit_text","path":1,"old":"a","new":"b"})", "path"},
      {R"(["op"])", "JSON object"},
      {R"({"heading":"A"})", "op"}};
  for (const auto& [json, part] : cases) {
    const auto parsed = parse_edit(Json::parse(json));
    ASSERT_FALSE(parsed.has_value()) << json;
    EXPECT_EQ(parsed.error().code, ErrorCode::input);
    EXPECT_THAT(parsed.error().to_text(), HasSubstr(part)) << json;
  }
}

TEST(ReplaceSection, ChangesOnlyTheSectionAndKeepsTheBlankLineBehindIt) {
  const std::string body = edited(
      kBody,
      R"({"op":"replace_section","heading":"workflow","text":"\n## Workflow\n\n1. New\n\n\n"})");
  std::string expected = kBody;
  expected.replace(expected.find("1. Look\n2. Write"), 16, "1. New");
  EXPECT_EQ(body, expected);
}

TEST(ReplaceSection, HeadingInAFenceIsNoHeading) {
  const std::string body =
      edited(kBody, R"({"op":"replace_section","heading":"# Read","text":"## Read\nShort."})");
  EXPECT_THAT(body, HasSubstr("2. Write\n\n## Read\nShort.\n\n## Write\n"));
}

TEST(ReplaceSection, PathTellsEqualTitlesApart) {
  const EditOp plain = op(R"({"op":"replace_section","heading":"Detail","text":"### Detail\nx"})");
  EXPECT_THAT(refused(kBody, plain), AllOf(HasSubstr("stands 2 times"),
                                           HasSubstr("\"My skill / Read / Detail\" (line 23)"),
                                           HasSubstr("\"My skill / Write / Detail\"")));
  const std::string body = edited(
      kBody, R"({"op":"replace_section","heading":"## Write / Detail","text":"### Detail\nx"})");
  EXPECT_TRUE(body.ends_with("## Write\n\n### Detail\nx\n")) << body;
  EXPECT_THAT(body, HasSubstr("### Detail\n\nsame line\n\n## Write"));
}

TEST(ReplaceSection, RefusesWhatWouldBreakTheOutline) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"op":"replace_section","heading":"Raed","text":"## Read\n"})", "did you mean \"Read\"?"},
      {R"({"op":"replace_section","heading":"Nothing alike","text":"## Read\n"})", "headings are:"},
      {R"({"op":"replace_section","heading":" # ","text":"## Read\n"})", "no heading is given"},
      {R"({"op":"replace_section","heading":"Read","text":"No heading"})", "begin it with"},
      {R"({"op":"replace_section","heading":"Read","text":"### Read"})", "`## Title`"},
      {R"({"op":"replace_section","heading":"Read","text":"## Read\n\n# Top"})", "higher level"},
      {R"({"op":"replace_section","heading":"Read","text":"## Read\n```\nx"})", "not closed"}};
  for (const auto& [json, part] : cases) {
    EXPECT_THAT(refused(kBody, op(json)), HasSubstr(part)) << json;
  }
}

TEST(InsertSection, StandsBetweenBlankLinesAtEachPlace) {
  const std::string text = R"("text":"## New\n\nText."})";
  EXPECT_THAT(edited(kBody, R"({"op":"insert_section","after":"Workflow",)" + text),
              HasSubstr("2. Write\n\n## New\n\nText.\n\n## Read\n"));
  EXPECT_THAT(edited(kBody, R"({"op":"insert_section","before":"Workflow",)" + text),
              HasSubstr("Intro.\n\n## New\n\nText.\n\n## Workflow\n"));
  EXPECT_EQ(edited(kBody, R"({"op":"insert_section",)" + text),
            std::string(kBody) + "\n## New\n\nText.\n");
  EXPECT_EQ(edited("", R"({"op":"insert_section",)" + text), "## New\n\nText.\n");
  EXPECT_EQ(edited("no newline", R"({"op":"insert_section",)" + text),
            "no newline\n\n## New\n\nText.\n");
}

TEST(InsertSection, RefusesTwinsAndLevelsThatSwallowNeighbours) {
  EXPECT_THAT(refused(kBody, op(R"({"op":"insert_section","text":"## read\nx"})")),
              HasSubstr("already has a section \"Read\""));
  EXPECT_THAT(refused(kBody, op(R"({"op":"insert_section","after":"Read","text":"# Big\nx"})")),
              HasSubstr("would take over"));
}

TEST(MoveSection, KeepsEveryWordOfItAndOfTheOthers) {
  constexpr const char* kThree = "Intro.\n\n## A\n\na\n\n### A1\n\n## B\n\nb\n\n## C\n\nc\n";
  EXPECT_EQ(edited(kThree, R"({"op":"move_section","heading":"A","after":"B"})"),
            "Intro.\n\n## B\n\nb\n\n## A\n\na\n\n### A1\n\n## C\n\nc\n");
  EXPECT_EQ(edited(kThree, R"({"op":"move_section","heading":"C","before":"A"})"),
            "Intro.\n\n## C\n\nc\n\n## A\n\na\n\n### A1\n\n## B\n\nb\n\n");
  EXPECT_EQ(edited(kThree, R"({"op":"move_section","heading":"B"})"),
            "Intro.\n\n## A\n\na\n\n### A1\n\n## C\n\nc\n\n## B\n\nb\n");
  EXPECT_EQ(edited(kThree, R"({"op":"move_section","heading":"A / A1","after":"C"})"),
            "Intro.\n\n## A\n\na\n\n## B\n\nb\n\n## C\n\nc\n\n### A1\n");
  EXPECT_EQ(edited("## A\r\n\r\na\r\n\r\n## B\r\n", R"({"op":"move_section","heading":"A"})"),
            "## B\r\n\r\n## A\r\n\r\na\r\n");
}

TEST(MoveSection, RefusesPlacesThatAreNone) {
  constexpr const char* kTwo = "## A\n\na\n\n### A1\n\n## B\n\nb\n\n### B1\n";
  const std::pair<const char*, const char*> cases[] = {
      {R"("heading":"A","after":"A")", "is a part of the section that moves"},
      {R"("heading":"A","before":"A / A1")", "is a part of the section that moves"},
      {R"("heading":"A","before":"B")", "already stands before \"B\""},
      {R"("heading":"B","after":"A")", "already stands after \"A\""},
      {R"("heading":"B")", "already stands at the end"},
      {R"("heading":"A","after":"B1")", "would take over"},
      {R"("heading":"A","after":"Nowhere")", "Nowhere"},
      {R"("heading":"Nothing","after":"A")", "Nothing"}};
  for (const auto& [fields, part] : cases) {
    EXPECT_THAT(refused(kTwo, op(R"({"op":"move_section",)" + std::string(fields) + "}")),
                HasSubstr(part))
        << fields;
  }
  EXPECT_THAT(refused("## A\n\n```\ncode\n", op(R"({"op":"move_section","heading":"A"})")),
              HasSubstr("not closed"));
}

TEST(DeleteSection, RemovesItsSubsectionsToo) {
  const std::string body = edited(kBody, R"({"op":"delete_section","heading":"Read"})");
  EXPECT_THAT(body, HasSubstr("2. Write\n\n## Write\n\n### Detail"));
  EXPECT_THAT(body, Not(HasSubstr("openpyxl")));
}

TEST(EditText, ReplacesTheOnlyOccurrence) {
  EXPECT_THAT(
      edited(kBody,
             R"({"op":"edit_text","path":"SKILL.md","old":"Use openpyxl.","new":"Use it."})"),
      HasSubstr("## Read\n\nUse it.\n\n```python"));
}

TEST(EditText, RefusesAmbiguousAbsentAndFrontMatterText) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"op":"edit_text","path":"SKILL.md","old":"same line","new":"x"})", "on lines 25, 31"},
      {R"({"op":"edit_text","path":"SKILL.md","old":"Use  openpyxl.","new":"x"})",
       "white space differs; the file has exactly: Use openpyxl."},
      {R"({"op":"edit_text","path":"SKILL.md","old":"Use openpyxel.","new":"x"})",
       "the nearest line is: Use openpyxl."},
      {R"({"op":"edit_text","path":"SKILL.md","old":"nowhere to be seen at all","new":"x"})",
       "copy the text exactly"},
      {R"({"op":"edit_text","path":"SKILL.md","old":"name: my-skill","new":"name: x"})",
       "front matter"},
      {R"({"op":"edit_text","path":"SKILL.md","old":"","new":"x"})", "old text is empty"},
      {R"({"op":"edit_text","path":"SKILL.md","old":"Intro.","new":"Intro."})", "equal"},
      {R"({"op":"edit_text","path":"SKILL.md","old":"Intro.","new":"```\nIntro"})",
       "would hide the heading \"Workflow\""},
      {R"({"op":"edit_text","path":"SKILL.md","old":"### Detail\n\nsame line\n\n## Write","new":"### Detail\n\n```\n"})",
       "would hide the heading \"Detail\""},
      {R"({"op":"edit_text","path":"SKILL.md","old":"same line\n\n## Write\n\n### Detail\n\nsame line","new":"```\nx"})",
       "fence open"},
      {R"({"op":"edit_text","path":"references/z.md","old":"a","new":"b"})", "has no file"}};
  for (const auto& [json, part] : cases) {
    EXPECT_THAT(refused(kBody, op(json)), HasSubstr(part)) << json;
  }
}

TEST(EditText, WorksOnBundledFilesAndKeepsTheirMode) {
  SkillPackage package = package_with_body(kBody, {{"scripts/a.py", {"x = 1\r\ny = 2\r\n", 0755}}});
  const auto done = apply_edit(
      package, op(R"({"op":"edit_text","path":"scripts/a.py","old":"x = 1\ny","new":"x = 3\ny"})"));
  ASSERT_TRUE(done.has_value()) << done.error().to_text();
  EXPECT_EQ(package.files().at("scripts/a.py").bytes, "x = 3\r\ny = 2\r\n");
  EXPECT_EQ(package.files().at("scripts/a.py").mode, 0755U);
}

TEST(Edits, KeepCarriageReturnsAndEveryOtherByte) {
  const std::string head = "---\r\nname: my-skill  # c\r\nx-y: 1\r\ndescription: d\r\n---\r\n";
  SkillPackage package = make_package(head + "# A\r\n\r\n## B \r\nold  \r\n\r\n## C\r\nend");
  ASSERT_TRUE(
      apply_edit(package, op(R"({"op":"edit_text","path":"SKILL.md","old":"old","new":"n\nm"})")));
  EXPECT_EQ(package.skill_md(), head + "# A\r\n\r\n## B \r\nn\r\nm  \r\n\r\n## C\r\nend\r\n");
  ASSERT_TRUE(apply_edit(package, op(R"({"op":"insert_section","after":"B","text":"## D\nx"})")));
  EXPECT_EQ(package.skill_md(),
            head + "# A\r\n\r\n## B \r\nn\r\nm  \r\n\r\n## D\r\nx\r\n\r\n## C\r\nend\r\n");
}

TEST(Edits, MixedLineEndsOfUntouchedTextStay) {
  SkillPackage package = package_with_body("one\r\ntwo\nthree\r\n");
  ASSERT_TRUE(
      apply_edit(package, op(R"({"op":"edit_text","path":"SKILL.md","old":"two","new":"2"})")));
  EXPECT_EQ(package.body(), "one\r\n2\nthree\r\n");
}

TEST(WriteFile, GivesScriptsTheExecutableBitAndEndsWithANewline) {
  SkillPackage package = package_with_body(kBody);
  ASSERT_TRUE(apply_edit(package, op(R"({"op":"write_file","path":"scripts/a.py","text":"x"})")));
  ASSERT_TRUE(
      apply_edit(package, op(R"({"op":"write_file","path":"references/a.md","text":"x"})")));
  EXPECT_EQ(package.files().at("scripts/a.py"), (BundledFile{"x\n", 0755}));
  EXPECT_EQ(package.files().at("references/a.md"), (BundledFile{"x\n", 0644}));
  ASSERT_TRUE(apply_edit(package, op(R"({"op":"delete_file","path":"references/a.md"})")));
  EXPECT_EQ(package.files().count("references/a.md"), 0U);
}

TEST(WriteFile, ConfinesPathsToThePackage) {
  const std::map<std::string, BundledFile> files = {{"references/a.md", {"a\n", 0644}},
                                                    {"LICENSE.txt", {"l\n", 0644}},
                                                    {"evals/evals.json", {"{}\n", 0644}},
                                                    {"assets/b.bin", {std::string("\0", 1), 0644}}};
  const std::string bad[] = {"",
                             "/etc/passwd",
                             "../x.md",
                             "references/../../x.md",
                             "references//x.md",
                             "./x.md",
                             "references/.hidden",
                             ".git/config",
                             "a/node_modules/x",
                             "__pycache__/x",
                             "references\\x.md",
                             "references/x\n.md",
                             std::string("references/x\0.md", 16),
                             "references/\xFF.md",
                             "a/b/c/d/e/f/g.md",
                             "SKILL.md",
                             "skill.md",
                             "Skill.MD",
                             "LICENSE",
                             "license.md",
                             "LICENSE.txt",
                             "skillgrad.json",
                             "evals/evals.json",
                             "evals/new.json",
                             "Evals/x",
                             "REFERENCES/A.md",
                             "references/A.md",
                             "references",
                             "references/a.md/b.md",
                             "assets/b.bin",
                             "references/" + std::string(300, 'x')};
  for (const std::string& path : bad) {
    EditOp write;
    write.op = "write_file";
    write.path = path;
    write.new_text = "text";
    refused(kBody, write, files);
  }
  EditOp remove;
  remove.op = "delete_file";
  for (const char* path : {"SKILL.md", "LICENSE.txt", "evals/evals.json", "references/none.md"}) {
    remove.path = path;
    refused(kBody, remove, files);
  }
}

TEST(WriteFile, RefusesBinaryAndOverlongTextWithTheCount) {
  EditOp write;
  write.op = "write_file";
  write.path = "references/x.md";
  write.new_text = std::string(50'000, 'a');
  EXPECT_THAT(refused(kBody, write), HasSubstr("50001 bytes"));
  write.new_text = std::string("a\0b", 3);
  EXPECT_THAT(refused(kBody, write), HasSubstr("plain UTF-8"));
  write.new_text = "\xC3";
  EXPECT_THAT(refused(kBody, write), HasSubstr("plain UTF-8"));
}

struct DescriptionCase {
  const char* front;  ///< between the delimiters
  const char* text;
  const char* expected;  ///< between the delimiters, after
};

TEST(SetDescription, ReplacesTheSpanOfOneValueOnly) {
  const DescriptionCase cases[] = {
      {"name: my-skill\ndescription: old # c\nlicense: MIT\n", "New text.",
       "name: my-skill\ndescription: New text. # c\nlicense: MIT\n"},
      {"description:   'it''s'   # c\nname: \"my-skill\"\n", "New",
       "description: New   # c\nname: \"my-skill\"\n"},
      {"name: my-skill\ndescription: |\n  one\n  two\n\nlicense: MIT\n", "New",
       "name: my-skill\ndescription: New\n\nlicense: MIT\n"},
      {"name: my-skill\ndescription: one\n  two\n# c\nlicense: MIT\n", "New",
       "name: my-skill\ndescription: New\n# c\nlicense: MIT\n"},
      {"name: my-skill\ndescription:\n  old\n", "New", "name: my-skill\ndescription: New\n"},
      {"name: my-skill\ndescription: d\n", "Use when: x",
       "name: my-skill\ndescription: \"Use when: x\"\n"},
      {"name: my-skill\ndescription: d\n", "a #b", "name: my-skill\ndescription: \"a #b\"\n"},
      {"name: my-skill\ndescription: d\n", "ends:", "name: my-skill\ndescription: \"ends:\"\n"},
      {"name: my-skill\ndescription: d\n", "\"q\" \\ b",
       "name: my-skill\ndescription: \"\\\"q\\\" \\\\ b\"\n"},
      {"name: my-skill\ndescription: d\n", "42", "name: my-skill\ndescription: \"42\"\n"},
      {"name: my-skill\ndescription: d\n", "yes", "name: my-skill\ndescription: \"yes\"\n"},
      {"name: my-skill\ndescription: d\n", "2024-01-01",
       "name: my-skill\ndescription: \"2024-01-01\"\n"},
      {"name: my-skill\ndescription: d\n", "- x", "name: my-skill\ndescription: \"- x\"\n"},
      {"name: my-skill\ndescription: d\n", " two\n\tlines ",
       "name: my-skill\ndescription: two lines\n"},
      {"? description\n: d\nname: my-skill\n", "New", "? description\n: New\nname: my-skill\n"},
      {"  name: my-skill\n  description: d\n", "New", "  name: my-skill\n  description: New\n"}};
  for (const DescriptionCase& one : cases) {
    const std::string tail = "---\n# Body\n--- x\n";
    SkillPackage package = make_package("---\n" + std::string(one.front) + tail);
    const auto done = package.set_description(one.text);
    ASSERT_TRUE(done.has_value()) << one.front << done.error().to_text();
    EXPECT_EQ(package.skill_md(), "---\n" + std::string(one.expected) + tail);
  }
}

TEST(SetDescription, FoldsLongTextAndReadsItBack) {
  std::string text = "#start";
  for (int i = 0; i < 40; ++i) text += " word" + std::to_string(i);
  for (const char* newline : {"\n", "\r\n"}) {
    const std::string n = newline;
    SkillPackage package = make_package("---" + n + "  name: my-skill" + n + "  description: d" +
                                        n + "---" + n + "Text." + n);
    ASSERT_TRUE(package.set_description(text).has_value());
    EXPECT_EQ(package.description(), text);
    EXPECT_THAT(package.skill_md(), HasSubstr("description: >-" + n + "    #start word0"));
    EXPECT_TRUE(validate(package, Profile::strict).empty());
  }
  SkillPackage commented = make_package("---\nname: my-skill\ndescription: d # c\n---\n");
  ASSERT_TRUE(commented.set_description(text).has_value());
  EXPECT_EQ(commented.description(), text);
}

TEST(SetDescription, RefusesWhatFrontMatterCannotHoldWithTheCount) {
  const std::pair<std::string, const char*> cases[] = {{std::string(1025, 'a'), "1025 characters"},
                                                       {"a --- b", "`---`"},
                                                       {" \n ", "empty"},
                                                       {"a\x01", "control"},
                                                       {"\xFF", "UTF-8"}};
  for (const auto& [text, part] : cases) {
    EditOp edit;
    edit.op = "set_description";
    edit.new_text = text;
    EXPECT_THAT(refused(kBody, edit), HasSubstr(part));
  }
}

TEST(SetBody, AddsTheNewlineThatTheClosingLineLacks) {
  SkillPackage package = make_package("---\nname: my-skill\ndescription: d\n---");
  ASSERT_TRUE(package.set_body("# A").has_value());
  EXPECT_EQ(package.skill_md(), "---\nname: my-skill\ndescription: d\n---\n# A\n");
}

TEST(SetBody, RefusesABodyThatWouldMoveTheFrontMattersEnd) {
  SkillPackage package = make_package("---\nname: my-skill\ndescription: d---\ntext\n");
  const SkillPackage before = package;
  EXPECT_EQ(package.description(), "d");
  const auto done = package.set_body("license: MIT\n---\nx\n");
  ASSERT_FALSE(done.has_value());
  EXPECT_EQ(package, before);
}

}  // namespace
}  // namespace skillgrad::skill
