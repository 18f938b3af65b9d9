// SPDX-License-Identifier: MIT
// `llm-judge`: a model of the role `judge` gives one verdict for each criterion, with a quote. What
// it says counts only when it can be read and its quotes stand in the answer; anything else is an
// infrastructure error, never a score.
#include <algorithm>

#include <fmt/format.h>

#include <skillgrad/core/json.hpp>
#include <skillgrad/core/resources.hpp>
#include <skillgrad/core/text.hpp>

#include "bench/grade_tools.hpp"
#include "bench/graders/grader.hpp"
#include "bench/graders/judge_request.hpp"
#include "bench/graders/verdicts.hpp"

namespace skillgrad::bench {
namespace {

constexpr int kReplies = 3;  ///< the first one and two retries
constexpr int kMostVotes = 99;
constexpr int kSamplesOfOpinion = 1000;  ///< above kReplies * kMostVotes
constexpr const char* kPrompt = "configs/prompts/judge.md";

struct JudgeOptions {
  std::vector<std::string> criteria;
  std::string model;
  int votes = 1;
  bool files = false;  ///< the answer is the message and the files, not one output file
};

/// How the votes on one criterion stand.
struct Tally {
  int yes = 0;
  Verdict pro, contra;  ///< the first of each side

  void add(Verdict verdict) {
    Verdict& first = verdict.passed ? pro : contra;
    if (verdict.passed) ++yes;
    if (first.evidence.empty()) first = std::move(verdict);
  }
  [[nodiscard]] bool passed(int votes) const { return 2 * yes > votes; }
  [[nodiscard]] bool decided(int asked, int votes) const {
    return passed(votes) || 2 * (yes + votes - asked) <= votes;
  }
};

class JudgeGrader final : public Grader {
 public:
  explicit JudgeGrader(JudgeOptions options) : options_(std::move(options)) {}
  [[nodiscard]] std::string name() const override { return "llm-judge"; }
  [[nodiscard]] bool needs_work_dir() const override { return options_.files; }
  [[nodiscard]] int model_calls() const override { return options_.votes * kReplies; }
  [[nodiscard]] std::vector<std::string> criteria() const override { return options_.criteria; }

  [[nodiscard]] Grade grade(const GraderInput& input, const GradeContext& context) const override {
    const std::string answer = judged_text(input, options_.files);
    // Nothing can be quoted from an answer that is not there, so no criterion can pass.
    if (answer.empty()) return missing(input, context);
    if (context.judging.models == nullptr) return no_model(input);
    auto model = context.judging.models->judge(options_.model);
    if (!model) return failed(input, std::move(model).error());
    auto tallies = vote(**model, request(input, answer, context), answer, context);
    if (!tallies) return failed(input, std::move(tallies).error());
    return counted(input, *tallies);
  }

  [[nodiscard]] Grade missing(const GraderInput& input,
                              const GradeContext& /*context*/) const override {
    Grade grade;
    grade.task_id = input.task_id;
    grade.total = options_.criteria.size();
    constexpr const char* kNothing = "there is no answer to judge";
    for (const auto& criterion : options_.criteria) {
      grade.differences.push_back({criterion, {"string", "fulfilled"}, {"empty", ""}});
      grade.checks.push_back({criterion, 1, 0, kNothing});
    }
    settle(grade);
    grade.message = kNothing;
    return grade;
  }

 private:
  [[nodiscard]] Grade no_model(const GraderInput& input) const {
    Grade grade = error_grade(
        input.task_id, GradeErrorKind::infra_error,
        fmt::format("this task needs a judge model for {} criteria", options_.criteria.size()),
        "give --model NAME, or a grader without a model, such as contains, regex or command");
    grade.total = options_.criteria.size();
    grade.judged = true;
    return grade;
  }

  [[nodiscard]] Grade failed(const GraderInput& input, Error error) const {
    Grade grade = error_grade(input.task_id, GradeErrorKind::infra_error,
                              "the judge gave no verdict: " + error.to_line());
    grade.total = options_.criteria.size();
    grade.judged = true;
    grade.call_error = std::move(error);
    return grade;
  }

  [[nodiscard]] llm::ChatRequest request(const GraderInput& input, const std::string& answer,
                                         const GradeContext& context) const {
    std::string prompt = context.judging.prompt;
    if (prompt.empty()) prompt = resource(kPrompt).value_or("");
    llm::ChatRequest out;
    out.stage = "judge";
    const std::string& scope = context.judging.scope;
    out.scope = (scope.empty() ? "" : scope + "/") + "judge/" + input.task_id;
    // Equal gradings get one verdict wherever in the run they occur, and are paid for once.
    out.record_scope = "judge";
    out.messages.push_back({llm::Role::system, std::string(trim(prompt)) + "\n", {}, {}, {}});
    out.messages.push_back(
        {llm::Role::user, judge_message(input.input, options_.criteria, answer), {}, {}, {}});
    return out;
  }

