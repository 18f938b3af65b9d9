// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <skillgrad/core/error.hpp>

namespace skillgrad::sim {

/// Knobs of the simulated endpoint. Probabilities are in [0,1]; negative = the scenario's own
/// value.
struct ServerOptions {
  std::string scenario;  ///< a built-in name ("demo", ...) or a path to a scenario.json
  int port = 0;          ///< 0: any free port; always 127.0.0.1
  std::uint64_t seed = 0;
  int latency_ms = 0;      ///< before each reply
  unsigned threads = 320;  ///< connections served at once
  double slip = -1;        ///< agent errs although the skill taught the lesson
  double luck = -1;        ///< agent succeeds although nothing taught it
  /// A task passes with a probability of its own: with all lessons it fails in a share s of the
  /// rollouts that is uniform from 0 to this, without them it passes in s (1 - s) of them. Drawn
  /// anew for each `seed` of a request; takes the place of slip and luck.
  double noise = 0;
  double vague = -1, wrong = -1;  ///< diagnoser
  double weak = -1;               ///< patcher words a rule too weakly
  double forget = -1;             ///< patcher without memory overwrites an older rule
  /// Injected faults, each a share of requests; decided per (request, attempt number), so that a
  /// retry of the same bytes gets another draw.
  double fault_429 = 0, fault_500 = 0, fault_cut = 0, fault_tool_call = 0;
  std::filesystem::path
      request_log;          ///< JSON Lines: {"n","time_ms","key","stage","status"}; "" = none
  std::string require_key;  ///< if set, any other bearer token gets 401
};

/// The simulated OpenAI-compatible endpoint: a real HTTP server on loopback that plays an imperfect
/// model from the conversation alone. A simulation, never a model: its model name starts "sim:".
class Server {
 public:
  /// Errors: config (unknown scenario), input (bad scenario file), io (port taken).
  [[nodiscard]] static Result<std::unique_ptr<Server>> start(const ServerOptions& options);
  virtual ~Server() = default;                             ///< stops and joins
  [[nodiscard]] virtual std::string base_url() const = 0;  ///< "http://127.0.0.1:PORT/v1"
  [[nodiscard]] virtual std::string model() const = 0;     ///< "sim:NAME"
  [[nodiscard]] virtual std::uint64_t requests() const = 0;
};

[[nodiscard]] std::vector<std::string> scenario_names();
/// What a server of this scenario calls its model: "sim:NAME". Errors as Server::start.
[[nodiscard]] Result<std::string> model_name(const std::string& scenario);
/// Ids that a scenario can play, by split; empty lists when it names no split.
struct ScenarioTasks {
  std::string benchmark;
  std::vector<std::string> train, val, test;
  /// Is there a script for the task with this prompt? Thread-safe.
  std::function<bool(std::string_view prompt)> plays;
};
[[nodiscard]] Result<ScenarioTasks> scenario_tasks(const std::string& scenario);

}  // namespace skillgrad::sim
