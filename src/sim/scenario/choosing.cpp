// SPDX-License-Identifier: MIT
#include "sim/scenario/choosing.hpp"

#include <algorithm>

#include <skillgrad/core/text.hpp>

#include "sim/scenario/reading.hpp"

namespace skillgrad::sim {
namespace {

/// What stands between two tags from `at` on, which moves behind it; nullopt: no such tags.
std::optional<std::string> element(std::string_view text, const std::string& tag, std::size_t& at) {
  const std::string open = "<" + tag + ">", close = "</" + tag + ">";
  const std::size_t begin = text.find(open, at);
  if (begin == std::string_view::npos) return std::nullopt;
  const std::size_t end = text.find(close, begin);
  if (end == std::string_view::npos) return std::nullopt;
  at = end + close.size();
  return std::string(trim(text.substr(begin + open.size(), end - begin - open.size())));
}

const CatalogueEntry* find_skill(const std::vector<CatalogueEntry>& catalogue,
                                 const std::string& name) {
  const auto found = std::find_if(catalogue.begin(), catalogue.end(),
                                  [&](const auto& entry) { return entry.name == name; });
  return found == catalogue.end() ? nullptr : &*found;
}

}  // namespace

std::vector<CatalogueEntry> read_catalogue(std::string_view system_text) {
  std::vector<CatalogueEntry> out;
  std::size_t at = system_text.find("<available_skills>\n");
  if (at == std::string_view::npos) return out;
  while (auto name = element(system_text, "name", at)) {
    auto description = element(system_text, "description", at);
    out.push_back({std::move(*name), description.value_or("")});
  }
  return out;
}

Result<Choosing> Choosing::read(const Json& json, const std::string& where) {
  Choosing out;
  StrictReader reader(json, where);
  out.blind = reader.boolean("blind", false);
  const Json rules = reader.any("queries");
  SKILLGRAD_CHECK(reader.finish());
  if (!rules.is_null() && !rules.is_array())
    return fail(ErrorCode::input, "queries must be an array", where + "/queries",
                R"(write [{"match":"text","skill":"name","chance":0.5}])");
  for (std::size_t i = 0; i < rules.size(); ++i) {
    StrictReader one(rules[i], where + "/queries/" + std::to_string(i));
    ChoiceRule rule;
    rule.match = one.string("match");
    rule.skill = one.string("skill");
    rule.chance = one.number("chance", 0, 0, 1);
    for (const std::string& word : one.strings("words", std::vector<std::string>{}))
      rule.words.push_back(normalised(word));
    rule.chance_with_words = one.number("chance_with_words", rule.chance, 0, 1);
    if (rule.match.empty()) one.reject("match", "is empty", "give text that the query contains");
    SKILLGRAD_CHECK(one.finish());
    out.rules.push_back(std::move(rule));
  }
  return out;
}

Choosing::Choice Choosing::choice(std::string_view prompt,
                                  const std::vector<CatalogueEntry>& catalogue) const {
  if (blind) return {};
  for (const CatalogueEntry& entry : catalogue)
    if (prompt.find(entry.name) != std::string_view::npos) return {entry.name, 1};
  const ChoiceRule* best = nullptr;
  for (const ChoiceRule& rule : rules)
    if (prompt.find(rule.match) != std::string_view::npos &&
        (best == nullptr || rule.match.size() > best->match.size()))
      best = &rule;
  const CatalogueEntry* entry = best == nullptr ? nullptr : find_skill(catalogue, best->skill);
  if (entry == nullptr) return {};
  const std::string description = normalised(entry->description);
  const bool worded = std::any_of(
      best->words.begin(), best->words.end(),
      [&](const std::string& word) { return description.find(word) != std::string::npos; });
  return {entry->name, worded ? best->chance_with_words : best->chance};
}

}  // namespace skillgrad::sim
