// SPDX-License-Identifier: MIT
#include "bench/records/eval_files.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

#include "bench/grade_tools.hpp"

namespace skillgrad::bench {
namespace {

constexpr std::size_t kMostFiles = 2'000;  ///< of one eval

/// One item of the list: a path below the skill's folder, or a content.
struct Item {
  std::string named;   ///< as the eval names it
  Json source;         ///< {"path":...}, {"text":...} or a data URI; null for a folder
  fs::path folder;     ///< of a folder
  bool fixed = false;  ///< `named` is its place in the work directory
};

/// Without "./", doubled slashes and a slash at the end.
std::string tidy(const std::string& path) {
  std::string out = fs::path(path).lexically_normal().generic_string();
  while (out.size() > 1 && out.ends_with('/')) out.pop_back();
  return out;
}

class EvalFiles {
 public:
  EvalFiles(const std::string& prompt, const EvalFolders& folders, Notices& notices)
      : prompt_(prompt), folders_(folders), notices_(notices) {}

  Result<> add(const Json& item) {
    if (item.is_string()) return add_path(item.get<std::string>(), item.get<std::string>());
    if (item.is_null()) return {};
    if (!item.is_object()) return odd(item);
    used_.clear();
    for (const char* key : {"content", "text", "data", "contents"})
      if (item.contains(key)) return add_content(item, key);
    const std::string name = take(item, {"name", "filename", "target", "dest", "path"});
    std::string path = take(item, {"source", "src", "from", "path", "file"});
    if (path.empty()) path = name;
    note_unused(item, name, path);
    return path.empty() ? odd(item) : add_path(path, name.empty() ? path : name);
  }

  Result<Json> placed() const {
    Json out = Json::object();
    for (const Item& item : items_) {
      const std::string name = place_of(item);
      if (item.folder.empty()) {
        SKILLGRAD_CHECK(put(name, item.source, out));
      } else {
        SKILLGRAD_CHECK(put_folder(name, item.folder, out));
      }
    }
    return out;
  }

 private:
  [[nodiscard]] tl::unexpected<Error> odd(const Json& item) const {
    return fail(ErrorCode::dataset, "a file is given as " + truncate_middle(dump_json(item), 80),
                folders_.where,
                "write a path, or {\"path\":\"name in the work directory\",\"content\":\"...\"}");
  }

  std::string take(const Json& item, std::initializer_list<const char*> keys) {
    for (const char* key : keys) {
      if (!item.contains(key) || !item[key].is_string()) continue;
      used_.emplace_back(key);
      return item[key].get<std::string>();
    }
    return "";
  }

  Result<> add_content(const Json& item, const char* key) {
    const std::string name = take(item, {"name", "filename", "path", "target", "dest"});
    if (name.empty() || !item[key].is_string()) return odd(item);
    used_.emplace_back(key);
    const std::string content = item[key].get<std::string>();
    const std::string encoding = to_lower_ascii(trim(take(item, {"encoding"})));
    const bool plain = encoding.empty() || encoding == "utf-8" || encoding == "utf8" ||
                       encoding == "text" || encoding == "plain" || encoding == "ascii";
    if (!plain && encoding != "base64")
      return fail(ErrorCode::dataset,
                  "the encoding of the file \"" + name + "\" is \"" + encoding + "\"",
                  folders_.where, "write \"base64\", or leave it out where the content is a text");
    note_unused(item, name, name);
    Json source = plain ? Json{{"text", content}} : Json("data:;base64," + content);
    items_.push_back({tidy(name), std::move(source), {}, true});
    return {};
  }

  void note_unused(const Json& item, const std::string& name, const std::string& path) {
    for (const auto& [key, value] : item.items())
      if (!value.is_null() && value != name && value != path &&
          std::find(used_.begin(), used_.end(), key) == used_.end())
        notices_.add(folders_.where, "\"" + key + "\" of a file is not used");
  }

