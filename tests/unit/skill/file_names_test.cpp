// SPDX-License-Identifier: MIT
#include <utility>
#include <vector>

#include "unit/skill/support.hpp"

namespace skillgrad::skill {
namespace {

using testing::HasSubstr;

const std::string kNamesBody = "## Work\n\nDo it.\n";

std::string refusal(const std::string& path, std::map<std::string, BundledFile> files = {}) {
  SkillPackage package = package_with_body(kNamesBody, std::move(files));
  const auto written = package.write_file(path, "text\n");
  return written ? "" : written.error().message;
}

TEST(NewFileName, IsPlainOnEverySystem) {
  for (const char* path : {"references/topic.md", "scripts/run-2_x.py", "references/C++.md",
                           "references/été.md", "references/表.md", "references/console.md",
                           "references/com10.md", "references/हिन्दी.md"}) {
    EXPECT_EQ(refusal(path), "") << path;
  }
}

TEST(NewFileName, ThatADeviceAShellOrAReaderTakesForSomethingElseIsRefused) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"CON.md", "device"},
      {"references/nul", "device"},
      {"references/Com1.tar.md", "device"},
      {"lpt9.txt", "device"},
      {"aux/x.md", "device"},
      {"-rf", "option"},
      {"references/--help.md", "option"},
      {"references/x.md.", "ends with '.'"},
      {"$(id).md", "U+0024"},
      {"references/`id`.md", "U+0060"},
      {"references/a b.md", "U+0020"},
      {"references/a;b.md", "U+003B"},
      {"references/a|b.md", "U+007C"},
      {"references/a:b.md", "U+003A"},
      {"references/*.md", "U+002A"},
      {"references/%2e%2e.md", "U+0025"},
      {"references/~x.md", "U+007E"},
      {"references/\u202Edm.exe", "U+202E"},
      {"references/\u2066x.md", "U+2066"},
      {"references/a\u200Bb.md", "U+200B"},
      {"references/a\u00A0b.md", "U+00A0"},
      {"references/a\U000E0041.md", "U+E0041"},
      {"references/a\uFE0F.md", "invisible"},
      {"references/\u3164.md", "invisible"},
      {"references/e\u0301.md", "decomposed"},
      {"references/\uFF41.md", "decomposed"}};
  for (const auto& [path, reason] : cases) EXPECT_THAT(refusal(path), HasSubstr(reason)) << path;
}

TEST(NewFileName, IsNoTwinOfAnotherFileOrFolder) {
  const std::map<std::string, BundledFile> files = {{"references/\u00E9t\u00E9.md", {"x", 0644}},
                                                    {"references/Stra\u00DFe.md", {"x", 0644}},
                                                    {"references/plain.md", {"x", 0644}}};
  for (const char* path :
       {"references/e\u0301te\u0301.md", "references/\u00C9T\u00C9.md", "references/STRASSE.md",
        "references/pla\u200Bin.md", "References/other.md", "references/PLAIN.md"}) {
    EXPECT_THAT(refusal(path, files), HasSubstr("differs only")) << path;
  }
  EXPECT_EQ(refusal("references/other.md", files), "");
}

TEST(NewFileName, OddNamesThatThePackageHasStayUsable) {
  const std::map<std::string, BundledFile> files = {{"references/a b.md", {"old\n", 0644}},
                                                    {"CON.md", {"old\n", 0644}}};
  EXPECT_EQ(refusal("references/a b.md", files), "");
  EXPECT_EQ(refusal("CON.md", files), "");
}

TEST(NewFileName, TheSkillLicencesAndEvalsAreReadOnlyInEverySpelling) {
  for (const char* path : {"SKILL.md", "skill.MD", "\uFF33KILL.md", "SKILL\u200B.md",
                           "Evals/evals.json", "ev\u200Bals/x", "licence.md"}) {
    const bool plain = std::string(path) == "licence.md";
    EXPECT_EQ(refusal(path).empty(), plain) << path;
  }
}

}  // namespace
}  // namespace skillgrad::skill
