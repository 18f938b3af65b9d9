// SPDX-License-Identifier: MIT
// SpreadsheetBench data sets with one golden workbook that is wrong or made to do harm.
#include <fmt/format.h>

#include "broken/broken_sets.hpp"
#include "broken/zip_bytes.hpp"
#include "fakes/xlsx_writer.hpp"

namespace skillgrad::broken {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSheet = "xl/worksheets/sheet1.xml";
constexpr const char* kStrings = "xl/sharedStrings.xml";
const std::string kOpen = "<worksheet><sheetData>";
const std::string kClose = "</sheetData></worksheet>";

/// A sound set whose second golden `change` spoils; the check names the task and the reason.
BrokenSet golden(const std::string& name, const std::vector<std::string>& says,
                 const std::function<void(const SoundSet&)>& change) {
  std::vector<std::string> all = {"1-2: ", "fix:", "3 tasks checked, 1 problem"};
  all.insert(all.end(), says.begin(), says.end());
  return {name, {"spreadsheetbench:set"}, 1, all, [change](const fs::path& folder) {
            change(SoundSet(folder));
          }};
}

Parts sound_parts() { return fakes::XlsxWriter().sheet("Data").number("A1", 1).parts(); }

/// A golden with one part replaced.
BrokenSet part(const std::string& name, const std::string& says, const char* part_name,
               const std::string& text) {
  return golden(name, {says}, [=](const SoundSet& set) {
    Parts parts = sound_parts();
    for (auto& [key, bytes] : parts)
      if (key == part_name) bytes = text;
    fakes::write_zip(set.golden(), parts);
  });
}

BrokenSet long_part(const std::string& name, const std::string& says, const LongPart& what) {
  return golden(name, {says},
                [=](const SoundSet& set) { write_zip_with(set.golden(), sound_parts(), what); });
}

std::string cell(const std::string& xml) { return kOpen + "<row>" + xml + "</row>" + kClose; }

// Names in names in names: the classic "billion laughs".
std::string laughs() {
  std::string dtd = "<?xml version=\"1.0\"?><!DOCTYPE w [<!ENTITY e0 \"ha\">";
  for (int i = 1; i <= 30; ++i)
    dtd += fmt::format("<!ENTITY e{} \"{}\">", i, repeated(fmt::format("&e{};", i - 1), 10));
  return dtd + "]><worksheet>&e30;</worksheet>";
}

}  // namespace

std::vector<BrokenSet> broken_workbooks() {
  return {
      golden("GoldenMissing", {"no input workbook with its golden one", "spreadsheet/1-2"},
             [](const SoundSet& set) { fs::remove(set.golden()); }),
      golden("TwoGoldens", {"two files claim to be the golden of case 1", "1_1-2_golden.xlsm"},
             [](const SoundSet& set) {
               fs::copy(set.golden(), set.dir / "spreadsheet/1-2/1_1-2_golden.xlsm");
             }),
      golden("GoldenCutOff", {"golden workbook", "not a zip file"},
             [](const SoundSet& set) {
               fs::resize_file(set.golden(), fs::file_size(set.golden()) * 2 / 3);
             }),
      golden("GoldenEmpty", {"golden workbook", "not a zip file"},
             [](const SoundSet& set) { fs::resize_file(set.golden(), 0); }),
      golden("GoldenIsAnOldXls", {"golden workbook", "not a zip file"},
             [](const SoundSet& set) {
               put(set.golden(), "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1" + std::string(4096, '\0'));
             }),
      golden("GoldenOfNoOfficeProgram", {"golden workbook", "[Content_Types].xml is missing"},
             [](const SoundSet& set) {
               fakes::write_zip(set.golden(), {{"a.txt", "x"}});
             }),
      golden("GoldenDamagedInside", {"golden workbook", "sheet1.xml"},
             [](const SoundSet& set) {
               std::string bytes = bytes_of(set.golden());
               // In the middle of the sheet's compressed bytes, which its checksum guards.
               const std::size_t at = bytes.find(kSheet) + std::string(kSheet).size() + 100;
               bytes[at] = static_cast<char>(bytes[at] ^ 0x55);
               put(set.golden(), bytes);
             }),
      golden("GoldenNeverComputed", {"Data!A1 is a formula without a cached value"},
             [](const SoundSet& set) {
               fakes::XlsxWriter().sheet("Data").formula("A1", "1+1").save(set.golden());
             }),
      part("CellOutsideTheSheet", "\"ZZZZ99999999\" is no cell", kSheet,
           cell("<c r=\"ZZZZ99999999\"><v>1</v></c>")),
      part("RowOutsideTheSheet", "\"99999999999999999999\" is no row number", kSheet,
           kOpen + "<row r=\"99999999999999999999\"><c><v>1</v></c></row>" + kClose),
      part("NumberThatIsNone", "\"1,5\" is no number", kSheet, cell("<c r=\"A1\"><v>1,5</v></c>")),
      part("SharedStringThatIsMissing", "\"7\" is no shared string", kSheet,
           cell("<c r=\"A1\" t=\"s\"><v>7</v></c>")),
      part("StyleThatIsMissing", "style \"900\" of a cell is missing", kSheet,
           cell("<c r=\"A1\" s=\"900\"><v>1</v></c>")),
      part("SheetCutOff", "ends before the document does", kSheet, kOpen + "<row>"),
      part("SheetInUtf16CutOff", "ends in the middle of a tag", kSheet,
           std::string("\xFF\xFE<\0w\0", 6)),
  };
}

