// SPDX-License-Identifier: MIT
#include "bench/wikitablequestions/dataset.hpp"

#include <algorithm>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/text.hpp>

#include "bench/dataset_file.hpp"
#include "bench/grade_tools.hpp"

namespace skillgrad::bench {
namespace {

constexpr std::size_t kMaxItems = 10'000;  // of one answer

/// Lines with tab-separated columns that the first line names. The text must outlive it.
class TsvReader {
 public:
  static Result<TsvReader> open(std::string_view text, std::string file,
                                const std::vector<std::string>& wanted) {
    TsvReader reader;
    reader.file_ = std::move(file);
    reader.rest_ = text;
    const std::string_view line = reader.next_line();
    // Before it is cut, which takes memory for each of its cells.
    const auto width = 1 + static_cast<std::size_t>(std::count(line.begin(), line.end(), '\t'));
    if (width > kMaxColumns)
      return unexpected(too_many("columns", kMaxColumns, reader.file_ + ":1"));
    auto& header = reader.cells_;
    header.resize(width);
    reader.cut(line);
    for (const std::string& name : wanted) {
      const auto found = std::find(header.begin(), header.end(), name);
      if (found == header.end())
        return fail(ErrorCode::dataset, "no column \"" + name + "\"", reader.file_ + ":1",
                    "the first line must name the columns " + join(wanted, ", "));
      reader.columns_.push_back(static_cast<std::size_t>(found - header.begin()));
    }
    return reader;
  }

  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] std::string where() const { return file_ + ":" + std::to_string(line_); }
  [[nodiscard]] std::uint32_t line() const { return line_; }

  /// The next line. Its wanted columns are then had by column().
  Result<> next() {
    const std::size_t count = cut(next_line());
    if (count == cells_.size()) return {};
    return fail(ErrorCode::dataset,
                "this line has " + std::to_string(count) + " columns, the first has " +
                    std::to_string(cells_.size()),
                where(), "get the file anew: its lines end with LF and hold no further tabs");
  }
  [[nodiscard]] std::string_view column(std::size_t wanted) const {
    return cells_[columns_[wanted]];
  }

