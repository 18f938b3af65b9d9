// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/file.h>

#include <skillgrad/core/descriptor.hpp>
#include <skillgrad/core/json.hpp>
#include <skillgrad/core/publish.hpp>
#include <skillgrad/llm/exchange_store.hpp>

namespace skillgrad::llm {

namespace {

constexpr const char* kSchema = "skillgrad.learned/1";

using Entry = LearnedChanges::Entry;
using Entries = std::map<std::string, Entry>;

Result<> read_into(const std::filesystem::path& file, Entries& out) {
  std::error_code problem;
  if (std::filesystem::status(file, problem).type() == std::filesystem::file_type::not_found)
    return {};
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

/// What another process learned about the same endpoint at the same time is kept: both began with
/// one style, so what only the other one changed is taken over.
Entry merged(const Entry& mine, const Entry& theirs) {
  const auto a = parse_json(mine.style, "learned style");
  const auto b = parse_json(theirs.style, "learned style");
  const auto usable = [](const auto& style) {
    return style && style->is_object() && style->contains("from") && style->contains("to") &&
           style->at("from").is_object() && style->at("to").is_object();
  };
  if (!usable(a) || !usable(b) || a->at("from") != b->at("from")) return mine;
  Json style = *a;
  const Json& from = a->at("from");
  for (const auto& [field, value] : b->at("to").items()) {
    Json& now = style["to"][field];
    if (now.is_array() && value.is_array()) {
      for (const Json& item : value)
        if (std::find(now.begin(), now.end(), item) == now.end()) now.push_back(item);
    } else if (from.contains(field) && now == from.at(field)) {
      now = value;
    }
  }
  Entry out = {dump_json(style), theirs.changes};
  for (const std::string& change : mine.changes)
    if (std::find(out.changes.begin(), out.changes.end(), change) == out.changes.end())
      out.changes.push_back(change);
  return out;
}

/// One process at a time reads, changes and replaces the file. The folder itself is locked: a lock
/// file would stay behind in recordings that people keep. Where a file system has no such locks,
/// two changes in the same moment may lose one, which costs one refused request later.
Result<> add_to_file(const std::filesystem::path& file, const std::string& endpoint,
                     const Entry& mine) {
  const std::filesystem::path folder = file.parent_path();
  SKILLGRAD_CHECK(make_directories(folder));
  const Descriptor lock(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!lock) return tl::unexpected(errno_error(errno, "cannot open folder", folder.string()));
  while (::flock(lock.get(), LOCK_EX) != 0 && errno == EINTR) {
  }
  Entries together;
  if (!read_into(file, together)) together.clear();
  const auto theirs = together.find(endpoint);
  together[endpoint] = theirs == together.end() ? mine : merged(mine, theirs->second);
  return write_all_of(together, file);
}

}  // namespace

Result<std::unique_ptr<LearnedChanges>> LearnedChanges::open(std::vector<LearnedFile> files) {
  std::unique_ptr<LearnedChanges> out(new LearnedChanges(std::move(files)));
  for (const LearnedFile& file : out->files_) {
    Entries read = out->entries_;
    const auto done = read_into(file.path, read);
    if (done) {
      out->entries_ = std::move(read);
    } else if (file.use == LearnedFile::Use::cache) {
      out->problems_.push_back(
          "what endpoints taught earlier cannot be read and is learned anew: " +
          done.error().to_line());
    } else {
      return tl::unexpected(done.error());
    }
  }
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
  for (const LearnedFile& file : files_)
    if (file.use != LearnedFile::Use::replay)
      SKILLGRAD_CHECK(add_to_file(file.path, endpoint, mine));
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
