// SPDX-License-Identifier: MIT
// Workbooks from an attacker end in an error, soon and without much memory.
#include <ctime>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/sheet/workbook.hpp>

#include "fakes/large.hpp"
#include "fakes/xlsx_writer.hpp"

namespace skillgrad::sheet {
namespace {

using fakes::XlsxWriter;

#if defined(__OPTIMIZE__) && !defined(SKILLGRAD_SANITIZED)
constexpr double kSeconds = 2;
#else
constexpr double kSeconds = 30;  // slower code; the limit that counts is the one above
#endif
#ifdef SKILLGRAD_SANITIZED
constexpr long kMemoryKb = 4L << 20;  // shadow memory and quarantine come on top
#else
constexpr long kMemoryKb = 500L << 10;
#endif

std::string repeated(const std::string& unit, std::size_t count) {
  std::string out;
  out.reserve(unit.size() * count);
  for (std::size_t i = 0; i < count; ++i) out += unit;
  return out;
}

class HostileWorkbook : public testing::Test {
 protected:
  void expect_unreadable(const std::string& part_of_message = "unreadable: ") {
    const std::clock_t start = std::clock();
    const auto book = Workbook::read(path_);
    const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    ASSERT_FALSE(book);
    EXPECT_EQ(book.error().code, ErrorCode::input);
    EXPECT_THAT(book.error().message, testing::HasSubstr(part_of_message));
    EXPECT_LT(seconds, kSeconds) << book.error().message;
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    EXPECT_LT(usage.ru_maxrss, kMemoryKb) << book.error().message;
  }
  void write_bytes(const std::string& bytes) { std::ofstream(path_, std::ios::binary) << bytes; }
  /// A sound workbook with one part replaced.
  void write_with(const std::string& part, const std::string& text) {
    auto parts = XlsxWriter().sheet("S").number("A1", 1).parts();
    for (auto& [name, content] : parts) {
      if (name == part) content = text;
    }
    fakes::write_zip(path_, parts);
  }
  TempDir folder_ = *TempDir::create("skillgrad-hostile-");
  fs::path path_ = folder_.path() / "book.xlsx";
  const std::string sheet_ = "xl/worksheets/sheet1.xml";
};

TEST_F(HostileWorkbook, FilesThatAreNoZipAreUnreadable) {
  for (const std::string& bytes :
       {std::string(), std::string("PK"), std::string("a,b\n1,2\n"), std::string(100'000, '\0')}) {
    write_bytes(bytes);
    expect_unreadable();
  }
}

TEST_F(HostileWorkbook, TruncatedZipAtAnyLengthIsUnreadable) {
  XlsxWriter().sheet("S").number("A1", 1).save(path_);
  const std::string whole = *read_file(path_);
  for (std::size_t length = 0; length < whole.size(); length += 37) {
    write_bytes(whole.substr(0, length));
    ASSERT_FALSE(Workbook::read(path_)) << length;
  }
}

TEST_F(HostileWorkbook, FlippedBytesNeverCrash) {
  XlsxWriter().sheet("S").number("A1", 1).text("B2", "x").merge("A1:B1").save(path_);
  const std::string whole = *read_file(path_);
  std::size_t unreadable = 0;
  for (std::size_t i = 0; i < whole.size(); i += 3) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x55);
    write_bytes(damaged);
    if (!Workbook::read(path_)) ++unreadable;
  }
  EXPECT_GT(unreadable, 0U);
}

TEST_F(HostileWorkbook, ChecksumIsHeldAgainstThePartAndItsSizeIsNotTrusted) {
  constexpr std::size_t kChecksum = 16, kSize = 24, kName = 46;
  XlsxWriter().sheet("S").raw(repeated("<c><v>7</v></c>", 1'000)).save(path_);
  const std::string whole = *read_file(path_);
  // The directory follows the parts, so the name's last place is there.
  const std::size_t entry = whole.rfind(sheet_) - kName;
  ASSERT_EQ(whole.substr(entry, 4), "PK\x01\x02");
  for (const std::size_t field : {kChecksum, kSize}) {
    for (const int change : {-1, 1}) {
      std::string changed = whole;
      changed[entry + field] = static_cast<char>(changed[entry + field] + change);
      write_bytes(changed);
      const auto book = Workbook::read(path_);
      ASSERT_EQ(book.has_value(), field == kSize) << change;
      if (book) {
        EXPECT_EQ(book->sheets()[0].at(1, 1'000).number, 7) << change;
      } else {
        EXPECT_THAT(book.error().message, testing::HasSubstr("sheet1.xml")) << change;
      }
    }
  }
}

TEST_F(HostileWorkbook, OtherKindsOfFilesAreUnreadable) {
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  expect_unreadable("not a regular file");
  fs::remove(path_);
  fs::create_directory(path_);
  expect_unreadable("not a regular file");
  fs::remove(path_);
  expect_unreadable("cannot open");
  fakes::write_zip(path_, {{"a.txt", "x"}});
  expect_unreadable("[Content_Types].xml");
}

TEST_F(HostileWorkbook, ZipBombIsReadInConstantMemory) {
  write_with(sheet_,
             std::string(static_cast<std::size_t>(fakes::large(128, 32)) << 20U, ' ') + "x");
  expect_unreadable("outside its root");
}

TEST_F(HostileWorkbook, InflatedBytesAreCapped) {
  write_with(sheet_, "<worksheet><sheetData>" + std::string(std::size_t{3} << 20, ' '));
  ReadLimits limits;
  limits.inflated_bytes = 1 << 20;
  const auto book = Workbook::read(path_, limits);
  ASSERT_FALSE(book);
  EXPECT_THAT(book.error().message, testing::HasSubstr("permitted number of bytes"));
}

TEST_F(HostileWorkbook, ManyEntriesAreRefused) {
  auto parts = XlsxWriter().sheet("S").parts();
  for (int i = 0; i < 10'001; ++i) parts.emplace_back("x" + std::to_string(i), "");
  fakes::write_zip(path_, parts);
  expect_unreadable("zip entries");
}

TEST_F(HostileWorkbook, DtdAndItsEntitiesAreRefused) {
  write_with(sheet_,
             "<?xml version=\"1.0\"?><!DOCTYPE w [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b "
             "\"&a;&a;&a;&a;&a;&a;&a;&a;\">]><worksheet>&b;</worksheet>");
  expect_unreadable("has a DTD");
  write_with("xl/sharedStrings.xml", "<!DOCTYPE x SYSTEM \"file:///etc/passwd\"><sst/>");
  expect_unreadable("has a DTD");
}

TEST_F(HostileWorkbook, DeepNestingIsRefused) {
  write_with(sheet_, repeated("<a>", 1'000'000));
  expect_unreadable("nested too deeply");
}

TEST_F(HostileWorkbook, EndlessTagIsRefused) {
  write_with(sheet_, "<worksheet a=\"" + repeated(">'", std::size_t{4} << 20) + "\"/>");
  expect_unreadable("tag is longer");
  write_with(sheet_, "<worksheet " + repeated("a=''", std::size_t{4} << 20) + "/>");
  expect_unreadable("tag is longer");
}

#ifndef SKILLGRAD_SANITIZED  // so many cells take half a minute there
TEST_F(HostileWorkbook, TenMillionCellsAreRefused) {
  write_with(sheet_, "<worksheet><sheetData>" +
                         repeated("<row>" + repeated("<c/>", 10'000) + "</row>", 1'000) +
                         "</sheetData></worksheet>");
  expect_unreadable("cells");
}
#endif

TEST_F(HostileWorkbook, OneLongTextInManyCellsIsRefused) {
  auto parts = XlsxWriter().sheet("S").parts();
  for (auto& [name, text] : parts) {
    if (name == "xl/sharedStrings.xml") {
      text = "<sst><si><t>" + std::string(std::size_t{1} << 20, 'x') + "</t></si></sst>";
    }
    if (name == sheet_) {
      text = "<worksheet><sheetData><row>" + repeated("<c t=\"s\"><v>0</v></c>", 10'000) +
             "</row></sheetData></worksheet>";
    }
  }
  fakes::write_zip(path_, parts);
  expect_unreadable("too much text");
}

TEST_F(HostileWorkbook, MergesOverEverythingEndSoon) {
  std::string cells;
  for (int row = 1; row <= 2'000; ++row) {
    cells += "<row><c r=\"A" + std::to_string(row) + "\"/></row>";
  }
  write_with(sheet_, "<worksheet><sheetData>" + cells + "</sheetData><mergeCells>" +
                         repeated("<mergeCell ref=\"A1:XFD1048576\"/>", 100'000) +
                         "</mergeCells></worksheet>");
  expect_unreadable("merged");
}

TEST_F(HostileWorkbook, ExternalRelationshipsAreNotFollowed) {
  auto parts = XlsxWriter().sheet("S").number("A1", 1).parts();
  for (auto& [name, text] : parts) {
    if (name != "xl/_rels/workbook.xml.rels") continue;
    const std::string target = "Target=\"worksheets/sheet1.xml\"";
    text.replace(text.find(target), target.size(),
                 "TargetMode=\"External\" Target=\"file:///etc/passwd\"");
  }
  fakes::write_zip(path_, parts);
  expect_unreadable("has no part");
}

}  // namespace
}  // namespace skillgrad::sheet
