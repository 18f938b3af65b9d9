// SPDX-License-Identifier: MIT
#include "cli/ci/sarif.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>

#include "cli/help/rule_book.hpp"

namespace skillgrad::cli {
namespace {

/// Only what RFC 3986 leaves unreserved, and '/', stands for itself.
std::string uri_path(const std::string& path) {
  std::string out;
  for (const char c : path) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~' || c == '/';
    if (plain)
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

Json place_of(const fs::path& file, const fs::path& root) {
  std::error_code ignored;
  const fs::path whole = fs::weakly_canonical(fs::absolute(file), ignored);
  const fs::path below = whole.lexically_relative(fs::weakly_canonical(root, ignored));
  if (below.empty() || *below.begin() == "..") return {{"uri", "file://" + uri_path(whole)}};
  return {{"uri", uri_path(below)}, {"uriBaseId", "%SRCROOT%"}};
}

const char* level_of(const skill::Finding& finding, bool lint) {
  if (finding.severity == skill::Severity::error) return lint ? "warning" : "error";
  return finding.severity == skill::Severity::warning ? "warning" : "note";
}

Json rule_json(const std::string& id) {
  Json out = {{"id", id}};
  const auto rule = find_rule(id);
  if (!rule) return out;
  out["shortDescription"] = {{"text", rule->title}};
  out["help"] = {{"text", rule->text}, {"markdown", rule->text}};
  return out;
}

class Log {
 public:
  explicit Log(const fs::path& root) : root_(root) {}

  void add(const Validated& skill) {
    std::error_code ignored;
    const fs::path named = skill.path;
    const fs::path dir = fs::is_directory(named, ignored) ? named : named.parent_path();
    for (const auto& finding : skill.rules) add(dir, finding, false);
    for (const auto& finding : skill.lint) add(dir, finding, true);
  }

  [[nodiscard]] Json json() && {
    const Json driver = {
        {"name", "skillgrad"}, {"semanticVersion", SKILLGRAD_VERSION}, {"rules", rules_}};
    const Json run = {{"tool", {{"driver", driver}}},
                      {"columnKind", "unicodeCodePoints"},
                      {"results", std::move(results_)}};
    return {{"$schema",
             "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"},
            {"version", "2.1.0"},
            {"runs", Json::array({run})}};
  }

 private:
  void add(const fs::path& dir, const skill::Finding& finding, bool lint) {
    const auto [known, fresh] = index_.try_emplace(finding.rule, rules_.size());
    if (fresh) rules_.push_back(rule_json(finding.rule));
    Json place = {{"artifactLocation",
                   place_of(dir / (finding.file.empty() ? "SKILL.md" : finding.file), root_)}};
    // What is about a whole file stands at its first line: readers show no place without a region.
    place["region"] = {{"startLine", std::max(finding.line, 1)}};
    results_.push_back({{"ruleId", finding.rule},
                        {"ruleIndex", known->second},
                        {"level", level_of(finding, lint)},
                        {"message", {{"text", one_line(finding.message)}}},
                        {"locations", Json::array({{{"physicalLocation", place}}})}});
  }

  fs::path root_;
  std::map<std::string, std::size_t> index_;
  Json rules_ = Json::array(), results_ = Json::array();
};

}  // namespace

Json sarif_log(const std::vector<Validated>& skills, const fs::path& root) {
  Log log(root);
  for (const auto& skill : skills) log.add(skill);
  return std::move(log).json();
}

}  // namespace skillgrad::cli
