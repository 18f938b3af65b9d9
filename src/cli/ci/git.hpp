// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include <skillgrad/core/error.hpp>

namespace skillgrad::cli {

/// The git of PATH on the work tree that holds a folder. Paths are relative to the top of the work
/// tree and are taken as they are: no character of them is a pattern.
class Git {
 public:
  /// Errors: infra (no git, it cannot read the repository), input (no work tree).
  [[nodiscard]] static Result<Git> open(const std::filesystem::path& dir, std::stop_token stop);

  [[nodiscard]] const std::filesystem::path& top() const { return top_; }
  /// What to compare HEAD with: the commit of `revision` where HEAD descends from it, else the one
  /// at which the two parted. Errors: usage (no revision at all), input (not there, with what
  /// brings it).
  [[nodiscard]] Result<std::string> base_of(const std::string& revision) const;

  /// The commit of `revision`, which `where` named. Errors: usage (no revision at all), input (not
  /// there, with what brings it).
  [[nodiscard]] Result<std::string> commit_of(const std::string& revision,
                                              const std::string& where) const;

  struct Change {
    char kind = 'M';  ///< of `git diff --name-status`; 'A' also for files that git does not know
    std::string before, after;  ///< "" where it was not, or is no longer
    int alike = 0;              ///< per cent, of a file that moved
  };
  /// From `commit` to the files as they lie there, below `dir` ("" is everything).
  [[nodiscard]] Result<std::vector<Change>> changes(const std::string& commit,
                                                    const std::string& dir) const;
  /// Files below `dir` as they lie there, ignored ones left out.
  [[nodiscard]] Result<std::vector<std::string>> files(const std::string& dir) const;
  /// Files below `dir` in `commit`.
  [[nodiscard]] Result<std::vector<std::string>> files_at(const std::string& commit,
                                                          const std::string& dir) const;
  /// Writes files of `commit` below the empty folder `to`, as a checkout would write them; neither
  /// the work tree nor its index is touched.
  [[nodiscard]] Result<> check_out(const std::string& commit, const std::vector<std::string>& files,
                                   const std::filesystem::path& to) const;

 private:
  struct Call {
    std::vector<std::string> words;
    std::string input = {};
    std::filesystem::path index = {};  ///< in place of the repository's, or ""
  };
  struct Answer {
    int code = 0;
    std::string out, err;
  };
  [[nodiscard]] Result<Answer> ask(const Call& call) const;
  /// The same, where everything but success is an error.
  [[nodiscard]] Result<std::string> tell(const Call& call) const;
  [[nodiscard]] Error not_there(const std::string& revision, const std::string& where) const;
  [[nodiscard]] bool shallow() const;

  std::filesystem::path program_, dir_, top_;
  std::stop_token stop_;
};

}  // namespace skillgrad::cli
