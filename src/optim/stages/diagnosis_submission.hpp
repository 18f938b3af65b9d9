// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <skillgrad/optim/stages.hpp>

#include "optim/stages/dialog.hpp"

namespace skillgrad::optim {

/// Parameters of `submit_diagnosis`.
[[nodiscard]] std::string diagnosis_schema(EvidenceKind kind);

/// What a hand-in is read against.
struct DiagnosisReading {
  const Evidence& evidence;
  const StageContext& context;
  std::int64_t last_step = 0;  ///< of the trace; 0 where nobody knows
  Tries tries = Tries::left;
};

/// The handed-in object as a gradient. One cause may stand in the object itself instead of in the
/// list. Errors: input, for the model.
[[nodiscard]] Result<Gradient> read_diagnosis(const Json& object, const DiagnosisReading& reading);

/// One sentence for each slug of a cause that no known pattern has, or whose pattern has no guess
/// to contradict.
[[nodiscard]] std::vector<std::string> faults_of_slugs(const Cause& cause,
                                                       const Evidence& evidence);

}  // namespace skillgrad::optim
