// SPDX-License-Identifier: MIT
#include <skillgrad/core/text.hpp>

#include "cli/doctor/doctor.hpp"
#include "cli/models/models.hpp"
#include "cli/settings/options.hpp"
#include "cli/workbench/external_agent.hpp"

namespace skillgrad::cli {
namespace {

using State = DoctorRow::State;

constexpr const char* kSkill =
    "---\nname: word-of-the-day\ndescription: Knows the word of the day. Use it whenever the word "
    "of "
    "the day is asked for.\n---\n# Word of the day\n\nThe word of the day is \"heliotrope\".\n";
constexpr const char* kTask =
    R"({"id":"doctor","input":"Write the word of the day into the file word.txt of the current folder, and nothing else. A skill knows it.","output":"word.txt","target":"heliotrope"})";
constexpr std::chrono::seconds kTrialTime{180};

DoctorRow bad_row(const std::string& what, Error error) {
  const std::string mend = error.mend;
  return {what, State::bad, without_mend(std::move(error)), mend};
}

/// One trivial task with a trivial skill, through the executor as a run makes it.
class Trial {
 public:
  Trial(const Settings& settings, agent::InstalledAgent agent, exec::Sandbox& sandbox)
      : settings_(settings), agent_(std::move(agent)), sandbox_(sandbox) {}

  Result<DoctorRow> run(const std::stop_token& stop) {
    SKILLGRAD_TRY(const auto models, Models::open(settings_, nullptr, clock_));
    SKILLGRAD_TRY(const TempDir folder, TempDir::create("skillgrad-doctor"));
    SKILLGRAD_CHECK(write_file_in_place(folder.path() / "task.jsonl", std::string(kTask) + "\n"));
    SKILLGRAD_TRY(const auto benchmark,
                  bench::load_benchmark((folder.path() / "task.jsonl").string(), {}));
    SKILLGRAD_TRY(const auto skill, skill::SkillPackage::from_files("word-of-the-day", kSkill, {}));
    SKILLGRAD_CHECK(skill.save(folder.path() / "skill"));
    agent::ExternalDependencies parts;
    parts.agent = agent_;
    parts.endpoint = models->endpoint_of("executor");
    parts.benchmark = benchmark.get();
    parts.sandbox = &sandbox_;
    parts.clock = &clock_;
    SKILLGRAD_TRY(parts.passed_env, agent_env(settings_));
    parts.bridge = own_program();
    parts.note = [this](const std::string& text) { notes_.push_back(text); };
    SKILLGRAD_TRY(const auto executor, agent::make_external_executor(std::move(parts)));
    agent::RolloutRequest request;
    request.task = &benchmark->tasks().front();
    request.skill = &skill;
    request.skill_dir = folder.path() / "skill";
    request.scope = "doctor";
    request.limits.loop.turns = 10;
    request.limits.loop.time = kTrialTime;
    return row_of(executor->run(request, {stop, {}, {}}));
  }

 private:
  [[nodiscard]] DoctorRow row_of(const agent::Rollout& rollout) const {
    const std::string what = "executor task";
    if (rollout.error) return bad_row(what, *rollout.error);
    const auto written = read_file(rollout.work_dir() / "word.txt", 4096);
    const bool right = written && written->find("heliotrope") != std::string::npos;
    std::string found =
        std::string("ended as ") + name_of(rollout.end) +
        (rollout.activated ? ", loaded the skill" : ", did not load the skill") +
        (right ? ", wrote what was asked for" : ", did not write what was asked for");
    found += rollout.usage.estimated
                 ? ", reports no usage"
                 : ", " + std::to_string(rollout.usage.input_tokens) + " input and " +
                       std::to_string(rollout.usage.output_tokens) + " output tokens";
    for (const std::string& note : notes_) found += "; " + note;
    if (right && rollout.activated) return {what, State::ok, found, {}};
    return {
        what, State::weak, found,
        "it works, but try another model: this task asks for nothing but to read a skill and to "
        "write a word"};
  }

  const Settings& settings_;
  agent::InstalledAgent agent_;
  exec::Sandbox& sandbox_;
  SystemClock clock_;
  std::vector<std::string> notes_;
};

void check_walls(const Settings& settings, exec::Sandbox& sandbox, DoctorRows& rows) {
  SystemClock clock;
  const auto models = Models::open(settings, nullptr, clock);
  if (!models) return rows.add(bad_row("executor walls", models.error()));
  const auto walls = agent::walls_of(sandbox.info(), (*models)->endpoint_of("executor"));
  if (!walls) return rows.add(bad_row("executor walls", walls.error()));
  const std::string found =
      sandbox.info().backend +
      "; network: " + (walls->only_endpoint ? "the endpoint alone" : "open") +
      "; key: " + (walls->key_stays_out ? "stays outside" : "the agent can read it") +
      "; it can read: " +
      (sandbox.info().isolates_files ? "system, its program, work directory, its own HOME"
                                     : "all that you can read");
  if (walls->weaknesses.empty()) return rows.add({"executor walls", State::ok, found, {}});
  rows.add({"executor walls", State::weak, found,
            sandbox.info().isolates_files
                ? "give it a key with a limit of its own, or an endpoint on http://127.0.0.1"
                : "apt install bubblewrap"});
}

}  // namespace

void check_executor_agent(const Settings& settings, exec::Sandbox& sandbox, DoctorRows& rows) {
  if (!is_external(settings)) return;
  std::error_code ignored;
  auto agent = open_agent(settings, fs::current_path(ignored), sandbox, rows.stop());
  if (!agent) return rows.add(bad_row("executor", agent.error()));
  const agent::InstalledAgent& found = **agent;
  rows.add({"executor",
            State::ok,
            found.profile.title + ", " +
                (found.version.empty() ? "which tells no version" : found.version) + ", " +
                found.program.string() + "; skills go to " +
                join(found.profile.skill_folders, ", "),
            {}});
  if (settings.get<"model">().empty())
    return rows.add({"executor task", State::weak, "not tried: no model is named",
                     "name the model that it works with: --model NAME"});
  check_walls(settings, sandbox, rows);
  if (rows.stop().stop_requested()) return;
  auto tried = Trial(settings, found, sandbox).run(rows.stop());
  rows.add(tried ? std::move(*tried) : bad_row("executor task", tried.error()));
}

}  // namespace skillgrad::cli
