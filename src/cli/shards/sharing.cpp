// SPDX-License-Identifier: MIT
#include "cli/shards/sharing.hpp"

#include <cmath>

#include <skillgrad/core/files.hpp>

#include "cli/screen/notes.hpp"

namespace skillgrad::cli {
namespace {

Result<llm::Budget> spent_in(const store::RunStore& store) {
  SKILLGRAD_TRY(const auto rows, store.own_ledger());
  SKILLGRAD_TRY(const auto lost, store.own_unsettled());
  llm::Accountant account{llm::Budget{}};
  for (const auto& row : rows) account.restore(row);
  for (const auto& row : lost) account.restore_lost(row);
  return account.own_spending();
}

bool is_limited(const llm::Budget& budget) {
  return budget.max_usd > 0 || budget.max_tokens > 0 || budget.max_calls > 0;
}

Duration lease_of(const Settings& settings) {
  return std::chrono::milliseconds(std::llround(settings.get<"lease_s">() * 1000));
}

}  // namespace

Json shared_limits(const Settings& settings) {
  Json out = Json::object();
  for (const OptionSpec* spec :
       options<"max_usd", "max_tokens", "max_calls", "rpm", "tpm", "lease_s">)
    out[spec->key] = settings.raw(*spec);
  return out;
}

Result<std::unique_ptr<Sharing>> Sharing::open(Options options, const Settings& settings,
                                               Models& models, Clock& clock,
                                               const store::RunStore& store,
                                               const std::stop_token& stop) {
  const std::string name = options.name.empty() ? store::process_name() : options.name;
  std::unique_ptr<Sharing> out(new Sharing(models, store::make_shared_files(name)));
  const fs::path dir = options.run / "shared";
  if (options.part == Part::shard) {
    SKILLGRAD_CHECK(make_directories(dir / "beats"));
    out->board_ = std::make_unique<store::LeaseBoard>(
        dir, *out->files_, clock, store::LeaseBoard::Options{name, lease_of(settings)});
    SKILLGRAD_CHECK(out->board_->beat());
    Sharing* const self = out.get();
    out->alive_ = std::make_unique<store::KeepAlive>(
        *out->board_, clock, [self] { self->models_.limits().share(self->board_->live()); });
  } else {
    optim::SharedRun::Options run;
    run.run = options.run;
    run.name = name;
    run.part = options.part == Part::coordinator ? optim::SharedRun::Part::coordinator
                                                 : optim::SharedRun::Part::worker;
    run.lease = lease_of(settings);
    run.limits = shared_limits(settings);
    SKILLGRAD_TRY(out->run_, optim::SharedRun::open(std::move(run), *out->files_, clock));
    optim::SharedRun* const self = out->run_.get();
    self->on_beat([self, &models] { models.limits().share(self->board().live()); });
  }
  SKILLGRAD_CHECK(out->share_rates(settings, clock, stop));
  SKILLGRAD_CHECK(out->share_budget(dir / "budget", options.holder, store));
  return out;
}

/// Where this fails, the block counts as spent and the sign of life ends with its lease: a limit is
/// never exceeded by it, and no result depends on it.
Sharing::~Sharing() {
  if (blocks_) (void)blocks_->leave(models_.accountant().own_spending());
  run_.reset();
  alive_.reset();
  if (board_) (void)board_->leave();
}

/// Who joins others lets them see it first, so that together they stay below the rates.
Result<> Sharing::share_rates(const Settings& settings, Clock& clock, const std::stop_token& stop) {
  store::LeaseBoard& board = run_ ? run_->board() : *board_;
  const std::size_t live = board.live();
  models_.limits().share(live);
  const bool rated = settings.get<"rpm">() > 0 || settings.get<"tpm">() > 0;
  if (rated && live > 1 && !clock.sleep_for(board.period(), stop))
    return fail(ErrorCode::cancelled, "stopped before the first call");
  return {};
}

Result<> Sharing::share_budget(const fs::path& dir, const std::string& holder,
                               const store::RunStore& store) {
  llm::Accountant& accountant = models_.accountant();
  if (!is_limited(accountant.budget())) return {};
  SKILLGRAD_TRY(blocks_, store::BudgetBlocks::open(dir, holder, accountant.budget(), *files_));
  SKILLGRAD_TRY(const auto spent, spent_in(store));
  accountant.share(*blocks_, spent);
  return {};
}

}  // namespace skillgrad::cli
