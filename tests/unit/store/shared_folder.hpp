// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/store/shared_files.hpp>

namespace skillgrad::store {

/// Files that fail as those of a machine whose disk is full: nothing can be made, all can be read
/// and removed.
class FilesOnFullDisk final : public SharedFiles {
 public:
  explicit FilesOnFullDisk(SharedFiles& files) : files_(files) {}
  bool full = true;

  Result<bool> create(const fs::path& path, std::string_view bytes) override {
    if (full) return refuse(path);
    return files_.create(path, bytes);
  }
  Result<> replace(const fs::path& path, std::string_view bytes) override {
    if (full) return refuse(path);
    return files_.replace(path, bytes);
  }
  Result<bool> place_folder(const fs::path& from, const fs::path& to) override {
    if (full) return refuse(to);
    return files_.place_folder(from, to);
  }
  Result<std::optional<std::string>> read(const fs::path& path) override {
    return files_.read(path);
  }
  Result<std::vector<std::string>> list(const fs::path& folder) override {
    return files_.list(folder);
  }
  Result<> remove(const fs::path& path) override { return files_.remove(path); }

 private:
  static tl::unexpected<Error> refuse(const fs::path& path) {
    return fail(ErrorCode::disk_full, "no space left on device", path.string());
  }
  SharedFiles& files_;
};

/// Tests on one folder that several processes would share.
class SharedFolder : public ::testing::Test {
 protected:
  [[nodiscard]] fs::path dir() const { return temp_.path() / "shared"; }
  SharedFiles& files() { return *files_; }

 private:
  TempDir temp_ = TempDir::create("shared").value();
  std::unique_ptr<SharedFiles> files_ = make_shared_files("me");
};

}  // namespace skillgrad::store
