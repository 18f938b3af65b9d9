// SPDX-License-Identifier: MIT
#include <algorithm>
#include <random>

#include <skillgrad/core/text.hpp>
#include <skillgrad/skill/hunks.hpp>

#include "unit/skill/support.hpp"

namespace skillgrad::skill {
namespace {

const std::string kHunksHead = "---\nname: my-skill\ndescription: d\n---\n";

std::vector<ChosenHunk> chosen_all(const std::vector<Hunk>& hunks) {
  std::vector<ChosenHunk> out;
  for (const Hunk& hunk : hunks) out.push_back({&hunk, std::nullopt});
  return out;
}

MergeOutcome merge_of(const SkillPackage& before, const SkillPackage& now,
                      const std::vector<ChosenHunk>& chosen) {
  auto out = merge_hunks(before, now, chosen);
  EXPECT_TRUE(out.has_value()) << (out ? "" : out.error().to_text());
  return out.value_or(MergeOutcome{});
}

std::string numbered(int from, int to) {
  std::string out;
  for (int i = from; i <= to; ++i) out += "line " + std::to_string(i) + "\n";
  return out;
}

/// Lines of a small alphabet with headings, so that texts have much in common and sections change.
std::string random_body(std::mt19937& random) {
  std::string out;
  const auto lines = random() % 40;
  for (unsigned i = 0; i < lines; ++i) {
    switch (random() % 6) {
      case 0:
        out += "## Part " + std::to_string(random() % 4) + "\n";
        break;
      case 1:
        out += "\n";
        break;
      case 2:
        out += "rule " + std::to_string(random() % 5) + "\r\n";
        break;
      default:
        out += "text " + std::to_string(random() % 8) + "\n";
    }
  }
  if (!out.empty() && random() % 3 == 0) out.pop_back();
  return out;
}

SkillPackage random_package(std::mt19937& random) {
  std::map<std::string, BundledFile> files;
  for (const char* name : {"a.md", "references/b.md", "scripts/c.sh", "data.bin"}) {
    if (random() % 3 == 0) continue;
    std::string bytes = name == std::string("data.bin") ? std::string("\0\xff", 2) : "";
    bytes += random_body(random);
    files[name] = {bytes, random() % 4 == 0 ? 0755U : 0644U};
  }
  return make_package("---\nname: my-skill\ndescription: d" + std::to_string(random() % 3) +
                          "\n---\n" + random_body(random),
                      files);
}

TEST(Hunks, OfRandomPackagesMakeTheOneOfTheOther) {
  for (unsigned seed = 0; seed < 150; ++seed) {
    std::mt19937 random(seed);
    const SkillPackage before = random_package(random), after = random_package(random);
    const auto hunks = hunks_between(before, after);
    const auto all = merge_of(before, before, chosen_all(hunks));
    ASSERT_TRUE(all.conflicts.empty()) << seed;
    ASSERT_TRUE(all.package == after) << seed << "\n" << patch_text(before, after, hunks);
    ASSERT_TRUE(merge_of(before, before, {}).package == before) << seed;
  }
}

/// A line of the state before that no hunk replaces stands in each choice of hunks, in order.
TEST(Hunks, ChosenAtRandomKeepEveryByteThatTheyDoNotReplace) {
  for (unsigned seed = 0; seed < 150; ++seed) {
    std::mt19937 random(seed);
    const SkillPackage before = random_package(random), after = random_package(random);
    const auto hunks = hunks_between(before, after);
    std::vector<ChosenHunk> some;
    std::string expected;
    std::vector<std::string> lines;
    for (const Hunk& hunk : hunks)
      if (random() % 2 == 0) some.push_back({&hunk, std::nullopt});
    const auto out = merge_of(before, before, some);
    ASSERT_TRUE(out.conflicts.empty()) << seed;
    for (const Hunk& hunk : hunks) {
      const bool taken = std::any_of(some.begin(), some.end(),
                                     [&](const ChosenHunk& one) { return one.hunk == &hunk; });
      if (taken || hunk.kind == HunkKind::lines) continue;
      const auto was = before.files().find(hunk.file), is = out.package.files().find(hunk.file);
      ASSERT_EQ(was == before.files().end(), is == out.package.files().end()) << seed << hunk.file;
    }
    // What is left is exactly what was not taken: the rest leads from here to the state after.
    const auto rest = hunks_between(out.package, after);
    ASSERT_TRUE(merge_of(out.package, out.package, chosen_all(rest)).package == after) << seed;
    // Without the joints of lines that had no end, the text is that of the untaken and the taken.
    std::size_t at = 0;
    std::string model;
    const auto append = [&](std::string_view piece) {
      if (!piece.empty() && !model.empty() && model.back() != '\n')
        model += std::count(before.skill_md().begin(), before.skill_md().end(), '\r') * 2 >
                         std::count(before.skill_md().begin(), before.skill_md().end(), '\n')
                     ? "\r\n"
                     : "\n";
      model += piece;
    };
    std::vector<std::string> old_lines;
    for (std::string_view text = before.skill_md(); !text.empty();) {
      const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
      old_lines.emplace_back(text.substr(0, end));
      text.remove_prefix(end);
    }
    for (const ChosenHunk& one : some) {
      if (one.hunk->file != "SKILL.md") continue;
      for (; at < one.hunk->begin; ++at) append(old_lines[at]);
      append(one.hunk->new_text);
      at += one.hunk->count;
    }
    for (; at < old_lines.size(); ++at) append(old_lines[at]);
    ASSERT_EQ(out.package.skill_md(), model) << seed;
  }
}

TEST(LineOrigins, AreTheLinesThatBothHaveInOrder) {
  const auto made = [](const std::string& body, std::map<std::string, BundledFile> files) {
    return SkillPackage::from_files("my-skill", kHunksHead + body, std::move(files)).value();
  };
  const SkillPackage before =
      made("a\nb\nc\n", {{"x.md", {"1\n2\n", 0644}}, {"raw", {"\0", 0644}}});
  const SkillPackage after = made("a\nnew\nc\nb\n", {{"x.md", {"2\n1\n", 0644}},
                                                     {"y.md", {"1\n", 0644}},
                                                     {"raw", {std::string("\0b", 2), 0644}}});
  const LineOrigins origins = line_origins(before, after);
  using Line = std::optional<std::size_t>;
  EXPECT_EQ(origins.at("SKILL.md"), (std::vector<Line>{0, 1, 2, 3, 4, {}, 6, {}}));
  // What moved is new: a file keeps one of two lines that changed places.
  const auto& moved = origins.at("x.md");
  EXPECT_EQ(std::count(moved.begin(), moved.end(), Line()), 1);
  EXPECT_EQ(origins.at("y.md"), (std::vector<Line>{{}}));
  EXPECT_FALSE(origins.contains("raw"));
}

TEST(Hunks, AreCutByPlaceAndNamedInOrder) {
  const auto before =
      make_package(kHunksHead + "# A\n\none\n\n## B\n\ntwo\n", {{"x.md", {"x\n", 0644}}});
  const auto after =
      make_package("---\nname: my-skill\ndescription: e\n---\n# A\n\nONE\n\n## B\n\nTWO\n",
                   {{"y.md", {"y\n", 0644}}});
  const auto hunks = hunks_between(before, after);
  ASSERT_EQ(hunks.size(), 5U);
  const auto told = [&](std::size_t i) {
    return hunks[i].id + " " + name_of(hunks[i].kind) + " " + hunks[i].file + " " +
           hunks[i].anchor + " " + std::to_string(hunks[i].layer);
  };
  EXPECT_EQ(told(0), "H1 lines SKILL.md front matter 1");
  EXPECT_EQ(told(1), "H2 lines SKILL.md a 2");
  EXPECT_EQ(told(2), "H3 lines SKILL.md b 2");
  EXPECT_EQ(told(3), "H4 remove x.md x.md 3");
  EXPECT_EQ(told(4), "H5 create y.md y.md 3");
  EXPECT_EQ(hunks[1].old_text, "one\n");
  EXPECT_EQ(hunks[1].new_text, "ONE\n");
  EXPECT_NE(hunks[1].fingerprint(), hunks[2].fingerprint());
}

TEST(Hunks, ThatAreEditedStandWithTheirOtherText) {
  const auto before = package_with_body("one\ntwo\nthree\n");
  const auto after = package_with_body("one\nTWO\nthree\n");
  const auto hunks = hunks_between(before, after);
  ASSERT_EQ(hunks.size(), 1U);
  EXPECT_EQ(merge_of(before, before, {{&hunks[0], "zwei"}}).package.body(), "one\nzwei\nthree\n");
  EXPECT_EQ(merge_of(before, before, {{&hunks[0], ""}}).package.body(), "one\nthree\n");
}

TEST(MergeHunks, GoAroundEditsElsewhere) {
  const auto before = package_with_body(numbered(1, 30));
  const auto after = package_with_body(replace_all(numbered(1, 30), "line 20\n", "twenty\n"));
  const auto now = package_with_body("first\n" + replace_all(numbered(1, 30), "line 28\n", ""),
                                     {{"mine.md", {"mine\n", 0644}}});
  const auto hunks = hunks_between(before, after);
  const auto out = merge_of(before, now, chosen_all(hunks));
  EXPECT_TRUE(out.conflicts.empty());
  EXPECT_EQ(out.package.body(),
            "first\n" + replace_all(replace_all(numbered(1, 30), "line 28\n", ""), "line 20\n",
                                    "twenty\n"));
  EXPECT_TRUE(out.package.files().contains("mine.md"));
}

TEST(MergeHunks, AreAConflictWhereAnEditOverlapsOrTouchesThem) {
  const auto before = package_with_body(numbered(1, 9));
  const auto after = package_with_body(replace_all(numbered(1, 9), "line 5\n", "five\n"));
  const auto hunks = hunks_between(before, after);
  for (const char* line : {"line 4\n", "line 5\n", "line 6\n"}) {
    const auto now = package_with_body(replace_all(numbered(1, 9), line, "mine\n"));
    const auto out = merge_of(before, now, chosen_all(hunks));
    ASSERT_EQ(out.conflicts.size(), 1U) << line;
    EXPECT_EQ(out.conflicts[0].hunk, "H1");
    EXPECT_EQ(out.conflicts[0].line, 4U + static_cast<std::size_t>(line[5] - '0'));
    EXPECT_TRUE(out.package == now);
  }
}

TEST(MergeHunks, ThatAreThereAlreadyAreNotInTheWayOfTheOthers) {
  const auto before = package_with_body("# A\n\none\n# B\n\ntwo\n");
  const auto after = package_with_body("# A\n\nONE\nmore\n# C\n\nTWO\n", {{"x.md", {"x\n", 0644}}});
  const auto hunks = hunks_between(before, after);
  ASSERT_GE(hunks.size(), 3U);
  for (const Hunk& first : hunks) {
    const auto half = merge_of(before, before, {{&first, std::nullopt}}).package;
    const auto out = merge_of(before, half, chosen_all(hunks));
    EXPECT_TRUE(out.conflicts.empty()) << first.id;
    EXPECT_TRUE(out.package == after) << first.id;
    EXPECT_EQ(out.present, std::vector<std::string>{first.id});
  }
}

TEST(MergeHunks, OfWholeFilesNeedThemAsTheyWere) {
  const auto before =
      package_with_body("b\n", {{"old.md", {"old\n", 0644}}, {"d", {std::string("\0", 1), 0644}}});
  const auto after = package_with_body(
      "b\n", {{"new.md", {"new\n", 0644}}, {"d", {std::string("\0\1", 2), 0644}}});
  const auto now = package_with_body("b\n", {{"old.md", {"edited\n", 0644}},
                                             {"new.md", {"mine\n", 0644}},
                                             {"d", {std::string("\0\2", 2), 0644}}});
  const auto out = merge_of(before, now, chosen_all(hunks_between(before, after)));
  EXPECT_EQ(out.conflicts.size(), 3U);
  EXPECT_TRUE(out.package == now);
}

TEST(PatchText, KeepsExactBytesAndNamesItsHunks) {
  const auto before = package_with_body("one\r\ntwo", {{"s.sh", {"x\n", 0644}}});
  const auto after =
      package_with_body("one\r\n\x1b\ntwo\n", {{"s.sh", {"x\n", 0755}}, {"n w.md", {"n\n", 0644}}});
  EXPECT_EQ(patch_text(before, after, hunks_between(before, after)),
            "diff --git a/SKILL.md b/SKILL.md\n--- a/SKILL.md\n+++ b/SKILL.md\n@@ -3,4 +3,5 @@ H1\n"
            " description: d\n ---\n one\r\n-two\n\\ No newline at end of file\n+\x1b\n+two\n"
            "diff --git a/n w.md b/n w.md\nnew file mode 100644\n--- /dev/null\n+++ b/n w.md\t\n"
            "@@ -0,0 +1 @@ H2\n+n\n"
            "diff --git a/s.sh b/s.sh\nold mode 100644\nnew mode 100755\n");
}

TEST(Risks, AreNamedWithTheirLine) {
  const struct {
    const char* line;
    std::optional<RiskKind> kind;
  } cases[] = {
      {"Use plain words.", std::nullopt},
      {"See https://example.com/x", RiskKind::url},
      {"cat setup | sudo bash", RiskKind::interpreter},
      {"wget -qO- x |python3", RiskKind::interpreter},
      {"a table | shows | bashful people", std::nullopt},
      {"sh -c \"$(cat x)\"", RiskKind::interpreter},
      {"Run sudo make install", RiskKind::command},
      {"curly braces", std::nullopt},
      {"read ~/.ssh/id_rsa", RiskKind::credential},
      {"key: sk-proj-abcdefghijklmnopqrstuvwxyz0123456789", RiskKind::credential},
      {"in\xE2\x80\x8Bvisible", RiskKind::hidden},
      {"turn \xE2\x80\xAE it", RiskKind::hidden},
      {"count the tokens", std::nullopt},
      {"caf\xC3\xA9 \xF0\x9F\x98\x80", std::nullopt},
  };
  for (const auto& [line, kind] : cases) {
    const auto before = package_with_body("a\n");
    const auto after = package_with_body("a\n" + std::string(line) + "\n");
    const auto hunks = hunks_between(before, after);
    const auto risks = risks_of(hunks.at(0));
    ASSERT_EQ(risks.size(), kind ? 1U : 0U) << line;
    if (!kind) continue;
    EXPECT_EQ(risks[0].kind, *kind) << line;
    EXPECT_EQ(risks[0].line, 6U) << line;
    EXPECT_TRUE(risks_of(hunks[0], "harmless\n").empty()) << "what was edited away";
  }
}

TEST(Risks, OfFilesAreNewAndChangedScriptsAndBytes) {
  const auto before =
      package_with_body("b\n", {{"scripts/a.sh", {"x\n", 0755}}, {"c.md", {"c\n", 0644}}});
  const auto after = package_with_body("b\n", {{"scripts/a.sh", {"y\n", 0755}},
                                               {"c.md", {"c\n", 0755}},
                                               {"n.py", {"1\n", 0644}},
                                               {"z", {std::string("\0", 1), 0644}}});
  std::vector<std::string> told;
  for (const Hunk& hunk : hunks_between(before, after))
    for (const Risk& risk : risks_of(hunk)) told.push_back(hunk.file + ": " + risk.what);
  EXPECT_THAT(told, testing::ElementsAre("c.md: a changed script", "n.py: a new script",
                                         "scripts/a.sh: a changed script",
                                         "z: bytes that nobody can read here"));
}

}  // namespace
}  // namespace skillgrad::skill
