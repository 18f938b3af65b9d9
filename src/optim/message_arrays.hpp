// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <skillgrad/core/error.hpp>
#include <skillgrad/core/json.hpp>

namespace skillgrad::optim {

/// The array at `key`, each item read by `read(item, where)`. Absent and null are an empty one
/// where it is not `required`. Errors: input.
template <class Item, class Read>
Result<std::vector<Item>> read_array(const Json& parent, const char* key, const std::string& where,
                                     bool required, const Read& read) {
  std::vector<Item> out;
  const auto found = parent.find(key);
  if (found == parent.end() || found->is_null()) {
    if (!required) return out;
    return fail(ErrorCode::input, fmt::format("\"{}\" is missing, expected an array", key),
                where + " /" + key, fmt::format("add the array \"{}\"", key));
  }
  if (!found->is_array())
    return fail(ErrorCode::input,
                fmt::format("\"{}\" is a JSON {}, expected an array", key, found->type_name()),
                where + " /" + key, "write an array");
  for (std::size_t i = 0; i < found->size(); ++i) {
    SKILLGRAD_TRY(auto item, read((*found)[i], fmt::format("{} /{}/{}", where, key, i)));
    out.push_back(std::move(item));
  }
  return out;
}

}  // namespace skillgrad::optim
