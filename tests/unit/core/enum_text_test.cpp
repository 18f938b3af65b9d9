// SPDX-License-Identifier: MIT
#include <map>

#include <gtest/gtest.h>

#include <skillgrad/core/json.hpp>

namespace skillgrad::test {

enum class Colour { red, deep_blue, green };
enum class Short { one, two };
enum class Mixed { one, two };

}  // namespace skillgrad::test

namespace skillgrad {

template <>
struct EnumText<test::Colour> {
  using enum test::Colour;
  static constexpr EnumName<test::Colour> kTable[] = {
      {red, "red"}, {deep_blue, "deep-blue"}, {green, "green"}};
};

template <>
struct EnumText<test::Short> {
  static constexpr EnumName<test::Short> kTable[] = {{test::Short::one, "one"}};
};

template <>
struct EnumText<test::Mixed> {
  static constexpr EnumName<test::Mixed> kTable[] = {{test::Mixed::two, "two"},
                                                     {test::Mixed::one, "one"}};
};

namespace test {
namespace {

TEST(EnumText, ATableThatLacksAnEnumeratorOrMixesThemIsNoTable) {
  EXPECT_TRUE(enum_text::is_complete<Colour>());
  EXPECT_FALSE(enum_text::is_complete<Short>());
  EXPECT_FALSE(enum_text::is_complete<Mixed>());
}

TEST(EnumText, EachNameLeadsBackToItsValueAndNoOtherTextToAny) {
  for (const auto& [value, name] : EnumText<Colour>::kTable) {
    EXPECT_STREQ(name_of(value), name);
    EXPECT_EQ(named<Colour>(name), value);
  }
  for (const char* text : {"", "Red", "red ", "deep_blue", "re"})
    EXPECT_EQ(named<Colour>(text), std::nullopt) << text;
  EXPECT_STREQ(name_of(std::optional<Colour>()), "");
}

TEST(EnumText, AValueOutsideOfTheEnumIsABrokenInvariant) {
  EXPECT_THROW((void)name_of(static_cast<Colour>(3)), std::logic_error);
}

TEST(EnumText, AMapByNameIsInTheOrderOfTheNames) {
  std::string names;
  for (const auto& [value, count] :
       std::map<Colour, int, ByName>{{Colour::red, 1}, {Colour::deep_blue, 1}, {Colour::green, 1}})
    names += std::string(name_of(value)) + " ";
  EXPECT_EQ(names, "deep-blue green red ");
}

TEST(EnumText, AReaderRefusesAnUnknownNameWithThoseThatAreKnown) {
  const Json value = {{"colour", "blue"}, {"known", "green"}, {"number", 3}};
  StrictReader good(value, "here");
  EXPECT_EQ(read_named<Colour>(good, "known"), Colour::green);
  EXPECT_EQ(read_named<Colour>(good, "absent", Colour::deep_blue), Colour::deep_blue);
  EXPECT_TRUE(good.finish(true));

  const std::pair<const char*, const char*> cases[] = {
      {"colour", R"("colour" got "blue", expected red, deep-blue or green)"},
      {"number", R"("number" must be a string, got 3)"},
      {"absent", R"("absent" is missing, expected a string)"}};
  for (const auto& [key, message] : cases) {
    StrictReader reader(value, "here");
    (void)read_named<Colour>(reader, key);
    const auto done = reader.finish(true);
    ASSERT_FALSE(done) << key;
    EXPECT_EQ(done.error().message, message);
  }
}

}  // namespace
}  // namespace test
}  // namespace skillgrad
