// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <skillgrad/llm/accountant.hpp>
#include <skillgrad/store/shared_files.hpp>

namespace skillgrad::store {

/// A budget that several processes spend together. It is cut into at most kBlocks blocks of each
/// kind, and a process takes one after the other, as it needs them:
///   DIR/usd/000017       names the process that may spend this block
///   DIR/usd/size         the size of a block; it stays when the limit changes
/// No two processes have the same block, so together they never spend more than the limit. What a
/// process took and did not spend is given back by leave(); what one that was killed had left of
/// its last block is not spent. Thread-safe as the accountant uses it: one call at a time.
class BudgetBlocks final : public llm::BudgetShares {
 public:
  static constexpr int kBlocks = 256;

  /// `holder` names the process, or the part of the run that it goes on with: blocks that it took
  /// earlier are its own. `files` outlives this. Errors: io, input (a damaged file).
  [[nodiscard]] static Result<std::unique_ptr<BudgetBlocks>> open(std::filesystem::path dir,
                                                                  std::string holder,
                                                                  const llm::Budget& limits,
                                                                  SharedFiles& files);
  /// What it holds from earlier on.
  [[nodiscard]] llm::Budget held() const override;
  Result<llm::Budget> more(const llm::Budget& wanted) override;
  /// Gives back whole blocks beyond what was spent. Nothing may be spent afterwards.
  [[nodiscard]] Result<> leave(const llm::Budget& spent);

 private:
  struct Kind {
    std::string name;
    double limit = 0, size = 0;
    std::vector<int> mine = {};
  };
  BudgetBlocks(std::filesystem::path dir, std::string holder, SharedFiles& files)
      : dir_(std::move(dir)), holder_(std::move(holder)), files_(files) {}
  Result<> open_kind(Kind& kind, double least);
  Result<double> take(Kind& kind, double wanted);
  Result<> give_back(Kind& kind, double spent);
  [[nodiscard]] static double amount(const Kind& kind, int block);
  [[nodiscard]] static double sum(const Kind& kind);
  [[nodiscard]] static int blocks_of(const Kind& kind);
  [[nodiscard]] std::filesystem::path block_file(const Kind& kind, int block) const;

  std::filesystem::path dir_;
  std::string holder_;
  SharedFiles& files_;
  Kind usd_{"usd"}, tokens_{"tokens"}, calls_{"calls"};
};

}  // namespace skillgrad::store
