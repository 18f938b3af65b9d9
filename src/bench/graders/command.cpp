// SPDX-License-Identifier: MIT
// `command`: a program of the benchmark's author judges the answer, in a copy of the work directory
// and in the sandbox. Whatever goes wrong with the program is an infrastructure error, never a 0.
// What the agent wrote is executed before, apart (`execute`): there is then nothing to read there
// that knows the answer, and nothing of the agent runs where there is.
#include <cmath>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/core/untrusted_tree.hpp>

#include "bench/grade_tools.hpp"
#include "bench/graders/grader.hpp"

namespace skillgrad::bench {
namespace {

constexpr const char* kGraderDir = "/grader";  ///< where the benchmark's folder appears
constexpr std::size_t kShownOutput = 500;

struct CommandOptions {
  std::vector<std::string> run;
  double timeout_s = 60;
  std::vector<std::string> execute;  ///< empty: nothing of the agent is executed
  double execute_timeout_s = 60;
};

/// The program's verdict, or why there is none.
Result<Json> read_verdict(const std::string& out) {
  auto whole = parse_json(trim(out), "grader output");
  if (whole && whole->is_object()) return whole;
  std::string last;
  for (const std::string& line : split_lines(out))
    if (!trim(line).empty()) last = line;
  auto value = parse_json(trim(last), "grader output");
  if (value && value->is_object()) return value;
  const std::string reason =
      value ? "" : " (" + value.error().message + ", " + value.error().where + ")";
  return fail(ErrorCode::infra,
              trim(out).empty() ? "the grader printed nothing"
                                : "the grader printed no JSON object" + reason + ": " +
                                      truncate_middle(sanitize_utf8(out), kShownOutput),
              {}, "print one JSON object with \"score\"");
}

Result<double> read_score(const Json& verdict) {
  const auto found = verdict.find("score");
  if (found == verdict.end() || !found->is_number())
    return fail(ErrorCode::infra, "the grader's \"score\" is missing or not a number", {},
                "print a number from 0 to 1");
  const double score = found->get<double>();
  if (!std::isfinite(score) || score < 0 || score > 1)
    return fail(ErrorCode::infra, "the grader's score " + found->dump() + " is not from 0 to 1", {},
                "print a number from 0 to 1");
  return score;
}

Result<std::vector<Check>> read_checks(const Json& verdict) {
  std::vector<Check> checks;
  const auto list = verdict.find("checks");
  if (list == verdict.end()) return checks;
  const bool is_list = list->is_array();
  for (const Json& item : is_list ? *list : Json::array()) {
    StrictReader reader(item, "grader output");
    Check check;
    check.name = reader.string("name");
    check.score = reader.boolean("passed") ? 1 : 0;
    check.message = reader.string("message", "");
    SKILLGRAD_CHECK(reader.finish(true));
    checks.push_back(std::move(check));
  }
  if (!is_list)
    return fail(ErrorCode::infra, "the grader's \"checks\" is not a list", {},
                "print [{\"name\",\"passed\",\"message\"}]");
  return checks;
}

/// A program with its arguments, or a text for the shell; empty where `key` is absent.
std::vector<std::string> read_command(StrictReader& reader, const char* key, bool required) {
  const Json run = reader.any(key, required);
  if (run.is_null()) return {};
  if (holds_nul(run)) reader.reject(key, "holds a NUL character, where programs would cut it");
  if (run.is_string() && !run.get<std::string>().empty())
    return {"/bin/sh", "-c", run.get<std::string>()};
  std::vector<std::string> words;
  if (run.is_array() && !run.empty()) {
    for (const Json& word : run) {
      if (!word.is_string()) reader.reject(key, "expected a list of strings");
      words.push_back(word.is_string() ? word.get<std::string>() : "");
    }
  } else {
    reader.reject(key, "expected a program with its arguments, or one string for /bin/sh");
  }
  return words;
}

class CommandGrader final : public Grader {
 public:
  CommandGrader(CommandOptions options, const GraderSetup& setup)
      : options_(std::move(options)), targets_(record_targets(setup)) {
    std::error_code error;
    base_dir_ = fs::canonical(setup.base_dir.empty() ? fs::path(".") : setup.base_dir, error);
    if (error) base_dir_ = fs::absolute(setup.base_dir, error);
  }
  [[nodiscard]] std::string name() const override { return "command"; }
  [[nodiscard]] bool needs_text() const override { return false; }
  [[nodiscard]] bool needs_work_dir() const override { return true; }

