// SPDX-License-Identifier: MIT
#include <algorithm>
#include <mutex>
#include <optional>

#include <sys/stat.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/hashing.hpp>
#include <skillgrad/core/json.hpp>
#include <skillgrad/core/publish.hpp>
#include <skillgrad/exec/command_cache.hpp>

#include "exec/folder_image.hpp"
#include "exec/process/sandbox_user.hpp"

namespace skillgrad::exec {
namespace {

constexpr const char* kSchema = "skillgrad.command/1";

/// JSON holds no bytes that are not UTF-8.
std::string to_hex(const std::string& bytes) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  out.reserve(2 * bytes.size());
  for (const char c : bytes) {
    out += kHex[static_cast<unsigned char>(c) >> 4U];
    out += kHex[static_cast<unsigned char>(c) & 15U];
  }
  return out;
}

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::optional<std::string> from_hex(const Json& value) {
  if (!value.is_string()) return std::nullopt;
  const auto& text = value.get_ref<const std::string&>();
  if (text.size() % 2 != 0) return std::nullopt;
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = digit(text[i]), low = digit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
  }
  return out;
}

/// What a command came to: its result, and what became of the work directory.
struct Kept {
  CommandResult result;
  FolderImage changed;               ///< new entries, and those that differ
  std::vector<std::string> removed;  ///< names, deepest first
};

Json to_json(const Kept& kept, std::int64_t stored_at) {
  Json changed = Json::array(), removed = Json::array();
  for (const auto& [name, entry] : kept.changed)
    changed.push_back({{"name", to_hex(name)},
                       {"kind", std::string(1, entry.kind)},
                       {"mode", entry.mode},
                       {"content", entry.kind == 'l' ? to_hex(entry.content) : entry.content}});
  for (const auto& name : kept.removed) removed.push_back(to_hex(name));
  return {{"schema", kSchema},
          {"stored_at", stored_at},
          {"exit_code", kept.result.exit_code},
          {"signal", kept.result.signal},
          {"output_truncated", kept.result.output_truncated},
          {"seconds", kept.result.seconds},
          {"out", to_hex(kept.result.out)},
          {"err", to_hex(kept.result.err)},
          {"changed", std::move(changed)},
          {"removed", std::move(removed)}};
}

/// A name that stays below the folder.
bool is_safe(const std::string& name) {
  const fs::path path = fs::path(name);
  return !name.empty() && path.is_relative() &&
         std::none_of(path.begin(), path.end(),
                      [](const fs::path& part) { return part == ".." || part == "."; });
}

std::optional<FolderImage> changed_from_json(const Json& list) {
  FolderImage out;
  for (const Json& item : list) {
    StrictReader reader(item, "cached command");
    const auto name = from_hex(reader.any("name", true));
    const std::string kind = reader.string("kind");
    ImageEntry entry;
    entry.mode = static_cast<std::uint32_t>(reader.integer("mode", 0, 0, 07777));
    entry.content = reader.string("content");
    if (!reader.finish() || !name || !is_safe(*name) || kind.size() != 1) return std::nullopt;
    entry.kind = kind.front();
    if (entry.kind == 'l') {
      const auto target = from_hex(Json(entry.content));
      if (!target) return std::nullopt;
      entry.content = *target;
    }
    out.emplace(*name, std::move(entry));
  }
  return out;
}

struct Entry {
  Kept kept;
  std::int64_t stored_at = 0;
};

/// nullopt: it is damaged, which is a miss.
std::optional<Entry> from_json(const Json& json) {
  StrictReader reader(json, "cached command");
  const std::string schema = reader.string("schema");
  Entry out;
  out.stored_at = reader.integer("stored_at");
  CommandResult& result = out.kept.result;
  result.exit_code = static_cast<int>(reader.integer("exit_code"));
  result.signal = static_cast<int>(reader.integer("signal"));
  result.output_truncated = reader.boolean("output_truncated");
  result.seconds = reader.number("seconds");
  const auto text = from_hex(reader.any("out", true)), errors = from_hex(reader.any("err", true));
  const Json changed = reader.any("changed", true), removed = reader.any("removed", true);
  if (!reader.finish() || schema != kSchema || !text || !errors || !changed.is_array() ||
      !removed.is_array())
    return std::nullopt;
  result.out = *text;
  result.err = *errors;
  auto image = changed_from_json(changed);
  if (!image) return std::nullopt;
  out.kept.changed = std::move(*image);
  for (const Json& item : removed) {
    const auto name = from_hex(item);
    if (!name || !is_safe(*name)) return std::nullopt;
    out.kept.removed.push_back(*name);
  }
  return out;
}