 private:
  std::string_view next_line() {
    const std::size_t end = rest_.find('\n');
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    ++line_;
    return line;
  }
  /// Fills the cells; what they have no room for is counted, too.
  std::size_t cut(std::string_view line) {
    for (std::size_t count = 0;; ++count) {
      const std::size_t at = line.find('\t');
      if (count < cells_.size()) cells_[count] = line.substr(0, at);
      if (at == std::string_view::npos) return count + 1;
      line.remove_prefix(at + 1);
    }
  }
  std::string file_;
  std::string_view rest_;
  std::vector<std::size_t> columns_;
  std::vector<std::string_view> cells_;  ///< as many as the first line has
  std::uint32_t line_ = 0;
};

std::size_t count_items(std::string_view list) {
  return 1 + static_cast<std::size_t>(std::count(list.begin(), list.end(), '|'));
}

std::size_t count_lines(std::string_view text) {
  return 1 + static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

fs::path split_file(const fs::path& dir, const std::string& split) {
  return dir / "data" / (split + ".tsv");
}

/// Reads the questions of one split after the other.
class SplitReader {
 public:
  explicit SplitReader(QuestionSet& set) : set_(set) {}

  Result<> read(std::uint32_t number) {
    split_ = number;
    const std::string& split = set_.split_names[number];
    tagged_.clear();
    canonical_.clear();
    const fs::path tagged = set_.dir / "tagged" / "data" / (split + ".tagged");
    std::error_code error;
    const bool has_tagged = fs::is_regular_file(tagged, error);
    if (has_tagged)
      SKILLGRAD_CHECK(read_tagged(tagged));
    else
      set_.notices.push_back("no tagged/data/" + split +
                             ".tagged: the raw items of these questions serve as canonical ones, "
                             "so some verdicts differ from the official ones");
    const fs::path file = split_file(set_.dir, split);
    SKILLGRAD_TRY(const std::string_view text, keep_text(file));
    SKILLGRAD_TRY(TsvReader reader, TsvReader::open(text, file.string(),
                                                    {"id", "utterance", "context", "targetValue"}));
    make_room(set_.questions.size() + count_lines(text));
    std::vector<std::string> untagged;
    while (!reader.at_end()) {
      SKILLGRAD_CHECK(reader.next());
      SKILLGRAD_TRY(const bool added, add(reader));
      if (added && has_tagged && !set_.questions.back().canonical)
        untagged.emplace_back(set_.questions.back().id);
    }
    if (!untagged.empty())
      set_.notices.push_back(
          "tagged/data/" + split + ".tagged lacks " + std::to_string(untagged.size()) +
          " questions, whose raw items serve as canonical ones: " + list_some(untagged));
    return {};
  }

 private:
  Result<std::string_view> keep_text(const fs::path& path) {
    SKILLGRAD_TRY(std::string text, read_dataset_text(path));
    set_.texts.push_back(std::make_unique<const std::string>(std::move(text)));
    return std::string_view(*set_.texts.back());
  }

  void make_room(std::size_t questions) {
    set_.questions.reserve(std::min(questions, kMaxTasks));
    set_.numbers.reserve(std::min(questions, kMaxTasks));
    last_split_.reserve(std::min(questions, kMaxTasks));
  }

  static Result<> check_items(std::string_view list, const TsvReader& reader) {
    if (count_items(list) > kMaxItems)
      return unexpected(too_many("items in one list", kMaxItems, reader.where()));
    return {};
  }

  Result<> read_tagged(const fs::path& path) {
    SKILLGRAD_TRY(const std::string_view text, keep_text(path));
    SKILLGRAD_TRY(TsvReader reader, TsvReader::open(text, path.string(), {"id", "targetCanon"}));
    tagged_.reserve(std::min(count_lines(text), kMaxTasks));
    canonical_.reserve(std::min(count_lines(text), kMaxTasks));
    while (!reader.at_end()) {
      SKILLGRAD_CHECK(reader.next());
      if (tagged_.size() == kMaxTasks)
        return unexpected(too_many("questions", kMaxTasks, reader.where()));
      SKILLGRAD_CHECK(check_items(reader.column(1), reader));
      if (tagged_.add(reader.column(0)).second) canonical_.push_back(reader.column(1));
    }
    return {};
  }

  /// Without an entry among the canonical lists the question's raw items stay.
  Result<> set_canonical(Question& question, const TsvReader& reader) const {
    const auto number = tagged_.find(question.id);
    if (!number) return {};
    const std::string_view canonical = canonical_[*number];
    const std::size_t raw = count_items(question.targets), other = count_items(canonical);
    if (raw != other)
      return fail(ErrorCode::dataset,
                  "question \"" + std::string(question.id) + "\" has " + std::to_string(raw) +
                      " target items and " + std::to_string(other) + " canonical ones",
                  reader.where(), "get the tagged file that belongs to this split");
    question.canonical = canonical;
    return {};
  }

  static Result<> check_context(std::string_view context, const TsvReader& reader) {
    if (is_confined(context)) return {};
    return fail(ErrorCode::dataset, "table \"" + std::string(context) + "\" leaves the data set",
                reader.where(), "use a relative path without \"..\"");
  }

  /// False: an earlier split has the question.
  Result<bool> add(const TsvReader& reader) {
    Question question;
    question.id = reader.column(0);
    const auto [number, first] = set_.numbers.add(question.id);
    if (question.id.empty() || (!first && last_split_[number] == split_))
      return fail(ErrorCode::dataset,
                  "id \"" + std::string(question.id) + "\" is empty or used twice", reader.where(),
                  "get the file anew");
    // The random splits cut the training questions anew: one question, one task.
    if (!first) {
      last_split_[number] = split_;
      return false;
    }
    last_split_.push_back(split_);
    question.utterance = reader.column(1);
    question.context = reader.column(2);
    question.targets = reader.column(3);
    question.split = split_;
    question.line = reader.line();
    SKILLGRAD_CHECK(check_context(question.context, reader));
    SKILLGRAD_CHECK(check_items(question.targets, reader));
    SKILLGRAD_CHECK(set_canonical(question, reader));
    if (set_.questions.size() == kMaxTasks)
      return unexpected(too_many("questions", kMaxTasks, reader.where()));
    set_.questions.push_back(question);
    return true;
  }

  QuestionSet& set_;
  std::uint32_t split_ = 0;
  std::vector<std::uint32_t> last_split_;    ///< that has it, of each question
  IdIndex tagged_;                           ///< questions of this split's tagged file
  std::vector<std::string_view> canonical_;  ///< their lists
};

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
  items.reserve(count_items(field));
  for (;;) {
    const std::size_t at = field.find('|');
    items.push_back(unescape_item(std::string(field.substr(0, at))));
    if (at == std::string_view::npos) return items;
    field.remove_prefix(at + 1);
  }
}

std::string QuestionSet::where(const Question& question) const {
  return split_file(dir, split_of(question)).string() + ":" + std::to_string(question.line);
}

std::vector<AnswerItem> target_items(const Question& question) {
  std::vector<AnswerItem> out;
  out.reserve(count_items(question.targets));
  for (std::string& item : unescape_list(question.targets)) out.push_back({std::move(item), ""});
  if (!question.canonical) return out;
  std::size_t number = 0;
  for (std::string& item : unescape_list(*question.canonical))
    out[number++].canonical = std::move(item);
  return out;
}

Result<QuestionSet> read_questions(const fs::path& dir) {
  QuestionSet set;
  set.dir = dir;
  SKILLGRAD_TRY(set.split_names, find_splits(dir / "data"));
  SplitReader reader(set);
  for (std::uint32_t split = 0; split < set.split_names.size(); ++split)
    SKILLGRAD_CHECK(reader.read(split));
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
