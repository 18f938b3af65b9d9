// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <skillgrad/core/json.hpp>
#include <skillgrad/optim/observer.hpp>
#include <skillgrad/store/run_store.hpp>

namespace skillgrad::cli {

/// Something that was read and not used, or that a part of the program warned of.
struct Note {
  std::string text;
  std::size_t count = 1;  ///< how often, over all processes of a run
};

/// The notes of this process's command, as the console is the process's: whatever says a note says
/// it here, so that it reaches stderr, run.log, the events and the result alike. Thread-safe.
class Notes {
 public:
  /// Says a note: on stderr the first time it comes ("note: TEXT"), through the observer of a run
  /// where one listens. Control characters and secrets are taken out.
  void say(const std::string& text);
  /// Counts a note that is said elsewhere; true the first time.
  bool count(const std::string& text);
  /// Puts what earlier processes of the run noted in front, without saying it again. Of a note that
  /// this process has too, their count stands: it is about the same input. What is new is returned.
  std::vector<Note> restore(const std::vector<Note>& earlier);
  /// As at the start of a process.
  void forget();
  /// In the order of their first coming.
  [[nodiscard]] std::vector<Note> all() const;

 private:
  friend class NoteKeeper;
  void listen(optim::Observer* observer);

  mutable std::mutex mutex_;
  std::vector<Note> notes_;
  std::map<std::string, std::size_t> index_;
  optim::Observer* observer_ = nullptr;
};

/// Of this process.
[[nodiscard]] Notes& notes();

/// Takes over the notes that RUN/events.jsonl holds of earlier processes, passes everything on to
/// `next`, and writes each notice there, what was noted before the run was opened first; until it
/// is destroyed, notes() is said through it. The store must outlive it. Errors: io, disk_full.
[[nodiscard]] Result<std::unique_ptr<optim::Observer>> keep_notes(
    std::unique_ptr<optim::Observer> next, store::RunStore& store);

/// [{"text","count"}], for `notes` of a result.
[[nodiscard]] Json notes_json(const std::vector<Note>& notes);
/// The section of a text result; "" without notes. Beyond `most`, it says where the others stand.
[[nodiscard]] std::string notes_text(const std::vector<Note>& notes, const std::string& others_in,
                                     std::size_t most = 12);

}  // namespace skillgrad::cli
