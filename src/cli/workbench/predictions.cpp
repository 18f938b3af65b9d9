// SPDX-License-Identifier: MIT
#include "cli/workbench/predictions.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <skillgrad/bench/predictions.hpp>
#include <skillgrad/core/files.hpp>
#include <skillgrad/core/json.hpp>
#include <skillgrad/core/lines.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/rollouts.hpp>

#include "cli/screen/console.hpp"
#include "cli/screen/notes.hpp"
#include "cli/screen/read_stream.hpp"

namespace skillgrad::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kNamed = 20;  // files that are not there, one by one

constexpr const char* kForm =
    R"(write {"task_id":"13-1","output":"path.xlsx"} or {"task_id":"nt-0","answer":["x"]})";

tl::unexpected<Error> with_mend(Error error, const char* mend) {
  if (error.mend.empty()) error.mend = mend;
  return tl::unexpected(std::move(error));
}

template <class Where>
Result<Json> parse_line(std::string_view text, const Where& where) {
  auto value = parse_json(text, "");
  if (value) return value;
  Error error = std::move(value).error();
  // ":1:COLUMN" of the single line becomes "file:LINE:COLUMN".
  const auto column = error.where.rfind(':');
  error.where = where() + (column == std::string::npos ? "" : error.where.substr(column));
  return with_mend(std::move(error), kForm);
}

tl::unexpected<Error> unknown_task(const std::string& name, const bench::Benchmark& benchmark,
                                   const std::string& where) {
  const auto near = nearest_match(name, benchmark.ids());
  return fail(ErrorCode::input, "the benchmark has no task \"" + name + "\"", where,
              near ? "did you mean \"" + *near + "\"?"
                   : "`skillgrad benchmark show -b BENCHMARK` lists the ids");
}

/// Keys of the lines that nothing is made of, each with where it stands first.
struct UnusedKey {
  std::string key, where;
  std::size_t count = 0;
};

void find_unused(const Prediction& prediction, std::vector<UnusedKey>& unused) {
  for (const auto& [key, _] : prediction.line.get_ref<const Json::object_t&>()) {
    if (key == "task_id" || key == "answer" || key == "output") continue;
    auto known = unused.begin();
    while (known != unused.end() && known->key != key) ++known;
    if (known == unused.end()) known = unused.insert(known, {key, prediction.place()});
    ++known->count;
  }
}

void note_unused(const std::vector<UnusedKey>& unused) {
  for (const auto& [key, where, count] : unused) {
    const auto near = nearest_match(key, {"task_id", "answer", "output"});
    notes().say(fmt::format("{}: unknown key \"{}\" of a prediction is not used{}{}", where, key,
                            count > 1 ? fmt::format(" ({} times)", count) : "",
                            near ? "; did you mean \"" + *near + "\"?" : ""));
  }
}

/// A path that names no file is most often a typing mistake, though it has to count as a fail.
void note_output(const Json& line, const fs::path& base_dir, Prediction& prediction) {
  const auto output = line.find("output");
  prediction.answers = line.contains("answer") && !line["answer"].is_null();
  if (output == line.end() || !output->is_string()) return;
  const auto name = output->get<std::string>();
  const bool there = bench::find_predicted(name, base_dir).has_value();
  prediction.answers = there;
  if (!there) prediction.missing = name;
}

/// The object of a line, which has a task_id.
Result<Json> read_line(std::string_view text, const std::string& path, int number) {
  const auto where = [&] { return fmt::format("{}:{}", path, number); };
  SKILLGRAD_TRY(auto json, parse_line(text, where));
  const auto id = json.is_object() ? json.find("task_id") : json.end();
  if (!json.is_object() || id == json.end() || !(id->is_string() || id->is_number_integer()))
    return fail(ErrorCode::input, "no \"task_id\" in this line", where(), kForm);
  return json;
}

