// SPDX-License-Identifier: MIT
#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/store/parts.hpp>

#include "store/ledger_json.hpp"

namespace skillgrad::store {
namespace {

constexpr const char* kLedger = "calls/ledger.jsonl";

/// An attempt of a ledger: its session, the key of its call, its number.
using AttemptOf = std::tuple<int, std::string, int>;

}  // namespace

std::vector<fs::path> part_folders(const fs::path& run_dir) {
  std::vector<fs::path> out;
  for (const char* kind : {kShards, kWorkers}) {
    std::vector<fs::path> found;
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(run_dir / kind, none)) {
      std::error_code ignored;
      if (fs::exists(entry.path() / kLedger, ignored)) found.push_back(entry.path());
    }
    std::sort(found.begin(), found.end());
    out.insert(out.end(), found.begin(), found.end());
  }
  return out;
}

Result<LedgerView> view_ledger(const fs::path& dir) {
  const fs::path path = dir / kLedger;
  SKILLGRAD_TRY(std::string text, read_file(path));
  text.resize(text.rfind('\n') == std::string::npos ? 0 : text.rfind('\n') + 1);
  LedgerView out;
  std::map<AttemptOf, llm::LedgerRow> open;
  int number = 0;
  for (const std::string& line : split_lines(text)) {
    ++number;
    if (trim(line).empty()) continue;
    const std::string where = path.string() + ":" + std::to_string(number);
    SKILLGRAD_TRY(const Json json, parse_json(line, where));
    SKILLGRAD_TRY(auto row, row_from_json(json, where));
    AttemptOf attempt{json.value("session", 1), row.key, row.attempt};
    if (json.value("event", Json()) != Json("begin")) {
      open.erase(attempt);
      out.ended.push_back(std::move(row));
      continue;
    }
    row.billed = llm::Billed::unknown;
    row.cost_usd.reset();
    if (const auto usd = json.find("reserved_usd"); usd != json.end() && usd->is_number())
      row.cost_usd = usd->get<double>();
    open[std::move(attempt)] = std::move(row);
  }
  for (auto& [attempt, row] : open) out.open.push_back(std::move(row));
  return out;
}

}  // namespace skillgrad::store
