// SPDX-License-Identifier: MIT
#include "sheet/xml/zip_archive.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <libdeflate.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

#include <skillgrad/core/text.hpp>

namespace skillgrad::sheet {
namespace {

std::string zip_message(int code) {
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  std::string text = zip_error_strerror(&error);
  zip_error_fini(&error);
  return text;
}

// Opening a FIFO or device would block or misbehave, so the kind is checked on the descriptor.
Result<int> open_regular(const std::filesystem::path& path, std::uint64_t max_bytes) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return unexpected(unreadable("cannot open the file"));
  struct stat status {};
  if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(fd);
    return unexpected(unreadable("not a regular file"));
  }
  if (static_cast<std::uint64_t>(status.st_size) > max_bytes) {
    ::close(fd);
    return unexpected(unreadable("the file has " + std::to_string(status.st_size) +
                                 " bytes, expected at most " + std::to_string(max_bytes)));
  }
  return fd;
}

// What is inflated at once, and so is in memory as a whole; longer parts are read piece by piece.
constexpr std::uint64_t kAtOnce = std::uint64_t{8} << 20;

std::uint64_t little_endian(const std::string& bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;)
    value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

std::string bytes_at(int fd, off_t offset, std::size_t size) {
  std::string out(size, '\0');
  const ssize_t got = ::pread(fd, out.data(), size, offset);
  out.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  return out;
}

/// The record at the end of an archive, and where it stands.
struct EndRecord {
  std::string tail;    ///< of the file
  std::size_t at = 0;  ///< of the record in it; npos: there is none
  off_t start = 0;     ///< of the tail in the file
};

constexpr std::size_t kRecord = 22, kLocator = 20;

EndRecord find_end_record(int fd) {
  constexpr std::size_t kLongestComment = 0xFFFF;
  const off_t size = ::lseek(fd, 0, SEEK_END);
  EndRecord out;
  out.start = std::max<off_t>(0, size - static_cast<off_t>(kRecord + kLongestComment + kLocator));
  out.tail = bytes_at(fd, out.start, static_cast<std::size_t>(size - out.start));
  out.at = out.tail.rfind("PK\x05\x06");
  if (out.at != std::string::npos && out.tail.size() - out.at < kRecord) out.at = std::string::npos;
  return out;
}

// Offsets in an archive count from its own start, before which other bytes may stand.
std::uint64_t bytes_in_front(int fd) {
  const EndRecord end = find_end_record(fd);
  if (end.at == std::string::npos) return 0;
  const std::uint64_t place = static_cast<std::uint64_t>(end.start) + end.at;
  const std::uint64_t directory =
      little_endian(end.tail, end.at + 12, 4) + little_endian(end.tail, end.at + 16, 4);
  return place > directory ? place - directory : 0;
}

/// The archive behind the bytes in front of it, or null.
zip_t* open_behind(int fd, std::uint64_t front) {
  const int own = front > 0 ? ::fcntl(fd, F_DUPFD_CLOEXEC, 3) : -1;
  std::FILE* file = own < 0 ? nullptr : ::fdopen(own, "rb");
  if (file == nullptr && own >= 0) ::close(own);
  if (file == nullptr) return nullptr;
  zip_source_t* source = zip_source_filep_create(file, front, -1, nullptr);
  if (source == nullptr) std::fclose(file);
  zip_t* archive = source == nullptr ? nullptr : zip_open_from_source(source, ZIP_RDONLY, nullptr);
  if (source != nullptr && archive == nullptr) zip_source_free(source);  // closes the file
  return archive;
}

// libzip reads the whole directory before it tells how long it is, so the end record is asked
// first. What that says is not trusted: the entries are counted again once the archive is open.
std::uint64_t claimed_entries(int fd) {
  constexpr std::size_t kRecord64 = 56;
  const auto [tail, at, start] = find_end_record(fd);
  const auto size = start + static_cast<off_t>(tail.size());
  if (at == std::string::npos) return 0;
  const std::uint64_t count = little_endian(tail, at + 10, 2);
  if (at < kLocator || tail.compare(at - kLocator, 4, "PK\x06\x07") != 0) return count;
  const std::uint64_t record_at = little_endian(tail, at - kLocator + 8, 8);
  if (record_at >= static_cast<std::uint64_t>(size)) return count;
  const std::string record = bytes_at(fd, static_cast<off_t>(record_at), kRecord64);
  return record.size() < kRecord64 ? count : std::max(count, little_endian(record, 32, 8));
}

Error too_many_entries(const ReadLimits& limits) {
  return unreadable("more than " + std::to_string(limits.entries) + " zip entries");
}

}  // namespace

Error unreadable(std::string what) {
  return Error{ErrorCode::input, "unreadable: " + std::move(what), {}, {}, {}};
}

ZipPart::ZipPart(ZipPart&& other) noexcept
    : file_(std::exchange(other.file_, nullptr)),
      whole_(std::move(other.whole_)),
      position_(other.position_),
      budget_(other.budget_),
      name_(std::move(other.name_)) {}

ZipPart::~ZipPart() {
  if (file_ != nullptr) zip_fclose(file_);
}

Result<std::uint64_t> ZipPart::read_some(char* buffer, std::size_t size) {
  if (file_ == nullptr) {
    const std::size_t count = std::min(size, whole_.size - position_);
    if (count > 0) std::memcpy(buffer, whole_.bytes.get() + position_, count);
    position_ += count;
    return count;
  }
  const zip_int64_t got = zip_fread(file_, buffer, size);
  if (got >= 0) return static_cast<std::uint64_t>(got);
  return unexpected(unreadable(name_ + ": " + zip_error_strerror(zip_file_get_error(file_))));
}

