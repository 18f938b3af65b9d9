// SPDX-License-Identifier: MIT
#include <algorithm>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/llm/exchange_store.hpp>

#include "cli/doctor/doctor.hpp"
#include "cli/settings/options.hpp"

namespace skillgrad::cli {
namespace {

using State = DoctorRow::State;

std::string shown(const llm::StoreSurvey::Source& source) {
  std::string out = fmt::format("{} of {}", source.calls,
                                source.model.empty() ? "an unnamed model" : source.model);
  if (!source.endpoint.empty()) out += " at " + source.endpoint;
  return out;
}

DoctorRow row_of(const llm::StoreSurvey& survey, const std::string& dir) {
  if (!survey.damaged.empty()) {
    const Error& first = survey.damaged.front();
    return {"recording", State::bad,
            fmt::format("{} of its files cannot be played, the first: {}", survey.damaged.size(),
                        without_mend(first)),
            "restore the file, or record again with --record"};
  }
  if (survey.calls == 0)
    return {"recording", State::bad, "no call is recorded in " + dir,
            "record a run first: the same command with --record DIR"};
  std::vector<std::string> parts;
  for (const auto& source : survey.sources) parts.push_back(shown(source));
  return {"recording", State::ok, fmt::format("{} calls: {}", survey.calls, list_some(parts)), {}};
}

/// A model that is not recorded would be a miss at the first call.
void check_model(const Settings& settings, const llm::StoreSurvey& survey, DoctorRows& rows) {
  const std::string model = settings.get<"model">();
  const bool simulated = model.starts_with("sim:");
  const bool known = std::any_of(
      survey.sources.begin(), survey.sources.end(),
      [&](const auto& source) { return source.model == model || source.model.empty(); });
  if (model.empty() || simulated || known || survey.sources.empty()) return;
  rows.add({"model", State::weak, "no call of " + model + " is recorded",
            "--model " + survey.sources.front().model});
}

}  // namespace

EndpointReport check_recording(const Settings& settings, DoctorRows& rows) {
  EndpointReport out;
  const std::string dir = settings.get<"replay">();
  out.recording = {{"folder", dir}};
  const auto fault = [&](const Error& error) {
    rows.add({"recording", State::bad, without_mend(error), error.mend});
    return out;
  };
  const SystemClock clock;
  const auto store = llm::ExchangeStore::open({dir, llm::StoreUse::replay}, clock, nullptr);
  if (!store) return fault(store.error());
  const auto survey = (*store)->survey();
  if (!survey) return fault(survey.error());
  rows.add(row_of(*survey, dir));
  check_model(settings, *survey, rows);
  out.recording["calls"] = survey->calls;
  out.recording["endpoints"] = Json::array();
  for (const auto& source : survey->sources)
    out.recording["endpoints"].push_back(
        {{"endpoint", source.endpoint}, {"model", source.model}, {"calls", source.calls}});
  out.recording["damaged"] = Json::array();
  for (const Error& error : survey->damaged) out.recording["damaged"].push_back(error.to_line());
  return out;
}

}  // namespace skillgrad::cli
