// SPDX-License-Identifier: MIT
#include "optim/methods/command_method.hpp"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/exec/process.hpp>
#include <skillgrad/optim/run_handle.hpp>
#include <skillgrad/skill/install.hpp>
#include <skillgrad/skill/skill_set.hpp>

#include "optim/loop/bookkeeper.hpp"
#include "optim/methods/measure_requests.hpp"
#include "optim/methods/patch_making.hpp"
#include "optim/rollouts/rollout_budget.hpp"

namespace skillgrad::optim {
namespace {

constexpr std::size_t kSaidBytes = std::size_t{4} << 20;
constexpr std::size_t kStderrTail = 2'000;
constexpr std::size_t kSummaryBytes = 300;
constexpr auto kNoLimit = std::chrono::hours(24 * 365);

/// Of the rollouts that are left, those that judging the program's package takes are not its own.
class SetAside {
 public:
  explicit SetAside(const Step& step) : step_(step) {
    step_.loop.budget->set_aside(step_.for_choosing + step_.for_judging);
  }
  SetAside(const SetAside&) = delete;
  SetAside& operator=(const SetAside&) = delete;
  ~SetAside() { step_.loop.budget->set_aside(step_.for_choosing); }

 private:
  const Step& step_;
};

class ProgramProposer final : public Proposer {
 public:
  explicit ProgramProposer(Step& step)
      : step_(step), parts_(*step.loop.parts), program_(step.loop.parts->program) {}

  Result<> propose() override {
    const PatchPlace place = patch_place(step_, 1, 1);
    SKILLGRAD_TRY(const bool known, restore_candidate(step_, place));
    if (known) return step_.loop.book->restore(folder(kBookFile));
    const std::size_t before = step_.loop.book->book().size();
    return make_candidate(step_, place, [&](const StageContext&) -> Result<PatchOutput> {
      auto out = run();
      SKILLGRAD_CHECK(step_.loop.book->save(before, folder(kBookFile)));
      return out;
    });
  }

 private:
  [[nodiscard]] std::string folder(const std::string& name) const {
    return step_.file("program/" + name);
  }
  [[nodiscard]] fs::path copy() const {
    return parts_.store->path(folder(parts_.initial.folder_name()));
  }

  /// A program that was interrupted begins anew with a fresh copy. What it measures again is there.
  Result<> lay_out() const {
    SKILLGRAD_CHECK(remove_tree(parts_.store->path(step_.file("program"))));
    std::map<std::string, skill::BundledFile> files;
    for (const auto& path : step_.current.files_for_agent())
      files[path] = step_.current.files().at(path);
    SKILLGRAD_TRY(const auto shown,
                  skill::SkillPackage::from_files(parts_.initial.folder_name(),
                                                  step_.current.skill_md(), std::move(files)));
    SKILLGRAD_CHECK(shown.save(copy()));
    return parts_.store->write(folder("task.json"), dump_json(task(), 1) + "\n");
  }

  [[nodiscard]] Json task() const {
    Json train = Json::array();
    for (const auto& id : parts_.splits.train) {
      Json runs = Json::array();
      for (const LossRecord& record : step_.loop.base)
        if (record.task_id == id)
          runs.push_back(
              {{"trial", record.sample},
               {"status", name_of(record.status)},
               {"score", record.graded() ? Json(record.score) : Json()},
               {"feedback", record.feedback},
               {"trace",
                record.trace.empty() ? Json() : Json(parts_.store->path(record.trace).string())}});
      train.push_back({{"task_id", id},
                       {"prompt", parts_.benchmark->find(id)->prompt},
                       {"rollouts", std::move(runs)}});
    }
    return {{"schema", "skillgrad.program/1"},
            {"goal",
             "Edit the skill in the folder \"skill\" so that an agent that has it solves more "
             "tasks like those of \"train\". What you leave there when you end with exit code 0 "
             "is judged on other tasks. Leave its name as it is, and write no answers of single "
             "tasks into it." +
                 std::string(skill::is_set(parts_.initial)
                                 ? " The folder holds several skills, of which an agent chooses; "
                                   "make and remove none."
                                 : "")},
            {"skill", copy().string()},
            {"name", parts_.initial.name()},
            {"measure", "skillgrad eval \"$SKILLGRAD_SKILL\" --split train --json"},
            {"rollouts", {{"allowed", step_.allowance}}},
            {"train", std::move(train)},
            {"val", parts_.splits.val}};
  }

  [[nodiscard]] exec::CommandSpec spec(const fs::path& socket) const {
    exec::CommandSpec out;
    out.argv = {"/bin/sh", "-c", program_.command};
    out.work_dir = program_.dir;
    out.env = exec::scrubbed_environment();
    for (const auto& [name, value] : program_.environment) out.env[name] = value;
    out.env[kRunVariable] = socket.string();
    out.env[kSkillVariable] = copy().string();
    out.env[kTaskVariable] = parts_.store->path(folder("task.json")).string();
    out.stdin_text = dump_json(task()) + "\n";
    out.limits.wall = wall();
    out.limits.memory_bytes = 0;
    out.limits.output_bytes = kSaidBytes;
    out.limits.file_bytes = std::uint64_t{4} << 30;
    out.limits.processes = 4096;
    out.limits.cpu_seconds = static_cast<std::uint64_t>(std::chrono::seconds(kNoLimit).count());
    return out;
  }

