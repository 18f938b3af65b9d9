// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <skillgrad/agent/tool_loop.hpp>
#include <skillgrad/bench/benchmark.hpp>
#include <skillgrad/core/enum_text.hpp>
#include <skillgrad/core/error.hpp>
#include <skillgrad/core/json.hpp>
#include <skillgrad/llm/chat.hpp>
#include <skillgrad/skill/editor.hpp>

namespace skillgrad::optim {

/// The messages between stages (docs/algorithm.md section 1): values that convert to JSON and back,
/// each with a "schema" field, so that an external command can take the place of any stage.
/// from_json is strict: errors (input) carry a JSON pointer, got / expected and the mend.

/// What a rollout shows besides its grade: for a summary of what went wrong.
struct RolloutSigns {
  std::size_t tool_calls = 0;
  std::size_t cut_replies = 0;     ///< replies cut at the output limit
  std::int64_t cut_at = 0;         ///< tokens of the longest of them; 0: none, or not known
  bool answered = true;            ///< it left something that a grader can judge
  std::optional<bool> skill_read;  ///< nullopt: there was no skill
  std::string tool_error;  ///< what the last tool call failed with, shortened; "": it did not
  std::vector<std::string> skills = {};  ///< that were activated, where the package is several
};

/// What a rollout came to. What ended by a limit or a refusal was graded as it was left.
enum class LossStatus { pass, fail, error, timeout, limit, refused, skipped };

/// skillgrad.loss/1, field by field.
struct LossRecord {
  std::string task_id;
  int sample = 0;
  LossStatus status = LossStatus::skipped;
  double score = 0, loss = 1;  ///< of what was graded; null in JSON where nothing was
  bool hard = false;
  std::size_t matched = 0, total = 0;
  std::string feedback;  ///< cells or items expected and got
  /// One verdict for each thing that the grader asked; empty where it asks but one.
  std::vector<bench::Check> checks = {};
  std::map<std::string, double> components;  ///< quality, cost, time, size, violations
  std::string trace;  ///< path of trajectory.jsonl relative to the run, "" if none
  std::optional<agent::EndState> end_state;  ///< nullopt: it was not run
  std::string error;                         ///< for status error: one line
  /// The failed call of a judge behind status error; not part of the message.
  std::optional<Error> call_error = std::nullopt;
  bool ungradable = false;  ///< nobody can grade the task; not part of the message
  llm::Usage usage;
  std::optional<double> cost_usd;
  double seconds = 0;
  bool timed = true;  ///< false: calls were answered from a record, and `seconds` lacks their time
  std::optional<RolloutSigns> signs;  ///< nullopt: not known
  /// Graded (pass, fail, timeout, limit, refused); errors are not evidence, and neither is what was
  /// skipped.
  [[nodiscard]] bool graded() const { return !failed() && status != LossStatus::skipped; }
  [[nodiscard]] bool failed() const { return status == LossStatus::error; }
};

/// contrastive: a task that passes now and failed under the initial skill.
enum class EvidenceKind { failure, contrastive };

/// How the graded rollouts of one task under one skill ended.
struct RunGroup {
  std::size_t right = 0, wrong = 0;
  bool recorded = false;  ///< sessions from elsewhere that asked for the same
  [[nodiscard]] bool mixed() const { return right > 0 && wrong > 0; }
  /// "1 of 3 runs right (mixed)", "3 of 3 runs wrong"; "one run" of one.
  [[nodiscard]] std::string text() const;
};

/// skillgrad.evidence/1: what a diagnoser is given for one task.
struct Evidence {
  std::string task_id;
  EvidenceKind kind = EvidenceKind::failure;
  std::string task_prompt;
  RunGroup group;  ///< the rollouts of this task in this batch
  LossRecord current;
  std::string current_trace;          ///< rendered
  std::string skill_text;             ///< what the current run really loaded
  std::optional<LossRecord> initial;  ///< contrastive: the initial skill's failed run
  std::string initial_trace;
  std::optional<LossRecord> passing;  ///< failure of a mixed group: a run that was right
  std::string passing_trace;
  struct KnownPattern {
    std::string slug, line, action;
    std::string guess;  ///< what kept remedies say of it that no case has shown; or ""
  };
  std::vector<KnownPattern> known_patterns;
  std::string task_dir;  ///< run folder of the rollout, for read_file; relative to the run
};

/// What the result says of the instructions. Of a failure: they lack the rule (gap), say something
/// that is not so (wrong), or said it and were not followed (ignored). Of a success: they led to it
/// (followed). Of either: luck (chance).
enum class CauseCase { gap, wrong, ignored, followed, chance };

/// One of the causes of a result. The causes of a task are independent: mending one leaves the
/// others.
struct Cause {
  std::string label;               ///< 3-6 words
  std::optional<CauseCase> found;  ///< "case"; nullopt: not said (an older form)
  std::string analysis;            ///< prose
  std::string rule;                ///< what the evidence shows to hold for every task; or ""
  std::string open;  ///< variants of the rule that the evidence does not decide; or ""
  std::string skipped_step;
  std::vector<int> steps;
  std::string known;    ///< slug of a known pattern, or "new", or ""
  std::string refutes;  ///< slug of a known pattern whose guess this result contradicts, or ""
};

/// skillgrad.gradient/2: the textual gradient of one task. skillgrad.gradient/1, with one cause in
/// place of the list, is read as well.
struct Gradient {
  std::string task_id;
  EvidenceKind kind = EvidenceKind::failure;
  std::vector<Cause> causes;  ///< at least one
  std::string right;          ///< what the run had right, and whether by chance
  double loss = 0;            ///< of the task, filled by the optimizer
  [[nodiscard]] std::vector<std::string> labels() const;
  /// The first known pattern that a cause names; "" if none does.
  [[nodiscard]] std::string known() const;
};

/// What later stages are shown of one task beside its diagnosis, each part bounded.
struct TaskFacts {
  std::string task_id, task, feedback;
  std::string group;                     ///< RunGroup::text()
  std::map<int, std::string> steps;      ///< those that the diagnosis cites
  std::vector<std::string> skills = {};  ///< that the run loaded, where there are several
};

struct RemedyEntry {
  int iteration = 0;
  std::string anchor;             ///< where the patch acted on the pattern; "" if it does not say
  std::string diagnosis, change;  ///< one line; what the patch really did there
  bool accepted = false;
  std::string inferred;                        ///< of its rule: what no case has shown; or ""
  std::vector<std::string> supports, against;  ///< tasks that show the rule, that contradict it
  std::vector<int> confirmed_in;  ///< iterations in which a task was right with it in view, rising
  bool operator==(const RemedyEntry&) const = default;
};
enum class PatternKind { operation, workflow, mixed };
struct Pattern {
  std::string slug;
  PatternKind kind = PatternKind::operation;
  /// What a model or a program wrote where a kind belongs; enforce_momentum_invariants() mends it.
  std::optional<std::string> odd_kind = std::nullopt;
  std::string line;
  std::string anchor;  ///< slug of a body heading, a reference's base name, or ""
  std::vector<int> failed_in, succeeded_in;  ///< iterations, rising
  std::vector<std::string> tasks;            ///< that failed by it, sorted; the first 50
  std::string description, action;
  std::vector<RemedyEntry> remedies;
  double velocity = 0;

