// SPDX-License-Identifier: MIT
#include <algorithm>
#include <set>
#include <utility>

#include <skillgrad/agent/external.hpp>
#include <skillgrad/core/hashing.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/llm/prices.hpp>
#include <skillgrad/skill/skill_set.hpp>

#include "agent/executor_tools.hpp"
#include "agent/external/command.hpp"
#include "agent/external/loading.hpp"
#include "agent/external/placeholders.hpp"
#include "agent/external/staging.hpp"
#include "agent/not_started.hpp"
#include "agent/relay/bridge.hpp"
#include "agent/relay/relay.hpp"
#include "agent/transcripts/transcript.hpp"
#include "agent/work_folder.hpp"

namespace skillgrad::agent {
namespace {

/// Linux starts no program with an argument of 128 KiB.
constexpr std::size_t kLongestTaskArgument = 120 * 1024;
/// What stands for a key that is added outside, or for none at all: programs refuse an empty one.
constexpr const char* kNoKey = "skillgrad-adds-it";

Error stopped_error() { return Error{ErrorCode::cancelled, "the run was stopped", {}, {}, {}}; }

std::string system_path(const fs::path& path) { return path.lexically_normal().string(); }

/// One execution of a task by another program, a method for each thing that is staged, run or read,
/// in that order. For one thread.
class ExternalRun {
 public:
  ExternalRun(const ExternalDependencies& deps, const Address& address, const AgentWalls& walls,
              const RolloutRequest& request)
      : deps_(deps),
        address_(address),
        walls_(walls),
        request_(request),
        offered_(request.skill, deps.neighbours) {}

  Rollout run(const llm::CallContext& context) {
    out_.task_id = request_.task->id;
    out_.sample = request_.sample;
    bench::GradeContext grading;
    grading.recalculator = deps_.recalculator;
    grading.sandbox = deps_.sandbox;
    grading.stop = context.stop;
    WorkFolder work(*deps_.benchmark, *request_.task, std::move(grading));
    if (auto done = work_in(work, context.stop); !done) end_with(std::move(done).error());
    out_.folder = work.folder();
    return std::move(out_);
  }

 private:
  const AgentProfile& profile() const { return deps_.agent.profile; }

  Result<> work_in(WorkFolder& work, const std::stop_token& stop) {
    SKILLGRAD_TRY(const fs::path work_dir, work.open());
    SKILLGRAD_TRY(const TempDir home, TempDir::create("skillgrad-home"));
    // Those in folders of one that was staged before them go with it.
    StagedSkill staged;
    std::vector<StagedSkill> beside;
    for (const auto& [dir, mount] : mounts_of(request_.skill, request_.skill_dir)) {
      const std::string name = fs::path(mount).filename().string();
      SKILLGRAD_TRY(auto one, StagedSkill::stage(work_dir, dir, profile().skill_folders, name));
      if (staged.first().empty())
        staged = std::move(one);
      else
        beside.push_back(std::move(one));
    }
    for (const Neighbour& neighbour : deps_.neighbours) {
      const std::string name = fs::path(skill_mount(neighbour.package)).filename().string();
      SKILLGRAD_TRY(auto one,
                    StagedSkill::stage(work_dir, neighbour.dir, profile().skill_folders, name));
      beside.push_back(std::move(one));
    }
    SKILLGRAD_CHECK(fill_in(work_dir, home.path(), staged));
    const auto ended = run_in_sandbox(work_dir, home.path(), stop);
    // Whatever came of it: copies of the skill are no output.
    for (StagedSkill& one : beside) SKILLGRAD_CHECK(one.take_out());
    SKILLGRAD_CHECK(staged.take_out());
    if (!ended) return tl::unexpected(ended.error());
    if (ended->cancelled) return tl::unexpected(stopped_error());
    judge(*ended);
    return {};
  }

