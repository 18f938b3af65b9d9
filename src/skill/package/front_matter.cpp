// SPDX-License-Identifier: MIT
#include "skill/package/front_matter.hpp"

#include <algorithm>
#include <utility>

#include <skillgrad/core/text.hpp>
#include <skillgrad/core/unicode.hpp>

namespace skillgrad::skill {

namespace {

constexpr std::size_t kMaxFrontMatter = 64 * 1024;
constexpr std::string_view kBom = "\xEF\xBB\xBF";

[[nodiscard]] std::size_t break_at(std::string_view file, std::size_t at) {
  if (at >= file.size()) return 0;
  if (file[at] == '\n') return 1;
  if (file[at] != '\r') return 0;
  return at + 1 < file.size() && file[at + 1] == '\n' ? 2 : 1;
}

[[nodiscard]] std::size_t line_end(std::string_view file, std::size_t at) {
  while (at < file.size() && break_at(file, at) == 0) ++at;
  return at;
}

[[nodiscard]] bool only_blanks(std::string_view text) {
  return text.find_first_not_of(" \t") == std::string_view::npos;
}

[[nodiscard]] bool at_line_start(std::string_view file, std::size_t at) {
  return at == 0 || file[at - 1] == '\n' || file[at - 1] == '\r';
}

/// Completes a cut whose closing dashes stand at `close`.
[[nodiscard]] Cut finish_cut(std::string_view file, std::size_t open, std::size_t close) {
  Cut cut;
  cut.yaml_begin = open + 3;
  cut.yaml_end = close;
  const std::size_t end = line_end(file, close + 3);
  const bool tail_blank = only_blanks(file.substr(close + 3, end - close - 3));
  cut.body_begin = tail_blank ? end + break_at(file, end) : close + 3;
  const std::size_t open_end = line_end(file, cut.yaml_begin);
  cut.lines_alone = tail_blank && at_line_start(file, close) && open_end <= close &&
                    only_blanks(file.substr(cut.yaml_begin, open_end - cut.yaml_begin));
  cut.closing_line = line_of(file, close);
  return cut;
}

/// Offset of the opening dashes behind a BOM and white space, or npos.
[[nodiscard]] std::size_t lenient_opening(std::string_view file) {
  std::size_t at = file.substr(0, kBom.size()) == kBom ? kBom.size() : 0;
  while (at < file.size() && std::string_view(" \t\r\n").find(file[at]) != std::string_view::npos) {
    ++at;
  }
  return file.substr(at, 3) == "---" ? at : std::string_view::npos;
}

[[nodiscard]] std::optional<Cut> cut_at_line_from(std::string_view file, std::size_t open) {
  std::size_t at = line_end(file, open);
  while (at < file.size()) {
    at += break_at(file, at);
    const std::size_t end = line_end(file, at);
    const auto line = file.substr(at, end - at);
    if (line.substr(0, 3) == "---" && only_blanks(line.substr(3))) {
      return finish_cut(file, open, at);
    }
    at = end;
  }
  return std::nullopt;
}

[[nodiscard]] std::optional<Cut> cut_at_dashes_from(std::string_view file, std::size_t open) {
  const std::size_t close = file.find("---", open + 3);
  if (close == std::string_view::npos) return std::nullopt;
  return finish_cut(file, open, close);
}

void shift(yaml::Node& node, std::size_t by) {
  node.begin += by;
  node.end += by;
  for (yaml::Node& item : node.items) shift(item, by);
  for (yaml::Entry& entry : node.entries) {
    entry.begin += by;
    entry.after_colon += by;
    shift(entry.value, by);
  }
}

[[nodiscard]] Finding finding(std::string rule, Severity severity, std::string message, int line) {
  return {std::move(rule), severity, std::move(message), "SKILL.md", line, {}};
}

class Reader {
 public:
  Reader(std::string_view file, Profile profile) : file_(file), profile_(profile) {}

  Reading read() {
    if (!check_utf8()) return std::move(out_);
    const std::size_t open = opening();
    if (open == std::string_view::npos) return std::move(out_);
    const auto cuts = candidates(open);
    if (cuts.empty()) {
      error("F3", "SKILL.md frontmatter not properly closed with ---", 1);
      return std::move(out_);
    }
    parse_first_good(cuts);
    return std::move(out_);
  }

 private:
  void error(std::string rule, std::string message, int line) {
    out_.errors.push_back(finding(std::move(rule), Severity::error, std::move(message), line));
  }

  bool check_utf8() {
    const auto bad = first_invalid_utf8(file_);
    if (!bad) return true;
    error("F0", "SKILL.md is not valid UTF-8 at byte " + std::to_string(*bad),
          line_of(file_, *bad));
    return false;
  }

  std::size_t opening() {
    if (file_.substr(0, 3) == "---") return 0;
    const std::size_t open =
        profile_ == Profile::lenient ? lenient_opening(file_) : std::string_view::npos;
    if (open == std::string_view::npos) {
      error("F2", "SKILL.md must start with YAML frontmatter (---)", 1);
    } else {
      out_.repairs.push_back(finding("F2", Severity::warning,
                                     "a byte order mark or white space precedes the first ---; "
                                     "remove it",
                                     1));
    }
    return open;
  }

