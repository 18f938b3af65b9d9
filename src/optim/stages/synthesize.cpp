// SPDX-License-Identifier: MIT
#include <utility>

#include <skillgrad/agent/tool_loop.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/synthesize.hpp>

#include "optim/stages/dialog.hpp"
#include "optim/stages/expected_texts.hpp"
#include "optim/stages/stage_facts.hpp"

namespace skillgrad::optim {
namespace {

using agent::tagged;

constexpr std::size_t kExamples = 6;
constexpr std::size_t kExampleBytes = 4'000;  ///< of one example
constexpr std::size_t kMostFindings = 12;
constexpr int kTurns = 8;

llm::ToolSpec hand_in() {
  return {
      "submit_skill", "Hands in the skill and ends the work.",
      R"({"type":"object","properties":{"name":{"type":"string","description":"Lower-case words joined by hyphens, at most 64 characters"},"description":{"type":"string","description":"What the skill does and when to use it, at most 50 words"},"body":{"type":"string","description":"SKILL.md below the front matter, in Markdown"},"files":{"type":"array","description":"Bundled files; may be empty","items":{"type":"object","properties":{"path":{"type":"string","description":"references/x.md or scripts/x.py"},"text":{"type":"string"}},"required":["path","text"]}}},"required":["name","description","body"]})"};
}

std::string synthesis_facts(const SynthesisInput& input) {
  std::string tasks;
  for (const TaskFacts& task : input.tasks)
    tasks += "[" + task.task_id + "]\n" + truncate_middle(task.task, kExampleBytes) + "\n\n";
  return tagged("description", input.description) +
         tagged("name", input.name.empty() ? "choose one" : input.name) +
         tagged("tasks", tasks.empty() ? "none" : tasks);
}

Result<skill::SkillPackage> package_from(const Json& object, const SynthesisInput& input) {
  StrictReader reader(object, "submit_skill");
  const std::string name = reader.string("name");
  const std::string description = reader.string("description");
  std::string body = reader.string("body");
  std::vector<std::pair<std::string, std::string>> files;
  const Json list = reader.any("files", false);
  for (const Json& item : list.is_array() ? list : Json::array()) {
    StrictReader file(item, "submit_skill: files");
    std::string path = file.string("path"), text = file.string("text");
    SKILLGRAD_CHECK(file.finish(true));
    files.emplace_back(std::move(path), std::move(text));
  }
  SKILLGRAD_CHECK(reader.finish(true));
  if (!list.is_null() && !list.is_array())
    return fail(ErrorCode::input, "\"files\" is no array", "submit_skill",
                R"(write [{"path":"references/x.md","text":"..."}], or leave it out)");
  if (!input.name.empty() && name != input.name)
    return fail(ErrorCode::input, "the name is \"" + truncate_middle(name, 80) + "\"",
                "submit_skill", "it must be \"" + input.name + "\"");
  if (input.is_taken && input.is_taken(name))
    return fail(ErrorCode::input, "there is a \"" + truncate_middle(name, 80) + "\" already",
                "submit_skill", "choose another name");
  if (trim(body).empty()) return fail(ErrorCode::input, "the body is empty", "submit_skill");
  if (!body.ends_with('\n')) body += '\n';
  SKILLGRAD_TRY(auto out, skill::SkillPackage::from_files(
                              name, "---\nname: " + name + "\ndescription: x\n---\n\n" + body, {}));
  SKILLGRAD_CHECK(out.set_description(description));
  for (auto& [path, text] : files) SKILLGRAD_CHECK(out.write_file(path, std::move(text)));
  return out;
}

/// The same skill with nothing in it: all that the model wrote is new.
Result<skill::SkillPackage> nothing_of(const skill::SkillPackage& package) {
  return skill::SkillPackage::from_files(
      package.folder_name(),
      "---\nname: " + package.folder_name() + "\ndescription: x\n---\n\n# Skill\n", {});
}

std::string line_of(const skill::Finding& finding) {
  return finding.rule + " " + (finding.file.empty() ? "SKILL.md" : finding.file) + ":" +
         std::to_string(finding.line) + " " + replace_all(finding.message, "\n", " ");
}

Result<> check(const skill::SkillPackage& package, const SynthesisInput& input, Synthesis& out) {
  std::vector<std::string> wrong;
  for (const skill::Finding& finding : skill::validate(package, skill::Profile::strict))
    if (finding.severity == skill::Severity::error) wrong.push_back(line_of(finding));
  SKILLGRAD_TRY(const auto before, nothing_of(package));
  skill::LintContext context = input.lint;
  context.previous = &before;
  const auto report = skill::lint(package, context);
  for (const skill::Finding& finding : report.blocking) wrong.push_back(line_of(finding));
  if (!wrong.empty())
    return fail(ErrorCode::input, "the skill breaks rules:\n" + list_some(wrong, kMostFindings),
                "submit_skill", "mend each of them and hand the whole skill in again");
  out.findings.clear();
  for (const skill::Finding& finding : report.findings)
    if (finding.severity == skill::Severity::soft) out.findings.push_back(finding);
  return {};
}

}  // namespace

void add_training_tasks(const bench::Benchmark& benchmark, const std::vector<std::string>& train,
                        SynthesisInput& input) {
  for (const std::string& id : train) {
    const bench::Task* const task = benchmark.find(id);
    if (task == nullptr) continue;
    if (input.tasks.size() < kExamples) {
      TaskFacts facts;
      facts.task_id = id;
      facts.task = task->prompt;
      input.tasks.push_back(std::move(facts));
      input.lint.task_literals.push_back(task->prompt);
    } else {
      input.lint.other_literals.push_back(task->prompt);
    }
  }
  input.lint.task_ids = train;
  input.lint.expected = ExpectedTexts(benchmark, train).of(train);
  const auto criteria = judged_criteria(benchmark, train);
  input.lint.expected.insert(input.lint.expected.end(), criteria.begin(), criteria.end());
}

Result<Synthesis> synthesize(llm::ChatModel& model, const std::string& prompt,
                             const SynthesisInput& input, const StageContext& context) {
  Synthesis out;
  DialogSetup setup;
  setup.stage = "patcher";
  setup.scope = context.scope;
  setup.system = prompt;
  setup.user = synthesis_facts(input);
  setup.hand_in = hand_in();
  setup.turns = kTurns;
  setup.accept = [&](const Json& object, Tries) -> Result<> {
    SKILLGRAD_TRY(auto package, package_from(object, input));
    SKILLGRAD_CHECK(check(package, input, out));
    out.package = std::move(package);
    return {};
  };
  Dialog dialog(model, std::move(setup), context);
  SKILLGRAD_CHECK(dialog.run());
  out.refused = dialog.refused();
  return out;
}

}  // namespace skillgrad::optim
