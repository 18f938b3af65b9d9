// SPDX-License-Identifier: MIT
// Assertions of other programs: evals.json of skills, promptfoo. What has a grader here is run by
// it; what says its meaning in words is a criterion of the judge; the rest is noticed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <skillgrad/core/error.hpp>

#include "bench/notices.hpp"
#include "bench/records/typed_assertion.hpp"

namespace skillgrad::bench {

/// The assertions on one record's answer. The score is the share of them that it fulfils, by their
/// weights.
class Assertions {
 public:
  /// `where` is the record, for notices.
  Assertions(std::string where, AssertionPlace place, Notices& notices)
      : where_(std::move(where)), place_(place), notices_(notices) {}

  /// A text (a criterion), or an object with words (`text`, `description`, `name`) and maybe with
  /// `type` and a value; a check of the JSON Lines form ({"grader":...}) is taken as it is.
  void add(const nlohmann::ordered_json& item);
  /// A list, one assertion, or an object whose values are assertions. Errors (dataset): the levels
  /// of a score, which are no assertions.
  [[nodiscard]] Result<> add_all(const nlohmann::ordered_json& list);
  void add_criterion(const std::string& text);

  [[nodiscard]] bool empty() const { return criteria_.empty() && checks_.empty(); }
  /// Sets "grader" or "checks" of a record; nothing when empty().
  void put_into(nlohmann::ordered_json& record) const;

 private:
  [[nodiscard]] Result<> add_named(const nlohmann::ordered_json& group);
  void add_object(const nlohmann::ordered_json& item);
  void add_words(const TypedAssertion& assertion);
  void note(const std::string& what) { notices_.add(where_, what); }

  std::string where_;
  AssertionPlace place_;
  Notices& notices_;
  std::vector<std::string> criteria_;
  std::vector<nlohmann::ordered_json> checks_;
};

/// "contains: x", "not-icontains-any: a,b", "similar(0.8): x" or "is-json" as an assertion object;
/// nullopt for a text that is the expected answer itself, which is noticed where its first word
/// looks like a type.
[[nodiscard]] std::optional<nlohmann::ordered_json> assertion_expression(const std::string& text,
                                                                         const std::string& where,
                                                                         Notices& notices);

}  // namespace skillgrad::bench
