// SPDX-License-Identifier: MIT
#include "bench/wikitablequestions/dataset.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/text.hpp>

#include "bench/dataset_file.hpp"
#include "bench/grade_tools.hpp"

namespace skillgrad::bench {
namespace {

constexpr std::size_t kMaxItems = 10'000;  // of one answer

std::vector<std::string_view> cut(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

/// A file of lines with tab-separated columns that its first line names.
class TsvReader {
 public:
  static Result<TsvReader> open(const fs::path& path, const std::vector<std::string>& wanted) {
    TsvReader reader;
    reader.file_ = path.string();
    SKILLGRAD_TRY(reader.text_, read_dataset_text(path));
    reader.rest_ = reader.text_;
    if (reader.count_cells() > kMaxColumns)
      return unexpected(too_many("columns", kMaxColumns, reader.file_ + ":1"));
    const auto header = reader.next_cells();
    for (const std::string& name : wanted) {
      const auto found = std::find(header.begin(), header.end(), name);
      if (found == header.end())
        return fail(ErrorCode::dataset, "no column \"" + name + "\"", reader.file_ + ":1",
                    "the first line must name the columns " + join(wanted, ", "));
      reader.columns_.push_back(static_cast<std::size_t>(found - header.begin()));
    }
    reader.width_ = header.size();
    return reader;
  }
  TsvReader(const TsvReader&) = delete;
  TsvReader& operator=(const TsvReader&) = delete;
  // `rest_` points into `text_`, whose buffer may move with it.
  TsvReader(TsvReader&& other) noexcept
      : file_(std::move(other.file_)),
        offset_(other.text_.size() - other.rest_.size()),
        text_(std::move(other.text_)),
        columns_(std::move(other.columns_)),
        width_(other.width_),
        line_(other.line_) {
    rest_ = std::string_view(text_).substr(offset_);
  }
  ~TsvReader() = default;

  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] std::string where() const { return file_ + ":" + std::to_string(line_); }

  /// The wanted columns of the next line.
  Result<std::vector<std::string_view>> next() {
    const std::size_t count = count_cells();
    if (count != width_)
      return fail(ErrorCode::dataset,
                  "this line has " + std::to_string(count) + " columns, the first has " +
                      std::to_string(width_),
                  file_ + ":" + std::to_string(line_ + 1),
                  "get the file anew: its lines end with LF and hold no further tabs");
    const auto cells = next_cells();
    std::vector<std::string_view> out;
    for (const std::size_t column : columns_) out.push_back(cells[column]);
    return out;
  }

 private:
  TsvReader() = default;
  // Before a line is cut, which takes memory for each of its cells.
  [[nodiscard]] std::size_t count_cells() const {
    const std::string_view line = rest_.substr(0, rest_.find('\n'));
    return 1 + static_cast<std::size_t>(std::count(line.begin(), line.end(), '\t'));
  }
  std::vector<std::string_view> next_cells() {
    const std::size_t end = rest_.find('\n');
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    ++line_;
    return cut(line, '\t');
  }
  std::string file_;
  std::size_t offset_ = 0;
  std::string text_;
  std::string_view rest_;
  std::vector<std::size_t> columns_;
  std::size_t width_ = 0, line_ = 0;
};

Result<std::vector<std::string>> read_list(std::string_view field, const std::string& where) {
  if (std::count(field.begin(), field.end(), '|') >= static_cast<std::ptrdiff_t>(kMaxItems))
    return unexpected(too_many("items in one list", kMaxItems, where));
  return unescape_list(field);
}

using CanonicalItems = std::unordered_map<std::string, std::vector<std::string>>;

Result<CanonicalItems> read_tagged(const fs::path& path) {
  SKILLGRAD_TRY(TsvReader reader, TsvReader::open(path, {"id", "targetCanon"}));
  CanonicalItems items;
  while (!reader.at_end()) {
    SKILLGRAD_TRY(const auto cells, reader.next());
    if (items.size() == kMaxTasks)
      return unexpected(too_many("questions", kMaxTasks, reader.where()));
    SKILLGRAD_TRY(auto list, read_list(cells[1], reader.where()));
    items.emplace(std::string(cells[0]), std::move(list));
  }
  return items;
}

/// Without an entry of `canonical` the question's raw items stay.
Result<> set_canonical(Question& question, const CanonicalItems& canonical) {
  const auto found = canonical.find(question.id);
  if (found == canonical.end()) return {};
  if (found->second.size() != question.targets.size())
    return fail(ErrorCode::dataset,
                "question \"" + question.id + "\" has " + std::to_string(question.targets.size()) +
                    " target items and " + std::to_string(found->second.size()) + " canonical ones",
                question.where, "get the tagged file that belongs to this split");
  for (std::size_t i = 0; i < question.targets.size(); ++i)
    question.targets[i].canonical = found->second[i];
  return {};
}

Result<> read_split(const fs::path& dir, const std::string& split,
                    std::unordered_set<std::string>& seen, QuestionSet& set) {
  const fs::path tagged = dir / "tagged" / "data" / (split + ".tagged");
  std::error_code error;
  const bool has_tagged = fs::is_regular_file(tagged, error);
  CanonicalItems canonical;
  if (has_tagged) {
    SKILLGRAD_TRY(canonical, read_tagged(tagged));
  } else {
    set.notices.push_back("no tagged/data/" + split +
                          ".tagged: the raw items of these questions serve as canonical ones, so "
                          "some verdicts differ from the official ones");
  }
  SKILLGRAD_TRY(TsvReader reader, TsvReader::open(dir / "data" / (split + ".tsv"),
                                                  {"id", "utterance", "context", "targetValue"}));
  std::unordered_set<std::string> here;
  std::vector<std::string> untagged;
  while (!reader.at_end()) {
    SKILLGRAD_TRY(const auto cells, reader.next());
    Question question;
    question.id = cells[0];
    question.where = reader.where();
    if (question.id.empty() || !here.insert(question.id).second)
      return fail(ErrorCode::dataset, "id \"" + question.id + "\" is empty or used twice",
                  question.where, "get the file anew");
    // The random splits cut the training questions anew: one question, one task.
    if (!seen.insert(question.id).second) continue;
    question.utterance = unescape_item(std::string(cells[1]));
    question.context = cells[2];
    question.split = split;
    if (!is_confined(question.context))
      return fail(ErrorCode::dataset, "table \"" + question.context + "\" leaves the data set",
                  question.where, "use a relative path without \"..\"");
    SKILLGRAD_TRY(auto targets, read_list(cells[3], question.where));
    for (std::string& item : targets) question.targets.push_back({std::move(item), ""});
    SKILLGRAD_CHECK(set_canonical(question, canonical));
    if (has_tagged && !canonical.contains(question.id)) untagged.push_back(question.id);
    if (set.questions.size() == kMaxTasks)
      return unexpected(too_many("questions", kMaxTasks, question.where));
    set.questions.push_back(std::move(question));
  }
  if (!untagged.empty())
    set.notices.push_back(
        "tagged/data/" + split + ".tagged lacks " + std::to_string(untagged.size()) +
        " questions, whose raw items serve as canonical ones: " + list_some(untagged));
  return {};
}

// The main splits first, so that their questions keep these as their split; then by name.
Result<std::vector<std::string>> find_splits(const fs::path& data) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(data, error), end; !error && it != end; it.increment(error))
    if (it->path().extension() == ".tsv") names.push_back(it->path().stem().string());
  const auto rank = [](const std::string& name) {
    return name == "training" ? 0 : name.starts_with("pristine-") ? 1 : 2;
  };
  std::sort(names.begin(), names.end(), [&](const std::string& a, const std::string& b) {
    return std::pair(rank(a), a) < std::pair(rank(b), b);
  });
  if (names.empty())
    return fail(ErrorCode::input, "no split file data/*.tsv", data.parent_path().string(),
                "give the folder that holds data/, tagged/ and csv/ of WikiTableQuestions");
  return names;
}

}  // namespace

