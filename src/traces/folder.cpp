// SPDX-License-Identifier: MIT
// Sessions below a folder: which files are looked at, and what lies beside them.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/traces/labels.hpp>
#include <skillgrad/traces/sessions.hpp>

#include "traces/parts/cleaner.hpp"
#include "traces/parts/session_builder.hpp"

namespace skillgrad::traces {
namespace {

constexpr std::uint64_t kMostFileBytes = std::uint64_t{64} << 20;
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 30;
constexpr std::uint64_t kMostBesideBytes = std::uint64_t{4} << 20;
constexpr std::size_t kMostFiles = 20'000;
constexpr std::size_t kMostDepth = 24;
constexpr std::size_t kUnknownNamed = 5;

/// A small JSON file, or null.
Json json_file(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_regular_file(fs::symlink_status(path, ignored))) return {};
  const auto text = read_file(path, kMostBesideBytes);
  if (!text) return {};
  auto value = parse_tolerant_json(*text, path.string(), DeepValues::make_null);
  return value ? std::move(*value) : Json();
}

bool is_run(const fs::path& dir) {
  return text_member(json_file(dir / "config.json"), "schema").starts_with("skillgrad.config/");
}

/// Tasks that judge the patches of a run: what they show must not be learned from.
std::set<std::string> judging_tasks(const fs::path& run) {
  std::set<std::string> out;
  const Json splits = member(json_file(run / "plan.json"), "splits");
  for (const char* name : {"val", "test"})
    if (const Json& ids = member(splits, name); ids.is_array())
      for (const Json& id : ids)
        if (id.is_string()) out.insert(id.get<std::string>());
  return out;
}

class FolderReader {
 public:
  FolderReader(fs::path root, const Redactor& redactor)
      : root_(std::move(root)), redactor_(redactor), cleaner_(redactor) {}

  Result<Reading> read() {
    SKILLGRAD_CHECK(visit(root_, 0, is_run(root_) ? root_ : fs::path()));
    std::sort(files_.begin(), files_.end());
    for (const Found& found : files_) read_one(found);
    gather_notes();
    tell_unknown();
    tell_judging();
    drop_equal();
    out_.redacted += cleaner_.redacted();
    return std::move(out_);
  }

 private:
  struct Found {
    fs::path path, run;  ///< the run that it is a part of, or ""
    bool operator<(const Found& other) const { return path < other.path; }
  };

  Result<> visit(const fs::path& dir, std::size_t depth, const fs::path& run) {
    std::error_code error;
    std::vector<fs::directory_entry> entries;
    for (fs::directory_iterator it(dir, error), end; !error && it != end; it.increment(error))
      entries.push_back(*it);
    if (error) {
      if (depth == 0)
        return tl::unexpected(errno_error(error.value(), "cannot list", dir.string()));
      note(dir, "not looked at: " + error.message());
      return {};
    }
    std::sort(entries.begin(), entries.end(),
              [](const auto& a, const auto& b) { return a.path() < b.path(); });
    for (const auto& entry : entries) SKILLGRAD_CHECK(visit_entry(entry, depth, run));
    return {};
  }

  Result<> visit_entry(const fs::directory_entry& entry, std::size_t depth, const fs::path& run) {
    std::error_code error;
    const auto status = entry.symlink_status(error);
    const fs::path& path = entry.path();
    if (error || fs::is_symlink(status)) {
      if (!error) note(path, "not followed: it is a link");
      return {};
    }
    if (fs::is_directory(status)) {
      if (depth + 1 >= kMostDepth) {
        note(path, "not looked at: too many folders in each other");
        return {};
      }
      return visit(path, depth + 1, run.empty() && is_run(path) ? path : run);
    }
    if (!fs::is_regular_file(status)) return {};
    // Of a run only its rollouts are sessions.
    if (!run.empty() && (path.filename() != "trajectory.jsonl" ||
                         path.parent_path().parent_path().filename() != "rollouts"))
      return {};
    if (path == labels_file(root_) || is_beside(path)) return {};
    if (files_.size() >= kMostFiles)
      return fail(ErrorCode::input, fmt::format("holds more than {} files", kMostFiles),
                  root_.string(), "name a folder below it with --traces DIR");
    files_.push_back({path, run});
    return {};
  }

  /// What is read with a trajectory and is none itself.
  static bool is_beside(const fs::path& path) {
    std::error_code ignored;
    const fs::path folder = path.parent_path();
    const bool own = fs::exists(folder / "trajectory.jsonl", ignored);
    return own && (path.filename() == "loss.json" || path.filename() == "skill_text.md");
  }

