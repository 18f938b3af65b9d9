// SPDX-License-Identifier: MIT
#include "optim/stages/diagnosis_submission.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <skillgrad/core/text.hpp>

#include "optim/stages/stage_facts.hpp"

namespace skillgrad::optim {
namespace {

constexpr std::size_t kMostCauses = 8;
constexpr std::size_t kLabelWords = 10;  ///< 3 to 6 are asked for; more than this is prose
constexpr std::size_t kLabelBytes = 120;
constexpr const char* kTool = "submit_diagnosis";

Json text_of(const char* description) { return {{"type", "string"}, {"description", description}}; }

Json case_of(EvidenceKind kind) {
  const bool failed = kind == EvidenceKind::failure;
  const Json names =
      failed ? Json{"gap", "wrong", "ignored", "chance"} : Json{"followed", "gap", "chance"};
  return {{"type", "string"},
          {"enum", names},
          {"description", failed ? "gap: the instructions lack the rule; wrong: they say something "
                                   "that is not so; ignored: they say it, and it was in view; "
                                   "chance: none of these"
                                 : "followed: an instruction led to it; gap: the assistant did it "
                                   "without one; chance: luck"}};
}

Json cause_schema(EvidenceKind kind) {
  const Json properties = {
      {"label", text_of("3 to 6 words that name the cause; nothing of this task alone")},
      {"case", case_of(kind)},
      {"analysis", text_of("The diagnosis of this cause in prose")},
      {"rule", text_of("The rule that the expected result shows, in full and exactly, for every "
                       "task of this kind; empty if none")},
      {"open", text_of("Variants of the rule that the evidence does not decide; empty if none")},
      {"skipped_step", text_of("The reasoning step that was left out or, for a success, added; "
                               "empty if none")},
      {"steps",
       {{"type", "array"},
        {"items", {{"type", "integer"}}},
        {"description", "Numbers of the trace steps this rests on"}}},
      {"known", text_of("Slug of the known pattern this is, or new, or empty")},
      {"refutes",
       text_of("Slug of a known pattern whose guess this result contradicts, or empty")}};
  return {
      {"type", "object"},
      {"properties", properties},
      {"required",
       {"label", "case", "analysis", "rule", "open", "skipped_step", "steps", "known", "refutes"}}};
}

std::size_t word_count(const std::string& text) {
  const std::vector<std::string> words = split(text, ' ');
  return static_cast<std::size_t>(std::count_if(
      words.begin(), words.end(), [](const std::string& word) { return !trim(word).empty(); }));
}

std::vector<int> read_steps(StrictReader& reader, std::int64_t last) {
  std::vector<int> out;
  const Json steps = reader.any("steps");
  if (steps.is_null()) return out;
  if (!steps.is_array()) {
    reader.reject("steps", "got a " + std::string(steps.type_name()) + ", expected an array",
                  "write the step numbers as [3, 7]");
    return out;
  }
  for (const Json& step : steps) {
    if (!step.is_number_integer() || step.get<std::int64_t>() < 1 ||
        step.get<std::int64_t>() > 1'000'000) {
      reader.reject("steps", "got " + dump_json(step) + ", expected step numbers from 1",
                    "write the step numbers as [3, 7]");
      return out;
    }
    if (last > 0 && step.get<std::int64_t>() > last) {
      reader.reject("steps", "the trace has no step " + dump_json(step),
                    "name steps from 1 to " + std::to_string(last));
      return out;
    }
    out.push_back(step.get<int>());
  }
  return out;
}

const Evidence::KnownPattern* find_known(const Evidence& evidence, const std::string& slug) {
  const auto& patterns = evidence.known_patterns;
  const auto found = std::find_if(patterns.begin(), patterns.end(),
                                  [&](const auto& pattern) { return pattern.slug == slug; });
  return found == patterns.end() ? nullptr : &*found;
}

bool is_known(const std::string& known, const Evidence& evidence) {
  return known.empty() || known == "new" || find_known(evidence, known) != nullptr;
}

std::string no_pattern(const std::string& slug) {
  return "there is no known pattern \"" + truncate_middle(slug, 80) + "\"";
}

std::string no_guess(const std::string& slug) {
  return "of the pattern \"" + truncate_middle(slug, 80) + "\" no guess is on record";
}

bool has_guess(const std::string& slug, const Evidence& evidence) {
  const auto* pattern = find_known(evidence, slug);
  return slug.empty() || (pattern != nullptr && !pattern->guess.empty());
}

void check_slugs(const Cause& cause, const Evidence& evidence, StrictReader& reader) {
  std::vector<std::string> slugs;
  for (const auto& pattern : evidence.known_patterns) slugs.push_back(pattern.slug);
  if (!is_known(cause.known, evidence))
    reader.reject(
        "known", no_pattern(cause.known),
        slugs.empty() ? "write \"new\"" : "write \"new\" or one of: " + join(slugs, ", "));
  if (!has_guess(cause.refutes, evidence))
    reader.reject("refutes", no_guess(cause.refutes),
                  "leave it empty, or name a pattern with a guess");
}

std::string trimmed(StrictReader& reader, const char* key, bool required) {
  return std::string(trim(required ? reader.string(key) : reader.string(key, std::string())));
}

std::optional<CauseCase> read_case(StrictReader& reader) {
  const std::string text = trimmed(reader, "case", false);
  const auto found = named<CauseCase>(text);
  if (!found && !text.empty())
    reader.reject("case", "got \"" + truncate_middle(text, 80) + "\"",
                  "use one of " + join(names_of<CauseCase>(), ", "));
  return found;
}

void check_texts(const Cause& cause, const DiagnosisReading& reading, StrictReader& reader) {
  const std::size_t words = word_count(cause.label);
  if (cause.label.empty() || cause.label.size() > kLabelBytes ||
      cause.label.find('\n') != std::string::npos || words > kLabelWords)
    reader.reject("label", "it has " + std::to_string(words) + " words",
                  "name the cause in 3 to 6 words");
  if (cause.analysis.empty()) reader.reject("analysis", "it is empty", "write the diagnosis");
  if (cause.analysis.size() > kAnalysisBytes && reading.tries == Tries::left)
    reader.reject(
        "analysis", "it has " + std::to_string(cause.analysis.size()) + " bytes",
        "at most " + std::to_string(kAnalysisBytes) + " are passed on whole; say it more briefly");
}

/// Reads one cause out of `reader`; `known` keys of the object around it are the caller's.
Cause read_fields(StrictReader& reader, const DiagnosisReading& reading) {
  Cause out;
  out.label = trimmed(reader, "label", true);
  out.analysis = trimmed(reader, "analysis", true);
  out.found = read_case(reader);
  out.rule = trimmed(reader, "rule", false);
  out.open = trimmed(reader, "open", false);
  out.skipped_step = trimmed(reader, "skipped_step", false);
  out.known = trimmed(reader, "known", false);
  out.refutes = trimmed(reader, "refutes", false);
  out.steps = read_steps(reader, reading.last_step);
  check_texts(out, reading, reader);
  check_slugs(out, reading.evidence, reader);
  return out;
}

Result<std::vector<Cause>> read_causes(const Json& list, const DiagnosisReading& reading) {
  if (!list.is_array() || list.empty())
    return fail(ErrorCode::input, "\"causes\" must be an array with at least one cause", kTool,
                "name each independent cause once");
  std::vector<Cause> out;
  for (std::size_t i = 0; i < list.size(); ++i) {
    StrictReader reader(list[i], std::string(kTool) + " /causes/" + std::to_string(i));
    Cause cause = read_fields(reader, reading);
    SKILLGRAD_CHECK(reader.finish());
    out.push_back(std::move(cause));
  }
  return out;
}

/// What is wrong with the causes as a list; "" if nothing is.
std::string fault_of_list(const std::vector<Cause>& causes) {
  if (causes.size() > kMostCauses)
    return "there are " + std::to_string(causes.size()) + " causes, at most " +
           std::to_string(kMostCauses) + " are passed on; join those that one rule would cure";
  std::size_t bytes = 0;
  std::set<std::string> labels;
  for (const Cause& cause : causes) {
    bytes += cause.analysis.size();
    if (!labels.insert(slugify(cause.label)).second)
      return "two causes have the label \"" + cause.label + "\"; name them apart or make them one";
  }
  if (bytes > kTaskAnalysesBytes)
    return "the analyses have " + std::to_string(bytes) + " bytes, at most " +
           std::to_string(kTaskAnalysesBytes) + " are passed on whole; say it more briefly";
  return {};
}

}  // namespace

std::string diagnosis_schema(EvidenceKind kind) {
  const Json causes = {
      {"type", "array"},
      {"description", "One entry for each independent cause, the one that cost most first"},
      {"items", cause_schema(kind)}};
  const Json properties = {
      {"causes", causes},
      {"right", text_of("What the run had right, and whether an instruction, the task or chance "
                        "led to it; empty if there is nothing to say")}};
  return dump_json(
      {{"type", "object"}, {"properties", properties}, {"required", {"causes", "right"}}});
}

Result<Gradient> read_diagnosis(const Json& object, const DiagnosisReading& reading) {
  StrictReader reader(object, kTool);
  Gradient out;
  out.task_id = reading.evidence.task_id;
  out.kind = reading.evidence.kind;
  out.loss = reading.evidence.current.loss;
  out.right = trimmed(reader, "right", false);
  const Json list = reader.any("causes");
  if (list.is_null()) out.causes.push_back(read_fields(reader, reading));
  SKILLGRAD_CHECK(reader.finish());
  if (list.is_null()) return out;
  SKILLGRAD_TRY(out.causes, read_causes(list, reading));
  const std::string fault = fault_of_list(out.causes);
  if (fault.empty()) return out;
  if (reading.tries == Tries::left) return fail(ErrorCode::input, fault, kTool, "put it right");
  reading.context.tell("diagnosis of " + out.task_id + ": " + fault);
  if (out.causes.size() > kMostCauses) out.causes.resize(kMostCauses);
  return out;
}

std::vector<std::string> faults_of_slugs(const Cause& cause, const Evidence& evidence) {
  std::vector<std::string> out;
  if (!is_known(cause.known, evidence)) out.push_back(no_pattern(cause.known));
  if (!has_guess(cause.refutes, evidence)) out.push_back(no_guess(cause.refutes));
  return out;
}

}  // namespace skillgrad::optim
