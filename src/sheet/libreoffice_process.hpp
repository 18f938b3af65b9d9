// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include <skillgrad/core/error.hpp>

#include "sheet/libreoffice_options.hpp"

namespace skillgrad::sheet {

/// Where LibreOffice runs, which is found out once.
struct OfficeRunner {
  std::shared_ptr<exec::Sandbox> sandbox;  ///< null: as a process of this machine
  std::string version;                     ///< "LibreOffice 7.4.7.2", or ""
  std::string outside;                     ///< why it is not in a sandbox; "": it is
};
/// Asks it for its version, inside of a sandbox where one is wanted. `folder`: of ours, for one
/// process at a time. Errors: sandbox (none works here, and it is required).
[[nodiscard]] Result<OfficeRunner> open_office(const LibreOfficeOptions& options,
                                               const std::filesystem::path& folder);

/// What one process converts, and where.
struct Conversion {
  std::vector<std::filesystem::path> inputs;
  std::filesystem::path out_dir;
  std::filesystem::path profile;  ///< made when absent; for one process at a time
  std::filesystem::path batch;    ///< of its own: what goes into a sandbox and comes out
};
/// Converts all inputs with one LibreOffice process, which is ended with its children on a timeout
/// or stop. LibreOffice exits with 0 whatever happens, so the caller looks which files are there.
/// Errors: infra (timeout, cannot start), sandbox, cancelled.
[[nodiscard]] Result<> run_conversion(const LibreOfficeOptions& options, const OfficeRunner& runner,
                                      const Conversion& conversion, std::stop_token stop);

}  // namespace skillgrad::sheet