  [[nodiscard]] std::chrono::milliseconds wall() const {
    using std::chrono::milliseconds;
    milliseconds out = kNoLimit;
    if (program_.timeout_s > 0)
      out = milliseconds(static_cast<std::int64_t>(program_.timeout_s * 1000));
    if (const auto left = time_left()) out = std::min(out, *left);
    return std::max(out, milliseconds(1));
  }
  [[nodiscard]] std::optional<std::chrono::milliseconds> time_left() const {
    const auto& deadline = step_.loop.call.deadline;
    if (!deadline) return std::nullopt;
    return std::chrono::duration_cast<std::chrono::milliseconds>(*deadline - parts_.clock->now());
  }

  Result<PatchOutput> run() {
    SKILLGRAD_CHECK(lay_out());
    const SetAside aside(step_);
    MeasureRequests requests(step_);
    std::stop_source stop;
    const std::stop_callback outer(step_.loop.call.stop, [&] { stop.request_stop(); });
    SKILLGRAD_TRY(auto handle, RunHandle::open([&](const Json& request) {
                    Json out = requests.answer(request);
                    if (requests.ended()) stop.request_stop();
                    return out;
                  }));
    parts_.observer->progress(fmt::format("iteration {}: program", step_.iteration), 0, 1);
    auto ran = exec::run_process(spec(handle->path()), stop.get_token());
    handle.reset();  // a request under way is answered before anything else uses the book
    if (requests.ended()) return tl::unexpected(*requests.ended());
    if (step_.loop.call.stop.stop_requested())
      return fail(ErrorCode::cancelled, "stopped on request", step_.file("program"));
    if (!ran) return tl::unexpected(std::move(ran).error());
    SKILLGRAD_CHECK(parts_.store->write(folder("stdout.txt"), sanitize_utf8(ran->out)));
    SKILLGRAD_CHECK(parts_.store->write(folder("stderr.txt"), sanitize_utf8(ran->err)));
    SKILLGRAD_CHECK(check_end(*ran));
    return take(*ran);
  }

  [[nodiscard]] Result<> check_end(const exec::CommandResult& ran) const {
    if (ran.timed_out) {
      if (const auto left = time_left(); left && left->count() <= 0)
        return fail(ErrorCode::deadline, "the time limit passed while the program ran (--max-time)",
                    step_.file("program"), "raise the limit, and give the same command again");
      return fail(ErrorCode::invalid_skill,
                  fmt::format("the program did not end within {} s (--optimizer-timeout)",
                              format_double(program_.timeout_s)));
    }
    if (ran.exit_code == 0) return {};
    const std::string clean = strip_control(sanitize_utf8(trim(ran.err)));
    return fail(
        ErrorCode::invalid_skill,
        fmt::format("the program ended with exit code {}{}", ran.exit_code,
                    clean.empty() ? "" : "; stderr: " + truncate_middle(clean, kStderrTail)));
  }

  /// What it left, held to what every patch is held to.
  Result<PatchOutput> take(const exec::CommandResult& ran) const {
    PatchOutput out;
    SKILLGRAD_TRY(out.candidate, edited_package(parts_, copy()));
    out.patch.summary = summary(ran.out, out.candidate);
    if (out.candidate == step_.current) return out;
    const auto report = skill::lint(out.candidate, patch_input_of(step_).lint);
    out.findings = report.findings;
    out.blocking = report.blocking;
    return out;
  }

  /// The program's last line, or the files that it changed.
  [[nodiscard]] std::string summary(const std::string& said,
                                    const skill::SkillPackage& candidate) const {
    const auto lines = split_lines(sanitize_utf8(said));
    for (auto line = lines.rbegin(); line != lines.rend(); ++line)
      if (!trim(*line).empty()) return truncate_middle(strip_control(trim(*line)), kSummaryBytes);
    const auto changed = skill::changed_files(step_.current, candidate);
    return changed.empty() ? "the program changed nothing"
                           : "the program changed " + list_some(changed, 8);
  }

  Step& step_;
  const OptimizeParts& parts_;
  const OptimizerProgram& program_;
};

class CommandMethod final : public Method {
 public:
  [[nodiscard]] bool runs_batches() const override { return false; }
  [[nodiscard]] std::unique_ptr<Proposer> start(Step& step) const override {
    return std::make_unique<ProgramProposer>(step);
  }
};

}  // namespace

std::unique_ptr<Method> make_command_method() { return std::make_unique<CommandMethod>(); }

}  // namespace skillgrad::optim