  [[nodiscard]] Grade grade(const GraderInput& input, const GradeContext& context) const override {
    if (context.sandbox == nullptr)
      return error_grade(input.task_id, GradeErrorKind::infra_error,
                         "a command grader needs the sandbox",
                         "see which sandbox works here with \"skillgrad doctor\"");
    const auto folder = TempDir::create("skillgrad-grade-");
    if (!folder) return error_grade(input.task_id, folder.error());
    auto copy = copy_untrusted_tree(input.work_dir, folder->path() / "work");
    std::optional<exec::CommandResult> executed;
    if (copy && copy->refused.empty() && !options_.execute.empty()) {
      auto done = execute(folder->path() / "work", context);
      if (!done) return error_grade(input.task_id, done.error());
      executed = std::move(*done);
      copy = copy_untrusted_tree(folder->path() / "work", folder->path() / "executed");
    }
    // What the agent did to its own folder is its own failure.
    if (!copy && copy.error().code == ErrorCode::input)
      return cannot_be_graded(input.task_id, "it is gone");
    if (!copy) return error_grade(input.task_id, copy.error());
    if (!copy->refused.empty()) return cannot_be_graded(input.task_id, copy->refused);
    auto verdict =
        run(input,
            {folder->path() / (executed ? "executed" : "work"), copy->files, std::move(executed)},
            context);
    if (!verdict) return error_grade(input.task_id, verdict.error());
    const auto score = read_score(*verdict);
    if (!score) return error_grade(input.task_id, score.error());
    auto checks = read_checks(*verdict);
    if (!checks)
      return error_grade(input.task_id, GradeErrorKind::infra_error, checks.error().to_line());
    return to_grade(input.task_id, *verdict, *score, std::move(*checks));
  }

  [[nodiscard]] std::optional<std::string> golden_text() const override {
    return targets_.empty() ? std::nullopt : std::optional(targets_.front());
  }

  // The program decides the verdict, so a changed program is a changed task.
  [[nodiscard]] std::vector<fs::path> hashed_files() const override {
    std::vector<fs::path> files;
    for (const std::string& word : options_.run)
      if (const auto file = beside(word)) files.push_back(base_dir_ / *file);
    return files;
  }

 private:
  /// The word as a path below the benchmark's folder, if it names a file there.
  [[nodiscard]] std::optional<std::string> beside(std::string word) const {
    if (word.starts_with("./")) word.erase(0, 2);
    std::error_code error;
    if (!is_confined(word) || !fs::is_regular_file(base_dir_ / word, error)) return std::nullopt;
    return word;
  }

  /// A copy of what the agent left.
  struct Copy {
    fs::path dir;
    std::vector<std::string> files;
    std::optional<exec::CommandResult> executed;
  };

  static Grade cannot_be_graded(const std::string& task_id, const std::string& why) {
    Grade grade;
    grade.task_id = task_id;
    grade.total = 1;
    settle(grade);
    grade.message = "the work directory cannot be graded: " + why;
    return grade;
  }

  /// A failure of the agent's program is for the judge to weigh.
  [[nodiscard]] Result<exec::CommandResult> execute(const fs::path& dir,
                                                    const GradeContext& context) const {
    exec::CommandSpec spec;
    spec.argv = options_.execute;
    spec.work_dir = dir;
    spec.env = exec::scrubbed_environment();
    spec.limits.wall = std::chrono::milliseconds(std::llround(options_.execute_timeout_s * 1000));
    SKILLGRAD_TRY(exec::CommandResult result, context.sandbox->run(spec, context.stop));
    if (result.cancelled) return fail(ErrorCode::cancelled, "grading was stopped");
    return result;
  }

  [[nodiscard]] Result<Json> run(const GraderInput& input, const Copy& copy,
                                 const GradeContext& context) const {
    const bool remaps = context.sandbox->info().remaps_paths;
    std::string grader_dir = kGraderDir;
    if (!remaps) {
      SKILLGRAD_TRY(const fs::path shown, context.sandbox->shown_at(base_dir_));
      grader_dir = shown.string();
    }
    exec::CommandSpec spec;
    for (const std::string& word : options_.run) {
      const auto file = beside(word);
      spec.argv.push_back(file ? grader_dir + "/" + *file : word);
    }
    spec.work_dir = copy.dir;
    spec.env = exec::scrubbed_environment();
    spec.env["SKILLGRAD_GRADER_DIR"] = grader_dir;
    // A json.py that the agent left in the current folder must not become a part of the grader.
    spec.env["PYTHONSAFEPATH"] = "1";
    spec.env["PYTHONPATH"] = python_path(grader_dir);
    spec.mounts.push_back({base_dir_, grader_dir});
    spec.limits.wall = std::chrono::milliseconds(std::llround(options_.timeout_s * 1000));
    SKILLGRAD_TRY(spec.stdin_text,
                  request(input, copy, remaps ? exec::kWorkDir : copy.dir.string()));
    SKILLGRAD_TRY(const exec::CommandResult result, context.sandbox->run(spec, context.stop));
    SKILLGRAD_CHECK(usable(result));
    return read_verdict(result.out);
  }

