// SPDX-License-Identifier: MIT
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "llm/errors/error_body.hpp"

namespace skillgrad::llm {

/// A name without '_', in lower case: endpoints echo reasoning_effort as reasoningEffort, too.
[[nodiscard]] std::string folded_name(std::string_view name);

/// The words of a refusal, and which fields of a request they name.
class Refusal {
 public:
  explicit Refusal(const ErrorBody& error);

  static constexpr std::size_t kNowhere = std::string::npos;

  [[nodiscard]] const std::string& text() const { return text_; }  ///< lower case
  [[nodiscard]] bool has(std::string_view part) const {
    return text_.find(part) != std::string::npos;
  }
  [[nodiscard]] bool has_any(std::initializer_list<std::string_view> parts) const;
  [[nodiscard]] bool has_word(std::string_view word) const;
  /// True if `first` stands right before `second`, with at most one word between.
  [[nodiscard]] bool has_near(std::string_view first, std::string_view second) const;
  /// Says that something of the request is not taken (R1.19), in any of the usual wordings.
  [[nodiscard]] bool refuses() const;
  /// Says that a value lies outside the range that the endpoint takes.
  [[nodiscard]] bool out_of_range() const;

  /// Where the text names a top-level key of the body; a field of a message of the same name does
  /// not count, and a key that is an everyday word only where it is marked as a name.
  [[nodiscard]] std::size_t find_key(std::string_view key) const;
  /// True if the text names this field of a message: by its path, or without any.
  [[nodiscard]] bool names_message_field(std::string_view field) const;
  /// True if `field` is named with the path of a message: messages[2].field.
  [[nodiscard]] bool names_in_message(std::string_view field) const;
  /// True if the error's `param`, or the path of its `loc`, is about this top-level key.
  [[nodiscard]] bool param_is(std::string_view key) const;

 private:
  struct Word {
    std::string name;  ///< folded
    std::size_t begin = 0, end = 0;
    bool in_path = false;     ///< another step of a path stands before it
    bool in_message = false;  ///< that path leads into the messages
  };
  [[nodiscard]] static std::vector<Word> words_of(const std::string& text);
  [[nodiscard]] bool is_marked(std::size_t index) const;
  /// The index of the last word of `key` if it begins at `index`; kNowhere otherwise.
  [[nodiscard]] std::size_t key_at(std::size_t index, std::string_view key) const;
  [[nodiscard]] const std::string& name_at(std::size_t index) const;

  std::string text_;
  std::vector<Word> words_, param_;
};

}  // namespace skillgrad::llm
