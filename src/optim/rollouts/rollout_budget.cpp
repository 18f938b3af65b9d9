// SPDX-License-Identifier: MIT
#include "optim/rollouts/rollout_budget.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

#include "optim/rollouts/damaged.hpp"

namespace skillgrad::optim {
namespace {

constexpr const char* kFile = "rollouts.jsonl";

bool is_counted(const std::string& place) { return !place.starts_with("test/"); }

}  // namespace

Result<> RolloutBudget::restore() {
  SKILLGRAD_TRY(const auto text, store_.read(kFile));
  if (!text) return {};
  // A last line without its end was being written at a kill; the next append cuts it away.
  const auto whole = text->rfind('\n');
  if (whole == std::string::npos) return {};
  for (const auto& line : split_lines(text->substr(0, whole))) {
    if (trim(line).empty()) continue;
    const auto json = parse_json(line, kFile);
    const bool fits =
        json && json->is_object() && json->contains("rollout") && (*json)["rollout"].is_string();
    if (!fits) {
      Error error{ErrorCode::input, "a line names no rollout", kFile, {}, {}};
      return tl::unexpected(damaged(std::move(error), store_, kFile));
    }
    charged_.insert((*json)["rollout"].get<std::string>());
  }
  return {};
}

std::optional<std::size_t> RolloutBudget::left() const {
  if (!allowed_) return std::nullopt;
  const std::size_t gone = used() + aside_;
  return *allowed_ > gone ? *allowed_ - gone : 0;
}

Result<> RolloutBudget::charge(const std::vector<std::string>& places) {
  std::set<std::string> fresh;
  for (const auto& place : places)
    if (is_counted(place) && !charged_.contains(place)) fresh.insert(place);
  if (fresh.empty()) return {};
  if (const auto most = left(); most && fresh.size() > *most) {
    refused_ = true;
    return fail(ErrorCode::budget,
                fmt::format("{} more rollouts are needed, and {} of the {} that are allowed are "
                            "left{}",
                            fresh.size(), *most, *allowed_,
                            aside_ > 0 ? fmt::format(" ({} are set aside for what follows)", aside_)
                                       : std::string()),
                "--max-rollouts", "give another run a larger --max-rollouts");
  }
  std::string lines;
  for (const auto& place : fresh) lines += dump_json({{"rollout", place}}) + "\n";
  SKILLGRAD_CHECK(store_.append(kFile, lines));
  charged_.merge(fresh);
  return {};
}

}  // namespace skillgrad::optim
