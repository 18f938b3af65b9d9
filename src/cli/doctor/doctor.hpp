// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <skillgrad/core/error.hpp>
#include <skillgrad/core/json.hpp>
#include <skillgrad/exec/sandbox.hpp>

#include "cli/settings/options.hpp"

namespace skillgrad::cli {

/// One finding of `skillgrad doctor`.
struct DoctorRow {
  enum class State { ok, weak, bad };
  std::string what;
  State state = State::ok;
  std::string found;
  std::string mend;  ///< a command or an instruction, for rows that are not ok
};

/// The words of a row's finding: its mend stands in a column of its own.
[[nodiscard]] inline std::string without_mend(Error error) {
  error.mend.clear();
  return error.to_line();
}

/// The findings, each shown as soon as it is there: an endpoint may take a minute.
class DoctorRows {
 public:
  DoctorRows(std::function<void(const DoctorRow&)> show, std::stop_token stop)
      : show_(std::move(show)), stop_(std::move(stop)) {}
  void add(DoctorRow row) {
    show_(row);
    rows_.push_back(std::move(row));
  }
  [[nodiscard]] const std::vector<DoctorRow>& all() const { return rows_; }
  [[nodiscard]] const std::stop_token& stop() const { return stop_; }

 private:
  std::function<void(const DoctorRow&)> show_;
  std::stop_token stop_;
  std::vector<DoctorRow> rows_;
};

/// What doctor finds out about the endpoints besides.
struct EndpointReport {
  Json facts = Json::array();  ///< an object for each endpoint, with the roles that use it
  Json recording;              ///< what a recording holds; null where none is replayed
};

/// Each endpoint of the roles: address, form of the requests, model, tool calling, streaming,
/// context. Sends at most a few tiny requests to each, none of which may take longer than a minute.
/// Nothing that comes back holds a secret.
[[nodiscard]] EndpointReport check_endpoints(const Settings& settings, DoctorRows& rows);
/// The recording that --replay names, instead of the endpoints: nothing is sent.
[[nodiscard]] EndpointReport check_recording(const Settings& settings, DoctorRows& rows);

/// The agent of another program that --executor names: where it is, its version, the walls around
/// it, and one trivial task. Adds nothing for the built-in one.
void check_executor_agent(const Settings& settings, exec::Sandbox& sandbox, DoctorRows& rows);

}  // namespace skillgrad::cli
