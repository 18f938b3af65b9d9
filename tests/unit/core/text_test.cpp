// SPDX-License-Identifier: MIT
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include <skillgrad/core/text.hpp>

namespace skillgrad {
namespace {

using Strings = std::vector<std::string>;

TEST(Text, TrimAndSplit) {
  EXPECT_EQ(trim(" \t\r\n a b \v\f"), "a b");
  EXPECT_EQ(trim("  "), "");
  EXPECT_EQ(split("a,,b,", ','), (Strings{"a", "", "b", ""}));
  EXPECT_EQ(split("", ','), (Strings{""}));
  EXPECT_EQ(split_lines("a\nb\r\nc\rd\n\n"), (Strings{"a", "b", "c", "d", ""}));
  EXPECT_EQ(split_lines(""), Strings{});
  EXPECT_EQ(split_lines("\r\r\n\n\r"), (Strings{"", "", "", ""}));
  EXPECT_EQ(join({"a", "b"}, ", "), "a, b");
}

TEST(Text, ReplaceAllDoesNotRescanItsOwnOutput) {
  EXPECT_EQ(replace_all("aaa", "a", "aa"), "aaaaaa");
  EXPECT_EQ(replace_all("abab", "ab", ""), "");
  EXPECT_EQ(replace_all("abc", "", "x"), "abc");
  EXPECT_TRUE(starts_with_icase("BEARER x", "bearer "));
  EXPECT_FALSE(starts_with_icase("bear", "bearer"));
  EXPECT_EQ(to_lower_ascii("AÄz"), "aÄz");
}

TEST(Utf8, FindsTheFirstBadByte) {
  struct Case {
    std::string bytes;
    std::optional<std::size_t> at;
  };
  const std::vector<Case> cases = {
      {"", std::nullopt},
      {"a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80", std::nullopt},
      {"\xEF\xBF\xBF\xF4\x8F\xBF\xBF", std::nullopt},
      {"ab\x80", 2},            // lone continuation
      {"\xC0\xAF", 0},          // overlong
      {"\xE0\x80\xAF", 0},      // overlong
      {"\xF0\x80\x80\xAF", 0},  // overlong
      {"x\xED\xA0\x80", 1},     // surrogate
      {"\xF4\x90\x80\x80", 0},  // beyond U+10FFFF
      {"\xF8\x88\x80\x80\x80", 0},
      {"abc\xE2\x82", 3},  // cut
      {"\xFF", 0},
      {"sixteen letters.\xFF", 16},  // eight are looked at at once
      {"eight...\xC3\xA4 and nine\x80", 19},
      {"0123456\xE2\x82\xAC"
       "89",
       std::nullopt},
  };
  for (const Case& c : cases) EXPECT_EQ(first_invalid_utf8(c.bytes), c.at) << c.bytes;
}

TEST(Utf8, SanitizeReplacesEachBadPartOnceAndDropsNul) {
  EXPECT_EQ(sanitize_utf8(std::string("a\0b", 3)), "ab");
  EXPECT_EQ(sanitize_utf8("a\xE2\x82z"), "a\xEF\xBF\xBDz");
  EXPECT_EQ(sanitize_utf8("\xFF\xFE"), "\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(sanitize_utf8("ok €"), "ok €");
  EXPECT_FALSE(first_invalid_utf8(sanitize_utf8("\xED\xA0\x80\xF4\x90\xC3")));
  EXPECT_EQ(count_code_points("a€😀"), 3U);
}

TEST(StripControl, RemovesEscapesAndControlsButKeepsText) {
  struct Case {
    std::string in, out;
  };
  const std::vector<Case> cases = {
      {"a\tb\nc\r\n", "a\tb\nc\n"},
      {"\x1b[31mred\x1b[0m", "red"},
      {"\x1b]0;title\x07shown", "shown"},
      {"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"},
      {"\x1b]0;unfinished\nnext line", "\nnext line"},
      {"\x1bPdcs\x1b\\after", "after"},
      {"\x1b(Bplain", "plain"},
      {"bell\a back\b del\x7f", "bell back del"},
      {"c1 \xC2\x9B 31m", "c1  31m"},
      {"end\x1b", "end"},
      {"end\x1b[12", "end"},
      {"caf\xC3\xA9 \xC2\xA0", "caf\xC3\xA9 \xC2\xA0"},
  };
  for (const Case& c : cases) EXPECT_EQ(strip_control(c.in), c.out);
}

TEST(TruncateMiddle, KeepsHeadAndTailWithinTheLimit) {
  EXPECT_EQ(truncate_middle("short", 5), "short");
  const std::string text = "BEGIN" + std::string(1000, 'x') + "END";
  const std::string cut = truncate_middle(text, 100);
  EXPECT_LE(cut.size(), 100U);
  EXPECT_EQ(cut.substr(0, 5), "BEGIN");
  EXPECT_EQ(cut.substr(cut.size() - 3), "END");
  const std::size_t marker = cut.find("\n[... ") + 6;
  const std::size_t left_out = std::stoul(cut.substr(marker));
  const std::string shown = "\n[... " + std::to_string(left_out) + " bytes left out ...]\n";
  EXPECT_EQ(cut.size() - shown.size() + left_out, text.size());
}

TEST(TruncateMiddle, NeverCutsACodePoint) {
  std::string text;
  for (int i = 0; i < 300; ++i) text += "€";
  for (std::size_t limit = 0; limit < 200; ++limit) {
    const std::string cut = truncate_middle(text, limit);
    EXPECT_LE(cut.size(), limit);
    EXPECT_FALSE(first_invalid_utf8(cut)) << limit;
  }
}

TEST(NearestMatch, FindsTyposWithinAThirdOfTheWord) {
  const Strings keys = {"batch", "model", "max_usd", "patience"};
  EXPECT_EQ(nearest_match("bacth", keys), "batch");
  EXPECT_EQ(nearest_match("MODEL", keys), "model");
  EXPECT_EQ(nearest_match("maxusd", keys), "max_usd");
  EXPECT_EQ(nearest_match("pateince", keys), "patience");
  EXPECT_EQ(nearest_match("zzzzz", keys), std::nullopt);
  EXPECT_EQ(nearest_match("", keys), std::nullopt);
}

TEST(ListSome, CountsWhatIsNotShown) {
  EXPECT_EQ(list_some({"a", "b"}, 2), "a, b");
  EXPECT_EQ(list_some({"a", "b", "c", "d", "e"}, 2), "a, b and 3 more");
  EXPECT_EQ(list_some({}), "");
}

TEST(FormatDouble, IsShortestAndReadsBack) {
  EXPECT_EQ(format_double(0.1), "0.1");
  EXPECT_EQ(format_double(123456.78), "123456.78");
  EXPECT_EQ(format_double(3), "3");
  for (const double value : {1.0 / 3, 1e300, 5e-324, -2.5}) {
    EXPECT_EQ(value, std::strtod(format_double(value).c_str(), nullptr));
  }
  EXPECT_EQ(format_double(std::nan("")), "null");
  EXPECT_EQ(format_double(std::numeric_limits<double>::infinity()), "null");
}

TEST(Slugify, KeepsLettersAndNumbersOfAnyScript) {
  EXPECT_EQ(slugify("Write  computed values!"), "write-computed-values");
  EXPECT_EQ(slugify("--Ärger & 2½--"), "ärger-2½");
  EXPECT_EQ(slugify("表 を Ä"), "表-を-ä");
  EXPECT_EQ(slugify("!!!"), "");
}

}  // namespace
}  // namespace skillgrad
