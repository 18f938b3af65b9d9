// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include <skillgrad/core/descriptor.hpp>
#include <skillgrad/core/error.hpp>
#include <skillgrad/core/files.hpp>
#include <skillgrad/core/json.hpp>

namespace skillgrad::optim {

/// Environment of a program in the place of an optimizer (docs/controls.md): the socket of the run
/// it works in, the folder of the package that it edits, and a file with what is asked of it.
inline constexpr const char* kRunVariable = "SKILLGRAD_IN_RUN";
inline constexpr const char* kSkillVariable = "SKILLGRAD_SKILL";
inline constexpr const char* kTaskVariable = "SKILLGRAD_TASK";

/// A Unix socket at which a program asks the run that started it: one JSON object on a line for a
/// request, one for the answer. Requests are answered one after the other, on a thread of its own.
class RunHandle {
 public:
  using Answer = std::function<Json(const Json& request)>;
  /// Listens from now on, for this user alone. Errors: io.
  [[nodiscard]] static Result<std::unique_ptr<RunHandle>> open(Answer answer);
  RunHandle(const RunHandle&) = delete;
  RunHandle& operator=(const RunHandle&) = delete;
  /// The request under way is answered first.
  ~RunHandle();
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  RunHandle(TempDir dir, Answer answer);
  Result<> listen();
  void serve();
  void answer_one(int connection) const;

  TempDir dir_;
  std::filesystem::path path_;
  Answer answer_;
  Descriptor socket_, wake_read_, wake_write_;
  std::thread thread_;
};

/// What the run at this socket answers. Errors: infra (nobody is there, or no answer came).
[[nodiscard]] Result<Json> ask_run(const std::filesystem::path& socket, const Json& request);

}  // namespace skillgrad::optim
