// SPDX-License-Identifier: MIT
#include "skill/package/package_files.hpp"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <system_error>
#include <utility>

#include <sys/stat.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/text.hpp>

namespace skillgrad::skill {

namespace {

[[nodiscard]] Finding limit(const std::string& file, std::string message) {
  return {"P1", Severity::error, std::move(message), file, 0, file};
}

class Walker {
 public:
  Walker(fs::path root, PackageFiles& out) : root_(std::move(root)), out_(out) {}

  [[nodiscard]] Result<> walk() {
    std::error_code code;
    real_root_ = fs::canonical(root_, code);
    if (code) return tl::unexpected(errno_error(code.value(), "cannot open", root_.string()));
    return folder(root_, "", 1);
  }

 private:
  [[nodiscard]] static Result<std::vector<fs::path>> entries(const fs::path& dir) {
    std::vector<fs::path> out;
    std::error_code code;
    for (fs::directory_iterator it(dir, code); !code && it != fs::directory_iterator();
         it.increment(code)) {
      out.push_back(it->path());
    }
    if (code) return tl::unexpected(errno_error(code.value(), "cannot list", dir.string()));
    std::sort(out.begin(), out.end());
    return out;
  }

  [[nodiscard]] Result<> folder(const fs::path& dir, const std::string& prefix, std::size_t level) {
    SKILLGRAD_TRY(const auto listed, entries(dir));
    for (const fs::path& path : listed) {
      const std::string component = path.filename().string();
      if (is_ignored_component(component) || (prefix.empty() && component == kConfigFile)) continue;
      const std::string name = prefix + component;
      if (first_invalid_utf8(name)) {
        out_.limits.push_back(limit("SKILL.md", "a file name below " +
                                                    (prefix.empty() ? "the package" : prefix) +
                                                    " is not valid UTF-8; rename it"));
        continue;
      }
      if (out_.files.size() > kMaxPackageFiles || bytes_ > kMaxPackageBytes) return {};
      SKILLGRAD_CHECK(entry(path, name, level));
    }
    return {};
  }

  [[nodiscard]] Result<> entry(const fs::path& path, const std::string& name, std::size_t level) {
    std::error_code code;
    const auto kind = fs::symlink_status(path, code).type();
    if (code) return tl::unexpected(errno_error(code.value(), "cannot read", path.string()));
    if (kind == fs::file_type::directory && name == out_.skill_file) {
      out_.limits.push_back(limit(name, name + " is a folder; a file is expected"));
      return {};
    }
    if (kind == fs::file_type::directory) {
      if (level >= kMaxLevels) {
        out_.limits.push_back(limit(name, name + " lies deeper than 6 levels; move its files up"));
        return {};
      }
      return folder(path, name + "/", level + 1);
    }
    if (kind == fs::file_type::symlink) {
      const auto fault = fault_of_link(path);
      if (fault) out_.limits.push_back(limit(name, name + " is a link that " + *fault));
      // Its rules are judged on what every reader would read; loading refuses it all the same.
      const bool skill = name == out_.skill_file && fs::is_regular_file(path, code);
      if (fault && !skill) return {};
    }
    if (kind != fs::file_type::symlink && kind != fs::file_type::regular) {
      out_.limits.push_back(
          limit(name, name + " is neither a regular file nor a folder; remove it"));
      return {};
    }
    return file(path, name);
  }

  /// Why a link is no file of the package; nullopt when it is one.
  [[nodiscard]] std::optional<std::string> fault_of_link(const fs::path& path) const {
    std::error_code code;
    const fs::path target = fs::canonical(path, code);
    if (code) return "leads nowhere; put the file itself there";
    if (!fs::is_regular_file(target, code) || code)
      return "leads to no regular file; put files themselves there";
    const auto relative = target.lexically_relative(real_root_);
    if (!relative.empty() && *relative.begin() != "..") return std::nullopt;
    return "leaves the package; copy the file instead";
  }

  [[nodiscard]] Result<> file(const fs::path& path, const std::string& name) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) {
      return tl::unexpected(errno_error(errno, "cannot read", path.string()));
    }
    const auto size = static_cast<std::size_t>(info.st_size);
    bytes_ += size;
    if (bytes_ > kMaxPackageBytes) {
      out_.limits.push_back(limit(name, "the package is larger than 20 MiB; make it smaller"));
      return {};
    }
    SKILLGRAD_TRY(auto bytes, read_file(path, kMaxPackageBytes));
    const auto mode = static_cast<std::uint32_t>(info.st_mode) & 0777U;
    if (name == out_.skill_file) {
      out_.skill_md = std::move(bytes);
      out_.has_skill_md = true;
      out_.skill_mode = mode;
    } else {
      out_.files[name] = {std::move(bytes), mode};
    }
    return {};
  }

  fs::path root_;
  fs::path real_root_;
  PackageFiles& out_;
  std::size_t bytes_ = 0;
};

/// Names by exact spelling, also on file systems that ignore case.
[[nodiscard]] std::string find_skill_file(const fs::path& dir) {
  bool lower = false;
  std::error_code code;
  for (fs::directory_iterator it(dir, code); !code && it != fs::directory_iterator();
       it.increment(code)) {
    if (it->path().filename() == "SKILL.md") return "SKILL.md";
    lower = lower || it->path().filename() == "skill.md";
  }
  return lower ? "skill.md" : "";
}

}  // namespace

bool is_ignored_component(std::string_view component) {
  return component.empty() || component.front() == '.' || component == "__pycache__" ||
         component == "node_modules";
}

bool is_below_evals(std::string_view path) {
  return path == "evals" || path.substr(0, 6) == "evals/";
}

bool is_text(std::string_view bytes) {
  return bytes.find('\0') == std::string_view::npos && !first_invalid_utf8(bytes);
}

Result<PackageFiles> read_package_files(const fs::path& dir) {
  PackageFiles out;
  out.skill_file = find_skill_file(dir);
  SKILLGRAD_CHECK(Walker(dir, out).walk());
  for (Finding& more : check_limits(out.skill_md, out.files)) out.limits.push_back(std::move(more));
  return out;
}

std::vector<Finding> check_limits(std::string_view skill_md,
                                  const std::map<std::string, BundledFile>& files) {
  std::vector<Finding> out;
  if (skill_md.size() > kMaxSkillMd) {
    out.push_back(limit("SKILL.md", "SKILL.md is larger than 256 KiB; move text to references/"));
  }
  std::size_t bytes = skill_md.size();
  for (const auto& [path, file] : files) {
    bytes += file.bytes.size();
    if (file.bytes.size() > kMaxTextFile && is_text(file.bytes)) {
      out.push_back(limit(path, path + " is a text file larger than 1 MiB; split it"));
    }
    if (static_cast<std::size_t>(std::count(path.begin(), path.end(), '/')) >= kMaxLevels) {
      out.push_back(limit(path, path + " lies deeper than 6 levels; move it up"));
    }
  }
  if (files.size() + 1 > kMaxPackageFiles) {
    out.push_back(limit("SKILL.md", "the package has more than 500 files; remove some"));
  }
  if (bytes > kMaxPackageBytes) {
    out.push_back(limit("SKILL.md", "the package is larger than 20 MiB; make it smaller"));
  }
  return out;
}

}  // namespace skillgrad::skill
