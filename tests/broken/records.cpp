// SPDX-License-Identifier: MIT
// JSON Lines, CSV, TSV and evals.json files that are wrong.
#include <filesystem>

#include "broken/broken_sets.hpp"
#include "broken/zip_bytes.hpp"

namespace skillgrad::broken {
namespace {

namespace fs = std::filesystem;

const std::string kGood = R"({"id":"a","input":"Say yes.","target":"yes"})"
                          "\n";

BrokenSet file(const std::string& name, int code, const std::vector<std::string>& says,
               const std::string& path, const Text& text) {
  return {name, {path}, code, says, [path, text](const fs::path& folder) {
            put(folder / path, text.str());
          }};
}

/// A good record, then this one on line 2.
BrokenSet record(const std::string& name, const std::vector<std::string>& says, Text text) {
  text.head = kGood + text.head;
  text.tail += "\n";
  std::vector<std::string> all = {"tasks.jsonl:2", "fix:"};
  all.insert(all.end(), says.begin(), says.end());
  return file(name, 2, all, "tasks.jsonl", text);
}

BrokenSet table(const std::string& name, const std::vector<std::string>& says, const Text& text) {
  return file(name, 2, says, "tasks.csv", text);
}

}  // namespace

std::vector<BrokenSet> broken_records() {
  return {
      record("BrokenLine", {"invalid JSON"}, R"({"id":"b","input":)"),
      record("LineThatIsNoObject", {"a record is a JSON object"}, "[1]"),
      record("KeyUsedTwice", {"key \"id\" occurs twice"}, R"({"id":"b","id":"c","input":"x"})"),
      record("RecordWithoutInput", {"no \"input\"", "id, riddle"},
             R"({"id":"b","riddle":"x","target":"y"})"),
      record("RecordWithoutTarget", {"no \"target\", \"grader\" or \"checks\""},
             R"({"id":"b","input":"x"})"),
      record("UnknownGrader", {"exct", "\"exact\"?"},
             R"({"id":"b","input":"x","target":"y","grader":"exct"})"),
      record("UnknownOption", {"ignore_cse", "ignore_case"},
             R"({"id":"b","input":"x","target":"y","grader":{"type":"exact","ignore_cse":true}})"),
      record("PatternThatIsNone", {"(un"},
             R"({"id":"b","input":"x","grader":{"type":"regex"},"target":"(un"})"),
      record("InputFileMissing", {"no file \"gone.csv\""},
             R"({"id":"b","input":"x","target":"y","files":{"in.csv":{"path":"gone.csv"}}})"),
      record("InputFileThatLeavesTheFolder", {"../secret", "leaves the folder"},
             R"({"id":"b","input":"x","target":"y","files":{"in.csv":{"path":"../secret"}}})"),
      record("FileNameThatLeavesTheFolder", {"../in.csv", "leaves the work directory"},
             R"({"id":"b","input":"x","target":"y","files":{"../in.csv":{"text":"z"}}})"),
      record("OutputThatLeavesTheFolder", {"/tmp/out", "leaves the work directory"},
             R"({"id":"b","input":"x","target":"y","output":"/tmp/out"})"),
      record("GoldenWorkbookMissing", {"no file \"golden.xlsx\""},
             R"({"id":"b","input":"x","output":"o.xlsx",)"
             R"("grader":{"type":"xlsx-cells","golden":"golden.xlsx","position":"A1"}})"),
      record("DataUriThatIsNone", {"data URI of file \"in.csv\" cannot be decoded"},
             R"({"id":"b","input":"x","target":"y","files":{"in.csv":"data:;base64,@@@@"}})"),
      record("RecordInLatin1", {"not UTF-8: bad byte", "save the file as UTF-8"},
             "{\"id\":\"b\",\"input\":\"caf\xE9\",\"target\":\"y\"}"),
      record("RecordWithNulBytes", {"NUL"}, std::string("{\"id\":\0\0}", 9)),
      record("LineOfManyMegabytes", {"expected at most 16777216"}, {"[[]", ",[]", 10'000'000, "]"}),
      file("RecordIdUsedTwice", 2, {"id \"a\" is used by record 1 and again by record 2", "fix:"},
           "tasks.jsonl", kGood + kGood),
      file("RecordsWithSplitsThatShareContent", 1,
           {"b: in test has the same content as a in train", "fix:"}, "tasks.jsonl",
           "{\"id\":\"a\",\"input\":\"Say yes.\",\"target\":\"yes\",\"split\":\"train\"}\n"
           "{\"id\":\"b\",\"input\":\"Say yes.\",\"target\":\"yes\",\"split\":\"test\"}\n"),
      file("GoldenThatScoresLess", 1, {"a: ", "golden answer scores 0, expected 1", "fix:"},
           "tasks.jsonl", R"({"id":"a","input":"x","target":"yes","golden":"no"})"),
      file("EmptyAnswerThatPasses", 1, {"a: ", "an empty answer scores 1, expected 0", "fix:"},
           "tasks.jsonl", R"({"id":"a","input":"x","grader":{"type":"regex"},"target":".*"})"),
      file("NoRecords", 2, {"no record in this file", "tasks.jsonl", "fix:"}, "tasks.jsonl",
           "\n\n"),
      file("MillionsOfLines", 2, {"no record in this file", "fix:"}, "tasks.jsonl",
           {"", "\n", 60'000'000, ""}),
      file("RecordsOfManyMegabytes", 2, {"expected at most 67108864", "tasks.jsonl", "fix:"},
           "tasks.jsonl", {"", "\n", 80'000'000, ""}),
      table("TableWithUnevenRecords",
            {"this row has 3 fields, the header has 2", "tasks.csv:3", "fix:"},
            "input,target\nSay yes.,yes\nSay a, or b.,a\n"),
      table("TableWithoutATarget", {"no column for the target", "note", "tasks.csv", "fix:"},
            "input,note\nSay yes.,yes\n"),
      table("TableWithTwoInputs", {"several columns may be the input", "fix:"},
            "input,prompt,target\na,b,c\n"),
      table("RecordWithAnOpenQuote", {"never closed", "tasks.csv:2", "fix:"},
            "input,target\n\"Say yes.,yes\n"),
      table("TableInUtf16", {"not UTF-8: it looks like UTF-16", "tasks.csv:1", "fix:"},
            std::string("\xFF\xFEi\0n\0", 6)),
      table("TableOfMillionsOfCommas", {"more than 2000000 cells", "tasks.csv:1", "fix:"},
            {"", ",", 60'000'000, ""}),
      table("TableOfMillionsOfRows", {"more than 2000000 cells", "tasks.csv:", "fix:"},
            {"input,target\n", ",\n", 20'000'000, ""}),
      file("TsvOfMillionsOfRows", 2, {"more than 2000000 cells", "tasks.tsv:", "fix:"}, "tasks.tsv",
           {"input\ttarget\n", "\t\n", 20'000'000, ""}),
      file("EvalWithoutAssertions", 2,
           {"no assertions and no expected_output", "evals.json: eval 1", "fix:"},
           "evals/evals.json", R"({"evals":[{"id":1,"prompt":"x"}]})"),
      file("EvalsThatAreNoList", 2, {"no list \"evals\"", "evals.json", "fix:"}, "evals/evals.json",
           R"({"evals":{}})"),
      file("EvalFileMissing", 2, {"no file or folder \"gone.csv\"", "evals.json: eval 1", "fix:"},
           "evals/evals.json",
           R"({"evals":[{"id":1,"prompt":"x","assertions":["y"],"files":["gone.csv"]}]})"),
      file("EvalsCutOff", 2, {"invalid JSON", "evals.json:1", "fix:"}, "evals/evals.json",
           R"({"evals":[{"id":1,)"),
  };
}

std::vector<BrokenSet> broken_sets() {
  std::vector<BrokenSet> out;
  for (auto* list : {broken_workbooks, hostile_workbooks, broken_spreadsheet_sets,
                     broken_question_sets, broken_records})
    for (auto& set : list()) out.push_back(std::move(set));
  return out;
}

}  // namespace skillgrad::broken