  void note(const fs::path& path, const std::string& what) {
    out_.notes.push_back(cleaner_.text(place_of(path)) + ": " + cleaner_.text(what));
  }

  [[nodiscard]] std::string place_of(const fs::path& path) const {
    const std::string name = path.lexically_relative(root_).generic_string();
    return name.empty() || name == "." ? path.filename().string() : name;
  }

  void read_one(const Found& found) {
    std::error_code error;
    const auto size = fs::file_size(found.path, error);
    if (error || size == 0) return;
    if (size > kMostFileBytes)
      return note(found.path,
                  fmt::format("not read: {} bytes, at most {} are", size, kMostFileBytes));
    if (bytes_ + size > kMostBytes)
      return note(found.path, fmt::format("not read: the files before it have {} bytes, at most {} "
                                          "are read",
                                          bytes_, kMostBytes));
    bytes_ += size;
    const auto bytes = read_file(found.path, kMostFileBytes);
    if (!bytes) return note(found.path, "not read: " + bytes.error().message);
    ++out_.files;
    if (bytes->starts_with("SQLite format 3"))
      return note(
          found.path,
          "not read: it is a database; of that of opencode, opencode export SESSION prints a "
          "session as it is read here");
    if (!may_be_json(*bytes)) {
      unknown_.push_back(place_of(found.path));
      return;
    }
    Reading read = read_text(*bytes, place_of(found.path), redactor_);
    out_.redacted += read.redacted;
    if (read.sessions.empty() && read.notes.size() == 1 &&
        read.notes.front().ends_with("no session in a format that is known")) {
      unknown_.push_back(place_of(found.path));
      return;
    }
    out_.notes.insert(out_.notes.end(), read.notes.begin(), read.notes.end());
    for (Session& session : read.sessions) {
      if (!look_beside(found, session)) continue;
      out_.sessions.push_back(std::move(session));
    }
  }

  static bool may_be_json(std::string_view bytes) {
    const std::string_view text = trim(bytes.substr(0, 4096));
    return !text.empty() && (text.front() == '{' || text.front() == '[');
  }

  /// The grade that lies beside a trajectory. False: the session is not to be learned from.
  bool look_beside(const Found& found, Session& session) {
    const fs::path folder = found.path.parent_path();
    if (session.format == Format::skillgrad) return look_at_loss(found, folder, session);
    if (session.format == Format::atif && !session.outcome && folder.filename() == "agent")
      look_at_verifier(folder.parent_path(), session);
    return true;
  }

  bool look_at_loss(const Found& found, const fs::path& folder, Session& session) {
    const Json loss = json_file(folder / "loss.json");
    if (!loss.is_object()) return true;
    if (!found.run.empty()) {
      const auto [known, fresh] = judging_.try_emplace(found.run.string());
      if (fresh) known->second = judging_tasks(found.run);
      if (known->second.contains(text_member(loss, "task_id"))) {
        ++left_out_[found.run.string()];
        return false;
      }
    }
    const std::string status = text_member(loss, "status");
    const Json& score = member(loss, "score");
    if (status == "error" || status == "skipped" || !score.is_number()) {
      note(found.path, "its grade is an error and says nothing: " +
                           truncate_middle(cleaner_.text(text_member(loss, "error")), 200));
      return true;
    }
    const double value = score.get<double>();
    if (!(value >= 0 && value <= 1)) {
      note(found.path, "its grade is not used: it is not between 0 and 1");
      return true;
    }
    session.outcome = Outcome{Witness::record, value, cleaner_.text(text_member(loss, "feedback"))};
    return true;
  }

  /// Harbor keeps the verifier's reward beside the agent's folder.
  void look_at_verifier(const fs::path& trial, Session& session) {
    std::optional<double> reward;
    std::error_code ignored;
    const fs::path text = trial / "verifier" / "reward.txt";
    if (fs::is_regular_file(fs::symlink_status(text, ignored))) {
      const auto said = read_file(text, 100);
      if (said) {
        const auto value = parse_json(trim(*said), "reward.txt");
        if (value && value->is_number()) reward = value->get<double>();
      }
    }
    if (!reward)
      if (const Json json = json_file(trial / "verifier" / "reward.json");
          member(json, "reward").is_number())
        reward = json["reward"].get<double>();
    if (!reward) {
      const Json result = json_file(trial / "result.json");
      const Json& rewards = member(member(result, "verifier_result"), "rewards");
      if (member(rewards, "reward").is_number()) reward = rewards["reward"].get<double>();
    }
    if (!reward) return;
    if (!(*reward >= 0 && *reward <= 1)) {
      out_.notes.push_back(session.id + ": its reward is not used: it is not between 0 and 1");
      return;
    }
    session.outcome = Outcome{Witness::record, *reward, "reward of the verifier"};
  }