  /// Lenient: the first `---` line, else (or if that does not parse) the reference's place.
  std::vector<Cut> candidates(std::size_t open) const {
    std::vector<Cut> cuts;
    if (profile_ == Profile::lenient) {
      if (const auto cut = cut_at_line_from(file_, open)) cuts.push_back(*cut);
    }
    const auto cut = cut_at_dashes_from(file_, open);
    if (cut && (cuts.empty() || cuts.front().yaml_end != cut->yaml_end)) cuts.push_back(*cut);
    return cuts;
  }

  void parse_first_good(const std::vector<Cut>& cuts) {
    std::vector<Finding> first_errors;
    for (const Cut& cut : cuts) {
      out_.cut = cut;
      out_.errors.clear();
      parse(cut);
      if (out_.ok()) return;
      if (first_errors.empty()) first_errors = out_.errors;
    }
    out_.cut = cuts.front();
    out_.errors = std::move(first_errors);
  }

  void parse(const Cut& cut) {
    if (const auto bad = first_control(file_, cut.yaml_begin, cut.yaml_end)) {
      error("F0", "SKILL.md has a control character at byte " + std::to_string(*bad),
            line_of(file_, *bad));
      return;
    }
    const auto text = file_.substr(cut.yaml_begin, cut.yaml_end - cut.yaml_begin);
    if (text.size() > kMaxFrontMatter) {
      error("F3",
            "Invalid YAML in frontmatter: it has " + std::to_string(text.size()) +
                " bytes, at most 65536 are read; move text into the body",
            1);
      return;
    }
    const auto mode =
        profile_ == Profile::lenient ? yaml::Mode::lenient : yaml::Mode::strict_subset;
    auto document = yaml::parse(text, mode);
    if (!document) {
      invalid_yaml(document.error());
    } else if (document->root.kind != yaml::Kind::mapping ||
               document->root.style == yaml::Style::flow) {
      error("F3", "SKILL.md frontmatter must be a YAML mapping", 1);
    } else {
      out_.root = std::move(document->root);
      shift(out_.root, cut.yaml_begin);
      note_repairs(document->repairs, cut.yaml_begin);
    }
  }

  void invalid_yaml(const yaml::Problem& problem) {
    const std::size_t at = out_.cut.yaml_begin + problem.offset;
    const int line = line_of(file_, at);
    std::size_t begin = at;
    while (begin > 0 && !at_line_start(file_, begin)) --begin;
    const std::size_t column = count_code_points(file_.substr(begin, at - begin)) + 1;
    error("F3",
          "Invalid YAML in frontmatter: " + problem.what + " (line " + std::to_string(line) +
              ", column " + std::to_string(column) + "); " + problem.mend,
          line);
  }

  void note_repairs(const std::vector<yaml::Repair>& repairs, std::size_t shift_by) {
    for (const yaml::Repair& repair : repairs) {
      const int line = line_of(file_, repair.offset + shift_by);
      out_.repairs.push_back(finding("F3", Severity::warning,
                                     "line " + std::to_string(line) + ": " + repair.what +
                                         "; write it in plain YAML so that every reader loads it",
                                     line));
    }
  }

  std::string_view file_;
  Profile profile_;
  Reading out_;
};

}  // namespace

std::optional<Cut> cut_at_next_dashes(std::string_view file) {
  if (file.substr(0, 3) != "---") return std::nullopt;
  return cut_at_dashes_from(file, 0);
}

std::optional<Cut> cut_at_line(std::string_view file) {
  const std::size_t open = lenient_opening(file);
  if (open == std::string_view::npos) return std::nullopt;
  return cut_at_line_from(file, open);
}

const yaml::Entry* Reading::find(std::string_view key) const {
  const auto found = std::find_if(root.entries.begin(), root.entries.end(),
                                  [&](const yaml::Entry& entry) { return entry.key == key; });
  return found == root.entries.end() ? nullptr : &*found;
}

Reading read_front_matter(std::string_view file, Profile profile) {
  return Reader(file, profile).read();
}

int line_of(std::string_view text, std::size_t offset) {
  int line = 1;
  for (std::size_t at = 0; at < std::min(offset, text.size()); ++at) {
    const bool crlf = text[at] == '\r' && at + 1 < text.size() && text[at + 1] == '\n';
    if (text[at] == '\n' || (text[at] == '\r' && !crlf)) ++line;
  }
  return line;
}

std::optional<std::size_t> first_control(std::string_view text, std::size_t begin,
                                         std::size_t end) {
  for (std::size_t at = begin; at < end;) {
    const std::size_t start = at;
    const char32_t c = next_code_point(text, at);
    const bool fine = c == 0x09 || c == 0x0A || c == 0x0D || (c >= 0x20 && c <= 0x7E) ||
                      c == 0x85 || (c >= 0xA0 && c <= 0xFFFD) || c > 0xFFFF;
    if (!fine) return start;
  }
  return std::nullopt;
}

}  // namespace skillgrad::skill
