// SPDX-License-Identifier: MIT
#include "bench/wikitablequestions/wikitablequestions.hpp"

#include <algorithm>
#include <fstream>
#include <new>
#include <unordered_map>
#include <unordered_set>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/hashing.hpp>
#include <skillgrad/core/json.hpp>
#include <skillgrad/core/random.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/core/unicode.hpp>

#include "bench/csv.hpp"
#include "bench/dataset_file.hpp"
#include "bench/grade_tools.hpp"
#include "bench/predicted_output.hpp"
#include "bench/records/record.hpp"
#include "bench/wikitablequestions/dataset.hpp"

namespace skillgrad::bench {
namespace {

constexpr const char* kTableFile = "table.csv";
constexpr const char* kAnswerFile = "answer.txt";
constexpr std::size_t kEvolutionTasks = 200;
constexpr std::size_t kValTasks = 20;
constexpr std::size_t kTestTasks = 180;
constexpr std::uint64_t kSplitSeed = 0;
constexpr std::uint32_t kNoTask = 0xFFFFFFFF;

// The question stands alone on its line: readers of a prompt can find it whole.
std::string prompt_of(const Question& question) {
  std::string line = unescape_item(std::string(question.utterance));
  std::replace(line.begin(), line.end(), '\n', ' ');
  return "Answer the question about the table in the file table.csv (CSV with a header line).\n\n" +
         std::string(trim(line)) +
         "\n\nWrite the answer to the file answer.txt in the current folder, one item a line and "
         "nothing else. Give each item as the table words it, or as a plain number.";
}

class WikiTableQuestions final : public Benchmark {
 public:
  WikiTableQuestions(fs::path dir, QuestionSet set) : dir_(std::move(dir)), set_(std::move(set)) {}

  Result<> make_tasks() {
    tasks_.reserve(set_.questions.size());
    for (const Question& question : set_.questions) {
      Task& task = add_task(question);
      task.prompt = prompt_of(question);
      task.split = task.category;
      task.input_files.emplace_back(kTableFile);
    }
    return hash_tasks();
  }

  /// Tasks for grading: of these ids, or of all.
  void make_graded_tasks(const std::optional<std::vector<std::string>>& only) {
    std::vector<bool> wanted(set_.questions.size(), !only);
    if (only)
      for (const std::string& id : *only)
        if (const auto number = set_.numbers.find(id)) wanted[*number] = true;
    tasks_.reserve(static_cast<std::size_t>(std::count(wanted.begin(), wanted.end(), true)));
    for (std::size_t i = 0; i < wanted.size(); ++i)
      if (wanted[i])
        add_task(set_.questions[i]);
      else
        task_numbers_.push_back(kNoTask);
  }

  [[nodiscard]] bool needs_work_dir(const Task&) const override { return false; }
  [[nodiscard]] std::string name() const override { return "wikitablequestions"; }
  [[nodiscard]] std::string source() const override { return dir_.string(); }
  [[nodiscard]] std::string grading() const override { return "denotation"; }
  [[nodiscard]] const std::vector<Task>& tasks() const override { return tasks_; }
  [[nodiscard]] const Task* find(const std::string& id) const override {
    const auto number = set_.numbers.find(id);
    const std::uint32_t task = number ? task_numbers_[*number] : kNoTask;
    return task == kNoTask ? nullptr : &tasks_[task];
  }
  [[nodiscard]] std::vector<std::string> ids() const override {
    std::vector<std::string> out;
    for (const Question& question : set_.questions) out.emplace_back(question.id);
    return out;
  }
  [[nodiscard]] const std::vector<std::string>& notices() const override { return set_.notices; }

  [[nodiscard]] std::optional<Splits> own_splits() const override {
    if (tasks_.size() < set_.questions.size()) return std::nullopt;  // only some, for grading
    std::unordered_set<std::string> taken;  // contents that an earlier split holds
    const std::vector<std::size_t> pool = sample("training", kEvolutionTasks + kValTasks, taken);
    const bool unseen = has_split("pristine-unseen-tables");
    const std::string test_split = unseen ? "pristine-unseen-tables" : "pristine-seen-tables";
    const std::vector<std::size_t> test = sample(test_split, kTestTasks, taken);
    if (pool.size() < kEvolutionTasks + kValTasks || test.empty()) return std::nullopt;
    const auto middle = pool.begin() + static_cast<std::ptrdiff_t>(kEvolutionTasks);
    Splits splits;
    splits.train = ids_of({pool.begin(), middle});
    splits.val = ids_of({middle, pool.end()});
    splits.test = ids_of(test);
    splits.origin =
        "seeded samples (seed 0): 200 training and 20 validation questions of "
        "training, " +
        std::to_string(test.size()) + " test questions of " + test_split;
    return splits;
  }