  /// The values of the profile's placeholders.
  Result<> fill_in(const fs::path& work_dir, const fs::path& home, const StagedSkill& staged) {
    const exec::SandboxInfo sandbox = deps_.sandbox->info();
    const std::string inside =
        walls_.only_endpoint && !address_.tls
            ? "http://127.0.0.1:" + std::to_string(kBridgePort) + address_.path
            : deps_.endpoint.base_url;
    std::string root = inside;
    while (root.ends_with('/')) root.pop_back();
    if (root.ends_with("/v1")) root.resize(root.size() - 3);
    const bool gives_key = !walls_.key_stays_out;
    const std::string task_dir = seen_at(sandbox, work_dir, exec::kWorkDir);
    values_ = {{"base_url", inside},
               {"endpoint_root", root},
               {"home", seen_at(sandbox, home, kAgentHome)},
               {"key", gives_key ? deps_.endpoint.api_key.reveal() : kNoKey},
               {"max_turns", std::to_string(request_.limits.loop.turns)},
               {"model", deps_.endpoint.model},
               {"prompt", request_.task->prompt},
               {"skill", request_.skill != nullptr ? join(skill::skill_names(*request_.skill), ", ")
                                                   : std::string()},
               {"skill_dir", staged.first().empty() ? "" : task_dir + "/" + folder_of(staged)},
               {"work_dir", task_dir}};
    for (const auto& [file, text] : profile().home_files) {
      SKILLGRAD_CHECK(make_directories((home / file).parent_path()));
      SKILLGRAD_CHECK(write_file_in_place(home / file, fill(text, values_), 0600));
    }
    return {};
  }

  /// Of several skills the folder that they lie in.
  [[nodiscard]] std::string folder_of(const StagedSkill& staged) const {
    const fs::path first = staged.first();
    return (skill::is_set(*request_.skill) ? first.parent_path() : first).generic_string();
  }

  Result<exec::CommandSpec> command(const fs::path& work_dir, const fs::path& home) const {
    const exec::SandboxInfo sandbox = deps_.sandbox->info();
    exec::CommandSpec spec = agent_command(deps_.agent, sandbox, work_dir, home);
    if (walls_.only_endpoint) add_bridge(spec);
    for (const std::string& argument : profile().arguments) {
      spec.argv.push_back(fill(argument, values_));
      if (spec.argv.back().size() > kLongestTaskArgument)
        return fail(ErrorCode::input,
                    "the prompt of " + std::to_string(request_.task->prompt.size()) +
                        " bytes is too long for an argument of " + profile().title,
                    request_.task->id, "use a profile with \"prompt\": \"stdin\"");
    }
    if (profile().prompt == PromptPlace::standard_input) spec.stdin_text = request_.task->prompt;
    for (const auto& [name, value] : deps_.passed_env) spec.env[name] = value;
    for (const auto& [name, value] : profile().env) spec.env[name] = fill(value, values_);
    spec.limits.memory_bytes = request_.limits.memory_bytes;
    spec.limits.disk_bytes = request_.limits.disk_bytes;
    const auto own = request_.limits.loop.time;
    spec.limits.wall = own.count() > 0 ? own : std::chrono::milliseconds(profile().time_limit);
    spec.limits.cpu_seconds = 0;  // the time limit is of the whole tree
    return spec;
  }

  /// The command runs below our own program, which is its way to the relay.
  void add_bridge(exec::CommandSpec& spec) const {
    const std::string bridge = system_path(deps_.bridge);
    spec.argv.insert(spec.argv.begin(), {bridge, kBridgeWord, std::to_string(kBridgePort),
                                         std::string(kRelayFolder) + "/" + Relay::kSocket, "--"});
    spec.mounts.push_back({deps_.bridge, bridge});
    // Libraries that were installed with it.
    std::error_code problem;
    for (const char* lib : {"lib", "lib64"}) {
      const fs::path libraries = deps_.bridge.parent_path().parent_path() / lib / "skillgrad";
      if (fs::is_directory(libraries, problem))
        spec.mounts.push_back({libraries, libraries.string()});
    }
    const std::string proxy = "http://127.0.0.1:" + std::to_string(kBridgePort);
    for (const char* name : {"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"})
      spec.env[name] = proxy;
    for (const char* name : {"NO_PROXY", "no_proxy"}) spec.env[name] = "127.0.0.1,localhost";
    spec.env["NODE_USE_ENV_PROXY"] = "1";
  }