std::vector<BrokenSet> hostile_workbooks() {
  const std::string blanks(std::size_t{1} << 20, ' ');
  const std::string cells = "<row>" + repeated("<c/>", 10'000) + "</row>";
  const std::string forty =
      "<row>" + repeated("<c t=\"str\"><v>" + std::string(40, 'x') + "</v></c>", 1'000) + "</row>";
  const std::string text = "<si><t>" + std::string(std::size_t{1} << 20, 'x') + "</t></si>";
  const std::string all_text = "<row>" + repeated("<c t=\"s\"><v>0</v></c>", 1'000) + "</row>";
  return {
      long_part("ZipBomb", "sheet1.xml inflates to more than the permitted number of bytes",
                {kSheet, {kOpen, blanks, 2'000, kClose}}),
      golden(
          "ZipBombThatLies", {"inflates to more than the permitted number of bytes"},
          [=](const SoundSet& set) {
            write_zip_with(set.golden(), sound_parts(), {kSheet, {kOpen, blanks, 1'000, kClose}});
            claim_size(set.golden(), kSheet, 1'000);
          }),
      long_part("ZipBombBelowTheCap", "is no cell",
                {kSheet, {kOpen, blanks, 500, "<row><c r=\"?\"/></row>" + kClose}}),
      long_part("MillionsOfElements", "more than 20000000 elements",
                {kSheet, {kOpen, "<row> </row>", 40'000'000, "<row><c r=\"?\"/></row>" + kClose}}),
      part("EntityExpansion", "sheet1.xml: has a DTD", kSheet, laughs()),
      part(
          "ExternalEntity", "sharedStrings.xml: has a DTD", kStrings,
          "<!DOCTYPE s [<!ENTITY f SYSTEM \"file:///etc/passwd\">]><sst><si><t>&f;</t></si></sst>"),
      long_part("TenMillionCells", "more than 5000000 cells",
                {kSheet, {kOpen, cells, 1'000, kClose}}),
      part("DimensionOfEverything", "is no cell", kSheet,
           "<worksheet><dimension ref=\"A1:XFD1048576\"/><cols><col min=\"1\" max=\"99999999\"/>"
           "</cols><sheetData><row spans=\"1:99999999\"><c "
           "r=\"A0\"/></row></sheetData></worksheet>"),
      part("DeepNesting", "nested too deeply", kSheet, repeated("<a>", 1'000'000)),
      long_part("EndlessTag", "tag is longer", {kSheet, {"<worksheet ", "a=''", 4'000'000, "/>"}}),
      part("MergesOverEverything", "merged", kSheet,
           kOpen + repeated("<row><c/></row>", 2'000) + "</sheetData><mergeCells>" +
               repeated("<mergeCell ref=\"A1:XFD1048576\"/>", 100'000) +
               "</mergeCells></worksheet>"),
      golden("OneTextInAMillionCells", {"too much text"},
             [=](const SoundSet& set) {
               Parts parts = sound_parts();
               for (auto& [name, bytes] : parts)
                 if (name == kStrings) bytes = "<sst>" + text + "</sst>";
               write_zip_with(set.golden(), parts, {kSheet, {kOpen, all_text, 1'000, kClose}});
             }),
      long_part("TextWithoutEnd", "too much text",
                {kStrings,
                 {"<sst><si><t>", std::string(std::size_t{1} << 20, 'x'), 480, "</t></si></sst>"}}),
      long_part("MillionsOfSharedStrings", "too many shared strings",
                {kStrings, {"<sst>", "<si/>", 6'000'000, "</sst>"}}),
      long_part("MillionsOfTextCells", "too much text", {kSheet, {kOpen, forty, 4'900, kClose}}),
      golden("MillionZipEntries", {"zip entries"},
             [](const SoundSet& set) { write_directory_only(set.golden(), 1'300'000); }),
      golden("FileOfFourGigabytes", {"expected at most 67108864", "1_1-2_golden.xlsx"},
             [](const SoundSet& set) { fs::resize_file(set.golden(), std::uintmax_t{4} << 30); }),
  };
}

}  // namespace skillgrad::broken
