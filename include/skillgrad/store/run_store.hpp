// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <skillgrad/core/clock.hpp>
#include <skillgrad/core/error.hpp>
#include <skillgrad/core/secret.hpp>
#include <skillgrad/llm/client.hpp>

namespace skillgrad::store {

/// One run directory, held by one process at a time through an advisory lock on
/// RUN/.lock. All writes are atomic; events.jsonl and the ledger are append-only, and a torn last
/// line (a kill while writing) is dropped when the run is opened again.
class RunStore {
 public:
  /// Creates or opens. Errors: locked (names the process id that holds it), io, disk_full, input
  /// (the folder exists and is not a run).
  [[nodiscard]] static Result<std::unique_ptr<RunStore>> open(const std::filesystem::path& dir,
                                                              const Clock& clock);
  ~RunStore();
  RunStore(const RunStore&) = delete;
  RunStore& operator=(const RunStore&) = delete;

  /// From now on write() and event() keep these secrets out of the files. The redactor must outlive
  /// the store. Not thread-safe: before the first write.
  void redact_with(const Redactor& redactor) { redactor_ = &redactor; }

  [[nodiscard]] const std::filesystem::path& dir() const { return dir_; }
  [[nodiscard]] std::filesystem::path path(const std::string& relative) const;

  /// JSON text files below the run, temp + rename. The calls that led to them reach the disk first.
  /// What a run goes on with must be read again from here, as a resumed run reads it: secrets were
  /// taken out.
  [[nodiscard]] Result<> write(const std::string& relative, const std::string& text);
  [[nodiscard]] Result<std::optional<std::string>> read(const std::string& relative) const;
  /// As write(), but in place and without waiting for the disk, in a folder that is there. A kill
  /// or a crash of the machine may leave the file torn, so readers must notice that. Returns the
  /// text as it was written.
  [[nodiscard]] Result<std::string> put(const std::string& relative, std::string text) const;
  /// Adds whole lines to a text file of the run; a torn last line of it is cut away first. Secrets
  /// are kept out as by write().
  [[nodiscard]] Result<> append(const std::string& relative, const std::string& lines);
  /// Returns when all calls and files so far are on the disk: a stage whose files were put() is
  /// finished only then.
  [[nodiscard]] Result<> sync();
  /// One line of events.jsonl: {"time":..., "event":..., ...fields}. Thread-safe.
  [[nodiscard]] Result<> event(const std::string& name, const std::string& fields_json);

  /// Calls that another process of the run finished are found from now on, as if this one had made
  /// them; they stay on that one's ledger. `dir` is its folder. Thread-safe. Errors: input, io.
  [[nodiscard]] Result<> use_replies_of(const std::filesystem::path& dir);
  /// RUN/calls: the request ledger and the replies of finished calls. Thread-safe.
  [[nodiscard]] llm::CallRecorder& calls();
  /// The attempts that ended, for restoring an Accountant at resume: those of this folder and of
  /// the run's other processes (parts.hpp), in the order scope, key, attempt.
  [[nodiscard]] Result<std::vector<llm::LedgerRow>> ledger() const;
  /// Of this folder alone.
  [[nodiscard]] Result<std::vector<llm::LedgerRow>> own_ledger() const;
  [[nodiscard]] Result<std::vector<llm::LedgerRow>> own_unsettled() const;
  /// Attempts that were begun and never ended (in flight at a kill), billed "unknown", with what
  /// was reserved for them.
  [[nodiscard]] Result<std::vector<llm::LedgerRow>> unsettled() const;

 private:
  RunStore(std::filesystem::path dir, const Clock& clock);
  struct State;
  std::filesystem::path dir_;
  const Clock& clock_;
  const Redactor* redactor_ = nullptr;
  std::unique_ptr<State> state_;
};

}  // namespace skillgrad::store