  Result<exec::CommandResult> run_in_sandbox(const fs::path& work_dir, const fs::path& home,
                                             const std::stop_token& stop) {
    SKILLGRAD_TRY(exec::CommandSpec spec, command(work_dir, home));
    if (!walls_.only_endpoint) return deps_.sandbox->run(spec, stop);
    SKILLGRAD_TRY(const TempDir socket, TempDir::create("skillgrad-relay"));
    RelayOptions options;
    options.endpoint = address_;
    options.inside = {"127.0.0.1", kBridgePort};
    if (!address_.tls && !deps_.endpoint.api_key.empty()) {
      options.key_header =
          profile().key_header == KeyHeader::bearer ? "Authorization" : "x-api-key";
      options.key = deps_.endpoint.api_key;
    }
    SKILLGRAD_TRY(const auto relay, Relay::open(socket.path(), std::move(options)));
    spec.writable.push_back({socket.path(), kRelayFolder});
    auto ended = deps_.sandbox->run(spec, stop);
    count_ = relay->close();
    return ended;
  }

  /// What the agent left on its standard output, and how it ended.
  void judge(const exec::CommandResult& ended) {
    Transcript read = read_transcript(profile().transcript, ended.out);
    for (LoadedSkill* loaded : offered_.all()) note_loaded(read, profile(), *loaded);
    offered_.note_activated();
    out_.trajectory.events.push_back(prompt_event());
    auto& events = out_.trajectory.events;
    std::move(read.trajectory.events.begin(), read.trajectory.events.end(),
              std::back_inserter(events));
    out_.final_message = std::move(read.final_message);
    out_.skill_text = offered_.own_text();
    out_.activated = offered_.own_activated();
    out_.activated_skills = offered_.activated();
    read_usage(read);
    for (const std::string& text : read.notes) note(text);
    if (ended.output_truncated) note("the agent printed more than is read; the middle is left out");
    note_skill(read);
    note_network();
    out_.end = end_of(ended, read);
    if (out_.end == EndState::infra_error) fail_trace();
  }

  TraceEvent prompt_event() const {
    TraceEvent out;
    out.role = "user";
    out.text = request_.task->prompt;
    return out;
  }

  void read_usage(const Transcript& read) {
    out_.usage = read.usage.value_or(llm::Usage());
    out_.usage.estimated = !read.usage;
    out_.usage.calls = std::max(1, read.turns);
    out_.cost_usd = cost(read);
    if (!read.usage)
      tell(
          "the agent reports no usage: what it used and cost is not known, and no limit of tokens "
          "or "
          "USD can be held against it");
  }

  std::optional<double> cost(const Transcript& read) const {
    if (deps_.endpoint.model.starts_with("sim:")) return 0.0;
    if (read.cost_usd && *read.cost_usd > 0) return read.cost_usd;
    if (!read.usage) return read.cost_usd;
    const auto price = llm::effective_price(deps_.endpoint, deps_.clock->wall_now());
    if (!price || !price->price) return std::nullopt;
    return llm::cost_of(*price->price, *read.usage, 0);
  }

  void note_skill(const Transcript& read) {
    if (request_.skill == nullptr || offered_.own_activated()) return;
    const auto names = skill::skill_names(*request_.skill);
    const bool missing =
        read.offered && std::none_of(names.begin(), names.end(), [&](const std::string& name) {
          return std::binary_search(read.offered->begin(), read.offered->end(), name);
        });
    const std::string what =
        names.size() == 1 ? "the skill " + names.front() : "any of the skills " + list_some(names);
    if (missing)
      note("the agent did not find " + what + " where it was put; it lists " +
           (read.offered->empty() ? "none" : list_some(*read.offered)));
    else if (read.events > 0)
      note("the agent did not load " + what);
  }

  void note_network() {
    for (const auto& [target, count] : count_.refused)
      note("the agent wanted to reach " + target +
           (count > 1 ? " " + std::to_string(count) + " times" : "") +
           ", which is not the endpoint of its model: refused");
    if (count_.unreachable > 0) note("the endpoint of the model did not accept a connection");
  }

