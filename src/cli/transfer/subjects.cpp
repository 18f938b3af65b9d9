// SPDX-License-Identifier: MIT
#include "cli/transfer/subjects.hpp"

#include <skillgrad/core/text.hpp>

#include "cli/settings/model_list.hpp"
#include "cli/settings/roles.hpp"

namespace skillgrad::cli {
namespace {

Result<std::vector<Subject>> read_models(const Invocation& invocation, const Settings& settings) {
  SKILLGRAD_TRY(auto listed, read_model_list(invocation.value("models")));
  std::vector<Subject> out;
  for (ListedModel& model : listed) {
    Subject& subject = out.emplace_back();
    subject.shown.name = std::move(model.name);
    subject.shown.model = std::move(model.model);
    subject.options = std::move(model.options);
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
  return check_executor_role(settings);
}

}  // namespace

Result<std::vector<Subject>> read_subjects(const Invocation& invocation, const Settings& settings) {
  SKILLGRAD_CHECK(refuse_other_models(invocation, settings));
  SKILLGRAD_TRY(const auto models, read_models(invocation, settings));
  SKILLGRAD_TRY(const auto executors, words_of_list(invocation.value("executors"), "executors"));
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
  std::vector<std::string> names;
  for (const Subject& subject : out) names.push_back(subject.shown.name);
  SKILLGRAD_CHECK(check_model_names(names));
  return out;
}

Invocation with_subject(const Invocation& invocation, const Subject& subject) {
  Invocation out = invocation;
  for (const auto& [key, text] : subject.options) out.given.flags[key] = text;
  return out;
}

}  // namespace skillgrad::cli
