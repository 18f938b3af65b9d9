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

/// A call with the replies of its attempts, in order; what is recorded here holds the last only.
/// Files made by hand may hold more, to show how a run meets faults.
struct StoredCall {
  std::string request;  ///< canonical JSON of the body before anything learned from the endpoint
  std::string stage, scope, model;
  int sample_index = 0;
  int attempts = 1;
  double seconds = 0;
  std::vector<Exchange> replies;
};

/// What a folder of stored calls is for (endpoints.md R4.3, R4.7).
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

/// A folder of calls, one file per key (DIR/ab/REST.json), each written under a temporary name and
/// renamed, so that any number of threads and processes may share it. Secrets are redacted.
/// Thread-safe.
class ExchangeStore {
 public:
  /// `clock` and `redactor` outlive the store. Errors: input (replay of a folder that is not
  /// there), io.
  [[nodiscard]] static Result<std::unique_ptr<ExchangeStore>> open(ExchangeStoreOptions options,
                                                                   const Clock& clock,
                                                                   const Redactor* redactor);

  [[nodiscard]] bool reads() const { return options_.use != StoreUse::record; }
  [[nodiscard]] bool writes() const { return options_.use != StoreUse::replay; }
  /// Only replies that answer the call are kept: a cache must not repeat a mishap.
  [[nodiscard]] bool good_only() const { return options_.use == StoreUse::cache; }
  [[nodiscard]] bool must_hit() const { return options_.use == StoreUse::replay; }
  [[nodiscard]] const std::filesystem::path& dir() const { return options_.dir; }

  /// Errors: input (the entry is damaged: a miss, except at replay).
  [[nodiscard]] Result<std::optional<StoredCall>> find(const std::string& key) const;
  /// Errors: io, disk_full.
  [[nodiscard]] Result<> put(const std::string& key, const StoredCall& call) const;
  /// Where the nearest stored call of this stage differs from `asked`, for the message of a miss.
  [[nodiscard]] std::string nearest(const StoredCall& asked) const;

 private:
  ExchangeStore(ExchangeStoreOptions options, const Clock& clock, const Redactor* redactor)
      : options_(std::move(options)), clock_(clock), redactor_(redactor) {}
  [[nodiscard]] std::filesystem::path path_of(const std::string& key) const;

  ExchangeStoreOptions options_;
  const Clock& clock_;
  const Redactor* redactor_;
};

/// What endpoints have taught (endpoints.md R1.19), kept beside a run, cache or cassette, so that a
/// later process sends the right form at once. Thread-safe.
class LearnedChanges {
 public:
  struct Entry {
    std::string style;                 ///< JSON object; how requests are written since
    std::vector<std::string> changes;  ///< in words
  };
  /// Reads what the files hold; later files win. Every change is written to all of them. Errors:
  /// input (a file is damaged), io.
  [[nodiscard]] static Result<std::unique_ptr<LearnedChanges>> open(
      std::vector<std::filesystem::path> files);
  /// By endpoint and model.
  [[nodiscard]] std::optional<Entry> find(const std::string& endpoint) const;
  [[nodiscard]] Result<> put(const std::string& endpoint, const std::string& style,
                             const std::string& change);
  /// All changes in words, "ENDPOINT MODEL: change".
  [[nodiscard]] std::vector<std::string> in_words() const;

 private:
  explicit LearnedChanges(std::vector<std::filesystem::path> files) : files_(std::move(files)) {}

  std::vector<std::filesystem::path> files_;
  mutable std::mutex mutex_;
  std::map<std::string, Entry> entries_;
};

}  // namespace skillgrad::llm