Kept difference(const FolderImage& before, const FolderImage& after, CommandResult result) {
  Kept out;
  out.result = std::move(result);
  for (const auto& [name, entry] : after) {
    const auto old = before.find(name);
    if (old == before.end() || !(old->second == entry)) out.changed.emplace(name, entry);
  }
  for (auto old = before.rbegin(); old != before.rend(); ++old) {
    const auto now = after.find(old->first);
    if (now == after.end() || now->second.kind != old->second.kind)
      out.removed.push_back(old->first);
  }
  return out;
}

/// Parents come before what is in them; modes last, since a folder without the right to write could
/// not be filled.
Result<> apply(const Kept& kept, const std::map<std::string, std::string>& bytes,
               const fs::path& root) {
  for (const auto& name : kept.removed) SKILLGRAD_CHECK(remove_tree(root / name));
  for (const auto& [name, entry] : kept.changed) {
    const fs::path path = root / name;
    std::error_code failed;
    if (entry.kind == 'd') {
      fs::create_directory(path, failed);
    } else if (entry.kind == 'l') {
      fs::remove(path, failed);
      fs::create_symlink(entry.content, path, failed);
    } else {
      fs::remove(path, failed);  // not through a link, and whatever its mode was
      SKILLGRAD_CHECK(write_file_in_place(path, bytes.at(entry.content)));
    }
    if (failed)
      return tl::unexpected(errno_error(failed.value(), "cannot repeat a command", path.string()));
  }
  for (auto entry = kept.changed.rbegin(); entry != kept.changed.rend(); ++entry)
    if (entry->second.kind != 'l' &&
        ::chmod((root / entry->first).c_str(), entry->second.mode) != 0)
      return tl::unexpected(errno_error(errno, "cannot repeat a command", entry->first));
  return {};
}

class CommandCache final : public Sandbox {
 public:
  CommandCache(Sandbox& inner, CommandCacheOptions options, const Clock& clock)
      : inner_(inner), options_(std::move(options)), clock_(clock) {}

  [[nodiscard]] SandboxInfo info() const override { return inner_.info(); }
  [[nodiscard]] Result<fs::path> shown_at(const fs::path& host) override {
    return inner_.shown_at(host);
  }

  [[nodiscard]] Result<CommandResult> run(const CommandSpec& spec, std::stop_token stop) override {
    const auto before = image_of(spec.work_dir);
    const auto key = before ? key_of(spec, *before) : std::nullopt;
    if (!key) return inner_.run(spec, std::move(stop));
    if (const auto kept = find(*key, spec.limits.wall)) {
      std::map<std::string, std::string> bytes;
      if (load(kept->changed, bytes)) {
        SKILLGRAD_CHECK(apply(*kept, bytes, spec.work_dir));
        SandboxUsers::take_back(spec.work_dir);
        return kept->result;
      }
    }
    SKILLGRAD_TRY(auto result, inner_.run(spec, std::move(stop)));
    if (result.timed_out || result.cancelled) return result;
    const auto after = image_of(spec.work_dir);
    if (after) {
      if (auto done = put(*key, difference(*before, *after, result), spec.work_dir); !done)
        warn_once("a command's result could not be put into the cache: " + done.error().to_line());
    }
    return result;
  }

 private:
  [[nodiscard]] fs::path file_of(const char* kind, const std::string& hash) const {
    // Without an ending: what ends in .json beside them is a call.
    return options_.dir / "commands" / kind / hash.substr(0, 2) / hash.substr(2);
  }

