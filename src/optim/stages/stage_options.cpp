// SPDX-License-Identifier: MIT
#include "optim/stages/stage_options.hpp"

namespace skillgrad::optim {

Result<> finish_options(StrictReader& reader) {
  auto read = reader.finish();
  if (read) return {};
  Error error = std::move(read).error();
  error.code = ErrorCode::config;
  return tl::unexpected(std::move(error));
}

}  // namespace skillgrad::optim
