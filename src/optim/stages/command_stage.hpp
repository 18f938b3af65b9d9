// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <skillgrad/optim/stages.hpp>

namespace skillgrad::optim {

/// A user's program in the place of a stage (docs/stages.md): one JSON message on stdin, one on
/// stdout. It runs in the folder of the config file with a scrubbed environment and the PATH of
/// this process: no key ever reaches it. Thread-safe.
class CommandStage {
 public:
  /// Options {"run":["python3","x.py"],"timeout_s":60}. Errors: config.
  [[nodiscard]] static Result<CommandStage> from_options(const Json& options,
                                                         const StageDependencies& dependencies);
  /// The JSON object the program wrote. Errors: infra (exit code, timeout, no JSON object, with the
  /// end of stderr), cancelled.
  [[nodiscard]] Result<Json> exchange(const Json& request, const StageContext& context) const;
  /// "program of the stage: ...", for errors about what it wrote.
  [[nodiscard]] std::string label() const;
  /// An error in the program's answer: never the user's input, never a result.
  [[nodiscard]] Error bad_answer(Error error) const;
  /// Tells what of an answer is not used (unused_parts.hpp); each thing once, however often the
  /// program is called.
  void tell_unused(const Json& answer, const Json& used, const StageContext& context) const;
  /// Tells one thing about the program's answers, once.
  void tell(const std::string& what, const StageContext& context) const;

 private:
  std::vector<std::string> argv_;
  std::chrono::milliseconds time_{60'000};
  std::filesystem::path dir_;
  struct Told;
  std::shared_ptr<Told> told_;
};

}  // namespace skillgrad::optim
