// SPDX-License-Identifier: MIT
#include "bench/records/long_integers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/bench/support.hpp"

namespace skillgrad::bench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(LongIntegers, AreThoseThatLoseDigits) {
  EXPECT_THAT(long_integers(R"({"a":12345678901234567890123,"b":[-9223372036854775809]})"),
              ElementsAre("12345678901234567890123", "-9223372036854775809"));
  EXPECT_THAT(long_integers(R"({"a":18446744073709551615,"b":-9223372036854775808,"c":1e400,)"
                            R"("d":12345678901234567890.5,"e":true,"f":null})"),
              IsEmpty());
  EXPECT_THAT(long_integers(R"({"a\"12345678901234567890123":"12345678901234567890123"})"),
              IsEmpty())
      << "texts keep their digits";
  EXPECT_THAT(long_integers("\"12345678901234567890123"), IsEmpty()) << "cut in a text";
}

TEST(LongIntegers, OfABenchmarkAreANotice) {
  const Folder folder;
  const auto file =
      folder.put("t.jsonl", R"({"id":"a","input":"q","target":12345678901234567890})"
                            "\n"
                            R"({"id":"b","input":"r","target":123456789012345678901})");
  const auto bench = load_benchmark(file.string(), {});
  ASSERT_TRUE(bench) << bench.error().to_text();
  EXPECT_THAT((*bench)->notices(), ElementsAre(HasSubstr("rounded: 123456789012345678901;")));
}

}  // namespace
}  // namespace skillgrad::bench
