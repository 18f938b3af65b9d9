// SPDX-License-Identifier: MIT
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include <skillgrad/core/json.hpp>

#include "cli/options.hpp"

namespace skillgrad::cli {

/// One finding of `skillgrad doctor`.
struct DoctorRow {
  enum class State { ok, weak, bad };
  std::string what;
  State state = State::ok;
  std::string found;
  std::string mend;  ///< a command or an instruction, for rows that are not ok
};

/// What doctor finds out about the endpoints.
struct EndpointReport {
  std::vector<DoctorRow> rows;
  Json facts = Json::array();  ///< an object for each endpoint, with the roles that use it
  Json recording;              ///< what a recording holds; null where none is replayed
};

/// Each endpoint of the roles: address, form of the requests, model, tool calling, streaming,
/// context. Sends at most a few tiny requests to each. Nothing that comes back holds a secret.
[[nodiscard]] EndpointReport check_endpoints(const Settings& settings, const std::stop_token& stop);
/// The recording that --replay names, instead of the endpoints: nothing is sent.
[[nodiscard]] EndpointReport check_recording(const Settings& settings);

}  // namespace skillgrad::cli
