// SPDX-License-Identifier: MIT
#include "llm/wire/tool_ids.hpp"

#include <set>

#include <skillgrad/core/hashing.hpp>
#include <skillgrad/core/text.hpp>

namespace skillgrad::llm {

std::string short_id(std::string_view salt, std::size_t number) {
  PartHasher hasher;
  hasher.add(salt).add(std::to_string(number));
  return hasher.finish().substr(0, 9);
}

void assign_ids(std::vector<ToolCall>& calls, const std::vector<Message>& conversation,
                const std::string& salt) {
  std::set<std::string> used;
  for (const Message& message : conversation) {
    for (const ToolCall& call : message.tool_calls) used.insert(call.id);
  }
  std::size_t number = 0;
  for (ToolCall& call : calls) {
    std::string id(trim(call.id));
    while (id.empty() || used.contains(id)) id = short_id(salt, number++);
    call.id = id;
    used.insert(id);
  }
}

}  // namespace skillgrad::llm
