// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <skillgrad/core/clock.hpp>
#include <skillgrad/core/error.hpp>
#include <skillgrad/core/secret.hpp>
#include <skillgrad/llm/attempt_outcome.hpp>
#include <skillgrad/llm/chat.hpp>

namespace skillgrad::llm {

/// One HTTP reply as it came, or how the connection failed.
struct Exchange {
  int status = 0;                              ///< 0: no reply came
  std::map<std::string, std::string> headers;  ///< those that decide how a reply is understood
  std::string body;                            ///< JSON, server-sent events or whatever it was
  std::string failure;                         ///< "" or the name of an Ending; see transport.hpp
  int curl_code = 0;
  std::string curl_text;
};

/// One attempt of a call that was made, as a replay counts it.
struct StoredAttempt {
  AttemptOutcome outcome = ErrorCode::internal;
  int http_status = 0;
  Usage usage;
  std::optional<double> cost_usd;
};

/// A call with the replies of its attempts, in order; what is recorded here holds the last only.
/// Files made by hand may hold more, to show how a run meets faults.
struct StoredCall {
  std::string request;  ///< canonical JSON of the body before anything learned from the endpoint
  std::string stage, scope, model;
  std::string endpoint;  ///< origin and path, or what stands for them in keys; "": not known
  int sample_index = 0;
  int attempts = 1;
  double seconds = 0;
  /// Of the attempts that were made when the call was recorded; nullopt in files made by hand,
  /// whose replies are its attempts.
  std::optional<std::vector<StoredAttempt>> made;
  std::optional<Error> ending;    ///< how a recorded call ended, if not with a reply
  std::vector<Exchange> replies;  ///< empty only if the call ended before anything was sent
};

/// What a folder of stored calls is for (R4.3, R4.7).
enum class StoreUse {
  cache,     ///< reads and adds good replies: an equal call is not paid for again
  record,    ///< adds every outcome, reads nothing
  replay,    ///< reads only; a call that is not there ends the run
  automatic  ///< reads, and records what is not there
};

struct ExchangeStoreOptions {
  std::filesystem::path dir;
  StoreUse use = StoreUse::cache;
  std::chrono::seconds time_to_live{0};  ///< older entries are misses; 0: none is too old
  bool refresh = false;                  ///< every look-up is a miss, and its reply is stored anew
};

/// What is known about a call that is not stored.
struct MissingCall {
  std::string nearest;  ///< where the nearest stored call of its stage differs
  /// Set where the recorded run ended at this limit and the call may come after that end: nothing
  /// of its scope is recorded, or only what it goes on from.
  std::optional<Error> limit;
};

/// What a folder of recorded calls holds.
struct StoreSurvey {
  struct Source {
    std::string endpoint, model;  ///< "" where the files do not say
    std::size_t calls = 0;
  };
  std::size_t calls = 0;
  std::vector<Source> sources;
  std::vector<Error> damaged;  ///< files that cannot be played
};

/// A folder of calls, one file per key (DIR/ab/REST.json), each written under a temporary name and
/// renamed, so that any number of threads and processes may share it. Secrets are redacted.
/// Thread-safe.
class ExchangeStore {
 public:
  /// `clock` and `redactor` outlive the store. A folder that is not there is made with the first
  /// call that is kept. Errors: input (replay of a folder that is not there, another kind of file),
  /// io (it cannot be read, or a recording cannot be written).
  [[nodiscard]] static Result<std::unique_ptr<ExchangeStore>> open(ExchangeStoreOptions options,
                                                                   const Clock& clock,
                                                                   const Redactor* redactor);

  [[nodiscard]] bool reads() const { return options_.use != StoreUse::record; }
  [[nodiscard]] bool writes() const { return options_.use != StoreUse::replay; }
  /// Only replies that answer the call are kept: a cache must not repeat a mishap.
  [[nodiscard]] bool good_only() const { return options_.use == StoreUse::cache; }
  [[nodiscard]] bool must_hit() const { return options_.use == StoreUse::replay; }
  [[nodiscard]] const std::filesystem::path& dir() const { return options_.dir; }

  /// Where the call of this key is kept, if it is.
  [[nodiscard]] std::filesystem::path file_of(const std::string& key) const;
  /// Whether there is a file of this key, whatever it holds.
  [[nodiscard]] bool holds(const std::string& key) const;
  /// Errors: input (the entry is damaged), io (it cannot be read).
  [[nodiscard]] Result<std::optional<StoredCall>> find(const std::string& key) const;
  /// Errors: io, disk_full.
  [[nodiscard]] Result<> put(const std::string& key, const StoredCall& call) const;
  /// Looks at every stored call, for the message of a miss.
  [[nodiscard]] MissingCall missing(const StoredCall& asked) const;
  /// Reads every file, those of learned changes included. Errors: io.
  [[nodiscard]] Result<StoreSurvey> survey() const;

 private:
  ExchangeStore(ExchangeStoreOptions options, const Clock& clock, const Redactor* redactor)
      : options_(std::move(options)), clock_(clock), redactor_(redactor) {}

  ExchangeStoreOptions options_;
  const Clock& clock_;
  const Redactor* redactor_;
};

/// A file of learned changes, and what is done with it.
struct LearnedFile {
  enum class Use {
    keep,   ///< read and written; a damaged one is an error
    cache,  ///< read and written; a damaged one is left out with a word, and replaced
    replay  ///< only read: what is learned stays in memory
  };
  std::filesystem::path path;
  Use use = Use::keep;
};

/// What endpoints have taught (R1.19), kept beside a run, cache or cassette, so that a
/// later process sends the right form at once. Thread-safe; processes that share a file keep each
/// other's changes.
class LearnedChanges {
 public:
  struct Entry {
    std::string style;                 ///< JSON object; how requests are written since
    std::vector<std::string> changes;  ///< in words
  };
  /// Reads what the files hold; later files win. Errors: input (a file is damaged), io.
  [[nodiscard]] static Result<std::unique_ptr<LearnedChanges>> open(std::vector<LearnedFile> files);
  /// Files that were left out because they are damaged, in words.
  [[nodiscard]] const std::vector<std::string>& problems() const { return problems_; }
  /// By endpoint and model.
  [[nodiscard]] std::optional<Entry> find(const std::string& endpoint) const;
  /// Written to every file that is not only read. Errors: io, disk_full.
  [[nodiscard]] Result<> put(const std::string& endpoint, const std::string& style,
                             const std::string& change);
  /// All changes in words, "ENDPOINT MODEL: change".
  [[nodiscard]] std::vector<std::string> in_words() const;

 private:
  explicit LearnedChanges(std::vector<LearnedFile> files) : files_(std::move(files)) {}

  std::vector<LearnedFile> files_;
  std::vector<std::string> problems_;
  mutable std::mutex mutex_;
  std::map<std::string, Entry> entries_;
};

}  // namespace skillgrad::llm
