// SPDX-License-Identifier: MIT
#include <algorithm>
#include <atomic>
#include <mutex>

#include <fmt/format.h>

#include <skillgrad/core/parallel.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/report/terminal.hpp>
#include <skillgrad/traces/evidence.hpp>
#include <skillgrad/traces/labels.hpp>

#include "cli/commands/commands.hpp"
#include "cli/models/models.hpp"
#include "cli/screen/console.hpp"
#include "cli/screen/notes.hpp"
#include "cli/traces/recorded.hpp"
#include "cli/workbench/load_settings.hpp"
#include "cli/workbench/open_workbench.hpp"

namespace skillgrad::cli {
namespace {

constexpr std::size_t kRequestShown = 200, kRequestInTable = 60, kNameInTable = 300;
/// What a judge is shown of a session, in bytes: a step, and all.
constexpr std::size_t kJudgedStep = 3'000, kJudgedSession = 50'000;

std::string shown_line(const std::string& text, std::size_t most) {
  return replace_all(strip_control(truncate_middle(trim(text), most)), "\n", " ");
}

Json session_json(const traces::Session& session) {
  const auto& events = session.trajectory.events;
  Json out = to_json(session);
  out["calls"] = std::count_if(events.begin(), events.end(), [](const agent::TraceEvent& event) {
    return event.kind == agent::TraceEvent::Kind::tool_call;
  });
  out["tokens"] = {{"input", session.usage.input_tokens}, {"output", session.usage.output_tokens}};
  out["id_in_record"] = session.own_id;
  out["agent"] = session.agent;
  out["model"] = session.model;
  out["request"] = truncate_middle(session.request, kRequestShown);
  out["text"] = session.outcome ? session.outcome->text : "";
  return out;
}

std::string grade_text(const traces::Session& session) {
  if (!session.outcome) return "-";
  const double score = session.outcome->score;
  const std::string word = score >= 1 ? "pass" : score <= 0 ? "fail" : format_double(score);
  return fmt::format("{} ({})", word, name_of(session.outcome->by));
}

int list(const Settings& settings, const std::string& place, const traces::Reading& read) {
  if (settings.get<"json">()) {
    Json sessions = Json::array();
    for (const auto& session : read.sessions) sessions.push_back(session_json(session));
    print_out(dump_json({{"schema", "skillgrad.traces/1"},
                         {"place", place},
                         {"files", read.files},
                         {"sessions", std::move(sessions)},
                         {"redacted", read.redacted},
                         {"notes", notes_json(notes().all())}},
                        1) +
              "\n");
    return 0;
  }
  std::size_t graded = 0;
  for (const auto& session : read.sessions) {
    graded += session.outcome ? 1U : 0U;
    print_out(fmt::format("{:<12} {:<16} {:>4} steps  {}{}\n             {}\n",
                          name_of(session.format), grade_text(session),
                          session.trajectory.events.size(), shown_line(session.id, kNameInTable),
                          session.skills.empty()
                              ? ""
                              : "  skills: " + shown_line(join(session.skills, ", "), kNameInTable),
                          shown_line(session.request, kRequestInTable)));
  }
  print_out(fmt::format("{} in {}, {} with a grade; {} taken out\n",
                        counted(read.sessions.size(), "session"), counted(read.files, "file"),
                        graded, counted(read.redacted, "secret")));
  return 0;
}

/// By its id, the id in its record, or the end of its path, if only one session has it.
Result<const traces::Session*> find_session(const traces::Reading& read, const std::string& word) {
  std::vector<const traces::Session*> found;
  std::vector<std::string> names;
  for (const auto& session : read.sessions) {
    if (session.id == word) return &session;
    names.push_back(session.id);
    if (session.own_id == word || session.id.ends_with("/" + word)) found.push_back(&session);
  }
  if (found.size() == 1) return found.front();
  const auto near = nearest_match(word, names);
  return fail(ErrorCode::usage,
              found.empty() ? "there is no session \"" + word + "\""
                            : fmt::format("{} sessions are called \"{}\"", found.size(), word),
              "--label",
              found.empty() && near ? "did you mean \"" + *near + "\"?"
                                    : "`skillgrad traces list DIR` prints the names");
}

Result<std::vector<traces::Label>> by_hand(const Invocation& invocation,
                                           const traces::Reading& read) {
  const std::string given = invocation.value("label");
  const std::size_t equals = given.rfind('=');
  if (equals == std::string::npos || equals == 0)
    return fail(ErrorCode::usage, "got \"" + given + "\", expected SESSION=GRADE", "--label",
                "write for example --label SESSION=fail");
  traces::Label label;
  SKILLGRAD_TRY(const auto* session, find_session(read, given.substr(0, equals)));
  SKILLGRAD_TRY(label.score, traces::read_score(given.substr(equals + 1)));
  label.session = session->id;
  label.sha256 = session->sha256;
  label.note = invocation.value("note");
  if (!label.score && trim(label.note).empty())
    return fail(ErrorCode::usage, "a label without a grade needs a note", "--note",
                "say what was wrong with --note TEXT, or give a grade");
  return std::vector<traces::Label>{std::move(label)};
}

/// What came of asking a judge.
struct Judged {
  std::vector<traces::Label> labels;
  std::vector<std::string> failed;
  std::optional<Error> ended;
};

/// Sessions as tasks of the judge grader, which delimits what it shows and wants its quotes to
/// stand in the session.
Result<std::unique_ptr<bench::Benchmark>> judge_tasks(
    const std::vector<const traces::Session*>& sessions, const std::string& criteria) {
  SKILLGRAD_TRY(const TempDir folder, TempDir::create("skillgrad-traces"));
  Json list = Json::array();
  const auto lines = split_lines(criteria);
  for (const std::string& line : lines)
    if (!trim(line).empty()) list.push_back(std::string(trim(line)));
  if (list.empty())
    return fail(ErrorCode::usage, "got \"\" for --judge, expected what a right session fulfils",
                "--judge", "write for example --judge \"The request is fulfilled\"");
  std::string text;
  for (std::size_t i = 0; i < sessions.size(); ++i)
    text += dump_json({{"id", fmt::format("s{}", i)},
                       {"input", sessions[i]->request},
                       {"grader", {{"type", "llm-judge"}, {"criteria", list}}}}) +
            "\n";
  const fs::path file = folder.path() / "sessions.jsonl";
  SKILLGRAD_CHECK(write_file_atomic(file, text));
  return bench::load_benchmark(file.string(), {});
}

Judged ask(const bench::Benchmark& benchmark, const std::vector<const traces::Session*>& sessions,
           const bench::GradeContext& context, const std::string& judge, unsigned jobs) {
  Judged out;
  std::mutex mutex;
  std::atomic<bool> stop{false};
  parallel_for(sessions.size(), jobs, [&](std::size_t i) {
    if (stop || context.stop.stop_requested()) return;
    const traces::Session& session = *sessions[i];
    const bench::Task* const task = benchmark.find(fmt::format("s{}", i));
    const auto grade = benchmark.grade(
        *task, {{}, session.trajectory.render(kJudgedStep, kJudgedSession)}, context);
    const std::lock_guard lock(mutex);
    if (grade.call_error && llm::ends_run(grade.call_error->code)) {
      stop = true;
      if (!out.ended) out.ended = grade.call_error;
    } else if (grade.status == bench::GradeStatus::error) {
      out.failed.push_back(session.id + ": " + grade.message);
    } else {
      out.labels.push_back(
          {session.id, session.sha256, grade.score, grade.message, "judge " + judge});
    }
  });
  std::sort(out.failed.begin(), out.failed.end());
  return out;
}

void print_labels(const Settings& settings, const fs::path& file, const Judged& judged) {
  if (settings.get<"json">()) {
    Json labels = Json::array();
    for (const auto& label : judged.labels)
      labels.push_back({{"session", label.session},
                        {"score", label.score ? Json(*label.score) : Json()},
                        {"note", label.note},
                        {"by", label.by}});
    print_out(dump_json({{"schema", "skillgrad.labels/1"},
                         {"file", file.string()},
                         {"labels", std::move(labels)},
                         {"failed", judged.failed},
                         {"notes", notes_json(notes().all())}},
                        1) +
              "\n");
    return;
  }
  for (const auto& label : judged.labels)
    print_out(fmt::format("{}: {}{}\n", strip_control(label.session),
                          label.score ? format_double(*label.score) : "note",
                          label.note.empty() ? "" : "  " + shown_line(label.note, 100)));
  for (const auto& failed : judged.failed)
    print_out("not judged: " + shown_line(failed, 300) + "\n");
  print_out(
      fmt::format("{} written to {}\n", counted(judged.labels.size(), "label"), file.string()));
}

Result<int> judge(const Settings& settings, const Invocation& invocation, const fs::path& file,
                  const traces::Reading& read) {
  std::vector<const traces::Session*> open;
  for (const auto& session : read.sessions)
    if (!session.outcome) open.push_back(&session);
  if (open.empty()) {
    notes().say("every session has a grade already, so no judge is asked");
    print_labels(settings, file, {});
    return 0;
  }
  SKILLGRAD_TRY(const auto benchmark, judge_tasks(open, invocation.value("judge")));
  SystemClock clock;
  SKILLGRAD_TRY(const auto models,
                open_judges(settings, clock, "a judge is to grade sessions", invocation.stop));
  bench::GradeContext context;
  context.stop = invocation.stop;
  SKILLGRAD_TRY(context.judging.prompt, load_prompt(settings, "judge"));
  SKILLGRAD_CHECK(lend_judges(settings, clock, *models, context));
  SKILLGRAD_TRY(auto* const model, models->judge(""));
  Judged judged = ask(*benchmark, open, context, model->model_name(),
                      static_cast<unsigned>(settings.get<"jobs">()));
  std::sort(judged.labels.begin(), judged.labels.end(),
            [](const auto& a, const auto& b) { return a.session < b.session; });
  // What was paid for is kept, whatever ended the rest.
  if (!judged.labels.empty()) SKILLGRAD_CHECK(traces::write_labels(file, judged.labels));
  print_err(report::cost_by_stage(models->accountant().totals()));
  if (judged.ended)
    return tl::unexpected(std::move(*judged.ended)
                              .with_context(fmt::format("after {} of {} sessions",
                                                        judged.labels.size(), open.size())));
  if (invocation.stop.stop_requested())
    return fail(ErrorCode::cancelled, "stopped on request", file.string(),
                "give the same command again to go on");
  print_labels(settings, file, judged);
  return judged.failed.empty() ? 0 : 1;
}

Result<int> grade(const Settings& settings, const Invocation& invocation, const std::string& place,
                  const traces::Reading& read) {
  const fs::path file = traces::labels_file(fs::absolute(place).lexically_normal());
  const bool by_person = invocation.has("label");
  if (by_person == invocation.has("judge"))
    return fail(ErrorCode::usage,
                by_person ? "--label and --judge are two ways to grade" : "no grade is given",
                "skillgrad traces grade",
                "give --label SESSION=fail, or --judge TEXT with what a right session fulfils");
  if (!by_person && invocation.has("note"))
    return fail(ErrorCode::usage, "--note belongs to --label", "--note", "leave it out");
  if (!by_person) return judge(settings, invocation, file, read);
  SKILLGRAD_TRY(auto labels, by_hand(invocation, read));
  SKILLGRAD_CHECK(traces::write_labels(file, labels));
  print_labels(settings, file, {std::move(labels), {}, {}});
  return 0;
}

}  // namespace

Result<int> cmd_traces(const Invocation& invocation) {
  const std::string& action = invocation.arguments.at(0);
  if (action != "list" && action != "grade") {
    const auto near = nearest_match(action, {"list", "grade"});
    return fail(ErrorCode::usage, "unknown action \"" + action + "\"", "traces",
                near ? "did you mean \"" + *near + "\"?" : "use list or grade");
  }
  if (action == "list")
    for (const char* flag : {"label", "note", "judge"})
      if (invocation.has(flag))
        return fail(ErrorCode::usage,
                    std::string("--") + flag + " belongs to `skillgrad traces grade`",
                    "skillgrad traces list", "leave it out, or use grade");
  if (invocation.arguments.size() < 2)
    return fail(ErrorCode::usage, "no folder of sessions is named", "skillgrad traces " + action,
                "name a folder of recordings, such as ~/.claude/projects or a run");
  SKILLGRAD_TRY(const auto settings, load_settings(invocation));
  const std::string& place = invocation.arguments.at(1);
  SKILLGRAD_TRY(const auto read, traces::read_sessions(place, recording_redactor(settings)));
  for (const auto& note : read.notes) notes().say(note);
  return action == "list" ? list(settings, place, read) : grade(settings, invocation, place, read);
}

}  // namespace skillgrad::cli
