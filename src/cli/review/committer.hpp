// SPDX-License-Identifier: MIT
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include <skillgrad/core/error.hpp>
#include <skillgrad/core/files.hpp>
#include <skillgrad/exec/process.hpp>

namespace skillgrad::cli {

/// What is to be committed once the files are written.
struct CommitWish {
  std::string branch;              ///< made anew and checked out; "": the one that is
  std::vector<std::string> files;  ///< below the folder, also those that go away
  std::string message;
};

/// The user's repository around a folder, through the program `git`.
class Committer {
 public:
  /// Errors: usage (no repository, or its index has staged changes), infra (no git).
  [[nodiscard]] static Result<Committer> open(const fs::path& folder, std::stop_token stop);
  /// Everything that could keep commit() from its work, before anything is written. Errors: usage.
  [[nodiscard]] Result<> check(const CommitWish& wish) const;
  /// The new commit's id. Errors: infra, with what git said; then the files are staged.
  [[nodiscard]] Result<std::string> commit(const CommitWish& wish) const;

 private:
  Committer(fs::path folder, std::stop_token stop)
      : folder_(std::move(folder)), stop_(std::move(stop)) {}
  [[nodiscard]] Result<exec::CommandResult> run(std::vector<std::string> words,
                                                const std::string& input = {}) const;
  /// `git -C FOLDER`, as a shell reads it.
  [[nodiscard]] std::string command() const;
  [[nodiscard]] Result<> check_branch(const std::string& branch) const;

  fs::path folder_;
  std::stop_token stop_;
};

}  // namespace skillgrad::cli
