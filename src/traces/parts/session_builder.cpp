// SPDX-License-Identifier: MIT
#include "traces/parts/session_builder.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include <skillgrad/core/ascii.hpp>
#include <skillgrad/core/text.hpp>

namespace skillgrad::traces {
namespace {

using Kind = agent::TraceEvent::Kind;

constexpr std::size_t kMostEvents = 20'000;
constexpr std::size_t kMostTextBytes = 256'000;
/// What `activate_skill` writes behind the body.
constexpr std::string_view kBehindBody = "\n\n---\nSkill folder: ";
constexpr std::string_view kSkillFile = "SKILL.md";
constexpr std::array<std::string_view, 4> kSkillTools = {"skill", "activate_skill", "load_skill",
                                                         "use_skill"};

bool is_name(char c) { return is_alnum(c) || c == '.' || c == '_' || c == '-'; }

/// SKILL and FILE of "…skills/SKILL/FILE.md" in a text, or two empty texts. Of a pattern,
/// "skills/*/FILE.md", the skill is "".
std::pair<std::string, std::string> skill_path(std::string_view text) {
  constexpr std::string_view kFolder = "skills/";
  std::pair<std::string, std::string> by_pattern;
  for (std::size_t at = text.find(kFolder); at != std::string_view::npos;
       at = text.find(kFolder, at + 1)) {
    const std::size_t begin = at + kFolder.size();
    std::size_t end = begin;
    while (end < text.size() && is_name(text[end])) ++end;
    const bool pattern = end == begin && end < text.size() && text[end] == '*';
    if (pattern) ++end;
    if (end == begin || end >= text.size() || text[end] != '/') continue;
    std::size_t stop = end + 1;
    while (stop < text.size() && (is_name(text[stop]) || text[stop] == '/')) ++stop;
    std::string file(text.substr(end + 1, stop - end - 1));
    while (!file.empty() && file.back() == '.') file.pop_back();
    if (!file.ends_with(".md")) continue;
    if (!pattern) return {std::string(text.substr(begin, end - begin)), file};
    if (by_pattern.second.empty()) by_pattern.second = std::move(file);
  }
  return by_pattern;
}

/// Whole skill files in what a command printed, each by its front matter: NAME and text. A text
/// that does not begin with one holds none, so that a mention of one is not taken for it.
std::vector<std::pair<std::string, std::string>> skill_files(std::string_view text) {
  constexpr std::string_view kOpen = "---\nname:";
  std::vector<std::pair<std::string, std::string>> out;
  text = trim(text);
  while (text.starts_with(kOpen)) {
    const std::size_t line = std::min(text.find('\n', kOpen.size()), text.size());
    std::string name(trim(text.substr(kOpen.size(), line - kOpen.size())));
    if (name.size() > 2 && (name.front() == '"' || name.front() == '\'') &&
        name.back() == name.front())
      name = name.substr(1, name.size() - 2);
    const std::size_t next = text.find("\n" + std::string(kOpen), line);
    const std::string_view file = text.substr(0, next);
    // A name as packages have them, and the end of the front matter.
    if (!name.empty() && std::all_of(name.begin(), name.end(), is_name) &&
        file.find("\n---", line) != std::string_view::npos)
      out.emplace_back(std::move(name), std::string(file));
    text.remove_prefix(next == std::string_view::npos ? text.size() : next + 1);
  }
  return out;
}

std::string_view without_task_tags(std::string_view text) {
  constexpr std::string_view kOpen = "<task>", kClose = "</task>";
  text = trim(text);
  if (!text.starts_with(kOpen) || !text.ends_with(kClose)) return text;
  text.remove_prefix(kOpen.size());
  text.remove_suffix(kClose.size());
  return trim(text);
}

/// Where a line begins behind its number, as tools that print files write it; 0 without one.
std::size_t number_end(std::string_view line) {
  constexpr std::array<std::string_view, 4> kMarks = {"→", "\t", "| ", ": "};
  std::size_t at = std::min(line.find_first_not_of(' '), line.size());
  const std::size_t digits = at;
  while (at < line.size() && is_digit(line[at])) ++at;
  if (at == digits) return 0;
  for (const std::string_view mark : kMarks)
    if (line.substr(at).starts_with(mark)) return at + mark.size();
  return 0;
}

/// What stands between the tags that some tools put around a file: "<path>…</path>", "<content>".
std::string_view without_file_tags(std::string_view text) {
  const std::string_view whole = trim(text);
  for (const std::string_view tag : {"content>", "file>"}) {
    const std::string open = "<" + std::string(tag) + "\n", close = "\n</" + std::string(tag);
    if (!whole.starts_with("<path>") && !whole.starts_with(open)) continue;
    const std::size_t begin = whole.find(open), end = whole.rfind(close);
    if (begin != std::string_view::npos && end != std::string_view::npos &&
        begin + open.size() <= end)
      return whole.substr(begin + open.size(), end - begin - open.size());
  }
  return text;
}

/// The file without the numbers of its lines and what a tool puts around them; a text whose lines
/// are mostly without numbers stays as it is.
std::string without_line_numbers(const std::string& text) {
  std::string out;
  std::size_t numbered = 0;
  const std::vector<std::string> all = split_lines(without_file_tags(text));
  for (const std::string& line : all) {
    const std::size_t begin = number_end(line);
    if (begin == 0) continue;
    ++numbered;
    out += line.substr(begin) + "\n";
  }
  return numbered * 2 > all.size() ? out : text;
}

}  // namespace

std::string Session::skill_text(const std::string& name) const {
  const auto found = skill_texts.find(name);
  return found == skill_texts.end() ? std::string() : found->second;
}

bool Session::loaded(const std::string& name) const {
  return std::find(skills.begin(), skills.end(), name) != skills.end();
}

const Json& member(const Json& object, const char* key) {
  static const Json kNone;
  if (!object.is_object()) return kNone;
  const auto found = object.find(key);
  return found == object.end() ? kNone : *found;
}

std::string text_member(const Json& object, const char* key) {
  const Json& value = member(object, key);
  return value.is_string() ? value.get<std::string>() : std::string();
}

std::int64_t count_member(const Json& object, const char* key) {
  // Sums of as many as a file can hold stay far from the end of the type.
  constexpr std::int64_t kMost = std::int64_t{1} << 40;
  const Json& value = member(object, key);
  if (!value.is_number_integer()) return 0;
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > static_cast<std::uint64_t>(kMost))
    return 0;
  const auto number = value.get<std::int64_t>();
  return number < 0 || number > kMost ? 0 : number;
}

