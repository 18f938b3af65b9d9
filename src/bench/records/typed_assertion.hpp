// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace skillgrad::bench {

/// Where a text is looked for when an assertion names no file.
enum class AssertionPlace {
  message,  ///< the graded answer
  anything  ///< the answer, and every text file that the agent left
};

/// An assertion object of another program, taken apart.
struct TypedAssertion {
  std::string given;         ///< its type as written, "" if none
  std::string type;          ///< "Output_Contains" is "output-contains"
  std::string label;         ///< its name, or its words
  std::string words;         ///< what it says in words, "" if nothing
  bool words_given = false;  ///< under a key for words rather than as a name
  bool negated = false;
  bool ignore_case = false;
  bool wants_file = false;      ///< the type is about a file
  bool is_pattern = false;      ///< the value stands under "pattern" or "regex"
  bool runnable = true;         ///< it has no condition that no grader here heeds
  std::string file;             ///< in the work directory, "" for the answer itself
  std::string flags;            ///< of a regular expression
  std::string exit_code = "0";  ///< of a command that is right
  double weight = 1;
  nlohmann::ordered_json value;      ///< what the answer is compared with, or null
  std::string value_key;             ///< where it stands, "params.value"
  std::vector<std::string> unused;   ///< keys that nothing was made of
  std::vector<std::string> heeded;   ///< keys that a grader heeds and a judge is not told
  std::vector<std::string> remarks;  ///< how a grader reads what may have been meant otherwise
};

/// Whether an object is one assertion, rather than several under names of their own.
[[nodiscard]] bool is_assertion(const nlohmann::ordered_json& object);
[[nodiscard]] TypedAssertion read_assertion(const nlohmann::ordered_json& item);
/// Its grader; null when no grader here does what it says.
[[nodiscard]] nlohmann::ordered_json grader_of(TypedAssertion assertion, AssertionPlace place);

/// Is the type one whose verdict other programs ask a model for?
[[nodiscard]] bool is_for_a_model(const std::string& type);
/// A sentence rather than an identifier.
[[nodiscard]] bool reads_as_words(const std::string& text);

}  // namespace skillgrad::bench
