// SPDX-License-Identifier: MIT
#include "llm/wire/curl_library.hpp"

#include <gtest/gtest.h>

namespace skillgrad::llm {
namespace {

TEST(CurlLibrary, IsThereAndReadsDates) {
  const auto& library = curl_library();
  ASSERT_TRUE(library) << library.error().to_text();
  EXPECT_EQ(library->getdate("Sun, 06 Nov 1994 08:49:37 GMT", nullptr), 784111777);
  EXPECT_EQ(&curl_library(), &library) << "it is loaded once";
}

TEST(CurlLibrary, OneThatIsMissingOrAnotherLibrarySaysWhatToInstall) {
  for (const char* file : {"libcurl-that-is-nowhere.so.4", "libc.so.6"}) {
    const auto loaded = load_curl(file);
    ASSERT_FALSE(loaded) << file;
    EXPECT_EQ(loaded.error().where, file);
    EXPECT_NE(loaded.error().mend.find("libcurl4"), std::string::npos);
    EXPECT_NE(loaded.error().message.find("cannot be loaded: "), std::string::npos);
  }
}

}  // namespace
}  // namespace skillgrad::llm
