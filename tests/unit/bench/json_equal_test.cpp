// SPDX-License-Identifier: MIT
// `json-equal` on long lists and long numbers; the table of small cases is in graders_test.cpp.
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <skillgrad/core/json.hpp>

#include "bench/graders/json/json_compare.hpp"
#include "fakes/large.hpp"
#include "unit/bench/support.hpp"

namespace skillgrad::bench {
namespace {

using ::testing::HasSubstr;

constexpr JsonOptions kAnyOrder{false, true, 0};

JsonOutcome compared(const std::string& want, const std::string& got,
                     const JsonOptions& options = {}) {
  const JsonSide a(want, parse_json(want, "want").value()), b(got, parse_json(got, "got").value());
  return compare_json(a, b, options);
}

/// A list of `count` items; `item` writes the one of a number.
std::string list_of(int count, const std::function<std::string(int)>& item) {
  std::string out = "[";
  for (int i = 0; i < count; ++i) out += (i > 0 ? "," : "") + item(i);
  return out + "]";
}
std::string record(int number) {
  return R"({"id":)" + std::to_string(number) + R"(,"tags":)" +
         list_of(60, [&](int i) { return std::to_string(number * 60 + i); }) + "}";
}

TEST(JsonNumbers, AreComparedAsExactlyAsTheyAreWritten) {
  const std::vector<std::tuple<std::string, std::string, bool>> rows = {
      {"12345678901234567890123", "12345678901234567890124", false},
      {"12345678901234567890123", "12345678901234567890123", true},
      {"-12345678901234567890123", "12345678901234567890123", false},
      {"9007199254740993", "9007199254740992.0", false},
      {"9007199254740993", "9007199254740993.0", true},
      {"10000000000000000000000", "1e22", true},
      {"18446744073709551616", "18446744073709551615", false},
      {"1", "1.0", true},
      {"1200", "12e2", true},
      {"0", "-0.0", true},
      {"0.1", "0.1000000000000000055511151231257827", true},
      {"0.1", "0.10000000000000002", false},
      {"100000000000000000000.5", "100000000000000000000", true},
      {R"({"1":"-2\"3","x":12345678901234567890123})",
       R"({"1":"-2\"3","x":12345678901234567890123})", true},
      {R"(["1\\",12345678901234567890123])", R"(["1\\",12345678901234567890124])", false}};
  for (const auto& [want, got, equal] : rows) {
    EXPECT_EQ(compared(want, got).equal, equal) << want << " " << got;
    EXPECT_EQ(compared("[" + want + "]", "[" + got + "]", kAnyOrder).equal, equal) << want;
  }
  const JsonOutcome outcome = compared("12345678901234567890123", "12345678901234567890124");
  EXPECT_EQ(outcome.differences.at(0).got.text, "12345678901234567890124");
}

TEST(JsonLists, InAnyOrderAreEqualHoweverLong) {
  const std::string want = list_of(1000, record);
  EXPECT_TRUE(
      compared(want, list_of(1000, [](int i) { return record(999 - i); }), kAnyOrder).equal);
  const auto one_off = [](int i) { return i == 7 ? record(5000) : record(999 - i); };
  const JsonOutcome wrong = compared(want, list_of(1000, one_off), kAnyOrder);
  ASSERT_EQ(wrong.differences.size(), 2U);
  EXPECT_EQ(wrong.differences[0].where, "/992");
  EXPECT_EQ(wrong.differences[1].where, "/-");
  EXPECT_FALSE(wrong.given_up);
}

TEST(JsonLists, NestedInAnyOrderAreEqual) {
  const auto nested = [](int step, int last) {
    return list_of(30, [=](int i) {
      return list_of(40, [=](int j) {
        return list_of(40, [=](int k) {
          const int a = step > 0 ? i : 29 - i, b = step > 0 ? j : 39 - j, c = step > 0 ? k : 39 - k;
          return std::to_string(a * b * c == 29 * 39 * 39 ? last : a * b * c);
        });
      });
    });
  };
  for (const JsonOptions& options : {kAnyOrder, JsonOptions{true, true, 0}}) {
    EXPECT_TRUE(compared(nested(1, 5), nested(-1, 5), options).equal);
    EXPECT_FALSE(compared(nested(1, 5), nested(-1, -5), options).equal);
  }
}

