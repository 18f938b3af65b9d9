// SPDX-License-Identifier: MIT
// Rules F4, N1-N5, D1, C1 in the reference validator's order and words (docs/rules-skill.md).
#include <algorithm>

#include <skillgrad/core/text.hpp>
#include <skillgrad/core/unicode.hpp>

#include "skill/lint/rules.hpp"

namespace skillgrad::skill {

namespace {

constexpr std::string_view kKeys[] = {"name",          "description", "license",
                                      "compatibility", "metadata",    "allowed-tools"};
constexpr std::size_t kMaxName = 64;
constexpr std::size_t kMaxDescription = 1024;
constexpr std::size_t kMaxCompatibility = 500;

class ReferenceRules {
 public:
  ReferenceRules(const RuleInput& input, const Reading& reading, FindingList& out)
      : input_(input), reading_(reading), out_(out) {}

  void fields() {
    std::vector<std::string> unknown;
    int line = 0;
    for (const yaml::Entry& entry : reading_.root.entries) {
      if (std::find(std::begin(kKeys), std::end(kKeys), entry.key) != std::end(kKeys)) continue;
      unknown.push_back(entry.key);
      if (line == 0) line = line_of(input_.skill_md, entry.begin);
    }
    if (unknown.empty()) return;
    std::sort(unknown.begin(), unknown.end());
    const std::string names = join(unknown, ", ");
    out_.add("F4",
             "Unexpected fields in frontmatter: " + names +
                 ". Only ['allowed-tools', 'compatibility', 'description', 'license', 'metadata', "
                 "'name'] are allowed.",
             line, names);
  }

  void name() {
    const yaml::Entry* entry = reading_.find("name");
    if (entry == nullptr) {
      out_.add("N1", "Missing required field in frontmatter: name", 1, "name");
      return;
    }
    line_ = line_of(input_.skill_md, entry->begin);
    if (is_blank(*entry)) {
      out_.add("N1", "Field 'name' must be a non-empty string", line_, "name");
      return;
    }
    const std::string name = nfkc(trim_white_space_utf8(entry->value.value));
    const std::string shown = "Skill name '" + name + "' ";
    const std::size_t length = count_code_points(name);
    if (length > kMaxName) {
      out_.add("N2", shown + "exceeds 64 character limit (" + std::to_string(length) + " chars)",
               line_, name);
    }
    if (!is_lower_case(name)) out_.add("N3", shown + "must be lowercase", line_, name);
    if (name.front() == '-' || name.back() == '-') {
      out_.add("N4", "Skill name cannot start or end with a hyphen", line_, name);
    }
    if (name.find("--") != std::string::npos) {
      out_.add("N4", "Skill name cannot contain consecutive hyphens", line_, name);
    }
    if (!only_letters_numbers_hyphens(name)) {
      out_.add("N3",
               shown +
                   "contains invalid characters. Only letters, digits, and hyphens are "
                   "allowed.",
               line_, name);
    }
    if (nfkc(input_.folder_name) != name) {
      out_.add("N5",
               "Directory name '" + input_.folder_name + "' must match skill name '" + name + "'",
               line_, name);
    }
  }

  void description() {
    const yaml::Entry* entry = reading_.find("description");
    const bool lenient = out_.profile() == Profile::lenient;
    if (entry == nullptr) {
      out_.add("D1", "Missing required field in frontmatter: description", 1, "description");
      return;
    }
    const int line = line_of(input_.skill_md, entry->begin);
    if (is_blank(*entry)) {
      out_.add("D1", "Field 'description' must be a non-empty string", line, "description");
      return;
    }
    const std::size_t length = count_code_points(entry->value.value);
    if (length > kMaxDescription) {
      out_.add_as(lenient ? Severity::warning : Severity::error, "D1",
                  "Description exceeds 1024 character limit (" + std::to_string(length) + " chars)",
                  line, "description");
    }
  }

  void compatibility() {
    const yaml::Entry* entry = reading_.find("compatibility");
    if (entry == nullptr) return;
    const int line = line_of(input_.skill_md, entry->begin);
    if (entry->value.kind != yaml::Kind::scalar) {
      out_.add("C1", "Field 'compatibility' must be a string", line, "compatibility");
      return;
    }
    const std::size_t length = count_code_points(entry->value.value);
    if (length > kMaxCompatibility) {
      out_.add("C1",
               "Compatibility exceeds 500 character limit (" + std::to_string(length) + " chars)",
               line, "compatibility");
    }
  }

 private:
  [[nodiscard]] static bool is_blank(const yaml::Entry& entry) {
    return entry.value.kind != yaml::Kind::scalar ||
           trim_white_space_utf8(entry.value.value).empty();
  }

  [[nodiscard]] static bool only_letters_numbers_hyphens(std::string_view name) {
    for (std::size_t at = 0; at < name.size();) {
      const char32_t c = next_code_point(name, at);
      if (c != '-' && !is_letter_or_number(c)) return false;
    }
    return true;
  }

  const RuleInput& input_;
  const Reading& reading_;
  FindingList& out_;
  int line_ = 0;
};

}  // namespace

void check_reference_rules(const RuleInput& input, const Reading& reading, FindingList& out) {
  ReferenceRules rules(input, reading, out);
  rules.fields();
  rules.name();
  rules.description();
  rules.compatibility();
}

}  // namespace skillgrad::skill
