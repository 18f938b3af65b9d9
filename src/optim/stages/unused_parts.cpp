// SPDX-License-Identifier: MIT
#include "optim/stages/unused_parts.hpp"

#include <skillgrad/core/text.hpp>

namespace skillgrad::optim {
namespace {

std::string shown(const Json& value) { return truncate_middle(dump_json(value), 60); }

bool is_number_like(const Json& value) { return value.is_number() || value.is_boolean(); }

double as_number(const Json& value) {
  return value.is_boolean() ? (value.get<bool>() ? 1 : 0) : value.get<double>();
}

bool is_same(const Json& answer, const Json& used) {
  if (is_number_like(answer) && is_number_like(used)) return as_number(answer) == as_number(used);
  if (answer.is_string() && used.is_string())
    return trim(answer.get_ref<const std::string&>()) == trim(used.get_ref<const std::string&>());
  return answer == used;
}

void compare(const Json& answer, const Json& used, const std::string& path,
             std::vector<std::string>& out) {
  if (answer.is_object() && used.is_object()) {
    for (const auto& [key, value] : answer.items()) {
      const std::string at = path + "/" + key;
      const auto found = used.find(key);
      if (found == used.end())
        out.push_back(at + " is not used");
      else
        compare(value, *found, at, out);
    }
    return;
  }
  if (answer.is_array() && used.is_array() && answer.size() == used.size()) {
    for (std::size_t i = 0; i < answer.size(); ++i)
      compare(answer[i], used[i], path + "/" + std::to_string(i), out);
    return;
  }
  // Null says that there is nothing, which is never lost.
  if (answer.is_null() || is_same(answer, used)) return;
  out.push_back(path + " is " + shown(answer) + ", used is " + shown(used));
}

}  // namespace

std::vector<std::string> unused_parts(const Json& answer, const Json& used) {
  std::vector<std::string> out;
  compare(answer, used, "", out);
  return out;
}

}  // namespace skillgrad::optim
