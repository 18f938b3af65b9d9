// SPDX-License-Identifier: MIT
// How a file of an eval is encoded, and what else is said of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/bench/support.hpp"

namespace skillgrad::bench {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Imported with_file(const std::string& file) {
  return imported_eval(R"("assertions":["c"],"files":[)" + file + "]");
}

TEST(EvalFiles, AnEncodingIsKnownInAnyCaseOrRefused) {
  for (const char* encoding : {"Base64", "BASE64", "base64"}) {
    const Imported one = with_file(R"({"path":"a.bin","content":"AAEC","encoding":")" +
                                   std::string(encoding) + "\"}");
    EXPECT_EQ(one.at("/files/a.bin"), "data:;base64,AAEC") << encoding << one.error;
  }
  EXPECT_EQ(with_file(R"({"path":"a","content":"x","encoding":"UTF-8"})").at("/files/a"),
            Json({{"text", "x"}}));
  EXPECT_THAT(with_file(R"({"path":"h.bin","content":"0001","encoding":"hex"})").error,
              AllOf(HasSubstr("the encoding of the file \"h.bin\" is \"hex\""),
                    HasSubstr("write \"base64\"")));
}

TEST(EvalFiles, WhatElseAFileSaysIsNoticed) {
  EXPECT_THAT(with_file(R"({"path":"a","content":"x","mode":"755"})").notices,
              HasSubstr("\"mode\" of a file is not used"));
  const Imported two = with_file(R"({"name":"n.txt","path":"b.txt","content":"x"})");
  EXPECT_TRUE(two.at("/files").contains("n.txt"));
  EXPECT_THAT(two.notices, HasSubstr("\"path\" of a file is not used"));
  EXPECT_THAT(with_file(R"({"path":"n.txt","name":"n.txt","content":"x"})").notices, IsEmpty());
}

TEST(EvalFiles, APathBesideATargetIsPutThere) {
  const Folder folder;
  folder.put("a.txt", "x");
  const auto imported = import_records(
      folder
          .put("evals.json", R"({"evals":[{"id":1,"prompt":"p","assertions":["c"],)"
                             R"("files":[{"path":"a.txt","target":"b.txt","mode":1}]}]})")
          .string(),
      {});
  ASSERT_TRUE(imported) << imported.error().to_text();
  EXPECT_EQ(Json::parse(imported->lines.at(0))["files"], Json({{"b.txt", {{"path", "a.txt"}}}}));
  EXPECT_THAT(::testing::PrintToString(imported->notices), HasSubstr("of a file is not used"));
}

}  // namespace
}  // namespace skillgrad::bench
