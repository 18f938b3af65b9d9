// SPDX-License-Identifier: MIT
#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/store/budget_blocks.hpp>

namespace skillgrad::store {
namespace {

constexpr const char* kSize = "size";
constexpr double kEpsilon = 1e-9;
/// More would make a run that lasts longer than any.
constexpr int kMostBlocks = 1'000'000;

std::optional<int> block_of(const std::string& name) {
  int out = 0;
  const auto [end, problem] = std::from_chars(name.data(), name.data() + name.size(), out);
  if (name.empty() || problem != std::errc() || end != name.data() + name.size())
    return std::nullopt;
  return out;
}

}  // namespace

double BudgetBlocks::amount(const Kind& kind, int block) {
  return std::clamp(kind.limit - block * kind.size, 0.0, kind.size);
}

int BudgetBlocks::blocks_of(const Kind& kind) {
  return kind.size <= 0 ? 0
                        : static_cast<int>(std::min<double>(
                              kMostBlocks, std::ceil(kind.limit / kind.size - kEpsilon)));
}

double BudgetBlocks::sum(const Kind& kind) {
  double out = 0;
  for (const int block : kind.mine) out += amount(kind, block);
  return out;
}

fs::path BudgetBlocks::block_file(const Kind& kind, int block) const {
  return dir_ / kind.name / fmt::format("{:06}", block);
}

Result<> BudgetBlocks::open_kind(Kind& kind, double least) {
  if (kind.limit <= 0) return {};
  const double wanted =
      std::max(least, least > 0 ? std::ceil(kind.limit / kBlocks) : kind.limit / kBlocks);
  const fs::path file = dir_ / kind.name / kSize;
  SKILLGRAD_TRY([[maybe_unused]] const bool first,
                files_.create(file, format_double(wanted) + "\n"));
  SKILLGRAD_TRY(const auto text, files_.read(file));
  const Json size = Json::parse(text.value_or(""), nullptr, false);
  if (!size.is_number() || !(size.get<double>() > 0))
    return fail(ErrorCode::input, "got no size of a block", file.string(),
                "remove the folder " + dir_.string() +
                    " when no process works on the run; what was spent is in the ledgers");
  kind.size = size.get<double>();
  SKILLGRAD_TRY(const auto names, files_.list(dir_ / kind.name));
  for (const std::string& name : names) {
    const auto block = block_of(name);
    if (!block) continue;
    SKILLGRAD_TRY(const auto holder, files_.read(dir_ / kind.name / name));
    if (holder && trim(*holder) == holder_) kind.mine.push_back(*block);
  }
  return {};
}

Result<std::unique_ptr<BudgetBlocks>> BudgetBlocks::open(fs::path dir, std::string holder,
                                                         const llm::Budget& limits,
                                                         SharedFiles& files) {
  std::unique_ptr<BudgetBlocks> out(new BudgetBlocks(std::move(dir), std::move(holder), files));
  out->usd_.limit = limits.max_usd;
  out->tokens_.limit = static_cast<double>(limits.max_tokens);
  out->calls_.limit = static_cast<double>(limits.max_calls);
  SKILLGRAD_CHECK(out->open_kind(out->usd_, 0));
  SKILLGRAD_CHECK(out->open_kind(out->tokens_, 1));
  SKILLGRAD_CHECK(out->open_kind(out->calls_, 1));
  return out;
}

llm::Budget BudgetBlocks::held() const {
  llm::Budget out;
  out.max_usd = sum(usd_);
  out.max_tokens = static_cast<std::int64_t>(sum(tokens_));
  out.max_calls = static_cast<std::int64_t>(sum(calls_));
  return out;
}

Result<llm::Budget> BudgetBlocks::more(const llm::Budget& wanted) {
  llm::Budget out;
  SKILLGRAD_TRY(out.max_usd, take(usd_, wanted.max_usd));
  SKILLGRAD_TRY(const double tokens, take(tokens_, static_cast<double>(wanted.max_tokens)));
  SKILLGRAD_TRY(const double calls, take(calls_, static_cast<double>(wanted.max_calls)));
  out.max_tokens = static_cast<std::int64_t>(tokens);
  out.max_calls = static_cast<std::int64_t>(calls);
  return out;
}

/// The lowest ones that are free, until they are enough or there are none.
Result<double> BudgetBlocks::take(Kind& kind, double wanted) {
  double got = 0;
  if (kind.limit <= 0 || wanted <= 0) return got;
  SKILLGRAD_TRY(const auto names, files_.list(dir_ / kind.name));
  std::set<int> taken;
  for (const std::string& name : names)
    if (const auto block = block_of(name)) taken.insert(*block);
  for (int block = 0; block < blocks_of(kind) && got + kEpsilon < wanted; ++block) {
    if (taken.contains(block)) continue;
    SKILLGRAD_TRY(const bool mine, files_.create(block_file(kind, block), holder_ + "\n"));
    if (!mine) continue;
    kind.mine.push_back(block);
    got += amount(kind, block);
  }
  return got;
}

Result<> BudgetBlocks::give_back(Kind& kind, double spent) {
  double left = sum(kind) - spent;
  std::sort(kind.mine.begin(), kind.mine.end());
  while (!kind.mine.empty() && amount(kind, kind.mine.back()) <= left + kEpsilon) {
    left -= amount(kind, kind.mine.back());
    SKILLGRAD_CHECK(files_.remove(block_file(kind, kind.mine.back())));
    kind.mine.pop_back();
  }
  return {};
}

Result<> BudgetBlocks::leave(const llm::Budget& spent) {
  SKILLGRAD_CHECK(give_back(usd_, spent.max_usd));
  SKILLGRAD_CHECK(give_back(tokens_, static_cast<double>(spent.max_tokens)));
  return give_back(calls_, static_cast<double>(spent.max_calls));
}

}  // namespace skillgrad::store
