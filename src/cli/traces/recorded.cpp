// SPDX-License-Identifier: MIT
#include "cli/traces/recorded.hpp"

#include <set>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/traces/evidence.hpp>

#include "cli/models/credentials.hpp"
#include "cli/screen/notes.hpp"

namespace skillgrad::cli {
namespace {

constexpr std::size_t kMostNamed = 5;

/// Requests of the tasks that judge patches.
std::set<std::string> judging_requests(const bench::Benchmark* executable,
                                       const bench::Splits& splits) {
  std::set<std::string> out;
  if (executable == nullptr) return out;
  for (const auto* ids : {&splits.val, &splits.test})
    for (const auto& id : *ids)
      if (const bench::Task* task = executable->find(id))
        out.insert(traces::request_key(task->prompt));
  return out;
}

/// Takes those out that `wanted` names, and says so.
template <class Predicate>
std::size_t leave_out(std::vector<traces::Session>& sessions, Predicate is_out,
                      const std::string& why) {
  std::vector<std::string> names;
  std::erase_if(sessions, [&](const traces::Session& session) {
    if (!is_out(session)) return false;
    names.push_back(session.id);
    return true;
  });
  if (!names.empty())
    notes().say(fmt::format("{} {} not learned from: {}: {}", counted(names.size(), "session"),
                            names.size() == 1 ? "is" : "are", why, list_some(names, kMostNamed)));
  return names.size();
}

}  // namespace

Redactor recording_redactor(const Settings& settings) { return Redactor(secrets_in(settings)); }

Json to_json(const traces::Session& session) {
  Json out = {{"session", session.id},
              {"sha256", session.sha256},
              {"format", name_of(session.format)},
              {"steps", session.trajectory.events.size()},
              {"corrections", session.corrections.size()},
              {"skills", session.skills},
              {"score", session.outcome ? Json(session.outcome->score) : Json()},
              {"by", session.outcome ? Json(name_of(session.outcome->by)) : Json()}};
  if (session.cut) out["cut"] = true;
  return out;
}

Result<Recorded> read_recorded(const Settings& settings, const bench::Benchmark* executable,
                               const bench::Splits& splits) {
  const std::string place = settings.get<"traces">();
  SKILLGRAD_TRY(traces::Reading read, traces::read_sessions(place, recording_redactor(settings)));
  for (const auto& note : read.notes) notes().say(note);
  const std::size_t found = read.sessions.size();
  const std::size_t ungraded = leave_out(
      read.sessions, [](const traces::Session& one) { return !one.outcome; },
      "nobody has said how they came out (`skillgrad traces grade DIR` labels them)");
  const std::set<std::string> judging = judging_requests(executable, splits);
  const std::size_t judges = leave_out(
      read.sessions,
      [&](const traces::Session& one) {
        return judging.contains(traces::request_key(one.request));
      },
      "they ask for what a task asks that judges the patches");
  if (const auto most = static_cast<std::size_t>(settings.get<"limit">());
      most > 0 && read.sessions.size() > most)
    read.sessions.resize(most);
  std::erase_if(read.sessions, [&](const traces::Session& one) {
    if (executable == nullptr || executable->find(one.id) == nullptr) return false;
    notes().say("session " + one.id + " is not learned from: a task has the same id");
    return true;
  });
  if (read.sessions.empty())
    return fail(ErrorCode::config,
                fmt::format("holds no session to learn from: {} found, {} of them without an "
                            "outcome",
                            counted(found, "session"), ungraded),
                place,
                found == 0 ? "name a folder of recordings with --traces; docs/traces.md lists the "
                             "formats"
                           : "look at them with `skillgrad traces list DIR` and label them with "
                             "`skillgrad traces grade DIR --label SESSION=fail`");
  if (read.redacted > 0)
    notes().say(
        fmt::format("{} taken out of the recorded sessions",
                    counted(read.redacted, "secret") + (read.redacted == 1 ? " was" : " were")));
  Json of = Json::array();
  for (const traces::Session& session : read.sessions) of.push_back(to_json(session));
  Recorded out;
  out.facts = {{"place", place},
               {"files", read.files},
               {"sessions", found},
               {"used", read.sessions.size()},
               {"ungraded", ungraded},
               {"judging", judges},
               {"redacted", read.redacted},
               {"of", std::move(of)}};
  out.sessions = std::move(read.sessions);
  return out;
}

}  // namespace skillgrad::cli
