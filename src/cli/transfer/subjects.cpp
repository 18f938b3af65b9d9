// SPDX-License-Identifier: MIT
#include "cli/transfer/subjects.hpp"

#include <algorithm>
#include <set>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/text.hpp>

#include "cli/settings/roles.hpp"

namespace skillgrad::cli {
namespace {

constexpr std::size_t kMostSubjects = 100;

/// The words of a list with commas. Errors: usage (an empty one).
Result<std::vector<std::string>> words_of(const Invocation& invocation, const std::string& flag) {
  std::vector<std::string> out;
  if (!invocation.has(flag)) return out;
  for (const std::string& part : split(invocation.value(flag), ',')) {
    const std::string word(trim(part));
    if (word.empty())
      return fail(ErrorCode::usage,
                  "got \"" + invocation.value(flag) + "\", which has an empty name", "--" + flag,
                  "write names with commas between them, as in --" + flag + " " +
                      (flag == "models" ? "gpt-4.1-mini,qwen3" : "tools,codex"));
    out.push_back(word);
  }
  return out;
}

/// Keys of the option table that one object of a file may set.
bool is_of_subject(const OptionSpec& spec) { return (spec.groups & (kModel | kExecutor)) != 0; }

Result<Subject> read_subject(const Json& object, const std::string& where) {
  if (!object.is_object() || !object.contains("model") || !object["model"].is_string())
    return fail(ErrorCode::config,
                "got " + truncate_middle(dump_json(object), 80) +
                    ", expected an "
                    "object with \"model\"",
                where, "write {\"model\":\"NAME\"}");
  Subject out;
  std::vector<std::string> known = {"name"};
  for (const OptionSpec& spec : option_table())
    if (is_of_subject(spec)) known.emplace_back(spec.key);
  for (const auto& [key, value] : object.items()) {
    if (key == "name" && value.is_string()) {
      out.shown.name = value.get<std::string>();
      continue;
    }
    const OptionSpec* spec = find_option(key);
    if (spec == nullptr || !is_of_subject(*spec)) {
      const auto near = nearest_match(key, known);
      return fail(ErrorCode::config, "unknown key \"" + key + "\"", where,
                  near ? "did you mean \"" + *near + "\"?"
                       : "use keys of endpoint and executor, which `skillgrad config show` lists");
    }
    if (key == "roles")
      return fail(ErrorCode::config, "roles are the same for all models", where,
                  "give --roles to the command");
    out.options[key] = value.is_string() ? value.get<std::string>() : dump_json(value);
  }
  out.shown.model = object["model"].get<std::string>();
  if (out.shown.name.empty()) out.shown.name = out.shown.model;
  return out;
}

Result<std::vector<Subject>> read_file_of_subjects(const std::string& path) {
  SKILLGRAD_TRY(const Json json, read_json(path));
  if (!json.is_array() || json.empty())
    return fail(ErrorCode::config, "expected a list of models that is not empty", path,
                R"(write [{"model":"NAME"},{"model":"NAME","base_url":"http://..."}])");
  std::vector<Subject> out;
  for (std::size_t i = 0; i < json.size(); ++i) {
    SKILLGRAD_TRY(Subject subject, read_subject(json[i], path + "/" + std::to_string(i)));
    out.push_back(std::move(subject));
  }
  return out;
}

Result<std::vector<Subject>> read_models(const Invocation& invocation, const Settings& settings) {
  SKILLGRAD_TRY(const auto words, words_of(invocation, "models"));
  std::vector<Subject> out;
  for (const std::string& word : words) {
    if (word.ends_with(".json") && !word.starts_with("sim:")) {
      SKILLGRAD_TRY(auto subjects, read_file_of_subjects(word));
      std::move(subjects.begin(), subjects.end(), std::back_inserter(out));
      continue;
    }
    Subject subject;
    subject.shown.name = subject.shown.model = word;
    subject.options["model"] = word;
    out.push_back(std::move(subject));
  }
  if (!out.empty()) return out;
  Subject only;
  only.shown.name = only.shown.model = settings.get<"model">();
  if (only.shown.model.empty() && settings.get<"replay">().empty())
    return fail(ErrorCode::usage, "no model is named", "skillgrad transfer",
                "give --models NAME,NAME");
  if (only.shown.name.empty()) only.shown.name = "replay";
  out.push_back(std::move(only));
  return out;
}

/// A model of a role or of --model would silently take the place of those that are named.
Result<> refuse_other_models(const Invocation& invocation, const Settings& settings) {
  if (!invocation.has("models")) return {};
  if (invocation.given.flags.contains("model"))
    return fail(ErrorCode::usage, "--models and --model both name a model", "--model",
                "put all of them into --models");
  if (!text_of(role_of(settings, "executor"), "model", "").empty())
    return fail(ErrorCode::usage,
                "the role executor names its own model, which would execute in the place of each "
                "of --models",
                "roles.executor", "take \"executor\" out of --roles");
  return {};
}

}  // namespace

Result<std::vector<Subject>> read_subjects(const Invocation& invocation, const Settings& settings) {
  SKILLGRAD_CHECK(refuse_other_models(invocation, settings));
  SKILLGRAD_TRY(const auto models, read_models(invocation, settings));
  SKILLGRAD_TRY(const auto executors, words_of(invocation, "executors"));
  if (!executors.empty() && invocation.given.flags.contains("executor"))
    return fail(ErrorCode::usage, "--executors and --executor both say who executes", "--executor",
                "put all of them into --executors");
  std::vector<Subject> out;
  for (const Subject& model : models) {
    if (executors.empty()) {
      out.push_back(model);
      const auto own = model.options.find("executor");
      out.back().shown.executor =
          own != model.options.end() ? own->second : settings.get<"executor">();
      continue;
    }
    for (const std::string& executor : executors) {
      Subject& subject = out.emplace_back(model);
      if (!subject.options.emplace("executor", executor).second)
        return fail(ErrorCode::usage,
                    "the model " + model.shown.name + " has an executor of its own", "--executors",
                    "leave --executors out, or \"executor\" of the file");
      subject.shown.executor = executor;
      subject.shown.name += " by " + executor;
    }
  }
  std::set<std::string> names;
  for (const Subject& subject : out)
    if (!names.insert(subject.shown.name).second)
      return fail(ErrorCode::usage, "\"" + subject.shown.name + "\" is named twice", "--models",
                  "name each once, or give them different \"name\"s in a file");
  if (out.size() > kMostSubjects)
    return fail(ErrorCode::usage,
                "got " + counted(out.size(), "model") + ", expected at most " +
                    std::to_string(kMostSubjects),
                "--models", "try them in several commands");
  return out;
}

Invocation with_subject(const Invocation& invocation, const Subject& subject) {
  Invocation out = invocation;
  for (const auto& [key, text] : subject.options) out.given.flags[key] = text;
  return out;
}

}  // namespace skillgrad::cli
