// SPDX-License-Identifier: MIT
#pragma once

#include <span>

namespace skillgrad::cli {

/// Which commands take an option; a command takes every row that shares a bit with its mask.
enum Group : unsigned {
  kModel = 1U << 0,    ///< endpoint and roles
  kBench = 1U << 1,    ///< data set, splits, grading
  kLimits = 1U << 2,   ///< budgets; may change between a run and its resume
  kLoop = 1U << 3,     ///< the optimizer
  kRollout = 1U << 4,  ///< limits of one task
  kRun = 1U << 5,      ///< run directory, jobs
  kSandbox = 1U << 6,
  kOutput = 1U << 7,
  kVerdict = 1U << 8,   ///< gates that decide the exit code
  kSim = 1U << 9,       ///< knobs of the simulated endpoint
  kGrading = 1U << 10,  ///< how answers are judged (also a part of kBench)
  kSelect = 1U << 11,   ///< which tasks
  kStops = 1U << 12,    ///< what ends the optimizer early; may change between a run and its resume
  kJudge = 1U << 13,    ///< the prompt of a judge outside of a run
  kPlan = 1U << 14,     ///< what an estimate assumes
  kDoctor = 1U << 15,   ///< what `doctor` looks at besides the endpoints
  kLint = 1U << 16,     ///< which lint rules speak
  kCi = 1U << 17,       ///< what `ci` takes of the options of a run
  kRegression = 1U << 18,  ///< gates of a comparison with what was there before
  kApprove = 1U << 19,     ///< who approves patches; may change between a run and its resume
  kTraces = 1U << 20,      ///< learning from recorded sessions
  kExecutor = 1U << 21,    ///< who executes tasks
  kAcross = 1U << 22,      ///< several models that execute one run
  kBeside = 1U << 23,      ///< which skills stand beside the one that is tried
  kShare = 1U << 24        ///< a run that several processes make; may change at its resume
};

enum class ValueType {
  boolean,
  integer,
  number,
  text,
  path,  ///< a text that names a file or folder: never empty where it is given
  json
};

/// One row of the table from which flags, config keys, environment names and the types of settings
/// all come.
struct OptionSpec {
  const char* key;         ///< config key, dotted
  const char* flag;        ///< long name without dashes; environment name: SKILLGRAD_ + upper case
  const char* short_flag;  ///< "j" or ""
  ValueType type;
  const char* fallback;  ///< JSON text; "null" = may be absent
  unsigned groups;
  bool identity;        ///< a change makes it another run
  double low, high;     ///< integer and number; low = high: any
  const char* choices;  ///< "a|b|c" or ""
  const char* help;
};

namespace option_rows {

using enum ValueType;
inline constexpr double kBig = 1e15;

// clang-format off
inline constexpr OptionSpec kRows[] = {
  // key, flag, short, type, default, groups, identity, low, high, choices, help
  {"model", "model", "m", text, "\"\"", kModel, true, 0, 0, "", "model name, or sim:NAME for the simulated endpoint"},
  {"base_url", "base-url", "", text, "\"\"", kModel | kLimits, true, 0, 0, "", "endpoint (default: OPENAI_BASE_URL)"},
  {"api_key_env", "api-key-env", "", text, "\"OPENAI_API_KEY\"", kModel, false, 0, 0, "", "environment variable that holds the key"},
  {"roles", "roles", "", json, "{}", kModel | kLimits, true, 0, 0, "", R"(other endpoint per stage: {"diagnoser":{"model":...,"base_url":...,"api_key_env":...,"headers":...,"price":...,"temperature":...,"rpm":...}})"},
  {"stream", "stream", "", text, "\"auto\"", kModel, false, 0, 0, "auto|on|off", "ask for streamed replies"},
  {"api", "api", "", text, "\"auto\"", kModel, true, 0, 0, "auto|chat|responses", "wire API (auto: chat, and responses where chat refuses tools with reasoning)"},
  {"temperature", "temperature", "", number, "null", kModel, true, 0, 2, "", "not sent unless given"},
  {"request_seeds", "request-seeds", "", boolean, "false", kModel, true, 0, 0, "", "send a seed with each request, made of --seed, its place in the run and the trial: a server that honours it gives equal replies to equal runs"},
  {"max_output_tokens", "max-output-tokens", "", integer, "null", kModel, true, 1, kBig, "", "output cap of each call"},
  {"context_tokens", "context-tokens", "", integer, "0", kModel, false, 0, kBig, "", "context length of the model, prompt and reply (0: not known)"},
  {"on_truncation", "on-truncation", "", text, "\"warn\"", kModel, false, 0, 0, "warn|error", "when the endpoint seems to read only a part of a prompt"},
  {"fold_system", "fold-system", "", boolean, "false", kModel, true, 0, 0, "", "put system text in front of the first user message"},
  {"strict_tools", "strict-tools", "", boolean, "false", kModel, true, 0, 0, "", "send tool schemas as strict"},
  {"extra_body", "extra-body", "", json, "null", kModel | kLimits, true, 0, 0, "", "JSON object merged into each request body; what looks like a key is not kept"},
  {"headers", "headers", "", json, "{}", kModel | kLimits, false, 0, 0, "", R"(extra request headers: {"NAME":{"env":"VARIABLE"}} or {"NAME":"value"}; values are not kept)"},
  {"ca_file", "ca-file", "", path, "\"\"", kModel, false, 0, 0, "", "file of trusted certificates"},
  {"insecure_tls", "insecure-tls", "", boolean, "false", kModel, false, 0, 0, "", "do not check certificates (dangerous)"},
  {"attempt_timeout_s", "attempt-timeout", "", number, "600", kModel, false, 1, 86400, "", "seconds for one HTTP attempt"},
  {"preflight", "preflight", "", boolean, "true", kModel | kLimits, false, 0, 0, "", "before the first call, see that each endpoint can be connected to (GET /models; what it answers decides nothing)"},
  {"http_version", "http-version", "", text, "\"auto\"", kModel | kLimits, false, 0, 0, "auto|1.1", "HTTP protocol; 1.1 keeps a faulty proxy or server from HTTP/2"},
  {"rpm", "rpm", "", number, "0", kModel | kLimits, false, 0, kBig, "", "requests per minute that the key may send (0: no limit)"},
  {"tpm", "tpm", "", number, "0", kModel | kLimits, false, 0, kBig, "", "tokens per minute that the key may use, prompt and output cap (0: no limit)"},
  {"max_concurrency", "max-concurrency", "", integer, "0", kModel | kLimits, false, 0, 4096, "", "requests of the key in flight at once (0: as many as --jobs)"},
  {"prices", "prices", "", path, "\"\"", kModel | kLimits, false, 0, 0, "", "file of model prices, asked before the built-in table: LiteLLM's, llm-prices', models.dev's, OpenRouter's or our own"},
  {"price", "price", "", json, "null", kModel | kLimits, false, 0, 0, "", R"(USD per million tokens of --model: {"input":1,"cached":0.1,"cache_write":1.25,"output":4})"},

  {"benchmark", "benchmark", "b", path, "\"\"", kBench, false, 0, 0, "", "NAME:PATH, or a .jsonl, .csv, .tsv or evals.json file (default: SKILL/evals)"},
  {"grading_mode", "mode", "", text, "\"strict\"", kBench | kGrading, true, 0, 0, "strict|official|skillgrad", "how workbooks are compared"},
  {"recalc", "recalc", "", text, "\"auto\"", kBench | kGrading, true, 0, 0, "auto|always|never", "recalculate formulas with LibreOffice"},
  {"recalc_golden", "recalc-golden", "", boolean, "false", kBench | kGrading, true, 0, 0, "", "recalculate golden workbooks, too (on a copy)"},
  {"cases", "cases", "", text, "\"first\"", kBench | kGrading, true, 0, 0, "first|all", "test cases of a SpreadsheetBench task: the first, or each as a task of its own"},
  {"map", "map", "", text, "\"\"", kBench | kGrading, true, 0, 0, "", "columns of a CSV or TSV benchmark: input=question,target=answer"},
  {"split_file", "split-file", "", path, "\"\"", kSelect, false, 0, 0, "", "JSON file or folder with the ids of train, val and test"},
  {"stratify", "stratify", "", text, "\"\"", kSelect, true, 0, 0, "", "draw the splits here so that each gets its share of every value of this field"},
  {"split_seed", "split-seed", "", integer, "0", kSelect, true, 0, kBig, "", "seed of a split made here"},
  {"ids", "ids", "", text, "\"\"", kSelect, true, 0, 0, "", "only these tasks: a,b*"},
  {"limit", "limit", "", integer, "0", kSelect, true, 0, kBig, "", "at most N tasks of each split (0: all)"},

  {"max_usd", "max-usd", "", number, "0", kLimits, false, 0, kBig, "", "stop new calls at this cost (0: no limit)"},
  {"max_tokens", "max-tokens", "", integer, "0", kLimits, false, 0, kBig, "", "stop new calls at this many tokens (0: no limit)"},
  {"max_calls", "max-calls", "", integer, "0", kLimits, false, 0, kBig, "", "stop after this many calls (0: no limit)"},
  {"max_time", "max-time", "", text, "\"\"", kLimits, false, 0, 0, "", "stop after this time: 90s, 30m, 2h, 1d"},
  {"hard_max_time", "hard-max-time", "", text, "\"\"", kLimits, false, 0, 0, "", "end after this time at the latest: calls in flight are cut (and may have been billed), the run can be resumed"},
  {"retry_budget", "retry-budget", "", number, "0.2", kLimits, false, 0, 100, "", "retries after server and connection errors: at most 10 and this share of the calls"},
  {"max_iters", "max-iters", "", integer, "0", kLoop | kStops, false, 0, 10000, "", "stop after N iterations (0: all batches)"},
  {"patience", "patience", "", integer, "0", kLoop | kStops, false, 0, 1000, "", "gates without improvement that stop (0: off)"},
  {"target_score", "target-score", "", number, "0", kLoop | kStops, false, 0, 1, "", "gate score that stops (0: off)"},

  {"assume.turns", "assume-turns", "", integer, "10", kPlan, false, 1, 1000, "", "estimate: model calls of one task"},
  {"assume.stage_turns", "assume-stage-turns", "", integer, "4", kPlan, false, 1, 1000, "", "estimate: model calls of one diagnosis, memory update or patch"},
  {"assume.output_tokens", "assume-output-tokens", "", integer, "400", kPlan, false, 1, kBig, "", "estimate: tokens of one reply"},
  {"assume.tool_tokens", "assume-tool-tokens", "", integer, "500", kPlan, false, 0, kBig, "", "estimate: tokens that the tools answer to one reply"},
  {"assume.failures", "assume-failures", "", number, "0.5", kPlan, false, 0, 1, "", "estimate: share of the train tasks that fail in the base run"},

  {"preset", "preset", "", text, "\"default\"", kLoop, true, 0, 0, "default|paper", "default, or paper: the published loop"},
  {"optimizer", "optimizer", "", text, "\"skillgrad\"", kLoop, true, 0, 0, "skillgrad|one-shot|reflect|rerun|command", "who proposes patches; the others are controls with the same gate and rollouts: one patch of all failures, reflection without memory, the unchanged skill, a program"},
  {"max_rollouts", "max-rollouts", "", integer, "0", kLoop, true, 0, kBig, "", "rollouts of the search, the test split apart (0: no limit; for a control, what skillgrad is planned to make)"},
  {"optimizer_command", "optimizer-command", "", text, "\"\"", kLoop, true, 0, 0, "", "with --optimizer command: shell command that edits the package in $SKILLGRAD_SKILL"},
  {"optimizer_timeout_s", "optimizer-timeout", "", number, "0", kLoop, false, 0, kBig, "", "seconds for --optimizer-command (0: no limit)"},
  {"optimizer_env", "optimizer-env", "", text, "\"\"", kLoop, false, 0, 0, "", "environment variables that --optimizer-command gets: HOME,ANTHROPIC_API_KEY"},
  {"traces", "traces", "", path, "\"\"", kTraces, false, 0, 0, "", "folder of recorded sessions to learn from, in place of running the train tasks (`skillgrad traces list DIR` shows them)"},
  {"seed", "seed", "", integer, "0", kLoop, true, 0, kBig, "", "training seed: failure pool and batches"},
  {"batch_seed", "batch-seed", "", integer, "null", kLoop, true, 0, kBig, "", "seed of further epochs (default: --seed)"},
  {"train_tasks", "train-tasks", "", integer, "40", kLoop, true, 1, 100000, "", "failed tasks to train on"},
  {"batch_size", "batch", "", integer, "4", kLoop, true, 1, 1000, "", "tasks of one iteration"},
  {"updates", "updates", "", integer, "0", kLoop, true, 0, 10000, "", "exactly N full batches over several epochs (0: one epoch)"},
  {"rollouts", "rollouts", "", integer, "1", kLoop, true, 1, 100, "", "rollouts per task (K)"},
  {"momentum", "momentum", "", boolean, "true", kLoop, true, 0, 0, "", "use momentum"},
  {"revisit", "revisit", "", boolean, "true", kLoop, true, 0, 0, "", "a task of an earlier batch that still fails comes back, one in each iteration (without --updates)"},
  {"contrastive", "contrastive", "", boolean, "true", kLoop, true, 0, 0, "", "diagnose tasks that newly pass, too"},
  {"gate", "gate", "", text, "\"balanced\"", kLoop, true, 0, 0, "none|loose|balanced|strict|stored|paired|no-regression", "how a patch is accepted: by evidence from both skills (loose, balanced, strict), by one pass against stored scores (stored, paired, no-regression), or always (none)"},
  {"candidates", "candidates", "", integer, "2", kLoop, true, 1, 3, "", "patches made and tried in each iteration"},
  {"max_broken", "max-broken", "", integer, "null", kLoop, true, 0, 10000, "", "tasks that always passed and a patch may break for sure (default: as many as it outweighs)"},
  {"finalists", "finalists", "", integer, "3", kLoop, true, 0, 10, "", "checkpoints that fresh rollouts choose among at the end (0: the last one)"},
  {"prune", "prune", "", boolean, "true", kLoop, true, 0, 0, "", "take patches back at the end that the skill does not need"},
  {"gate_k", "gate-k", "", number, "0", kLoop, true, 0, 10, "", "paired gate: standard errors the gain must exceed"},
  {"gate_tolerance", "gate-tolerance", "", number, "0", kLoop, true, 0, 1, "", "no-regression gate: drop that is still accepted"},
  {"guard", "guard", "", integer, "0", kLoop, true, 0, 10000, "", "tasks passed at base that join the gate"},
  {"keep", "keep", "", text, "\"best\"", kLoop, true, 0, 0, "best|last", "result: best checkpoint or last skill"},
  {"patch_all_correct", "patch-all-correct", "", boolean, "false", kLoop, true, 0, 0, "", "diagnose and patch batches without a failure, too"},
  {"all_correct_streak", "all-correct-streak", "", integer, "4", kLoop, true, 0, 1000, "", "all-correct batches in a row that stop (0: off)"},
  {"score_test", "test", "", boolean, "true", kLoop, true, 0, 0, "", "score the test split, before and after, at the end"},
  {"lint_profile", "lint", "", text, "\"general\"", kLoop, true, 0, 0, "general|procedure", "lint rules that block a patch"},
  {"strict_patches", "strict-patches", "", boolean, "false", kLoop, true, 0, 0, "", "refuse patches with new scripts, URLs, commands and talk of credentials, too"},
  {"lint_ignore", "lint-ignore", "", text, "\"\"", kLoop | kLint, true, 0, 0, "", "lint rules that neither speak nor block: L2-08,L3-03"},
  {"prompts", "prompts", "", path, "\"\"", kLoop | kRollout | kJudge, false, 0, 0, "", "folder whose files replace the built-in prompts"},
  {"stages.loss", "loss", "", json, R"({"name":"grader"})", kLoop | kRollout, true, 0, 0, "", R"(loss stage: {"name":"grader"} or {"name":"command","run":[...]})"},
  {"stages.diagnoser", "diagnoser", "", json, R"({"name":"llm"})", kLoop, true, 0, 0, "", R"(diagnoser stage: {"name":"llm"} or {"name":"command","run":[...]})"},
  {"stages.momentum", "momentum-stage", "", json, R"({"name":"llm"})", kLoop, true, 0, 0, "", "momentum stage, as above"},
  {"stages.patcher", "patcher", "", json, R"({"name":"llm"})", kLoop, true, 0, 0, "", "patcher stage, as above"},
  {"stages.gate", "gate-stage", "", json, "null", kLoop, true, 0, 0, "", R"(gate stage instead of --gate: {"name":"command","run":[...]})"},
  {"approve", "approve", "", text, "\"off\"", kLoop | kApprove, false, 0, 0, "off|terminal|web", "ask a person about each patch that the gate takes, before the skill becomes it: in this terminal, or on a page"},
  {"approve_port", "approve-port", "", integer, "0", kLoop | kApprove, false, 0, 65535, "", "of the page of --approve web on 127.0.0.1 (0: any free one)"},
  {"in_place", "in-place", "", boolean, "false", kLoop, false, 0, 0, "", "write the best package back over SKILL when the run ends well"},

  {"executor", "executor", "", text, "\"tools\"", kExecutor, false, 0, 0, "", "who executes the tasks: tools (the agent that is built in), command, claude-code, codex, opencode, gemini, qwen, or the path of a profile (docs/executors.md)"},
  {"models", "models", "", text, "\"\"", kAcross, true, 0, 0, "", "models that execute each task, all of them: names with commas between them, or a .json file with options for each; --model diagnoses and patches (docs/across.md)"},
  {"across", "across", "", text, "\"worst\"", kAcross, true, 0, 0, "worst|mean", "with --models: keep what helps the mean over them and is not seen to harm any (worst), or what helps the mean (mean)"},
  {"with", "with", "", path, "\"\"", kBeside, false, 0, 0, "", "folder of skills that stand beside the skill in the catalogue, or one of them; what they hold is a part of the run"},
  {"executor_command", "executor-command", "", text, "\"\"", kExecutor, false, 0, 0, "", "with --executor command: the command line that is the agent; the task comes on its standard input"},
  {"executor_env", "executor-env", "", text, "\"\"", kExecutor, false, 0, 0, "", "environment variables that an external agent gets besides: NAME,NAME"},
  {"task_turns", "task-turns", "", integer, "30", kRollout, true, 1, 1000, "", "model turns of one task"},
  {"task_timeout_s", "task-timeout", "", number, "0", kRollout, true, 0, 86400, "", "seconds for one task (0: none)"},
  {"task_tokens", "task-tokens", "", integer, "0", kRollout, true, 0, kBig, "", "tokens for one task (0: none)"},
  {"command_timeout_s", "command-timeout", "", number, "120", kRollout, true, 0.1, 86400, "", "seconds for one shell command"},
  {"command_memory_mb", "command-memory", "", integer, "4096", kRollout, true, 64, 1048576, "", "MiB of memory for one shell command, all its processes together"},
  {"command_disk_mb", "command-disk", "", integer, "2048", kRollout, true, 64, 1048576, "", "MiB of files in the work directory of a task"},

  {"jobs", "jobs", "j", integer, "8", kRun | kGrading | kCi, false, 1, 4096, "", "tasks at once"},
  {"run", "run", "", path, "\"\"", kRun | kDoctor, false, 0, 0, "", "run directory (default: skillgrad-runs/NAME-ID)"},
  {"workers", "workers", "", text, "\"alone\"", kShare, false, 0, 0, "alone|shared", "who makes the rollouts: this process, or it and every `skillgrad work RUN` (docs/cluster.md)"},
  {"lease_s", "lease", "", number, "120", kShare, false, 1, 86400, "", "seconds without a sign of life after which the work of another process is taken over"},
  {"cache", "cache", "", path, "\"\"", kRun | kJudge, false, 0, 0, "", "folder of replies: an equal call is not paid for again"},
  {"cache_ttl", "cache-ttl", "", text, "\"\"", kRun | kJudge, false, 0, 0, "", "oldest reply that the cache gives: 90s, 30m, 48h, 2d (default: any)"},
  {"refresh", "refresh", "", boolean, "false", kRun | kJudge, false, 0, 0, "", "ask again for everything and put it into the cache"},
  {"cache_commands", "cache-commands", "", boolean, "false", kRun, false, 0, 0, "", "with --cache: an agent's command is not run again where it and its folder are equal"},
  {"record", "record", "", path, "\"\"", kRun | kJudge | kCi, false, 0, 0, "", "folder to record every call in, for --replay"},
  {"replay", "replay", "", path, "\"\"", kRun | kJudge | kDoctor | kCi, false, 0, 0, "", "answer all calls from this recording, without any connection (with --record of the same folder: record what is missing)"},
  {"force", "force", "", boolean, "false", kRun | kCi, false, 0, 0, "", "go on where a check before spending refuses"},
  {"otlp", "otlp", "", text, "\"\"", kRun, false, 0, 0, "", "also send spans to this OpenTelemetry collector (OTLP over HTTP, such as http://127.0.0.1:4318); no texts"},
  {"events", "events", "", path, "\"\"", kRun, false, 0, 0, "", "also stream events as JSON Lines to this file (- for stdout)"},
  {"sandbox", "sandbox", "", text, "\"auto\"", kSandbox, false, 0, 0, "auto|require|off", "isolation of the agent's commands"},
  {"json", "json", "", boolean, "false", kOutput, false, 0, 0, "", "one JSON object on stdout"},
  {"quiet", "quiet", "q", boolean, "false", kOutput, false, 0, 0, "", "no progress on stderr"},

  {"min_score", "min-score", "", number, "0", kVerdict, false, 0, 1, "", "exit 1 below this score"},
  {"max_error_rate", "max-error-rate", "", number, "1", kVerdict, false, 0, 1, "", "exit 1 above this share of errors"},
  {"no_regression", "no-regression", "", boolean, "false", kRegression, false, 0, 0, "", "exit 1 where a score is lower than before at all, shown by the paired test or not"},
  {"require_improvement", "require-improvement", "", boolean, "false", kLoop, false, 0, 0, "", "exit 1 unless the test split shows an improvement"},
  {"exit_zero", "exit-zero", "", boolean, "false", kVerdict, false, 0, 0, "", "exit 0 whatever the verdict"},

  {"sim.seed", "sim-seed", "", integer, "0", kSim, true, 0, kBig, "", "seed of the simulated endpoint"},
  {"sim.latency_ms", "sim-latency", "", integer, "0", kSim, false, 0, 600000, "", "simulated delay of each reply, milliseconds"},
  {"sim.slip", "sim-slip", "", number, "-1", kSim, true, -1, 1, "", "simulated agent errs despite the lesson (-1: the scenario's value)"},
  {"sim.luck", "sim-luck", "", number, "-1", kSim, true, -1, 1, "", "simulated agent succeeds without the lesson"},
  {"sim.noise", "sim-noise", "", number, "0", kSim, true, 0, 1, "", "simulated tasks pass with a probability of their own, as with a real model: up to this far from what the lessons say"},
  {"sim.vague", "sim-vague", "", number, "-1", kSim, true, -1, 1, "", "simulated diagnosis is vague"},
  {"sim.wrong", "sim-wrong", "", number, "-1", kSim, true, -1, 1, "", "simulated diagnosis is wrong"},
  {"sim.weak", "sim-weak", "", number, "-1", kSim, true, -1, 1, "", "simulated patch words a rule too weakly"},
  {"sim.forget", "sim-forget", "", number, "-1", kSim, true, -1, 1, "", "simulated patcher without memory overwrites an older rule"},
  {"sim.fault_429", "sim-fault-429", "", number, "0", kSim, false, 0, 1, "", "share of requests answered 429"},
  {"sim.fault_500", "sim-fault-500", "", number, "0", kSim, false, 0, 1, "", "share of requests answered 500"},
  {"sim.fault_cut", "sim-fault-cut", "", number, "0", kSim, false, 0, 1, "", "share of replies cut off"},
  {"sim.fault_tool_call", "sim-fault-tool-call", "", number, "0", kSim, false, 0, 1, "", "share of replies with a malformed tool call"},
  {"sim.request_log", "sim-request-log", "", path, "\"\"", kSim, false, 0, 0, "", "request log of the simulated endpoint (JSON Lines)"},
};
// clang-format on

}  // namespace option_rows

[[nodiscard]] constexpr std::span<const OptionSpec> option_table() { return option_rows::kRows; }

}  // namespace skillgrad::cli
