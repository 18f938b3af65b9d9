// SPDX-License-Identifier: MIT
#include "skill/package/description_writer.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <skillgrad/core/ascii.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/core/unicode.hpp>

#include "skill/package/front_matter.hpp"
#include "skill/package/newlines.hpp"

namespace skillgrad::skill {

namespace {

constexpr std::size_t kMaxCodePoints = 1024;
constexpr std::size_t kLongLine = 120;
constexpr std::size_t kBlockLine = 88;

[[nodiscard]] bool all_of_set(std::string_view text, std::string_view set) {
  return !text.empty() && text.find_first_not_of(set) == std::string_view::npos;
}

/// Integers and floats of YAML 1.1 and 1.2, with underscores, radix prefixes and base 60.
[[nodiscard]] bool looks_numeric(std::string_view text) {
  if (!text.empty() && (text.front() == '+' || text.front() == '-')) text.remove_prefix(1);
  if (text.empty()) return false;
  const std::string lower = to_lower_ascii(text);
  if (lower == ".inf" || lower == ".nan") return true;
  if (lower.starts_with("0x")) return all_of_set(lower.substr(2), "0123456789abcdef_");
  if (lower.starts_with("0o")) return all_of_set(lower.substr(2), "01234567_");
  if (lower.starts_with("0b")) return all_of_set(lower.substr(2), "01_");
  if (!is_digit(text.front()) && text.front() != '.') return false;
  if (std::none_of(text.begin(), text.end(), is_digit)) return false;
  std::size_t at = lower.find_first_not_of("0123456789_.:,");
  if (at == std::string::npos) return true;
  if (lower[at] != 'e') return false;
  ++at;
  if (at < lower.size() && (lower[at] == '+' || lower[at] == '-')) ++at;
  return at < lower.size() && all_of_set(std::string_view(lower).substr(at), "0123456789");
}

/// YYYY-M-D with an optional time behind it.
[[nodiscard]] bool looks_like_date(std::string_view text) {
  const auto parts = split(text.substr(0, text.find_first_of("Tt ")), '-');
  return parts.size() == 3 && parts[0].size() == 4 && parts[1].size() <= 2 &&
         parts[2].size() <= 2 &&
         std::all_of(parts.begin(), parts.end(),
                     [](const std::string& part) { return all_of_set(part, "0123456789"); });
}

[[nodiscard]] bool is_safe_plain(std::string_view text) {
  if (text.empty() || looks_typed(text)) return false;
  if (std::string_view("[]{},#&*!|>'\"%@`-?:").find(text.front()) != std::string_view::npos) {
    return false;
  }
  return text.find(": ") == std::string_view::npos && text.find(" #") == std::string_view::npos &&
         text.back() != ':' && text.find("\xC2\x85") == std::string_view::npos &&
         text.find("\xE2\x80\xA8") == std::string_view::npos &&
         text.find("\xE2\x80\xA9") == std::string_view::npos;
}

[[nodiscard]] std::string double_quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

/// Folded lines of at most about 90 bytes, broken at single blanks.
[[nodiscard]] std::string folded_block(std::string_view text, std::string_view newline,
                                       std::size_t indent) {
  std::string out = ">-";
  std::string line;
  const auto flush = [&] {
    out += newline;
    out.append(indent + 2, ' ');
    out += line;
    line.clear();
  };
  for (const std::string& word : split(text, ' ')) {
    if (!line.empty() && line.size() + word.size() >= kBlockLine) flush();
    line += line.empty() ? word : " " + word;
  }
  flush();
  return out;
}

/// One line: white space runs become single blanks. Errors: what a description cannot hold.
[[nodiscard]] Result<std::string> one_line(std::string_view text) {
  if (first_invalid_utf8(text)) {
    return fail(ErrorCode::input, "the description is not valid UTF-8", {}, "write plain text");
  }
  std::string out;
  bool blank = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    const char32_t c = next_code_point(text, at);
    if (is_white_space(c)) {
      blank = !out.empty();
      continue;
    }
    if (c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0xFEFF || c == 0xFFFE || c == 0xFFFF) {
      return fail(ErrorCode::input, "the description holds a control character", {},
                  "write plain text");
    }
    if (blank) out += ' ';
    blank = false;
    out += text.substr(begin, at - begin);
  }
  if (out.empty()) {
    return fail(ErrorCode::input, "the description is empty", {},
                "say in one sentence what the skill does and when to use it");
  }
  if (out.find("---") != std::string::npos) {
    return fail(ErrorCode::input, "the description holds `---`, which would end the front matter",
                {}, "write a single dash or a comma instead");
  }
  return out;
}

[[nodiscard]] Result<> check_length(std::string_view text) {
  const std::size_t code_points = count_code_points(text);
  if (code_points > kMaxCodePoints) {
    return fail(ErrorCode::input,
                "the description has " + std::to_string(code_points) + " characters, at most " +
                    std::to_string(kMaxCodePoints) + " are allowed",
                {}, "shorten it and call set_description again");
  }
  return {};
}

[[nodiscard]] tl::unexpected<Error> cannot_locate(std::string why) {
  return fail(ErrorCode::input, "the description cannot be replaced safely: " + std::move(why),
              "SKILL.md", "write the front matter as plain `key: value` lines by hand");
}

/// The bytes to put between the colon and the end of the old value.
[[nodiscard]] Result<std::pair<std::size_t, std::size_t>> value_span(const Reading& reading,
                                                                     const std::string& file) {
  const yaml::Entry& entry = *reading.find("description");
  const yaml::Node& node = entry.value;
  if (node.kind != yaml::Kind::scalar) return cannot_locate("its value is not a text");
  std::size_t begin = entry.after_colon;
  if (node.style == yaml::Style::empty) return std::pair{begin, begin};
  while (begin < node.begin && file[begin] == ' ') ++begin;
  if (begin != node.begin) {
    const auto gap = file.substr(begin, node.begin - begin);
    if (gap.find('#') != std::string::npos) return cannot_locate("a comment precedes its value");
  }
  return std::pair{entry.after_colon, node.end};
}

[[nodiscard]] Result<> verify(const std::string& before, const std::string& after,
                              const std::string& text) {
  for (const Profile profile : {Profile::spec, Profile::lenient}) {
    const Reading old_reading = read_front_matter(before, profile);
    // Where another key is no plain YAML, one reading has to do; its bytes stay as they are.
    if (profile == Profile::spec && !old_reading.ok()) continue;
    const Reading reading = read_front_matter(after, profile);
    const yaml::Entry* entry = reading.ok() ? reading.find("description") : nullptr;
    if (entry == nullptr || entry->value.value != text) {
      return cannot_locate("the result does not read back");
    }
    if (profile == Profile::lenient && reading.repairs.size() > old_reading.repairs.size()) {
      return cannot_locate("the result would need a repair");
    }
    const bool same_body = !old_reading.ok() || before.substr(old_reading.cut.body_begin) ==
                                                    after.substr(reading.cut.body_begin);
    if (profile == Profile::lenient && !same_body) return cannot_locate("the body would change");
  }
  return {};
}

}  // namespace

