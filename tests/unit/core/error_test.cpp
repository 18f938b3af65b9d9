// SPDX-License-Identifier: MIT
#include <cerrno>
#include <set>

#include <gtest/gtest.h>

#include <skillgrad/core/error.hpp>
#include <skillgrad/core/registry.hpp>

namespace skillgrad {
namespace {

TEST(Error, TextShowsContextOutermostFirstThenPlaceAndMend) {
  const Error error = Error{ErrorCode::input, "got 4, expected 5", "a.json:3", "write 5", {}}
                          .with_context("inner")
                          .with_context("outer");
  EXPECT_EQ(error.to_text(),
            "error: outer: inner: got 4, expected 5\n  at: a.json:3\n  fix: write 5");
  EXPECT_EQ(error.to_line(), "input: outer: inner: got 4, expected 5 (at a.json:3); fix: write 5");
}

TEST(Error, LineHasNoLineBreaks) {
  const Error error{ErrorCode::io, "two\r\nlines", "", "", {}};
  EXPECT_EQ(error.to_line(), "io: two  lines");
}

TEST(Error, EveryCodeHasItsOwnNameAndAnExitCode) {
  std::set<std::string> names;
  for (int i = 0; i <= static_cast<int>(ErrorCode::internal); ++i) {
    names.insert(name_of(static_cast<ErrorCode>(i)));
  }
  EXPECT_EQ(names.size(), static_cast<std::size_t>(ErrorCode::internal) + 1);
  EXPECT_EQ(exit_code_of(ErrorCode::usage), 2);
  EXPECT_EQ(exit_code_of(ErrorCode::locked), 2);
  EXPECT_EQ(exit_code_of(ErrorCode::disk_full), 3);
  EXPECT_EQ(exit_code_of(ErrorCode::auth), 3);
  EXPECT_EQ(exit_code_of(ErrorCode::budget), 4);
  EXPECT_EQ(exit_code_of(ErrorCode::deadline), 4);
  EXPECT_EQ(exit_code_of(ErrorCode::cancelled), 130);
  EXPECT_EQ(exit_code_of(ErrorCode::internal), 3);
}

TEST(Error, FullDiskIsToldFromOtherIoErrors) {
  EXPECT_EQ(errno_error(ENOSPC, "cannot write", "f").code, ErrorCode::disk_full);
  EXPECT_EQ(errno_error(EDQUOT, "cannot write", "f").code, ErrorCode::disk_full);
  const Error denied = errno_error(EACCES, "cannot write", "f");
  EXPECT_EQ(denied.code, ErrorCode::io);
  EXPECT_EQ(denied.message, "cannot write: Permission denied");
  EXPECT_EQ(denied.where, "f");
}

Result<int> half(int n) {
  if (n % 2 != 0) return fail(ErrorCode::input, "odd");
  return n / 2;
}

Result<int> quarter(int n) {
  SKILLGRAD_TRY(const int once, half(n));
  SKILLGRAD_TRY(const int twice, half(once));
  return twice;
}

TEST(Error, TryHandsTheErrorToTheCaller) {
  EXPECT_EQ(quarter(8).value(), 2);
  EXPECT_EQ(quarter(6).error().message, "odd");
}

struct Animal {
  virtual ~Animal() = default;
  [[nodiscard]] virtual int legs() const = 0;
};
struct Table final : Animal {
  explicit Table(int legs) : legs_(legs) {}
  [[nodiscard]] int legs() const override { return legs_; }
  int legs_;
};

TEST(Registry, MakesByNameAndSuggestsTheNearestName) {
  Registry<Animal, int> registry("animal");
  registry.add("table", [](int legs) -> Result<std::unique_ptr<Animal>> {
    return std::make_unique<Table>(legs);
  });
  EXPECT_EQ(registry.make("table", 3).value()->legs(), 3);
  const auto close = registry.make("tabel", 3);
  ASSERT_FALSE(close);
  EXPECT_EQ(close.error().code, ErrorCode::config);
  EXPECT_EQ(close.error().message, "unknown animal \"tabel\"");
  EXPECT_EQ(close.error().mend, "did you mean \"table\"?");
  EXPECT_EQ(registry.make("zebra", 3).error().mend, "use one of: table");
}

}  // namespace
}  // namespace skillgrad
