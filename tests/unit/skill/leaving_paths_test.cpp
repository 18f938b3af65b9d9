// SPDX-License-Identifier: MIT
#include "skill/lint/leaving_paths.hpp"

#include "unit/skill/support.hpp"

namespace skillgrad::skill {
namespace {

TEST(LeavingPaths, AreFoundInEverySpelling) {
  for (const char* text : {"Read ../../other/secret.md first.",
                           "See `../x.md`.",
                           "[x](../../other/secret.md)",
                           "[x](<../other file.md>)",
                           "[up](..)",
                           "[x]: ../x.md",
                           "<a href=\"../x.md\">",
                           "Read /etc/passwd.",
                           "(/etc/passwd)",
                           "**/etc/shadow**",
                           "Open /opt/tool/config",
                           "Open /secret.md",
                           "See /Users/me/notes",
                           "Keep ~/notes.md",
                           "Keep `~/.ssh/id_rsa`",
                           "Keep ~root/x",
                           "Keep ~me/notes.md",
                           "$HOME/.netrc",
                           "${HOME}/.netrc",
                           "%USERPROFILE%\\x.txt",
                           "$env:USERPROFILE\\x.txt",
                           "C:\\Windows\\win.ini",
                           "d:/data/x.csv",
                           "\\\\server\\share\\x",
                           "..\\..\\secret.txt",
                           "references\\..\\..\\x.md",
                           "references/../../x.md",
                           "./../x.md",
                           "a/./../../x.md",
                           "%2e%2e/secret.md",
                           "..%2f..%2fsecret.md",
                           "%252e%252e%252fsecret.md",
                           "[x](%2e%2e%2fsecret.md)",
                           "&#46;&#46;/secret.md",
                           "&#x2e;&#x2E;&sol;secret.md",
                           "\\.\\./secret.md",
                           "\uFF0E\uFF0E/secret.md",
                           ".\u200B./secret.md",
                           "file:///etc/passwd",
                           "FILE:/etc/passwd",
                           "see:../x.md",
                           "open('/etc/passwd')",
                           "path=/etc/passwd",
                           "cat /etc/passwd|sort",
                           "/tmp/out.csv",
                           "//server/share/x.md"}) {
    EXPECT_EQ(find_leaving_paths(text).size(), 1u) << text;
  }
}

TEST(LeavingPaths, OtherTextIsNone) {
  for (const char* text : {"references/x.md",
                           "./scripts/run.py",
                           "[x](references/x.md#top)",
                           "[x](#top)",
                           "https://example.org/../x.md",
                           "https://example.org/etc/passwd",
                           "mailto:a@b.org",
                           "and/or",
                           "1/2",
                           "km/h",
                           "a/b/../c.md",
                           "cd ..",
                           "cd ../..",
                           "...",
                           "Wait... /then",
                           "#!/usr/bin/env python3",
                           "echo x > /dev/null",
                           "`2>/dev/stderr`",
                           "/help",
                           "/v1/users",
                           "GET /reports/x.csv",
                           "</task>",
                           "<br/>",
                           "s/a/b/",
                           "\\d+/\\w+",
                           "~5/10",
                           "~about/half",
                           "HEAD..origin/main",
                           "{baseDir}/scripts/x.py",
                           "$PATH",
                           "x = a // b",
                           "// see a/b",
                           "12:30",
                           "A1:B5",
                           "key: value",
                           "C: the language",
                           "100%/year",
                           "&amp;/&lt;"}) {
    const auto found = find_leaving_paths(text);
    EXPECT_TRUE(found.empty()) << text << " -> " << found.front().path;
  }
}

TEST(LeavingPaths, AreGivenAsWrittenWithTheirPlace) {
  const std::string text = "One.\nTwo %2e%2e/x.md. And &#46;./y.md.\n";
  const auto found = find_leaving_paths(text);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].path, "%2e%2e/x.md");
  EXPECT_EQ(found[0].offset, text.find("%2e"));
  EXPECT_EQ(found[1].offset, text.find("&#46;"));
}

TEST(StrictB2, PathsOutOfThePackageAreErrorsOnlyThere) {
  const SkillPackage package =
      package_with_body("## Work\n\nRead /etc/passwd, then ~/x and ../../other/secret.md.\n");
  std::size_t strict = 0, elsewhere = 0;
  for (const Finding& finding : validate(package, Profile::strict))
    strict += finding.rule == "B2" && finding.severity == Severity::error ? 1 : 0;
  for (const Profile profile : {Profile::spec, Profile::lenient})
    for (const Finding& finding : validate(package, profile))
      elsewhere += finding.severity == Severity::error ? 1 : 0;
  EXPECT_EQ(strict, 3u);
  EXPECT_EQ(elsewhere, 0u);
}

}  // namespace
}  // namespace skillgrad::skill
