// SPDX-License-Identifier: MIT
#include <skillgrad/core/files.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/store/ledger.hpp>

#include "store/ledger_json.hpp"

namespace skillgrad::store {

Result<std::vector<llm::LedgerRow>> read_ledger(const std::filesystem::path& run_dir) {
  const fs::path path = run_dir / "calls" / "ledger.jsonl";
  SKILLGRAD_TRY(std::string text, read_file(path));
  text.resize(text.rfind('\n') == std::string::npos ? 0 : text.rfind('\n') + 1);
  std::vector<llm::LedgerRow> out;
  int number = 0;
  for (const std::string& line : split_lines(text)) {
    ++number;
    if (trim(line).empty()) continue;
    const std::string where = path.string() + ":" + std::to_string(number);
    SKILLGRAD_TRY(const Json json, parse_json(line, where));
    if (json.is_object() && json.value("event", Json()) == Json("begin")) continue;
    SKILLGRAD_TRY(auto row, row_from_json(json, where));
    out.push_back(std::move(row));
  }
  return out;
}

}  // namespace skillgrad::store
