// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace skillgrad::skill {

class Disguise;

/// What strangers may have written: files of tasks and what commands printed. A sentence of a skill
/// comes from there if six of its words in a row stand there, or most of its telling words in one
/// sentence of it, whatever their order and endings, or if it holds a code that stands there
/// (letters with at least two digits, an address). Words are runs of letters and digits, case
/// aside; a telling word has at least four letters. Written so as not to be found (in base64, with
/// signs that are not drawn, backwards) a sentence is found where it stands whole. What people who
/// answer for it wrote first (the task, the skill, the agent itself) is nobody else's. Not
/// thread-safe while it is filled.
class ForeignWords {
 public:
  struct Origin {
    std::string where;  ///< as given to add()
    std::string words;  ///< the sentence there, in its own words, shortened
  };

  /// Text that nobody answers for, and where it was seen first.
  void add(std::string_view text, const std::string& where);
  /// Text of those who answer for it; what was added before stays foreign.
  void vouch(std::string_view text);
  /// Of one sentence or several.
  [[nodiscard]] std::optional<Origin> origin_of(std::string_view text) const;
  [[nodiscard]] bool empty() const { return sentences_.empty(); }

 private:
  struct Sentence {
    std::uint32_t where = 0;
    std::uint32_t telling = 0;
    std::string text;
  };
  using Id = std::uint32_t;

  void add_sentence(std::string_view text, std::uint32_t where);
  [[nodiscard]] Origin told(Id id) const;
  [[nodiscard]] std::optional<Id> told_in_other_words(std::string_view sentence) const;

  struct Hidden {
    std::shared_ptr<const Disguise> text;
    std::uint32_t where = 0;
  };
  [[nodiscard]] std::optional<Origin> told_in_disguise(std::string_view sentence) const;

  std::vector<std::string> places_;
  std::vector<Hidden> hidden_;
  std::vector<Sentence> sentences_;
  std::unordered_map<std::uint64_t, std::vector<Id>> by_word_;  ///< telling words
  std::unordered_map<std::uint64_t, Id> marks_;                 ///< six words in a row, codes
  std::unordered_set<std::uint64_t> vouched_marks_, vouched_sentences_, seen_;
};

}  // namespace skillgrad::skill
