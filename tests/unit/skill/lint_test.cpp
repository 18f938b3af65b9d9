// SPDX-License-Identifier: MIT
#include <algorithm>

#include <skillgrad/core/text.hpp>

#include "unit/skill/support.hpp"

namespace skillgrad::skill {
namespace {

using testing::HasSubstr;

const std::string kHead = "---\nname: my-skill\ndescription: Edit tables when asked.\n---\n";
const std::string kWorkflow = "## Workflow\n\n1. Look\n2. Write\n\n";
const std::string kPitfalls = "## Pitfalls\n\n- Short.\n\n";
const std::string kCheck = "## Final check\n\n1. Open\n2. Compare\n";
const std::string kCode = "```python\na = 1\nb = 2\nc = 3\nd = 4\ne = 5\n```\n\n";

std::string operations(int count) {
  std::string out;
  for (int i = 0; i < count; ++i)
    out += "## Operation " + std::to_string(i) + "\n\nDo it.\n\n" + kCode;
  return out;
}

std::string good_body() { return kWorkflow + operations(4) + kPitfalls + kCheck; }

const std::string kPointer = "Read references/a.md when a lookup is asked; skip it when not.\n\n";
const std::string kReference =
    "# A\n\n```python\nif rows:\n    pass\nassert rows, \"no rows: read the sheet again\"\n```\n";

SkillPackage with_reference(const std::string& pointer, const std::string& reference) {
  return make_package(kHead + kWorkflow + operations(4) + pointer + kPitfalls + kCheck,
                      {{"references/a.md", {reference, 0644}}});
}

/// "RULE:severity" of all findings but judgements, sorted.
std::string found(const SkillPackage& package, const LintContext& context = {}) {
  std::vector<std::string> out;
  for (const Finding& finding : lint(package, context).findings) {
    if (finding.severity == Severity::judgement) continue;
    out.push_back(finding.rule + (finding.severity == Severity::error ? "!" : ""));
  }
  std::sort(out.begin(), out.end());
  return join(out, " ");
}

std::string blocking(const SkillPackage& package, const LintContext& context) {
  std::vector<std::string> out;
  for (const Finding& finding : lint(package, context).blocking) out.push_back(finding.rule);
  return join(out, " ");
}

TEST(Lint, AWellFormedSkillHasNoFindingInEitherProfile) {
  LintContext procedure;
  procedure.procedure_profile = true;
  for (const LintContext& context : {LintContext{}, procedure}) {
    EXPECT_EQ(found(make_package(kHead + good_body()), context), "");
    EXPECT_EQ(found(with_reference(kPointer, kReference), context), "");
  }
}

TEST(Lint, DescriptionRules) {
  const auto described = [](const std::string& text) {
    return make_package("---\nname: my-skill\ndescription: " + text + "\n---\n" + good_body());
  };
  std::string words;
  for (int i = 0; i < 51; ++i) words += "w ";
  LintContext procedure;
  procedure.procedure_profile = true;
  EXPECT_EQ(found(described(words)), "L1-02");
  EXPECT_EQ(found(described(words), procedure), "L1-02!");
  for (const char* text : {"One thing. Another thing.", "a, b, c, and d"}) {
    EXPECT_EQ(found(described(text), procedure), "L1-03");
    EXPECT_EQ(found(described(text)), "") << "what it does, and when to use it";
  }
  EXPECT_EQ(found(described("One. Two. Three. Four. Five.")), "L1-03");
  EXPECT_EQ(found(described("Edits the file(s) e.g. of a user")), "");
  EXPECT_EQ(found(described("Use the `x` tool")), "L1-04!");
  EXPECT_EQ(found(described("Call load(path)")), "L1-04!");
  EXPECT_EQ(found(described("Compute a=b")), "L1-04!");
  EXPECT_EQ(found(make_package("---\ndescription: d\n---\n" + good_body())), "L1-01!");
}

TEST(Lint, BodyRules) {
  const std::pair<std::string, const char*> cases[] = {
      {kWorkflow + operations(3) + kPitfalls + kCheck, "L2-04"},
      {kWorkflow + operations(9) + kPitfalls + kCheck, "L2-04"},
      {operations(4) + kPitfalls, "L2-05!"},
      {operations(4) + kWorkflow + kPitfalls, "L2-05!"},
      {kWorkflow + kCheck + operations(4) + kPitfalls, "L2-05!"},
      {"## Workflow\n\n" +
           replace_all("1. a\n1. b\n1. c\n1. d\n1. e\n1. f\n1. g\n", "\n", "\n1. z\n") + "\n" +
           operations(4) + kPitfalls,
       "L2-05!"},
      {kWorkflow + operations(4) + kCheck, "L2-06"},
      {kWorkflow + operations(4) + kPitfalls + "## More pitfalls\n\n- x\n\n" + kCheck, "L2-06"},
      {kWorkflow + kPitfalls + operations(4) + kCheck, "L2-06"},
      {kWorkflow + operations(4) + "## Pitfalls\n\nProse only.\n\n" + kCheck, "L2-06"},
      {kWorkflow + operations(4) + "## Operation 3\n\nAgain.\n\n" + kPitfalls + kCheck, "L2-07"},
      {kWorkflow + operations(4) + kCode + kPitfalls + kCheck, "L2-01"},
      {kWorkflow + operations(3) + "## Last\n\n```\nshort\n```\n\n" + kPitfalls + kCheck, "L2-01"},
      {kWorkflow + operations(4) +
           "Do not guess because it fails. Do not hurry because it fails.\n\n" + kPitfalls + kCheck,
       "L2-02"}};
  LintContext procedure;
  procedure.procedure_profile = true;
  for (const auto& [body, rules] : cases) {
    EXPECT_EQ(found(make_package(kHead + body), procedure), rules) << body;
  }
}

TEST(Lint, TheGeneralProfileSaysWhatIsWrongAndNotWhatIsUnlikeATemplate) {
  std::string words, items, lines;
  for (int i = 0; i < 601; ++i) words += "word ";
  for (int i = 0; i < 26; ++i) items += "1. step\n";
  for (int i = 0; i < 61; ++i) lines += "a = 1\n";
  const std::pair<std::string, const char*> cases[] = {
      {"Prose alone.\n", ""},
      {kCheck + operations(2) + kWorkflow, ""},
      {operations(12) + "## Pitfalls\n\nProse only.\n\n" + operations(0) + "## End\n\nx\n", ""},
      {"## A\n\n" + kCode + kCode + "\n", ""},
      {"## A\n\n" + words + "\n", "L2-01"},
      {"## A\n\n```\n" + lines + "```\n", "L2-01"},
      {"## A\n\n" + items + "\n", "L2-05"},
      {kPitfalls + "## More pitfalls\n\n- x\n", "L2-06"},
      {"## A\n\nOne.\n\n## A\n\nTwo.\n", "L2-07"}};
  for (const auto& [body, rules] : cases)
    EXPECT_EQ(found(make_package(kHead + body)), rules) << body.substr(0, 200);
  EXPECT_TRUE(lint(make_package(kHead + operations(3)), {}).findings.empty())
      << "nothing is left to a reviewer's judgement without being asked for";
}

TEST(Lint, IgnoredRulesNeitherSpeakNorBlock) {
  const SkillPackage package = with_reference("See references/a.md.\n\n", kReference);
  LintContext context;
  EXPECT_EQ(blocking(package, context), "L3-03");
  context.ignored = {"L3-03"};
  EXPECT_EQ(found(package, context), "");
  EXPECT_EQ(blocking(package, context), "");
  for (const Finding& finding : lint(package, {}).findings)
    EXPECT_THAT(lint_rules(), testing::Contains(finding.rule));
}

TEST(Lint, ReferenceRules) {
  struct Case {
    std::string pointer, reference;
    const char *general, *procedure;
  };
  const Case cases[] = {
      {"", kReference, "L3-01!", "L3-01!"},
      {kPointer + "- Also references/a.md if asked, else skip.\n\n", kReference, "L3-01", "L3-01!"},
      {kPointer + "Read references/b.md when x, skip it when y.\n\n", kReference, "L3-02!",
       "L3-02!"},
      {"See references/a.md.\n\n", kReference, "L3-03!", "L3-03!"},
      {"Read references/a.md when asked.\n\n", kReference, "L3-03", "L3-03!"},
      {kPointer, "# A\n\nText only.\n", "L3-04", "L3-04!"},
      {kPointer, "# A\n\n```python\nif (rows:\n    pass\nassert rows, \"read it again now\"\n```\n",
       "L3-04", "L3-04!"},
      {kPointer, "# A\n\n```python\nassert rows, \"read it again now\"\n```\n", "L3-05", "L3-05"},
      {kPointer, "# A\n\n```python\nif rows:\n    pass\n```\n", "L3-06", "L3-06"}};
  LintContext procedure;
  procedure.procedure_profile = true;
  for (const Case& one : cases) {
    const SkillPackage package = with_reference(one.pointer, one.reference);
    EXPECT_EQ(found(package), one.general) << one.pointer << one.reference;
    EXPECT_EQ(found(package, procedure), one.procedure) << one.pointer << one.reference;
  }
}

TEST(Lint, PythonFindingsSayThatTheCheckIsLight) {
  const SkillPackage package = with_reference(kPointer, "```python\nif x\n    pass\n```\n");
  for (const Finding& finding : lint(package, {}).findings) {
    if (finding.rule != "L3-04") continue;
    EXPECT_EQ(finding.file, "references/a.md");
    EXPECT_EQ(finding.line, 2);
    EXPECT_THAT(finding.message, HasSubstr("without its colon"));
    EXPECT_THAT(finding.message, HasSubstr("light check"));
    return;
  }
  FAIL() << "no finding";
}

TEST(Lint, LightPythonCheckAcceptsAndRefuses) {
  const std::pair<const char*, bool> cases[] = {
      {"x = {'a': [1, 2]}\nprint(f\"{x['a']}\")\n", true},
      {"def f(a,\n      b):\n    \"\"\"Doc: (\n    \"\"\"\n    return a  # ) comment\n\nf(1, 2)\n",
       true},
      {"if a and \\\n        b:\n    pass\nelse:\n    pass\n", true},
      {"if a: pass\nx = lambda: 0\n", true},
      {"for r in rows:\n    if r:\n        continue\n    print(r)\n", true},
      {"print(\"a\n", false},
      {"print((1)\n", false},
      {"print)1(\n", false},
      {"for r in rows\n    print(r)\n", false},
      {"for r in rows:\nprint(r)\n", false},
      {"a = 1\n  b = 2\n", false},
      {"if a:\n        b = 1\n    c = 2\n", false},
      {"'''open\n", false}};
  for (const auto& [code, fine] : cases) {
    const std::string rules =
        found(with_reference(kPointer, "```python\n" + std::string(code) + "```\n"));
    EXPECT_EQ(rules.find("L3-04") == std::string::npos, fine) << code;
  }
}

TEST(LintOfAPatch, TaskValuesInCodeBlockUnlessAlreadyHeldOrExempt) {
  LintContext context;
  context.task_literals = {
      "Copy column B of Quarterly Figures in 12-3_init.xlsx to Sheet1, see A1.",
      "The header says Grand total."};
  context.answer_positions = {"'Quarterly Figures'!B2:B40"};
  const auto with_code = [](const std::string& code) {
    return make_package(kHead + kWorkflow + operations(3) + "## Last\n\n```python\n" + code +
                        "a = 1\nb = 2\nc = 3\nd = 4\n```\n\n" + kPitfalls + kCheck);
  };
  for (const char* code : {"s = book['Quarterly Figures']\n", "cells = sheet['B2:B40']\n",
                           "open('12-3_init.xlsx')\n", "if v == \"Grand total\": pass\n"}) {
    EXPECT_EQ(found(with_code(code), context), "L2-03!") << code;
    const SkillPackage held = with_code(code);
    LintContext later = context;
    later.initial = &held;
    EXPECT_EQ(found(held, later), "") << code;
  }
  for (const char* code : {"s = book['Sheet1']\n", "c = sheet['A1']\n", "open('input.xlsx')\n",
                           "x = 'B'\n", "# Grand total\n"}) {
    EXPECT_EQ(found(with_code(code), context), "") << code;
  }
}

TEST(LintOfAPatch, WhatManyTasksShareIsAConventionAndMayStandInCode) {
  LintContext context;
  context.task_literals = {"Book note 5 with code FRT-UNC into ledger.csv."};
  context.answer_positions = {"'Ledger'!B2:B40"};
  const auto with_code = [](const std::string& code) {
    return make_package(kHead + kWorkflow + operations(3) + "## Last\n\n```python\n" + code +
                        "a = 1\nb = 2\nc = 3\nd = 4\n```\n\n" + kPitfalls + kCheck);
  };
  const std::string code = "code = \"FRT-UNC\"\n", file = "open('ledger.csv')\n";
  EXPECT_EQ(found(with_code(code), context), "L2-03!") << "of one task";
  context.other_literals = {"Book note 6 with code FRT-UNC into ledger.csv."};
  EXPECT_EQ(found(with_code(code), context), "L2-03!") << "two may be chance";
  context.other_literals.push_back("Book note 7 with code FRT-UNC into ledger.csv.");
  EXPECT_EQ(found(with_code(code), context), "");
  EXPECT_EQ(found(with_code(file), context), "");
  context.other_literals.assign(5, "See B2:B40.");
  EXPECT_EQ(found(with_code("cells = sheet['B2:B40']\n"), context), "L2-03!")
      << "where a check looks is never a convention";
}

TEST(LintOfAPatch, UpdateRules) {
  std::string text;
  for (int i = 0; i < 60; ++i) text += "Line number " + std::to_string(i) + " of the text.\n";
  const SkillPackage before = make_package(kHead + good_body() + "\n" + text);
  LintContext context;
  context.previous = &before;
  EXPECT_EQ(found(before, context), "");
  EXPECT_EQ(found(make_package(kHead + good_body()), context), "UPD-01!");
  EXPECT_EQ(found(make_package(kHead + good_body() + "\n" + text + text), context), "L2-08");
  context.patches_that_only_added = 3;
  EXPECT_EQ(found(before, context), "UPD-03");
  const SkillPackage renamed = make_package(replace_all(before.skill_md(), "my-skill", "other"));
  context.patches_that_only_added = 0;
  EXPECT_EQ(found(renamed, context), "L1-01!");
}

TEST(LintOfAPatch, ShortBodyIsNotRewrittenEither) {
  const auto body = [](const std::string& text) {
    return make_package(kHead + "## Work\n\n" + text);
  };
  const auto lines = [](int count, const std::string& word) {
    std::string out;
    for (int i = 0; i < count; ++i) out += word + " line " + std::to_string(i) + " of a text.\n";
    return out;
  };
  const auto rewrites = [&](const SkillPackage& before, const SkillPackage& after) {
    LintContext context;
    context.previous = &before;
    for (const Finding& finding : lint(after, context).findings)
      if (finding.rule == "UPD-01") return true;
    return false;
  };
  EXPECT_FALSE(rewrites(body(lines(8, "Old")), body(lines(8, "New")))) << "a stub may be replaced";
  EXPECT_TRUE(rewrites(body(lines(30, "Old")), body(lines(30, "New"))));
  EXPECT_FALSE(rewrites(body(lines(30, "Old")), body(lines(15, "Old") + lines(15, "New"))));
  EXPECT_TRUE(rewrites(body(lines(50, "Old")), body(lines(20, "Old")))) << "nor emptied";
}

TEST(LintOfAPatch, BodyKeepsToTheSizeBoundOrToTheSeeds) {
  const auto blocks = [](const SkillPackage& seed, const SkillPackage& after) {
    LintContext context;
    context.previous = context.initial = &seed;
    for (const Finding& finding : lint(after, context).blocking)
      if (finding.rule == "L2-08") return finding.message;
    return std::string();
  };
  const auto lines = [](int count) {
    std::string out = kHead + good_body();
    for (int i = 0; i < count; ++i) out += "x\n";
    return make_package(out);
  };
  const auto letters = [](std::size_t count) {
    return make_package(kHead + good_body() + "\n" + std::string(count, 'x') + "\n");
  };
  EXPECT_EQ(blocks(lines(10), lines(300)), "");
  EXPECT_THAT(blocks(lines(10), lines(600)), HasSubstr("at most 500 and 5000"));
  EXPECT_THAT(blocks(letters(10), letters(22'000)), HasSubstr("shorten it"));
  EXPECT_EQ(blocks(lines(700), lines(690)), "") << "a large seed may stay as large";
  EXPECT_NE(blocks(lines(700), lines(800)), "");
}

TEST(LintOfAPatch, JudgeCriterionIsFoundHoweverItsWordsAreSetOut) {
  LintContext context;
  context.expected = {"The note names the person in charge"};
  for (const char* text :
       {"The note names the person in charge.", "- the NOTE names\n  the person in charge",
        "**The note** names `the person` in charge"}) {
    EXPECT_EQ(found(make_package(kHead + good_body() + "\n" + text + "\n"), context), "UPD-05!")
        << text;
  }
  EXPECT_EQ(found(make_package(kHead + good_body() + "\nName the person in charge.\n"), context),
            "");
  context.expected = {"Oslo Norway"};
  EXPECT_EQ(found(make_package(kHead + good_body() + "\noslo norway\n"), context), "")
      << "short answers count as they are written";
}

TEST(LintOfAPatch, PointersAndFilesChangeTogether) {
  const SkillPackage with = with_reference(kPointer, kReference);
  const SkillPackage without = make_package(kHead + good_body());
  LintContext context;
  context.previous = &with;
  EXPECT_EQ(found(without, context), "");
  EXPECT_EQ(found(with_reference("", kReference), context), "L3-01! UPD-02!");
  EXPECT_EQ(found(make_package(with.skill_md()), context), "L3-02! UPD-02!");
  context.previous = &without;
  EXPECT_EQ(found(with, context), "");
  EXPECT_EQ(found(with_reference("", kReference), context), "L3-01! UPD-02!");
}

TEST(LintOfAPatch, ForbiddenTextsAreFoundInEveryLayerAndNotRepeated) {
  LintContext context;
  context.forbidden = {"Springfield", "abc", ""};
  EXPECT_EQ(found(make_package(kHead + good_body() + "\nabc\n"), context), "");
  const SkillPackage body = make_package(kHead + good_body() + "\nSpringfield\n");
  EXPECT_EQ(found(body, context), "UPD-05!");
  EXPECT_EQ(found(with_reference(kPointer, kReference + "Springfield"), context), "UPD-05!");
  for (const Finding& finding : lint(body, context).findings) {
    EXPECT_THAT(finding.message, Not(HasSubstr("Springfield")));
  }
  context.initial = &body;
  EXPECT_EQ(found(body, context), "");
}

TEST(LintOfAPatch, AnExpectedAnswerIsRefusedAndNotQuoted) {
  LintContext context;
  context.expected = {"7 Kyrgyzstan Street"};
  const SkillPackage body = make_package(kHead + good_body() + "\nSay 7 Kyrgyzstan Street.\n");
  EXPECT_EQ(found(body, context), "UPD-05!");
  const std::string message = lint(body, context).findings.back().message;
  EXPECT_THAT(message, HasSubstr("expected answer of a task"));
  EXPECT_THAT(message, Not(HasSubstr("Kyrgyzstan")))
      << "the next try would only spell it otherwise";
  context.previous = &body;
  EXPECT_EQ(found(body, context), "") << "what the skill already held is no leak of this patch";
}

TEST(LintOfAPatch, BlocksOnNewHardFindingsOnly) {
  const SkillPackage initial = make_package(
      "---\nname: My_Skill\nversion: 1\ndescription: Call load(path)\n---\n" + good_body());
  LintContext context;
  EXPECT_EQ(blocking(initial, context), "F4 N3 N3 N5 L1-04");
  context.initial = &initial;
  context.previous = &initial;
  EXPECT_EQ(blocking(initial, context), "");
  const SkillPackage worse = make_package(
      "---\nname: My_Skill\nversion: 1\nauthor: x\ndescription: Call load(path)\n---\n" +
      good_body() + "\nRead references/z.md when asked, skip it else.\n");
  EXPECT_EQ(blocking(worse, context), "F4 L3-02");
  const SkillPackage flow =
      make_package("---\nname: my-skill\ndescription: d\nallowed-tools: [a]\n---\n" + good_body());
  context.initial = &flow;
  context.previous = nullptr;
  EXPECT_EQ(blocking(flow, context), "") << "the bytes of that key stay as they are";
  context.initial = &initial;
  EXPECT_EQ(blocking(flow, context), "F3 L1-01");
}

TEST(LintOfAPatch, ALongDescriptionOfTheSeedDoesNotBlockAndANewOneDoes) {
  const auto described = [](std::size_t length, const std::string& keys = "") {
    return make_package("---\nname: my-skill\ndescription: " + std::string(length, 'a') + "\n" +
                        keys + "---\n" + good_body());
  };
  const SkillPackage seed = described(1030), changed = described(1029), fine = described(1024);
  LintContext context;
  EXPECT_EQ(blocking(seed, context), "D1");
  context.initial = &seed;
  EXPECT_EQ(blocking(changed, context), "");
  context.initial = &fine;
  EXPECT_EQ(blocking(seed, context), "D1");
  // Front matter that spec cannot read hides no other rule.
  const std::string flow = "metadata: {\"a\":{\"b\":[1]}}\n";
  const SkillPackage odd = described(1024, flow), longer = described(1030, flow);
  context.initial = &odd;
  EXPECT_EQ(blocking(odd, context), "");
  EXPECT_EQ(blocking(longer, context), "D1");
}

TEST(SeedSkills, AreStrictlyValidAndHaveNoHardFinding) {
  for (const char* name : {"xlsx", "table-qa"}) {
    const std::string path = std::string(SKILLGRAD_SOURCE_DIR) + "/skills/" + name;
    const auto findings = validate(path, Profile::strict);
    ASSERT_TRUE(findings.has_value()) << findings.error().to_text();
    for (const Finding& finding : *findings) ADD_FAILURE() << finding.rule << finding.message;
    const auto package = SkillPackage::load(path);
    ASSERT_TRUE(package.has_value());
    for (const Finding& finding : lint(*package, {}).findings) {
      EXPECT_NE(finding.severity, Severity::error) << name << finding.rule << finding.message;
    }
    EXPECT_EQ(blocking(*package, {}), "");
  }
}

}  // namespace
}  // namespace skillgrad::skill
