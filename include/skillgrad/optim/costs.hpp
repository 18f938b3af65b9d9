// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <optional>
#include <string>

#include <skillgrad/core/json.hpp>
#include <skillgrad/llm/client.hpp>
#include <skillgrad/store/run_store.hpp>

namespace skillgrad::optim {

/// What each part of a run came to, by the first folder of its calls' scopes: "base", "base_val",
/// "iter_001", "test"; of an evaluation "eval" and "baseline". The parts add up to the whole.
using CostParts = std::map<std::string, llm::LedgerTotals>;

/// From the ledger, so that an interrupted run reports the same as another.
[[nodiscard]] Result<CostParts> cost_parts(const store::RunStore& store);
/// Of the whole run, with what its other processes paid for, likewise.
[[nodiscard]] Result<llm::LedgerTotals> run_totals(const store::RunStore& store);
/// Known USD of one part; 0 where no call was made, nullopt where a price is not known.
[[nodiscard]] std::optional<double> cost_of_part(const CostParts& parts, const std::string& part);
/// Known USD of one stage, likewise.
[[nodiscard]] std::optional<double> cost_of_stage(const llm::LedgerTotals& totals,
                                                  const std::string& stage);

/// "usage", "cost_usd" and, apart from them, "unsettled_usd" and "unsettled_tokens".
[[nodiscard]] Json spent_json(const llm::LedgerTotals& totals);
/// The same of a whole run, with "usage_by_stage", "cost_by_part" and counts of attempts.
[[nodiscard]] Json spent_json(const llm::LedgerTotals& totals, const CostParts& parts);

}  // namespace skillgrad::optim
