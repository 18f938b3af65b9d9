// SPDX-License-Identifier: MIT
#include "bench/notices.hpp"

#include <skillgrad/core/text.hpp>

namespace skillgrad::bench {
namespace {

constexpr std::size_t kShown = 3;

}  // namespace

void Notices::add(const std::string& where, const std::string& what) {
  const auto [found, fresh] = index_.emplace(what, entries_.size());
  if (fresh) entries_.push_back({what, {}, 0});
  Entry& entry = entries_[found->second];
  ++entry.count;
  if (!where.empty() && entry.first.size() < kShown) entry.first.push_back(where);
}

std::vector<std::string> Notices::list() const {
  std::vector<std::string> out;
  for (const Entry& entry : entries_) {
    if (entry.first.empty()) {
      out.push_back(entry.what);
    } else if (entry.count == 1) {
      out.push_back(entry.first.front() + ": " + entry.what);
    } else {
      out.push_back(entry.what + " (" + std::to_string(entry.count) + " times: " +
                    join(entry.first, ", ") + (entry.count > entry.first.size() ? ", ...)" : ")"));
    }
  }
  return out;
}

}  // namespace skillgrad::bench
