// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include <skillgrad/core/error.hpp>

#include "sheet/libreoffice_options.hpp"

namespace skillgrad::sheet {

/// Converts all `inputs` into `out_dir` with one LibreOffice process, which is ended with its
/// children on a timeout or stop. LibreOffice exits with 0 whatever happens, so the caller looks
/// which files are there. `profile` is created when absent and is for one process at a time.
/// Errors: infra (timeout, cannot start), cancelled.
[[nodiscard]] Result<> run_conversion(const LibreOfficeOptions& options,
                                      const std::vector<std::filesystem::path>& inputs,
                                      const std::filesystem::path& out_dir,
                                      const std::filesystem::path& profile, std::stop_token stop);

/// "LibreOffice 7.4.7.2", or "" if the program does not say.
[[nodiscard]] std::string query_version(const std::filesystem::path& program,
                                        const std::filesystem::path& folder);

}  // namespace skillgrad::sheet
