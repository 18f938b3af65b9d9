// SPDX-License-Identifier: MIT
#include <algorithm>
#include <functional>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/hashing.hpp>
#include <skillgrad/optim/shared_rollouts.hpp>

namespace skillgrad::optim {
namespace {

/// How often it is seen what others have done meanwhile.
constexpr auto kLook = std::chrono::milliseconds(200);

}  // namespace

std::string SharedWork::claim_key(const std::string& dir) { return sha256_hex(dir).substr(0, 24); }

SharedWork::SharedWork(fs::path run, SharedBatch batch, store::LeaseBoard& board,
                       const Clock& clock)
    : run_(std::move(run)), batch_(std::move(batch)), board_(board), clock_(clock) {
  for (const SharedItem& item : batch_.items) keys_.push_back(claim_key(item.dir));
  states_.assign(batch_.items.size(), State::open);
  // Each begins elsewhere, so that they seldom want the same.
  if (!states_.empty()) cursor_ = std::hash<std::string>{}(board_.options().name) % states_.size();
}

bool SharedWork::is_done(std::size_t item) const {
  std::error_code ignored;
  return fs::exists(run_ / batch_.items[item].dir / "loss.json", ignored);
}

/// What has been done, and what is claimed.
Result<> SharedWork::look() {
  const SteadyTime now = clock_.now();
  if (looked_ && now - *looked_ < kLook) return {};
  looked_ = now;
  SKILLGRAD_TRY(claimed_, board_.claimed());
  for (std::size_t i = 0; i < states_.size(); ++i)
    if ((states_[i] == State::open || states_[i] == State::left) && is_done(i))
      states_[i] = State::found;
  return {};
}

/// nullopt: somebody else has it.
Result<std::optional<SharedWork::Turn>> SharedWork::take(std::size_t item) {
  SKILLGRAD_TRY(const auto claim, board_.claim(keys_[item]));
  if (claim.claimed != store::LeaseBoard::Claimed::mine) {
    claimed_.insert(keys_[item]);
    return std::nullopt;
  }
  if (is_done(item)) {  // in the moment before the claim
    SKILLGRAD_CHECK(board_.give_back(keys_[item]));
    states_[item] = State::told;
    return Turn{Turn::Kind::done, item, {}};
  }
  states_[item] = State::mine;
  cursor_ = (item + 1) % states_.size();
  return Turn{Turn::Kind::mine, item, claim.from};
}

Result<SharedWork::Turn> SharedWork::next() {
  const std::lock_guard lock(mutex_);
  SKILLGRAD_CHECK(look());
  const std::size_t n = states_.size();
  // Whether a holder is gone takes longer to find out, and can wait.
  const SteadyTime now = clock_.now();
  const bool try_held = !tried_ || now - *tried_ >= board_.options().lease / 8;
  bool left = false;
  for (std::size_t k = 0; k < n; ++k) {
    const std::size_t i = (cursor_ + k) % n;
    if (states_[i] == State::found) {
      states_[i] = State::told;
      return Turn{Turn::Kind::done, i, {}};
    }
    left =
        left || states_[i] == State::open || states_[i] == State::mine || states_[i] == State::left;
  }
  if (!left) return Turn{};
  for (std::size_t k = 0; k < n; ++k) {
    const std::size_t i = (cursor_ + k) % n;
    if (states_[i] != State::open || claimed_.contains(keys_[i])) continue;
    SKILLGRAD_TRY(const auto turn, take(i));
    if (turn) return *turn;
  }
  if (!try_held) return Turn{Turn::Kind::wait, 0, {}};
  tried_ = now;
  for (std::size_t k = 0; k < n; ++k) {
    const std::size_t i = (cursor_ + k) % n;
    if (states_[i] != State::open) continue;
    SKILLGRAD_TRY(const auto turn, take(i));
    if (!turn) continue;
    tried_.reset();  // there may be more of the same holder's
    return *turn;
  }
  return Turn{Turn::Kind::wait, 0, {}};
}

void SharedWork::finished(std::size_t item) {
  const std::lock_guard lock(mutex_);
  states_[item] = State::told;
}

Result<> SharedWork::leave(std::size_t item, bool again) {
  {
    const std::lock_guard lock(mutex_);
    states_[item] = again ? State::open : State::left;
  }
  return board_.give_back(keys_[item]);
}

void SharedWork::reopen(std::size_t item) {
  const std::lock_guard lock(mutex_);
  states_[item] = State::open;
}

}  // namespace skillgrad::optim
