// SPDX-License-Identifier: MIT
// What holds for every edit of every body: random edits of random packages, from fixed seeds.
#include <algorithm>

#include <skillgrad/core/random.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/skill/hunks.hpp>

#include "unit/skill/support.hpp"

namespace skillgrad::skill {
namespace {

constexpr std::size_t kBodies = 200, kEdits = 25;

class Maker {
 public:
  explicit Maker(std::uint64_t seed) : random_(seed) {}

  /// Headings of three kinds, twins among them, fences with headings that are none, HTML, CRLF.
  std::string body() {
    std::string out = random_.randbelow(4) == 0 ? "" : "\n# " + title() + "\n\n" + paragraph();
    const std::size_t parts = random_.randbelow(9);
    for (std::size_t i = 0; i < parts; ++i) {
      const std::string name = title();
      if (random_.randbelow(8) == 0)
        out += name + "\n" + std::string(name.size(), random_.randbelow(2) == 0 ? '-' : '=') + "\n";
      else
        out += std::string(1 + random_.randbelow(4), '#') + " " + name + "\n";
      out += blank_lines() + paragraph() + blank_lines();
    }
    if (random_.randbelow(5) == 0) out = replace_all(out, "\n", "\r\n");
    if (random_.randbelow(5) == 0)
      while (!out.empty() && (out.back() == '\n' || out.back() == '\r')) out.pop_back();
    return out;
  }

  EditOp edit(const SkillPackage& package) {
    EditOp out;
    out.op = pick(edit_ops());
    const auto heading = [&]() -> std::string {
      const auto outline = package.outline();
      if (outline.empty() || random_.randbelow(10) == 0) return title();
      return outline[random_.randbelow(outline.size())].title;
    };
    for (const EditField& field : (*find_edit_operation(out.op))->fields) {
      const std::string key = field.key;
      if (!field.required && random_.randbelow(2) == 0) continue;
      if (key == "heading" || key == "after" || key == "before") {
        out.*field.member = heading();
      } else if (key == "path") {
        out.path = pick({"SKILL.md", "references/a.md", "references/b.md", "scripts/c.py"});
      } else if (key == "old") {
        out.old_text = a_part_of(package, out.path);
      } else if (out.op == "replace_section" || out.op == "insert_section") {
        out.new_text =
            std::string(1 + random_.randbelow(4), '#') + " " + title() + "\n\n" + paragraph();
      } else {
        out.new_text = paragraph();
      }
    }
    return out;
  }

 private:
  template <class List>
  std::string pick(const List& list) {
    return *(std::begin(list) + static_cast<std::ptrdiff_t>(random_.randbelow(std::size(list))));
  }
  std::string pick(std::initializer_list<const char*> list) {
    return *(list.begin() + random_.randbelow(list.size()));
  }
  std::string title() {
    return pick({"Read", "Write", "Dates and times", "Pitfalls", "read!", "Größen", "`code` here",
                 "A / B", "Check 日付", "Last", "Numbers"});
  }
  std::string blank_lines() { return std::string(random_.randbelow(3), '\n'); }
  std::string paragraph() {
    return pick({"Do it once.\n", "- one\n- two\n  - deep\n", "```sh\n# no heading\necho hi\n```\n",
                 "Keep é, ü and 日本.\n", "<div>\n## not markdown\n</div>\n\n",
                 "1. First\n2. Then\n", "~~~\n## inside\n~~~\n", "Text with trailing blanks.  \n",
                 "| a | b |\n|---|---|\n", "```\nleft open\n", "",
                 "> quoted\n> # heading in a quote\n"});
  }
  std::string a_part_of(const SkillPackage& package, const std::string& path) {
    const auto file = package.files().find(path);
    const std::string text = file == package.files().end() ? package.body() : file->second.bytes;
    if (text.empty() || random_.randbelow(10) == 0) return "missing";
    // Whole characters: edits come as JSON, which holds no others.
    const auto begins = [&](std::size_t at) {
      while (at > 0 && at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80)
        --at;
      return std::min(at, text.size());
    };
    const std::size_t from = begins(random_.randbelow(text.size()));
    const std::size_t to = begins(from + 4 + random_.randbelow(40));
    return text.substr(from, to - from);
  }