  void set_kind(const std::string& text);
  [[nodiscard]] std::string kind_text() const;
};
/// skillgrad.memory/2: the persistent pattern memory M. Of skillgrad.memory/1 `appeared_in` is read
/// as `failed_in`.
struct MomentumMemory {
  int iteration = 0;  ///< last one merged; 0 = empty
  std::vector<Pattern> patterns;
  std::vector<std::string> succeeded;  ///< tasks that were evidence of a success so far, sorted
  [[nodiscard]] std::string to_markdown() const;  ///< momentum_memory.md
};
/// What one task shows of one pattern.
struct OverlayPart {
  std::string pattern;  ///< slug, "new" or "no-actionable-signal"
  std::string anchor, gap, change;
};
struct OverlayEntry {
  std::string task_id, signal;
  std::vector<OverlayPart> parts;  ///< at least one; a task without a signal has that alone
  [[nodiscard]] bool names(const std::string& pattern) const;
};
struct Theme {
  std::string theme;
  std::vector<std::string> tasks;
};
/// skillgrad.momentum/2 (with "memory"): the per-iteration overlay O. Of skillgrad.momentum/1 an
/// entry has one pattern in place of the list, which is read as well.
struct Overlay {
  int iteration = 0;
  std::vector<OverlayEntry> entries;
  std::vector<Theme> themes;
};

/// skillgrad.patch/1
struct Patch {
  std::vector<skill::EditOp> edits;
  struct Addressed {
    std::string pattern, anchor, reason;
    std::string inferred;                        ///< of the rule: what no case has shown; or ""
    std::vector<std::string> supports, against;  ///< tasks that show it, that contradict it
  };
  std::vector<Addressed> addressed;
  std::string summary;
};

/// A patch that was tried and not kept, shown to the next patch call.
struct RejectedPatch {
  int iteration = 0;
  std::string summary, diff, reason;
};

/// What became of an iteration's patch; a gate never says no_patch.
enum class Decision { accepted, rejected, undecided, no_patch };

/// What a patch does to one of several skills, on the tasks that are its own.
struct SkillEffect {
  std::string skill;  ///< its folder
  std::size_t n = 0;  ///< own tasks graded under both packages
  double before = 0, after = 0;
  std::size_t fixed = 0, broken = 0;  ///< tasks whose value rose, fell
  double worse = 0;                   ///< chance that it breaks more of them than it lifts
  bool harmed = false;                ///< that chance is high enough to refuse the patch
};

/// What a gate found with one of several models (docs/across.md).
struct GateModel {
  std::string model;
  double before = 0, after = 0;              ///< means over its validation tasks
  std::size_t n = 0, fixed = 0, broken = 0;  ///< tasks
  double worse = 0;                          ///< chance that it breaks more tasks than it lifts
};

/// skillgrad.gate/1
struct GateDecision {
  Decision decision = Decision::undecided;
  std::string mode;
  double before = 0, after = 0, difference = 0, standard_error = 0;
  double low = 0, high = 0;
  std::optional<double> p;
  std::size_t n = 0, planned = 0, fixed = 0, broken = 0;
  std::string reason;
  /// Of a staged gate (docs/deciding.md): the chance that the candidate helps more than it harms.
  std::optional<double> better = std::nullopt;
  std::vector<std::string> lost = {};    ///< and tasks that it broke for sure, --max-broken
  std::vector<SkillEffect> skills = {};  ///< of several skills, each
  std::vector<GateModel> models = {};    ///< where several execute
};

Json to_json(const LossRecord& value);
Json to_json(const Evidence& value);
Json to_json(const Gradient& value);
Json to_json(const MomentumMemory& value);
Json to_json(const Overlay& value);
Json to_json(const Patch& value);
Json to_json(const RejectedPatch& value);
Json to_json(const GateDecision& value);
Json to_json(const llm::Usage& value);
[[nodiscard]] Result<LossRecord> loss_from_json(const Json& value);
[[nodiscard]] Result<Gradient> gradient_from_json(const Json& value);
[[nodiscard]] Result<MomentumMemory> memory_from_json(const Json& value);
[[nodiscard]] Result<Overlay> overlay_from_json(const Json& value);
[[nodiscard]] Result<Patch> patch_from_json(const Json& value);
[[nodiscard]] Result<RejectedPatch> rejected_from_json(const Json& value);
[[nodiscard]] Result<GateDecision> gate_from_json(const Json& value);
[[nodiscard]] Result<llm::Usage> usage_from_json(const Json& value);

}  // namespace skillgrad::optim

