// SPDX-License-Identifier: MIT
// What a few tasks can and cannot show, said before anything is spent.
#pragma once

#include "cli/settings/options.hpp"
#include "cli/workbench/workbench.hpp"

namespace skillgrad::cli {

/// Two or three tasks, or tasks of fewer than three contents, cannot be split: unless the user or
/// the data set names the splits, all of them train and validate alike, and a note says what that
/// is worth.
void share_small_set(const Settings& settings, Workbench& bench);
/// Do train and val name the same tasks on purpose?
[[nodiscard]] bool is_shared(const bench::Splits& splits);
/// Notes a validation split too small to tell a gain from chance, with what helps.
void note_limits(const Settings& settings, const Workbench& bench);
/// Notes that the model which does the tasks judges them, too.
void note_own_judge(const Settings& settings, const Workbench& bench);

}  // namespace skillgrad::cli
