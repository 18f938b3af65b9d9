// SPDX-License-Identifier: MIT
#include "bench/graders/json/json_sets.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace skillgrad::bench {
namespace {

constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();
constexpr std::size_t kFewFields = 8;
constexpr std::size_t kFewItems = 8;
constexpr std::size_t kBytesOfStep = 64;
constexpr std::size_t kStepsOfItem = 8;  // to make ready for matching

}  // namespace

JsonFields::JsonFields(const Json& object) : object_(object) {
  if (object.size() <= kFewFields) return;
  sorted_.reserve(object.size());
  for (const auto& [key, value] : object.get_ref<const Json::object_t&>())
    sorted_.emplace_back(key, &value);
  std::sort(sorted_.begin(), sorted_.end());
}

const Json* JsonFields::find(std::string_view key) const {
  if (sorted_.empty()) {
    for (const auto& [name, value] : object_.get_ref<const Json::object_t&>())
      if (name == key) return &value;
    return nullptr;
  }
  const auto found =
      std::lower_bound(sorted_.begin(), sorted_.end(), key,
                       [](const auto& field, std::string_view name) { return field.first < name; });
  return found != sorted_.end() && found->first == key ? found->second : nullptr;
}

bool JsonSets::same_scalar(const Json& want, const Json& got) const {
  if (!want.is_number() || !got.is_number()) return want.type() == got.type() && want == got;
  if (options_.tol > 0) return std::abs(want.get<double>() - got.get<double>()) <= options_.tol;
  if (want.is_number_integer() && want.type() == got.type()) return want == got;
  return want_.numbers.canonical(want) == got_.numbers.canonical(got);
}

JsonSets::Id JsonSets::intern(std::string form) {
  return ids_.try_emplace(std::move(form), static_cast<Id>(ids_.size())).first->second;
}

JsonSets::Id JsonSets::id_of(const Json& value, const JsonNumbers& numbers) {
  const auto append = [](std::string& form, Id id) {
    for (int shift = 0; shift < 32; shift += 8) form.push_back(static_cast<char>(id >> shift));
  };
  if (value.is_string()) return intern("s" + value.get_ref<const std::string&>());
  if (value.is_number()) return intern("n" + numbers.canonical(value));
  std::string form;
  if (value.is_array()) {
    std::vector<Id> items;
    for (const Json& item : value) items.push_back(id_of(item, numbers));
    std::sort(items.begin(), items.end());
    form = "[";
    for (const Id item : items) append(form, item);
  } else if (value.is_object()) {
    std::vector<std::pair<Id, Id>> members;
    for (const auto& [key, item] : value.get_ref<const Json::object_t&>())
      members.emplace_back(intern("s" + key), id_of(item, numbers));
    std::sort(members.begin(), members.end());
    form = "{";
    for (const auto& [key, item] : members) {
      append(form, key);
      append(form, item);
    }
  } else {
    form = "=" + value.dump();
  }
  return intern(std::move(form));
}

JsonSets::Id JsonSets::known_id(const Json& value, const JsonNumbers& numbers) {
  const auto found = known_.find(&value);
  if (found != known_.end()) return found->second;
  return known_.emplace(&value, id_of(value, numbers)).first->second;
}

JsonPairing JsonSets::pair(const Json& want, const Json& got) {
  return options_.tol > 0 || options_.subset ? match(want, got) : pair_equals(want, got);
}

JsonPairing JsonSets::pair_equals(const Json& want, const Json& got) {
  std::unordered_map<Id, std::size_t> left;
  std::vector<Id> wanted;
  for (const Json& item : want) wanted.push_back(id_of(item, want_.numbers));
  std::unordered_map<Id, std::size_t> open;
  for (const Id id : wanted) ++open[id];
  JsonPairing out;
  for (std::size_t j = 0; j < got.size(); ++j) {
    const Id id = id_of(got[j], got_.numbers);
    const auto found = open.find(id);
    if (found == open.end() || found->second == 0) {
      out.surplus.push_back(j);
      continue;
    }
    --found->second;
    ++left[id];
  }
  // Of equal items the first ones were found.
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    std::size_t& found = left[wanted[i]];
    if (found == 0)
      out.missing.push_back(i);
    else
      --found;
  }
  return out;
}

