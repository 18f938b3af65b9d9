// SPDX-License-Identifier: MIT
#include "llm/reply/call_members.hpp"

#include <algorithm>
#include <array>

#include "llm/wire/field.hpp"

namespace skillgrad::llm {

namespace {

constexpr std::array<const char*, 4> kLists = {"tool_calls", "toolCalls", "function_calls",
                                               "functionCalls"};
constexpr std::array<const char*, 2> kSingles = {"function_call", "functionCall"};
/// Where clients that answer as a server put what their model said.
constexpr const char* kMore = "additional_kwargs";

template <std::size_t N>
std::vector<const Json*> members(const Json& message, const std::array<const char*, N>& keys) {
  std::vector<const Json*> out;
  for (const Json* holder : {&message, member(&message, kMore)}) {
    for (const char* key : keys) {
      if (const Json* found = member(holder, key)) out.push_back(found);
    }
  }
  return out;
}

}  // namespace

bool is_call_member(std::string_view key) {
  const auto is_key = [&](std::string_view known) { return key == known; };
  return std::any_of(kLists.begin(), kLists.end(), is_key) ||
         std::any_of(kSingles.begin(), kSingles.end(), is_key) || key == kMore;
}

std::vector<const Json*> call_lists(const Json& message) { return members(message, kLists); }

std::vector<const Json*> single_calls(const Json& message) { return members(message, kSingles); }

}  // namespace skillgrad::llm