  [[nodiscard]] Result<> set_up(const Task& task, const fs::path& work_dir,
                                const GradeContext&) const override {
    SKILLGRAD_TRY(const Question* question, question_of(task));
    const fs::path table = dir_ / question->context;
    SKILLGRAD_TRY(const std::string text, read_dataset_text(table));
    SKILLGRAD_TRY(const auto rows, parse_table(text, table.string()));
    std::string csv;
    for (const std::vector<std::string>& row : rows) csv += csv_line(row);
    return write_sources({{kTableFile, std::move(csv), {}}}, work_dir);
  }

  [[nodiscard]] Grade grade(const Task& task, const AgentAnswer& answer,
                            const GradeContext&) const override {
    const auto question = question_of(task);
    if (!question) return error_grade(task.id, question.error());
    Grade grade;
    try {
      grade = grade_items(target_items(**question), answer);
    } catch (const std::bad_alloc&) {
      grade = error_grade(task.id, GradeErrorKind::infra_error, "out of memory while grading");
    }
    grade.task_id = task.id;
    grade.grader = "wikitablequestions";
    return grade;
  }

  [[nodiscard]] Result<AgentAnswer> golden_answer(const Task& task,
                                                  const fs::path& work_dir) const override {
    SKILLGRAD_TRY(const Question* question, question_of(task));
    AgentAnswer answer{work_dir, ""};
    answer.golden = true;
    std::string text;
    std::vector<std::string> items;
    bool writable = true;  // a file cannot hold an item without text
    for (const AnswerValue& value : target_values(target_items(*question))) {
      std::string line = value.raw;
      std::replace(line.begin(), line.end(), '\n', ' ');
      writable = writable && !trim_white_space_utf8(line).empty();
      text += line + "\n";
      items.push_back(std::move(line));
    }
    if (writable && !work_dir.empty())
      SKILLGRAD_CHECK(write_sources({{kAnswerFile, text, {}}}, work_dir));
    else
      answer.items = std::move(items);
    return answer;
  }

  [[nodiscard]] Result<AgentAnswer> prediction(const Task& task, const Json& line,
                                               const fs::path& base_dir,
                                               const fs::path& work_dir) const override {
    SKILLGRAD_TRY(const PredictedOutput output, predicted_output(line, task.id, base_dir));
    if (output.answered && output.missing.empty()) {
      AgentAnswer answer{work_dir, ""};
      answer.items = target_texts(line["answer"]);
      return answer;
    }
    if (!output.given && !output.answered)
      return fail(ErrorCode::input, "neither \"answer\" nor \"output\" is given", task.id,
                  "write {\"task_id\":...,\"answer\":[...]} or {\"task_id\":...,\"output\":...}");
    AgentAnswer answer{work_dir, ""};
    answer.output = output.file;
    answer.missing = output.missing;
    return answer;
  }

  // "id TAB item TAB item...", one line each; the format knows no escapes. The evaluator's reader
  // ends a line at every sign that Python's splitlines() does.
  [[nodiscard]] Result<std::string> official_prediction(const Task& task,
                                                        const AgentAnswer& answer) const override {
    SKILLGRAD_CHECK(question_of(task));
    std::string line = task.id;
    for (std::string item : items_of(answer).value_or(std::vector<std::string>{})) {
      std::replace_if(item.begin(), item.end(), is_separator, ' ');
      for (const char* sign : {"\u0085", "\u2028", "\u2029"})
        item = replace_all(std::move(item), sign, " ");
      line += "\t" + item;
    }
    return line;
  }

 private:
  static bool is_separator(char c) { return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x1E); }

  [[nodiscard]] Result<const Question*> question_of(const Task& task) const {
    const auto number = set_.numbers.find(task.id);
    if (!number)
      return fail(ErrorCode::internal, "no task \"" + task.id + "\" in this benchmark",
                  dir_.string());
    return &set_.questions[*number];
  }

