// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cctype>
#include <set>
#include <system_error>

#include <skillgrad/agent/external.hpp>
#include <skillgrad/core/files.hpp>
#include <skillgrad/core/hashing.hpp>
#include <skillgrad/core/json.hpp>
#include <skillgrad/core/resources.hpp>
#include <skillgrad/core/text.hpp>

#include "agent/external/placeholders.hpp"

namespace skillgrad::agent {
namespace {

constexpr const char* kFolder = "configs/agents/";
constexpr const char* kSchema = "skillgrad.agent/1";
constexpr std::uint64_t kMostProfileBytes = 1U << 20U;

/// The line of a profile where these bytes stand first; 0 where they do not.
std::size_t line_of(std::string_view text, std::string_view bytes) {
  const std::size_t at = bytes.empty() ? std::string_view::npos : text.find(bytes);
  if (at == std::string_view::npos) return 0;
  return 1 + static_cast<std::size_t>(
                 std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
}

/// "FILE:LINE", by the first quoted word of the message or the bytes that it is about.
Error at_line(Error error, const std::string& text, std::string_view bytes) {
  std::string quoted;
  if (bytes.empty()) {
    const std::size_t open = error.message.find('"');
    const std::size_t close = open == std::string::npos ? open : error.message.find('"', open + 1);
    if (close != std::string::npos) quoted = error.message.substr(open, close - open + 1);
    bytes = quoted;
  }
  if (const std::size_t line = line_of(text, bytes); line > 0)
    error.where += ":" + std::to_string(line);
  error.code = ErrorCode::config;
  if (error.mend.empty())
    error.mend = "mend it as docs/executors.md describes the keys of a profile";
  return error;
}

class ProfileReader {
 public:
  ProfileReader(const std::string& text, const std::string& origin, const Json& json)
      : text_(text), origin_(origin), reader_(json, origin) {}

  Result<AgentProfile> read() {
    AgentProfile out;
    out.origin = origin_;
    const std::string schema = reader_.string("schema");
    if (schema != kSchema)
      reader_.reject("schema", "got \"" + schema + "\", expected \"" + kSchema + "\"");
    out.name = reader_.string("name");
    if (slugify(out.name) != out.name || out.name.empty())
      reader_.reject("name",
                     "must be of small letters, digits and hyphens, got \"" + out.name + "\"");
    out.title = reader_.string("title", out.name);
    out.program = reader_.string("program");
    if (trim(out.program).empty()) reader_.reject("program", "must not be empty");
    out.arguments = reader_.strings("arguments");
    out.version_words = reader_.strings("version_words", std::vector<std::string>());
    out.prompt = read_named<PromptPlace>(reader_, "prompt");
    out.skill_folders = reader_.strings("skill_folders");
    out.skill_tools = reader_.strings("skill_tools", std::vector<std::string>());
    out.env = texts("env");
    out.home_files = texts("home_files");
    out.key_header = read_named<KeyHeader>(reader_, "key_header", KeyHeader::bearer);
    out.transcript = read_named<TranscriptFormat>(reader_, "transcript");
    out.exit_codes = exit_codes();
    out.needs = reader_.strings("needs", std::vector<std::string>());
    out.mounts = reader_.strings("mounts", std::vector<std::string>());
    out.time_limit = std::chrono::seconds(reader_.integer("time_limit_s", 3600, 1, 86'400));
    check_paths(out);
    if (auto read = reader_.finish(); !read)
      return tl::unexpected(at_line(std::move(read).error(), text_, ""));
    SKILLGRAD_CHECK(check_templates(out));
    return out;
  }

 private:
  std::map<std::string, std::string> texts(const char* key) {
    std::map<std::string, std::string> out;
    const Json value = reader_.any(key);
    if (value.is_null()) return out;
    if (!value.is_object())
      reader_.reject(key, "must be an object of texts");
    else
      for (const auto& [name, item] : value.items()) {
        if (!item.is_string())
          reader_.reject(key, "must hold texts only; \"" + name + "\" is none");
        else
          out[name] = item.get<std::string>();
      }
    return out;
  }

  std::map<int, EndState> exit_codes() {
    std::map<int, EndState> out;
    for (const auto& [code, word] : texts("exit_codes")) {
      const auto end = named<EndState>(word);
      const bool number =
          !code.empty() && code.size() <= 3 &&
          std::all_of(code.begin(), code.end(), [](char c) { return c >= '0' && c <= '9'; });
      const bool possible = end && (*end == EndState::turn_limit || *end == EndState::token_limit ||
                                    *end == EndState::time_limit || *end == EndState::refused);
      if (!number || !possible)
        reader_.reject(
            "exit_codes",
            "must name ends of a task by exit code, got \"" + code + "\": \"" + word + "\"",
            "use turn_limit, token_limit, time_limit or refused; every other code but 0 is a "
            "fault");
      else
        out[std::stoi(code)] = *end;
    }
    return out;
  }

  void check_paths(const AgentProfile& profile) {
    const auto inner = [](const std::string& path) {
      const fs::path at = fs::path(path).lexically_normal();
      return !path.empty() && at.is_relative() && *at.begin() != ".." && at != ".";
    };
    for (const std::string& folder : profile.skill_folders)
      if (!inner(folder))
        reader_.reject("skill_folders",
                       "must be folders inside the work directory, got \"" + folder + "\"",
                       "write it as .agents/skills");
    for (const auto& [file, ignored] : profile.home_files)
      if (!inner(file))
        reader_.reject("home_files", "must be files below HOME, got \"" + file + "\"",
                       "write it as .config/x.json");
    for (const std::string& mount : profile.mounts)
      if (!fs::path(mount).is_absolute())
        reader_.reject("mounts", "must be absolute paths, got \"" + mount + "\"",
                       "write the whole path");
    for (const auto& [name, ignored] : profile.env)
      if (name.empty() || name.find('=') != std::string::npos)
        reader_.reject("env", "holds \"" + name + "\", which is no name of a variable",
                       "write NAME");
  }

  Result<> check_template(const std::string& key, const std::string& value,
                          bool prompt_allowed) const {
    const auto& known = placeholder_names();
    for (const std::string& name : placeholders_in(value)) {
      const std::string shown = "${" + name + "}";
      Error error{ErrorCode::config, "", origin_, "", {}};
      if (std::find(known.begin(), known.end(), name) == known.end()) {
        const auto near = nearest_match(name, known);
        error.message = name.empty()
                            ? "\"" + key + "\" holds a \"${\" without its \"}\""
                            : "\"" + key + "\" names " + shown + ", which is no placeholder";
        error.mend =
            near ? "did you mean ${" + *near + "}?" : "use one of ${" + join(known, "}, ${") + "}";
        return tl::unexpected(at_line(std::move(error), text_, name.empty() ? "${" : shown));
      }
      if (name == "prompt" && !prompt_allowed) {
        error.message =
            "\"" + key +
            "\" holds ${prompt}, but \"prompt\" is not \"argument\", or this is no argument";
        error.mend =
            "put ${prompt} into \"arguments\" with \"prompt\": \"argument\", or leave it out";
        return tl::unexpected(at_line(std::move(error), text_, shown));
      }
    }
    return {};
  }

  [[nodiscard]] Result<> check_templates(const AgentProfile& profile) const {
    bool has_prompt = false;
    for (const std::string& argument : profile.arguments) {
      SKILLGRAD_CHECK(
          check_template("arguments", argument, profile.prompt == PromptPlace::argument));
      const auto names = placeholders_in(argument);
      has_prompt = has_prompt || std::find(names.begin(), names.end(), "prompt") != names.end();
    }
    for (const auto& [name, value] : profile.env)
      SKILLGRAD_CHECK(check_template("env", value, false));
    for (const auto& [name, value] : profile.home_files)
      SKILLGRAD_CHECK(check_template("home_files", value, false));
    if (profile.prompt == PromptPlace::argument && !has_prompt)
      return fail(ErrorCode::config, "\"prompt\" is \"argument\", but no argument holds ${prompt}",
                  origin_, "put \"${prompt}\" into \"arguments\", or write \"prompt\": \"stdin\"");
    return {};
  }

  const std::string& text_;
  std::string origin_;
  StrictReader reader_;
};

std::string hash_of(const AgentProfile& profile) {
  PartHasher out;
  const auto add_all = [&](const std::vector<std::string>& words) {
    out.add(std::to_string(words.size()));
    for (const std::string& word : words) out.add(word);
  };
  out.add(profile.name).add(profile.program);
  add_all(profile.arguments);
  out.add(name_of(profile.prompt))
      .add(name_of(profile.transcript))
      .add(name_of(profile.key_header));
  add_all(profile.skill_folders);
  add_all(profile.skill_tools);
  for (const auto& [name, value] : profile.env) out.add("env").add(name).add(value);
  for (const auto& [name, value] : profile.home_files) out.add("file").add(name).add(value);
  for (const auto& [code, end] : profile.exit_codes)
    out.add(std::to_string(code)).add(name_of(end));
  out.add(std::to_string(profile.time_limit.count()));
  return out.finish();
}

/// Words as a shell reads them: blanks part them, quotes and backslashes keep them together.
Result<std::vector<std::string>> shell_words(const std::string& line) {
  std::vector<std::string> out;
  std::string word;
  bool in_word = false;
  char quote = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    const bool escapes = c == '\\' && quote != '\'' && i + 1 < line.size() &&
                         (quote == 0 || line[i + 1] == '"' || line[i + 1] == '\\');
    if (escapes) {
      word += line[++i];
      in_word = true;
    } else if (quote != 0) {
      if (c == quote)
        quote = 0;
      else
        word += c;
    } else if (c == '\'' || c == '"') {
      quote = c;
      in_word = true;
    } else if (c == ' ' || c == '\t' || c == '\n') {
      if (in_word) out.push_back(std::move(word));
      word.clear();
      in_word = false;
    } else {
      word += c;
      in_word = true;
    }
  }
  if (quote != 0)
    return fail(ErrorCode::usage, std::string("a ") + quote + " is not closed",
                "--executor-command", "close the quotation");
  if (in_word) out.push_back(std::move(word));
  return out;
}

/// A word that is a file or folder here, as an absolute path; else "".
std::string existing_path(const std::string& word, const fs::path& folder) {
  std::error_code problem;
  const fs::path path = fs::absolute(folder / word, problem).lexically_normal();
  if (word.empty() || word.front() == '-' || problem || !fs::exists(path, problem)) return {};
  return path.string();
}

}  // namespace

bool is_profile_path(const std::string& text) {
  return text.find('/') != std::string::npos || text.ends_with(".json");
}

std::vector<std::string> agent_names() {
  std::vector<std::string> out;
  for (const auto& [path, ignored] : resources_below(kFolder))
    out.push_back(fs::path(path).stem().string());
  return out;
}

Result<AgentProfile> read_agent_profile(const std::string& text, const std::string& origin) {
  auto json = parse_json(text, origin, true);
  if (!json) {
    json.error().code = ErrorCode::config;
    return tl::unexpected(std::move(json).error());
  }
  SKILLGRAD_TRY(AgentProfile out, ProfileReader(text, origin, *json).read());
  out.hash = hash_of(out);
  return out;
}

Result<AgentProfile> load_agent_profile(const std::string& name_or_path) {
  if (is_profile_path(name_or_path)) {
    SKILLGRAD_TRY(const std::string text, read_file(name_or_path, kMostProfileBytes));
    SKILLGRAD_TRY(AgentProfile out, read_agent_profile(text, name_or_path));
    // A program that is named by a path lies where its profile does.
    if (out.program.find('/') != std::string::npos && fs::path(out.program).is_relative())
      out.program =
          (fs::absolute(name_or_path).parent_path() / out.program).lexically_normal().string();
    return out;
  }
  const std::string path = kFolder + name_or_path + ".json";
  const auto text = resource(path);
  if (text) return read_agent_profile(std::string(*text), path);
  auto names = agent_names();
  names.emplace_back(kToolsExecutor);
  const auto near = nearest_match(name_or_path, names);
  return fail(ErrorCode::config, "there is no executor \"" + name_or_path + "\"", "--executor",
              near ? "did you mean " + *near + "?"
                   : "use one of " + join_or(names) +
                         ", or the path of a profile, such as ./my-agent.json");
}

Result<AgentProfile> command_profile(const std::string& command_line, const fs::path& folder) {
  SKILLGRAD_TRY(auto words, shell_words(command_line));
  if (words.empty())
    return fail(ErrorCode::usage, "--executor command needs the command line that is the agent",
                "--executor-command", "give it as in --executor-command \"python3 my_agent.py\"");
  for (const std::string& word : words)
    if (word.find("${") != std::string::npos)
      return fail(ErrorCode::usage,
                  "\"" + word + "\" is not expanded: the words go to the program as they are",
                  "--executor-command",
                  "read the variable inside of the program, or start sh -c '...'");
  SKILLGRAD_TRY(AgentProfile out, load_agent_profile(kCommandExecutor));
  out.origin = "--executor-command";
  const std::string program = existing_path(words.front(), folder);
  // Without a slash it is a program of PATH, whatever lies in the current folder.
  out.program =
      words.front().find('/') != std::string::npos && !program.empty() ? program : words.front();
  out.arguments.clear();
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string path = existing_path(words[i], folder);
    if (!path.empty()) out.mounts.push_back(path);
    out.arguments.push_back(path.empty() ? words[i] : path);
  }
  out.hash = hash_of(out);
  return out;
}

}  // namespace skillgrad::agent
