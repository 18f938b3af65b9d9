// SPDX-License-Identifier: MIT
#include "bench/records/choices.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

#include "bench/graders/grader.hpp"

namespace skillgrad::bench {
namespace {

constexpr std::size_t kLetters = 26;

struct Choice {
  std::string label, text;
};

std::string label_of(std::size_t place) {
  return place < kLetters ? std::string(1, static_cast<char>('A' + place))
                          : std::to_string(place + 1);
}

std::vector<Choice> labelled(const std::vector<std::string>& texts) {
  std::vector<Choice> out;
  for (const std::string& text : texts) out.push_back({label_of(out.size()), text});
  return out;
}

/// One text with several choices in it: a JSON list, lines, or parts between bars or semicolons.
std::vector<Choice> split_text(const std::string& text) {
  const auto list = parse_json(text, "");
  if (list && list->is_array()) return labelled(target_texts(*list));
  for (const char separator : {'\n', '|', ';'}) {
    if (text.find(separator) == std::string::npos) continue;
    std::vector<std::string> parts;
    for (const std::string& part : split(text, separator))
      if (!trim(part).empty()) parts.emplace_back(trim(part));
    return labelled(parts);
  }
  return {};
}

/// {"label":[...],"text":[...]}, or {"A":text, ...}.
std::vector<Choice> of_object(const Json& value) {
  std::vector<Choice> out;
  if (value.contains("text") && value["text"].is_array()) {
    const auto texts = target_texts(value["text"]);
    const auto labels =
        value.contains("label") ? target_texts(value["label"]) : std::vector<std::string>();
    if (!labels.empty() && labels.size() != texts.size()) return {};
    for (std::size_t i = 0; i < texts.size(); ++i)
      out.push_back({labels.empty() ? label_of(i) : labels[i], texts[i]});
    return out;
  }
  for (const auto& [label, text] : value.items()) {
    if (!text.is_primitive() || label.size() > 2) return {};
    out.push_back({label, target_texts(text).empty() ? "" : target_texts(text).front()});
  }
  return out;
}

/// Items that are objects themselves: [{"label":"A","text":"x"}].
std::vector<Choice> of_list(const Json& value, const std::string& where, Notices& notices) {
  std::vector<Choice> out;
  for (const Json& item : value) {
    if (!item.is_object()) {
      const auto texts = target_texts(item);
      if (texts.size() != 1) return {};
      out.push_back({label_of(out.size()), texts.front()});
      continue;
    }
    if (!item.contains("text") || !item["text"].is_string()) return {};
    const bool own = item.contains("label") && item["label"].is_string();
    out.push_back({own ? item["label"].get<std::string>() : label_of(out.size()),
                   item["text"].get<std::string>()});
    for (const auto& [key, _] : item.items())
      if (key != "text" && (key != "label" || !own))
        notices.add(where, "\"" + key + "\" of a choice is not used");
  }
  return out;
}

/// The columns A, B, C ... of a record, in order; empty unless there are at least two.
std::vector<Choice> take_letters(Json& record) {
  std::vector<Choice> out;
  for (std::size_t i = 0; i < kLetters && record.contains(label_of(i)); ++i) {
    const auto texts = target_texts(record[label_of(i)]);
    out.push_back({label_of(i), texts.size() == 1 ? texts.front() : ""});
  }
  if (out.size() < 2) return {};
  for (const Choice& choice : out) record.erase(choice.label);
  return out;
}

Result<std::vector<Choice>> take_choices(Json& record, const std::string& where, Notices& notices) {
  for (const char* key : {"choices", "options"}) {
    if (!record.contains(key)) continue;
    const Json value = record[key];
    std::vector<Choice> out = value.is_string()   ? split_text(value.get<std::string>())
                              : value.is_object() ? of_object(value)
                              : value.is_array()  ? of_list(value, where, notices)
                                                  : std::vector<Choice>();
    if (out.size() < 2 && key == std::string("options")) break;  // it may mean anything
    record.erase(key);
    if (value.is_string() && trim(value.get<std::string>()).empty()) return out;
    if (out.size() < 2)
      return fail(ErrorCode::dataset,
                  "the \"" + std::string(key) + "\" are " + truncate_middle(dump_json(value), 80),
                  where, "write a list of at least two texts");
    return out;
  }
  return take_letters(record);
}

/// "B", "b", "(B)", "B." and "B)" mean the label B.
std::string bare_label(std::string_view text) {
  text = trim(text);
  if (text.starts_with('(')) text.remove_prefix(1);
  while (text.ends_with('.') || text.ends_with(')')) text.remove_suffix(1);
  return to_lower_ascii(text);
}

using Place = std::optional<std::size_t>;

template <class Fits>
Place first_that(const std::vector<Choice>& choices, const Fits& fits) {
  const auto found = std::find_if(choices.begin(), choices.end(), fits);
  if (found == choices.end()) return std::nullopt;
  return static_cast<std::size_t>(found - choices.begin());
}

/// A place counted from 0, of an integer or of digits.
Place place_by_number(const std::string& text, std::size_t size) {
  const bool digits =
      !text.empty() && text.size() < 4 && text.find_first_not_of("0123456789") == std::string::npos;
  if (!digits || std::stoul(text) >= size) return std::nullopt;
  return std::stoul(text);
}

/// What one target may mean.
struct Meaning {
  Place place;
  const char* is;
};
constexpr const char* kLabel = "the label";
constexpr const char* kText = "the text";
constexpr const char* kCounted = "the place, counted from 0,";

/// In the order in which a target is read: a label, then a place where it is a JSON integer, else
/// the text.
std::vector<Meaning> meanings_of(const std::string& text, bool integer,
                                 const std::vector<Choice>& choices) {
  const std::string loose = bare_label(text);
  const Meaning label{first_that(choices, [&](const Choice& c) { return trim(c.label) == text; }),
                      kLabel};
  const Meaning loosely{
      first_that(choices, [&](const Choice& c) { return to_lower_ascii(c.label) == loose; }),
      kLabel};
  const Meaning words{first_that(choices, [&](const Choice& c) { return trim(c.text) == text; }),
                      kText};
  const Meaning number{place_by_number(text, choices.size()), kCounted};
  if (integer) return {label, number, words};
  return {label, words, loosely, number};
}

Place place_of(const Json& target, const std::vector<Choice>& choices, const std::string& where,
               Notices& notices) {
  const auto texts = target_texts(target);
  if (texts.size() != 1) return std::nullopt;
  const bool integer = target.is_number_integer();
  const std::string text(trim(texts.front()));
  const std::vector<Meaning> order = meanings_of(text, integer, choices);
  const auto taken = std::find_if(order.begin(), order.end(),
                                  [](const Meaning& meaning) { return meaning.place.has_value(); });
  if (taken == order.end()) return std::nullopt;
  const auto other = std::find_if(taken + 1, order.end(), [&](const Meaning& meaning) {
    return meaning.place && *meaning.place != *taken->place;
  });
  // A text of digits that is a label is hardly ever a place as well.
  if (other != order.end() && (integer || taken->is != kLabel || other->is != kCounted))
    notices.add(where, "the target \"" + text + "\" is " + taken->is + " of one choice and " +
                           other->is + " of another: the former counts");
  else if (taken->is == kCounted)
    notices.add(where, "a target that is a number is the place of a choice, counted from 0");
  return taken->place;
}

/// The answers that mean one choice: its label and its text, alone or together.
std::vector<std::string> forms_of(const Choice& choice, const std::vector<Choice>& choices,
                                  const std::string& where, Notices& notices) {
  const std::string &label = choice.label, &text = choice.text;
  std::vector<std::string> forms = {label,
                                    label + ". " + text,
                                    label + ") " + text,
                                    "(" + label + ") " + text,
                                    label + ": " + text,
                                    label + ".",
                                    label + ")",
                                    "(" + label + ")"};
  const std::string loose = bare_label(text);
  const bool means_another = std::any_of(choices.begin(), choices.end(), [&](const Choice& c) {
    return c.label != label && to_lower_ascii(c.label) == loose;
  });
  if (means_another)
    notices.add(where,
                "the right choice's text is another choice's label: the text alone is not right");
  else if (!trim(text).empty())
    forms.insert(forms.begin() + 1, text);
  return forms;
}

void use_targets(Json& record, const std::vector<Choice>& choices, const std::string& where,
                 Notices& notices) {
  const Json targets = record["target"].is_array() ? record["target"] : Json{record["target"]};
  Json right = Json::array();
  for (const Json& target : targets) {
    const auto place = place_of(target, choices, where, notices);
    if (!place) {
      notices.add(where, "the target is none of the choices");
      right.push_back(target);
      continue;
    }
    for (const std::string& form : forms_of(choices[*place], choices, where, notices))
      if (!trim(form).empty()) right.push_back(form);
  }
  record["target"] = std::move(right);
}

}  // namespace

Result<> show_choices(Json& record, const std::string& where, Notices& notices) {
  SKILLGRAD_TRY(const std::vector<Choice> choices, take_choices(record, where, notices));
  if (choices.empty()) return {};
  if (!record.contains("input") || !record["input"].is_string())
    return fail(ErrorCode::dataset, "choices need an \"input\" that is a text", where,
                "write the question as a text");
  std::string input = record["input"].get<std::string>() + "\n\nChoices:";
  for (const Choice& choice : choices) input += "\n" + choice.label + ". " + choice.text;
  const bool own = record.contains("grader") || record.contains("checks");
  if (!own && record.contains("target")) {
    input += "\n\nAnswer with the letter of one choice and nothing else.";
    use_targets(record, choices, where, notices);
  } else if (record.contains("target") && record["target"].is_number_integer()) {
    notices.add(where, "beside a grader of its own a target that is a number is compared as such");
  }
  record["input"] = std::move(input);
  return {};
}

}  // namespace skillgrad::bench
