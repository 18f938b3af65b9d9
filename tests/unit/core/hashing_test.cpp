// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/hashing.hpp>
#include <skillgrad/core/resources.hpp>

namespace skillgrad {
namespace {

TEST(Sha256, EqualsThePublishedVectors) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(PartHasher, PartsAreLengthPrefixed) {
  const std::string joined = PartHasher().add("ab").add("c").finish();
  EXPECT_NE(joined, PartHasher().add("a").add("bc").finish());
  EXPECT_NE(joined, PartHasher().add("abc").finish());
  EXPECT_NE(joined, PartHasher().add("ab").add("c").add("").finish());
  EXPECT_EQ(joined, PartHasher().add("ab").add("c").finish());
  EXPECT_EQ(PartHasher().add("x").finish(), sha256_hex(std::string("\x01\0\0\0\0\0\0\0x", 9)));
}

TEST(Resources, LookUpsAgreeWithTheTable) {
  EXPECT_FALSE(resource("configs/no-such-file").has_value());
  EXPECT_TRUE(resources_below("no-such-folder/").empty());
  std::size_t found = 0;
  for (const char* folder : {"configs/", "skills/", "docs/", "src/report/web/"})
    found += resources_below(folder).size();
  EXPECT_EQ(found, resources().size());
  for (const auto& [path, bytes] : resources()) {
    ASSERT_TRUE(resource(path).has_value()) << path;
    EXPECT_EQ(resource(path)->data(), bytes.data()) << path;
  }
}

TEST(Resources, EveryFileIsCompiledInByteForByte) {
  std::size_t files = 0;
  for (const std::string folder : {"configs/", "skills/", "docs/", "src/report/web/"}) {
    const fs::path root = fs::path(SKILLGRAD_SOURCE_DIR) / folder;
    if (!fs::exists(root)) continue;
    const auto names = list_files(root).value();
    for (const std::string& name : names) {
      if (name.find("__pycache__") != std::string::npos || name.back() == '~') continue;
      const bool told = name.starts_with("rules-") || name.starts_with("topics/");
      if (folder == "docs/" && !told) continue;  // what --explain and help show
      const auto bytes = resource(folder + name);
      ASSERT_TRUE(bytes.has_value()) << folder << name;
      EXPECT_EQ(*bytes, read_file(root / name).value()) << folder << name;
      ++files;
    }
  }
  EXPECT_EQ(files, resources().size());
  for (const auto& [path, bytes] : resources()) {
    // The byte behind each file is NUL, so that data() may go to functions that read C strings.
    EXPECT_EQ(bytes.data()[bytes.size()], '\0') << path;
  }
}

}  // namespace
}  // namespace skillgrad
