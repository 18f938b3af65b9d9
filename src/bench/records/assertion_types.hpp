// SPDX-License-Identifier: MIT
// What the reader of assertions and the maker of their graders both know of types.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <string>

namespace skillgrad::bench {

struct TypedAssertion;

using Words = std::initializer_list<const char*>;

/// Types of what needs no value.
inline constexpr Words kExistence = {"exists", "exist", "created"};
inline constexpr Words kJsonForms = {"is-json", "json-valid", "valid-json", "json",
                                     "contains-json"};
inline constexpr Words kCommandTypes = {"command", "command-succeeds", "shell", "test-passes",
                                        "tests-pass"};

inline bool is_among(const std::string& word, Words words) {
  return std::any_of(words.begin(), words.end(), [&](const char* one) { return word == one; });
}

/// "not-", "output-" and the like tell of the type how and where it is looked for.
void split_type(TypedAssertion& assertion);

}  // namespace skillgrad::bench
