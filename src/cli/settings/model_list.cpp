// SPDX-License-Identifier: MIT
#include "cli/settings/model_list.hpp"

#include <set>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/json.hpp>
#include <skillgrad/core/text.hpp>

#include "cli/settings/options.hpp"

namespace skillgrad::cli {
namespace {

constexpr std::size_t kMostModels = 100;

/// Keys of the option table that one object of a file may set.
bool is_of_model(const OptionSpec& spec) { return (spec.groups & (kModel | kExecutor)) != 0; }

Result<ListedModel> read_listed(const Json& object, const std::string& where) {
  if (!object.is_object() || !object.contains("model") || !object["model"].is_string())
    return fail(ErrorCode::config,
                "got " + truncate_middle(dump_json(object), 80) +
                    ", expected an "
                    "object with \"model\"",
                where, "write {\"model\":\"NAME\"}");
  ListedModel out;
  std::vector<std::string> known = {"name"};
  for (const OptionSpec& spec : option_table())
    if (is_of_model(spec)) known.emplace_back(spec.key);
  for (const auto& [key, value] : object.items()) {
    if (key == "name" && value.is_string()) {
      out.name = value.get<std::string>();
      continue;
    }
    const OptionSpec* spec = find_option(key);
    if (spec == nullptr || !is_of_model(*spec)) {
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
  out.model = object["model"].get<std::string>();
  if (out.name.empty()) out.name = out.model;
  return out;
}

Result<std::vector<ListedModel>> read_listed_models(const Json& json, const std::string& where) {
  if (!json.is_array() || json.empty())
    return fail(ErrorCode::config, "expected a list of models that is not empty", where,
                R"(write [{"model":"NAME"},{"model":"NAME","base_url":"http://..."}])");
  std::vector<ListedModel> out;
  for (std::size_t i = 0; i < json.size(); ++i) {
    SKILLGRAD_TRY(ListedModel model, read_listed(json[i], where + "/" + std::to_string(i)));
    out.push_back(std::move(model));
  }
  return out;
}

}  // namespace

Result<std::vector<std::string>> words_of_list(const std::string& text, const std::string& flag) {
  std::vector<std::string> out;
  if (text.empty()) return out;
  for (const std::string& part : split(text, ',')) {
    const std::string word(trim(part));
    if (word.empty())
      return fail(ErrorCode::usage, "got \"" + text + "\", which has an empty name", "--" + flag,
                  "write names with commas between them, as in --" + flag + " " +
                      (flag == "models" ? "gpt-4.1-mini,qwen3" : "tools,codex"));
    out.push_back(word);
  }
  return out;
}

Result<std::vector<ListedModel>> read_model_list(const std::string& text) {
  if (trim(text).starts_with("[")) {
    SKILLGRAD_TRY(const Json json, parse_json(text, "--models"));
    return read_listed_models(json, "--models");
  }
  SKILLGRAD_TRY(const auto words, words_of_list(text, "models"));
  std::vector<ListedModel> out;
  for (const std::string& word : words) {
    if (word.ends_with(".json") && !word.starts_with("sim:")) {
      SKILLGRAD_TRY(const Json json, read_json(word));
      SKILLGRAD_TRY(auto models, read_listed_models(json, word));
      std::move(models.begin(), models.end(), std::back_inserter(out));
      continue;
    }
    out.push_back({word, word, {{"model", word}}});
  }
  return out;
}

Result<> check_model_names(const std::vector<std::string>& names) {
  std::set<std::string> seen;
  for (const std::string& name : names)
    if (!seen.insert(name).second)
      return fail(ErrorCode::usage, "\"" + name + "\" is named twice", "--models",
                  "name each once, or give them different \"name\"s in a file");
  if (names.size() > kMostModels)
    return fail(ErrorCode::usage,
                "got " + counted(names.size(), "model") + ", expected at most " +
                    std::to_string(kMostModels),
                "--models", "try them in several commands");
  return {};
}

}  // namespace skillgrad::cli