std::string task_id_of(const Prediction& prediction) {
  const Json& id = *prediction.line.find("task_id");
  return id.is_string() ? id.get<std::string>() : dump_json(id);
}

/// RUN of an eval, or a folder that holds rollouts itself (RUN/test/iter_003). Relative to `path`.
std::optional<std::string> rollouts_below(const fs::path& path) {
  std::error_code ignored;
  for (const char* name : {".", "eval"})
    if (fs::is_directory(path / name / "rollouts", ignored)) return name;
  return std::nullopt;
}

Result<Prediction::Kept> read_kept(const fs::path& dir) {
  const std::string where = (dir / "loss.json").string();
  SKILLGRAD_TRY(const auto text, read_file(where));
  SKILLGRAD_TRY(const auto json, parse_json(text, where));
  StrictReader reader(json, where);
  Prediction::Kept out;
  out.outputs = dir / "outputs";
  out.final_message = reader.string("final_message");
  const bool complete = reader.boolean("outputs_kept");
  const std::string end_state = reader.string("end_state");
  const std::string error = reader.string("error", "");
  SKILLGRAD_CHECK(reader.finish(true));
  if (named<agent::EndState>(end_state) == agent::EndState::infra_error)
    out.error = "the rollout ended without an answer: " + error;
  else if (!complete)
    out.error = "the rollout's outputs were too many or too large to be kept";
  return out;
}

/// The first trial of each task, in the order of the data set.
Result<std::vector<Prediction>> read_run(const fs::path& path, const std::string& below,
                                         const bench::Benchmark& benchmark) {
  std::vector<Prediction> out;
  std::error_code ignored;
  bool trials = false;
  for (const auto& task : benchmark.tasks()) {
    const auto folder = [&](int sample) {
      return (path / optim::RolloutRunner::rollout_dir(below, task.id, sample)).lexically_normal();
    };
    const fs::path dir = folder(0);
    if (!fs::exists(dir / "loss.json", ignored)) continue;
    trials = trials || fs::exists(folder(1), ignored);
    SKILLGRAD_TRY(auto kept, read_kept(dir));
    out.push_back({&task, std::make_shared<const std::string>(dir.string()), 0, {}});
    out.back().kept = std::make_unique<const Prediction::Kept>(std::move(kept));
  }
  if (out.empty())
    return fail(ErrorCode::input, "no rollout there is of a task of this benchmark", path.string(),
                "give the --benchmark that the run was made with");
  if (trials) notes().say("of several trials of a task the first is graded");
  return out;
}

}  // namespace

PredictionSource PredictionSource::read(const std::string& path, const std::stop_token& stop) {
  PredictionSource out;
  out.path_ = path;
  out.below_ = rollouts_below(path);
  if (out.below_) return out;
  const auto text = read_stream(path, stop);
  if (text) {
    out.read_lines(*text);
  } else {
    out.wrong_ = text.error();
    if (out.wrong_->mend.empty() && out.wrong_->code != ErrorCode::cancelled)
      out.wrong_->mend = "give --predictions FILE with one JSON line for each answer";
  }
  return out;
}

void PredictionSource::read_lines(std::string_view text) {
  constexpr std::ptrdiff_t kMostAtOnce = 100'000;  // a line may be empty
  lines_.reserve(static_cast<std::size_t>(
      std::min(std::count(text.begin(), text.end(), '\n') + 1, kMostAtOnce)));
  const auto file = std::make_shared<const std::string>(path_);
  for (int number = 1; !text.empty(); ++number) {
    const std::string_view line = cut_line(text);
    if (trim(line).empty()) continue;
    auto json = read_line(line, path_, number);
    if (!json) {
      wrong_ = std::move(json).error();
      return;
    }
    lines_.push_back({nullptr, file, number, std::move(*json)});
  }
}

std::optional<std::vector<std::string>> PredictionSource::ids() const {
  if (below_) return std::nullopt;
  std::vector<std::string> out;
  out.reserve(lines_.size());
  for (const auto& line : lines_) out.push_back(task_id_of(line));
  return out;
}

