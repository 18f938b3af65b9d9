// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cerrno>
#include <iterator>
#include <tuple>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/store/parts.hpp>
#include <skillgrad/store/run_store.hpp>

#include "store/call_record.hpp"
#include "store/line_file.hpp"

namespace skillgrad::store {
namespace {

constexpr const char* kLock = ".lock";

/// An existing folder is taken only if it is empty or holds a run.
Result<> check_folder(const fs::path& dir) {
  std::error_code error;
  if (!fs::exists(dir, error)) return {};
  if (!fs::is_directory(dir, error))
    return fail(ErrorCode::input, "the run directory is a file", dir.string(),
                "give --run a folder that is empty or missing");
  if (fs::is_empty(dir, error)) return {};
  for (const char* name : {kLock, "config.json", "state.json"})
    if (fs::exists(dir / name, error)) return {};
  return fail(ErrorCode::input, "the folder is not empty and holds no run", dir.string(),
              "give --run a folder that is empty or missing");
}

class Lock {
 public:
  Lock() = default;
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
  ~Lock() {
    if (fd_ >= 0) ::close(fd_);
  }

  Result<> take(const fs::path& path) {
    fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd_ < 0) return tl::unexpected(errno_error(errno, "cannot open", path.string()));
    if (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK)
        return tl::unexpected(errno_error(errno, "cannot lock", path.string()));
      const auto holder = read_file(path);
      return fail(ErrorCode::locked,
                  "process " + (holder ? std::string(trim(*holder)) : "?") +
                      " is working on this run directory",
                  path.parent_path().string(),
                  "wait for it to end, stop it, or give another --run directory");
    }
    const std::string pid = std::to_string(::getpid()) + "\n";
    if (::ftruncate(fd_, 0) != 0 || ::pwrite(fd_, pid.data(), pid.size(), 0) < 0)
      return tl::unexpected(errno_error(errno, "cannot write", path.string()));
    return {};
  }

 private:
  int fd_ = -1;
};

Result<> check_relative(const std::string& relative) {
  const fs::path path = fs::path(relative).lexically_normal();
  if (!relative.empty() && path.is_relative() && *path.begin() != "..") return {};
  return fail(ErrorCode::internal, "the name leaves the run directory", relative);
}

/// What the run's other processes have of it.
Result<> add_parts(const fs::path& dir, std::vector<llm::LedgerRow> LedgerView::*kind,
                   std::vector<llm::LedgerRow>& out) {
  const auto parts = part_folders(dir);
  if (parts.empty()) return {};
  for (const auto& part : parts) {
    SKILLGRAD_TRY(auto view, view_ledger(part));
    auto& rows = view.*kind;
    out.insert(out.end(), std::make_move_iterator(rows.begin()),
               std::make_move_iterator(rows.end()));
  }
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) {
    return std::tie(a.scope, a.key, a.attempt) < std::tie(b.scope, b.key, b.attempt);
  });
  return {};
}

}  // namespace

struct RunStore::State {
  Lock lock;
  std::mutex mutex;  ///< events
  LineFile events;
  std::unique_ptr<CallRecord> calls;
};

RunStore::RunStore(fs::path dir, const Clock& clock)
    : dir_(std::move(dir)), clock_(clock), state_(std::make_unique<State>()) {}

RunStore::~RunStore() = default;

Result<std::unique_ptr<RunStore>> RunStore::open(const fs::path& dir, const Clock& clock) {
  SKILLGRAD_CHECK(check_folder(dir));
  SKILLGRAD_CHECK(make_directories(dir));
  std::unique_ptr<RunStore> out(new RunStore(dir, clock));
  SKILLGRAD_CHECK(out->state_->lock.take(dir / kLock));
  SKILLGRAD_TRY(out->state_->events, LineFile::open(dir / "events.jsonl"));
  SKILLGRAD_TRY(out->state_->calls, CallRecord::open(dir / "calls", clock));
  return out;
}

fs::path RunStore::path(const std::string& relative) const { return dir_ / relative; }

Result<> RunStore::write(const std::string& relative, const std::string& text) {
  SKILLGRAD_CHECK(check_relative(relative));
  SKILLGRAD_CHECK(state_->calls->sync());
  return write_file_atomic(dir_ / relative,
                           redactor_ != nullptr ? redactor_->redact_content(text) : text);
}

Result<std::optional<std::string>> RunStore::read(const std::string& relative) const {
  SKILLGRAD_CHECK(check_relative(relative));
  const fs::path path = dir_ / relative;
  auto text = read_file(path);
  if (text) return std::optional<std::string>(std::move(*text));
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return std::nullopt;
  return tl::unexpected(std::move(text).error());
}

Result<> RunStore::append(const std::string& relative, const std::string& lines) {
  SKILLGRAD_CHECK(check_relative(relative));
  SKILLGRAD_TRY(auto file, LineFile::open(dir_ / relative));
  const std::string text = redactor_ != nullptr ? redactor_->redact_content(lines) : lines;
  for (const auto& line : split_lines(text)) {
    if (line.empty()) continue;
    SKILLGRAD_TRY([[maybe_unused]] const auto at, file.append(line));
  }
  return {};
}

Result<std::string> RunStore::put(const std::string& relative, std::string text) const {
  SKILLGRAD_CHECK(check_relative(relative));
  if (redactor_ != nullptr) text = redactor_->redact_content(text);
  SKILLGRAD_CHECK(write_file_in_place(dir_ / relative, text));
  return text;
}

Result<> RunStore::sync() {
  SKILLGRAD_CHECK(state_->calls->sync());
  return sync_file_system(dir_);
}

Result<> RunStore::event(const std::string& name, const std::string& fields_json) {
  SKILLGRAD_TRY(const auto fields, parse_json(fields_json, "event " + name));
  Json line = {
      {"schema", "skillgrad.event/1"}, {"time", format_utc(clock_.wall_now())}, {"event", name}};
  if (fields.is_object()) line.update(fields);
  std::string text = dump_json(line);
  if (redactor_ != nullptr) text = redactor_->redact(text);
  const std::lock_guard lock(state_->mutex);
  SKILLGRAD_CHECK(state_->events.append(text));
  return {};
}

Result<> RunStore::use_replies_of(const fs::path& dir) {
  std::error_code ignored;
  if (fs::equivalent(dir, dir_, ignored)) return {};
  return state_->calls->use(dir / "calls" / "replies.jsonl");
}

llm::CallRecorder& RunStore::calls() { return *state_->calls; }

Result<std::vector<llm::LedgerRow>> RunStore::own_ledger() const { return state_->calls->rows(); }

Result<std::vector<llm::LedgerRow>> RunStore::own_unsettled() const {
  return state_->calls->unsettled();
}

Result<std::vector<llm::LedgerRow>> RunStore::ledger() const {
  SKILLGRAD_TRY(auto out, own_ledger());
  SKILLGRAD_CHECK(add_parts(dir_, &LedgerView::ended, out));
  return out;
}

Result<std::vector<llm::LedgerRow>> RunStore::unsettled() const {
  SKILLGRAD_TRY(auto out, own_unsettled());
  SKILLGRAD_CHECK(add_parts(dir_, &LedgerView::open, out));
  return out;
}

}  // namespace skillgrad::store
