// SPDX-License-Identifier: MIT
#include "cli/selfcheck/world.hpp"

#include <fmt/format.h>

#include <skillgrad/core/files.hpp>
#include <skillgrad/core/json.hpp>

namespace skillgrad::cli {
namespace {

constexpr int kTasksOfSplit = 12;

struct Rule {
  const char *slug, *heading, *label, *diagnosis, *success, *rule, *weak_rule, *phrase;
};
constexpr Rule kInvoices = {
    "sorting-mark",
    kInvoiceHeading,
    "sorting mark of invoices missing",
    "The note of the invoice does not begin with KX and a slash, by which the office sorts its "
    "invoices.",
    "This run began the note of the invoice with its sorting mark; the earlier one had not.",
    "Begin the note of every invoice with KX and a slash, the sorting mark, without a blank before "
    "the name.",
    "Mind how the notes of invoices look.",
    "sorting mark"};
constexpr Rule kReceipts = {
    "closing-mark",
    "File receipts",
    "closing mark of receipts missing",
    "The note of the receipt does not end with a blank and #R, by which the office knows that it "
    "is "
    "complete.",
    "This run closed the note of the receipt with its mark; the earlier one had left it open.",
    "End the note of every receipt with a blank and #R, the closing mark.",
    "Mind how the notes of receipts look.",
    "closing mark"};

constexpr const char* kSkill = R"(---
name: office-notes
description: Writes the notes of an office into text files as the office files them. Use it when a task asks for the note of an invoice or a receipt.
---

# Office notes

Each task names a document and the file that its note goes into.

## How to work

1. Read the task.
2. Write the note with a shell command: the name of the document, and nothing else that no rule below asks for.
3. Print the file once.
)";

bool is_receipt(const std::string& id) { return (id.back() - '0') % 3 == 2; }

std::string section_of(const Rule& rule) {
  return fmt::format("## {}\n\n{}\n", rule.heading, rule.rule);
}

Json lesson_json(const Rule& rule) {
  return {{"slug", rule.slug},
          {"kind", "operation"},
          {"heading", rule.heading},
          {"label", rule.label},
          {"diagnosis", rule.diagnosis},
          {"success", rule.success},
          {"rule", rule.rule},
          {"weak_rule", rule.weak_rule},
          {"taught_when", Json::array({Json::array({rule.phrase})})}};
}

std::string script(const std::string& text) {
  return fmt::format("printf '%s' '{}' > answer.txt\ncat answer.txt\n", text);
}

Json task_json(const std::string& id, const char* split, const Json& grader) {
  return {
      {"id", id},
      {"split", split},
      {"input", fmt::format("Write the note of the {} {} to answer.txt, as the office files it.",
                            is_receipt(id) ? "receipt" : "invoice", id)},
      {"output", "answer.txt"},
      {"target", answer_of(id)},
      {"grader", grader}};
}

/// A grader that says the same of every answer.
Json deaf_grader(const char* score) {
  return {{"type", "command"},
          {"run", {"sh", "-c", fmt::format("cat > /dev/null; echo '{{\"score\":{}}}'", score)}},
          {"timeout_s", 20}};
}

Result<> write_tasks(const SelfcheckWorld& world) {
  std::string tasks, broken, always;
  for (const char* split : {"train", "val", "test"})
    for (int i = 0; i < kTasksOfSplit; ++i) {
      // The last digit tells the kind, so that it is not cut into the split's order.
      const std::string id = fmt::format("{}-{}{}", split, i / 6, i % 6);
      tasks += dump_json(task_json(id, split, {{"type", "exact"}})) + "\n";
      broken += dump_json(task_json(id, split, deaf_grader("0"))) + "\n";
      Json deaf = task_json(id, split, deaf_grader("1"));
      // Where a file is asked for, one that is not there fails before any grader is asked.
      deaf.erase("output");
      always += dump_json(deaf) + "\n";
    }
  SKILLGRAD_CHECK(write_file_atomic(world.tasks(), tasks));
  SKILLGRAD_CHECK(write_file_atomic(world.broken_grader(), broken));
  return write_file_atomic(world.always_passes(), always);
}

Result<> write_scenario(const SelfcheckWorld& world) {
  const fs::path dir = world.dir / "scenario";
  Json plays = Json::array();
  Json split = {{"train", Json::array()}, {"val", Json::array()}, {"test", Json::array()}};
  for (auto& [name, ids] : split.items())
    for (int i = 0; i < kTasksOfSplit; ++i) {
      const std::string id = fmt::format("{}-{}{}", name, i / 6, i % 6);
      SKILLGRAD_CHECK(write_file_atomic(dir / (id + ".right.sh"), script(answer_of(id))));
      SKILLGRAD_CHECK(write_file_atomic(dir / (id + ".wrong.sh"), script(id)));
      plays.push_back({{"id", id},
                       {"match", " " + id + " "},
                       {"lessons", {is_receipt(id) ? kReceipts.slug : kInvoices.slug}},
                       {"right", id + ".right.sh"},
                       {"wrong", {{"*", id + ".wrong.sh"}}}});
      ids.push_back(id);
    }
  const Json scenario = {{"schema", "skillgrad.sim-scenario/1"},
                         {"name", "selfcheck"},
                         {"benchmark", "records"},
                         {"lessons", {lesson_json(kInvoices), lesson_json(kReceipts)}},
                         {"tasks", plays},
                         {"split", split}};
  return write_file_atomic(dir / "scenario.json", dump_json(scenario, 1) + "\n");
}

}  // namespace

std::string invoice_section() { return section_of(kInvoices); }
std::string receipt_section() { return section_of(kReceipts); }

std::string answer_of(const std::string& task_id) {
  return is_receipt(task_id) ? task_id + " #R" : "KX/" + task_id;
}

Result<SelfcheckWorld> write_world(const fs::path& dir) {
  SelfcheckWorld out{dir};
  SKILLGRAD_CHECK(write_file_atomic(out.flawed() + "/SKILL.md", kSkill));
  SKILLGRAD_CHECK(
      write_file_atomic(out.half() + "/SKILL.md", std::string(kSkill) + "\n" + invoice_section()));
  SKILLGRAD_CHECK(write_tasks(out));
  SKILLGRAD_CHECK(write_scenario(out));
  return out;
}

}  // namespace skillgrad::cli