Result<> PredictionSource::match(const bench::Benchmark& benchmark) {
  const auto& tasks = benchmark.tasks();
  std::vector<bool> seen(tasks.size());
  std::vector<UnusedKey> unused;
  const fs::path base_dir = fs::absolute(path_).parent_path();
  for (auto& line : lines_) {
    const std::string id = task_id_of(line);
    line.task = benchmark.find(id);
    if (line.task == nullptr) return unknown_task(id, benchmark, line.place());
    const auto task = static_cast<std::size_t>(line.task - tasks.data());
    if (seen[task])
      return fail(ErrorCode::input, "task \"" + id + "\" stands there twice", line.place(),
                  "keep one prediction for each task");
    seen[task] = true;
    note_output(line.line, base_dir, line);
    find_unused(line, unused);
  }
  if (wrong_) return tl::unexpected(std::move(*wrong_));
  note_unused(unused);
  if (lines_.empty())
    return fail(ErrorCode::input, "no predictions in the file", path_, "write one JSON line each");
  return {};
}

Result<std::vector<Prediction>> PredictionSource::predictions(
    const bench::Benchmark& benchmark) && {
  if (below_) return read_run(path_, *below_, benchmark);
  SKILLGRAD_CHECK(match(benchmark));
  return std::move(lines_);
}

Result<> check_outputs(const std::vector<Prediction>& predictions, const std::string& path) {
  std::vector<std::string> missing;
  bool answers = false;
  for (const auto& prediction : predictions) {
    answers = answers || prediction.answers;
    if (prediction.missing.empty()) continue;
    missing.push_back("\"" + prediction.missing + "\"");
    if (missing.size() <= kNamed)
      notes().say(
          fmt::format("{}: there is no file \"{}\"", prediction.place(), prediction.missing));
  }
  if (missing.empty()) return {};
  std::error_code ignored;
  const std::string places = fs::absolute(path, ignored).parent_path().string() + " and " +
                             fs::current_path(ignored).string();
  if (!answers)
    return fail(ErrorCode::input,
                fmt::format("none of the {} output files that the predictions name exists: {}",
                            missing.size(), list_some(missing, 3)),
                path,
                "relative paths are looked up in the predictions file's folder and in the current "
                "one: in " +
                    places);
  notes().say(fmt::format(
      "{} of {} predictions name files that do not exist (looked up in {}); their lines "
      "say what they count as",
      missing.size(), predictions.size(), places));
  return {};
}

Result<bench::AgentAnswer> open_prediction(const Prediction& prediction,
                                           const bench::Benchmark& benchmark,
                                           const fs::path& base_dir, const fs::path& work_dir,
                                           const bench::GradeContext& context) {
  const bench::Task& task = *prediction.task;
  if (!prediction.kept) return benchmark.prediction(task, prediction.line, base_dir, work_dir);
  if (!prediction.kept->error.empty())
    return fail(ErrorCode::infra, prediction.kept->error, *prediction.where);
  const fs::path& outputs = prediction.kept->outputs;
  // What a run kept is only looked at, and links in it are not followed.
  if (work_dir.empty()) return bench::AgentAnswer{outputs, prediction.kept->final_message};
  SKILLGRAD_CHECK(benchmark.set_up(task, work_dir, context));
  std::error_code error;
  if (fs::is_directory(outputs, error))
    fs::copy(outputs, work_dir,
             fs::copy_options::recursive | fs::copy_options::overwrite_existing |
                 fs::copy_options::skip_symlinks,
             error);
  else
    error.clear();  // the agent made no file
  if (error)
    return tl::unexpected(errno_error(error.value(), "cannot copy the outputs", outputs.string()));
  return bench::AgentAnswer{work_dir, prediction.kept->final_message};
}

}  // namespace skillgrad::cli
