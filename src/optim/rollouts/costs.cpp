// SPDX-License-Identifier: MIT
#include <skillgrad/optim/costs.hpp>
#include <skillgrad/optim/messages.hpp>

namespace skillgrad::optim {
namespace {

Json known(const std::optional<double>& usd) { return usd ? Json(*usd) : Json(); }

Json usage_by_stage(const llm::LedgerTotals& totals) {
  std::map<std::string, llm::Usage> stages = totals.by_stage;
  for (const auto& [stage, usd] : totals.unsettled_by_stage) stages.try_emplace(stage);
  Json out = Json::object();
  for (const auto& [stage, usage] : stages) {
    out[stage] = to_json(usage);
    out[stage]["cost_usd"] = known(cost_of_stage(totals, stage));
    const auto unsettled = totals.unsettled_by_stage.find(stage);
    out[stage]["unsettled_usd"] =
        unsettled == totals.unsettled_by_stage.end() ? Json(0.0) : known(unsettled->second);
  }
  return out;
}

}  // namespace

Result<CostParts> cost_parts(const store::RunStore& store) {
  SKILLGRAD_TRY(const auto rows, store.ledger());
  SKILLGRAD_TRY(const auto lost, store.unsettled());
  std::map<std::string, llm::Accountant> accounts;  // one definition of what counts, and how
  const auto account_of = [&](const llm::LedgerRow& row) -> llm::Accountant& {
    return accounts.try_emplace(row.scope.substr(0, row.scope.find('/')), llm::Budget{})
        .first->second;
  };
  for (const auto& row : rows) account_of(row).restore(row);
  for (const auto& row : lost) account_of(row).restore_lost(row);
  CostParts out;
  for (const auto& [part, account] : accounts) out[part] = account.totals();
  return out;
}

Result<llm::LedgerTotals> run_totals(const store::RunStore& store) {
  SKILLGRAD_TRY(const auto rows, store.ledger());
  SKILLGRAD_TRY(const auto lost, store.unsettled());
  llm::Accountant account{llm::Budget{}};
  for (const auto& row : rows) account.restore(row);
  for (const auto& row : lost) account.restore_lost(row);
  return account.totals();
}

std::optional<double> cost_of_part(const CostParts& parts, const std::string& part) {
  const auto found = parts.find(part);
  return found == parts.end() ? 0.0 : found->second.cost_usd;
}

std::optional<double> cost_of_stage(const llm::LedgerTotals& totals, const std::string& stage) {
  if (!totals.cost_usd) return std::nullopt;
  const auto found = totals.cost_by_stage.find(stage);
  return found == totals.cost_by_stage.end() ? 0.0 : found->second;
}

Json spent_json(const llm::LedgerTotals& totals) {
  return {{"usage", to_json(totals.usage)},
          {"cost_usd", known(totals.cost_usd)},
          {"unsettled_usd", known(totals.unsettled_usd)},
          {"unsettled_tokens", totals.unsettled_tokens}};
}

Json spent_json(const llm::LedgerTotals& totals, const CostParts& parts) {
  Json out = spent_json(totals);
  out["usage_by_stage"] = usage_by_stage(totals);
  out["cost_by_part"] = Json::object();
  for (const auto& [part, spent] : parts) out["cost_by_part"][part] = spent_json(spent);
  out["attempts"] = totals.attempts;
  out["retries"] = totals.retries;
  out["cached_calls"] = totals.cached_calls;
  return out;
}

}  // namespace skillgrad::optim