TEST(JsonLists, OfEqualItemsAreMatchedOneByOne) {
  const auto same = [](int) { return std::string(R"({"a":1})"); };
  EXPECT_TRUE(compared(list_of(5000, same), list_of(6000, same), {true, true, 0}).equal);
  EXPECT_FALSE(compared(list_of(5000, same), list_of(4999, same), {true, true, 0}).equal);
  EXPECT_TRUE(compared(list_of(5000, same), list_of(5000, same), {false, true, 0.5}).equal);
}

#ifndef SKILLGRAD_SANITIZED  // so many steps take a minute there
TEST(JsonLists, ThatTakeTooManyStepsGetNoVerdict) {
  // Every wanted item fits every given one but for the last key.
  const auto item = [](int offset) {
    return
        [=](int i) { return R"({"a":0,"b":0,"c":0,"x":)" + std::to_string(i * 10 + offset) + "}"; };
  };
  const std::string want = list_of(4000, item(0)), got = list_of(4000, item(5));
  const Loaded loaded("tasks.jsonl", R"({"id":"t","input":"x","grader":{"type":"json-equal",)"
                                     R"("unordered":true,"tol":1},"target":[)" +
                                         want + "]}");
  ASSERT_TRUE(loaded.benchmark) << loaded.error();
  const Grade grade = loaded->grade(loaded->tasks()[0], {"", got}, {});
  EXPECT_EQ(grade.kind, GradeErrorKind::infra_error);
  EXPECT_THAT(grade.message, HasSubstr("steps"));
}
#endif

TEST(JsonLists, MatchedAndCountedSayTheSame) {
  std::mt19937 random(1);
  const auto text = [&](const auto& self, int depth) -> std::string {
    const auto kind = random() % (depth > 2 ? 2U : 5U);
    if (kind < 2) return std::to_string(random() % 3) + (kind == 0 ? "" : ".0");
    const int size = static_cast<int>(random() % 4);
    if (kind < 4) return list_of(size, [&](int) { return self(self, depth + 1); });
    std::string out = "{";
    for (int i = 0; i < size; ++i)
      out += (i > 0 ? ",\"" : "\"") + std::to_string(i) + "\":" + self(self, depth + 1);
    return out + "}";
  };
  int equal = 0;
  for (int i = 0; i < fakes::large(20'000, 2'000); ++i) {
    const std::string a = text(text, 0), b = text(text, 0);
    const bool counted = compared(a, b, kAnyOrder).equal;
    ASSERT_EQ(compared(a, b, {false, true, 1e-9}).equal, counted) << a << " " << b;
    equal += counted ? 1 : 0;
  }
  EXPECT_GT(equal, fakes::large(100, 10));
}

TEST(JsonObjects, WithManyKeysAreComparedKeyByKey) {
  const auto object = [](int count, int step) {
    std::string out = "{";
    for (int i = 0; i < count; ++i) {
      const int number = step > 0 ? i : count - 1 - i;
      out += (i > 0 ? ",\"k" : "\"k") + std::to_string(number) + "\":" + std::to_string(number);
    }
    return out + "}";
  };
  EXPECT_TRUE(compared(object(20'000, 1), object(20'000, -1)).equal);
  EXPECT_FALSE(compared(object(20'000, 1), object(19'999, -1)).equal);
}

TEST(JsonGrader, AMissingKeyIsNotShownAsNull) {
  const Loaded loaded("tasks.jsonl",
                      R"({"id":"t","input":"x","grader":"json-equal","target":{"a":null}})");
  const Grade grade = loaded->grade(loaded->tasks()[0], {"", "{}"}, {});
  EXPECT_THAT(grade.message, HasSubstr("/a: expected null, got nothing"));
}

}  // namespace
}  // namespace skillgrad::bench
