// SPDX-License-Identifier: MIT
#include "optim/stages/command_stage.hpp"

#include <cstdlib>
#include <mutex>
#include <set>
#include <utility>

#include <skillgrad/core/text.hpp>
#include <skillgrad/exec/process.hpp>

#include "optim/stages/stage_options.hpp"
#include "optim/stages/unused_parts.hpp"

namespace skillgrad::optim {
namespace {

constexpr std::size_t kStderrTail = 2'000;
constexpr std::size_t kOutputBytes = std::size_t{16} << 20;
constexpr std::int64_t kMostSeconds = 86'400;

std::map<std::string, std::string> command_environment() {
  std::map<std::string, std::string> environment = exec::scrubbed_environment();
  // Nothing in this program changes the environment, so reading it from any thread is safe.
  const char* path = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe)
  if (path != nullptr) environment["PATH"] = path;
  return environment;
}

std::string stderr_tail(const std::string& text) {
  const std::string clean = strip_control(sanitize_utf8(trim(text)));
  if (clean.empty()) return "it wrote nothing on stderr";
  if (clean.size() <= kStderrTail) return "stderr: " + clean;
  std::size_t from = clean.size() - kStderrTail;
  while (from < clean.size() && (static_cast<unsigned char>(clean[from]) & 0xC0U) == 0x80U) ++from;
  return "end of stderr: " + clean.substr(from);
}

/// A name with a '/' is meant from the stage's folder, another one is looked up in PATH.
bool is_program(const std::string& name, const std::filesystem::path& dir) {
  const bool in_path = name.find('/') == std::string::npos;
  return !exec::find_program(in_path ? name : (dir / name).string()).empty();
}

}  // namespace

struct CommandStage::Told {
  std::mutex mutex;
  std::set<std::string> sentences;
};

Result<CommandStage> CommandStage::from_options(const Json& options,
                                                const StageDependencies& dependencies) {
  StrictReader reader(options, "stage \"command\"");
  reader.ignore("name");
  CommandStage stage;
  stage.told_ = std::make_shared<Told>();
  stage.argv_ = reader.strings("run");
  stage.time_ = std::chrono::seconds(reader.integer("timeout_s", 60, 1, kMostSeconds));
  if (stage.argv_.empty() || stage.argv_.front().empty()) {
    reader.reject("run", "it names no program",
                  "write the program and its arguments, e.g. [\"python3\", \"stage.py\"]");
  }
  SKILLGRAD_CHECK(finish_options(reader));
  stage.dir_ = dependencies.config_dir;
  if (stage.dir_.empty()) {
    std::error_code failed;
    stage.dir_ = std::filesystem::current_path(failed);
    if (failed) return fail(ErrorCode::io, "there is no current folder: " + failed.message());
  }
  if (!is_program(stage.argv_.front(), stage.dir_))
    return fail(ErrorCode::config, "there is no program \"" + stage.argv_.front() + "\" to run",
                "run, in " + stage.dir_.string(),
                "check its name and its x bit; a name without '/' is looked up in PATH");
  return stage;
}

std::string CommandStage::label() const { return "stage command: " + join(argv_, " "); }

Error CommandStage::bad_answer(Error error) const {
  error.code = ErrorCode::infra;
  if (error.mend.empty()) error.mend = "mend the program";
  return std::move(error).with_context(label());
}

void CommandStage::tell(const std::string& what, const StageContext& context) const {
  const std::string sentence = label() + ": " + what;
  {
    const std::lock_guard lock(told_->mutex);
    if (!told_->sentences.insert(sentence).second) return;
  }
  context.tell(sentence);
}

void CommandStage::tell_unused(const Json& answer, const Json& used,
                               const StageContext& context) const {
  for (const std::string& part : unused_parts(answer, used)) tell(part, context);
}

Result<Json> CommandStage::exchange(const Json& request, const StageContext& context) const {
  exec::CommandSpec spec;
  spec.argv = argv_;
  spec.work_dir = dir_;
  spec.env = command_environment();
  spec.stdin_text = dump_json(request) + "\n";
  spec.limits.wall = time_;
  spec.limits.memory_bytes = 0;
  spec.limits.output_bytes = kOutputBytes;
  spec.limits.cpu_seconds = static_cast<std::uint64_t>(kMostSeconds);
  auto ran = exec::run_process(spec, context.call.stop);
  if (!ran && ran.error().code != ErrorCode::cancelled) {
    return tl::unexpected(bad_answer(std::move(ran).error()));
  }
  if (!ran) return tl::unexpected(std::move(ran).error());
  const auto bad = [&](const std::string& what, const std::string& mend) {
    return fail(ErrorCode::infra, what + "; " + stderr_tail(ran->err), label(), mend);
  };
  if (ran->cancelled) return fail(ErrorCode::cancelled, "the run was stopped", label());
  if (ran->timed_out) {
    return bad("the program did not end within " +
                   format_double(static_cast<double>(time_.count()) / 1000.0) + " s",
               "make it faster or raise \"timeout_s\"");
  }
  if (ran->exit_code != 0) {
    return bad("the program ended with exit code " + std::to_string(ran->exit_code),
               "mend the program; it must end with exit code 0");
  }
  if (ran->output_truncated) return bad("the program wrote too much", "write one JSON object");
  auto json = parse_json(trim(ran->out), "stdout");
  if (!json) {
    return bad("stdout is not one JSON object: " + json.error().to_line(),
               "write one JSON object on stdout and everything else on stderr");
  }
  if (!json->is_object()) {
    return bad(std::string("stdout is a JSON ") + json->type_name() + ", expected an object",
               "write one JSON object");
  }
  return std::move(*json);
}

}  // namespace skillgrad::optim
