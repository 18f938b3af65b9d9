// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <skillgrad/core/error.hpp>

#include "bench/wikitablequestions/denotation.hpp"

namespace skillgrad::bench {

struct Question {
  std::string id, utterance, context, split;
  std::vector<AnswerItem> targets;
  std::string where;  ///< file:line
};

struct QuestionSet {
  std::vector<Question> questions;  ///< ids unique; split files in order of `split_names`
  std::vector<std::string> split_names;
  std::vector<std::string> notices;
};

/// All questions of DIR/data/*.tsv with canonical targets of DIR/tagged/data/*.tagged.
/// Errors: input (no split file), dataset (file:line).
[[nodiscard]] Result<QuestionSet> read_questions(const std::filesystem::path& dir);

/// A list field: cut at '|', then \n, \p and \\ replaced in this order, as the official reader
/// does.
[[nodiscard]] std::vector<std::string> unescape_list(std::string_view field);
[[nodiscard]] std::string unescape_item(std::string item);

/// The data set's table form (every cell quoted, \" and \\ inside). Errors: dataset (file:line).
[[nodiscard]] Result<std::vector<std::vector<std::string>>> parse_table(std::string_view text,
                                                                        const std::string& where);

}  // namespace skillgrad::bench
