// SPDX-License-Identifier: MIT
#include "store/call_record.hpp"

#include <algorithm>
#include <cerrno>
#include <tuple>
#include <utility>

#include <unistd.h>

#include <skillgrad/core/text.hpp>

#include "store/ledger_json.hpp"

namespace skillgrad::store {
namespace {

bool in_order(const llm::LedgerRow& a, const llm::LedgerRow& b) {
  return std::tie(a.scope, a.key, a.attempt) < std::tie(b.scope, b.key, b.attempt);
}

/// What is known of an attempt until it ends.
llm::LedgerRow begun_row(llm::LedgerRow row, double reserved_usd) {
  row.billed = "unknown";
  row.cost_usd = reserved_usd;
  return row;
}

std::string attempt_id(int session, const std::string& key, int attempt) {
  return std::to_string(session) + "/" + key + "/" + std::to_string(attempt);
}

}  // namespace

Result<std::unique_ptr<CallRecord>> CallRecord::open(const std::filesystem::path& dir,
                                                     const Clock& clock) {
  SKILLGRAD_CHECK(make_directories(dir));
  std::unique_ptr<CallRecord> out(new CallRecord(clock));
  SKILLGRAD_TRY(out->replies_, LineFile::open(dir / "replies.jsonl"));
  SKILLGRAD_TRY(out->ledger_, LineFile::open(dir / "ledger.jsonl"));
  SKILLGRAD_CHECK(out->load_replies());
  SKILLGRAD_CHECK(out->load_ledger());
  SKILLGRAD_CHECK(out->repair_ledger());
  return out;
}

/// Only the offsets: each line begins {"key":"<hex>", so bodies need not be parsed here.
Result<> CallRecord::load_replies() {
  constexpr std::string_view kStart = "{\"key\":\"";
  return replies_.each_line([&](std::uint64_t offset, const std::string& line) -> Result<> {
    const auto quote = line.starts_with(kStart) ? line.find('"', kStart.size()) : line.npos;
    if (quote == line.npos)
      return fail(ErrorCode::input, "a line does not begin with its key", replies_.path().string(),
                  "the file was changed by hand; start a new run");
    // A later reply replaces one that could not be read.
    reply_offsets_.insert_or_assign(line.substr(kStart.size(), quote - kStart.size()), offset);
    return {};
  });
}

Result<> CallRecord::load_ledger() {
  return ledger_.each_line([&](std::uint64_t offset, const std::string& line) -> Result<> {
    auto done = replay(line);
    if (done) return {};
    Error error = std::move(done).error();
    error.where = ledger_.path().string() + ", byte " + std::to_string(offset);
    error.mend =
        "the file was changed by another program: remove this line (what it says was paid "
        "is then not counted), or start a new run";
    return tl::unexpected(std::move(error));
  });
}

Result<> CallRecord::replay(const std::string& line) {
  SKILLGRAD_TRY(const auto json, parse_json(line, ledger_.path().string()));
  SKILLGRAD_TRY(auto row, row_from_json(json, ledger_.path().string()));
  const std::string event = json.value("event", "");
  const int session = json.value("session", 1);
  session_ = std::max(session_, session + 1);
  if (event == "begin") {
    const std::string id = attempt_id(session, row.key, row.attempt);
    open_[id] = begun_row(std::move(row), json.value("reserved_usd", 0.0));
    return {};
  }
  settle(row, session);
  return {};
}

void CallRecord::settle(const llm::LedgerRow& row, int session) {
  open_.erase(attempt_id(session, row.key, row.attempt));
  if (reply_offsets_.contains(row.key) && (row.outcome == "ok" || row.outcome == "refused"))
    pay(row);
  else
    others_.push_back(row);
}

void CallRecord::pay(const llm::LedgerRow& row) {
  const auto [at, is_first] = paid_.try_emplace(row.key, row);
  if (!is_first) others_.push_back(std::exchange(at->second, row));
}

/// A kill between the two writes of finish() leaves a reply without its ledger line.
Result<> CallRecord::repair_ledger() {
  std::vector<std::pair<std::uint64_t, std::string>> missing;
  for (const auto& [key, offset] : reply_offsets_)
    if (!paid_.contains(key)) missing.emplace_back(offset, key);
  std::sort(missing.begin(), missing.end());
  for (const auto& [offset, key] : missing) {
    SKILLGRAD_TRY(const auto line, replies_.line_at(offset));
    SKILLGRAD_TRY(const auto json, parse_json(line, replies_.path().string()));
    SKILLGRAD_TRY(const auto row,
                  row_from_json(json.value("row", Json::object()), replies_.path().string()));
    // The attempt was begun by the session that was killed.
    const int session = json.value("session", session_ - 1);
    Json entry = {{"event", "ok"}, {"session", session}};
    entry.update(row_to_json(row));
    SKILLGRAD_CHECK(ledger_.append(dump_json(entry)));
    settle(row, session);
  }
  return {};
}

Result<std::optional<std::string>> CallRecord::find(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto found = reply_offsets_.find(key);
  if (found == reply_offsets_.end()) return std::nullopt;
  SKILLGRAD_TRY(const auto line, replies_.line_at(found->second));
  SKILLGRAD_TRY(const auto json, parse_json(line, replies_.path().string()));
  return std::optional<std::string>(dump_json(json.value("reply", Json())));
}

std::string CallRecord::entry(const char* event, const llm::LedgerRow& row,
                              double reserved_usd) const {
  Json out = {{"event", event}, {"session", session_}};
  out.update(row_to_json(row));
  if (reserved_usd > 0) out["reserved_usd"] = reserved_usd;
  return dump_json(out);
}

// Lines are made before the lock is taken: with many calls in flight, all of them pass through it.

Result<> CallRecord::begin(const std::string& key, const llm::LedgerRow& row, double reserved_usd) {
  llm::LedgerRow begun = row;
  begun.key = key;
  const std::string line = entry("begin", begun, reserved_usd);
  const std::lock_guard lock(mutex_);
  SKILLGRAD_CHECK(ledger_.append(line));
  open_[attempt_id(session_, key, row.attempt)] = begun_row(std::move(begun), reserved_usd);
  return {};
}

Result<> CallRecord::attempt_failed(const llm::LedgerRow& row) {
  const std::string line = entry("failed", row, 0);
  const std::lock_guard lock(mutex_);
  SKILLGRAD_CHECK(ledger_.append(line));
  settle(row, session_);
  return {};
}

Result<> CallRecord::finish(const llm::LedgerRow& row, const std::string& request_json,
                            const std::string& reply_json) {
  const std::string line = "{\"key\":" + dump_json(row.key) +
                           ",\"session\":" + std::to_string(session_) +
                           ",\"row\":" + dump_json(row_to_json(row)) +
                           ",\"request\":" + request_json + ",\"reply\":" + reply_json + "}";
  if (line.find('\n') != std::string::npos)
    return fail(ErrorCode::internal, "a recorded request or reply is not on one line", row.scope);
  const std::string booked = entry("ok", row, 0);
  {
    const std::lock_guard lock(mutex_);
    SKILLGRAD_TRY(const auto offset, replies_.append(line));
    unflushed_ = true;
    reply_offsets_.insert_or_assign(row.key, offset);
    SKILLGRAD_CHECK(ledger_.append(booked));
    settle(row, session_);
  }
  return flush_if_due();
}

Result<> CallRecord::flush_if_due() {
  {
    const std::lock_guard lock(mutex_);
    if (clock_.now() - flushed_at_ < kFlushEvery) return {};
    flushed_at_ = clock_.now();  // the other workers go on
  }
  return sync();
}

/// The ledger need not reach the disk: what it would lack is made good from the replies when the
/// run is opened.
Result<> CallRecord::sync() {
  const std::lock_guard one_at_a_time(flush_mutex_);
  {
    const std::lock_guard lock(mutex_);
    if (!std::exchange(unflushed_, false)) return {};
    ++flushes_;
    flushed_at_ = clock_.now();
  }
  if (::fdatasync(replies_.descriptor()) == 0) return {};
  const int error = errno;
  const std::lock_guard lock(mutex_);
  unflushed_ = true;
  return tl::unexpected(errno_error(error, "cannot flush", replies_.path().string()));
}

std::size_t CallRecord::flushes() const {
  const std::lock_guard lock(mutex_);
  return flushes_;
}

std::vector<llm::LedgerRow> CallRecord::rows() const {
  const std::lock_guard lock(mutex_);
  std::vector<llm::LedgerRow> out = others_;
  for (const auto& [key, row] : paid_) out.push_back(row);
  std::sort(out.begin(), out.end(), in_order);
  return out;
}

std::vector<llm::LedgerRow> CallRecord::unsettled() const {
  const std::lock_guard lock(mutex_);
  std::vector<llm::LedgerRow> out;
  for (const auto& [id, row] : open_) out.push_back(row);
  std::sort(out.begin(), out.end(), in_order);
  return out;
}

}  // namespace skillgrad::store
