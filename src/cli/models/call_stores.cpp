// SPDX-License-Identifier: MIT
#include "cli/models/call_stores.hpp"

#include <optional>

#include <skillgrad/core/files.hpp>

#include "cli/screen/console.hpp"
#include "cli/screen/notes.hpp"
#include "cli/settings/durations.hpp"
#include "cli/settings/roles.hpp"

namespace skillgrad::cli {
namespace {

using StoreOptions = std::optional<llm::ExchangeStoreOptions>;

Result<StoreOptions> cassette_options(const Settings& settings) {
  const std::string record = settings.get<"record">(), replay = settings.get<"replay">();
  if (record.empty() && replay.empty()) return std::nullopt;
  if (!record.empty() && !replay.empty() && !same_folder(record, replay)) {
    return fail(ErrorCode::config, "--record and --replay name different folders",
                record + ", " + replay,
                "give one of them; with both, the same folder is replayed and completed");
  }
  llm::ExchangeStoreOptions options;
  options.dir = record.empty() ? replay : record;
  options.use = record.empty()   ? llm::StoreUse::replay
                : replay.empty() ? llm::StoreUse::record
                                 : llm::StoreUse::automatic;
  return options;
}

Result<StoreOptions> cache_options(const Settings& settings) {
  const std::string dir = settings.get<"cache">();
  SKILLGRAD_TRY(const auto age,
                parse_duration(settings.get<"cache_ttl">(), settings.origin<"cache_ttl">()));
  if (dir.empty()) {
    for (const OptionSpec* spec : options<"cache_ttl", "refresh", "cache_commands">) {
      if (settings.given(*spec))
        return fail(ErrorCode::config, std::string(spec->key) + " is set without a cache",
                    settings.origin(*spec), "name the cache's folder with --cache");
    }
    return std::nullopt;
  }
  llm::ExchangeStoreOptions options;
  options.dir = dir;
  options.time_to_live = std::chrono::duration_cast<std::chrono::seconds>(age);
  options.refresh = settings.get<"refresh">();
  return options;
}

/// What a damaged file of learned changes means depends on what it stands beside.
llm::LearnedFile::Use use_of_learned(llm::StoreUse use) {
  switch (use) {
    case llm::StoreUse::cache:
      return llm::LearnedFile::Use::cache;
    case llm::StoreUse::replay:
      return llm::LearnedFile::Use::replay;
    default:
      return llm::LearnedFile::Use::keep;
  }
}

}  // namespace

Result<CallStores> open_call_stores(const Settings& settings, const Clock& clock,
                                    const Redactor* redactor, const fs::path& learned) {
  SKILLGRAD_TRY(const StoreOptions cassette, cassette_options(settings));
  SKILLGRAD_TRY(const StoreOptions cache, cache_options(settings));
  CallStores out;
  std::vector<llm::LearnedFile> files;
  if (!learned.empty()) files.push_back({learned, llm::LearnedFile::Use::keep});
  if (cache) {
    SKILLGRAD_TRY(out.cache, llm::ExchangeStore::open(*cache, clock, redactor));
    files.push_back({cache->dir / "learned.json", use_of_learned(cache->use)});
  }
  if (cassette) {
    SKILLGRAD_TRY(out.cassette, llm::ExchangeStore::open(*cassette, clock, redactor));
    files.push_back({cassette->dir / "learned.json", use_of_learned(cassette->use)});
  }
  SKILLGRAD_TRY(out.learned, llm::LearnedChanges::open(std::move(files)));
  return out;
}

Result<std::unique_ptr<exec::Sandbox>> open_command_cache(const Settings& settings,
                                                          exec::Sandbox& sandbox,
                                                          const Clock& clock) {
  if (!settings.get<"cache_commands">()) return nullptr;
  SKILLGRAD_TRY(const StoreOptions cache, cache_options(settings));
  if (!cache) return nullptr;  // an explicit "false" without a cache is fine
  exec::CommandCacheOptions options;
  options.dir = cache->dir;
  options.time_to_live = cache->time_to_live;
  options.refresh = cache->refresh;
  options.salt = SKILLGRAD_VERSION;
  options.warn = [](const std::string& line) { notes().say(line); };
  return exec::make_command_cache(sandbox, std::move(options), clock);
}

}  // namespace skillgrad::cli