  Task& add_task(const Question& question) {
    task_numbers_.push_back(static_cast<std::uint32_t>(tasks_.size()));
    Task& task = tasks_.emplace_back();
    task.id = question.id;
    task.category = set_.split_of(question);
    task.output_file = kAnswerFile;
    return task;
  }

  [[nodiscard]] bool has_split(const std::string& split) const {
    return std::any_of(set_.questions.begin(), set_.questions.end(),
                       [&](const Question& question) { return set_.split_of(question) == split; });
  }

  /// The first `count` questions of a shuffled split whose content is not taken yet.
  [[nodiscard]] std::vector<std::size_t> sample(const std::string& split, std::size_t count,
                                                std::unordered_set<std::string>& taken) const {
    std::vector<std::size_t> all;
    for (std::size_t i = 0; i < set_.questions.size(); ++i)
      if (set_.split_of(set_.questions[i]) == split) all.push_back(i);
    PyRandom(kSplitSeed).shuffle(all);
    std::vector<std::size_t> chosen;
    for (const std::size_t i : all) {
      if (chosen.size() == count) break;
      if (taken.insert(tasks_[i].content_hash).second) chosen.push_back(i);
    }
    return chosen;
  }

  /// In data set order.
  [[nodiscard]] std::vector<std::string> ids_of(std::vector<std::size_t> numbers) const {
    std::sort(numbers.begin(), numbers.end());
    std::vector<std::string> ids;
    for (const std::size_t number : numbers) ids.push_back(tasks_[number].id);
    return ids;
  }

  // Tables are read once each: thousands of questions share them.
  Result<> hash_tasks() {
    std::unordered_map<std::string_view, std::string> table_hash;
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
      const Question& question = set_.questions[i];
      std::string& hash = table_hash[question.context];
      if (hash.empty()) {
        auto bytes = read_dataset_bytes(dir_ / question.context, kMaxTextBytes);
        if (!bytes)
          return fail(
              ErrorCode::dataset,
              "no table \"" + std::string(question.context) + "\": " + bytes.error().message,
              set_.where(question), "get the table files (folder csv/) that belong to this split");
        hash = sha256_hex(*bytes);
      }
      Task& task = tasks_[i];
      task.content_hash = PartHasher().add(task.prompt).add(hash).finish();
      PartHasher whole;
      whole.add(task.content_hash);
      for (const AnswerItem& item : target_items(question)) whole.add(item.raw).add(item.canonical);
      task.hash = whole.finish();
    }
    return {};
  }

  /// 3.2. An error is of the answer file, which then is an answer without items and not a reason to
  /// use the message.
  static Result<std::vector<std::string>> items_of(const AgentAnswer& answer) {
    if (answer.items) return *answer.items;
    if (!answer.missing.empty()) return std::vector<std::string>{};
    SKILLGRAD_TRY(const auto file, answer.output ? read_answer_text(*answer.output)
                                                 : read_output_text(answer.work_dir, kAnswerFile));
    return file ? items_of_file(*file) : items_of_message(sanitize_utf8(answer.final_message));
  }

  static Grade grade_items(const std::vector<AnswerItem>& targets, const AgentAnswer& answer) {
    if (answer.items && answer.missing.empty()) return grade_denotation(targets, *answer.items);
    const auto items = items_of(answer);
    if (items) {
      Grade grade = grade_denotation(targets, *items);
      if (!answer.missing.empty()) grade.message = answer.missing + "\n" + grade.message;
      return grade;
    }
    Grade grade = grade_denotation(targets, {});
    grade.message = "unreadable: " + items.error().message + "\n" + grade.message;
    return grade;
  }

  fs::path dir_;
  QuestionSet set_;
  std::vector<Task> tasks_;
  std::vector<std::uint32_t> task_numbers_;  ///< of each question: among the tasks, or kNoTask
};

}  // namespace

Result<std::unique_ptr<Benchmark>> load_wikitablequestions(const fs::path& dir,
                                                           const BenchmarkOptions& options) {
  SKILLGRAD_TRY(QuestionSet set, read_questions(dir));
  auto benchmark = std::make_unique<WikiTableQuestions>(dir, std::move(set));
  if (options.for_grading)
    benchmark->make_graded_tasks(options.only);
  else
    SKILLGRAD_CHECK(benchmark->make_tasks());
  return benchmark;
}

}  // namespace skillgrad::bench