  /// The benchmark's folder and those of the program's own files, in which Python programs find
  /// their modules.
  [[nodiscard]] std::string python_path(const std::string& grader_dir) const {
    std::string out = grader_dir;
    for (const std::string& word : options_.run) {
      const auto file = beside(word);
      if (!file || file->find('/') == std::string::npos) continue;
      out += ":" + grader_dir + "/" + file->substr(0, file->rfind('/'));
    }
    return out;
  }

  [[nodiscard]] Result<> usable(const exec::CommandResult& result) const {
    const std::string tail =
        trim(result.err).empty() ? "" : ": " + truncate_middle(trim(result.err), kShownOutput);
    if (result.cancelled) return fail(ErrorCode::cancelled, "grading was stopped");
    if (result.timed_out)
      return fail(ErrorCode::infra,
                  "the grader took longer than " + format_double(options_.timeout_s) + " s" + tail,
                  {}, "raise timeout_s, or make the grader quicker");
    if (result.exit_code != 0)
      return fail(ErrorCode::infra,
                  "the grader ended with exit code " + std::to_string(result.exit_code) + tail, {},
                  "run it by hand with the same input and mend it");
    if (result.output_truncated)
      return fail(ErrorCode::infra, "the grader printed too much", {},
                  "print one JSON object with \"score\"");
    return {};
  }

  [[nodiscard]] Result<std::string> request(const GraderInput& input, const Copy& copy,
                                            const std::string& work_dir) const {
    SKILLGRAD_TRY(const Json metadata, parse_json(input.metadata, "metadata"));
    Json out;
    out["schema"] = "skillgrad.grade/1";
    out["task_id"] = input.task_id;
    out["input"] = input.input;
    out["target"] = targets_.size() == 1 ? Json(targets_.front()) : Json(targets_);
    out["answer"] = input.answer;
    out["output_files"] = output_files(input, copy.files);
    out["work_dir"] = work_dir;
    out["metadata"] = metadata;
    if (copy.executed) {
      out["executed"] = {{"exit_code", copy.executed->exit_code},
                         {"timed_out", copy.executed->timed_out},
                         {"output_truncated", copy.executed->output_truncated},
                         {"stdout", sanitize_utf8(copy.executed->out)},
                         {"stderr", sanitize_utf8(copy.executed->err)}};
    }
    return dump_json(out) + "\n";
  }

  /// What the agent left besides the task's own files.
  [[nodiscard]] static std::vector<std::string> output_files(const GraderInput& input,
                                                             std::vector<std::string> files) {
    std::erase_if(files, [&](const std::string& file) {
      return std::find(input.input_files.begin(), input.input_files.end(), file) !=
             input.input_files.end();
    });
    return files;
  }

  [[nodiscard]] static Grade to_grade(const std::string& task_id, const Json& verdict, double score,
                                      std::vector<Check> checks) {
    Grade grade;
    grade.task_id = task_id;
    grade.score = score;
    grade.total = std::max<std::size_t>(1, checks.size());
    for (const Check& check : checks) grade.matched += check.score > 0 ? 1 : 0;
    if (checks.empty()) grade.matched = score >= 1 ? 1 : 0;
    settle(grade);
    grade.message = "score " + format_double(score);
    const auto details = verdict.find("details");
    if (details != verdict.end() && details->is_string())
      grade.message += ": " + details->get<std::string>();
    for (const Check& check : checks)
      if (check.score <= 0)
        grade.message +=
            "\nfailed: " + check.name + (check.message.empty() ? "" : ": ") + check.message;
    grade.checks = std::move(checks);
    return grade;
  }

  CommandOptions options_;
  std::vector<std::string> targets_;
  fs::path base_dir_;
};

}  // namespace

Result<std::unique_ptr<Grader>> make_command(const Json& spec, const GraderSetup& setup) {
  StrictReader reader(spec, setup.where);
  reader.ignore("type");
  CommandOptions options;
  options.run = read_command(reader, "run", true);
  options.timeout_s = reader.number("timeout_s", 60, 0.001, 86'400);
  options.execute = read_command(reader, "execute", false);
  options.execute_timeout_s = reader.number("execute_timeout_s", 60, 0.001, 86'400);
  if (options.execute.empty() && spec.contains("execute_timeout_s"))
    reader.reject("execute_timeout_s", "there is no `execute` that it could limit");
  SKILLGRAD_CHECK(reader.finish());
  const std::string& program = options.run.front();
  if (program.starts_with("./") || program.starts_with("../"))
    SKILLGRAD_CHECK(confined_file(setup.base_dir, program.substr(program.starts_with("./") ? 2 : 0),
                                  setup.where));
  return std::make_unique<CommandGrader>(std::move(options), setup);
}

}  // namespace skillgrad::bench
