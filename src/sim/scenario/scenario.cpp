// SPDX-License-Identifier: MIT
#include "sim/scenario/scenario.hpp"

#include <functional>
#include <set>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/hashing.hpp>
#include <skillgrad/core/json.hpp>
#include <skillgrad/core/resources.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/sim/server.hpp>

#include "sim/scenario/reading.hpp"

namespace skillgrad::sim {
namespace {

constexpr const char* kSchema = "skillgrad.sim-scenario/1";
const std::string kFolder = "configs/sim/";
const std::string kFile = "/scenario.json";

/// Where a scenario's files come from: the binary or a folder.
struct Source {
  std::string where;
  std::function<Result<std::string>(const std::string& name)> read;
};

Source folder_source(const fs::path& folder) {
  return {folder.string(), [folder](const std::string& name) { return read_file(folder / name); }};
}

Source builtin_source(const std::string& name) {
  return {"built-in scenario " + name, [name](const std::string& file) -> Result<std::string> {
            const auto text = resource(kFolder + name + "/" + file);
            if (!text)
              return fail(ErrorCode::input, "no such file \"" + file + "\"",
                          "built-in scenario " + name, "name a file beside scenario.json");
            return std::string(*text);
          }};
}

Result<Source> find_source(const std::string& name_or_path) {
  if (resource(kFolder + name_or_path + kFile)) return builtin_source(name_or_path);
  std::error_code ignored;
  if (fs::is_directory(name_or_path, ignored)) return folder_source(name_or_path);
  if (fs::is_regular_file(name_or_path, ignored))
    return folder_source(fs::path(name_or_path).parent_path());
  const auto near = nearest_match(name_or_path, scenario_names());
  return fail(
      ErrorCode::config, "unknown scenario \"" + name_or_path + "\"", {},
      near ? "did you mean \"" + *near + "\"?"
           : "use one of: " + join(scenario_names(), ", ") + ", or the path of a scenario.json");
}

/// A script as the one shell command that runs it.
std::string as_command(const std::string& file, std::string script) {
  if (!script.empty() && script.back() != '\n') script += '\n';
  if (!file.ends_with(".py")) return script;
  std::string mark = "EOF";
  while (script.find("\n" + mark + "\n") != std::string::npos) mark += "_";
  return "python3 - <<'" + mark + "'\n" + script + mark;
}

/// Reads and checks one scenario; the first error wins.
class Loader {
 public:
  explicit Loader(Source source) : source_(std::move(source)) {}

  Result<Scenario> load() {
    SKILLGRAD_TRY(const std::string text, source_.read("scenario.json"));
    const std::string where = source_.where + kFile;
    SKILLGRAD_TRY(const Json json, parse_json(text, where));
    StrictReader reader(json, where);
    if (reader.string("schema") != kSchema)
      reader.reject("schema", "unknown schema", std::string("write \"") + kSchema + "\"");
    out_.name = reader.string("name");
    out_.benchmark = reader.string("benchmark");
    const Json noise = reader.any("noise");
    const Json lessons = reader.any("lessons", true);
    const Json tasks = reader.any("tasks", true);
    const Json split = reader.any("split");
    const Json choosing = reader.any("choosing");
    SKILLGRAD_CHECK(reader.finish());
    if (!choosing.is_null()) {
      SKILLGRAD_TRY(out_.choosing, Choosing::read(choosing, where + "/choosing"));
    }
    SKILLGRAD_CHECK(read_noise(noise, where + "/noise"));
    SKILLGRAD_CHECK(read_lessons(lessons, where + "/lessons"));
    SKILLGRAD_CHECK(read_tasks(tasks, where + "/tasks"));
    SKILLGRAD_CHECK(read_split(split, where + "/split"));
    return std::move(out_);
  }

 private:
  Result<> read_noise(const Json& json, const std::string& where) {
    if (json.is_null()) return {};
    StrictReader reader(json, where);
    const auto rate = [&](const char* key) { return reader.number(key, 0.0, 0.0, 1.0); };
    out_.noise = {rate("slip"),  rate("luck"), rate("vague"),
                  rate("wrong"), rate("weak"), rate("forget")};
    return reader.finish();
  }

  Result<> read_lessons(const Json& json, const std::string& where) {
    if (!json.is_array() || json.empty())
      return fail(ErrorCode::input, "lessons must be an array that is not empty", where);
    for (std::size_t i = 0; i < json.size(); ++i) {
      const std::string here = where + "/" + std::to_string(i);
      SKILLGRAD_TRY(Lesson lesson, read_lesson(json[i], here));
      if (out_.find_lesson(lesson.slug))
        return fail(ErrorCode::input, "lesson \"" + lesson.slug + "\" stands twice", here,
                    "give each lesson its own slug");
      out_.lessons.push_back(std::move(lesson));
    }
    return {};
  }

