// SPDX-License-Identifier: MIT
#include <algorithm>
#include <map>

#include <fmt/format.h>

#include <skillgrad/core/ascii.hpp>
#include <skillgrad/core/text.hpp>
#include <skillgrad/optim/troubles.hpp>

namespace skillgrad::optim {
namespace {

constexpr std::size_t kMessageBytes = 160;

/// "0 of 1 right" alone: what is wrong follows it.
bool is_count(const std::string& line) { return common_form(line).starts_with("… of … "); }

/// The first line that says something.
std::string telling_line(const std::string& text) {
  std::string first;
  for (const auto& line : split_lines(text)) {
    const std::string said(trim(line));
    if (said.empty()) continue;
    if (!is_count(said)) return said;
    if (first.empty()) first = said;
  }
  return first;
}

bool was_run(const LossRecord& record) { return record.status != LossStatus::skipped; }

/// Counts rollouts under a word; keeps one wording where all agree.
class Group {
 public:
  /// `form`: what the messages of the group have in common.
  void add(const LossRecord& record, const std::string& message, const std::string& form) {
    if (trouble_.count == 0) {
      exact_ = message;
      form_ = form;
    }
    same_ = same_ && exact_ == message;
    ++trouble_.count;
    // Rollouts of one task stand together.
    auto& tasks = trouble_.tasks;
    if (tasks.empty() || tasks.back() != record.task_id) tasks.push_back(record.task_id);
  }
  [[nodiscard]] Trouble finish(TroubleKind kind, std::size_t of) && {
    trouble_.kind = kind;
    trouble_.of = of;
    trouble_.what = replace_all(truncate_middle(same_ ? exact_ : form_, kMessageBytes), "\n", " ");
    return std::move(trouble_);
  }

