// SPDX-License-Identifier: MIT
#include <atomic>
#include <fstream>
#include <thread>

#include <sys/stat.h>
#include <unistd.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/skill/install.hpp>

#include "unit/skill/support.hpp"

namespace skillgrad::skill {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string kInstallHead = "---\nname: my-skill\ndescription: d\n---\n";

/// A live folder with files of its own beside the package, and a better state of the package.
class InstallTest : public ::testing::Test {
 protected:
  InstallTest() : temp_(std::move(*TempDir::create("install-test"))) {
    write("SKILL.md", kInstallHead + "## Work\n\nDo it.\n");
    write("references/a.md", "old a\n");
    write(".git/config", "mine\n");
    write(".env", "KEY=1\n");
    write("node_modules/x/index.js", "x\n");
  }
  [[nodiscard]] fs::path root() const { return temp_.path(); }
  [[nodiscard]] fs::path live() const { return root() / "my-skill"; }
  void write(const std::string& path, const std::string& text) const {
    ASSERT_TRUE(write_file_atomic(live() / path, text));
  }
  [[nodiscard]] std::string read(const std::string& path) const {
    return read_file(live() / path).value_or("(missing)");
  }
  [[nodiscard]] SkillPackage load() const { return std::move(*SkillPackage::load(live())); }
  Result<std::vector<std::string>> install(const SkillPackage& expected) {
    better_ = expected;
    EXPECT_TRUE(better_.set_body("## Work\n\nDo it well.\n"));
    return install_package({&better_, &expected, live(), root() / "kept"});
  }

