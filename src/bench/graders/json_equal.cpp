// SPDX-License-Identifier: MIT
// `json-equal`: compares parsed values; key order and 1 against 1.0 make no difference.
#include <algorithm>
#include <cmath>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

#include "bench/grade_tools.hpp"
#include "bench/graders/grader.hpp"

namespace skillgrad::bench {
namespace {

struct JsonOptions {
  bool subset = false;     ///< objects of the answer may have further keys
  bool unordered = false;  ///< the order of lists does not count; with subset: further items too
  double tol = 0;          ///< absolute, for numbers
};

TypedText typed(const Json* value) {
  if (value == nullptr || value->is_null()) return {"empty", ""};
  if (value->is_string()) return {"string", value->get<std::string>()};
  if (value->is_boolean()) return {"bool", value->dump()};
  if (value->is_number()) return {"number", value->dump()};
  return {"string", dump_json(*value)};
}

bool same_number(const Json& a, const Json& b, double tol) {
  if (a.is_number_integer() && b.is_number_integer() && tol <= 0) {
    // The library compares -1 with 18446744073709551615 as if both were signed.
    const bool same_sign = (a.get<double>() < 0) == (b.get<double>() < 0);
    return same_sign && a == b;
  }
  return std::abs(a.get<double>() - b.get<double>()) <= tol;
}

class Comparison {
 public:
  explicit Comparison(const JsonOptions& options) : options_(options) {}

  /// True when `got` is right; every place where it is not is noted.
  bool equal(const Json& want, const Json& got, const std::string& where) {
    if (want.is_object() && got.is_object()) return equal_objects(want, got, where);
    if (want.is_array() && got.is_array()) return equal_lists(want, got, where);
    const bool right = want.is_number() && got.is_number()
                           ? same_number(want, got, options_.tol)
                           : want.type() == got.type() && want == got;
    return right || note(where, &want, &got);
  }

  std::vector<Difference> differences;

 private:
  bool note(const std::string& where, const Json* want, const Json* got) {
    differences.push_back({where.empty() ? "answer" : where, typed(want), typed(got)});
    return false;
  }

  static std::string below(const std::string& where, const std::string& key) {
    return where + "/" + replace_all(replace_all(key, "~", "~0"), "/", "~1");
  }

  bool equal_objects(const Json& want, const Json& got, const std::string& where) {
    bool right = true;
    for (const auto& [key, value] : want.items()) {
      const auto found = got.find(key);
      right = (found == got.end() ? note(below(where, key), &value, nullptr)
                                  : equal(value, *found, below(where, key))) &&
              right;
    }
    if (options_.subset) return right;
    for (const auto& [key, value] : got.items())
      if (!want.contains(key)) right = note(below(where, key), nullptr, &value);
    return right;
  }

  bool equal_lists(const Json& want, const Json& got, const std::string& where) {
    if (options_.unordered) return equal_sets(want, got, where);
    bool right = true;
    for (std::size_t i = 0; i < std::max(want.size(), got.size()); ++i) {
      const std::string place = below(where, std::to_string(i));
      if (i >= want.size())
        right = note(place, nullptr, &got[i]);
      else if (i >= got.size())
        right = note(place, &want[i], nullptr);
      else
        right = equal(want[i], got[i], place) && right;
    }
    return right;
  }

  // With tolerance or subset an item may fit several: a maximum matching decides (Kuhn).
  bool equal_sets(const Json& want, const Json& got, const std::string& where) {
    std::vector<std::vector<std::size_t>> fits(want.size());
    for (std::size_t i = 0; i < want.size(); ++i)
      for (std::size_t j = 0; j < got.size(); ++j)
        if (Comparison(options_).equal(want[i], got[j], "")) fits[i].push_back(j);
    std::vector<std::size_t> owner(got.size(), want.size());
    bool right = true;
    for (std::size_t i = 0; i < want.size(); ++i) {
      std::vector<bool> tried(got.size(), false);
      if (!assign(i, fits, owner, tried))
        right = note(below(where, std::to_string(i)), &want[i], nullptr);
    }
    if (options_.subset) return right;
    for (std::size_t j = 0; j < got.size(); ++j)
      if (owner[j] == want.size()) right = note(below(where, "-"), nullptr, &got[j]);
    return right;
  }