  /// Into the trace, where whoever diagnoses reads it, and to the user.
  void note(const std::string& text) {
    TraceEvent event;
    event.kind = TraceEvent::Kind::error;
    event.name = "note";
    event.text = text;
    out_.trajectory.events.push_back(std::move(event));
    tell(text);
  }

  void tell(const std::string& text) const {
    if (deps_.note) deps_.note(profile().title + ": " + text);
  }

  EndState end_of(const exec::CommandResult& ended, Transcript& read) {
    if (ended.timed_out) {
      if (read.events > 0) return EndState::time_limit;
      return infra(
          {ErrorCode::transient, "the agent said nothing until its time was over", {}, {}, {}},
          ended);
    }
    if (read.fault) {
      if (count_.unreachable > 0 && read.fault->code == ErrorCode::infra)
        read.fault->code = ErrorCode::transient;
      if (read.fault->code == ErrorCode::context_overflow && read.turns > 1)
        return EndState::token_limit;
      return infra(std::move(*read.fault), ended);
    }
    if (read.end) return *read.end;
    const auto known = profile().exit_codes.find(ended.exit_code);
    if (known != profile().exit_codes.end()) return known->second;
    if (ended.exit_code != 0) {
      Error error = agent_fault(std::nullopt, last_words(ended));
      error.message = "the agent ended with exit code " + std::to_string(ended.exit_code) +
                      (ended.signal != 0 ? " (signal " + std::to_string(ended.signal) + ")" : "") +
                      (error.message.empty() ? "" : "; " + error.message);
      return infra(std::move(error), ended);
    }
    if (read.events == 0 &&
        !(profile().transcript == TranscriptFormat::text && wrote_nothing_is_fine()))
      return infra({ErrorCode::infra, "the agent ended without a transcript", {}, {}, {}}, ended);
    if (!read.complete)
      return infra({ErrorCode::infra, "the transcript has no end: the agent broke off", {}, {}, {}},
                   ended);
    const auto most = request_.limits.loop.tokens;
    if (most > 0 && out_.usage.input_tokens + out_.usage.output_tokens > most)
      return EndState::token_limit;
    return EndState::finished;
  }

  /// A command that leaves a file need not print anything.
  [[nodiscard]] bool wrote_nothing_is_fine() const { return !request_.task->output_file.empty(); }

  static std::string last_words(const exec::CommandResult& ended) {
    return std::string(trim(truncate_middle(ended.err.empty() ? ended.out : ended.err, 600)));
  }

  EndState infra(Error error, const exec::CommandResult& ended) {
    if (error.where.empty()) error.where = request_.task->id;
    const std::string words = strip_control(sanitize_utf8(last_words(ended)));
    if (!words.empty() && error.message.find(words.substr(0, 40)) == std::string::npos)
      error.message += "; it last said: " + truncate_middle(words, 300);
    if (error.mend.empty())
      error.mend = "`skillgrad doctor --executor " + profile().name + "` tries it";
    out_.error = std::move(error);
    return EndState::infra_error;
  }

  void fail_trace() {
    TraceEvent event;
    event.kind = TraceEvent::Kind::error;
    event.text = out_.error->to_line();
    event.is_error = true;
    out_.trajectory.events.push_back(std::move(event));
  }

  void end_with(Error error) {
    out_.end = EndState::infra_error;
    out_.error = std::move(error);
    const bool begun = out_.error->code == ErrorCode::cancelled;
    if (!begun && !out_.cost_usd && out_.usage.calls == 0) out_.cost_usd = 0.0;
    fail_trace();
  }

  const ExternalDependencies& deps_;
  const Address& address_;
  const AgentWalls& walls_;
  const RolloutRequest& request_;
  OfferedSkills offered_;
  std::map<std::string, std::string> values_;
  RelayCount count_;
  Rollout out_;
};

class ExternalExecutor final : public Executor {
 public:
  ExternalExecutor(ExternalDependencies dependencies, Address address, AgentWalls walls)
      : deps_(std::move(dependencies)), address_(std::move(address)), walls_(std::move(walls)) {}