  PyRandom random_;
};

/// All that an edit promises to leave alone, as one text: "" where it kept its word.
std::string lost(const SkillPackage& before, const SkillPackage& after, const EditOp& op) {
  if (op.op != "set_description" && before.front_matter() != after.front_matter())
    return "front matter";
  const bool body = op.op.ends_with("_section") || op.path == "SKILL.md";
  if (!body && before.body() != after.body()) return "body";
  auto files = before.files(), now = after.files();
  if (!op.path.empty()) {
    files.erase(op.path);
    now.erase(op.path);
  }
  if (files != now) return "other files";
  if (!body) return "";

  std::string a = before.body();
  const std::string b = after.body();
  const std::size_t whole = a.size();
  if (!a.empty() && a.back() != '\n')  // what is edited ends with a line end
    a += b.ends_with("\r\n") ? "\r\n" : "\n";
  if (op.op == "move_section") {
    const auto words = [](const std::string& text) {
      std::vector<std::string> out;
      for (const std::string& line : split_lines(text))
        if (!trim(line).empty()) out.push_back(line);
      std::sort(out.begin(), out.end());
      return out;
    };
    return words(a) == words(b) ? "" : "a line";
  }
  // Some place that the edit may have meant, with every byte beside it as it was.
  const auto kept_around = [&](std::size_t begin, std::size_t end) {
    return b.size() >= begin + (a.size() - end) && b.starts_with(a.substr(0, begin)) &&
           b.ends_with(a.substr(end));
  };
  if (op.op == "insert_section") {
    for (std::size_t at = 0; at <= a.size(); ++at)
      if (kept_around(at, at)) return "";
    return "bytes beside the new section";
  }
  if (op.op == "edit_text") {
    for (const char* newline : {"\n", "\r\n"}) {
      const std::string old = replace_all(replace_all(op.old_text, "\r\n", "\n"), "\n", newline);
      const std::size_t at = a.find(old);
      if (at != std::string::npos && kept_around(at, at + old.size())) return "";
    }
    return "bytes beside the text";
  }
  const auto outline = before.outline();
  for (const Section& section : outline)
    if (kept_around(section.begin, section.end < whole ? section.end : a.size())) return "";
  return "bytes outside of the section";
}

/// What leads from one state to another, put into a third; nullopt where later changes are in the
/// way, or have done the same.
std::optional<SkillPackage> merged(const SkillPackage& from, const SkillPackage& to,
                                   const SkillPackage& into) {
  const auto hunks = hunks_between(from, to);
  std::vector<ChosenHunk> chosen;
  for (const Hunk& hunk : hunks) chosen.push_back({&hunk, std::nullopt});
  auto outcome = merge_hunks(from, into, chosen);
  if (!outcome || !outcome->conflicts.empty() || !outcome->present.empty()) return std::nullopt;
  return std::move(outcome->package);
}

TEST(EditProperties, RandomEditsKeepWhatTheyDoNotNameAndUndoRestores) {
  std::size_t done = 0, refused = 0, taken_back = 0;
  std::map<std::string, std::size_t> done_by_op;
  for (std::size_t seed = 1; seed <= kBodies; ++seed) {
    Maker maker(seed);
    auto loaded = SkillPackage::from_files(
        "my-skill", "---\nname: my-skill\ndescription: d\nlicense: MIT\n---\n" + maker.body(),
        {{"references/a.md", {"# A\n\ntext\n", 0644}}, {"LICENSE.txt", {"MIT\n", 0644}}});
    ASSERT_TRUE(loaded) << seed << ": " << loaded.error().to_text();
    SkillPackage package = std::move(*loaded);
    std::vector<SkillPackage> states = {package};
    for (std::size_t i = 0; i < kEdits; ++i) {
      const EditOp op = maker.edit(package);
      SCOPED_TRACE(testing::Message()
                   << "body " << seed << ", edit " << i << ": " << edit_to_json(op).dump() << "\n"
                   << package.body());
      const SkillPackage before = package;
      const auto said = apply_edit(package, op);
      if (!said) {
        ++refused;
        ASSERT_EQ(said.error().code, ErrorCode::input) << said.error().to_text();
        ASSERT_FALSE(said.error().mend.empty()) << said.error().to_text();
        ASSERT_EQ(package, before);
        continue;
      }
      ++done;
      ++done_by_op[op.op];
      ASSERT_EQ(lost(before, package, op), "") << package.body();
      const auto again = SkillPackage::from_files("my-skill", package.skill_md(), package.files());
      ASSERT_TRUE(again) << again.error().to_text();
      ASSERT_EQ(*again, package);
      for (const Finding& finding : validate(package, Profile::spec))
        ASSERT_NE(finding.severity, Severity::error) << finding.rule << " " << finding.message;
      // The edit, and its own undo, part by part.
      ASSERT_EQ(merged(package, before, package), before);
      states.push_back(package);
    }
    // A step in the middle, taken back around the later ones and made again, is the same package.
    for (std::size_t at = states.size() - 1; at > 0; --at) {
      const auto undone = merged(states[at], states[at - 1], package);
      if (!undone) continue;
      ++taken_back;
      const auto again = merged(states[at - 1], states[at], *undone);
      ASSERT_TRUE(!again || *again == package) << "body " << seed << ", state " << at;
    }
  }
  EXPECT_GT(done, 1500U);
  EXPECT_GT(refused, 500U);
  EXPECT_GT(taken_back, 500U);
  for (const std::string& op : edit_ops()) EXPECT_GT(done_by_op[op], 10U) << op;
}

}  // namespace
}  // namespace skillgrad::skill
