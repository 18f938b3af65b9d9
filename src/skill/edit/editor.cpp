// SPDX-License-Identifier: MIT
#include <algorithm>
#include <utility>

#include <skillgrad/core/text.hpp>
#include <skillgrad/skill/editor.hpp>
#include <skillgrad/skill/skill_set.hpp>

#include "skill/edit/anchors.hpp"
#include "skill/package/front_matter.hpp"
#include "skill/package/newlines.hpp"
#include "skill/package/outline.hpp"
#include "skill/package/package_path.hpp"

namespace skillgrad::skill {

namespace {

[[nodiscard]] tl::unexpected<Error> refuse(std::string what, std::string mend) {
  return fail(ErrorCode::input, std::move(what), "SKILL.md", std::move(mend));
}

/// A code fence (or HTML block) left open would swallow whatever follows the text.
[[nodiscard]] bool leaves_block_open(std::string_view text) {
  const std::string probe = std::string(text) + "\n\n# end\n";
  const auto blocks = markdown_blocks(probe);
  return blocks.empty() || blocks.back().kind != BlockKind::heading;
}

/// The heading level of a new section's text. Errors: input when it is no section.
[[nodiscard]] Result<int> section_level(std::string_view text) {
  const auto blocks = markdown_blocks(text);
  if (blocks.empty() || blocks.front().kind != BlockKind::heading) {
    return refuse("the text does not begin with a heading line",
                  "begin it with the section's heading, e.g. `## Title`");
  }
  if (blocks.front().title.empty()) {
    return refuse("the heading of the text is empty", "write a title behind the #s");
  }
  const int level = blocks.front().level;
  for (const Block& block : blocks) {
    if (block.kind == BlockKind::heading && block.level < level) {
      return refuse(
          "the text holds the heading \"" + block.title + "\" of a higher level than its first one",
          "write one section with its subsections");
    }
  }
  if (leaves_block_open(text)) {
    return refuse("a code fence in the text is not closed", "close it with a line of ```");
  }
  return level;
}

[[nodiscard]] std::string without_outer_blank_lines(std::string_view text) {
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\n' || text[at] == '\r')
      begin = at + 1;
    else if (text[at] != ' ' && text[at] != '\t')
      break;
  }
  const std::size_t last = text.find_last_not_of(" \t\r\n");
  if (last == std::string_view::npos || last < begin) return {};
  return std::string(text.substr(begin, last + 1 - begin));
}

/// White space that ends a section: kept when its text is replaced.
[[nodiscard]] std::size_t tail_begin(std::string_view body, const Section& section) {
  const auto text = body.substr(section.begin, section.end - section.begin);
  const std::size_t last = text.find_last_not_of(" \t\r\n");
  return section.begin + (last == std::string_view::npos ? 0 : last + 1);
}

[[nodiscard]] std::string sizes(std::size_t before, std::size_t after) {
  return " (" + std::to_string(before) + " -> " + std::to_string(after) + " bytes)";
}

[[nodiscard]] std::string level_text(int level) {
  return "`" + std::string(static_cast<std::size_t>(level), '#') + " Title`";
}

class Edit {
 public:
  Edit(SkillPackage& package, const EditOp& op)
      : package_(package), op_(op), body_(package.body()), outline_(package.outline()) {}

  Result<std::string> replace_section() {
    SKILLGRAD_TRY(const std::size_t index, find_section(package_, outline_, op_.heading));
    const Section& section = outline_[index];
    const std::string text = without_outer_blank_lines(op_.new_text);
    SKILLGRAD_TRY(const int level, section_level(text));
    if (level != section.level) {
      return refuse("the text's heading has level " + std::to_string(level) + ", the section \"" +
                        section.title + "\" has level " + std::to_string(section.level),
                    "begin the text with " + level_text(section.level));
    }
    const std::size_t tail = tail_begin(body_, section);
    const std::size_t before = tail - section.begin;
    SKILLGRAD_CHECK(splice(section.begin, tail, in_style(text)));
    return "replaced section \"" + section.title + "\"" + sizes(before, text.size());
  }

  Result<std::string> delete_section() {
    SKILLGRAD_TRY(const std::size_t index, find_section(package_, outline_, op_.heading));
    const Section& section = outline_[index];
    SKILLGRAD_CHECK(splice(section.begin, section.end, ""));
    return "deleted section \"" + section.title + "\" (" +
           std::to_string(section.end - section.begin) + " bytes)";
  }

  Result<std::string> insert_section() {
    const std::string text = without_outer_blank_lines(op_.new_text);
    SKILLGRAD_TRY(const int level, section_level(text));
    SKILLGRAD_TRY(const Place place, find_place(level));
    SKILLGRAD_CHECK(check_new_title(text));
    SKILLGRAD_CHECK(splice(place.at, place.at, spaced(in_style(text), place.at)));
    return "inserted section \"" + markdown_blocks(text).front().title + "\" " + place.words +
           " (" + std::to_string(text.size()) + " bytes)";
  }