bool looks_typed(std::string_view plain) {
  static constexpr std::string_view kWords[] = {"",   "~",  "null", "true", "false", "yes",
                                                "no", "on", "off",  "y",    "n",     "="};
  const std::string lower = to_lower_ascii(plain);
  return std::find(std::begin(kWords), std::end(kWords), lower) != std::end(kWords) ||
         looks_numeric(plain) || looks_like_date(plain);
}

std::size_t count_words(std::string_view text) {
  std::size_t words = 0;
  bool inside = false;
  for (std::size_t at = 0; at < text.size();) {
    const bool space = is_white_space(next_code_point(text, at));
    words += !space && !inside;
    inside = !space;
  }
  return words;
}

std::string render_description(std::string_view text, std::string_view newline,
                               std::size_t indent) {
  if (count_code_points(text) > kLongLine) return folded_block(text, newline, indent);
  return is_safe_plain(text) ? std::string(text) : double_quoted(text);
}

Result<std::string> with_description(const std::string& skill_md, std::string_view text) {
  SKILLGRAD_TRY(const std::string line, one_line(text));
  SKILLGRAD_CHECK(check_length(line));
  const Reading reading = read_front_matter(skill_md, Profile::lenient);
  if (!reading.ok()) return cannot_locate("the front matter does not read");
  if (reading.find("description") == nullptr) return cannot_locate("there is none");
  SKILLGRAD_TRY(const auto span, value_span(reading, skill_md));
  const std::string_view newline = newline_of(skill_md);
  std::string value = " " + render_description(line, newline, reading.root.column);
  std::string after = skill_md;
  after.replace(span.first, span.second - span.first, value);
  if (auto verified = verify(skill_md, after, line); !verified) {
    value = " " + double_quoted(line);
    after = skill_md;
    after.replace(span.first, span.second - span.first, value);
    SKILLGRAD_CHECK(verify(skill_md, after, line));
  }
  return after;
}

}  // namespace skillgrad::skill
