// SPDX-License-Identifier: MIT
// Records whose keys are those of other programs.
#pragma once

#include <map>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include <skillgrad/core/error.hpp>

#include "bench/notices.hpp"

namespace skillgrad::bench {

/// Field of a record to the key that holds it; a key may lead into objects: "data.question".
using KeyMap = std::map<std::string, std::string>;

/// The record under the keys of the JSON Lines form: `map` first, then usual names of other
/// programs (question, ideal, messages, instruction, vars ...) for what is not there yet. Each
/// rename is noticed. Choices become a part of the input, see choices.hpp. Errors: dataset (a key
/// of the map that this record does not have).
[[nodiscard]] Result<nlohmann::ordered_json> with_known_keys(const nlohmann::ordered_json& object,
                                                             const KeyMap& map,
                                                             const std::string& where,
                                                             Notices& notices);
/// The fields that `map` may name. Errors: config, with the nearest match.
[[nodiscard]] Result<> check_map(const KeyMap& map, const std::string& where);

}  // namespace skillgrad::bench
