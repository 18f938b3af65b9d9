// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include <linux/filter.h>

#include <skillgrad/core/error.hpp>

namespace skillgrad::exec {

/// Denies the network (sockets other than unnamed local pairs), namespaces, mounts, tracing of
/// other processes and kernel interfaces that go around these rules. Everything else is allowed.
[[nodiscard]] Result<std::vector<sock_filter>> make_seccomp_filter();

}  // namespace skillgrad::exec
