// SPDX-License-Identifier: MIT
#include "skill/lint/leaving_paths.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string>

#include <skillgrad/core/ascii.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/core/unicode.hpp>

namespace skillgrad::skill {

namespace {

constexpr char kFiller = '\x01';  ///< keeps offsets where an entity is shorter than it was written
constexpr int kMostDecodings = 3;

struct Entity {
  std::string_view text;
  char meaning;
};
constexpr std::array<Entity, 6> kNamed = {{{"&period;", '.'},
                                           {"&sol;", '/'},
                                           {"&bsol;", '\\'},
                                           {"&colon;", ':'},
                                           {"&percnt;", '%'},
                                           {"&tilde;", '~'}}};

[[nodiscard]] int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

/// `&#46;` or `&#x2e;` at the start of `text`: its ASCII character and its length, or 0.
[[nodiscard]] std::pair<char, std::size_t> numeric_entity(std::string_view text) {
  if (!text.starts_with("&#")) return {0, 0};
  const bool hex = text.size() > 2 && (text[2] == 'x' || text[2] == 'X');
  const int base = hex ? 16 : 10;
  int value = 0;
  std::size_t at = hex ? 3 : 2;
  for (; at < text.size() && digit_of(text[at]) < base && value < 128; ++at)
    value = value * base + digit_of(text[at]);
  if (at >= text.size() || text[at] != ';' || value < 0x20 || value > 0x7E) return {0, 0};
  return {static_cast<char>(value), at + 1};
}

[[nodiscard]] std::string without_entities(std::string_view markdown) {
  std::string out(markdown);
  for (std::size_t at = out.find('&'); at != std::string::npos; at = out.find('&', at + 1)) {
    const std::string_view rest = std::string_view(out).substr(at);
    auto [meaning, length] = numeric_entity(rest);
    for (const Entity& entity : kNamed) {
      if (rest.starts_with(entity.text)) {
        meaning = entity.meaning;
        length = entity.text.size();
      }
    }
    if (length == 0) continue;
    std::fill_n(out.begin() + static_cast<std::ptrdiff_t>(at), length, kFiller);
    out[at] = meaning;
  }
  return out;
}

[[nodiscard]] std::string percent_decoded(std::string text) {
  for (int i = 0; i < kMostDecodings; ++i) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
      const bool encoded = text[at] == '%' && at + 2 < text.size() && digit_of(text[at + 1]) < 16 &&
                           digit_of(text[at + 2]) < 16;
      if (!encoded) {
        out += text[at];
        continue;
      }
      out += static_cast<char>(digit_of(text[at + 1]) * 16 + digit_of(text[at + 2]));
      at += 2;
    }
    if (out == text) break;
    text = std::move(out);
  }
  return text;
}

[[nodiscard]] bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
  });
}

[[nodiscard]] bool has_extension(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  const std::size_t dot = name.rfind('.');
  return dot != std::string_view::npos && dot > 0 && dot + 1 < name.size() &&
         is_letter(name[dot + 1]) && is_name(name.substr(dot + 1));
}

[[nodiscard]] bool has_drive(std::string_view path) {
  return path.size() > 3 && is_letter(path[0]) && path[1] == ':' &&
         (path[2] == '/' || path[2] == '\\');
}

/// Where backslashes separate folders and do not escape Markdown or a regular expression.
[[nodiscard]] bool is_windows_path(std::string_view path) {
  return has_drive(path) || path.starts_with("\\\\") || path.starts_with("~\\") ||
         starts_with_icase(path, "$env:") || path.find("..\\") != std::string_view::npos ||
         path.find("%\\") != std::string_view::npos;
}

[[nodiscard]] std::vector<std::string> steps_of(std::string_view path) {
  std::vector<std::string> out = split(path, '/');
  std::erase_if(out, [](const std::string& part) { return part.empty() || part == "."; });
  return out;
}

[[nodiscard]] bool climbs_out(std::string_view path) {
  int depth = 0;
  bool out = false;
  bool named = false;
  for (const std::string& part : steps_of(path)) {
    depth += part == ".." ? -1 : 1;
    out = out || depth < 0;
    named = named || part != "..";
  }
  return out && named;
}

/// Folders that stand at the root of some system; below them no extension is needed.
[[nodiscard]] bool is_root_folder(const std::string& name) {
  static const std::set<std::string> kRoots = {
      "etc",  "home",  "root",    "usr",          "var",    "opt",     "mnt",    "media", "srv",
      "proc", "sys",   "boot",    "lib",          "lib64",  "bin",     "sbin",   "dev",   "run",
      "tmp",  "Users", "Library", "Applications", "System", "Volumes", "private"};
  return kRoots.count(name) > 0;
}