  /// nullopt: a read-only folder cannot be compared.
  std::optional<std::string> key_of(const CommandSpec& spec, const FolderImage& before) {
    PartHasher hasher;
    const SandboxInfo info = inner_.info();
    hasher.add(kSchema).add(options_.salt).add(info.backend).add(std::to_string(spec.argv.size()));
    for (const auto& word : spec.argv) hasher.add(word);
    hasher.add(spec.stdin_text).add(std::to_string(spec.env.size()));
    for (const auto& [name, value] : spec.env) hasher.add(name).add(value);
    const ResourceLimits& limits = spec.limits;
    // Not the time: it ends at the task's limit, and so differs each time.
    for (const std::uint64_t limit :
         {limits.memory_bytes, limits.file_bytes, limits.cpu_seconds, limits.disk_bytes,
          limits.entries, std::uint64_t{limits.processes}, std::uint64_t{limits.output_bytes}})
      hasher.add(std::to_string(limit));
    for (const auto& mount : spec.mounts) {
      const auto hash = mount_hash(mount.host);
      if (!hash) return std::nullopt;
      hasher.add(mount.inside).add(*hash);
    }
    return hasher.add(hash_of(before)).finish();
  }

  std::optional<std::string> mount_hash(const fs::path& host) {
    const auto image = image_of(host);
    if (!image) return std::nullopt;
    return hash_of(*image);
  }

  std::optional<Kept> find(const std::string& key, std::chrono::milliseconds wall) const {
    if (options_.refresh) return std::nullopt;
    const auto text = read_file(file_of("results", key));
    if (!text) return std::nullopt;
    const auto json = parse_json(*text, key);
    auto entry = json ? from_json(*json) : std::nullopt;
    if (!entry) return std::nullopt;
    const auto age = now_in_seconds() - entry->stored_at;
    const bool old = options_.time_to_live.count() > 0 && age > options_.time_to_live.count();
    // With the time that is left it may have been ended.
    const bool slow = std::chrono::duration<double>(wall).count() < entry->kept.result.seconds;
    if (old || slow) return std::nullopt;
    return std::move(entry->kept);
  }

  /// The bytes of all files by their hash; false: some are missing or damaged.
  bool load(const FolderImage& changed, std::map<std::string, std::string>& bytes) const {
    for (const auto& [name, entry] : changed) {
      if (entry.kind != 'f' || bytes.contains(entry.content)) continue;
      if (entry.content.size() != 64) return false;
      auto read = read_file(file_of("files", entry.content));
      if (!read || sha256_hex(*read) != entry.content) return false;
      bytes.emplace(entry.content, std::move(*read));
    }
    return true;
  }

  Result<> put(const std::string& key, const Kept& kept, const fs::path& work_dir) const {
    for (const auto& [name, entry] : kept.changed) {
      if (entry.kind != 'f') continue;
      const fs::path file = file_of("files", entry.content);
      SKILLGRAD_TRY(const auto bytes, read_file(work_dir / name));
      // What still ran behind the command may have changed it since.
      if (sha256_hex(bytes) != entry.content) return {};
      std::error_code ignored;
      if (fs::file_size(file, ignored) != bytes.size()) SKILLGRAD_CHECK(publish_file(file, bytes));
    }
    return publish_file(file_of("results", key), dump_json(to_json(kept, now_in_seconds())) + "\n");
  }

  [[nodiscard]] std::int64_t now_in_seconds() const {
    return std::chrono::floor<std::chrono::seconds>(clock_.wall_now().time_since_epoch()).count();
  }

  void warn_once(const std::string& line) {
    std::call_once(warned_, [&] {
      if (options_.warn) options_.warn(line);
    });
  }

  Sandbox& inner_;
  CommandCacheOptions options_;
  const Clock& clock_;
  std::once_flag warned_;
};

}  // namespace

Result<std::unique_ptr<Sandbox>> make_command_cache(Sandbox& inner, CommandCacheOptions options,
                                                    const Clock& clock) {
  const SandboxInfo info = inner.info();
  if (!info.remaps_paths)
    return fail(ErrorCode::config,
                "commands cannot be cached: the sandbox \"" + info.backend +
                    "\" shows them the paths of this machine, which differ from run to run",
                "--cache-commands",
                "leave --cache-commands out, or see with \"skillgrad doctor\" what the sandbox "
                "bwrap needs");
  return std::make_unique<CommandCache>(inner, std::move(options), clock);
}

}  // namespace skillgrad::exec
