// SPDX-License-Identifier: MIT
#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/json.hpp>
#include <skillgrad/store/lease_board.hpp>

namespace skillgrad::store {
namespace {

constexpr int kBeatsInLease = 6;
/// Who joins is known to the others after it.
constexpr auto kLongestPeriod = std::chrono::seconds(5);

/// "KEY.3" -> 3 of this key.
std::optional<int> turn_of(const std::string& name, const std::string& key) {
  if (name.size() < key.size() + 2 || !name.starts_with(key) || name[key.size()] != '.')
    return std::nullopt;
  int out = 0;
  const char* const begin = name.data() + key.size() + 1;
  const auto [end, problem] = std::from_chars(begin, name.data() + name.size(), out);
  if (problem != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return out;
}

/// "" where the file says nothing: written by nobody of us, or empty after a crash of a machine.
std::string holder_in(const std::string& text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return {};
  const auto found = json.find("process");
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

LeaseBoard::LeaseBoard(fs::path dir, SharedFiles& files, const Clock& clock, Options options)
    : dir_(std::move(dir)), files_(files), clock_(clock), options_(std::move(options)) {}

Duration LeaseBoard::period() const {
  return std::min<Duration>(options_.lease / kBeatsInLease, kLongestPeriod);
}

fs::path LeaseBoard::claim_file(const std::string& key, int turn) const {
  return dir_ / "claims" / fmt::format("{}.{}", key, turn);
}

std::string LeaseBoard::claim_text() const {
  const auto expires = clock_.wall_now() + options_.lease;
  return dump_json({{"process", options_.name},
                    {"lease_s", std::chrono::duration<double>(options_.lease).count()},
                    {"expires", format_utc(expires)}}) +
         "\n";
}

Result<> LeaseBoard::beat() {
  std::uint64_t count = 0;
  {
    const std::lock_guard lock(mutex_);
    count = ++count_;
  }
  SKILLGRAD_CHECK(files_.replace(dir_ / "beats" / options_.name, std::to_string(count) + "\n"));
  return look();
}

/// Files are read without the lock: a file server may take its time.
Result<> LeaseBoard::look() {
  SKILLGRAD_TRY(const auto names, files_.list(dir_ / "beats"));
  std::map<std::string, std::string> values;
  for (const std::string& name : names) {
    SKILLGRAD_TRY(const auto value, files_.read(dir_ / "beats" / name));
    if (value) values[name] = *value;
  }
  const std::lock_guard lock(mutex_);
  for (const auto& [name, value] : values) {
    const auto [sign, fresh] = signs_.try_emplace(name, Sign{value, clock_.now()});
    if (!fresh && sign->second.value != value) sign->second = {value, clock_.now()};
  }
  return {};
}

bool LeaseBoard::is_alive(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  if (name == options_.name) return true;
  const auto sign = signs_.find(name);
  return sign == signs_.end() || clock_.now() - sign->second.changed < options_.lease;
}

/// One that was never seen is watched from now on.
bool LeaseBoard::alive(const std::string& name) {
  {
    const std::lock_guard lock(mutex_);
    if (name != options_.name) signs_.try_emplace(name, Sign{"", clock_.now()});
  }
  return is_alive(name);
}

std::size_t LeaseBoard::live() const {
  const std::lock_guard lock(mutex_);
  std::size_t out = 1;
  for (const auto& [name, sign] : signs_)
    if (name != options_.name && !sign.value.empty() &&
        clock_.now() - sign.changed < options_.lease)
      ++out;
  return out;
}

Result<LeaseBoard::Claim> LeaseBoard::claim(const std::string& key) {
  {
    const std::lock_guard lock(mutex_);
    if (held_.contains(key)) return Claim{};
  }
  SKILLGRAD_TRY(const bool mine, files_.create(claim_file(key, 0), claim_text()));
  if (!mine) return take_over(key);
  const std::lock_guard lock(mutex_);
  held_[key] = 0;
  return Claim{Claimed::mine, {}};
}

Result<LeaseBoard::Claim> LeaseBoard::take_over(const std::string& key) {
  SKILLGRAD_TRY(const auto names, files_.list(dir_ / "claims"));
  int last = -1;
  for (const std::string& name : names)
    if (const auto turn = turn_of(name, key)) last = std::max(last, *turn);
  if (last < 0) return Claim{};  // given back in this moment
  SKILLGRAD_TRY(const auto text, files_.read(claim_file(key, last)));
  if (!text) return Claim{};
  const std::string holder = holder_in(*text);
  if (alive(holder)) return Claim{};
  SKILLGRAD_TRY(const bool mine, files_.create(claim_file(key, last + 1), claim_text()));
  if (!mine) return Claim{};
  const std::lock_guard lock(mutex_);
  held_[key] = last + 1;
  return Claim{Claimed::mine, holder};
}

Result<std::set<std::string>> LeaseBoard::claimed() {
  SKILLGRAD_TRY(const auto names, files_.list(dir_ / "claims"));
  std::set<std::string> out;
  for (const std::string& name : names) out.insert(name.substr(0, name.rfind('.')));
  return out;
}

Result<> LeaseBoard::give_back(const std::string& key) {
  int turn = 0;
  {
    const std::lock_guard lock(mutex_);
    const auto held = held_.find(key);
    if (held == held_.end()) return {};
    turn = held->second;
    held_.erase(held);
  }
  // The oldest last: it is what others look at first.
  for (; turn >= 0; --turn) SKILLGRAD_CHECK(files_.remove(claim_file(key, turn)));
  return {};
}

Result<> LeaseBoard::leave() {
  std::map<std::string, int> held;
  {
    const std::lock_guard lock(mutex_);
    held = held_;
  }
  for (const auto& [key, turn] : held) SKILLGRAD_CHECK(give_back(key));
  return files_.remove(dir_ / "beats" / options_.name);
}

KeepAlive::KeepAlive(LeaseBoard& board, Clock& clock, std::function<void()> after)
    : board_(board), clock_(clock), after_(std::move(after)) {
  thread_ = std::jthread([this](const std::stop_token& ended) {
    const Duration pause = board_.period();
    while (clock_.sleep_for(pause, ended) && !ended.stop_requested()) {
      auto done = board_.beat();
      {
        const std::lock_guard lock(mutex_);
        failures_ = done ? 0 : failures_ + 1;
        if (!done) last_ = std::move(done).error();
      }
      if (after_) after_();
    }
  });
}

KeepAlive::~KeepAlive() = default;

Result<> KeepAlive::check() const {
  const std::lock_guard lock(mutex_);
  if (failures_ * board_.period() < board_.options().lease / 2) return {};
  return tl::unexpected(last_);
}

}  // namespace skillgrad::store
