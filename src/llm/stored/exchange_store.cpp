// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cerrno>

#include <unistd.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/json.hpp>
#include <skillgrad/core/publish.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/llm/exchange_store.hpp>

#include "llm/stored/json_difference.hpp"
#include "llm/stored/record.hpp"
#include "llm/stored/stored_call.hpp"

namespace skillgrad::llm {

namespace {

constexpr const char* kLearned = "learned.json";

std::int64_t seconds_of(WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

/// A store that cannot be used is told before anything is sent or paid.
Result<> check_folder(const ExchangeStoreOptions& options) {
  fs::path there = fs::absolute(options.dir).lexically_normal();
  std::error_code problem;
  fs::file_status status = fs::status(there, problem);
  const bool exists = status.type() != fs::file_type::not_found;
  if (!exists && options.use == StoreUse::replay) {
    return fail(ErrorCode::input, "there is no folder of recorded calls to replay",
                options.dir.string(), "record one first: the same command with --record DIR");
  }
  while (status.type() == fs::file_type::not_found && there.has_parent_path()) {
    there = there.parent_path();
    status = fs::status(there, problem);
  }
  if (status.type() == fs::file_type::none)
    return tl::unexpected(errno_error(problem.value(), "cannot read folder", there.string()));
  if (status.type() != fs::file_type::directory)
    return fail(ErrorCode::input, "is no folder", there.string(), "name a folder for stored calls");
  int mode = exists && options.use != StoreUse::record ? R_OK | X_OK : 0;
  // A full cache that nobody may write is still a cache; a recording with a hole is useless.
  if (!exists || options.use == StoreUse::record || options.use == StoreUse::automatic)
    mode |= W_OK | X_OK;
  if (::access(there.c_str(), mode) != 0) {
    const char* what = (mode & W_OK) != 0 ? "cannot write into folder" : "cannot read folder";
    return tl::unexpected(errno_error(errno, what, there.string()));
  }
  return {};
}

/// What an equal body under another key differs in, in words.
std::vector<std::string> differences(const StoredCall& recorded, const StoredCall& asked) {
  std::vector<std::string> out;
  const auto compare = [&](const char* what, const std::string& a, const std::string& b) {
    if (a != b) out.push_back(std::string(what) + " recorded \"" + a + "\", asked \"" + b + "\"");
  };
  compare("scope", recorded.scope, asked.scope);
  compare("sample", std::to_string(recorded.sample_index), std::to_string(asked.sample_index));
  compare("model", recorded.model, asked.model);
  if (!recorded.endpoint.empty()) compare("endpoint", recorded.endpoint, asked.endpoint);
  if (recorded.endpoint.empty() && out.empty())
    out.push_back("endpoint recorded is not known, asked \"" + asked.endpoint + "\"");
  return out;
}

/// What a model said is kept as it was heard; errors lose all that might be a key.
void hide_keys(StoredCall& call, const Redactor& redactor) {
  call.request = redact_json(call.request, &redactor);
  for (Exchange& exchange : call.replies) {
    const bool good = exchange.status >= 200 && exchange.status < 300;
    exchange.body = good ? redactor.redact_content(exchange.body) : redactor.redact(exchange.body);
    for (auto& [name, value] : exchange.headers) value = redactor.redact(value);
    exchange.curl_text = redactor.redact(exchange.curl_text);
  }
  if (!call.ending) return;
  for (std::string* text : {&call.ending->message, &call.ending->where, &call.ending->mend})
    *text = redactor.redact(*text);
}

/// The best candidate for what was meant by a call that is not there.
class Search {
 public:
  Search(const StoredCall& asked, Json wanted) : asked_(asked), wanted_(std::move(wanted)) {}

  void look_at(const std::string& name, const StoredCall& recorded) {
    if (recorded.stage != asked_.stage) return;
    const auto body = parse_json(recorded.request, name);
    if (!body) return;
    const auto difference = first_difference(*body, wanted_);
    const auto others = differences(recorded, asked_);
    if (recorded.ending && recorded.ending->code == ErrorCode::budget) limit_ = recorded.ending;
    if (recorded.scope == asked_.scope && recorded.sample_index == asked_.sample_index)
      (goes_on_from(difference) ? goes_on_ : differs_) = true;
    // An equal body under another key: only what stands beside it can differ.
    std::size_t rank = SIZE_MAX - others.size();
    if (difference) rank = difference->equal_before * (recorded.scope == asked_.scope ? 2 : 1);
    if (!text_.empty() && rank <= rank_) return;
    rank_ = rank;
    text_ = "the nearest recorded call is " + name + " (" + recorded.scope + ")";
    if (difference) {
      text_ += "; first difference at " + (difference->path.empty() ? "/" : difference->path) +
               ": recorded \"" + difference->expected + "\", asked \"" + difference->got + "\"";
      if (!recorded.endpoint.empty() && recorded.endpoint != asked_.endpoint)
        text_ +=
            "; endpoint recorded \"" + recorded.endpoint + "\", asked \"" + asked_.endpoint + "\"";
    } else {
      text_ += "; its body is equal, but what stands beside it differs: " + join(others, ", ");
    }
  }
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] std::optional<Error> limit() const {
    return goes_on_ || !differs_ ? limit_ : std::nullopt;
  }

 private:
  /// The asked conversation is a recorded one and more.
  static bool goes_on_from(const std::optional<JsonDifference>& difference) {
    return difference && difference->expected == kNothing &&
           (difference->path.starts_with("/messages/") || difference->path.starts_with("/input/"));
  }

  const StoredCall& asked_;
  Json wanted_;
  std::string text_;
  std::size_t rank_ = 0;
  std::optional<Error> limit_;
  bool goes_on_ = false, differs_ = false;  ///< from some call of the same scope and sample
};

Result<StoredFile> read_stored(const fs::path& path) {
  SKILLGRAD_TRY(const Json value, read_json(path));
  return stored_from_json(value, path.string());
}

}  // namespace

Result<std::unique_ptr<ExchangeStore>> ExchangeStore::open(ExchangeStoreOptions options,
                                                           const Clock& clock,
                                                           const Redactor* redactor) {
  SKILLGRAD_CHECK(check_folder(options));
  return std::unique_ptr<ExchangeStore>(new ExchangeStore(std::move(options), clock, redactor));
}

fs::path ExchangeStore::file_of(const std::string& key) const {
  return options_.dir / key.substr(0, 2) / (key.substr(2) + ".json");
}

bool ExchangeStore::holds(const std::string& key) const {
  std::error_code problem;
  return fs::status(file_of(key), problem).type() != fs::file_type::not_found;
}

Result<std::optional<StoredCall>> ExchangeStore::find(const std::string& key) const {
  if (!reads() || options_.refresh || !holds(key)) return std::optional<StoredCall>{};
  SKILLGRAD_TRY(StoredFile file, read_stored(file_of(key)));
  const auto age = seconds_of(clock_.wall_now()) - file.stored_at;
  if (options_.time_to_live.count() > 0 && age > options_.time_to_live.count())
    return std::optional<StoredCall>{};
  return std::optional<StoredCall>(std::move(file.call));
}

Result<> ExchangeStore::put(const std::string& key, const StoredCall& call) const {
  StoredCall kept = call;
  hide_keys(kept, redactor_ != nullptr ? *redactor_ : Redactor());
  SKILLGRAD_TRY(const Json value, stored_to_json({kept, seconds_of(clock_.wall_now())}, key));
  return publish_file(file_of(key), dump_json(value) + "\n");
}

MissingCall ExchangeStore::missing(const StoredCall& asked) const {
  auto wanted = parse_json(redact_json(asked.request, redactor_), "request");
  const auto files = list_files(options_.dir);
  if (!files) return {"the folder cannot be listed: " + files.error().message, std::nullopt};
  if (!wanted) return {};
  Search search(asked, std::move(*wanted));
  std::size_t damaged = 0;
  for (const std::string& name : *files) {
    if (!name.ends_with(".json") || name == kLearned) continue;
    const auto file = read_stored(options_.dir / name);
    if (file) search.look_at(name, file->call);
    damaged += file ? 0 : 1;
  }
  MissingCall out{search.text(), search.limit()};
  if (out.nearest.empty()) out.nearest = "no call of the stage " + asked.stage + " is recorded";
  if (damaged > 0)
    out.nearest += "; " + std::to_string(damaged) + " files of the folder cannot be read";
  return out;
}

Result<StoreSurvey> ExchangeStore::survey() const {
  SKILLGRAD_TRY(const auto files, list_files(options_.dir));
  StoreSurvey out;
  for (const std::string& name : files) {
    if (!name.ends_with(".json")) continue;
    if (name == kLearned) {
      const auto learned = LearnedChanges::open({{options_.dir / name, LearnedFile::Use::replay}});
      if (!learned) out.damaged.push_back(learned.error());
      continue;
    }
    auto file = read_stored(options_.dir / name);
    if (!file) {
      out.damaged.push_back(std::move(file).error());
      continue;
    }
    ++out.calls;
    const StoredCall& call = file->call;
    const auto same = std::find_if(out.sources.begin(), out.sources.end(), [&](const auto& one) {
      return one.endpoint == call.endpoint && one.model == call.model;
    });
    if (same == out.sources.end())
      out.sources.push_back({call.endpoint, call.model, 1});
    else
      ++same->calls;
  }
  return out;
}

}  // namespace skillgrad::llm
