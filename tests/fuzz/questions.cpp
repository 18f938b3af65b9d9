// SPDX-License-Identifier: MIT
// Fuzzes WikiTableQuestions: the split files, the tables and the normalising of answers. The first
// byte chooses; the rest is the text.
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string_view>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/text.hpp>

#include "bench/csv.hpp"
#include "bench/wikitablequestions/dataset.hpp"

namespace {

using namespace skillgrad;

void must(bool holds) {
  if (!holds) std::abort();
}

// What an agent gets is the same table: rewritten as RFC 4180, it reads as the same cells.
void check_table(const std::string& text) {
  const auto rows = bench::parse_table(text, "table");
  if (!rows) return;
  std::string csv;
  for (const auto& row : *rows) csv += bench::csv_line(row);
  const auto again = bench::parse_csv(csv, "table");
  must(again.has_value() && again->size() == rows->size());
  for (std::size_t i = 0; i < rows->size(); ++i) must((*again)[i].cells == (*rows)[i]);
}

void check_questions(const std::string& text) {
  static const TempDir folder = TempDir::create("skillgrad-fuzz-").value();
  const std::size_t cut = std::min(text.find("\n===\n"), text.size());
  fs::create_directories(folder.path() / "data");
  fs::create_directories(folder.path() / "tagged/data");
  std::ofstream(folder.path() / "data/training.tsv") << text.substr(0, cut);
  const auto tagged = folder.path() / "tagged/data/training.tagged";
  fs::remove(tagged);
  if (cut < text.size()) std::ofstream(tagged) << text.substr(cut + 5);
  const auto set = bench::read_questions(folder.path());
  if (!set) {
    must(!set.error().message.empty() && !set.error().where.empty());
    return;
  }
  for (const auto& question : set->questions) must(!question.id.empty());
}

// A denotation equals itself whatever its text is, and its grade says what it counts.
void check_answer(const std::string& text) {
  const auto items = bench::items_of_file(text);
  (void)bench::items_of_message(text);
  std::vector<bench::AnswerItem> targets;
  for (const std::string& item : items) {
    const auto value = bench::make_value(item, item);
    must(value.matches(value));
    must(first_invalid_utf8(bench::normalize_answer(item)) == std::nullopt);
    targets.push_back({item, ""});
  }
  const auto grade = bench::grade_denotation(targets, items);
  must(grade.matched <= grade.total);
  must(targets.empty() || grade.score == 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0]) {
    case 't':
      check_table(text);
      break;
    case 'q':
      check_questions(text);
      break;
    default:
      if (!first_invalid_utf8(text)) check_answer(text);
  }
  for (const std::string& item : bench::unescape_list(text)) must(item.size() <= text.size());
  return 0;
}