/// Augmenting paths (Kuhn). Whether two items fit is asked when it matters, and free items are
/// tried first, equal ones before others, so that a right answer in any order takes no n^2 steps.
class JsonSets::Matching {
 public:
  Matching(JsonSets& sets, const Json& want, const Json& got)
      : sets_(sets), want_(want), got_(got), owner_(got.size(), kNone) {
    if (got.size() <= kFewItems) return;
    for (std::size_t j = got.size(); j-- > 0;)
      equals_[sets_.known_id(got[j], sets.got_.numbers)].push_back(j);
  }

  /// False: no item is left for the wanted one.
  bool add(std::size_t item) {
    tried_.assign(got_.size(), false);
    return sets_.take(got_.size() / kBytesOfStep) && assign(item);
  }
  [[nodiscard]] bool is_free(std::size_t j) const { return owner_[j] == kNone; }

 private:
  bool take_equal(std::size_t item) {
    const auto same = equals_.find(sets_.known_id(want_[item], sets_.want_.numbers));
    if (same == equals_.end()) return false;
    // What is taken once is never free again.
    for (auto& left = same->second; !left.empty(); left.pop_back()) {
      if (!is_free(left.back())) continue;
      owner_[left.back()] = item;
      return true;
    }
    return false;
  }

  bool take_free(std::size_t item) {
    if (!equals_.empty() && take_equal(item)) return true;
    while (first_free_ < got_.size() && !is_free(first_free_)) ++first_free_;
    for (std::size_t j = first_free_; j < got_.size() && sets_.take(1); ++j) {
      if (!is_free(j) || !sets_.fits(want_[item], got_[j])) continue;
      owner_[j] = item;
      return true;
    }
    return false;
  }

  bool assign(std::size_t item) {
    if (take_free(item)) return true;
    for (std::size_t j = 0; j < got_.size() && sets_.take(1); ++j) {
      if (tried_[j] || is_free(j) || !sets_.fits(want_[item], got_[j])) continue;
      tried_[j] = true;
      if (!assign(owner_[j])) continue;
      owner_[j] = item;
      return true;
    }
    return false;
  }

  JsonSets& sets_;
  const Json& want_;
  const Json& got_;
  std::vector<std::size_t> owner_;  ///< the wanted item that each given one is taken for
  std::vector<bool> tried_;
  std::size_t first_free_ = 0;                               ///< none before it is free
  std::unordered_map<Id, std::vector<std::size_t>> equals_;  ///< given ones, the first at the back
};

JsonPairing JsonSets::match(const Json& want, const Json& got) {
  Matching matching(*this, want, got);
  JsonPairing out;
  for (std::size_t i = 0; i < want.size() && !given_up(); ++i)
    if (!matching.add(i)) out.missing.push_back(i);
  for (std::size_t j = 0; j < got.size(); ++j)
    if (matching.is_free(j)) out.surplus.push_back(j);
  return out;
}

bool JsonSets::objects_fit(const Json& want, const Json& got) {
  if (want.size() > got.size() || (!options_.subset && want.size() != got.size())) return false;
  const JsonFields& given = fields_.try_emplace(&got, got).first->second;
  for (const auto& [key, value] : want.get_ref<const Json::object_t&>()) {
    const Json* found = take(1) ? given.find(key) : nullptr;
    if (found == nullptr || !fits(value, *found)) return false;
  }
  return true;
}

bool JsonSets::fits(const Json& want, const Json& got) {
  if (!take(1)) return false;
  if (want.is_object() && got.is_object()) return objects_fit(want, got);
  if (!want.is_array() || !got.is_array()) {
    const bool texts =
        want.is_string() && got.is_string() &&
        want.get_ref<const std::string&>().size() == got.get_ref<const std::string&>().size();
    return take(texts ? want.get_ref<const std::string&>().size() / kBytesOfStep : 0) &&
           same_scalar(want, got);
  }
  if (want.size() > got.size() || (!options_.subset && want.size() != got.size())) return false;
  if (known_id(want, want_.numbers) == known_id(got, got_.numbers)) return true;
  if (!take(kStepsOfItem * got.size())) return false;
  Matching matching(*this, want, got);
  for (std::size_t i = 0; i < want.size(); ++i)
    if (!matching.add(i)) return false;
  return true;
}

}  // namespace skillgrad::bench