  Result<> add_path(const std::string& written, const std::string& named) {
    const std::string path = tidy(written);
    if (!is_confined(path))
      return fail(ErrorCode::dataset, "file \"" + written + "\" leaves the skill's folder",
                  folders_.where, "copy it into the skill and give its path below the skill");
    for (const fs::path& folder : {folders_.skill, folders_.file}) {
      std::error_code error;
      const fs::path full = folder / path;
      const auto kind = fs::status(full, error).type();
      if (kind == fs::file_type::directory) {
        items_.push_back({tidy(named), {}, full, named != written});
        return {};
      }
      if (kind != fs::file_type::regular) continue;
      const fs::path below = full.lexically_relative(folders_.skill);
      items_.push_back({tidy(named), {{"path", below.generic_string()}}, {}, named != written});
      return {};
    }
    return fail(ErrorCode::dataset,
                "no file or folder \"" + written + "\" in " + folders_.skill.string() +
                    (folders_.file == folders_.skill ? "" : " or " + folders_.file.string()),
                folders_.where, "add the file, correct its path, or take it out of \"files\"");
  }

  /// The longest end of the path that the prompt names; else the name, or all of the path where
  /// another item ends alike.
  [[nodiscard]] std::string place_of(const Item& item) const {
    std::string end = item.named;
    if (item.fixed) return end;
    while (true) {
      if (prompt_.find(end) != std::string::npos && end.find('/') != std::string::npos) return end;
      const std::size_t slash = end.find('/');
      if (slash == std::string::npos) break;
      end.erase(0, slash + 1);
    }
    const bool shared = std::any_of(items_.begin(), items_.end(), [&](const Item& other) {
      return other.named != item.named &&
             fs::path(other.named).filename() == fs::path(item.named).filename();
    });
    return shared ? item.named : end;
  }

  Result<> put(const std::string& name, const Json& source, Json& out) const {
    if (out.contains(name) && out[name] != source)
      return fail(ErrorCode::dataset, "two files are named \"" + name + "\"", folders_.where,
                  "give each file a path of its own");
    out[name] = source;
    if (out.size() > kMostFiles)
      return fail(ErrorCode::dataset,
                  "more than " + std::to_string(kMostFiles) + " files for one eval", folders_.where,
                  "name a smaller folder");
    return {};
  }

  Result<> put_folder(const std::string& name, const fs::path& folder, Json& out) const {
    auto listed = list_files(folder);
    if (!listed) return unexpected(std::move(listed).error().with_context("files of an eval"));
    std::sort(listed->begin(), listed->end());
    bool any = false;
    for (const std::string& file : *listed) {
      if (("/" + file).find("/.git/") != std::string::npos) continue;
      if (!find_output(folder, file)) {
        notices_.add(folders_.where,
                     "in a folder of \"files\" what is no regular file is left "
                     "out: " +
                         file);
        continue;
      }
      any = true;
      const fs::path below = (folder / file).lexically_relative(folders_.skill);
      SKILLGRAD_CHECK(put(name + "/" + file, {{"path", below.generic_string()}}, out));
    }
    if (!any) notices_.add(folders_.where, "the folder \"" + name + "\" of \"files\" is empty");
    return {};
  }

  const std::string& prompt_;
  const EvalFolders& folders_;
  Notices& notices_;
  std::vector<Item> items_;
  std::vector<std::string> used_;  ///< keys of the item that is added
};

}  // namespace

Result<Json> eval_files(const Json& list, const std::string& prompt, const EvalFolders& folders,
                        Notices& notices) {
  if (list.is_object() && !list.contains("path") && !list.contains("name")) return list;
  EvalFiles files(prompt, folders, notices);
  if (list.is_array()) {
    for (const Json& item : list) SKILLGRAD_CHECK(files.add(item));
  } else {
    SKILLGRAD_CHECK(files.add(list));
  }
  return files.placed();
}

}  // namespace skillgrad::bench
