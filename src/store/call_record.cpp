// SPDX-License-Identifier: MIT
#include "store/call_record.hpp"

#include <algorithm>
#include <cerrno>
#include <fstream>
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
llm::LedgerRow begun_row(llm::LedgerRow row, std::optional<double> reserved_usd) {
  row.billed = llm::Billed::unknown;
  row.cost_usd = reserved_usd;
  return row;
}

constexpr std::string_view kStart = "{\"key\":\"";
constexpr std::size_t kLongestKey = 200;

/// The key that a line of replies.jsonl begins with; "" if it does not.
std::string_view key_of(std::string_view line) {
  if (!line.starts_with(kStart)) return {};
  line.remove_prefix(kStart.size());
  const auto quote = line.find('"');
  return quote == std::string_view::npos ? std::string_view() : line.substr(0, quote);
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

/// Only the places: each line begins {"key":"<hex>", so bodies need not be parsed here.
Result<> CallRecord::load_replies() {
  return replies_.each_line([&](std::uint64_t place, const std::string& line) -> Result<> {
    const auto key = key_of(line);
    if (key.empty())
      return fail(ErrorCode::input, "a line does not begin with its key", replies_.path().string(),
                  "the file was changed by hand; start a new run");
    // A later reply replaces one that could not be read.
    calls_[hash_id(key)].reply = place;
    return {};
  });
}

Result<> CallRecord::load_ledger() {
  return ledger_.each_line([&](std::uint64_t place, const std::string& line) -> Result<> {
    auto done = replay(place, line);
    if (done) return {};
    Error error = std::move(done).error();
    error.where = ledger_.path().string() + ", byte " + std::to_string(place);
    error.mend =
        "the file was changed by another program: remove this line (what it says was paid "
        "is then not counted), or start a new run";
    return tl::unexpected(std::move(error));
  });
}

Result<> CallRecord::replay(std::uint64_t place, const std::string& line) {
  SKILLGRAD_TRY(const auto json, parse_json(line, ledger_.path().string()));
  SKILLGRAD_TRY(auto row, row_from_json(json, ledger_.path().string()));
  const std::string event = json.value("event", "");
  const int session = json.value("session", 1);
  session_ = std::max(session_, session + 1);
  if (event == "begin") {
    const std::string id = attempt_id(session, row.key, row.attempt);
    std::optional<double> reserved;
    if (const auto usd = json.find("reserved_usd"); usd != json.end() && usd->is_number())
      reserved = usd->get<double>();
    open_[id] = begun_row(std::move(row), reserved);
    return {};
  }
  settle(row, session, place);
  return {};
}

void CallRecord::settle(const llm::LedgerRow& row, int session, std::uint64_t place) {
  open_.erase(attempt_id(session, row.key, row.attempt));
  const auto call = calls_.find(hash_id(row.key));
  if (call == calls_.end() || !row.answered()) {
    others_.push_back(place);
    return;
  }
  const std::uint64_t replaced = std::exchange(call->second.paid, place);
  if (replaced != kNone) others_.push_back(replaced);
}

/// A kill between the two writes of finish() leaves a reply without its ledger line.
Result<> CallRecord::repair_ledger() {
  std::vector<std::uint64_t> missing;
  for (const auto& [key, places] : calls_)
    if (places.paid == kNone) missing.push_back(places.reply);
  std::sort(missing.begin(), missing.end());
  for (const std::uint64_t place : missing) {
    SKILLGRAD_TRY(const auto line, replies_.line_at(place));
    SKILLGRAD_TRY(const auto json, parse_json(line, replies_.path().string()));
    SKILLGRAD_TRY(const auto row,
                  row_from_json(json.value("row", Json::object()), replies_.path().string()));
    // The attempt was begun by the session that was killed.
    const int session = json.value("session", session_ - 1);
    Json entry = {{"event", "ok"}, {"session", session}};
    entry.update(row_to_json(row));
    SKILLGRAD_TRY(const auto booked, ledger_.append(dump_json(entry)));
    settle(row, session, booked);
  }
  return {};
}

Result<std::optional<std::string>> CallRecord::find(const std::string& key) {
  const HashId id = hash_id(key);
  const std::lock_guard lock(mutex_);
  const auto found = calls_.find(id);
  if (found == calls_.end()) return find_borrowed(id);
  SKILLGRAD_TRY(const auto line, replies_.line_at(found->second.reply));
  SKILLGRAD_TRY(const auto json, parse_json(line, replies_.path().string()));
  return std::optional<std::string>(dump_json(json.value("reply", Json())));
}

Result<std::optional<std::string>> CallRecord::find_borrowed(const HashId& id) const {
  const auto found = borrowed_.find(id);
  if (found == borrowed_.end()) return std::nullopt;
  const std::string where = found->second.file.string();
  std::ifstream in(found->second.file, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(found->second.place));
  std::string line;
  if (!std::getline(in, line)) return tl::unexpected(errno_error(EIO, "cannot read", where));
  SKILLGRAD_TRY(const auto json, parse_json(line, where));
  return std::optional<std::string>(dump_json(json.value("reply", Json())));
}

/// Its owner may be gone, or write on: nothing is mended there, and a line without its end is none.
Result<> CallRecord::use(const std::filesystem::path& replies) {
  std::error_code missing;
  if (!std::filesystem::exists(replies, missing)) return {};
  std::ifstream in(replies, std::ios::binary);
  if (!in) return tl::unexpected(errno_error(EIO, "cannot read", replies.string()));
  std::unordered_map<HashId, Borrowed, HashId::Hasher> found;
  std::uint64_t place = 0;
  for (std::string line; std::getline(in, line) && !in.eof(); place += line.size() + 1)
    if (const auto key = key_of(line); !key.empty()) found[hash_id(key)] = {replies, place};
  const std::lock_guard lock(mutex_);
  for (auto& [id, where] : found) borrowed_[id] = std::move(where);
  return {};
}

std::string CallRecord::entry(const char* event, const std::string& row_json) const {
  return std::string("{\"event\":\"") + event + "\",\"session\":" + std::to_string(session_) + "," +
         row_json.substr(1);
}

// Lines are made before the lock is taken: with many calls in flight, all of them pass through it.

Result<> CallRecord::begin(const std::string& key, const llm::LedgerRow& row,
                           std::optional<double> reserved_usd) {
  llm::LedgerRow begun = row;
  begun.key = key;
  Json json = row_to_json(begun);
  if (reserved_usd) json["reserved_usd"] = *reserved_usd;
  const std::string line = entry("begin", dump_json(json));
  std::string id = attempt_id(session_, key, row.attempt);
  const std::lock_guard lock(mutex_);
  SKILLGRAD_CHECK(ledger_.append(line));
  open_[std::move(id)] = begun_row(std::move(begun), reserved_usd);
  return {};
}

Result<> CallRecord::attempt_failed(const llm::LedgerRow& row) {
  const std::string line = entry("failed", dump_json(row_to_json(row)));
  const std::lock_guard lock(mutex_);
  return append_to_ledger(row, line);
}

Result<> CallRecord::append_to_ledger(const llm::LedgerRow& row, const std::string& line) {
  SKILLGRAD_TRY(const auto place, ledger_.append(line));
  settle(row, session_, place);
  return {};
}

Result<> CallRecord::finish(const llm::LedgerRow& row, const std::string& request_json,
                            const std::string& reply_json) {
  const std::string row_json = dump_json(row_to_json(row));
  const std::string head = "{\"key\":" + dump_json(row.key) +
                           ",\"session\":" + std::to_string(session_) + ",\"row\":" + row_json;
  for (const std::string* text : {&request_json, &reply_json})
    if (text->find('\n') != std::string::npos)
      return fail(ErrorCode::internal, "a recorded request or reply is not on one line", row.scope);
  const std::string booked = entry("ok", row_json);
  const auto outline = RequestChain::outline(request_json);
  {
    const std::lock_guard lock(mutex_);
    SKILLGRAD_TRY(const auto place, append_reply(head, request_json, outline, reply_json));
    unflushed_ = true;
    calls_[hash_id(row.key)].reply = place;
    SKILLGRAD_CHECK(append_to_ledger(row, booked));
  }
  return flush_if_due();
}

Result<std::uint64_t> CallRecord::append_reply(const std::string& head,
                                               const std::string& request_json,
                                               const RequestChain::Outline& outline,
                                               const std::string& reply_json) {
  std::string line = head;
  if (const auto link = chain_.find(outline)) {
    SKILLGRAD_TRY(const auto key, key_at(link->place));
    line += ",\"request_after\":" + RequestChain::reference(outline, key, link->keep);
  } else {
    line += ",\"request\":" + request_json;
  }
  line += ",\"reply\":" + reply_json + "}";
  SKILLGRAD_TRY(const auto place, replies_.append(line));
  chain_.add(outline, place);
  return place;
}

Result<std::string> CallRecord::key_at(std::uint64_t place) const {
  SKILLGRAD_TRY(const auto head, replies_.bytes_at(place, kStart.size() + kLongestKey));
  return std::string(key_of(head));
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

Result<std::vector<llm::LedgerRow>> CallRecord::rows() const {
  const std::lock_guard lock(mutex_);
  std::unordered_set<std::uint64_t> wanted(others_.begin(), others_.end());
  for (const auto& [key, places] : calls_)
    if (places.paid != kNone) wanted.insert(places.paid);
  std::vector<llm::LedgerRow> out;
  out.reserve(wanted.size());
  SKILLGRAD_CHECK(ledger_.each_line([&](std::uint64_t place, const std::string& line) -> Result<> {
    if (!wanted.contains(place)) return {};
    SKILLGRAD_TRY(const auto json, parse_json(line, ledger_.path().string()));
    SKILLGRAD_TRY(auto row, row_from_json(json, ledger_.path().string()));
    out.push_back(std::move(row));
    return {};
  }));
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