namespace skillgrad {

template <>
struct EnumText<optim::LossStatus> {
  using enum optim::LossStatus;
  static constexpr EnumName<optim::LossStatus> kTable[] = {
      {pass, "pass"},   {fail, "fail"},       {error, "error"},    {timeout, "timeout"},
      {limit, "limit"}, {refused, "refused"}, {skipped, "skipped"}};
};

template <>
struct EnumText<optim::EvidenceKind> {
  using enum optim::EvidenceKind;
  static constexpr EnumName<optim::EvidenceKind> kTable[] = {{failure, "failure"},
                                                             {contrastive, "contrastive"}};
};

template <>
struct EnumText<optim::CauseCase> {
  using enum optim::CauseCase;
  static constexpr EnumName<optim::CauseCase> kTable[] = {{gap, "gap"},
                                                          {wrong, "wrong"},
                                                          {ignored, "ignored"},
                                                          {followed, "followed"},
                                                          {chance, "chance"}};
};

template <>
struct EnumText<optim::PatternKind> {
  using enum optim::PatternKind;
  static constexpr EnumName<optim::PatternKind> kTable[] = {
      {operation, "operation"}, {workflow, "workflow"}, {mixed, "mixed"}};
};

template <>
struct EnumText<optim::Decision> {
  using enum optim::Decision;
  static constexpr EnumName<optim::Decision> kTable[] = {{accepted, "accepted"},
                                                         {rejected, "rejected"},
                                                         {undecided, "undecided"},
                                                         {no_patch, "no_patch"}};
};

}  // namespace skillgrad
