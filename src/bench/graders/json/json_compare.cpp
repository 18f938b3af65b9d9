// SPDX-License-Identifier: MIT
#include "bench/graders/json/json_compare.hpp"

#include <algorithm>
#include <cmath>

#include <skillgrad/core/text.hpp>

#include "bench/graders/json/json_sets.hpp"

namespace skillgrad::bench {
namespace {

/// A place in the value, put into words only where something is wrong.
struct Place {
  const Place* parent = nullptr;
  std::string_view key = {};
  std::size_t index = 0;
  enum class Kind { root, key, index, surplus } kind = Kind::root;

  [[nodiscard]] std::string text() const {
    std::string above = parent == nullptr ? "" : parent->text();
    switch (kind) {
      case Kind::root:
        return "";
      case Kind::key:
        return above + "/" + replace_all(replace_all(std::string(key), "~", "~0"), "/", "~1");
      case Kind::index:
        return above + "/" + std::to_string(index);
      case Kind::surplus:
        return above + "/-";
    }
    return above;
  }
};

TypedText typed(const Json* value) {
  if (value == nullptr) return {"empty", ""};
  if (value->is_null()) return {"empty", "null"};
  if (value->is_string()) return {"string", value->get<std::string>()};
  if (value->is_boolean()) return {"bool", value->dump()};
  return {"string", dump_json(*value)};
}

/// Compares two values part by part and notes every place where they differ.
class Comparison {
 public:
  Comparison(const JsonSide& want, const JsonSide& got, const JsonOptions& options)
      : want_(want), got_(got), options_(options), sets_(want, got, options) {}

  JsonOutcome run() {
    out_.equal = equal(want_.value, got_.value, Place{});
    out_.given_up = sets_.given_up();
    return std::move(out_);
  }

 private:
  bool note(const Place& place, const Json* want, const Json* got) {
    if (out_.differences.size() == kMaxJsonDifferences) {
      ++out_.unlisted;
      return false;
    }
    const std::string where = place.text();
    out_.differences.push_back({where.empty() ? "answer" : where, typed_number(want, want_.numbers),
                                typed_number(got, got_.numbers)});
    return false;
  }

  static TypedText typed_number(const Json* value, const JsonNumbers& numbers) {
    if (value == nullptr || !value->is_number()) return typed(value);
    return {"number", numbers.shown(*value)};
  }

  bool equal(const Json& want, const Json& got, const Place& place) {
    if (want.is_object() && got.is_object()) return equal_objects(want, got, place);
    if (want.is_array() && got.is_array())
      return options_.unordered ? equal_sets(want, got, place) : equal_lists(want, got, place);
    return sets_.same_scalar(want, got) || note(place, &want, &got);
  }

  bool equal_objects(const Json& want, const Json& got, const Place& place) {
    bool right = true;
    const JsonFields wanted(want), given(got);
    for (const auto& [key, value] : want.items()) {
      const Place below{&place, key, 0, Place::Kind::key};
      const Json* found = given.find(key);
      right =
          (found == nullptr ? note(below, &value, nullptr) : equal(value, *found, below)) && right;
    }
    if (options_.subset) return right;
    for (const auto& [key, value] : got.items())
      if (wanted.find(key) == nullptr)
        right = note(Place{&place, key, 0, Place::Kind::key}, nullptr, &value);
    return right;
  }

  bool equal_lists(const Json& want, const Json& got, const Place& place) {
    bool right = true;
    for (std::size_t i = 0; i < std::max(want.size(), got.size()); ++i) {
      const Place below{&place, {}, i, Place::Kind::index};
      if (i >= want.size())
        right = note(below, nullptr, &got[i]);
      else if (i >= got.size())
        right = note(below, &want[i], nullptr);
      else
        right = equal(want[i], got[i], below) && right;
    }
    return right;
  }

  bool equal_sets(const Json& want, const Json& got, const Place& place) {
    const JsonPairing pairs = sets_.pair(want, got);
    bool right = true;
    for (const std::size_t i : pairs.missing)
      right = note(Place{&place, {}, i, Place::Kind::index}, &want[i], nullptr);
    if (options_.subset) return right;
    for (const std::size_t j : pairs.surplus)
      right = note(Place{&place, {}, 0, Place::Kind::surplus}, nullptr, &got[j]);
    return right;
  }

  const JsonSide& want_;
  const JsonSide& got_;
  JsonOptions options_;
  JsonSets sets_;
  JsonOutcome out_;
};

}  // namespace

JsonOutcome compare_json(const JsonSide& want, const JsonSide& got, const JsonOptions& options) {
  return Comparison(want, got, options).run();
}

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

}  // namespace skillgrad::bench
