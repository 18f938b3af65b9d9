// SPDX-License-Identifier: MIT
// Rules of section 1 that the reference validator does not have, in table order.
#include <algorithm>
#include <set>

#include <skillgrad/core/text.hpp>
#include <skillgrad/core/unicode.hpp>
#include <skillgrad/skill/visible_controls.hpp>

#include "skill/lint/leaving_paths.hpp"
#include "skill/lint/rules.hpp"
#include "skill/package/description_writer.hpp"
#include "skill/package/mentions.hpp"
#include "skill/package/outline.hpp"

namespace skillgrad::skill {

namespace {

constexpr std::size_t kLongReference = 300;
constexpr std::size_t kContentsWithin = 60;

[[nodiscard]] bool is_blank_text(const yaml::Node& node) {
  return node.kind != yaml::Kind::scalar || trim_white_space_utf8(node.value).empty();
}

/// [a-z0-9]+(-[a-z0-9]+)*
[[nodiscard]] bool is_portable_name(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  return !name.empty() && std::all_of(name.begin(), name.end(), fits) && name.front() != '-' &&
         name.back() != '-' && name.find("--") == std::string_view::npos;
}

[[nodiscard]] bool has_table_of_contents(std::string_view text) {
  const auto lines = split_lines(text);
  for (std::size_t i = 0; i < std::min(lines.size(), kContentsWithin); ++i) {
    const std::string line = to_lower_ascii(lines[i]);
    const bool heading = line.starts_with("#") &&
                         (line.find("contents") != std::string::npos || slugify(line) == "toc");
    if (heading || line.find("](#") != std::string::npos) return true;
  }
  return false;
}

class OwnRules {
 public:
  OwnRules(const RuleInput& input, const Reading& reading, FindingList& out)
      : input_(input),
        reading_(reading),
        out_(out),
        body_(input.skill_md.substr(reading.cut.body_begin)),
        body_line_(line_of(input.skill_md, reading.cut.body_begin)) {}

  void front_matter() {
    if (const auto bad =
            first_control(input_.skill_md, reading_.cut.body_begin, input_.skill_md.size())) {
      out_.add_as(Severity::warning, "F0",
                  "SKILL.md has a control character at byte " + std::to_string(*bad) +
                      " of its body; remove it",
                  line_of(input_.skill_md, *bad));
    }
    if (input_.skill_file != "SKILL.md") {
      out_.add("F1", "the file is named " + input_.skill_file + "; rename it to SKILL.md", 0);
    }
    if (!reading_.cut.lines_alone) {
      out_.add(
          "F5",
          "a `---` does not stand alone on its line, readers cut the front matter at "
          "different places; put both `---` on lines of their own and write another dash for one "
          "within a value",
          reading_.cut.closing_line, "---");
    }
    for (const char* key : {"name", "description"}) typed_look(key);
  }

  void name() {
    const yaml::Entry* entry = reading_.find("name");
    if (entry == nullptr || is_blank_text(entry->value)) return;
    if (is_portable_name(entry->value.value)) return;
    const std::string suggestion = slugify(nfkc(trim_white_space_utf8(entry->value.value)));
    const std::string mend = is_portable_name(suggestion)
                                 ? "write `name: " + suggestion + "` and name the folder so"
                                 : "choose a name of a-z, 0-9 and single hyphens";
    out_.add("N6",
             "the name is not of lower-case ASCII letters, digits and single hyphens; " + mend,
             line(*entry), "name");
  }

  void description() {
    const yaml::Entry* entry = reading_.find("description");
    if (entry == nullptr || is_blank_text(entry->value)) return;
    if (entry->value.value.find_first_of("<>") != std::string::npos) {
      out_.add("D2", "the description holds < or >, which some loaders refuse; reword it",
               line(*entry), "description");
    }
    if (entry->value.cut_by_comment) {
      out_.add("D3", "the description is cut at ` #`, which starts a comment; quote the value",
               line(*entry), "description");
    }
  }

  void optional_fields() {
    const yaml::Entry* entry = reading_.find("compatibility");
    if (entry != nullptr && entry->value.kind == yaml::Kind::scalar &&
        is_blank_text(entry->value)) {
      out_.add("C2", "`compatibility` is blank; give a value or remove the key", line(*entry),
               "compatibility");
    }
    entry = reading_.find("metadata");
    if (entry != nullptr && !is_flat_mapping(entry->value)) {
      out_.add("M1",
               "`metadata` is not a mapping of texts; write `key: value` lines indented below it",
               line(*entry), "metadata");
    }
    entry = reading_.find("allowed-tools");
    if (entry != nullptr && is_blank_text(entry->value)) {
      out_.add("T1",
               "`allowed-tools` is not a text; write the tools on one line, separated by blanks, "
               "e.g. `allowed-tools: Bash(git:*) Read`",
               line(*entry), "allowed-tools");
    }
    entry = reading_.find("license");
    if (entry != nullptr && is_blank_text(entry->value)) {
      out_.add("I1", "`license` is not a text; give a short name or a bundled file's name",
               line(*entry), "license");
    }
  }

