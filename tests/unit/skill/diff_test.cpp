// SPDX-License-Identifier: MIT
#include <cstdio>
#include <cstdlib>
#include <random>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/text.hpp>

#include "unit/skill/support.hpp"

namespace skillgrad::skill {
namespace {

const std::string kDiffHead = "---\nname: my-skill\ndescription: d\n---\n";

TEST(UnifiedDiff, IsEmptyForEqualPackages) {
  const SkillPackage package = package_with_body("a\n", {{"x.md", {"y\n", 0644}}});
  EXPECT_EQ(unified_diff(package, package), "");
}

TEST(UnifiedDiff, ShowsThreeLinesOfContextAndJoinsNearChanges) {
  std::string before;
  for (int i = 1; i <= 30; ++i) before += "line " + std::to_string(i) + "\n";
  std::string after = replace_all(before, "line 10\n", "ten\n");
  after = replace_all(after, "line 15\n", "");
  after = replace_all(after, "line 27\n", "line 27\nnew\n");
  EXPECT_EQ(unified_diff(package_with_body(before), package_with_body(after)),
            "--- a/SKILL.md\n+++ b/SKILL.md\n"
            "@@ -11,12 +11,11 @@\n line 7\n line 8\n line 9\n-line 10\n+ten\n line 11\n line 12\n"
            " line 13\n line 14\n-line 15\n line 16\n line 17\n line 18\n"
            "@@ -29,6 +28,7 @@\n line 25\n line 26\n line 27\n+new\n line 28\n line 29\n"
            " line 30\n");
}

TEST(UnifiedDiff, ShowsControlCharactersInsteadOfSendingThem) {
  const std::string diff = unified_diff(package_with_body("a\n"),
                                        package_with_body("a\x1b[2J\x07 \u202Eb\u009B\tc\r\n"));
  EXPECT_EQ(diff.find('\x1b'), std::string::npos);
  EXPECT_THAT(diff, testing::HasSubstr("+a\\u{1B}[2J\\u{7} \\u{202E}b\\u{9B}\tc\r\n"));
}

TEST(UnifiedDiff, ShowsAddedRemovedBinaryAndUnterminatedFiles) {
  const SkillPackage before = package_with_body(
      "a\n", {{"old.md", {"x\ny\n", 0644}}, {"z.bin", {std::string("\0", 1), 0644}}});
  const SkillPackage after =
      package_with_body("a", {{"new.md", {"n", 0644}}, {"z.bin", {std::string("\0\0", 2), 0644}}});
  EXPECT_EQ(unified_diff(before, after),
            "--- a/SKILL.md\n+++ b/SKILL.md\n@@ -2,4 +2,4 @@\n name: my-skill\n description: d\n"
            " ---\n-a\n+a\n\\ No newline at end of file\n"
            "--- /dev/null\n+++ b/new.md\n@@ -0,0 +1 @@\n+n\n\\ No newline at end of file\n"
            "--- a/old.md\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-x\n-y\n"
            "Binary files a/z.bin and b/z.bin differ\n");
}

/// Applies the hunks of a one-file diff; an independent reading of the format.
std::string apply_hunks(const std::string& before, const std::string& diff) {
  const auto old_lines = split(before, '\n');
  std::string out;
  std::size_t at = 0;
  for (const std::string& line : split(diff, '\n')) {
    if (line.starts_with("---") || line.starts_with("+++") || line.empty()) continue;
    if (line.starts_with("@@")) {
      const auto comma = line.find_first_of(", ", 4);
      std::size_t start = std::stoul(line.substr(4, comma - 4));
      if (line.substr(comma, 3) != ",0 ") --start;
      while (at < start) out += old_lines[at++] + "\n";
    } else if (line[0] == '+') {
      out += line.substr(1) + "\n";
    } else {
      EXPECT_EQ(old_lines[at], line.substr(1));
      if (line[0] == ' ') out += old_lines[at] + "\n";
      ++at;
    }
  }
  while (at + 1 < old_lines.size()) out += old_lines[at++] + "\n";
  return out;
}

TEST(UnifiedDiff, RandomChangesApplyBackToTheNewText) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    std::string texts[2];
    for (std::string& text : texts) {
      text = kDiffHead;
      for (auto i = random() % 40; i > 0; --i) text += std::string(1, "abcde"[random() % 5]) + "\n";
    }
    const std::string diff = unified_diff(make_package(texts[0]), make_package(texts[1]));
    EXPECT_EQ(apply_hunks(texts[0], diff), texts[1]) << diff;
  }
}

TEST(UnifiedDiff, StaysQuickOnTextsWithoutACommonLine) {
  std::string before;
  std::string after;
  for (int i = 0; i < 9000; ++i) {
    before += "b" + std::to_string(i) + "\n";
    after += "a" + std::to_string(i) + "\n";
  }
  const std::string diff = unified_diff(package_with_body(before), package_with_body(after));
  EXPECT_EQ(std::count(diff.begin(), diff.end(), '\n'), 2 + 1 + 3 + 18000);
}

TEST(ChangedLines, CountsLinesThatLookLikeHeadersOfADiff) {
  const auto before = package_with_body("one\n-- two\n++ three\n");
  const auto after = package_with_body("one\n--- two\n+++ four\n++ five\n",
                                       {{"references/new.md", {"a\nb\n", 0644}}});
  const ChangedLines lines = changed_lines(before, after);
  EXPECT_EQ(lines.removed, 2u);
  EXPECT_EQ(lines.added, 5u);
  EXPECT_EQ(changed_lines(before, before).added, 0u);
}

}  // namespace
}  // namespace skillgrad::skill