  TempDir temp_;
  SkillPackage better_;
};

TEST_F(InstallTest, PackageFilesAreReplacedAndOnlyTheyAreKeptAside) {
  const auto notes = install(load());
  ASSERT_TRUE(notes) << notes.error().to_text();
  EXPECT_THAT(*notes, ElementsAre());
  EXPECT_THAT(read("SKILL.md"), HasSubstr("Do it well."));
  EXPECT_EQ(read(".git/config"), "mine\n");
  EXPECT_EQ(read(".env"), "KEY=1\n");
  EXPECT_EQ(read("node_modules/x/index.js"), "x\n");
  EXPECT_THAT(list_files(root() / "kept").value(), ElementsAre("SKILL.md", "references/a.md"));
  EXPECT_THAT(read_file(root() / "kept/SKILL.md").value(), HasSubstr("Do it.\n"));
}

TEST_F(InstallTest, NewFilesAreThereAndFoldersOfRemovedOnesAreNot) {
  const SkillPackage before = load();
  SkillPackage after = before;
  ASSERT_TRUE(after.write_file("scripts/deep/new.sh", "#!/bin/sh\n"));
  ASSERT_TRUE(after.delete_file("references/a.md"));
  ASSERT_TRUE(install_package({&after, &before, live(), root() / "kept"}));
  EXPECT_EQ(read("scripts/deep/new.sh"), "#!/bin/sh\n");
  EXPECT_FALSE(fs::exists(live() / "references"));
  EXPECT_TRUE(changed_files(after, load()).empty());
}

TEST_F(InstallTest, ModesAndOwnersStay) {
  fs::permissions(live() / "SKILL.md", fs::perms(0600));
  constexpr uid_t kOwner = 54321;
  const bool root = ::geteuid() == 0;
  if (root) {
    for (const char* path : {"", "SKILL.md", ".git", ".git/config", "references"})
      ASSERT_EQ(::lchown((live() / path).c_str(), kOwner, kOwner), 0);
  }
  ASSERT_TRUE(install(load()));
  EXPECT_EQ(fs::status(live() / "SKILL.md").permissions(), fs::perms(0600));
  if (!root) return;
  for (const char* path : {"", "SKILL.md", ".git", ".git/config", "references"}) {
    struct stat info {};
    ASSERT_EQ(::lstat((live() / path).c_str(), &info), 0);
    EXPECT_EQ(info.st_uid, kOwner) << path;
  }
}

TEST_F(InstallTest, WhatOthersWriteIntoHiddenFilesMeanwhileStays) {
  for (int i = 0; i < 100; ++i) write(".git/objects/" + std::to_string(i), "x");
  std::atomic<bool> stop = false;
  int written = 0;
  std::thread writer([&] {
    while (!stop) {
      const fs::path folder = live() / ".git";
      std::ofstream(folder / ("lock" + std::to_string(written))) << "gone soon";
      std::ofstream(folder / ("new" + std::to_string(written))) << "mine";
      ::unlink((folder / ("lock" + std::to_string(written))).c_str());
      ++written;
      std::this_thread::yield();
    }
  });
  const auto notes = install(load());
  stop = true;
  writer.join();
  ASSERT_TRUE(notes) << notes.error().to_text();
  EXPECT_GT(written, 10);
  for (int i = 0; i < written; ++i) {
    ASSERT_EQ(read(".git/new" + std::to_string(i)), "mine") << i << " of " << written;
  }
  EXPECT_THAT(read("SKILL.md"), HasSubstr("Do it well."));
}

TEST_F(InstallTest, SkillThatWasEditedMeanwhileIsLeftAloneByName) {
  const SkillPackage expected = load();
  write("references/a.md", "my edit\n");
  write("references/b.md", "my new file\n");
  const auto notes = install(expected);
  ASSERT_FALSE(notes);
  EXPECT_EQ(notes.error().code, ErrorCode::input);
  EXPECT_THAT(notes.error().message, HasSubstr("references/a.md, references/b.md (new)"));
  EXPECT_EQ(read("references/a.md"), "my edit\n");
  EXPECT_THAT(read("SKILL.md"), HasSubstr("Do it.\n"));
}

TEST_F(InstallTest, EditOfTheExpectedResultsAloneIsAnEditToo) {
  write("evals/evals.json", "{}\n");
  const SkillPackage expected = load();
  write("evals/evals.json", "{\"mine\":1}\n");
  EXPECT_FALSE(install(expected));
  EXPECT_EQ(read("evals/evals.json"), "{\"mine\":1}\n");
}

TEST_F(InstallTest, LinksInsideThePackageStayLinks) {
  fs::create_symlink("SKILL.md", live() / "AGENTS.md");
  fs::create_symlink("a.md", live() / "references/same.md");
  const auto notes = install(load());
  ASSERT_TRUE(notes) << notes.error().to_text();
  EXPECT_TRUE(fs::is_symlink(live() / "AGENTS.md"));
  EXPECT_TRUE(fs::is_symlink(live() / "references/same.md"));
  EXPECT_THAT(read("AGENTS.md"), HasSubstr("Do it well."));
  ASSERT_EQ(notes->size(), 1u);
  EXPECT_THAT(notes->front(), HasSubstr("AGENTS.md is a link"));
}

TEST_F(InstallTest, SkillFileThatIsALinkStaysOne) {
  fs::rename(live() / "SKILL.md", live() / "references/skill.md");
  fs::create_symlink("references/skill.md", live() / "SKILL.md");
  const auto notes = install(load());
  ASSERT_TRUE(notes) << notes.error().to_text();
  EXPECT_TRUE(fs::is_symlink(live() / "SKILL.md"));
  EXPECT_THAT(read("references/skill.md"), HasSubstr("Do it well."));
}

TEST_F(InstallTest, LinkThatThePatchWroteIsAFileAndSaid) {
  fs::create_symlink("a.md", live() / "references/same.md");
  const SkillPackage expected = load();
  SkillPackage changed = expected;
  ASSERT_TRUE(changed.write_file("references/same.md", "new text\n"));
  const auto notes = install_package({&changed, &expected, live(), root() / "kept"});
  ASSERT_TRUE(notes) << notes.error().to_text();
  EXPECT_EQ(read("references/same.md"), "new text\n");
  EXPECT_EQ(read("references/a.md"), "old a\n") << "the patch did not touch it";
  EXPECT_THAT(*notes, ElementsAre(HasSubstr("was a link")));
}

TEST_F(InstallTest, WhatAKillLeftBehindIsPutBackOrRemoved) {
  const fs::path aside = root() / ".my-skill.skillgrad-old";
  for (const char* left :
       {".my-skill.skillgrad-old", ".my-skill.skillgrad-new", ".my-skill.sg-old"}) {
    ASSERT_TRUE(copy_tree(live(), root() / left));
    const auto done = recover_install(live());
    ASSERT_TRUE(done);
    EXPECT_EQ(done->size(), 1u) << left;
    EXPECT_FALSE(fs::exists(root() / left));
    EXPECT_TRUE(fs::exists(live() / "SKILL.md"));
  }
  fs::rename(live(), aside);
  const auto done = recover_install(live());
  ASSERT_TRUE(done);
  ASSERT_EQ(done->size(), 1u);
  EXPECT_THAT(done->front(), HasSubstr("put back"));
  EXPECT_EQ(read(".env"), "KEY=1\n");
}

TEST_F(InstallTest, FoldersOfTheUsersWithANearNameAreNotTouched) {
  for (const char* mine : {".my-skill.old", ".my-skill.new"}) {
    ASSERT_TRUE(write_file_atomic(root() / mine / "x", "mine"));
  }
  ASSERT_TRUE(recover_install(live()));
  ASSERT_TRUE(install(load()));
  EXPECT_TRUE(fs::exists(root() / ".my-skill.old/x"));
  EXPECT_TRUE(fs::exists(root() / ".my-skill.new/x"));
}

TEST_F(InstallTest, CheckChangesNothing) {
  fs::create_symlink("SKILL.md", live() / "AGENTS.md");
  const auto checked = check_install(live());
  ASSERT_TRUE(checked) << checked.error().to_text();
  EXPECT_FALSE(fs::exists(root() / ".my-skill.skillgrad-new"));
  EXPECT_TRUE(fs::is_symlink(live() / "AGENTS.md"));
}

}  // namespace
}  // namespace skillgrad::skill
