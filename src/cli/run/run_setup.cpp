// SPDX-License-Identifier: MIT
#include "cli/run/run_setup.hpp"

#include <skillgrad/store/parts.hpp>

namespace skillgrad::cli {

FolderGuard::~FolderGuard() {
  if (dir_.empty()) return;
  // Out of the way in one step, so that nobody meets a half removed folder.
  std::error_code error;
  const fs::path away = dir_.string() + ".unused";
  fs::rename(dir_, away, error);
  fs::remove_all(error ? dir_ : away, error);
  // Of a shard, the folders around it, too, if nothing else is in them.
  const fs::path around = dir_.parent_path();
  if (around.filename() == store::kShards && fs::remove(around, error))
    fs::remove(around.parent_path(), error);
}

}  // namespace skillgrad::cli
