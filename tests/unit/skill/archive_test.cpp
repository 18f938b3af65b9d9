// SPDX-License-Identifier: MIT
#include <cstdlib>
#include <ctime>
#include <functional>

#include <zip.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/skill/archive.hpp>

#include "unit/skill/support.hpp"

namespace skillgrad::skill {
namespace {

using ::testing::HasSubstr;

struct PackedEntry {
  std::string name, bytes;
  std::uint32_t mode = 0100644;
};

class ArchiveTest : public ::testing::Test {
 protected:
  TempDir dir = TempDir::create("archive").value();
  fs::path file = dir.path() / "my-skill.skill";
  const std::string text = "---\nname: my-skill\ndescription: d\n---\n# A\n";

  void write(const std::vector<PackedEntry>& entries) {
    int code = 0;
    zip_t* const archive = zip_open(file.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code);
    ASSERT_NE(archive, nullptr);
    for (const auto& entry : entries) {
      zip_source_t* const source =
          zip_source_buffer(archive, entry.bytes.data(), entry.bytes.size(), 0);
      const zip_int64_t at = zip_file_add(archive, entry.name.c_str(), source, ZIP_FL_ENC_UTF_8);
      ASSERT_GE(at, 0) << entry.name;
      zip_file_set_external_attributes(archive, static_cast<zip_uint64_t>(at), 0, ZIP_OPSYS_UNIX,
                                       entry.mode << 16);
    }
    ASSERT_EQ(zip_close(archive), 0);
  }
  std::string refused() {
    const auto read = SkillPackage::load(file);
    return read ? "" : read.error().to_text();
  }
};

TEST_F(ArchiveTest, GivesBackWhatWasPackedAndEqualBytesForEqualPackages) {
  const SkillPackage package = make_package(text, {{"references/a.md", {"x\r\n", 0644}},
                                                   {"scripts/run.py", {"print(1)\n", 0755}},
                                                   {"assets/b.bin", {std::string("\0\1", 2), 0600}},
                                                   {"evals/tasks.jsonl", {"{}\n", 0644}},
                                                   {"scripts/run.pyc", {"x", 0644}}});
  const std::string bytes = pack(package).value();
  ::setenv("TZ", "Asia/Tokyo", 1);
  ::tzset();
  EXPECT_EQ(pack(package).value(), bytes) << "in another time zone";
  ::unsetenv("TZ");
  ::tzset();
  ASSERT_TRUE(write_file_atomic(file, bytes));
  const auto read = SkillPackage::load(file);
  ASSERT_TRUE(read) << read.error().to_text();
  EXPECT_EQ(read->folder_name(), "my-skill");
  EXPECT_EQ(read->skill_md(), text);
  EXPECT_EQ(read->files().size(), 3U) << "neither expected results nor compiled files";
  EXPECT_EQ(read->files().at("scripts/run.py"), (BundledFile{"print(1)\n", 0755}));
  EXPECT_EQ(read->files().at("assets/b.bin"), (BundledFile{std::string("\0\1", 2), 0644}));
  EXPECT_EQ(pack(*read).value(), bytes);
}

TEST_F(ArchiveTest, OfASkillThatBreaksARuleIsNotMade) {
  const auto packed = pack(make_package("---\nname: My_Skill\ndescription: d\n---\n"));
  ASSERT_FALSE(packed);
  EXPECT_EQ(packed.error().code, ErrorCode::invalid_skill);
  EXPECT_THAT(packed.error().mend, HasSubstr("validate --explain N3"));
}

TEST_F(ArchiveTest, ThatIsHostileIsRefused) {
  const PackedEntry skill{"my-skill/SKILL.md", text};
  struct Case {
    std::vector<PackedEntry> entries;
    const char* says;
  };
  const Case cases[] = {
      {{}, "zip archive"},
      {{{"SKILL.md", text}}, "outside of a folder"},
      {{skill, {"other/SKILL.md", text}}, "two folders"},
      {{skill, {"my-skill/../x", "x"}}, "leads out"},
      {{skill, {"../x", "x"}}, "two folders"},
      {{{"../SKILL.md", text}}, "leads out"},
      {{skill, {"/etc/x", "x"}}, "outside of a folder"},
      {{skill, {"my-skill/a\\b", "x"}}, "backslash"},
      {{skill, {"my-skill/link", "/etc/passwd", 0120777}}, "link or a device"},
      {{skill, {"my-skill/A.md", "x"}, {"my-skill/a.md", "y"}}, "take for one"},
      {{{"my-skill/skill.txt", "x"}}, "holds no my-skill/SKILL.md"},
      {{skill, {"my-skill/1/2/3/4/5/6/7.md", "x"}}, "deeper than 6"},
      {{skill, {"my-skill/big.txt", std::string(21 << 20, 'x')}}, "more than a package may"},
  };
  for (const Case& one : cases) {
    write(one.entries);
    if (one.entries.empty()) {
      ASSERT_TRUE(write_file_atomic(file, "PK no"));
    }
    EXPECT_THAT(refused(), HasSubstr(one.says));
  }
  std::vector<PackedEntry> many(600, {"", "x"});
  for (std::size_t i = 0; i < many.size(); ++i)
    many[i].name = "my-skill/f" + std::to_string(i) + ".md";
  many.push_back(skill);
  write(many);
  EXPECT_THAT(refused(), HasSubstr("more than a package may"));
}

TEST_F(ArchiveTest, OfAFinderIsReadWithoutWhatItPutsBeside) {
  write({{"my-skill/", ""},
         {"my-skill/SKILL.md", text},
         {"my-skill/.DS_Store", "x"},
         {"my-skill/.git/config", "x"},
         {"__MACOSX/my-skill/._SKILL.md", "x"}});
  const auto read = SkillPackage::load(file);
  ASSERT_TRUE(read) << read.error().to_text();
  EXPECT_TRUE(read->files().empty());
}

TEST_F(ArchiveTest, ThatWasCutAnywhereIsRefusedAndNothingCrashes) {
  const std::string bytes =
      pack(make_package(text, {{"references/a.md", {"text\n", 0644}}})).value();
  for (std::size_t size = 0; size < bytes.size(); size += 7) {
    ASSERT_TRUE(write_file_atomic(file, bytes.substr(0, size)));
    EXPECT_NE(refused(), "") << size;
  }
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
    ASSERT_TRUE(write_file_atomic(file, damaged));
    (void)SkillPackage::load(file);
  }
}

}  // namespace
}  // namespace skillgrad::skill
