// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include <skillgrad/store/run_store.hpp>

namespace skillgrad::optim {

/// An error of reading a file of the run: names the file and how the run goes on without it.
[[nodiscard]] Error damaged(Error error, const store::RunStore& store, const std::string& file);

}  // namespace skillgrad::optim