  /// Cut out, then put in where the anchor stands in what is left.
  Result<std::string> move_section() {
    SKILLGRAD_TRY(const std::size_t index, find_section(package_, outline_, op_.heading));
    const Section section = outline_[index];
    SKILLGRAD_CHECK(check_anchor_outside(section));
    // From the heading to the end of the last line that is not blank.
    const std::size_t last = body_.find_first_of("\r\n", tail_begin(body_, section));
    const std::string text =
        body_.substr(section.begin, std::min(last, section.end) - section.begin);
    SKILLGRAD_TRY(const int level, section_level(text));
    SkillPackage without = package_;
    SKILLGRAD_CHECK(Edit(without, op_).splice(section.begin, section.end, ""));
    Edit rest(without, op_);
    SKILLGRAD_TRY(const Place place, rest.find_place(level));
    if (place.at == section.begin)
      return refuse("the section \"" + section.title + "\" already stands " + place.words,
                    "name another place, or leave it where it is");
    SKILLGRAD_CHECK(rest.splice(place.at, place.at, rest.spaced(text, place.at)));
    package_ = std::move(without);
    return "moved section \"" + section.title + "\" " + place.words + " (" +
           std::to_string(text.size()) + " bytes)";
  }

  Result<std::string> edit_text() {
    if (op_.old_text.empty()) {
      return refuse("the old text is empty",
                    "give the exact text to replace; to add a section use insert_section");
    }
    if (op_.old_text == op_.new_text)
      return refuse("old and new text are equal", "change the text");
    if (op_.path == "SKILL.md") return edit_body();
    SKILLGRAD_CHECK(check_patch_path(package_, op_.path));
    const auto file = package_.files().find(op_.path);
    if (file == package_.files().end()) {
      const auto near = nearest_match(op_.path, package_.files_for_agent());
      return fail(ErrorCode::input, "the package has no file " + op_.path, op_.path,
                  near ? "did you mean " + *near + "?"
                       : "the files are: SKILL.md, " + list_some(package_.files_for_agent(), 20));
    }
    std::string text = file->second.bytes;
    const auto newline = newline_of(text);
    const std::string old_text = convert_newlines(op_.old_text, newline);
    SKILLGRAD_TRY(const std::size_t at, find_once(text, old_text, op_.path, 1));
    text.replace(at, old_text.size(), convert_newlines(op_.new_text, newline));
    const int line = line_of(text, at);
    SKILLGRAD_CHECK(package_.write_file(op_.path, std::move(text)));
    return "edited " + op_.path + " at line " + std::to_string(line) +
           sizes(op_.old_text.size(), op_.new_text.size());
  }

 private:
  struct Place {
    std::size_t at;
    std::string words;
  };

  /// Where `after` or `before` says that a section of this level goes.
  [[nodiscard]] Result<Place> find_place(int level) const {
    if (!op_.after.empty() && !op_.before.empty())
      return refuse("`after` and `before` are both given", "give one of them");
    if (op_.after.empty() && op_.before.empty()) return Place{body_.size(), "at the end"};
    const bool after = !op_.after.empty();
    SKILLGRAD_TRY(const std::size_t index,
                  find_section(package_, outline_, after ? op_.after : op_.before));
    const Section& anchor = outline_[index];
    if (level < anchor.level) {
      return refuse(
          "a section of level " + std::to_string(level) + " next to \"" + anchor.title +
              "\" (level " + std::to_string(anchor.level) +
              ") would take over the sections behind it",
          "name a heading of level " + std::to_string(level) + " as the place" +
              (op_.new_text.empty() ? "" : ", or begin the text with " + level_text(anchor.level)));
    }
    return Place{after ? anchor.end : anchor.begin,
                 (after ? "after \"" : "before \"") + anchor.title + "\""};
  }

  [[nodiscard]] Result<> check_anchor_outside(const Section& section) const {
    const std::string& anchor = op_.after.empty() ? op_.before : op_.after;
    if (anchor.empty() || (!op_.after.empty() && !op_.before.empty())) return {};
    SKILLGRAD_TRY(const std::size_t index, find_section(package_, outline_, anchor));
    const Section& place = outline_[index];
    if (place.begin < section.begin || place.begin >= section.end) return {};
    return refuse(
        "\"" + place.title + "\" is a part of the section that moves, \"" + section.title + "\"",
        "name a heading outside of it");
  }

  [[nodiscard]] std::string in_style(std::string_view text) const {
    return convert_newlines(text, newline_of(package_.skill_md()));
  }