std::string unescape_item(std::string item) {
  if (item.find('\\') == std::string::npos) return item;
  item = replace_all(std::move(item), "\\n", "\n");
  item = replace_all(std::move(item), "\\p", "|");
  return replace_all(std::move(item), "\\\\", "\\");
}

std::vector<std::string> unescape_list(std::string_view field) {
  std::vector<std::string> items;
  for (;;) {
    const std::size_t at = field.find('|');
    items.push_back(unescape_item(std::string(field.substr(0, at))));
    if (at == std::string_view::npos) return items;
    field.remove_prefix(at + 1);
  }
}

Result<QuestionSet> read_questions(const fs::path& dir) {
  QuestionSet set;
  SKILLGRAD_TRY(set.split_names, find_splits(dir / "data"));
  std::unordered_set<std::string> seen;
  for (const std::string& split : set.split_names)
    SKILLGRAD_CHECK(read_split(dir, split, seen, set));
  if (set.questions.empty())
    return fail(ErrorCode::dataset, "the split files hold no question", (dir / "data").string(),
                "get the files anew: the first line names columns, each other one is a question");
  return set;
}

Result<std::vector<std::vector<std::string>>> parse_table(std::string_view text,
                                                          const std::string& where) {
  std::vector<std::vector<std::string>> rows;
  std::size_t at = 0;
  std::size_t line = 1;
  std::size_t cells = 0;
  const auto problem = [&](const std::string& what) {
    return fail(ErrorCode::dataset, what, where + ":" + std::to_string(line),
                "get the table anew: every cell is quoted, with \\\" for a quote inside");
  };
  while (at < text.size()) {
    std::vector<std::string> row;
    for (;;) {
      if (at >= text.size() || text[at] != '"') return problem("a cell that is not quoted");
      std::string cell;
      for (++at; at < text.size() && text[at] != '"'; ++at) {
        const bool escape = text[at] == '\\' && at + 1 < text.size() &&
                            (text[at + 1] == '"' || text[at + 1] == '\\');
        if (escape) ++at;
        if (text[at] == '\n') ++line;
        cell.push_back(text[at]);
      }
      if (at >= text.size()) return problem("a cell whose quote is never closed");
      ++at;
      if (++cells > kMaxTableCells)
        return unexpected(too_many("cells", kMaxTableCells, where + ":" + std::to_string(line)));
      row.push_back(std::move(cell));
      if (at >= text.size() || text[at] != ',') break;
      ++at;
    }
    if (text.substr(at).starts_with("\r\n")) ++at;
    if (at < text.size() && text[at] != '\n') return problem("text after a closing quote");
    if (!rows.empty() && row.size() != rows.front().size())
      return problem("a row with " + std::to_string(row.size()) + " cells, the header has " +
                     std::to_string(rows.front().size()));
    ++at;
    ++line;
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace skillgrad::bench
