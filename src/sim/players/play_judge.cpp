// SPDX-License-Identifier: MIT
#include <algorithm>
#include <vector>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

#include "sim/players/player.hpp"
#include "sim/scenario/reading.hpp"

namespace skillgrad::sim {
namespace {

/// The letters at the end of the tags of a judge's message, or "".
std::string tag_letters(std::string_view user) {
  constexpr std::string_view kOpen = "<criteria-";
  for (const std::string& line : split_lines(user))
    if (line.starts_with(kOpen) && line.ends_with('>'))
      return line.substr(kOpen.size(), line.size() - kOpen.size() - 1);
  return {};
}

/// "3. text" lines; a line without its number belongs to the criterion before it.
std::vector<std::string> read_criteria(const std::string& list) {
  std::vector<std::string> out;
  for (const std::string& line : split_lines(list)) {
    const std::string start = std::to_string(out.size() + 1) + ". ";
    if (line.starts_with(start))
      out.push_back(line.substr(start.size()));
    else if (!out.empty())
      out.back() += "\n" + line;
  }
  return out;
}

/// What the answer must hold: everything between double quotes; without any, what follows the first
/// colon.
std::vector<std::string> wanted(const std::string& criterion) {
  std::vector<std::string> out;
  std::size_t open = criterion.find('"');
  while (open != criterion.npos) {
    const std::size_t close = criterion.find('"', open + 1);
    if (close == criterion.npos) break;
    out.push_back(criterion.substr(open + 1, close - open - 1));
    open = criterion.find('"', close + 1);
  }
  const std::size_t colon = criterion.find(": ");
  if (out.empty() && colon != criterion.npos) out.push_back(criterion.substr(colon + 2));
  std::erase_if(out, [](const std::string& text) { return trim(text).empty(); });
  return out;
}

Json verdict(std::size_t number, const std::string& criterion, const std::string& answer) {
  const auto words = wanted(criterion);
  std::string missing = words.empty() ? "the simulation can only look for words in quotes" : "";
  for (const std::string& word : words)
    if (normalised(answer).find(normalised(word)) == std::string::npos && missing.empty())
      missing = "the answer does not say: " + word;
  return {{"criterion", number},
          {"passed", missing.empty()},
          {"evidence", missing.empty() ? join(words, " ... ") : missing}};
}

}  // namespace

bool is_for_judge(const Conversation& conversation) {
  return conversation.tools.empty() && !tag_letters(conversation.first_user()).empty();
}

Reply play_judge(const Player& /*player*/, const Conversation& conversation) {
  const std::string_view user = conversation.first_user();
  const std::string letters = tag_letters(user);
  const std::string answer = tagged(user, "answer-" + letters).value_or("");
  Json verdicts = Json::array();
  for (const std::string& criterion :
       read_criteria(tagged(user, "criteria-" + letters).value_or("")))
    verdicts.push_back(verdict(verdicts.size() + 1, criterion, answer));
  Reply reply;
  reply.stage = "judge";
  reply.text = dump_json({{"verdicts", std::move(verdicts)}});
  return reply;
}

}  // namespace skillgrad::sim
