// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

namespace skillgrad::bench {

/// What was read of a data set and is not used, or was taken otherwise than it was written. What is
/// said of many places alike is one notice with their number and the first of them.
class Notices {
 public:
  /// `what` says the same thing wherever it happens; `where` is a file with a line, or a task.
  void add(const std::string& where, const std::string& what);
  /// A sentence about the whole data set.
  void add(std::string what) { add("", what); }
  /// "WHERE: WHAT", or "WHAT (N times: A, B, C, ...)", in the order in which they came up first.
  [[nodiscard]] std::vector<std::string> list() const;

 private:
  struct Entry {
    std::string what;
    std::vector<std::string> first;  ///< at most kShown places
    std::size_t count = 0;
  };
  std::vector<Entry> entries_;
  std::unordered_map<std::string, std::size_t> index_;
};

}  // namespace skillgrad::bench
