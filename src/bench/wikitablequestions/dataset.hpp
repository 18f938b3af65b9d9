// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <skillgrad/core/error.hpp>

#include "bench/wikitablequestions/denotation.hpp"
#include "bench/wikitablequestions/id_index.hpp"

namespace skillgrad::bench {

/// One line of a split file. Its fields are as they stand there, in the texts of the set.
struct Question {
  std::string_view id, context;
  std::string_view utterance;                 ///< escaped
  std::string_view targets;                   ///< a list field
  std::optional<std::string_view> canonical;  ///< the list of the tagged file, as long as `targets`
  std::uint32_t split = 0;                    ///< number among the names
  std::uint32_t line = 0;                     ///< of the split's file, from 1
};

/// Thousands of questions are read for a few grades, so nothing is copied out of the files before
/// it is asked for. May be moved: the views stay.
struct QuestionSet {
  std::vector<Question> questions;  ///< ids unique; split files in order of `split_names`
  IdIndex numbers;                  ///< of the questions, by id
  std::vector<std::string> split_names;
  std::vector<std::string> notices;
  std::filesystem::path dir;
  std::vector<std::unique_ptr<const std::string>> texts;

  [[nodiscard]] const std::string& split_of(const Question& question) const {
    return split_names[question.split];
  }
  [[nodiscard]] std::string where(const Question& question) const;  ///< file:line
};

/// Raw and canonical items of the expected answer.
[[nodiscard]] std::vector<AnswerItem> target_items(const Question& question);

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
