// SPDX-License-Identifier: MIT
#include "agent/work_folder.hpp"

namespace skillgrad::agent {

Result<std::filesystem::path> WorkFolder::open() {
  if (!made_) made_ = make();
  if (!*made_) return tl::unexpected(made_->error());
  return folder_->path();
}

Result<> WorkFolder::make() {
  SKILLGRAD_TRY(TempDir folder, TempDir::create("skillgrad-task"));
  folder_ = std::make_shared<const TempDir>(std::move(folder));
  return benchmark_.set_up(task_, folder_->path(), context_).map_error([&](Error error) {
    return std::move(error).with_context("set-up of task " + task_.id);
  });
}

}  // namespace skillgrad::agent
