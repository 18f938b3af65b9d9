// SPDX-License-Identifier: MIT
#include "cli/telemetry/run_spans.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <skillgrad/core/text.hpp>

#include "cli/screen/console.hpp"
#include "cli/screen/forwarding_observer.hpp"
#include "cli/screen/notes.hpp"
#include "cli/settings/environment.hpp"
#include "cli/settings/option_keys.hpp"
#include "cli/telemetry/semantic_names.hpp"

namespace skillgrad::cli {
namespace {

constexpr const char* kHeadersVariable = "OTEL_EXPORTER_OTLP_HEADERS";
constexpr const char* kAgent = "skillgrad";
constexpr std::size_t kNameBytes = 200;

Duration seconds_of(double seconds) {
  if (!(seconds > 0) || seconds > 1e8) return Duration{0};
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

/// "iter_003/..." -> 3; 0 where it is no part of an iteration.
int iteration_of_scope(std::string_view scope) {
  constexpr std::string_view kFolder = "iter_";
  if (!scope.starts_with(kFolder)) return 0;
  int out = 0;
  for (const char c : scope.substr(kFolder.size())) {
    if (c < '0' || c > '9' || out > 100'000) break;
    out = 10 * out + (c - '0');
  }
  return out;
}

/// "iteration 3: train" -> 3.
int iteration_of_label(std::string_view label) {
  constexpr std::string_view kWord = "iteration ";
  return label.starts_with(kWord)
             ? iteration_of_scope("iter_" + std::string(label.substr(kWord.size())))
             : 0;
}

/// The folder of the rollout that a scope is of, without the mark of a further try; "" of none.
std::string rollout_of_scope(const std::string& scope) {
  constexpr std::string_view kFolder = "rollouts/";
  const std::size_t at = scope.find(kFolder);
  if (at == std::string::npos) return {};
  return scope.substr(0, scope.find_first_of("/~", at + kFolder.size()));
}

std::string folder_of_trace(const std::string& trace) {
  const std::size_t slash = trace.rfind('/');
  return slash == std::string::npos ? std::string() : trace.substr(0, slash);
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool coded = text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 &&
                       hex_digit(text[i + 2]) >= 0;
    out +=
        coded ? static_cast<char>(16 * hex_digit(text[i + 1]) + hex_digit(text[i + 2])) : text[i];
    if (coded) i += 2;
  }
  return out;
}

}  // namespace

class RunSpans::Recorder final : public llm::CallRecorder {
 public:
  Recorder(llm::CallRecorder& inner, RunSpans& spans) : inner_(inner), spans_(spans) {}
  Result<std::optional<std::string>> find(const std::string& key) override {
    return inner_.find(key);
  }
  Result<> begin(const std::string& key, const llm::LedgerRow& row,
                 std::optional<double> reserved_usd) override {
    return inner_.begin(key, row, reserved_usd);
  }
  Result<> attempt_failed(const llm::LedgerRow& row) override {
    spans_.call(row);
    return inner_.attempt_failed(row);
  }
  Result<> finish(const llm::LedgerRow& row, const std::string& request_json,
                  const std::string& reply_json) override {
    spans_.call(row);
    return inner_.finish(row, request_json, reply_json);
  }

 private:
  llm::CallRecorder& inner_;
  RunSpans& spans_;
};

class RunSpans::Tools final : public agent::ToolWatch {
 public:
  explicit Tools(RunSpans& spans) : spans_(spans) {}
  void tool_ended(const agent::ToolRun& run) override { spans_.tool(run); }

 private:
  RunSpans& spans_;
};

class RunSpans::Watcher final : public ForwardingObserver {
 public:
  Watcher(std::unique_ptr<optim::Observer> next, RunSpans& spans)
      : ForwardingObserver(std::move(next)), spans_(spans) {}
  void progress(const std::string& stage, std::size_t done, std::size_t total) override {
    spans_.stage(stage);
    next().progress(stage, done, total);
  }
  void iteration(const optim::IterationRow& row) override {
    spans_.iteration(row);
    next().iteration(row);
  }
  void rollout(const std::string& stage, const optim::LossRecord& record) override {
    spans_.rollout(stage, record);
    next().rollout(stage, record);
  }
  void ended(const Json& result) override {
    next().ended(result);
    spans_.end(&result);
  }

