// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>

#include <skillgrad/core/text.hpp>

#include "traces/formats/formats.hpp"
#include "traces/parts/session_builder.hpp"

namespace skillgrad::traces {
namespace {

constexpr std::string_view kVersion = "ATIF-v";
constexpr std::array<std::string_view, 9> kKnown = {"ATIF-v1.0", "ATIF-v1.1", "ATIF-v1.2",
                                                    "ATIF-v1.3", "ATIF-v1.4", "ATIF-v1.5",
                                                    "ATIF-v1.6", "ATIF-v1.7", "ATIF-v1.8"};

class AtifReader {
 public:
  AtifReader(const Source& source, const Json& trajectory)
      : source_(source), trajectory_(trajectory), builder_(Format::atif, *source.cleaner) {}

  std::optional<Session> read() {
    const std::string version = text_member(trajectory_, "schema_version");
    if (std::find(kKnown.begin(), kKnown.end(), version) == kKnown.end())
      builder_.unused("whatever a later version than ATIF-v1.8 has: this is " +
                      truncate_middle(source_.cleaner->text(version), 40));
    if (const std::string id = text_member(trajectory_, "session_id"); !id.empty())
      builder_.name(id);
    const Json& agent = member(trajectory_, "agent");
    if (const std::string name = text_member(agent, "name"); !name.empty()) builder_.agent(name);
    if (const std::string model = text_member(agent, "model_name"); !model.empty())
      builder_.model(model);
    for (const Json& step : member(trajectory_, "steps")) read_step(step);
    read_end();
    return builder_.finish(source_.place, *source_.notes);
  }

 private:
  void read_step(const Json& step) {
    const std::string source = text_member(step, "source");
    if (member(step, "is_copied_context") == Json(true))
      return builder_.unused("step copied from an earlier trajectory");
    const std::string text = text_of_content(member(step, "message"), builder_);
    if (source == "user") {
      builder_.user(text);
    } else if (source == "system") {
      builder_.system(text);
    } else if (source == "agent") {
      builder_.next_turn();
      builder_.reasoning(text_member(step, "reasoning_content"));
      builder_.assistant(text);
      read_calls(step);
      add_usage(member(step, "metrics"));
    } else {
      return builder_.unused("step of source " + source);
    }
    read_results(member(step, "observation"));
  }

  void read_calls(const Json& step) {
    const Json& calls = member(step, "tool_calls");
    if (!calls.is_array()) return;
    for (const Json& call : calls)
      builder_.call(text_member(call, "tool_call_id"), text_member(call, "function_name"),
                    member(call, "arguments"));
  }

  void read_results(const Json& observation) {
    const Json& results = member(observation, "results");
    if (!results.is_array()) return;
    for (const Json& result : results) {
      if (member(result, "subagent_trajectory_ref").is_array())
        builder_.unused("trajectory of a sub-agent");
      builder_.output(text_member(result, "source_call_id"),
                      text_of_content(member(result, "content"), builder_),
                      member(member(result, "extra"), "is_error") == Json(true));
    }
  }

  void add_usage(const Json& metrics) {
    if (!metrics.is_object()) return;
    usage_.input_tokens += count_member(metrics, "prompt_tokens");
    usage_.cached_tokens += count_member(metrics, "cached_tokens");
    usage_.output_tokens += count_member(metrics, "completion_tokens");
    ++usage_.calls;
  }

  void read_end() {
    const Json& last = member(trajectory_, "final_metrics");
    if (last.is_object() && last.contains("total_prompt_tokens")) {
      usage_.input_tokens = count_member(last, "total_prompt_tokens");
      usage_.cached_tokens = count_member(last, "total_cached_tokens");
      usage_.output_tokens = count_member(last, "total_completion_tokens");
    }
    builder_.usage(usage_);
    if (const Json& usd = member(last, "total_cost_usd"); usd.is_number() && usd.get<double>() >= 0)
      builder_.cost(usd.get<double>());
    if (trajectory_.contains("subagent_trajectories"))
      builder_.unused("trajectories of sub-agents");
    if (trajectory_.contains("continued_trajectory_ref"))
      builder_.unused("the trajectory that goes on with this one");
    read_outcome(member(trajectory_, "extra"));
    read_outcome(member(last, "extra"));
  }

  /// "reward" as Harbor's verifiers call it, or "score" as our own export does.
  void read_outcome(const Json& extra) {
    for (const char* key : {"score", "reward"}) {
      const Json& value = member(extra, key);
      if (!value.is_number()) continue;
      std::string text = text_member(extra, "feedback");
      if (text.empty()) text = text_member(extra, "error");
      builder_.outcome(value.get<double>(), text);
    }
  }

  const Source& source_;
  const Json& trajectory_;
  SessionBuilder builder_;
  llm::Usage usage_;
};

}  // namespace

bool is_atif(const Json& value) {
  return text_member(value, "schema_version").starts_with(kVersion) &&
         member(value, "steps").is_array();
}

std::vector<Session> read_atif(const Source& source) {
  std::vector<Session> out;
  for (const Line& line : source.lines) {
    if (!is_atif(line.value)) continue;
    if (auto session = AtifReader(source, line.value).read()) out.push_back(std::move(*session));
  }
  return out;
}

}  // namespace skillgrad::traces