  /// A blank line on both sides of a section inserted at `at`, whose lines end as the text's do.
  [[nodiscard]] std::string spaced(std::string_view text, std::size_t at) const {
    const std::string newline(
        newline_of(text.find('\n') == std::string_view::npos ? package_.skill_md() : text));
    const std::string_view before = std::string_view(body_).substr(0, at);
    std::string out;
    if (!before.empty() && !ends_with_newline(before)) out += newline;
    if (!before.empty() && !before.ends_with(newline + newline)) out += newline;
    out += std::string(text) + newline;
    if (at < body_.size()) out += newline;
    return out;
  }

  /// Two sections with one title could not be told apart by later edits.
  [[nodiscard]] Result<> check_new_title(std::string_view text) const {
    const std::string title = markdown_blocks(text).front().title;
    const auto same = [&](const Section& section) { return section.slug == slugify(title); };
    const auto twin = std::find_if(outline_.begin(), outline_.end(), same);
    if (twin == outline_.end() || twin->slug.empty()) return {};
    return refuse("SKILL.md already has a section \"" + twin->title + "\"",
                  "change that one with replace_section, or choose another title");
  }

  /// Headings outside the changed bytes must still be headings: an opened fence would eat them.
  [[nodiscard]] Result<> check_kept_headings(std::size_t begin, std::size_t end,
                                             const std::string& changed) const {
    const auto now = sections_of(changed, markdown_blocks(changed));
    const std::size_t after = changed.size() - (body_.size() - end);
    for (const Section& section : outline_) {
      if (section.begin >= begin && section.begin < end) continue;
      const std::size_t at = section.begin < begin ? section.begin : section.begin - end + after;
      const auto kept = [&](const Section& other) { return other.begin == at; };
      if (std::none_of(now.begin(), now.end(), kept)) {
        return refuse("the edit would hide the heading \"" + section.title + "\"",
                      "close every code fence with a line of ``` and keep headings on lines of "
                      "their own");
      }
    }
    return {};
  }

  [[nodiscard]] Result<> splice(std::size_t begin, std::size_t end, const std::string& text) {
    std::string changed = body_;
    changed.replace(begin, end - begin, text);
    SKILLGRAD_CHECK(check_kept_headings(begin, end, changed));
    if (leaves_block_open(changed) && !leaves_block_open(body_)) {
      return refuse("the edit leaves a code fence open", "close it with a line of ```");
    }
    return package_.set_body(std::move(changed));
  }

  [[nodiscard]] Result<std::string> edit_body() {
    const std::string head = package_.front_matter();
    const std::string old_text = in_style(op_.old_text);
    const int first_line = line_of(package_.skill_md(), head.size());
    auto at = find_once(body_, old_text, "SKILL.md", first_line);
    if (!at && body_.find(old_text) == std::string::npos &&
        package_.skill_md().find(old_text) != std::string::npos) {
      return refuse("the old text stands in the front matter, which edit_text does not change",
                    "use set_description; the name and other keys stay as they are");
    }
    if (!at) return tl::unexpected(std::move(at).error());
    SKILLGRAD_CHECK(splice(*at, *at + old_text.size(), in_style(op_.new_text)));
    return "edited SKILL.md at line " + std::to_string(line_of(body_, *at) + first_line - 1) +
           sizes(op_.old_text.size(), op_.new_text.size());
  }

  SkillPackage& package_;
  const EditOp& op_;
  std::string body_;
  std::vector<Section> outline_;
};

Result<std::string> replace_section(SkillPackage& package, const EditOp& op) {
  return Edit(package, op).replace_section();
}

Result<std::string> insert_section(SkillPackage& package, const EditOp& op) {
  return Edit(package, op).insert_section();
}

Result<std::string> delete_section(SkillPackage& package, const EditOp& op) {
  return Edit(package, op).delete_section();
}

Result<std::string> move_section(SkillPackage& package, const EditOp& op) {
  return Edit(package, op).move_section();
}

Result<std::string> edit_text(SkillPackage& package, const EditOp& op) {
  return Edit(package, op).edit_text();
}

Result<std::string> write_file(SkillPackage& package, const EditOp& op) {
  const auto old = package.files().find(op.path);
  const bool existed = old != package.files().end();
  const std::size_t before = existed ? old->second.bytes.size() : 0;
  SKILLGRAD_CHECK(package.write_file(op.path, op.new_text));
  const std::size_t after = package.files().at(op.path).bytes.size();
  return (existed ? "rewrote " : "wrote ") + op.path + sizes(before, after);
}

Result<std::string> delete_file(SkillPackage& package, const EditOp& op) {
  SKILLGRAD_CHECK(package.delete_file(op.path));
  return "deleted " + op.path;
}

Result<std::string> set_description(SkillPackage& package, const EditOp& op) {
  SKILLGRAD_CHECK(package.set_description(op.new_text));
  return "set the description: " + package.description();
}

}  // namespace

