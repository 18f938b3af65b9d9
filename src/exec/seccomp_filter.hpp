// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include <linux/filter.h>

#include <skillgrad/core/error.hpp>

namespace skillgrad::exec {

/// What a backend guards by other means, so that the filter need not.
struct FilterRules {
  enum class Network {
    none,  ///< the host's network: no sockets but local ones within the command
    own    ///< a network namespace: sockets reach nothing but the command itself
  };
  enum class Attributes {
    free,   ///< what is in reach may be changed: another user, or a mount namespace, is the limit
    asked,  ///< modes and times of files: the supervisor decides; owners and extended attributes:
            ///< no
  };
  Network network = Network::none;
  Attributes attributes = Attributes::asked;
};

/// The one filter of all backends. Denies what goes around files and namespaces: sockets that lead
/// out, System V and POSIX message queues, keys, tracing and limits of other processes, mounts,
/// namespaces, set-id bits, memory outside of any process, kernel interfaces of doubtful strength
/// and system calls younger than this list. Everything else is allowed.
[[nodiscard]] Result<std::vector<sock_filter>> make_seccomp_filter(const FilterRules& rules);

}  // namespace skillgrad::exec
