// SPDX-License-Identifier: MIT
#include <iterator>
#include <utility>

#include <skillgrad/store/ledger.hpp>
#include <skillgrad/store/parts.hpp>

namespace skillgrad::store {

Result<std::vector<llm::LedgerRow>> read_ledger(const std::filesystem::path& run_dir) {
  SKILLGRAD_TRY(auto own, view_ledger(run_dir));
  std::vector<llm::LedgerRow> out = std::move(own.ended);
  for (const auto& part : part_folders(run_dir)) {
    SKILLGRAD_TRY(auto view, view_ledger(part));
    out.insert(out.end(), std::make_move_iterator(view.ended.begin()),
               std::make_move_iterator(view.ended.end()));
  }
  return out;
}

}  // namespace skillgrad::store