 private:
  Trouble trouble_;
  std::string exact_, form_;
  bool same_ = true;
};

void by_count(std::vector<Trouble>& troubles) {
  std::stable_sort(troubles.begin(), troubles.end(),
                   [](const Trouble& a, const Trouble& b) { return a.count > b.count; });
}

/// What graders said of answers that did not pass, and what errors said, by their common form.
std::vector<Trouble> messages(const std::vector<LossRecord>& records, std::size_t run) {
  std::map<std::pair<TroubleKind, std::string>, Group> groups;
  for (const auto& record : records) {
    if (record.status == LossStatus::pass || !was_run(record)) continue;
    const bool error = record.failed();
    const std::string& said = error ? record.error : record.feedback;
    std::string message = telling_line(said);
    if (message.empty()) message = error ? "no reason was given" : "not all of it is right";
    // Of the whole, since a quoted text may run over several lines.
    std::string form = telling_line(common_form(said));
    if (form.empty()) form = message;
    groups[{error ? TroubleKind::error : TroubleKind::feedback, form}].add(record, message, form);
  }
  std::vector<Trouble> out;
  for (auto& [key, group] : groups) out.push_back(std::move(group).finish(key.first, run));
  by_count(out);
  return out;
}

struct EndWords {
  agent::EndState end_state;
  TroubleKind kind;
  const char* what;
};
constexpr EndWords kEnds[] = {
    {agent::EndState::turn_limit, TroubleKind::turn_limit,
     "ended by the limit of turns (--task-turns)"},
    {agent::EndState::time_limit, TroubleKind::time_limit,
     "ended by the limit of time (--task-timeout)"},
    {agent::EndState::token_limit, TroubleKind::token_limit,
     "ended by the limit of tokens (--task-tokens) or of the model's context"},
    {agent::EndState::refused, TroubleKind::refused, "refused or filtered"}};

std::vector<Trouble> ends(const std::vector<LossRecord>& records, std::size_t run) {
  std::vector<Trouble> out;
  for (const auto& [end_state, kind, what] : kEnds) {
    Group group;
    bool any = false;
    for (const auto& record : records)
      if (record.end_state == end_state && record.status != LossStatus::pass && was_run(record)) {
        group.add(record, what, what);
        any = true;
      }
    if (any) out.push_back(std::move(group).finish(kind, run));
  }
  by_count(out);
  return out;
}

/// Signs of rollouts, passed or not: an agent that never calls a tool shows in the passed ones,
/// too.
template <class Sign>
void add_sign(std::vector<Trouble>& out, const std::vector<LossRecord>& records, TroubleKind kind,
              const Sign& shows) {
  Group group;
  std::size_t of = 0, count = 0;
  std::string what;
  for (const auto& record : records) {
    if (!was_run(record) || !record.signs || record.failed()) continue;
    const std::optional<std::string> shown = shows(*record.signs);
    if (!shown) continue;
    ++of;
    if (shown->empty()) continue;
    ++count;
    group.add(record, *shown, *shown);
  }
  if (count > 0) out.push_back(std::move(group).finish(kind, of));
}

void add_cut_replies(std::vector<Trouble>& out, const std::vector<LossRecord>& records) {
  Trouble trouble;
  trouble.kind = TroubleKind::reply_cut;
  std::int64_t cut_at = 0;
  for (const auto& record : records) {
    if (!record.signs || !was_run(record)) continue;
    trouble.of += static_cast<std::size_t>(std::max<std::int64_t>(0, record.usage.calls));
    if (record.signs->cut_replies == 0) continue;
    trouble.count += record.signs->cut_replies;
    trouble.tasks.push_back(record.task_id);
    cut_at = std::max(cut_at, record.signs->cut_at);
  }
  if (trouble.count == 0) return;
  trouble.of = std::max(trouble.of, trouble.count);
  trouble.what = "replies cut at the output limit (--max-output-tokens)";
  if (cut_at > 0)
    trouble.what = fmt::format("replies cut at {} tokens (--max-output-tokens)", cut_at);
  out.push_back(std::move(trouble));
}

}  // namespace

std::string common_form(const std::string& message) {
  std::string out;
  for (std::size_t i = 0; i < message.size();) {
    const char c = message[i];
    const std::size_t close = c == '"' ? message.find('"', i + 1) : std::string::npos;
    if (close != std::string::npos) {
      out += "\"…\"";
      i = close + 1;
    } else if (is_digit(c)) {
      while (i < message.size() && (is_digit(message[i]) || message[i] == '.')) ++i;
      out += "…";
      if (message[i - 1] == '.') out += '.';
    } else {
      out += c;
      ++i;
    }
  }
  return out;
}

std::vector<Trouble> troubles(const std::vector<LossRecord>& records) {
  std::size_t run = 0, passed = 0;
  for (const auto& record : records) {
    run += was_run(record) ? 1U : 0U;
    passed += record.status == LossStatus::pass ? 1U : 0U;
  }
  if (run == passed) return {};
  std::vector<Trouble> out = messages(records, run);
  for (auto& trouble : ends(records, run)) out.push_back(std::move(trouble));
  add_cut_replies(out, records);
  using Shown = std::optional<std::string>;
  add_sign(out, records, TroubleKind::no_answer, [](const RolloutSigns& signs) -> Shown {
    return signs.answered ? "" : "nothing was left that can be graded";
  });
  add_sign(out, records, TroubleKind::no_tool_call, [](const RolloutSigns& signs) -> Shown {
    return signs.tool_calls > 0 ? "" : "no tool was called";
  });
  add_sign(out, records, TroubleKind::skill_not_read, [](const RolloutSigns& signs) -> Shown {
    if (!signs.skill_read) return std::nullopt;
    return *signs.skill_read ? "" : "the skill was not read";
  });
  return out;
}

std::optional<TroubleKind> reason_of(const LossRecord& record) {
  if (record.status == LossStatus::pass) return std::nullopt;
  if (!was_run(record)) return TroubleKind::skipped;
  if (record.failed()) return TroubleKind::error;
  for (const auto& [end_state, kind, what] : kEnds)
    if (record.end_state == end_state) return kind;
  if (record.signs && record.signs->cut_replies > 0) return TroubleKind::reply_cut;
  if (record.signs && !record.signs->answered)
    return record.signs->tool_calls == 0 ? TroubleKind::no_tool_call : TroubleKind::no_answer;
  return TroubleKind::feedback;
}

Json to_json(const std::vector<Trouble>& troubles) {
  Json out = Json::array();
  for (const auto& trouble : troubles)
    out.push_back({{"kind", name_of(trouble.kind)},
                   {"what", trouble.what},
                   {"count", trouble.count},
                   {"of", trouble.of},
                   {"tasks", trouble.tasks}});
  return out;
}

std::vector<std::string> to_lines(const std::vector<Trouble>& troubles, std::size_t most) {
  std::vector<std::string> out;
  for (const auto& trouble : troubles) {
    if (out.size() == most) {
      out.push_back(fmt::format("and {} more kinds (\"went_wrong\" of run.json has all)",
                                troubles.size() - most));
      break;
    }
    out.push_back(
        fmt::format("{} of {}: {}", trouble.count, trouble.of, strip_control(trouble.what)));
  }
  return out;
}

}  // namespace skillgrad::optim
