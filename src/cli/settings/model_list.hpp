// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <vector>

#include <skillgrad/core/error.hpp>

namespace skillgrad::cli {

/// One of several models, and the options that make it so.
struct ListedModel {
  std::string name;                            ///< as it is shown
  std::string model;                           ///< as the endpoint knows it
  std::map<std::string, std::string> options;  ///< key of the option table -> text, as flags give
};

/// The words of a list with commas. Errors: usage (an empty one), naming --FLAG.
[[nodiscard]] Result<std::vector<std::string>> words_of_list(const std::string& text,
                                                             const std::string& flag);
/// What --models names: names with commas between them; a word that ends in .json is a file with a
/// list of objects with "model", with "name" if they are to be called something else, and with any
/// options of endpoint and executor. Such a list may also stand there itself. Errors: usage, input,
/// config (with file and place).
[[nodiscard]] Result<std::vector<ListedModel>> read_model_list(const std::string& text);
/// That the names are distinct and not too many. Errors: usage.
[[nodiscard]] Result<> check_model_names(const std::vector<std::string>& names);

}  // namespace skillgrad::cli
