// SPDX-License-Identifier: MIT
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include <skillgrad/core/json.hpp>

namespace skillgrad {
namespace {

TEST(ParseJson, KeepsKeyOrderAndTypes) {
  const auto value = parse_json(R"({"z":1,"a":[true,null,-2,1.5,"\u00e9"],"m":{}})", "x");
  ASSERT_TRUE(value);
  EXPECT_EQ(dump_json(*value), R"({"z":1,"a":[true,null,-2,1.5,"é"],"m":{}})");
  EXPECT_EQ(canonical_json(*value), R"({"a":[true,null,-2,1.5,"é"],"m":{},"z":1})");
  EXPECT_EQ(parse_json("18446744073709551615", "x").value().get<std::uint64_t>(), UINT64_MAX);
}

TEST(ParseJson, BadTextNamesLineAndColumn) {
  struct Case {
    std::string text, where, says;
  };
  const std::vector<Case> cases = {
      {"", "f:1:1", "empty"},
      {" \n", "f:1:1", "empty"},
      {"{\"a\": tru}", "f:1:10", "invalid literal"},
      {"{\n  \"a\": 1,\n  \"é\" 2\n}", "f:3:7", "expected ':'"},
      {"{\"a\":1} x", "f:1:9", "expected end of input"},
      {"[1,\n2", "f:2:2", "unexpected end of input"},
      {"{\"a\":1,\n\"a\":2}", "f:2:3", "key \"a\" occurs twice"},
      {"\"\xFF\"", "f:1:2", "UTF-8"},
      {"1e999", "f:1:5", "overflow"},
      {"// c\n1", "f:1:1", "invalid literal"},
      {"\"\\ud800\"", "f:1:8", "surrogate"},
      {"NaN", "f:1:1", "invalid literal"},
  };
  for (const Case& c : cases) {
    const auto value = parse_json(c.text, "f");
    ASSERT_FALSE(value) << c.text;
    EXPECT_EQ(value.error().code, ErrorCode::input);
    EXPECT_EQ(value.error().where, c.where) << c.text << value.error().message;
    EXPECT_NE(value.error().message.find(c.says), std::string::npos) << value.error().message;
  }
}

TEST(ParseJson, RepeatedKeyInANestedObjectIsAnError) {
  EXPECT_FALSE(parse_json(R"([{"a":{"k":1,"k":1}}])", "f"));
  EXPECT_TRUE(parse_json(R"([{"k":1},{"k":1,"n":{"k":2}}])", "f"));
}

TEST(ParseJson, DepthIsLimited) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(parse_json(nested(256), "f"));
  const auto deep = parse_json(nested(257), "f");
  ASSERT_FALSE(deep);
  EXPECT_NE(deep.error().message.find("deeper than 256"), std::string::npos);
  EXPECT_FALSE(parse_json(std::string(5'000'000, '['), "f"));
}

TEST(ParseTolerantJson, TheLastOfRepeatedKeysCountsInItsFirstPlace) {
  const auto value =
      parse_tolerant_json(R"({"a":{"k":1},"b":2,"a":{"n":3,"n":[4]}})", "f", DeepValues::refuse);
  ASSERT_TRUE(value) << value.error().to_text();
  EXPECT_EQ(dump_json(*value), R"({"a":{"n":[4]},"b":2})");
  std::string many = "{\"x\":0";
  for (int i = 0; i < 200'000; ++i) many += ",\"k" + std::to_string(i % 1000) + "\":1";
  EXPECT_EQ(parse_tolerant_json(many + "}", "f", DeepValues::refuse)->size(), 1001U);
}

TEST(ParseTolerantJson, DeepValuesBecomeNullOrAreRefused) {
  const std::string deep = R"({"a":1,"x":)" + std::string(100'000, '[') + R"({"y":[2]})" +
                           std::string(100'000, ']') + R"(,"b":2})";
  const auto value = parse_tolerant_json(deep, "f", DeepValues::make_null);
  ASSERT_TRUE(value) << value.error().to_text();
  EXPECT_EQ(value->at("b"), 2);
  EXPECT_EQ(value->at("x")[0][0].size(), 1U);
  EXPECT_FALSE(parse_tolerant_json(deep, "f", DeepValues::refuse));
  EXPECT_FALSE(parse_tolerant_json(std::string(100'000, '['), "f", DeepValues::make_null));
}

TEST(ParseJson, AnErrorDoesNotRepeatALongText) {
  const auto value = parse_json("{\"a\":\"" + std::string(1U << 20U, 'x'), "f");
  ASSERT_FALSE(value);
  EXPECT_LT(value.error().message.size(), 1000U);
}

TEST(ParseJson, CommentsOnlyWhenAllowed) {
  const std::string text = "{ // one\n \"a\": /* two */ 1 }";
  EXPECT_TRUE(parse_json(text, "f", true));
  EXPECT_FALSE(parse_json(text, "f"));
}

TEST(ParseJson, ManyKeysTakeLinearTime) {
  std::string text = "{";
  for (int i = 0; i < 100'000; ++i) {
    if (i > 0) text += ',';
    text += "\"key" + std::to_string(i) + "\":" + std::to_string(i);
  }
  const auto value = parse_json(text + "}", "f");
  ASSERT_TRUE(value);
  EXPECT_EQ(value->size(), 100'000U);
}

TEST(DumpJson, NeverThrowsAndNeverWritesNan) {
  const Json value = {
      {"bad", "\xFF"}, {"nan", std::nan("")}, {"inf", std::numeric_limits<double>::infinity()}};
  EXPECT_EQ(dump_json(value), "{\"bad\":\"\xEF\xBF\xBD\",\"nan\":null,\"inf\":null}");
}

TEST(ReadJsonLines, NamesTheLineAndSkipsBlankOnes) {
  const auto dir = TempDir::create("sg-test-").value();
  const fs::path path = dir.path() / "a.jsonl";
  ASSERT_TRUE(write_file_atomic(path, "\xEF\xBB\xBF{\"a\":1}\r\n\n  [2]"));
  const auto good = read_json_lines(path);
  ASSERT_TRUE(good) << good.error().to_text();
  EXPECT_EQ(good->size(), 2U);
  ASSERT_TRUE(write_file_atomic(path, "1\n\n{\"a\":}\n"));
  const auto bad = read_json_lines(path);
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().where, path.string() + ":3:6");
}

TEST(WriteJson, ReadsBack) {
  const auto dir = TempDir::create("sg-test-").value();
  ASSERT_TRUE(write_json(dir.path() / "a.json", Json{{"b", 1}, {"a", 2}}));
  EXPECT_EQ(read_file(dir.path() / "a.json").value(), "{\n \"b\": 1,\n \"a\": 2\n}\n");
  EXPECT_EQ(read_json(dir.path() / "a.json").value(), (Json{{"b", 1}, {"a", 2}}));
  EXPECT_EQ(read_json(dir.path() / "none.json").error().code, ErrorCode::input);
}

TEST(StrictReader, ReadsEveryType) {
  const Json value =
      parse_json(
          R"({"s":"x","i":4,"whole":4.0,"n":2.5,"b":true,"l":["a","b"],"o":{"k":1},"skip":[]})",
          "f")
          .value();
  StrictReader reader(value, "f");
  EXPECT_TRUE(reader.has("s"));
  EXPECT_FALSE(reader.has("absent"));
  EXPECT_EQ(reader.string("s"), "x");
  EXPECT_EQ(reader.integer("i", std::nullopt, 1, 4), 4);
  EXPECT_EQ(reader.integer("whole"), 4);
  EXPECT_EQ(reader.number("n"), 2.5);
  EXPECT_TRUE(reader.boolean("b"));
  EXPECT_EQ(reader.strings("l"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(reader.any("o"), (Json{{"k", 1}}));
  EXPECT_EQ(reader.integer("absent", 7), 7);
  reader.ignore("skip");
  EXPECT_TRUE(reader.finish());
}

TEST(StrictReader, ReportsTheFirstProblem) {
  struct Case {
    std::string text, says;
  };
  const std::vector<Case> cases = {
      {R"({})", "\"n\" is missing, expected an integer"},
      {R"({"n":"4"})", "\"n\" must be an integer of at least 1 and at most 9, got \"4\""},
      {R"({"n":10})", "\"n\" must be an integer of at least 1 and at most 9, got 10"},
      {R"({"n":1.5})", "\"n\" must be an integer of at least 1 and at most 9, got 1.5"},
      {R"({"n":18446744073709551615})", "got 18446744073709551615"},
      {R"({"n":4,"x":"1"})", "\"x\" must be a number of at most 1, got \"1\""},
      {R"({"n":4,"x":2})", "\"x\" must be a number of at most 1, got 2"},
      {R"({"n":4,"l":["a",1]})", "\"l\" must be an array of strings, got [\"a\",1]"},
      {R"({"n":4,"b":1})", "\"b\" must be true or false, got 1"},
      {R"({"n":4,"s":null})", "\"s\" must be a string, got null"},
      {R"([4])", "expected an object, got [4]"},
  };
  for (const Case& c : cases) {
    const Json value = parse_json(c.text, "f").value();
    StrictReader reader(value, "conf.json");
    static_cast<void>(reader.integer("n", std::nullopt, 1, 9));
    static_cast<void>(reader.number("x", 0.5, -1e300, 1));
    static_cast<void>(reader.strings("l", std::vector<std::string>{}));
    static_cast<void>(reader.boolean("b", false));
    static_cast<void>(reader.string("s", ""));
    const auto result = reader.finish();
    ASSERT_FALSE(result) << c.text;
    EXPECT_NE(result.error().message.find(c.says), std::string::npos) << result.error().message;
    EXPECT_EQ(result.error().where, "conf.json");
  }
}

TEST(StrictReader, UnknownKeyNamesTheNearestKnownOne) {
  const Json value = {{"batch", 4}, {"bacth_size", 1}};
  StrictReader reader(value, "f");
  static_cast<void>(reader.integer("batch"));
  static_cast<void>(reader.integer("batch_size", 4));
  EXPECT_TRUE(reader.finish(true));
  const auto result = reader.finish();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "unknown key \"bacth_size\"");
  EXPECT_EQ(result.error().mend, "did you mean \"batch_size\"?");
}

TEST(StrictReader, RejectKeepsTheFirstError) {
  const Json value = {{"a", 1}};
  StrictReader reader(value, "f");
  reader.reject("a", "is odd", "make it even");
  reader.reject("a", "is small");
  const auto result = reader.finish();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "\"a\" is odd");
  EXPECT_EQ(result.error().mend, "make it even");
}

}  // namespace
}  // namespace skillgrad
