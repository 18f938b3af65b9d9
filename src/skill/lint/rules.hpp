// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <skillgrad/skill/package.hpp>

#include "skill/package/front_matter.hpp"

namespace skillgrad::skill {

/// B1: advised for a body; a patch keeps to it unless the seed has more.
inline constexpr std::size_t kMaxBodyLines = 500;
inline constexpr std::size_t kMaxBodyTokens = 5000;

/// What the rules of section 1 look at.
struct RuleInput {
  std::string_view skill_md;
  std::string skill_file = "SKILL.md";  ///< as on disk
  std::string folder_name;
  const std::map<std::string, BundledFile>* files = nullptr;
  std::vector<Finding> limits;  ///< P1
};

/// Collects findings with the severity that a profile gives their rule; a rule that the profile
/// does not check is dropped.
class FindingList {
 public:
  explicit FindingList(Profile profile) : profile_(profile) {}

  void add(const std::string& rule, std::string message, int line, std::string anchor = {});
  void add_as(Severity severity, const std::string& rule, std::string message, int line,
              std::string anchor = {});
  void append(Finding finding) { found_.push_back(std::move(finding)); }
  [[nodiscard]] Profile profile() const { return profile_; }
  [[nodiscard]] std::vector<Finding> take() { return std::move(found_); }
  void set_file(std::string file) { file_ = std::move(file); }

 private:
  Profile profile_;
  std::string file_ = "SKILL.md";
  std::vector<Finding> found_;
};

/// Severity of a rule in a profile; nullopt: not checked.
[[nodiscard]] std::optional<Severity> severity_of(std::string_view rule, Profile profile);

/// Steps 3 to 6 of section 2.
void check_reference_rules(const RuleInput& input, const Reading& reading, FindingList& out);
/// The remaining ids of section 1, in table order.
void check_own_rules(const RuleInput& input, const Reading& reading, FindingList& out);
/// All rules on a package that was read.
[[nodiscard]] std::vector<Finding> check_rules(const RuleInput& input, Profile profile);

}  // namespace skillgrad::skill