  [[nodiscard]] Rollout run(const RolloutRequest& request,
                            const llm::CallContext& context) override {
    const SteadyTime start = deps_.clock->now();
    if (auto may = may_begin(request, context); !may)
      return not_started(request, std::move(may).error());
    Rollout out = ExternalRun(deps_, address_, walls_, request).run(context);
    out.seconds = std::chrono::duration<double>(deps_.clock->now() - start).count();
    if (auto booked = book(request, out); !booked && !out.error) {
      out.end = EndState::infra_error;
      out.error = std::move(booked).error();
    }
    return out;
  }

  /// What the agent is told of the skill is its own affair; the skill is there under this name.
  [[nodiscard]] std::string system_prompt(const skill::SkillPackage* skill) const override {
    return skill == nullptr && deps_.neighbours.empty() ? std::string()
                                                        : catalogue(skill, deps_.neighbours);
  }

 private:
  [[nodiscard]] std::string key_of(const RolloutRequest& request) const {
    PartHasher out;
    out.add("external").add(deps_.agent.profile.hash).add(deps_.agent.version).add(request.scope);
    return out.add(std::to_string(request.sample)).add(request.task->prompt).finish();
  }

  [[nodiscard]] llm::LedgerRow row_of(const RolloutRequest& request) const {
    llm::LedgerRow row;
    row.key = key_of(request);
    row.stage = "executor";
    row.scope = request.scope;
    row.model = deps_.endpoint.model;
    row.attempt = 1;
    return row;
  }

  Result<> may_begin(const RolloutRequest& request, const llm::CallContext& context) {
    if (context.stop.stop_requested()) return tl::unexpected(stopped_error());
    if (context.deadline && deps_.clock->now() >= *context.deadline)
      return fail(ErrorCode::deadline, "the time limit of the run has passed", request.task->id,
                  "raise --max-time, and give the same command again to go on");
    if (deps_.accountant != nullptr) {
      SKILLGRAD_CHECK(deps_.accountant->reserve(0, 0));
      deps_.accountant->note_call(key_of(request));
    }
    if (deps_.recorder == nullptr) return {};
    return deps_.recorder->begin(key_of(request), row_of(request), std::nullopt);
  }

  /// A task is one call of the ledger, with what the agent says that it used.
  Result<> book(const RolloutRequest& request, const Rollout& out) {
    llm::LedgerRow row = row_of(request);
    row.usage = out.usage;
    row.cost_usd = out.cost_usd;
    row.seconds = out.seconds;
    row.billed = llm::Billed::yes;
    row.outcome = out.error ? llm::AttemptOutcome(out.error->code)
                            : llm::AttemptOutcome(llm::AttemptOutcome::ok);
    // Of one that was stopped on its way nobody knows.
    const bool stopped = out.error && out.error->code == ErrorCode::cancelled;
    if (stopped)
      row.billed = llm::Billed::unknown;
    else if (out.error && out.usage.calls == 0)
      row.billed = llm::Billed::no;
    Result<> kept;
    if (deps_.recorder != nullptr && out.error) {
      kept = deps_.recorder->attempt_failed(row);
    } else if (deps_.recorder != nullptr) {
      const Json request_json = {
          {"executor", deps_.agent.profile.name},
          {"version", deps_.agent.version},
          {"messages", {{{"role", "user"}, {"content", request.task->prompt}}}}};
      kept = deps_.recorder->finish(row, dump_json(request_json),
                                    dump_json({{"content", out.final_message}}));
    }
    if (deps_.accountant != nullptr) {
      deps_.accountant->settle(0, 0, row);
      if (out.error) deps_.accountant->note_failure(out.error->message);
      if (out.error) deps_.accountant->note_failed_call();
    }
    return kept;
  }

  ExternalDependencies deps_;
  Address address_;
  AgentWalls walls_;
};

}  // namespace

Result<std::unique_ptr<Executor>> make_external_executor(ExternalDependencies dependencies) {
  SKILLGRAD_TRY(Address address, read_address(dependencies.endpoint.base_url));
  SKILLGRAD_TRY(AgentWalls walls, walls_of(dependencies.sandbox->info(), dependencies.endpoint));
  return std::unique_ptr<Executor>(std::make_unique<ExternalExecutor>(
      std::move(dependencies), std::move(address), std::move(walls)));
}

}  // namespace skillgrad::agent