std::string text_of_content(const Json& content, SessionBuilder& builder) {
  if (content.is_string()) return content.get<std::string>();
  if (content.is_null()) return {};
  if (!content.is_array()) {
    builder.unused("content that is no text");
    return {};
  }
  std::string out;
  for (const Json& block : content) {
    const Json& text = member(block, "text");
    if (block.is_string())
      out += (out.empty() ? "" : "\n") + block.get<std::string>();
    else if (text.is_string())
      out += (out.empty() ? "" : "\n") + text.get<std::string>();
    else
      builder.unused("content of type " + text_member(block, "type"));
  }
  return out;
}

SessionBuilder::SessionBuilder(Format format, Cleaner& cleaner) : cleaner_(cleaner) {
  session_.format = format;
}

bool SessionBuilder::add(agent::TraceEvent event) {
  if (session_.trajectory.events.size() >= kMostEvents) {
    unused(fmt::format("step behind the first {}", kMostEvents));
    return false;
  }
  if (event.text.size() > kMostTextBytes) {
    event.text = truncate_middle(event.text, kMostTextBytes);
    unused("middle of a text over 256,000 bytes");
  }
  event.turn = turn_;
  session_.trajectory.events.push_back(std::move(event));
  return true;
}

void SessionBuilder::user(std::string_view raw) {
  const std::string text = cleaner_.text(without_task_tags(raw));
  if (trim(text).empty()) return;
  if (!began_)
    session_.request += (session_.request.empty() ? "" : "\n\n") + text;
  else if (acted_ || session_.corrections.empty())
    session_.corrections.push_back(text);
  else
    session_.corrections.back() += "\n\n" + text;
  if (acted_) next_turn();
  acted_ = false;
  add({Kind::message, 0, "user", "", "", text, false});
}

void SessionBuilder::system(std::string_view text) {
  if (!trim(text).empty()) add({Kind::message, 0, "system", "", "", cleaner_.text(text), false});
}

void SessionBuilder::assistant(std::string_view raw) {
  if (trim(raw).empty()) return;
  const std::string text = cleaner_.text(raw);
  acted_ = began_ = true;
  session_.final_message = text;
  add({Kind::message, 0, "assistant", "", "", text, false});
}

void SessionBuilder::reasoning(std::string_view text) {
  if (trim(text).empty()) return;
  acted_ = began_ = true;
  add({Kind::reasoning, 0, "", "", "", cleaner_.text(text), false});
}

