// SPDX-License-Identifier: MIT
#include "core/quick_json.hpp"

#include <gtest/gtest.h>

namespace skillgrad {
namespace {

TEST(QuickJson, ReadsWhatTheLibraryReads) {
  for (const char* text :
       {"{}", " [ ] ", "{\"task_id\": \"nt-0\", \"answer\": [\"a\", \"b\"]}",
        "[[],[{}],{\"a\":{}}]", "\t{\r\n\"a\" : true , \"b\" :false,\"c\":null }\n", "0", "-0", "7",
        "-12", "999999999999999999", "-999999999999999999", "\"\"",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\u0041\\u00e4\\u20AC\\ud83d\\uDE00\\u0000\"",
        "\"\u00E4\u20AC\U0001F600 \x7F\"", "{\"\":1,\"\\u0061\":\"b\"}"}) {
    const auto value = read_quick_json(text);
    ASSERT_TRUE(value) << text;
    const Json expected = Json::parse(text);
    EXPECT_EQ(value->type(), expected.type()) << text;
    EXPECT_EQ(*value, expected) << text;
    EXPECT_EQ(dump_json(*value), dump_json(expected)) << text;
  }
}

TEST(QuickJson, LeavesAllElseToTheLibrary) {
  std::string keys = "{", deep(70, '[');
  for (int i = 0; i < 40; ++i) keys += "\"" + std::to_string(i) + "\":1,";
  keys.back() = '}';
  deep.append(70, ']');
  for (const std::string& text : {std::string(), std::string(" "), keys, deep, std::string("1.5"),
                                  std::string("1e3"), std::string("1234567890123456789"),
                                  std::string("\xEF\xBB\xBF{}"), std::string("{\"a\":1,\"a\":2}"),
                                  std::string("{\"a\":1,\"\\u0061\":2}"), std::string("/**/1")})
    EXPECT_FALSE(read_quick_json(text)) << text;
  for (const char* wrong : {"{",           "}",           "[1,]",        "[,1]",
                            "[1 2]",       "{\"a\"}",     "{\"a\":}",    "{\"a\":1,}",
                            "{a:1}",       "\"",          "\"\\\"",      "\"\\x\"",
                            "\"\\u12\"",   "\"\\u12g4\"", "\"\\ud83d\"", "\"\\ud83d\\u0041\"",
                            "\"\\ude00\"", "\"a\nb\"",    "\"\xFF\"",    "01",
                            "-",           "-a",          "+1",          "tru",
                            "nul",         "True",        "1 1",         "{} x",
                            "\\"}) {
    EXPECT_FALSE(read_quick_json(wrong)) << wrong;
    EXPECT_FALSE(Json::accept(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace skillgrad
