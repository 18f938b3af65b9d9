// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <skillgrad/core/error.hpp>

namespace skillgrad::bench {

/// Name of the benchmark that queries are.
inline constexpr const char* kTriggers = "triggers";

/// A request of a user, and whether a skill ought to be activated for it.
struct TriggerQuery {
  std::string id, query;
  bool should_trigger = true;
};
struct TriggerQueries {
  std::vector<TriggerQuery> items;  ///< in the order of the file; ids and texts differ
  std::string source;               ///< the file
  std::vector<std::string> notices;
};

/// The file of queries of a skill's folder: evals/triggers.json and its other usual names, else an
/// evals.json that has entries with "should_trigger"; empty where there is none.
[[nodiscard]] std::filesystem::path find_trigger_queries(const std::filesystem::path& skill);
/// A .json list of {"query","should_trigger"}, an object that holds such a list under "queries" or
/// "evals", or lists of texts under "should_trigger" and "should_not_trigger"; or .jsonl. Entries
/// of an evals.json without "should_trigger" are tasks and are left out. A file whose "checked" is
/// false was made by a model, and nobody has looked at it. Errors: input (no such file), dataset
/// (with file, place and mend).
[[nodiscard]] Result<TriggerQueries> read_trigger_queries(const std::filesystem::path& file);

}  // namespace skillgrad::bench