SessionBuilder::OpenCall SessionBuilder::what_is_loaded(const std::string& name,
                                                        const Json& arguments) const {
  OpenCall out{"", "", name};
  const std::string tool = to_lower_ascii(name);
  const bool of_skills =
      std::find(kSkillTools.begin(), kSkillTools.end(), tool) != kSkillTools.end();
  if (of_skills || tool == "read_reference") {
    for (const char* key : {"skill", "name", "command"})
      if (out.skill.empty()) out.skill = text_member(arguments, key);
    out.skill = std::string(trim(out.skill));
    // Some write it as a slash command, or behind the name of a plug-in.
    const std::size_t colon = out.skill.rfind(':');
    if (colon != std::string::npos) out.skill.erase(0, colon + 1);
    if (!out.skill.empty() && out.skill.front() == '/') out.skill.erase(0, 1);
    out.file = of_skills ? std::string(kSkillFile) : text_member(arguments, "path");
    return out;
  }
  const std::string text =
      arguments.is_string() ? arguments.get<std::string>() : dump_json(arguments);
  std::tie(out.skill, out.file) = skill_path(text);
  // A variable in the place of the folder: what is shown says whose file it is.
  if (out.file.empty() && text.find(kSkillFile) != std::string::npos) out.file = kSkillFile;
  return out;
}

void SessionBuilder::call(std::string_view id, std::string_view name, const Json& arguments) {
  acted_ = began_ = true;
  Json object = arguments;
  std::string text;
  if (arguments.is_string()) {
    auto parsed = parse_json(arguments.get_ref<const std::string&>(), "arguments");
    if (parsed && parsed->is_object()) object = std::move(*parsed);
  }
  text = object.is_string() ? cleaner_.text(object.get_ref<const std::string&>())
                            : cleaner_.json(object);
  const std::string clean_id = cleaner_.text(id), clean_name = cleaner_.text(name);
  if (!add({Kind::tool_call, 0, "", clean_id, clean_name, std::move(text), false})) return;
  tools_[clean_id] = clean_name;
  OpenCall loads = what_is_loaded(clean_name, object);
  if (!loads.file.empty()) calls_[clean_id] = std::move(loads);
}

void SessionBuilder::output(std::string_view id, std::string_view raw, bool is_error) {
  const std::string clean_id = cleaner_.text(id), text = cleaner_.text(raw);
  acted_ = began_ = true;
  const auto open = calls_.find(clean_id);
  if (open != calls_.end()) {
    const OpenCall loads = open->second;
    calls_.erase(open);
    if (!is_error && !loads.skill.empty())
      part(loads.skill, loads.file, text, false);
    else if (!is_error && loads.file == kSkillFile)
      for (auto& [skill, body] : skill_files(text)) part(skill, loads.file, std::move(body), false);
    else if (!is_error && session_.skills.size() == 1)
      part(session_.skills.front(), loads.file, text, false);
  }
  const auto tool = tools_.find(clean_id);
  add({Kind::tool_output, 0, "", clean_id, tool == tools_.end() ? "" : tool->second, text,
       is_error});
}

void SessionBuilder::error(std::string_view text) {
  add({Kind::error, 0, "", "", "", cleaner_.text(text), true});
}

void SessionBuilder::skill_text(std::string_view skill, std::string_view file,
                                std::string_view text) {
  part(cleaner_.text(skill), cleaner_.text(file), cleaner_.text(text), true);
}

void SessionBuilder::part(const std::string& skill, const std::string& file, std::string text,
                          bool counts_more) {
  const std::size_t behind = text.rfind(kBehindBody);
  if (behind != std::string::npos) text.resize(behind);
  text = without_line_numbers(truncate_middle(text, kMostTextBytes));
  auto& parts = parts_[skill];
  if (file == kSkillFile && !session_.loaded(skill)) session_.skills.push_back(skill);
  const auto found =
      std::find_if(parts.begin(), parts.end(), [&](const auto& one) { return one.first == file; });
  if (found == parts.end())
    parts.emplace_back(file, std::move(text));
  else if (counts_more)
    found->second = std::move(text);
}

void SessionBuilder::outcome(double score, std::string_view text) {
  if (!(score >= 0 && score <= 1)) {
    unused("grade outside of 0 to 1");
    return;
  }
  session_.outcome = Outcome{Witness::record, score, cleaner_.text(text)};
}

std::optional<Session> SessionBuilder::finish(const std::string& place,
                                              std::vector<std::string>& notes) {
  for (const auto& [what, n] : unused_)
    notes.push_back(fmt::format("{}: not used: {}{}", place, cleaner_.text(what),
                                n == 1 ? "" : fmt::format(" ({} times)", n)));
  if (!began_ || trim(session_.request).empty()) {
    notes.push_back(
        fmt::format("{}: no session: {}", place,
                    began_ ? "the user asks for nothing in it" : "the agent does nothing in it"));
    return std::nullopt;
  }
  session_.request = truncate_middle(session_.request, kMostTextBytes);
  session_.final_message = truncate_middle(session_.final_message, kMostTextBytes);
  for (const auto& [skill, parts] : parts_) {
    std::string& text = session_.skill_texts[skill];
    for (const auto& [file, content] : parts)
      text +=
          (text.empty() ? "" : "\n") + ("## " + file + "\n" + std::string(trim(content)) + "\n");
  }
  return std::move(session_);
}

}  // namespace skillgrad::traces