  static bool assign(std::size_t item, const std::vector<std::vector<std::size_t>>& fits,
                     std::vector<std::size_t>& owner, std::vector<bool>& tried) {
    for (const std::size_t j : fits[item]) {
      if (tried[j]) continue;
      tried[j] = true;
      if (owner[j] == fits.size() || assign(owner[j], fits, owner, tried)) {
        owner[j] = item;
        return true;
      }
    }
    return false;
  }

  JsonOptions options_;
};

constexpr std::size_t kMaxUnorderedItems = 2'000;  // pairs are compared: bounds the time

std::size_t longest_list(const Json& value) {
  std::size_t longest = value.is_array() ? value.size() : 0;
  if (value.is_structured())
    for (const Json& item : value) longest = std::max(longest, longest_list(item));
  return longest;
}

// One fenced block around the whole answer is packaging, not content.
std::string unwrap_fence(const std::string& answer) {
  const std::string_view text = trim(answer);
  if (!text.starts_with("```") || !text.ends_with("```") || text.size() < 7)
    return std::string(text);
  const std::size_t first = text.find('\n');
  const std::string_view body =
      first == std::string_view::npos ? "" : text.substr(first + 1, text.size() - first - 4);
  return body.empty() || body.find("```") != std::string_view::npos ? std::string(text)
                                                                    : std::string(body);
}

class JsonEqualGrader final : public Grader {
 public:
  JsonEqualGrader(JsonOptions options, std::vector<Json> targets)
      : options_(options), targets_(std::move(targets)) {}
  [[nodiscard]] std::string name() const override { return "json-equal"; }

  [[nodiscard]] Grade grade(const GraderInput& input, const GradeContext&) const override {
    const auto answer = parse_json(unwrap_fence(input.answer), "answer");
    if (!answer) return refused(input, "the answer is not JSON: " + answer.error().message);
    if (options_.unordered && longest_list(*answer) > kMaxUnorderedItems)
      return refused(input, "the answer holds a list that is too long");
    std::vector<Difference> differences;
    for (const Json& target : targets_) {
      Comparison comparison(options_);
      if (comparison.equal(target, *answer, "")) return yes_or_no(input, true, "");
      if (differences.empty()) differences = std::move(comparison.differences);
    }
    Grade grade = yes_or_no(input, false, "");
    grade.differences = std::move(differences);
    grade.message = describe(grade);
    return grade;
  }

  [[nodiscard]] std::optional<std::string> golden_text() const override {
    return dump_json(targets_.front());
  }

 private:
  [[nodiscard]] Grade refused(const GraderInput& input, const std::string& why) const {
    Grade grade = yes_or_no(input, false, dump_json(targets_.front()));
    grade.message += "\n" + why;
    return grade;
  }
  JsonOptions options_;
  std::vector<Json> targets_;
};

}  // namespace

Result<std::unique_ptr<Grader>> make_json_equal(const Json& spec, const GraderSetup& setup) {
  StrictReader reader(spec, setup.where);
  reader.ignore("type");
  reader.ignore("target");
  JsonOptions options;
  options.subset = reader.boolean("subset", false);
  options.unordered = reader.boolean("unordered", false);
  options.tol = reader.number("tol", 0, 0);
  SKILLGRAD_CHECK(reader.finish());
  SKILLGRAD_TRY(const std::vector<std::string> texts, grader_targets(spec, setup));
  std::vector<Json> targets;
  for (const std::string& text : texts) {
    auto value = parse_json(text, setup.where);
    if (!value)
      return fail(ErrorCode::dataset, "target is not JSON: " + value.error().message, setup.where,
                  "write the target as JSON, or as a text that holds JSON");
    targets.push_back(std::move(*value));
  }
  return std::make_unique<JsonEqualGrader>(options, std::move(targets));
}

}  // namespace skillgrad::bench