  static Result<Lesson> read_lesson(const Json& json, const std::string& where) {
    StrictReader reader(json, where);
    Lesson lesson;
    lesson.slug = reader.string("slug");
    const std::string kind = reader.string("kind", name_of(LessonKind::operation));
    lesson.heading = reader.string("heading");
    lesson.label = reader.string("label");
    lesson.diagnosis = reader.string("diagnosis");
    lesson.success = reader.string("success");
    lesson.rule = reader.string("rule");
    lesson.weak_rule = reader.string("weak_rule");
    const Json groups = reader.any("taught_when", true);
    const Json against = reader.any("contradicted_when");
    if (slugify(lesson.slug) != lesson.slug || lesson.slug.empty())
      reader.reject("slug", "\"" + lesson.slug + "\" is not a slug", "use a-z, 0-9 and -");
    if (const auto known = named<LessonKind>(kind))
      lesson.kind = *known;
    else
      reader.reject("kind", "got \"" + kind + "\"", "write " + join_or(names_of<LessonKind>()));
    SKILLGRAD_CHECK(reader.finish());
    SKILLGRAD_CHECK(read_groups(groups, lesson.taught_when, where + "/taught_when"));
    if (!against.is_null())
      SKILLGRAD_CHECK(read_groups(against, lesson.contradicted_when, where + "/contradicted_when"));
    const std::string heading = "## " + lesson.heading + "\n";
    if (contradicts(normalised(heading + lesson.rule), lesson))
      return fail(ErrorCode::input, "the rule contradicts itself", where,
                  "make rule miss one group of contradicted_when");
    if (!teaches(normalised(heading + lesson.rule), lesson))
      return fail(ErrorCode::input, "the rule does not satisfy its own taught_when", where,
                  "make rule hold one phrase of every group");
    if (teaches(normalised(heading + lesson.weak_rule), lesson))
      return fail(ErrorCode::input, "weak_rule teaches the lesson", where,
                  "make weak_rule miss one group of taught_when");
    return lesson;
  }

  static Result<> read_groups(const Json& json, std::vector<std::vector<std::string>>& out,
                              const std::string& where) {
    const auto bad = [&] {
      return fail(ErrorCode::input,
                  where.substr(where.rfind('/') + 1) + " must be a list of lists of phrases", where,
                  R"(write it like [["first phrase","another wording"],["second phrase"]])");
    };
    if (!json.is_array() || json.empty()) return bad();
    for (const Json& group : json) {
      if (!group.is_array() || group.empty()) return bad();
      auto& phrases = out.emplace_back();
      for (const Json& phrase : group) {
        if (!phrase.is_string() || trim(phrase.get<std::string>()).empty()) return bad();
        phrases.push_back(normalised(phrase.get<std::string>()));
      }
    }
    return {};
  }

  Result<> read_tasks(const Json& json, const std::string& where) {
    if (!json.is_array()) return fail(ErrorCode::input, "tasks must be an array", where);
    std::set<std::string> ids;
    for (std::size_t i = 0; i < json.size(); ++i) {
      const std::string here = where + "/" + std::to_string(i);
      SKILLGRAD_TRY(SimTask task, read_task(json[i], here));
      if (!ids.insert(task.id).second)
        return fail(ErrorCode::input, "task \"" + task.id + "\" stands twice", here);
      out_.tasks.push_back(std::move(task));
    }
    return {};
  }

  Result<SimTask> read_task(const Json& json, const std::string& where) {
    StrictReader reader(json, where);
    SimTask task;
    task.id = reader.string("id");
    task.match = reader.string("match", "");
    task.match_sha256 = reader.string("match_sha256", "");
    const auto slugs = reader.strings("lessons", std::vector<std::string>{});
    const std::string right = reader.string("right");
    const Json wrong = reader.any("wrong");
    task.skills = reader.strings("skills", std::vector<std::string>{});
    if (task.match.empty() == task.match_sha256.empty())
      reader.reject("match", "a task needs either match or match_sha256", "give exactly one");
    SKILLGRAD_CHECK(reader.finish());
    for (const std::string& slug : slugs) {
      const auto lesson = out_.find_lesson(slug);
      if (!lesson) return unknown_lesson(slug, where + "/lessons");
      task.lessons.push_back(*lesson);
    }
    SKILLGRAD_TRY(task.right, command(right));
    SKILLGRAD_CHECK(read_wrong(wrong, task, where + "/wrong"));
    return task;
  }

  Result<> read_wrong(const Json& json, SimTask& task, const std::string& where) {
    if (!json.is_null() && !json.is_object())
      return fail(ErrorCode::input, "wrong must be an object of script files", where);
    for (const auto& [slug, file] : json.items()) {
      if (!file.is_string())
        return fail(ErrorCode::input, "wrong must name script files", where + "/" + slug);
      SKILLGRAD_TRY(std::string text, command(file.get<std::string>()));
      if (slug == "*") {
        task.wrong_any = std::move(text);
        continue;
      }
      const auto lesson = out_.find_lesson(slug);
      if (!lesson) return unknown_lesson(slug, where);
      task.wrong[*lesson] = std::move(text);
    }
    for (const std::size_t lesson : task.lessons)
      if (Scenario::wrong_command(task, lesson) == nullptr)
        return fail(ErrorCode::input,
                    "no wrong script for lesson \"" + out_.lessons[lesson].slug + "\"", where,
                    "add it, or \"*\" for any lesson");
    return {};
  }

