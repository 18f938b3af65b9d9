// SPDX-License-Identifier: MIT
// Multiple choice: the choices are shown in the prompt, and their letters count as answers.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include <skillgrad/core/error.hpp>

#include "bench/notices.hpp"

namespace skillgrad::bench {

/// Takes `choices` or `options` (a list, {"label":[...],"text":[...]}, {"A":text}, or one text with
/// the choices between bars, semicolons or on lines), or the columns A, B, C ..., out of a record:
/// its input is followed by the choices with their letters, and a target is right as letter and as
/// text: it is a label, else (a JSON integer) a place counted from 0, else a choice's text. What
/// could mean two choices is noticed. Unchanged where there are none. Errors: dataset (choices that
/// cannot be read).
[[nodiscard]] Result<> show_choices(nlohmann::ordered_json& record, const std::string& where,
                                    Notices& notices);

}  // namespace skillgrad::bench