Result<std::size_t> ZipPart::read(char* buffer, std::size_t size) {
  SKILLGRAD_TRY(const std::uint64_t count, read_some(buffer, size));
  if (count > budget_->bytes) {
    return unexpected(unreadable("inflates to more than the permitted number of bytes"));
  }
  budget_->bytes -= count;
  return static_cast<std::size_t>(count);
}

void ZipArchive::Close::operator()(zip* archive) const { zip_discard(archive); }
void ZipArchive::Close::operator()(libdeflate_decompressor* decompressor) const {
  libdeflate_free_decompressor(decompressor);
}

Result<ZipArchive> ZipArchive::open(const std::filesystem::path& path, const ReadLimits& limits) {
  SKILLGRAD_TRY(const int fd, open_regular(path, limits.file_bytes));
  if (claimed_entries(fd) > limits.entries) {
    ::close(fd);
    return unexpected(too_many_entries(limits));
  }
  ::lseek(fd, 0, SEEK_SET);
  int code = 0;
  ZipArchive archive;
  archive.zip_.reset(zip_fdopen(fd, 0, &code));
  if (!archive.zip_) {
    archive.zip_.reset(open_behind(fd, bytes_in_front(fd)));
    ::close(fd);
  }
  if (!archive.zip_) {
    return unexpected(unreadable("not a zip file (" + zip_message(code) + ")"));
  }
  SKILLGRAD_CHECK(archive.index(limits));
  return archive;
}

Result<> ZipArchive::index(const ReadLimits& limits) {
  const zip_int64_t entries = zip_get_num_entries(zip_.get(), 0);
  if (entries < 0 || static_cast<std::uint64_t>(entries) > limits.entries) {
    return unexpected(too_many_entries(limits));
  }
  budget_->bytes = limits.inflated_bytes;
  for (zip_uint64_t i = 0; i < static_cast<zip_uint64_t>(entries); ++i) {
    const char* name = zip_get_name(zip_.get(), i, ZIP_FL_ENC_GUESS);
    if (name == nullptr) return unexpected(unreadable("a zip entry has no name"));
    exact_[name] = i;  // of equal names the last one counts, as in CPython's zipfile
    folded_[to_lower_ascii(name)] = i;
  }
  return {};
}

const std::uint64_t* ZipArchive::find(const std::string& name) const {
  if (const auto found = exact_.find(name); found != exact_.end()) return &found->second;
  if (const auto found = folded_.find(to_lower_ascii(name)); found != folded_.end())
    return &found->second;
  return nullptr;
}

bool ZipArchive::has(const std::string& name) const { return find(name) != nullptr; }

// Inflating a part as a whole takes half the time of doing it in pieces. Nothing unless every byte
// is as the directory says, size and checksum too: libzip then reads the part and tells what is
// wrong with it.
std::optional<ZipPart::Whole> ZipArchive::inflate_at_once(std::uint64_t index,
                                                          const struct zip_stat& status) {
  constexpr zip_uint64_t kKnown = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_CRC |
                                  ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
  if ((status.valid & kKnown) != kKnown || status.comp_method != ZIP_CM_DEFLATE ||
      status.encryption_method != ZIP_EM_NONE || status.size > kAtOnce ||
      status.comp_size > kAtOnce) {
    return std::nullopt;
  }
  ZipPart::Whole packed{std::make_unique_for_overwrite<char[]>(status.comp_size), status.comp_size};
  zip_file_t* file = zip_fopen_index(zip_.get(), index, ZIP_FL_COMPRESSED);
  if (file == nullptr) return std::nullopt;
  const zip_int64_t got = zip_fread(file, packed.bytes.get(), packed.size);
  zip_fclose(file);
  if (got < 0 || static_cast<std::uint64_t>(got) != packed.size) return std::nullopt;
  if (!decompressor_) decompressor_.reset(libdeflate_alloc_decompressor());
  if (!decompressor_) return std::nullopt;
  ZipPart::Whole out{std::make_unique_for_overwrite<char[]>(status.size), status.size};
  std::size_t used = 0, made = 0;
  const bool sound = libdeflate_deflate_decompress_ex(decompressor_.get(), packed.bytes.get(),
                                                      packed.size, out.bytes.get(), out.size, &used,
                                                      &made) == LIBDEFLATE_SUCCESS &&
                     used == packed.size && made == out.size &&
                     libdeflate_crc32(0, out.bytes.get(), out.size) == status.crc;
  return sound ? std::optional(std::move(out)) : std::nullopt;
}

Result<ZipPart> ZipArchive::part(const std::string& name) {
  const std::uint64_t* index = find(name);
  if (index == nullptr) return unexpected(unreadable("part " + name + " is missing"));
  zip_stat_t status;
  zip_stat_init(&status);
  if (zip_stat_index(zip_.get(), *index, 0, &status) != 0 ||
      ((status.valid & ZIP_STAT_SIZE) != 0 && status.size > budget_->bytes)) {
    return unexpected(unreadable(name + " inflates to more than the permitted number of bytes"));
  }
  if (auto whole = inflate_at_once(*index, status)) {
    return ZipPart(std::move(*whole), budget_.get(), name);
  }
  zip_file_t* file = zip_fopen_index(zip_.get(), *index, 0);
  if (file == nullptr) {
    return unexpected(unreadable(name + ": " + zip_strerror(zip_.get())));
  }
  return ZipPart(file, budget_.get(), name);
}

}  // namespace skillgrad::sheet