 private:
  RunSpans& spans_;
};

Result<std::unique_ptr<RunSpans>> RunSpans::open(const Settings& settings, TracedRun run,
                                                 const Clock& clock) {
  const std::string given = settings.get<"otlp">();
  // The address is printed in notes and kept in the run: it has no place for a secret.
  if (given.find_first_of("?#") != std::string::npos)
    return fail(ErrorCode::config,
                "the address of the collector holds a query or fragment, which may be a secret",
                settings.origin<"otlp">(),
                "give it up to the '?' or '#' alone, as in --otlp http://127.0.0.1:4318, and what "
                "is secret as a header in OTEL_EXPORTER_OTLP_HEADERS");
  llm::PostOptions options;
  options.url = traces_url(given);
  options.ca_file = settings.get<"ca_file">();
  options.insecure_tls = settings.get<"insecure_tls">();
  SKILLGRAD_TRY(options.headers, otlp_headers(environment_value(kHeadersVariable)));
  auto poster = llm::JsonPoster::create(options);
  if (!poster)
    return fail(ErrorCode::config, "is no address of a collector: " + poster.error().message,
                settings.origin<"otlp">(), "write it as in --otlp http://127.0.0.1:4318");
  return std::make_unique<RunSpans>(std::move(run), given, std::move(*poster), clock);
}

RunSpans::RunSpans(TracedRun run, std::string address, std::unique_ptr<llm::JsonPoster> poster,
                   const Clock& clock, ExportLimits limits)
    : run_(std::move(run)),
      address_(std::move(address)),
      clock_(clock),
      begin_(clock.wall_now()),
      trace_(trace_id_of(run_.identity)),
      salt_(run_.resumed ? std::to_string(begin_.time_since_epoch().count()) + " " : ""),
      root_(id("run")),
      tools_(std::make_unique<Tools>(*this)),
      exporter_(
          std::move(poster),
          [this](const std::vector<TraceSpan>& spans) {
            return without_secrets(otlp_json(trace_, spans, SKILLGRAD_VERSION));
          },
          [this](const std::string& problem) {
            notes().say("spans do not reach " + address_ + " (" + problem +
                        "); the run goes on without them");
          },
          limits) {}

RunSpans::~RunSpans() { end(nullptr); }

llm::CallRecorder& RunSpans::record(llm::CallRecorder& inner) {
  recorder_ = std::make_unique<Recorder>(inner, *this);
  return *recorder_;
}

agent::ToolWatch& RunSpans::tools() { return *tools_; }

std::unique_ptr<optim::Observer> RunSpans::observe(std::unique_ptr<optim::Observer> next) {
  return std::make_unique<Watcher>(std::move(next), *this);
}

std::string RunSpans::id(const std::string& what) const { return span_id_of(trace_, salt_ + what); }

WallTime RunSpans::before(Duration duration) const {
  return std::max(begin_, clock_.wall_now() - duration);
}

std::string RunSpans::iteration_id(int number) { return id("iteration " + std::to_string(number)); }

std::string RunSpans::parent_of(const std::string& scope) {
  const std::lock_guard lock(mutex_);
  if (const std::string folder = rollout_of_scope(scope); !folder.empty()) {
    rollouts_.try_emplace(folder, clock_.wall_now());
    return id("rollout " + folder);
  }
  const int iteration = iteration_of_scope(scope);
  return iterations_.contains(iteration) ? iteration_id(iteration) : root_;
}

/// Stages follow each other, so that one that begins ends the others.
void RunSpans::stage(const std::string& label) {
  const WallTime now = clock_.wall_now();
  std::map<std::string, Stage> done;
  {
    const std::lock_guard lock(mutex_);
    if (ended_) return;
    const auto known = stages_.find(label);
    if (known != stages_.end()) {
      known->second.last = now;
      return;
    }
    done.swap(stages_);
    const int iteration = iteration_of_label(label);
    if (iteration > 0) iterations_.try_emplace(iteration, now);
    const int count = ++opened_[label];
    stages_[label] = {id(fmt::format("stage {} {}", count, label)),
                      iteration > 0 ? iteration_id(iteration) : root_, now, now};
  }
  for (const auto& [name, one] : done) close_stage(name, one);
}

void RunSpans::close_stage(const std::string& label, const Stage& stage) {
  TraceSpan span{stage.id, stage.parent, truncate_middle(label, kNameBytes),
                 false,    stage.begin,  stage.last,
                 {},       false};
  span.attributes = {{otel::kStage, label}};
  exporter_.add(std::move(span));
}

void RunSpans::rollout(const std::string& label, const optim::LossRecord& record) {
  const WallTime now = clock_.wall_now();
  std::string parent = root_;
  const std::string folder = folder_of_trace(record.trace);
  {
    const std::lock_guard lock(mutex_);
    rollouts_.erase(folder);
    if (const auto open = stages_.find(label); open != stages_.end()) {
      open->second.last = now;
      parent = open->second.id;
    }
  }
  const bool graded = record.graded();
  TraceSpan span;
  span.id = id("rollout " + (folder.empty() ? label + " " + record.task_id : folder));
  span.parent = std::move(parent);
  span.name = fmt::format("{} {}", otel::kInvokeAgent, kAgent);
  span.begin = before(seconds_of(record.seconds));
  span.end = now;
  span.attributes = {{otel::kOperation, otel::kInvokeAgent},
                     {otel::kAgentName, kAgent},
                     {otel::kConversation, folder},
                     {otel::kProvider, otel::kOpenAi},
                     {otel::kRequestModel, run_.model},
                     {otel::kInputTokens, record.usage.input_tokens},
                     {otel::kOutputTokens, record.usage.output_tokens},
                     {otel::kCacheRead, record.usage.cached_tokens},
                     {otel::kTask, truncate_middle(record.task_id, kNameBytes)},
                     {otel::kTrial, record.sample},
                     {otel::kStatus, name_of(record.status)},
                     {otel::kScore, graded ? Json(record.score) : Json()},
                     {otel::kCost, record.cost_usd ? Json(*record.cost_usd) : Json()}};
  span.failed = record.failed();
  if (span.failed) span.attributes.emplace_back(otel::kErrorType, name_of(record.end_state));
  exporter_.add(std::move(span));
}

void RunSpans::iteration(const optim::IterationRow& row) {
  WallTime begin = clock_.wall_now();
  {
    const std::lock_guard lock(mutex_);
    const auto open = iterations_.find(row.iteration);
    if (open != iterations_.end()) {
      begin = open->second;
      iterations_.erase(open);
    }
  }
  TraceSpan span{iteration_id(row.iteration),
                 root_,
                 fmt::format("iteration {}", row.iteration),
                 false,
                 begin,
                 clock_.wall_now(),
                 {},
                 false};
  span.attributes = {{otel::kIteration, row.iteration}, {otel::kDecision, name_of(row.decision)}};
  exporter_.add(std::move(span));
}

void RunSpans::call(const llm::LedgerRow& row) {
  if (row.cached) return;  // nothing was sent
  TraceSpan span;
  span.id = id(fmt::format("call {} {} {}", row.scope, row.key, row.attempt));
  span.parent = parent_of(row.scope);
  span.name = fmt::format("{} {}", otel::kChat, row.model);
  span.client = true;
  span.begin = before(seconds_of(row.seconds));
  span.end = clock_.wall_now();
  const auto named = [](const std::string& text) { return text.empty() ? Json() : Json(text); };
  span.attributes = {{otel::kOperation, otel::kChat},
                     {otel::kProvider, otel::kOpenAi},
                     {otel::kRequestModel, row.model},
                     {otel::kResponseModel, named(row.response_model)},
                     {otel::kResponseId, named(row.response_id)},
                     {otel::kStage, named(row.stage)},
                     {otel::kAttempt, row.attempt},
                     {otel::kHttpStatus, row.http_status > 0 ? Json(row.http_status) : Json()}};
  if (row.answered()) {
    span.attributes.emplace_back(otel::kInputTokens, row.usage.input_tokens);
    span.attributes.emplace_back(otel::kOutputTokens, row.usage.output_tokens);
    span.attributes.emplace_back(otel::kCacheRead, row.usage.cached_tokens);
    if (row.cache_write_tokens > 0)
      span.attributes.emplace_back(otel::kCacheWrite, row.cache_write_tokens);
    if (row.first_byte_seconds > 0)
      span.attributes.emplace_back(otel::kFirstChunk, row.first_byte_seconds);
    if (row.cost_usd) span.attributes.emplace_back(otel::kCost, *row.cost_usd);
  } else {
    span.failed = true;
    span.attributes.emplace_back(otel::kErrorType, row.outcome ? row.outcome->name() : "_OTHER");
  }
  exporter_.add(std::move(span));
}

void RunSpans::tool(const agent::ToolRun& run) {
  TraceSpan span;
  span.id = id(fmt::format("tool {} {} {}", run.scope, run.number, run.call_id));
  span.parent = parent_of(run.scope);
  span.name = fmt::format("{} {}", otel::kExecuteTool, run.name);
  span.begin = before(run.took);
  span.end = clock_.wall_now();
  span.attributes = {{otel::kOperation, otel::kExecuteTool},
                     {otel::kToolName, run.name},
                     {otel::kToolCallId, truncate_middle(run.call_id, kNameBytes)},
                     {otel::kToolType, "function"}};
  span.failed = run.is_error;
  if (run.is_error) span.attributes.emplace_back(otel::kErrorType, "tool_error");
  exporter_.add(std::move(span));
}

void RunSpans::end(const Json* result) {
  std::map<std::string, Stage> done;
  std::map<int, WallTime> cut;
  std::map<std::string, WallTime> agents;
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(ended_, true)) return;
    done.swap(stages_);
    cut.swap(iterations_);
    agents.swap(rollouts_);
  }
  const WallTime now = clock_.wall_now();
  for (const auto& [folder, begin] : agents) {
    TraceSpan cut_off{id("rollout " + folder),
                      root_,
                      fmt::format("{} {}", otel::kInvokeAgent, kAgent),
                      false,
                      begin,
                      now,
                      {},
                      true};
    cut_off.attributes = {{otel::kOperation, otel::kInvokeAgent},
                          {otel::kAgentName, kAgent},
                          {otel::kConversation, folder},
                          {otel::kErrorType, "interrupted"}};
    exporter_.add(std::move(cut_off));
  }
  for (const auto& [label, one] : done) close_stage(label, one);
  for (const auto& [number, begin] : cut)
    exporter_.add({iteration_id(number),
                   root_,
                   fmt::format("iteration {}", number),
                   false,
                   begin,
                   now,
                   {{otel::kIteration, number}},
                   false});
  TraceSpan span{root_, "", "skillgrad " + run_.command, false, begin_, now, {}, false};
  span.attributes = {
      {otel::kCommand, run_.command}, {otel::kRun, run_.folder}, {otel::kRequestModel, run_.model}};
  // Without a result there is an error object, whose code stands beside its schema.
  const Json error = result == nullptr ? Json() : result->value("error", Json());
  const Json code = error.is_object() ? error.value("code", Json())
                    : result != nullptr && result->value("schema", "") == kErrorSchema
                        ? result->value("code", Json())
                        : Json();
  span.failed = result == nullptr || code.is_string();
  if (span.failed)
    span.attributes.emplace_back(otel::kErrorType, code.is_string() ? code : "_OTHER");
  exporter_.add(std::move(span));
  const SpanExporter::Sum sum = exporter_.finish();
  if (sum.lost > 0)
    print_err(fmt::format("note: {} of {} spans were dropped, since {} did not take them{}\n",
                          sum.lost, sum.lost + sum.sent, address_,
                          sum.problem.empty() ? "" : " (" + sum.problem + ")"));
}

std::string traces_url(std::string endpoint) {
  constexpr std::string_view kPath = "/v1/traces";
  while (endpoint.ends_with('/')) endpoint.pop_back();
  return endpoint.ends_with(kPath) ? endpoint : endpoint + std::string(kPath);
}

Result<std::vector<std::pair<std::string, Secret>>> otlp_headers(const std::string& text) {
  std::vector<std::pair<std::string, Secret>> out;
  for (const std::string& part : split(text, ',')) {
    if (trim(part).empty()) continue;
    const std::size_t equals = part.find('=');
    const std::string name(trim(part.substr(0, equals)));
    const std::string value =
        equals == std::string::npos
            ? ""
            : percent_decoded(trim(std::string_view(part).substr(equals + 1)));
    const auto hostile = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
    if (equals == std::string::npos || name.empty() ||
        std::any_of(name.begin(), name.end(),
                    [&](char c) { return hostile(c) || c == ' ' || c == ':'; }) ||
        std::any_of(value.begin(), value.end(), hostile))
      return fail(ErrorCode::config, "one of its headers is no name=value", kHeadersVariable,
                  "write name=value, with commas between several");
    out.emplace_back(name, Secret(value));
  }
  return out;
}

}  // namespace skillgrad::cli
