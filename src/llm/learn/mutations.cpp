// SPDX-License-Identifier: MIT
#include "llm/learn/mutations.hpp"

#include <algorithm>
#include <array>

#include "llm/learn/effort.hpp"
#include "llm/learn/refusal.hpp"

namespace skillgrad::llm {

namespace {

/// What one way of reading a refusal found. Decided without a mutation: the refusal is understood,
/// and nothing helps; no other reading may try its luck.
struct Finding {
  bool decided = false;
  std::optional<Mutation> mutation;
};

constexpr std::array<std::string_view, 6> kNotOptional = {"model", "messages",     "tools",
                                                          "input", "instructions", "stream"};

bool is_optional(const std::string& key) {
  return std::find(kNotOptional.begin(), kNotOptional.end(), key) == kNotOptional.end();
}

Finding change(WireStyle style, std::string description) {
  return {true, Mutation{std::move(style), std::move(description)}};
}

bool demands_stream(const Refusal& refusal) {
  return refusal.has_any({"enable_thinking must be set to false for non-streaming",
                          "only support stream", "only supports stream", "enable the stream",
                          "must have stream=true", "set stream=true", "set stream to true",
                          "streaming is required", "requires stream", "must be streamed"}) ||
         (refusal.has("enable thinking") && refusal.has("stream=false"));
}

/// Demands that name no field of the body.
Finding read_demands(const Refusal& refusal, const Body&, const WireStyle& style) {
  WireStyle out = style;
  if (refusal.has("length of 9")) {
    out.short_ids = true;
    return change(out, "tool call ids shortened to 9 characters");
  }
  if (demands_stream(refusal)) {
    out.stream = true;
    return change(out, "streaming switched on");
  }
  if (refusal.has("invalid_encrypted_content")) {
    out.mirror = false;
    return change(out, "items of earlier replies no longer sent back");
  }
  if (style.strict && refusal.has_word("strict")) {
    out.strict = false;
    return change(out, "strict tool schemas switched off");
  }
  return {};
}

/// Tools together with reasoning, which some models take over the responses API only (R1.8).
Finding read_tools_with_effort(const Refusal& refusal, const Body& body, const WireStyle& style) {
  const bool refused =
      refusal.has_any({"tools with reasoning_effort", "tools and reasoning_effort"}) ||
      (refusal.has("/v1/responses") && refusal.has("reasoning_effort"));
  if (!refused) return {};
  WireStyle out = style;
  if (style.may_switch_api && !style.responses) {
    out.responses = true;
    return change(out, "the responses API is used, because chat refuses tools with reasoning");
  }
  if (body.effort == "none") return {true, std::nullopt};
  out.reasoning_effort = "none";
  return change(out, "reasoning_effort set to none, because the endpoint refuses tools with it");
}

Finding change_effort(const Refusal& refusal, const Body& body, const WireStyle& style) {
  WireStyle out = style;
  const OfferedEfforts offered = offered_efforts(refusal.text(), body.effort);
  if (!offered.nearest.empty()) {
    out.reasoning_effort = offered.nearest;
    return change(out, "reasoning_effort changed from " + body.effort + " to " + offered.nearest);
  }
  out.dropped.insert("reasoning_effort");
  return change(out, "reasoning_effort dropped");
}

/// One cap is tried in place of the other; where both are refused, none is sent any more.
Finding change_cap(const std::string& key, const WireStyle& style) {
  WireStyle out = style;
  out.dropped.insert(key);
  const std::string other = key == "max_tokens" ? "max_completion_tokens" : "max_tokens";
  if (style.dropped.contains(other)) {
    return change(out, other + " and " + key + " both refused: no output cap sent");
  }
  out.completion_cap = key == "max_tokens";
  return change(out, key + " replaced by " + other);
}

Finding change_key(const std::string& key, const Refusal& refusal, const Body& body,
                   const WireStyle& style) {
  if (key == "reasoning_effort") return change_effort(refusal, body, style);
  if (key == "max_tokens" || key == "max_completion_tokens") {
    // A cap that is too large is too large under any name.
    return refusal.out_of_range() ? Finding{} : change_cap(key, style);
  }
  WireStyle out = style;
  if (key == "stream_options") out.stream_options = false;
  out.dropped.insert(key);
  return change(out, key + " dropped");
}

/// The optional key that the error's own `param` or `loc` names decides. A value out of range is
/// the user's to mend.
Finding read_param(const Refusal& refusal, const Body& body, const WireStyle& style) {
  if (refusal.out_of_range() && !refusal.refuses()) return {};
  if (!body.effort.empty() && (refusal.param_is("reasoning_effort") || refusal.param_is("effort")))
    return change_effort(refusal, body, style);
  for (const auto& [key, value] : body.fields) {
    if (is_optional(key) && refusal.param_is(key)) return change_key(key, refusal, body, style);
  }
  return {};
}

/// Fields of earlier replies that the endpoint misses, or does not want to see (R2.7).
Finding read_mirrored(const Refusal& refusal, const Body& body, const WireStyle& style) {
  WireStyle out = style;
  const bool misses = refusal.has("must be passed back") ||
                      (refusal.names_message_field("reasoning_content") && !refusal.refuses() &&
                       refusal.has_any({"missing", "required", "must be provided", "must include",
                                        "must contain"}));
  if (misses) {
    out.mirror = true;
    out.backfill_reasoning = true;
    return change(out, "reasoning_content sent back on every turn with tool calls");
  }
  const bool unwanted = std::any_of(body.facts.mirrored.begin(), body.facts.mirrored.end(),
                                    [&](const std::string& field) {
                                      if (refusal.names_in_message(field)) return true;
                                      return !body.has(field) && refusal.names_message_field(field);
                                    });
  if (!unwanted || !refusal.refuses()) return {};
  out.mirror = false;
  out.backfill_reasoning = false;
  return change(out, "reasoning fields no longer sent back");
}

bool is_about_system(const Refusal& refusal) {
  if (refusal.has_any({"must alternate", "alternate between", "alternating"})) return true;
  bool named = false;
  for (const char* who : {"system", "developer"}) {
    for (const char* what : {"role", "roles", "message", "messages", "instruction", "instructions",
                             "prompt", "prompts"}) {
      named = named || refusal.has_near(who, what) || refusal.has_near(what, who);
    }
    named = named || refusal.has_near("got", who);
  }
  return named && (refusal.refuses() ||
                   refusal.has_any({"supported", "invalid", "must be one of", "should be one of"}));
}

Finding read_system(const Refusal& refusal, const Body& body, const WireStyle& style) {
  if (!is_about_system(refusal)) return {};
  if (style.fold_system) return {true, std::nullopt};
  if (!body.facts.system) return {};
  WireStyle out = style;
  out.fold_system = true;
  return change(out, "system text put in front of the first user message");
}

Finding read_null_content(const Refusal& refusal, const Body& body, const WireStyle& style) {
  if (!body.facts.null_content || !refusal.has_word("content")) return {};
  const bool about_null =
      refusal.has_word("null") || refusal.has_word("nonetype") || refusal.has("<nil>") ||
      refusal.has_near("got", "none") ||
      refusal.has_any({"must be a string", "valid string", "expected a string", "expected string",
                       "field required", "required property", "is required", "missing field",
                       "cannot be empty", "must not be empty", "must be non-empty",
                       "must have either content"});
  if (!about_null) return {};
  WireStyle out = style;
  out.empty_content = true;
  return change(out, "content \"\" sent instead of null");
}

/// The key that the text names first; of two that exclude each other, the one named last.
std::string named_key(const Refusal& refusal, const Body& body) {
  const bool last =
      refusal.has_any({"cannot both", "can't both", "cannot specify both", "mutually exclusive"});
  std::string best;
  std::size_t best_at = Refusal::kNowhere;
  const auto offer = [&](const std::string& key) {
    const std::size_t at = refusal.find_key(key);
    if (at == Refusal::kNowhere) return;
    if (!best.empty() && (last ? at < best_at : at > best_at)) return;
    best = key;
    best_at = at;
  };
  for (const auto& [key, value] : body.fields) {
    if (is_optional(key)) offer(key);
  }
  if (!body.effort.empty()) offer("reasoning_effort");
  return best;
}

Finding read_text(const Refusal& refusal, const Body& body, const WireStyle& style) {
  const std::string key = named_key(refusal, body);
  const bool about_effort =
      key == "reasoning_effort" ||
      (key.empty() && (refusal.has("reasoning value") || refusal.has_word("effort")));
  if (about_effort && !body.effort.empty()) {
    const bool offers = offered_efforts(refusal.text(), body.effort).any;
    return offers || refusal.refuses() ? change_effort(refusal, body, style) : Finding{};
  }
  if (key.empty() || !refusal.refuses()) return {};
  return change_key(key, refusal, body, style);
}

}  // namespace

std::optional<Mutation> find_mutation(const ErrorBody& error, const Body& body,
                                      const WireStyle& style) {
  const Refusal refusal(error);
  for (const auto& read : {read_demands, read_tools_with_effort, read_param, read_mirrored,
                           read_system, read_null_content, read_text}) {
    Finding found = read(refusal, body, style);
    if (!found.decided) continue;
    if (!found.mutation || found.mutation->style == style) return std::nullopt;
    return std::move(found.mutation);
  }
  return std::nullopt;
}

std::optional<Mutation> leave_responses(const WireStyle& style) {
  if (!style.responses || !style.may_switch_api) return std::nullopt;
  Mutation out{style,
               "chat completions with reasoning_effort none, because the endpoint has no "
               "responses API"};
  out.style.responses = false;
  out.style.may_switch_api = false;
  out.style.reasoning_effort = "none";
  return out;
}

}  // namespace skillgrad::llm
