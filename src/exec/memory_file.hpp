// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

#include <skillgrad/core/descriptor.hpp>
#include <skillgrad/core/error.hpp>

namespace skillgrad::exec {

/// An unnamed file in memory that holds `text`.
[[nodiscard]] Result<Descriptor> make_memory_file(const char* name, std::string_view text);

}  // namespace skillgrad::exec
