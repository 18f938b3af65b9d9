// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <skillgrad/exec/sandbox.hpp>

namespace skillgrad::fakes {

/// A finished command with this stdout.
inline exec::CommandResult command_result(std::string out, int exit_code = 0) {
  exec::CommandResult result;
  result.exit_code = exit_code;
  result.out = std::move(out);
  result.seconds = 0.01;
  return result;
}

/// Answers from a function and keeps every command. Thread-safe; `script` is called under a lock
/// with the 0-based number of the command. Remaps paths unless told otherwise.
class FakeSandbox final : public exec::Sandbox {
 public:
  using Script = std::function<Result<exec::CommandResult>(const exec::CommandSpec&, std::size_t)>;

  explicit FakeSandbox(Script script = {}, bool remaps_paths = true)
      : script_(std::move(script)), remaps_paths_(remaps_paths) {}

  Result<exec::CommandResult> run(const exec::CommandSpec& spec, std::stop_token stop) override {
    if (stop.stop_requested()) return fail(ErrorCode::cancelled, "stop was requested");
    const std::scoped_lock lock(mutex_);
    const std::size_t number = commands_.size();
    commands_.push_back(spec);
    return script_ ? script_(spec, number) : command_result("");
  }
  [[nodiscard]] exec::SandboxInfo info() const override {
    exec::SandboxInfo info;
    info.backend = "fake";
    info.remaps_paths = remaps_paths_;
    return info;
  }
  [[nodiscard]] std::vector<exec::CommandSpec> commands() const {
    const std::scoped_lock lock(mutex_);
    return commands_;
  }

 private:
  mutable std::mutex mutex_;
  Script script_;
  bool remaps_paths_;
  std::vector<exec::CommandSpec> commands_;
};

}  // namespace skillgrad::fakes