  void body() {
    const std::size_t lines = split_lines(body_).size();
    const std::size_t tokens = body_tokens();
    if (lines > kMaxBodyLines || tokens > kMaxBodyTokens) {
      out_.add("B1",
               "the body has " + std::to_string(lines) + " lines and about " +
                   std::to_string(tokens) +
                   " tokens, at most 500 and 5000 are advised; move detail to references/",
               body_line_, "body");
    }
    mentioned_files();
    long_references();
    if (trim_white_space_utf8(body_).empty()) {
      out_.add("B3", "the body is empty; write how the work is done", body_line_, "body");
    }
  }

 private:
  [[nodiscard]] int line(const yaml::Entry& entry) const {
    return line_of(input_.skill_md, entry.begin);
  }

  void typed_look(const char* key) {
    const yaml::Entry* entry = reading_.find(key);
    if (entry == nullptr || entry->value.style != yaml::Style::plain) return;
    if (!looks_typed(entry->value.value)) return;
    out_.add("F8",
             "`" + std::string(key) + ": " + entry->value.value +
                 "` is taken for a number, bool, null or date by other readers; quote the value",
             line(*entry), key);
  }

  [[nodiscard]] static bool is_flat_mapping(const yaml::Node& node) {
    return node.kind == yaml::Kind::mapping &&
           std::all_of(node.entries.begin(), node.entries.end(), [](const yaml::Entry& entry) {
             return entry.value.kind == yaml::Kind::scalar;
           });
  }

  [[nodiscard]] std::size_t body_tokens() const {
    std::size_t dense = 0;
    std::size_t all = 0;
    for (std::size_t at = 0; at < body_.size(); ++all) {
      dense += is_dense_script(next_code_point(body_, at));
    }
    return dense + (all - dense + 3) / 4;
  }

  /// Absolute and home paths, and what climbs out of the package, in every spelling.
  void leaving_paths(std::set<std::string>& seen) {
    if (out_.profile() != Profile::strict) return;
    for (const Mention& mention : find_leaving_paths(body_)) {
      if (!seen.insert(mention.path).second) continue;
      out_.add("B2",
               "the body names " + visible_controls(mention.path) +
                   ", which lies outside the package; bundle the file and name it by its path in "
                   "the package",
               line_of(body_, mention.offset) + body_line_ - 1, mention.path);
    }
  }

  void mentioned_files() {
    std::set<std::string> seen;
    leaving_paths(seen);
    for (const Mention& mention : find_mentions(body_, *input_.files)) {
      if (!seen.insert(mention.path).second) continue;
      const int at = line_of(body_, mention.offset) + body_line_ - 1;
      const bool leaves = ("/" + mention.path + "/").find("/../") != std::string::npos;
      if (leaves) {
        out_.add("B2",
                 "the body names " + mention.path +
                     ", which lies outside the package; bundle the file "
                     "if the skill needs it, and let the task name what it writes",
                 at, mention.path);
      } else if (mention.path != "SKILL.md" && input_.files->count(mention.path) == 0) {
        out_.add("B2",
                 "the body names " + mention.path +
                     ", which the package does not hold; add the file or remove the path",
                 at, mention.path);
      } else if (std::count(mention.path.begin(), mention.path.end(), '/') > 1) {
        out_.add(
            "B2",
            "the body names " + mention.path + ", which lies deeper than one folder; move it up",
            at, mention.path);
      }
    }
  }

  void long_references() {
    if (out_.profile() == Profile::lenient) return;
    for (const auto& [path, file] : *input_.files) {
      if (!path.starts_with("references/") || !path.ends_with(".md")) continue;
      if (split_lines(file.bytes).size() <= kLongReference) continue;
      if (has_table_of_contents(file.bytes)) continue;
      out_.append({"B2", Severity::warning,
                   path + " has more than 300 lines and no table of contents; add one at its top",
                   path, 1, path});
    }
  }

  const RuleInput& input_;
  const Reading& reading_;
  FindingList& out_;
  std::string_view body_;
  int body_line_;
};

}  // namespace

void check_own_rules(const RuleInput& input, const Reading& reading, FindingList& out) {
  OwnRules rules(input, reading, out);
  rules.front_matter();
  rules.name();
  rules.description();
  rules.optional_fields();
  rules.body();
}

}  // namespace skillgrad::skill