[[nodiscard]] bool is_absolute(std::string_view path) {
  if (has_drive(path) || path.starts_with("//")) return steps_of(path).size() > 1;
  if (!path.starts_with("/")) return false;
  const auto names = steps_of(path);
  if (names.empty()) return false;
  static const std::set<std::string> kStreams = {"null", "stdin", "stdout", "stderr", "tty"};
  if (names.size() == 2 && names[0] == "dev" && kStreams.count(names[1]) > 0) return false;
  return has_extension(path) || (names.size() > 1 && is_root_folder(names[0]));
}

[[nodiscard]] bool is_below_home(std::string_view path) {
  for (const std::string_view home :
       {"~/", "$HOME/", "${HOME}/", "$env:HOME/", "$env:USERPROFILE/", "%USERPROFILE%/",
        "%APPDATA%/", "%LOCALAPPDATA%/", "%HOMEPATH%/"}) {
    if (starts_with_icase(path, home)) return path.size() > home.size();
  }
  const std::size_t slash = path.find('/');
  return path.starts_with("~") && slash != std::string_view::npos &&
         is_name(path.substr(1, slash - 1)) && (has_extension(path) || path.starts_with("~root/"));
}

[[nodiscard]] bool leaves(std::string path) {
  if (is_windows_path(path)) path = replace_all(std::move(path), "\\", "/");
  return climbs_out(path) || is_absolute(path) || is_below_home(path);
}

enum class Written { word, link };

/// Whether what stands there leads out, in any reading of it. A link to `..` needs no name.
[[nodiscard]] bool leads_out(const std::string& written, Written as) {
  const std::string text = without_invisible(nfkc(percent_decoded(written)));
  if (starts_with_icase(text, "file:/")) return true;
  if (text.find("://") != std::string::npos || starts_with_icase(text, "mailto:")) return false;
  if (as == Written::link && climbs_out(text + "/x")) return true;
  // A backslash before punctuation is Markdown's escape.
  return leaves(text) || leaves(replace_all(replace_all(text, "\\.", "."), "\\/", "/"));
}

[[nodiscard]] bool ends_word(char c) {
  return static_cast<unsigned char>(c) <= 0x20
             ? c != kFiller
             : std::string_view("\"'`<>()[]|,;=*").find(c) != std::string_view::npos;
}

[[nodiscard]] bool is_stop(char c) { return c == '.' || c == '?' || c == ':' || c == '!'; }

class Finder {
 public:
  explicit Finder(std::string_view markdown)
      : written_(markdown), text_(without_entities(markdown)) {}

  [[nodiscard]] std::vector<Mention> find() {
    for (std::size_t at = 0; at < text_.size();) {
      if (ends_word(text_[at])) {
        ++at;
        continue;
      }
      std::size_t end = at;
      while (end < text_.size() && !ends_word(text_[end])) ++end;
      word(at, end);
      at = end;
    }
    return std::move(found_);
  }

 private:
  [[nodiscard]] bool follows(std::size_t at, std::string_view before) const {
    return std::string_view(text_).substr(0, at).ends_with(before);
  }

  /// `GET /reports/x.csv` names a route, `#!/usr/bin/env` the interpreter of an example.
  [[nodiscard]] bool is_no_file(std::size_t at, std::string_view word) const {
    if (word.starts_with("#!")) return true;
    for (const char* verb : {"GET ", "POST ", "PUT ", "PATCH ", "DELETE ", "HEAD ", "OPTIONS "})
      if (follows(at, verb)) return true;
    return false;
  }

  void word(std::size_t at, std::size_t end) {
    std::string text = text_.substr(at, end - at);
    text.erase(std::remove(text.begin(), text.end(), kFiller), text.end());
    if (is_no_file(at, text)) return;
    const bool link = follows(at, "](") || follows(at, "](<") || follows(at, "]: ");
    text = text.substr(0, text.find('#'));
    while (!text.empty() && is_stop(text.back()) && !text.ends_with("..")) text.pop_back();
    if (text.starts_with("{") && !text.ends_with("}")) text.erase(0, 1);
    std::string rest = text;
    // `see:../x` holds a path behind its colon; a drive and a URL hold it in front.
    const std::size_t colon = text.find(':');
    if (colon != std::string::npos && !has_drive(text) && text.find("://") == std::string::npos &&
        !starts_with_icase(text, "file:") && !starts_with_icase(text, "$env:"))
      rest = text.substr(colon + 1);
    if (!leads_out(rest, link ? Written::link : Written::word) && !leads_out(text, Written::word))
      return;
    std::string_view written = written_.substr(at, end - at);
    if (written.find("&#") == std::string_view::npos)
      written = written.substr(0, written.find('#'));
    while (!written.empty() && is_stop(written.back()) && !written.ends_with(".."))
      written.remove_suffix(1);
    found_.push_back({std::string(written), at});
  }

  std::string_view written_;
  std::string text_;
  std::vector<Mention> found_;
};

}  // namespace

std::vector<Mention> find_leaving_paths(std::string_view markdown) {
  return Finder(markdown).find();
}

}  // namespace skillgrad::skill
