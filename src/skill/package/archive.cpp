// SPDX-License-Identifier: MIT
#include "skill/package/archive.hpp"

#include <algorithm>
#include <ctime>
#include <memory>
#include <set>

#include <sys/stat.h>
#include <zip.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/core/unicode.hpp>
#include <skillgrad/skill/archive.hpp>

#include "skill/package/file_names.hpp"
#include "skill/package/package_files.hpp"
#include "skill/package/package_path.hpp"

namespace skillgrad::skill {
namespace {

constexpr const char* kMendArchive =
    "pack the folder of the skill again with `skillgrad pack FOLDER`";

tl::unexpected<Error> refuse_archive(const std::string& what, const std::string& where) {
  return fail(ErrorCode::input, what, where, kMendArchive);
}

struct CloseArchive {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
using Archive = std::unique_ptr<zip_t, CloseArchive>;

struct CloseEntry {
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};
using OpenEntry = std::unique_ptr<zip_file_t, CloseEntry>;

/// What finder programs put beside the folder that was packed.
bool is_foreign(std::string_view name) {
  return name.starts_with("__MACOSX/") || name == ".DS_Store" || name.ends_with("/.DS_Store");
}

/// The mode that the archive has for an entry, 0 where it has none.
std::uint32_t mode_of(zip_t* archive, zip_uint64_t index) {
  zip_uint8_t system = 0;
  zip_uint32_t attributes = 0;
  const int failed =
      zip_file_get_external_attributes(archive, index, ZIP_FL_UNCHANGED, &system, &attributes);
  return failed == 0 && system == ZIP_OPSYS_UNIX ? attributes >> 16 : 0;
}

class ArchiveReader {
 public:
  ArchiveReader(zip_t* archive, std::string where) : archive_(archive), where_(std::move(where)) {}

  Result<SkillPackage> read() {
    const zip_int64_t count = zip_get_num_entries(archive_, 0);
    // A folder is an entry, too.
    if (count < 0 || count > static_cast<zip_int64_t>(4 * kMaxPackageFiles))
      return refuse_archive("holds " + std::to_string(count) + " entries, a package at most " +
                                std::to_string(kMaxPackageFiles) + " files",
                            where_);
    for (zip_int64_t i = 0; i < count; ++i) SKILLGRAD_CHECK(entry(static_cast<zip_uint64_t>(i)));
    if (!skill_md_)
      return refuse_archive(top_.empty() ? "holds no folder" : "holds no " + top_ + "/SKILL.md",
                            where_);
    auto out = SkillPackage::from_files(top_, std::move(*skill_md_), std::move(files_));
    if (out) return out;
    Error error = std::move(out).error();
    error.where = where_ + ": " + error.where;
    return tl::unexpected(std::move(error));
  }

