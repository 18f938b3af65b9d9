// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include <skillgrad/core/error.hpp>
#include <skillgrad/sheet/workbook.hpp>

struct libdeflate_decompressor;
struct zip;
struct zip_file;
struct zip_stat;

namespace skillgrad::sheet {

/// "unreadable: WHAT" with the code that Workbook::read promises.
[[nodiscard]] Error unreadable(std::string what);

/// One open part of an archive. Counts what it inflates against the archive's budget.
class ZipPart {
 public:
  static constexpr std::uint64_t kMaxElements = 20'000'000;
  /// What all parts of an archive may cost together.
  struct Budget {
    std::uint64_t bytes = 0;                ///< inflated
    std::uint64_t elements = kMaxElements;  ///< of XML
  };

  /// The inflated bytes of a part, where they are known already.
  struct Whole {
    std::unique_ptr<char[]> bytes;
    std::size_t size = 0;
  };

  ZipPart(zip_file* file, Budget* budget, std::string name)
      : file_(file), budget_(budget), name_(std::move(name)) {}
  ZipPart(Whole whole, Budget* budget, std::string name)
      : whole_(std::move(whole)), budget_(budget), name_(std::move(name)) {}
  ZipPart(const ZipPart&) = delete;
  ZipPart& operator=(const ZipPart&) = delete;
  ZipPart(ZipPart&& other) noexcept;
  ZipPart& operator=(ZipPart&&) = delete;
  ~ZipPart();
  /// Fills `buffer`; 0 at the end. Errors: damaged data, budget of inflated bytes spent.
  [[nodiscard]] Result<std::size_t> read(char* buffer, std::size_t size);
  [[nodiscard]] const std::string& name() const { return name_; }
  /// Counts an element of XML. False: there were too many.
  [[nodiscard]] bool take_element() { return budget_->elements > 0 && budget_->elements-- > 0; }

 private:
  [[nodiscard]] Result<std::uint64_t> read_some(char* buffer, std::size_t size);

  zip_file* file_ = nullptr;  ///< none: the bytes are in whole_
  Whole whole_;
  std::size_t position_ = 0;  ///< in whole_
  Budget* budget_;
  std::string name_;
};

/// A zip file opened under caps. Part names are matched exactly, then without regard to case unless
/// exact_names() was called.
/// One thread at a time; the parts must not outlive it.
class ZipArchive {
 public:
  [[nodiscard]] static Result<ZipArchive> open(const std::filesystem::path& path,
                                               const ReadLimits& limits);
  [[nodiscard]] bool has(const std::string& name) const;
  [[nodiscard]] Result<ZipPart> part(const std::string& name);
  void exact_names() { folded_.clear(); }

 private:
  struct Close {
    void operator()(zip* archive) const;
    void operator()(libdeflate_decompressor* decompressor) const;
  };
  ZipArchive() = default;
  [[nodiscard]] std::optional<ZipPart::Whole> inflate_at_once(std::uint64_t index,
                                                              const struct zip_stat& status);
  [[nodiscard]] Result<> index(const ReadLimits& limits);
  [[nodiscard]] const std::uint64_t* find(const std::string& name) const;

  std::unique_ptr<zip, Close> zip_;
  std::unique_ptr<libdeflate_decompressor, Close> decompressor_;
  std::map<std::string, std::uint64_t> exact_, folded_;
  std::unique_ptr<ZipPart::Budget> budget_ = std::make_unique<ZipPart::Budget>();
};

}  // namespace skillgrad::sheet
