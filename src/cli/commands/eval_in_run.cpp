// SPDX-License-Identifier: MIT
#include "cli/commands/eval_in_run.hpp"

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/run_handle.hpp>
#include <skillgrad/report/terminal.hpp>

#include "cli/screen/console.hpp"
#include "cli/settings/environment.hpp"

namespace skillgrad::cli {
namespace {

Result<> refuse_what_the_run_decides(const Invocation& invocation) {
  const auto refuse = [](const std::string& flag) {
    return fail(ErrorCode::usage,
                "--" + flag + " is decided by the run that this program is a part of", "--" + flag,
                "leave it out: --split, --ids, --trials and --json are yours");
  };
  for (const auto& [key, ignored] : invocation.given.flags)
    if (const OptionSpec* spec = find_option(key);
        key != "ids" && key != "json" && key != "quiet" && spec != nullptr)
      return refuse(spec->flag);
  for (const auto& [flag, ignored] : invocation.local)
    if (flag != "split" && flag != "trials") return refuse(flag);
  return {};
}

Result<Json> request_of(const Invocation& invocation) {
  const Json trials = Json::parse(invocation.value("trials", "1"), nullptr, false);
  if (!trials.is_number_integer())
    return fail(ErrorCode::usage,
                "got --trials " + invocation.value("trials") + ", expected a whole number",
                "--trials", "for example --trials 3");
  Json out = {{"skill", fs::absolute(invocation.arguments.at(0)).lexically_normal().string()},
              {"split", invocation.value("split", "train")},
              {"trials", trials}};
  const auto ids = invocation.given.flags.find("ids");
  if (ids == invocation.given.flags.end()) return out;
  out["ids"] = Json::array();
  for (const auto& id : split(ids->second, ',')) out["ids"].push_back(std::string(trim(id)));
  return out;
}

std::string text_of(const Json& answer) {
  const auto percent = [](const Json& score) {
    return score.is_number() ? report::percent(score.get<double>()) : std::string("none");
  };
  std::string out;
  for (const Json& task : answer.at("tasks")) {
    out += fmt::format("{:<8} {}\n", percent(task.at("score")),
                       strip_control(task.at("task_id").get<std::string>()));
    for (const Json& rollout : task.at("rollouts"))
      for (const char* said : {"feedback", "error"})
        if (const Json& text = rollout.at(said);
            text.is_string() && text != "" && rollout.at("status") != Json("pass"))
          out += "         " +
                 replace_all(strip_control(truncate_middle(text.get<std::string>(), 600)), "\n",
                             "\n         ") +
                 "\n";
  }
  const Json& rollouts = answer.at("rollouts");
  return out + fmt::format(
                   "score    {} over {} of {} tasks of {}\nrollouts {} made now, {} of {} left\n",
                   percent(answer.at("score")), answer.at("n_graded").get<std::size_t>(),
                   answer.at("n_planned").get<std::size_t>(), answer.at("split").get<std::string>(),
                   rollouts.at("made").get<std::size_t>(), rollouts.at("left").get<std::size_t>(),
                   rollouts.at("allowed").get<std::size_t>());
}

/// As the run says it.
Error error_of(const Json& said) {
  const auto text = [&](const char* key) {
    const Json value = said.is_object() ? said.value(key, Json()) : Json();
    return value.is_string() ? value.get<std::string>() : std::string();
  };
  return {named<ErrorCode>(text("code")).value_or(ErrorCode::infra),
          text("message"),
          text("where"),
          text("mend"),
          {}};
}

}  // namespace

bool is_in_run() { return !environment_value(optim::kRunVariable).empty(); }

Result<int> eval_in_run(const Invocation& invocation) {
  SKILLGRAD_CHECK(refuse_what_the_run_decides(invocation));
  SKILLGRAD_TRY(const Json request, request_of(invocation));
  SKILLGRAD_TRY(const Json answer, optim::ask_run(environment_value(optim::kRunVariable), request));
  if (answer.contains("error")) return tl::unexpected(error_of(answer["error"]));
  const auto json = invocation.given.flags.find("json");
  const bool as_json = json != invocation.given.flags.end() && json->second == "true";
  print_out(as_json ? dump_json(answer, 1) + "\n" : text_of(answer));
  return 0;
}

}  // namespace skillgrad::cli