  tl::unexpected<Error> unknown_lesson(const std::string& slug, const std::string& where) const {
    std::vector<std::string> known;
    for (const Lesson& lesson : out_.lessons) known.push_back(lesson.slug);
    const auto near = nearest_match(slug, known);
    return fail(ErrorCode::input, "unknown lesson \"" + slug + "\"", where,
                near ? "did you mean \"" + *near + "\"?" : "use one of: " + list_some(known));
  }

  Result<std::string> command(const std::string& file) {
    if (file.empty() || file.find("..") != std::string::npos || file.front() == '/')
      return fail(ErrorCode::input, "bad script name \"" + file + "\"", source_.where,
                  "name a file beside scenario.json");
    SKILLGRAD_TRY(std::string script, source_.read(file));
    return as_command(file, std::move(script));
  }

  Result<> read_split(const Json& json, const std::string& where) {
    if (json.is_null()) return {};
    StrictReader reader(json, where);
    out_.train = reader.strings("train", std::vector<std::string>{});
    out_.val = reader.strings("val", std::vector<std::string>{});
    out_.test = reader.strings("test", std::vector<std::string>{});
    return reader.finish();
  }

  Source source_;
  Scenario out_;
};

bool holds(const std::string& text, const std::string& part) {
  return !part.empty() && text.find(part) != std::string::npos;
}

}  // namespace

Result<Scenario> Scenario::load(const std::string& name_or_path) {
  SKILLGRAD_TRY(Source source, find_source(name_or_path));
  return Loader(std::move(source)).load();
}

const SimTask* Scenario::find_task(std::string_view prompt) const {
  const SimTask* best = nullptr;
  std::map<std::string_view, const SimTask*> by_hash;
  for (const SimTask& task : tasks) {
    if (!task.match_sha256.empty()) by_hash[task.match_sha256] = &task;
    const bool longer = best == nullptr || task.match.size() > best->match.size();
    if (!task.match.empty() && longer && prompt.find(task.match) != std::string_view::npos)
      best = &task;
  }
  if (best != nullptr || by_hash.empty()) return best;
  for (const std::string& line : split_lines(prompt)) {
    const auto found = by_hash.find(sha256_hex(trim(line)));
    if (found != by_hash.end()) return found->second;
  }
  return nullptr;
}

std::optional<std::size_t> Scenario::identify(std::string_view label,
                                              std::string_view analysis) const {
  const std::string said = normalised(label);
  const std::string prose = normalised(analysis);
  for (std::size_t i = 0; i < lessons.size(); ++i)
    if (!said.empty() && said == normalised(lessons[i].label)) return i;
  for (std::size_t i = 0; i < lessons.size(); ++i)
    for (const std::string& own : {lessons[i].diagnosis, lessons[i].success}) {
      const std::string text = normalised(own);
      if (holds(prose, text) || (prose.size() > 40 && holds(text, prose))) return i;
    }
  return std::nullopt;
}

std::optional<std::size_t> Scenario::find_lesson(std::string_view slug) const {
  for (std::size_t i = 0; i < lessons.size(); ++i)
    if (lessons[i].slug == slug) return i;
  return std::nullopt;
}

const std::string* Scenario::wrong_command(const SimTask& task, std::size_t lesson) {
  const auto found = task.wrong.find(lesson);
  if (found != task.wrong.end()) return &found->second;
  return task.wrong_any ? &*task.wrong_any : nullptr;
}

std::vector<std::string> scenario_names() {
  std::vector<std::string> names;
  for (const auto& [path, text] : resources_below(kFolder)) {
    if (!path.ends_with(kFile)) continue;
    const std::string name =
        path.substr(kFolder.size(), path.size() - kFolder.size() - kFile.size());
    if (name.find('/') == std::string::npos) names.push_back(name);
  }
  return names;
}

Result<std::string> model_name(const std::string& scenario) {
  SKILLGRAD_TRY(const Scenario loaded, Scenario::load(scenario));
  return "sim:" + loaded.name;
}

Result<ScenarioTasks> scenario_tasks(const std::string& scenario) {
  SKILLGRAD_TRY(Scenario read, Scenario::load(scenario));
  const auto loaded = std::make_shared<const Scenario>(std::move(read));
  return ScenarioTasks{loaded->benchmark, loaded->train, loaded->val, loaded->test,
                       [loaded](std::string_view prompt) {
                         return loaded->choosing || loaded->find_task(prompt) != nullptr;
                       }};
}

}  // namespace skillgrad::sim
