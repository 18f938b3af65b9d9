// SPDX-License-Identifier: MIT
// The input files of an eval of a skill.
#pragma once

#include <filesystem>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include <skillgrad/core/error.hpp>

#include "bench/notices.hpp"

namespace skillgrad::bench {

/// Where the paths of an eval may lead.
struct EvalFolders {
  std::filesystem::path skill;  ///< looked at first; the base of the paths that are returned
  std::filesystem::path file;   ///< the folder of evals.json itself, inside `skill`
  std::string where;
};

/// The "files" of an eval as those of a record: {"name in the work directory": source}. An item is
/// a path of a file or of a folder, or an object with the file's content or its path; an object in
/// place of the list is taken as it is. A file lies where the prompt says it does; else it has its
/// own name, or its path where several files have the same. Errors: dataset (no such file, a path
/// or link that leaves the skill, two contents for one name).
[[nodiscard]] Result<nlohmann::ordered_json> eval_files(const nlohmann::ordered_json& list,
                                                        const std::string& prompt,
                                                        const EvalFolders& folders,
                                                        Notices& notices);

}  // namespace skillgrad::bench