 private:
  Result<> entry(zip_uint64_t index) {
    zip_stat_t stat{};
    if (zip_stat_index(archive_, index, 0, &stat) != 0 || (stat.valid & ZIP_STAT_NAME) == 0 ||
        (stat.valid & ZIP_STAT_SIZE) == 0)
      return refuse_archive("is damaged: an entry cannot be read", where_);
    const std::string name = stat.name;
    if (is_foreign(name)) return {};
    if (first_invalid_utf8(name)) return refuse_archive("a name in it is no UTF-8", where_);
    if ((stat.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && stat.encryption_method != ZIP_EM_NONE)
      return refuse_archive("is encrypted at " + name, where_);
    SKILLGRAD_TRY(const std::string path, below_top(name));
    if (path.empty()) return {};
    const std::uint32_t mode = mode_of(archive_, index);
    if ((mode & S_IFMT) != 0 && (mode & S_IFMT) != S_IFREG)
      return refuse_archive("holds a link or a device at " + name, where_);
    const auto parts = split(path, '/');
    if (std::find(parts.begin(), parts.end(), "..") != parts.end())
      return refuse_archive("holds a path that leads out of its folder: " + name, where_);
    if (std::any_of(parts.begin(), parts.end(), is_ignored_component)) return {};
    return file(index, path, stat.size, mode);
  }

  /// The path within the package; "" for a folder.
  Result<std::string> below_top(const std::string& name) {
    const std::size_t slash = name.find('/');
    if (name.empty() || slash == 0 || slash == std::string::npos)
      return refuse_archive("holds \"" + name +
                                "\" outside of a folder: one folder, named like the "
                                "skill, is expected",
                            where_);
    const std::string top = name.substr(0, slash);
    if (!top_.empty() && top != top_)
      return refuse_archive("holds two folders, " + top_ + " and " + top + ", one is expected",
                            where_);
    SKILLGRAD_CHECK(check_package_path(top));
    top_ = top;
    std::string path = name.substr(slash + 1);
    if (path.empty() || path.ends_with('/')) return std::string();
    return path;
  }

  Result<> file(zip_uint64_t index, const std::string& path, zip_uint64_t size,
                std::uint32_t mode) {
    SKILLGRAD_CHECK(check_package_path(path));
    if (!names_.insert(file_name_key(path)).second)
      return refuse_archive("holds two files that some systems take for one: " + path, where_);
    if (files_.size() >= kMaxPackageFiles || size > kMaxPackageBytes - bytes_)
      return refuse_archive(
          "holds more than a package may (" + std::to_string(kMaxPackageFiles) + " files, 20 MiB)",
          where_);
    bytes_ += size;
    SKILLGRAD_TRY(std::string content, inflate(index, path, size));
    const std::uint32_t kept = (mode & 0111U) != 0 ? 0755 : 0644;
    if (path == "SKILL.md")
      skill_md_ = std::move(content);
    else
      files_[path] = {std::move(content), kept};
    return {};
  }

  /// Never more than the archive says, which was counted before.
  Result<std::string> inflate(zip_uint64_t index, const std::string& path, zip_uint64_t size) {
    const OpenEntry file(zip_fopen_index(archive_, index, 0));
    std::string out(size + 1, '\0');
    std::size_t done = 0;
    while (file != nullptr && done < out.size()) {
      const zip_int64_t got = zip_fread(file.get(), out.data() + done, out.size() - done);
      if (got < 0) break;
      if (got == 0) {
        out.resize(done);
        break;
      }
      done += static_cast<std::size_t>(got);
    }
    if (out.size() != size) return refuse_archive("is damaged at " + path, where_);
    return out;
  }

  zip_t* archive_;
  std::string where_, top_;
  std::optional<std::string> skill_md_;
  std::map<std::string, BundledFile> files_;
  std::set<std::string> names_;
  std::size_t bytes_ = 0;
};

struct ReleaseSource {
  void operator()(zip_source_t* source) const { zip_source_free(source); }
};

/// Half past no time: the first that a zip archive can hold, whatever the time zone.
std::time_t first_time() {
  std::tm date{};
  date.tm_year = 80;
  date.tm_mday = 1;
  date.tm_isdst = -1;
  return std::mktime(&date);
}

bool is_packed(const std::string& path) { return !is_below_evals(path) && !path.ends_with(".pyc"); }

bool add_entry(zip_t* archive, const std::string& name, const BundledFile& file) {
  zip_source_t* const source =
      zip_source_buffer(archive, file.bytes.data(), file.bytes.size(), /*freep=*/0);
  if (source == nullptr) return false;
  const zip_int64_t at = zip_file_add(archive, name.c_str(), source, ZIP_FL_ENC_UTF_8);
  if (at < 0) {
    zip_source_free(source);
    return false;
  }
  const auto index = static_cast<zip_uint64_t>(at);
  const zip_uint32_t mode = S_IFREG | ((file.mode & 0111U) != 0 ? 0755U : 0644U);
  return zip_set_file_compression(archive, index, ZIP_CM_STORE, 0) == 0 &&
         zip_file_set_mtime(archive, index, first_time(), 0) == 0 &&
         zip_file_set_external_attributes(archive, index, 0, ZIP_OPSYS_UNIX, mode << 16) == 0;
}

Result<std::string> bytes_of(zip_source_t* source) {
  const auto failed = [] {
    return fail(ErrorCode::infra, "the archive cannot be made", "pack",
                "give the command again; more memory may be needed");
  };
  zip_stat_t stat{};
  if (zip_source_stat(source, &stat) != 0 || (stat.valid & ZIP_STAT_SIZE) == 0 ||
      zip_source_open(source) != 0)
    return failed();
  std::string out(stat.size, '\0');
  const zip_int64_t got = zip_source_read(source, out.data(), out.size());
  zip_source_close(source);
  if (got != static_cast<zip_int64_t>(out.size())) return failed();
  return out;
}

}  // namespace

bool is_archive(const std::filesystem::path& path) {
  std::error_code ignored;
  return path.extension() == ".skill" && std::filesystem::is_regular_file(path, ignored);
}

Result<SkillPackage> read_archive(const std::filesystem::path& file) {
  int code = 0;
  const Archive archive(zip_open(file.c_str(), ZIP_RDONLY | ZIP_CHECKCONS, &code));
  if (archive == nullptr)
    return refuse_archive("is no zip archive, or a damaged one", file.string());
  return ArchiveReader(archive.get(), file.string()).read();
}

Result<std::string> pack(const SkillPackage& package) {
  for (const Finding& finding : validate(package, Profile::spec))
    if (finding.severity == Severity::error)
      return fail(ErrorCode::invalid_skill, finding.message,
                  finding.file + (finding.line > 0 ? ":" + std::to_string(finding.line) : ""),
                  "`skillgrad validate --explain " + finding.rule + "` says how to mend it");
  const auto failed = [] {
    return fail(ErrorCode::infra, "the archive cannot be made", "pack",
                "give the command again; more memory may be needed");
  };
  std::map<std::string, BundledFile> files;
  for (const auto& [path, file] : package.files())
    if (is_packed(path)) files[package.name() + "/" + path] = file;
  files[package.name() + "/SKILL.md"] = {package.skill_md(), 0644};
  zip_error_t error;
  zip_error_init(&error);
  const std::unique_ptr<zip_source_t, ReleaseSource> buffer(
      zip_source_buffer_create(nullptr, 0, 0, &error));
  if (buffer == nullptr) return failed();
  zip_source_keep(buffer.get());  // for reading what the archive wrote there
  Archive archive(zip_open_from_source(buffer.get(), ZIP_CREATE | ZIP_TRUNCATE, &error));
  if (archive == nullptr) {
    zip_source_free(buffer.get());
    return failed();
  }
  for (const auto& [name, file] : files)
    if (!add_entry(archive.get(), name, file)) return failed();
  if (zip_close(archive.get()) != 0) return failed();
  (void)archive.release();  // closed
  return bytes_of(buffer.get());
}

}  // namespace skillgrad::skill
