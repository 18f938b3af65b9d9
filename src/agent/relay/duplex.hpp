// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include <poll.h>

#include <skillgrad/core/descriptor.hpp>
#include <skillgrad/core/error.hpp>
#include <skillgrad/core/files.hpp>

namespace skillgrad::agent {

/// Carries bytes between two sockets, both ways, until both have ended. For one thread.
class Duplex {
 public:
  /// `first` goes to `right` before anything else.
  Duplex(Descriptor left, Descriptor right, std::string first = {});
  /// What is waited for: two entries, of left and of right.
  void add_polls(std::vector<pollfd>& polls) const;
  /// Does what the two entries say is possible; false once nothing can come any more.
  [[nodiscard]] bool step(short left, short right);

 private:
  struct Way {
    std::string waiting;
    bool ended = false;  ///< no more comes
    bool shut = false;   ///< and the other side was told
  };
  bool receive(int from, Way& way);
  bool send(int to, Way& way);

  Descriptor left_, right_;
  Way to_right_, to_left_;
};

/// A listening local socket at `path`, of any length. Errors: sandbox.
[[nodiscard]] Result<Descriptor> listen_at(const fs::path& path);
/// A connection to it.
[[nodiscard]] Result<Descriptor> connect_to(const fs::path& path);

}  // namespace skillgrad::agent