const std::vector<EditOperation>& edit_operations() {
  static const std::vector<EditOperation> operations = {
      {"replace_section",
       "Replaces a body section, from its heading to the next heading of the same or a higher "
       "level.",
       R"({"type":"object","properties":{"heading":{"type":"string","description":"Title of the section, or Parent / Child"},"text":{"type":"string","description":"The new section with its heading line"}},"required":["heading","text"]})",
       {{"heading", &EditOp::heading, true}, {"text", &EditOp::new_text, true}},
       replace_section},
      {"insert_section",
       "Inserts a new body section after or before another one, or at the end.",
       R"({"type":"object","properties":{"text":{"type":"string","description":"The section with its heading line"},"after":{"type":"string","description":"Title of the section it follows"},"before":{"type":"string","description":"Title of the section it precedes"}},"required":["text"]})",
       {{"after", &EditOp::after, false},
        {"before", &EditOp::before, false},
        {"text", &EditOp::new_text, true}},
       insert_section},
      {"delete_section",
       "Deletes a body section.",
       R"({"type":"object","properties":{"heading":{"type":"string","description":"Title of the section, or Parent / Child"}},"required":["heading"]})",
       {{"heading", &EditOp::heading, true}},
       delete_section},
      {"move_section",
       "Moves a body section, with its subsections, after or before another one, or to the end.",
       R"({"type":"object","properties":{"heading":{"type":"string","description":"Title of the section, or Parent / Child"},"after":{"type":"string","description":"Title of the section it follows"},"before":{"type":"string","description":"Title of the section it precedes"}},"required":["heading"]})",
       {{"heading", &EditOp::heading, true},
        {"after", &EditOp::after, false},
        {"before", &EditOp::before, false}},
       move_section},
      {"edit_text",
       "Replaces an exact text that occurs once in a file.",
       R"({"type":"object","properties":{"path":{"type":"string","description":"SKILL.md or a bundled file"},"old":{"type":"string","description":"Exact text, occurring once"},"new":{"type":"string","description":"What replaces it"}},"required":["path","old","new"]})",
       {{"path", &EditOp::path, true},
        {"old", &EditOp::old_text, true},
        {"new", &EditOp::new_text, true}},
       edit_text},
      {"write_file",
       "Writes a bundled text file, for example references/x.md.",
       R"({"type":"object","properties":{"path":{"type":"string"},"text":{"type":"string"}},"required":["path","text"]})",
       {{"path", &EditOp::path, true}, {"text", &EditOp::new_text, true}},
       write_file},
      {"delete_file",
       "Deletes a bundled file.",
       R"({"type":"object","properties":{"path":{"type":"string"}},"required":["path"]})",
       {{"path", &EditOp::path, true}},
       delete_file},
      {"set_description",
       "Sets the description in the front matter: at most 1024 characters, better 50 words.",
       R"({"type":"object","properties":{"text":{"type":"string"}},"required":["text"]})",
       {{"text", &EditOp::new_text, true}},
       set_description},
  };
  return operations;
}

namespace {

/// The operation on a skill of the set, as it would be on that skill alone.
Result<std::string> apply_to_member(SkillPackage& set, const EditOp& op,
                                    const EditOperation& operation) {
  SKILLGRAD_TRY(SkillPackage member, member_to_edit(set, op.skill));
  EditOp inner = op;
  // Whoever has read the list of the set's files may write a path as it stands there.
  const std::string prefix = member.folder_name() + "/";
  if (inner.path.starts_with(prefix) && !member.files().contains(inner.path))
    inner.path.erase(0, prefix.size());
  const std::string name = to_lower_ascii(inner.path.substr(inner.path.rfind('/') + 1));
  if (name == "skill.md" && inner.path.find('/') != std::string::npos)
    return fail(ErrorCode::input,
                inner.path +
                    " would be a skill, and none is made or removed here: which skills "
                    "there are is for a person to decide",
                inner.path, "write below references/ or scripts/ of a skill that there is");
  auto done = operation.apply(member, inner);
  if (!done) {
    Error error = std::move(done).error();
    error.where = prefix + error.where;
    return tl::unexpected(std::move(error));
  }
  SKILLGRAD_CHECK(put_member(set, member));
  return prefix.substr(0, prefix.size() - 1) + ": " + *done;
}

}  // namespace

Result<std::string> apply_edit(SkillPackage& package, const EditOp& op) {
  SKILLGRAD_TRY(const EditOperation* const operation, find_edit_operation(op.op));
  if (is_set(package)) return apply_to_member(package, op, *operation);
  if (!op.skill.empty() && !find_member(package, op.skill))
    return fail(ErrorCode::input, "there is no skill \"" + truncate_middle(op.skill, 100) + "\"",
                "skill", "leave \"skill\" out: there is but one");
  return operation->apply(package, op);
}

}  // namespace skillgrad::skill
