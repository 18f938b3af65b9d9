// SPDX-License-Identifier: MIT
#include "sheet/openpyxl/openpyxl_names.hpp"

#include <algorithm>

#include <skillgrad/core/ascii.hpp>
#include <skillgrad/core/text.hpp>

namespace skillgrad::sheet {
namespace {}  // namespace

std::string openpyxl_title(const std::vector<std::string>& before, const std::string& name) {
  const std::string title = name.empty() ? "Sheet" : name;
  const std::string wanted = to_lower_ascii(title);
  const bool taken = std::any_of(before.begin(), before.end(), [&](const std::string& other) {
    return to_lower_ascii(other) == wanted;
  });
  if (!taken) return title;
  // The highest number that follows the title anywhere in the joined titles, and one more.
  const std::string all = to_lower_ascii(join(before, ","));
  std::uint64_t highest = 0;
  for (std::size_t at = all.find(wanted); at != std::string::npos; at = all.find(wanted, at)) {
    at += wanted.size();
    std::uint64_t number = 0;
    for (; at < all.size() && is_digit(all[at]); ++at)
      number = std::min<std::uint64_t>(number, 1'000'000'000) * 10 +
               static_cast<std::uint64_t>(all[at] - '0');
    if (at < all.size() && all[at] == ',') ++at;
    highest = std::max(highest, number);
  }
  return title + std::to_string(highest + 1);
}

bool is_refused_title(const std::string& name) {
  return name.find_first_of("\\*?:/[]") != std::string::npos;
}

}  // namespace skillgrad::sheet
