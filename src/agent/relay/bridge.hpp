// SPDX-License-Identifier: MIT
#pragma once

namespace skillgrad::agent {

/// First word of a call of run_bridge(); then port, socket and "--" with a command.
inline constexpr const char* kBridgeWord = "__agent-bridge";
/// Where it listens on 127.0.0.1: nobody else is in the sandbox's network.
inline constexpr int kBridgePort = 8099;
/// Where the sandbox shows the folder of the relay's socket.
inline constexpr const char* kRelayFolder = "/run/skillgrad";

}  // namespace skillgrad::agent
