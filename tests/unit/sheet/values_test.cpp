// SPDX-License-Identifier: MIT
// The value table of the benchmark's comparison rules, and how numbers become dates.
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include <skillgrad/sheet/values.hpp>

#include "sheet/values/date_time.hpp"
#include "sheet/values/python_number.hpp"

namespace skillgrad::sheet {
namespace {

CellValue number(double value) {
  CellValue cell;
  cell.type = CellType::number;
  cell.number = value;
  return cell;
}
CellValue text(std::string_view value) {
  CellValue cell;
  cell.type = CellType::text;
  cell.text = value;
  return cell;
}
CellValue boolean(bool value) {
  CellValue cell = number(value ? 1 : 0);
  cell.type = CellType::boolean;
  return cell;
}
CellValue error(std::string_view value) {
  CellValue cell = text(value);
  cell.type = CellType::error;
  return cell;
}
CellValue iso(const std::string& value) { return *value_of_iso8601(value); }
CellValue duration(double days) { return value_of_serial(days, NumberKind::duration, false); }

struct ValueCase {
  CellValue output, golden;
  bool same;
};

TEST(Values, CompareAsTheBenchmarkDoes) {
  const CellValue nothing;
  const ValueCase cases[] = {
      {number(1), number(1.004), true},
      {number(1), number(1.005), true},
      {number(1), number(1.006), false},
      {number(2.675), number(2.67), true},
      {number(2.675), number(2.68), false},
      {number(0.125), number(0.12), true},
      {number(0.125), number(0.13), false},
      {number(0.375), number(0.38), true},
      {number(0.004999), number(0.005001), false},
      {number(-0.001), number(0), true},
      {boolean(true), number(1), true},
      {boolean(false), number(0), true},
      {text("TRUE"), boolean(true), false},
      {text("1"), number(1), true},
      {text(" 5 "), number(5), true},
      {text("1e3"), number(1000), true},
      {text("+5"), number(5), true},
      {text(".5"), number(0.5), true},
      {text("5."), number(5), true},
      {text("1_000"), number(1000), true},
      {text("1e1_0"), number(1e10), true},
      {text("1__0"), number(10), false},
      {text("_1"), number(1), false},
      {text("1_"), number(1), false},
      {text("1_.5"), number(1.5), false},
      {text("５"), number(5), true},
      {text("٣"), number(3), true},
      {text("\u00A05\u3000"), number(5), true},
      {text("²"), number(2), false},
      {text("1_٣"), number(13), true},
      {text("+-5"), number(5), false},
      {text("\u22125"), number(-5), false},
      {text("5\u200B"), number(5), false},
      {text("5\u2028"), number(5), true},
      {text("INFINITY"), text("+inf"), true},
      {text("1e400"), number(1e308), false},
      {text("1,000"), number(1000), false},
      {text("5%"), number(0.05), false},
      {text("$5"), number(5), false},
      {text("0x10"), number(16), false},
      {text("nan"), text("nan"), false},
      {text("nan(1)"), text("nan(1)"), true},
      {text("inf"), text("Infinity"), true},
      {text("-inf"), text("-Infinity"), true},
      {text("1e400"), text("inf"), true},
      {text(""), nothing, true},
      {nothing, nothing, true},
      {nothing, text(""), true},
      {text(" "), nothing, false},
      {number(0), nothing, false},
      {text("0"), nothing, false},
      {boolean(false), nothing, false},
      {text("abc"), text("ABC"), false},
      {text("abc"), text("abc "), false},
      {text("a\nb"), text("a b"), false},
      {text("\u00E9"), text("e\u0301"), false},
      {error("#N/A"), error("#N/A"), true},
      {error("#N/A"), text("#N/A"), true},
      {error("#N/A"), nothing, false},
      {iso("2022-01-01T00:00:00"), number(44562), true},
      {iso("2022-01-01T00:00:00"), text("44562"), true},
      {iso("2022-01-01T00:00:00"), number(44562.001), true},
      {iso("2022-01-01T00:00:00"), number(44562.4), false},
      {iso("2022-01-01T00:00:00"), text("2022-01-01"), false},
      {iso("2022-01-01T12:00:00"), number(44562), true},
      {iso("2022-01-02T12:00:00"), number(44563), false},
      {iso("2022-01-02T12:00:00"), number(44564), true},
      {iso("2022-01-01T11:59:00"), iso("2022-01-01T00:00:00"), true},
      {iso("10:30:00"), text("10:30"), true},
      {iso("10:30:00"), number(0.4375), false},
      {iso("10:30:45"), iso("10:30:01"), true},
      {iso("10:30:00.5"), text("10:30"), false},
      {iso("10:30:00.5"), text("10:30:00.500"), true},
      {duration(1.25), number(1.25), false},
      {duration(1.25), duration(1.25), true},
      {iso("2022-01-01"), iso("2022-01-01"), true},
      {iso("2022-01-01"), number(44562), false},
      {iso("2022-01-01"), iso("2022-01-01T00:00:00"), false},
  };
  for (const ValueCase& test : cases) {
    EXPECT_EQ(same_value(test.output, test.golden), test.same)
        << type_name(test.output.type) << " \"" << value_text(test.output) << "\" against "
        << type_name(test.golden.type) << " \"" << value_text(test.golden) << "\"";
  }
}

TEST(Values, PlainRulesTakeTextsForTextsAndDatesForDates) {
  struct Case {
    CellValue a, b;
    bool published, plain;
  };
  const Case cases[] = {{text("nan"), text("nan"), false, true},
                        {text("NaN"), text("NaN"), false, true},
                        {text("nan"), text("NaN"), false, false},
                        {text("inf"), text("Infinity"), true, false},
                        {text("1e400"), text("1e400"), true, true},
                        {text("1e400"), text("2e400"), true, false},
                        {text("5"), number(5), true, true},
                        {iso("2022-01-01"), iso("2022-01-01"), true, true},
                        {iso("2022-01-01"), iso("2022-01-02"), false, false},
                        {iso("2022-01-01"), iso("2022-01-01T00:00:00"), false, true},
                        {iso("2022-01-01"), number(44562), false, true},
                        {iso("2022-01-01"), text("2022-01-01"), false, false}};
  for (const auto& [a, b, published, plain] : cases) {
    const std::string what = value_text(a) + " and " + value_text(b);
    EXPECT_EQ(same_value(a, b), published) << what;
    EXPECT_EQ(same_value(b, a), published) << what;
    EXPECT_EQ(same_value(a, b, ValueRules::plain), plain) << what;
    EXPECT_EQ(same_value(b, a, ValueRules::plain), plain) << what;
  }
}

TEST(Values, TextsTellCloseNumbersAndKindsApart) {
  EXPECT_EQ(value_text(number(123456.78)), "123456.78");
  EXPECT_EQ(value_text(number(123456.91)), "123456.91");
  EXPECT_EQ(value_text(number(1)), "1");
  EXPECT_EQ(value_text(number(0.1)), "0.1");
  EXPECT_EQ(value_text(number(std::numeric_limits<double>::infinity())), "inf");
  EXPECT_EQ(value_text(boolean(true)), "true");
  EXPECT_EQ(value_text(iso("2022-01-01T12:30:05.25")), "2022-01-01 12:30:05.250");
  EXPECT_EQ(value_text(iso("2022-01-01")), "2022-01-01");
  EXPECT_EQ(value_text(iso("10:30")), "10:30:00");
  EXPECT_EQ(value_text(duration(1.25)), "30:00:00");
  EXPECT_EQ(value_text(duration(-0.5)), "-12:00:00");
  EXPECT_EQ(value_text(value_of_serial(-0.25, NumberKind::date_time, false)),
            "1899-12-29 18:00:00");
  EXPECT_EQ(value_text(CellValue{}), "");
}

TEST(PythonNumber, AcceptsWhatCPythonDoesAndNothingElse) {
  EXPECT_EQ(parse_python_int(" 1_0 "), 10);
  EXPECT_EQ(parse_python_int("-7"), -7);
  for (const char* bad : {"", " ", "1.0", "1e3", "inf", "0x1", "1 2", "--1", "+", "1_"}) {
    EXPECT_FALSE(parse_python_int(bad).has_value()) << bad;
  }
  for (const char* bad : {"", " ", ".", "e5", "1e", "1e+", "+-1", "1 2", "infin", "nan1"}) {
    EXPECT_FALSE(parse_python_float(bad).has_value()) << bad;
  }
  EXPECT_EQ(parse_python_float("1e-400"), 0);
  EXPECT_EQ(parse_python_float("-1e400"), -std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(*parse_python_float("-NaN")));
}

struct SerialCase {
  double serial;
  const char* type;
  const char* text;
};

TEST(DateTime, SerialsBecomeWhatOpenpyxlMakesOfThem) {
  const SerialCase cases[] = {
      {0, "time", "00:00:00"},
      {0.5, "time", "12:00:00"},
      {0.99999999999, "datetime", "1900-01-01 00:00:00"},
      {1, "datetime", "1900-01-01 00:00:00"},
      {59, "datetime", "1900-02-28 00:00:00"},
      {60, "datetime", "1900-02-28 00:00:00"},
      {61, "datetime", "1900-03-01 00:00:00"},
      {44562.75, "datetime", "2022-01-01 18:00:00"},
      {-1, "datetime", "1899-12-29 00:00:00"},
      {2958465, "datetime", "9999-12-31 00:00:00"},
      {2958466, "error", "#VALUE!"},
      {3000000, "error", "#VALUE!"},
      {-700000, "error", "#VALUE!"},
      {1e300, "error", "#VALUE!"},
  };
  for (const auto& [serial, type, expected] : cases) {
    const CellValue value = value_of_serial(serial, NumberKind::date_time, false);
    EXPECT_STREQ(type_name(value.type), type) << serial;
    EXPECT_EQ(value_text(value), expected) << serial;
  }
  const SerialCase cases_1904[] = {
      {0, "time", "00:00:00"},
      {0.99999999999, "datetime", "1904-01-02 00:00:00"},
      {1, "datetime", "1904-01-02 00:00:00"},
      {59, "datetime", "1904-02-29 00:00:00"},
      {60, "datetime", "1904-03-01 00:00:00"},
      {-1462, "datetime", "1899-12-30 00:00:00"},
      {2957003, "datetime", "9999-12-31 00:00:00"},
      {2957003.99999999, "datetime", "9999-12-31 23:59:59.999"},
      {2957004, "error", "#VALUE!"},
      {-695055, "datetime", "0001-01-01 00:00:00"},
      {-695056, "error", "#VALUE!"},
  };
  for (const auto& [serial, type, expected] : cases_1904) {
    const CellValue value = value_of_serial(serial, NumberKind::date_time, true);
    EXPECT_STREQ(type_name(value.type), type) << serial;
    EXPECT_EQ(value_text(value), expected) << serial;
  }
  EXPECT_EQ(value_of_serial(1e10, NumberKind::duration, false).type, CellType::error);
}

TEST(DateTime, FormatCodesSayHowNumbersAreRead) {
  const std::pair<const char*, NumberKind> cases[] = {
      {"General", NumberKind::plain},
      {"0.00", NumberKind::plain},
      {"yyyy-mm-dd", NumberKind::date_time},
      {"d", NumberKind::date_time},
      {"[h]:mm:ss", NumberKind::duration},
      {"[HH]:00", NumberKind::plain},
      {"[mm]:ss", NumberKind::duration},
      {"0.00;d", NumberKind::plain},
      {"\"days\" 0", NumberKind::plain},
      {"[Red]0", NumberKind::plain},
      {"[$-409]d-mmm;@", NumberKind::date_time},
      {"\\d0", NumberKind::plain},
      {"0_d", NumberKind::plain},
      {"#,##0", NumberKind::plain},
      {"AM/PM", NumberKind::date_time},
      {"[s].00", NumberKind::duration},
      {"[Red][h]:mm", NumberKind::duration},
      {"[h]:mm;yyyy", NumberKind::duration},
      {"yyyy;[h]:mm", NumberKind::date_time},
      {"\"[h]\"0", NumberKind::plain},
      {"[hhh]0", NumberKind::plain},
      {"[h", NumberKind::date_time},
      {"\"unclosed d", NumberKind::date_time},
      {"[>100]0;d", NumberKind::plain},
      {"[yy]0", NumberKind::plain},
  };
  for (const auto& [code, kind] : cases) EXPECT_EQ(kind_of_format(code), kind) << code;
  for (unsigned id = 0; id < 60; ++id) {
    const bool date = (id >= 14 && id <= 22) || (id >= 45 && id <= 47);
    EXPECT_EQ(kind_of_builtin_format(id) != NumberKind::plain, date) << id;
  }
  EXPECT_EQ(kind_of_builtin_format(46), NumberKind::duration);
}

TEST(DateTime, BadIsoDatesAreRefused) {
  for (const char* bad : {"yesterday", "2022-13-01", "2022-02-30", "25:00", "0000-01-01", "P1D"}) {
    EXPECT_FALSE(value_of_iso8601(bad).has_value()) << bad;
  }
  EXPECT_EQ(value_of_iso8601("PT1H30M")->type, CellType::duration);
}

}  // namespace
}  // namespace skillgrad::sheet