  /// What many files have in common is one note.
  void gather_notes() {
    constexpr std::string_view kUnused = ": not used: ";
    constexpr std::size_t kAlike = 3;
    std::map<std::string, std::vector<std::string>> places;  // what is not used -> where
    const auto what_of = [&](const std::string& note) {
      const std::size_t at = note.find(kUnused);
      // A line that is named stands for itself.
      if (at == std::string::npos || note.find("the line is broken") != std::string::npos)
        return std::string();
      std::string what = note.substr(at + kUnused.size());
      if (const std::size_t count = what.rfind(" ("); what.ends_with(" times)")) what.resize(count);
      return what;
    };
    for (const std::string& note : out_.notes)
      if (const std::string what = what_of(note); !what.empty())
        places[what].push_back(note.substr(0, note.find(kUnused)));
    std::erase_if(out_.notes, [&](const std::string& note) {
      const auto found = places.find(what_of(note));
      return found != places.end() && found->second.size() > kAlike;
    });
    for (const auto& [what, where] : places)
      if (where.size() > kAlike)
        out_.notes.push_back(fmt::format("not used in {} sessions: {} (as in {})", where.size(),
                                         what, where.front()));
  }

  void tell_unknown() {
    if (unknown_.empty()) return;
    std::vector<std::string> named;
    for (const std::string& name : unknown_) named.push_back(cleaner_.text(name));
    out_.notes.push_back(
        fmt::format("{} no session in a format that is known: {}",
                    named.size() == 1 ? "1 file holds" : fmt::format("{} files hold", named.size()),
                    list_some(named, kUnknownNamed)));
  }

  void tell_judging() {
    for (const auto& [run, n] : left_out_)
      out_.notes.push_back(fmt::format(
          "{}: {} of tasks that judged patches in that run (validation and test) {} left out",
          cleaner_.text(place_of(run)), counted(n, "rollout"), n == 1 ? "is" : "are"));
  }

  /// A copy of a file is no second piece of evidence.
  void drop_equal() {
    constexpr std::size_t kTold = 3;
    std::map<std::string, std::string> first;
    std::vector<std::string> equal;
    std::erase_if(out_.sessions, [&](const Session& session) {
      const auto [other, fresh] = first.try_emplace(session.sha256, session.id);
      if (!fresh) equal.push_back(session.id + ": not used: the same as " + other->second);
      return !fresh;
    });
    if (equal.size() > kTold) {
      const std::string more = fmt::format("{} more are the same as one before", equal.size() - 1);
      equal.resize(1);
      equal.push_back(more);
    }
    out_.notes.insert(out_.notes.end(), equal.begin(), equal.end());
  }

  fs::path root_;
  const Redactor& redactor_;
  Cleaner cleaner_;
  Reading out_;
  std::vector<Found> files_;
  std::uint64_t bytes_ = 0;
  std::vector<std::string> unknown_;
  std::map<std::string, std::set<std::string>> judging_;  ///< by run
  std::map<std::string, std::size_t> left_out_;
};

Result<Reading> read_single(const fs::path& file, const Redactor& redactor) {
  SKILLGRAD_TRY(const std::string bytes, read_file(file, kMostFileBytes));
  return read_text(bytes, file.filename().string(), redactor);
}

}  // namespace

Result<Reading> read_sessions(const fs::path& place, const Redactor& redactor) {
  std::error_code ignored;
  const auto status = fs::status(place, ignored);
  if (!fs::exists(status))
    return fail(ErrorCode::input, "there is no such folder of sessions", place.string(),
                "name a folder of recordings, such as ~/.claude/projects or a run");
  // As it is named on the command line: "DIR/" and "DIR" are one folder.
  fs::path root = fs::absolute(place).lexically_normal();
  if (!root.has_filename()) root = root.parent_path();
  Result<Reading> read =
      fs::is_directory(status) ? FolderReader(root, redactor).read() : read_single(root, redactor);
  if (!read) return read;
  SKILLGRAD_TRY(const auto labels, read_labels(labels_file(root)));
  auto notes = apply_labels(labels, read->sessions, redactor);
  read->notes.insert(read->notes.end(), notes.begin(), notes.end());
  return read;
}

}  // namespace skillgrad::traces
