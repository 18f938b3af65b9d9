// SPDX-License-Identifier: MIT
#include "skill/package/mentions.hpp"

#include <algorithm>
#include <set>

#include "skill/package/package_files.hpp"

namespace skillgrad::skill {

namespace {

[[nodiscard]] bool is_path_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.' || c == '/' || static_cast<unsigned char>(c) >= 0x80;
}

[[nodiscard]] bool has_extension(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  const std::size_t dot = name.rfind('.');
  return dot != std::string_view::npos && dot > 0 && dot + 1 < name.size();
}

/// The target of the link whose `](` ends at `at`, without title and fragment.
[[nodiscard]] std::string_view link_target(std::string_view text, std::size_t at) {
  const std::size_t end = text.find_first_of(") \t\r\n#", at);
  return text.substr(at, (end == std::string_view::npos ? text.size() : end) - at);
}

class Finder {
 public:
  Finder(std::string_view text, const std::map<std::string, BundledFile>& files)
      : text_(text), files_(files), folders_{"scripts", "references", "assets"} {
    for (const auto& [path, file] : files) {
      const std::size_t slash = path.find('/');
      if (slash != std::string::npos && !is_below_evals(path))
        folders_.insert(path.substr(0, slash));
    }
  }

  [[nodiscard]] std::vector<Mention> find() {
    for (std::size_t at = 0; at < text_.size();) {
      if (text_.substr(at, 2) == "](") {
        const std::string_view target = link_target(text_, at + 2);
        const bool relative =
            !target.empty() && target.front() != '/' && target.find(':') == std::string_view::npos;
        if (relative) add(target, at + 2);
        at += 2 + target.size();
        continue;
      }
      if (!is_path_char(text_[at])) {
        ++at;
        continue;
      }
      at = word(at);
    }
    return std::move(found_);
  }

 private:
  /// Reads the run of path characters at `begin`; a URL is passed over whole.
  [[nodiscard]] std::size_t word(std::size_t begin) {
    std::size_t end = begin;
    while (end < text_.size() && is_path_char(text_[end])) ++end;
    if (text_.substr(end, 3) == "://") {
      const std::size_t stop = text_.find_first_of(" \t\r\n)>\"'`", end);
      return stop == std::string_view::npos ? text_.size() : stop;
    }
    std::string_view path = text_.substr(begin, end - begin);
    while (!path.empty() && path.back() == '.') path.remove_suffix(1);
    std::string_view plain = path;
    if (plain.substr(0, 2) == "./") plain.remove_prefix(2);
    const std::string_view first = plain.substr(0, plain.find('/'));
    const bool in_folder = plain.find('/') != std::string_view::npos &&
                           folders_.count(std::string(first)) > 0 && has_extension(plain);
    const bool glued =
        begin > 0 && std::string_view("~$*>}\\").find(text_[begin - 1]) != std::string_view::npos;
    if (!glued && (in_folder || files_.count(std::string(plain)) > 0)) add(path, begin);
    return end;
  }

  void add(std::string_view path, std::size_t offset) {
    if (path.substr(0, 2) == "./") path.remove_prefix(2);
    if (!path.empty()) found_.push_back({std::string(path), offset});
  }

  std::string_view text_;
  const std::map<std::string, BundledFile>& files_;
  std::set<std::string> folders_;
  std::vector<Mention> found_;
};

}  // namespace

std::vector<Mention> find_mentions(std::string_view text,
                                   const std::map<std::string, BundledFile>& files) {
  return Finder(text, files).find();
}

}  // namespace skillgrad::skill
