// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <skillgrad/traces/sessions.hpp>

namespace skillgrad::traces {

/// One line of labels.jsonl: what somebody says of a session. The recordings are never changed.
struct Label {
  std::string session;          ///< its id
  std::string sha256;           ///< of what was labelled; "": whatever it holds now
  std::optional<double> score;  ///< nullopt: the note alone, which says what was wrong
  std::string note;
  std::string by = "person";  ///< or "judge MODEL"
};

/// The file beside the recordings: DIR/labels.jsonl, or beside a single file.
[[nodiscard]] fs::path labels_file(const fs::path& place);
/// The last line about a session counts. No file: none. Errors: input (a line that is no label),
/// io.
[[nodiscard]] Result<std::vector<Label>> read_labels(const fs::path& file);
/// Replaces what the file says of these sessions, by a temporary file. Errors: input, io,
/// disk_full.
[[nodiscard]] Result<> write_labels(const fs::path& file, const std::vector<Label>& labels);
/// "pass", "fail", "note" or a number from 0 to 1; `note` leaves the score out. Errors: usage.
[[nodiscard]] Result<std::optional<double>> read_score(const std::string& word);

/// Gives sessions the outcomes that labels know; a label outranks what the record says. A label of
/// other bytes than the session has now is not used. Returns notes.
[[nodiscard]] std::vector<std::string> apply_labels(const std::vector<Label>& labels,
                                                    std::vector<Session>& sessions,
                                                    const Redactor& redactor);

}  // namespace skillgrad::traces
