// SPDX-License-Identifier: MIT
#include <algorithm>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/publish.hpp>
#include <skillgrad/llm/exchange_store.hpp>

namespace skillgrad::llm {

namespace {

constexpr const char* kSchema = "skillgrad.learned/1";

using Entries = std::map<std::string, LearnedChanges::Entry>;

Result<> read_into(const std::filesystem::path& file, Entries& out) {
  std::error_code missing;
  if (!std::filesystem::exists(file, missing)) return {};
  SKILLGRAD_TRY(const Json value, read_json(file));
  StrictReader reader(value, file.string());
  const std::string schema = reader.string("schema");
  if (schema != kSchema) reader.reject("schema", "got \"" + schema + "\", expected " + kSchema);
  const Json endpoints = reader.any("endpoints", true);
  if (!endpoints.is_object()) reader.reject("endpoints", "is not an object");
  SKILLGRAD_CHECK(reader.finish());
  for (const auto& [name, entry] : endpoints.items()) {
    StrictReader one(entry, file.string() + "/endpoints/" + name);
    const Json style = one.any("style", true);
    auto changes = one.strings("changes", std::vector<std::string>{});
    SKILLGRAD_CHECK(one.finish());
    out[name] = {dump_json(style), std::move(changes)};
  }
  return {};
}

Result<> write_all_of(const Entries& entries, const std::filesystem::path& file) {
  Json endpoints = Json::object();
  for (const auto& [name, entry] : entries) {
    SKILLGRAD_TRY(const Json style, parse_json(entry.style, "learned style"));
    endpoints[name] = {{"style", style}, {"changes", entry.changes}};
  }
  return publish_file(file, dump_json({{"schema", kSchema}, {"endpoints", endpoints}}, 1) + "\n");
}

}  // namespace

Result<std::unique_ptr<LearnedChanges>> LearnedChanges::open(
    std::vector<std::filesystem::path> files) {
  std::unique_ptr<LearnedChanges> out(new LearnedChanges(std::move(files)));
  for (const auto& file : out->files_) SKILLGRAD_CHECK(read_into(file, out->entries_));
  return out;
}

std::optional<LearnedChanges::Entry> LearnedChanges::find(const std::string& endpoint) const {
  const std::scoped_lock lock(mutex_);
  const auto found = entries_.find(endpoint);
  if (found == entries_.end()) return std::nullopt;
  return found->second;
}

Result<> LearnedChanges::put(const std::string& endpoint, const std::string& style,
                             const std::string& change) {
  const std::scoped_lock lock(mutex_);
  Entry& mine = entries_[endpoint];
  mine.style = style;
  mine.changes.push_back(change);
  for (const auto& file : files_) {
    // Another process may have taught the shared file something about another endpoint.
    Entries together;
    if (!read_into(file, together)) together.clear();
    together[endpoint] = mine;
    SKILLGRAD_CHECK(write_all_of(together, file));
  }
  return {};
}

std::vector<std::string> LearnedChanges::in_words() const {
  const std::scoped_lock lock(mutex_);
  std::vector<std::string> out;
  for (const auto& [name, entry] : entries_)
    for (const std::string& change : entry.changes) out.push_back(name + ": " + change);
  return out;
}

}  // namespace skillgrad::llm