  /// Asks until the votes that are still out can change nothing.
  [[nodiscard]] Result<std::vector<Tally>> vote(llm::ChatModel& model, llm::ChatRequest request,
                                                const std::string& answer,
                                                const GradeContext& context) const {
    std::vector<Tally> tallies(options_.criteria.size());
    const int first = context.judging.opinion * kSamplesOfOpinion;
    for (int asked = 0; asked < options_.votes;) {
      SKILLGRAD_TRY(auto verdicts, ask(model, request, first + asked * kReplies, answer, context));
      for (std::size_t i = 0; i < verdicts.size(); ++i) tallies[i].add(std::move(verdicts[i]));
      ++asked;
      if (std::all_of(tallies.begin(), tallies.end(),
                      [&](const Tally& tally) { return tally.decided(asked, options_.votes); }))
        break;
    }
    return tallies;
  }

  /// One vote: a reply that cannot be used is asked for again, with another sample index.
  [[nodiscard]] Result<std::vector<Verdict>> ask(llm::ChatModel& model, llm::ChatRequest& request,
                                                 int sample, const std::string& answer,
                                                 const GradeContext& context) const {
    Error last;
    for (int reply = 0; reply < kReplies; ++reply) {
      request.sample_index = sample + reply;
      SKILLGRAD_TRY(const llm::ChatReply said,
                    model.complete(request, {context.stop, context.judging.deadline, {}}));
      auto verdicts = read(said, answer);
      if (verdicts) return verdicts;
      last = std::move(verdicts).error();
      if (last.code == ErrorCode::content_filter) break;
    }
    last.mend =
        last.code == ErrorCode::content_filter
            ? "use another judge model, or word the criteria otherwise"
            : "use another judge model (\"judge\" in --roles), or word the form otherwise in a "
              "judge.md of the folder of --prompts";
    return tl::unexpected(std::move(last));
  }

  [[nodiscard]] Result<std::vector<Verdict>> read(const llm::ChatReply& said,
                                                  const std::string& answer) const {
    if (said.refused || said.finish == llm::Finish::filtered)
      return fail(ErrorCode::content_filter, "the judge refused", "reply of the judge");
    if (said.finish == llm::Finish::length)
      return fail(ErrorCode::malformed_reply, "the reply was cut at the output limit",
                  "reply of the judge");
    // Nothing was offered to call: such a turn went on, and its text is not the last word.
    if (said.finish == llm::Finish::tools || !said.message.tool_calls.empty())
      return fail(ErrorCode::malformed_reply, "the reply is a tool call, and none was offered",
                  "reply of the judge");
    return read_verdicts(said.message.content, options_.criteria.size(), answer);
  }

  [[nodiscard]] Grade counted(const GraderInput& input, const std::vector<Tally>& tallies) const {
    Grade grade;
    grade.task_id = input.task_id;
    grade.judged = true;
    grade.total = tallies.size();
    for (std::size_t i = 0; i < tallies.size(); ++i) {
      const bool passed = tallies[i].passed(options_.votes);
      const std::string& criterion = options_.criteria[i];
      const std::string& evidence = passed ? tallies[i].pro.evidence : tallies[i].contra.evidence;
      grade.matched += passed ? 1U : 0U;
      grade.checks.push_back({criterion, 1, passed ? 1.0 : 0.0, evidence});
      if (!passed)
        grade.differences.push_back({criterion, {"string", "fulfilled"}, {"string", evidence}});
    }
    grade.score = static_cast<double>(grade.matched) / static_cast<double>(grade.total);
    settle(grade);
    grade.message = describe(grade);
    return grade;
  }

  JudgeOptions options_;
};

}  // namespace

Result<std::unique_ptr<Grader>> make_judge(const Json& spec, const GraderSetup& setup) {
  StrictReader reader(spec, setup.where);
  reader.ignore("type");
  JudgeOptions options;
  const Json criteria = reader.any("criteria", true);
  options.criteria = target_texts(criteria);
  const bool blank = std::any_of(options.criteria.begin(), options.criteria.end(),
                                 [](const std::string& text) { return trim(text).empty(); });
  if ((options.criteria.empty() || blank) && !criteria.is_null())
    reader.reject("criteria", "expected a text or a list of texts with at least one, none empty");
  options.model = reader.string("model", "");
  options.votes = static_cast<int>(reader.integer("votes", 1, 1, kMostVotes));
  options.files = setup.output.empty();
  SKILLGRAD_CHECK(reader.finish());
  return std::make_unique<JudgeGrader>(std::move(options));
}

}  // namespace skillgrad::bench
