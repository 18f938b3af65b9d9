// SPDX-License-Identifier: MIT
#include "cli/settings/command_table.hpp"

#include <algorithm>

namespace skillgrad::cli {
namespace {

constexpr unsigned kEvaluate =
    kModel | kBench | kSelect | kLimits | kRollout | kRun | kSandbox | kOutput | kVerdict | kSim;

constexpr const char* kRunCodes =
    "  0 done and verdict met   1 verdict not met   2 usage, configuration or input\n"
    "  3 endpoint or infrastructure   4 stopped by a limit, resumable   130, 143 signal";
constexpr const char* kCheckCodes =
    "  0 fine   1 problems found   2 usage, configuration or input   3 infrastructure\n"
    "  4 stopped by a limit   130, 143 signal";
/// Who executes tasks, and what skills it has.
constexpr unsigned kAgents = kExecutor | kBeside;

const std::vector<CommandSpec> kCommands = {
    {"optimize",
     "Improve a skill: run, grade, diagnose, patch, keep what helps",
     "SKILL",
     1,
     1,
     kEvaluate | kLoop | kPlan | kTraces | kAgents | kShare | kAcross,
     {{"dry-run", "", "print calls, tokens, USD and the first request, and send nothing"},
      {"from", "RUN", "with --dry-run: expect what this earlier run needed"}},
     "  skillgrad optimize skills/xlsx --benchmark spreadsheetbench:DIR --model gpt-4.1-mini "
     "--max-usd 5\n"
     "  skillgrad optimize my-skill --model gpt-4.1-mini --seed 3 --json\n"
     "  skillgrad optimize my-skill --model gpt-4.1-mini --traces ~/.claude/projects\n"
     "  skillgrad optimize my-skill --model gpt-4.1 --models gpt-4.1-mini,qwen3 --across worst\n"
     "  skillgrad optimize my-skill -b tasks.jsonl -m qwen3 --base-url http://localhost:8000/v1 -j "
     "16\n"
     "  skillgrad optimize skills --model gpt-4.1-mini --max-usd 5",
     kRunCodes},
    {"eval",
     "Score a skill on a benchmark split",
     "SKILL",
     1,
     1,
     kEvaluate | kPlan | kAgents | kShare,
     {{"dry-run", "", "print calls, tokens, USD and the first request, and send nothing"},
      {"from", "RUN", "with --dry-run: expect what this earlier run needed"},
      {"split", "NAME", "train, val, test or all (default: test)", "train|val|test|all"},
      {"trials", "K", "rollouts per task (default: 1)"},
      {"baseline", "WHAT", "compare with none, a skill folder, or a run's best package"},
      {"shard", "I/N",
       "make only this part of the rollouts (auto: of the Slurm job array); `merge` joins them"},
      {"launcher", "WHAT",
       "who starts the shards: slurm, or a shell command with {shard}, {shards} and {script}"},
      {"shards", "N", "how many --launcher starts; then they are merged"},
      {"junit", "FILE", "write each rollout as a test case of JUnit's XML, too"}},
     "  skillgrad eval my-skill --split test --model gpt-4.1-mini --min-score 0.7\n"
     "  skillgrad eval RUN/best --baseline RUN/initial/skill -b wikitablequestions:DIR -m qwen3\n"
     "  skillgrad eval my-skill --model gpt-4.1-mini --run RUN --shard 2/4\n"
     "  skillgrad eval none --trials 3 -b tasks.jsonl -m gpt-4.1-mini --json",
     kRunCodes},
    {"calibrate",
     "Measure how much of a score is chance, and what could be shown",
     "SKILL",
     1,
     1,
     kModel | kBench | kSelect | kLimits | kRollout | kRun | kSandbox | kOutput | kSim | kPlan |
         kAgents,
     {{"dry-run", "", "print calls, tokens, USD and the first request, and send nothing"},
      {"from", "RUN", "with --dry-run: expect what this earlier run needed"},
      {"passes", "N", "times that the validation split is run (default: 2)"},
      {"trials", "K", "rollouts per test task of the optimization that is planned (default: 1)"}},
     "  skillgrad calibrate my-skill --model gpt-4.1-mini\n"
     "  skillgrad calibrate skills/xlsx -b spreadsheetbench:DIR -m qwen3 --passes 4 --json\n"
     "  skillgrad calibrate my-skill -b tasks.jsonl -m gpt-4.1-mini --trials 3 --dry-run",
     "  0 measured   1 the measurement is broken   2 usage, configuration or input\n"
     "  3 endpoint or infrastructure   4 stopped by a limit, resumable   130, 143 signal"},
    {"estimate",
     "Say what optimize would call, use and cost; no call is made",
     "SKILL",
     1,
     1,
     kEvaluate | kLoop | kPlan | kTraces | kAgents | kAcross,
     {{"from", "RUN", "expect what this earlier run needed"}},
     "  skillgrad estimate my-skill --model gpt-4.1-mini\n"
     "  skillgrad estimate my-skill --model qwen3 --prices litellm.json --from RUN --json\n"
     "  skillgrad estimate skills/xlsx -b spreadsheetbench:DIR -m gpt-4.1-mini --assume-turns 8",
     "  0 estimated   2 usage, configuration or input"},
    {"resume",
     "Go on with an interrupted optimize, eval or calibrate run",
     "RUN",
     1,
     1,
     kLimits | kStops | kApprove | kOutput | kVerdict | kRun | kShare,
     {},
     "  skillgrad resume skillgrad-runs/xlsx-0123456789\n"
     "  skillgrad resume RUN --max-usd 10\n"
     "  skillgrad resume RUN -j 2 --json",
     kRunCodes},
    {"merge",
     "Join the shards of an evaluation into the result that one process would write",
     "RUN",
     1,
     1,
     kOutput | kVerdict,
     {{"junit", "FILE", "write each rollout as a test case of JUnit's XML, too"}},
     "  skillgrad merge skillgrad-runs/eval-xlsx-0123456789\n"
     "  skillgrad merge RUN --min-score 0.7\n"
     "  skillgrad merge RUN --json",
     "  0 merged and verdict met   1 verdict not met\n"
     "  2 usage or configuration, or shards or rollouts are missing   3 the result cannot be "
     "written\n"
     "  130, 143 signal"},
    {"work",
     "Make rollouts of a run that shares them (`--workers shared`), until it ends",
     "RUN",
     1,
     1,
     kRun | kOutput,
     {{"wait", "TIME", "for the run to begin: 90s, 30m (default: not at all)"}},
     "  skillgrad work skillgrad-runs/xlsx-0123456789\n"
     "  skillgrad work RUN -j 16 --wait 10m\n"
     "  skillgrad work RUN --json",
     "  0 the run has come to its end   2 usage, configuration or input\n"
     "  3 endpoint or infrastructure, or nobody coordinates the run any more\n"
     "  4 stopped by a limit, SIGTERM or SIGUSR1: what it had begun is left to others   130 "
     "signal"},
    {"tail",
     "Follow a run that another process works on",
     "RUN",
     1,
     1,
     kOutput,
     {},
     "  skillgrad tail skillgrad-runs/xlsx-0123456789\n"
     "  skillgrad tail RUN --quiet\n"
     "  skillgrad tail RUN --json",
     "  0 the run came to its end   2 usage or input   3 it was stopped, or nobody works on it\n"
     "  130 ended by a signal; the run goes on"},
    {"view",
     "Serve the report of a run, also of one at work, on a page that follows it",
     "RUN",
     1,
     1,
     0,
     {{"port", "N", "of the page on 127.0.0.1 (default: any free one)"},
      {"until-end", "", "end soon after the run has come to its end"}},
     "  skillgrad view skillgrad-runs/xlsx-0123456789\n"
     "  skillgrad view RUN --port 8090\n"
     "  skillgrad view RUN --until-end",
     "  0 with --until-end: the run came to its end   2 usage or input\n"
     "  3 port taken; with --until-end: the run was stopped\n"
     "  130, 143 signal, which is how it is ended; the run goes on"},
    {"report",
     "Write what a run came to as a page, text, data, or in the format of another program",
     "RUN",
     1,
     1,
     kOutput,
     {{"format", "NAME",
       "html, md, json, csv, junit, inspect, skill-creator or atif (default: html)",
       "html|md|json|csv|junit|inspect|skill-creator|atif"},
      {"out", "FILE",
       "where to; a folder for skill-creator and atif, and for inspect if you like (default: "
       "RUN/report.html; else stdout, which is -)"},
      {"table", "NAME", "of CSV: rollouts, steps, scores, costs or patterns (default: rollouts)",
       "rollouts|steps|scores|costs|patterns"},
      {"traces", "MIB", "trajectories in it, in all (default: 1; 0: none)"}},
     "  skillgrad report skillgrad-runs/xlsx-0123456789\n"
     "  skillgrad report RUN --format md > comment.md\n"
     "  skillgrad report RUN --format csv --table steps --out steps.csv\n"
     "  skillgrad report RUN --format junit --out junit.xml\n"
     "  skillgrad report RUN --format skill-creator --out my-skill-workspace/iteration-1\n"
     "  skillgrad report RUN --json",
     "  0 written   2 usage or input   3 the file cannot be written"},
    {"diff",
     "What a run changed in the skill: a unified diff, or sizes by layer",
     "RUN",
     1,
     1,
     kOutput,
     {{"iter", "N", "the package of this iteration (default: the best)"},
      {"undo", "N", "what would take the accepted patch of iteration N back"},
      {"stat", "", "lines, hunks and tokens by layer and file instead"}},
     "  skillgrad diff RUN\n"
     "  skillgrad diff RUN --stat\n"
     "  skillgrad diff RUN --iter 3 > changes.patch; patch -p1 -d my-skill < changes.patch\n"
     "  skillgrad diff RUN --json",
     "  0 shown   2 usage or input"},
    {"review",
     "Accept, reject or edit what a run changed, one by one, in the terminal or on a page",
     "RUN",
     1,
     1,
     kOutput,
     {{"iter", "N", "the package of this iteration (default: the best)"},
      {"file", "FILE", "where decisions are kept (default: RUN/review.json)"},
      {"accept", "HUNKS", "without a terminal: all, none, or H1,H3"},
      {"reject", "HUNKS", "the same; a hunk that is named counts more than all"},
      {"comment", "TEXT", "on the hunks that are named, or on the whole"},
      {"web", "", "on a page of this machine, at an address with a secret in it"},
      {"port", "N", "of that page on 127.0.0.1 (default: any free one)"}},
     "  skillgrad review RUN\n"
     "  skillgrad review RUN --web\n"
     "  skillgrad review RUN --accept all --reject H2 --comment \"too narrow\"",
     "  0 saved   2 usage or input   3 the file cannot be written   130, 143 signal"},
    {"apply",
     "Write what a run learned over the skill: all of it, or what a review accepted",
     "RUN",
     1,
     1,
     kOutput,
     {{"iter", "N", "the package of this iteration (default: the best)"},
      {"review", "FILE", "only what this review accepted or edited"},
      {"all", "", "the whole package, though the run was reviewed"},
      {"undo", "N", "take back what the accepted patch of iteration N changed; later edits stay"},
      {"to", "DIR", "another place than the skill of the run"},
      {"dry-run", "", "say what would be written, and write nothing"},
      {"commit", "", "commit it with git; the message has verdict, numbers and patterns"},
      {"branch", "NAME", "commit it on a new branch"}},
     "  skillgrad apply RUN --dry-run\n"
     "  skillgrad apply RUN --review RUN/review.json --branch skill-patch\n"
     "  skillgrad apply RUN --iter 3 --to other/my-skill\n"
     "  skillgrad apply RUN --undo 2 --commit",
     "  0 written, or nothing to write   2 usage or input, or the patch meets later edits\n"
     "  3 a file cannot be written, or git failed   130, 143 signal"},
    {"history",
     "Which runs produced the lines of a skill as it is now",
     "SKILL",
     1,
     1,
     kOutput,
     {{"runs", "DIR", "the folder that holds the runs, or one run (default: skillgrad-runs)"}},
     "  skillgrad history my-skill\n"
     "  skillgrad history skills/xlsx --runs ../runs\n"
     "  skillgrad history my-skill --json",
     "  0 shown   2 usage or input"},
    {"compare",
     "Two runs or skills on the same tasks: paired statistics, fixed and broken tasks",
     "BEFORE",
     1,
     2,
     (kEvaluate & ~kRun & ~kVerdict) | kCi | kExecutor,
     {{"split", "NAME", "of a skill: train, val, test or all (default: that of the run, else all)",
       "train|val|test|all"},
      {"trials", "K", "of a skill: rollouts per task (default: 1)"},
      {"cache", "DIR",
       "where evaluations of skills are kept, so that none is paid for twice (default: "
       ".skillgrad-cache)"}},
     "  skillgrad compare RUN_BEFORE RUN_AFTER\n"
     "  skillgrad compare RUN:initial RUN\n"
     "  skillgrad compare EVAL:baseline EVAL --json\n"
     "  skillgrad compare HEAD~1:skills/xlsx skills/xlsx --model gpt-4.1-mini --trials 3",
     "  0 compared   1 the second is shown to be worse   2 usage, configuration or input\n"
     "  3 endpoint or infrastructure   4 stopped by a limit; the same command goes on\n"
     "  130, 143 signal"},
    {"transfer",
     "Several packages with several models on the same tasks: which are helped, which harmed",
     "SKILL",
     1,
     20,
     (kEvaluate & ~kRun & ~kVerdict) | kCi | kAgents | kPlan,
     {{"models", "LIST", "names with commas between them, or a .json file with options for each"},
      {"executors", "LIST", "executors with commas between them: each with each model"},
      {"split", "NAME", "train, val, test or all (default: test)", "train|val|test|all"},
      {"trials", "K", "rollouts per task (default: 1)"},
      {"dry-run", "", "print calls, tokens and USD of each measurement, and send nothing"},
      {"from", "RUN", "with --dry-run: expect what this earlier run needed"},
      {"cache", "DIR",
       "where evaluations are kept, so that none is paid for twice (default: .skillgrad-cache)"}},
     "  skillgrad transfer my-skill --models gpt-4.1-mini,gpt-4.1 --max-usd 5\n"
     "  skillgrad transfer RUN/initial/skill RUN/best -b tasks.jsonl --models models.json --trials "
     "3\n"
     "  skillgrad transfer my-skill --models qwen3 --executors tools,codex --base-url "
     "http://localhost:8000/v1\n"
     "  skillgrad transfer my-skill --models gpt-4.1-mini,qwen3 --dry-run",
     "  0 measured   1 a package is shown to harm with a model   2 usage, configuration or input\n"
     "  3 endpoint or infrastructure   4 stopped by a limit; the same command goes on\n"
     "  130, 143 signal"},
    {"triggers",
     "For which requests an agent activates a skill, alone or beside others",
     "SKILL",
     1,
     1,
     kModel | kLimits | kRollout | kSandbox | kOutput | kSim | kCi | kAgents | kPlan,
     {{"queries", "FILE",
       "requests with should_trigger true or false (default: SKILL/evals/triggers.json)"},
      {"trials", "K", "rollouts per query (default: 4; with --improve 1)"},
      {"make-queries", "N",
       "have a model write N requests, for a person to check before they are used"},
      {"to", "FILE", "with --make-queries: where to (default: SKILL/evals/triggers.json)"},
      {"improve", "",
       "learn a better description from the requests that go wrong, as optimize does"},
      {"dry-run", "", "print calls, tokens and USD, and send nothing"},
      {"from", "RUN", "with --dry-run: expect what this earlier run needed"},
      {"cache", "DIR",
       "where evaluations are kept, so that none is paid for twice (default: .skillgrad-cache)"}},
     "  skillgrad triggers my-skill --model gpt-4.1-mini\n"
     "  skillgrad triggers skills/xlsx --with skills --model qwen3 --trials 8 --json\n"
     "  skillgrad triggers my-skill --queries queries.json --model qwen3 --executor opencode\n"
     "  skillgrad triggers my-skill --model gpt-4.1-mini --make-queries 40\n"
     "  skillgrad triggers my-skill --with skills --model gpt-4.1-mini --improve --max-usd 2\n"
     "  skillgrad triggers my-skill --model gpt-4.1-mini --dry-run",
     "  0 it tells the requests apart, or --improve is done\n"
     "  1 it does not, or the measurement cannot tell\n"
     "  2 usage, configuration or input   3 endpoint or infrastructure, or a broken measurement\n"
     "  4 stopped by a limit; the same command goes on   130, 143 signal"},
    {"grade",
     "Grade answers made elsewhere; a model is asked only where a task names a judge",
     "",
     0,
     0,
     kBench | kGrading | kSandbox | kModel | kLimits | kJudge | kSim,
     {{"predictions", "FILE",
       "JSON Lines: {\"task_id\":...,\"output\":PATH} or {...,\"answer\":[...]}; or the folder of "
       "an eval run"},
      {"export", "FILE",
       "also write the answers as the official evaluator reads them (WikiTableQuestions)"}},
     "  skillgrad grade -b spreadsheetbench:DIR --predictions answers.jsonl\n"
     "  skillgrad grade -b wikitablequestions:DIR --predictions RUN --export official.tsv\n"
     "  skillgrad grade -b my-skill --predictions answers.jsonl --model gpt-4.1-mini > "
     "grades.jsonl",
     kCheckCodes},
    {"validate",
     "Check skill packages against the Agent Skills rules and lint",
     "SKILL",
     0,
     1000,
     kOutput | kLint,
     {{"explain", "RULE", "say what a rule asks, with an example and how to mend it"},
      {"profile", "NAME", "spec, strict or lenient (default: spec)", "spec|strict|lenient"},
      {"github", "", "print annotations for GitHub"},
      {"sarif", "FILE", "also write the findings as SARIF 2.1.0"}},
     "  skillgrad validate skills/xlsx\n"
     "  skillgrad validate skills/* --profile strict --lint-ignore L2-08\n"
     "  skillgrad validate my-skill --json\n"
     "  skillgrad validate --explain L2-03",
     "  0 valid   1 an error in a package   2 usage"},
    {"pack",
     "Write a skill as one .skill file, as other programs install it",
     "SKILL",
     1,
     1,
     kOutput,
     {{"out", "FILE", "where to (default: NAME.skill in the current folder)"}},
     "  skillgrad pack my-skill\n"
     "  skillgrad pack skills/xlsx --out dist/xlsx.skill\n"
     "  skillgrad pack RUN/best --json",
     "  0 written   2 usage or input, or the skill breaks a rule   3 the file cannot be written"},
    {"synth",
     "Have a model write a first skill from a description, and measure it against no skill",
     "DESCRIPTION",
     1,
     1,
     (kEvaluate & ~kRun & ~kVerdict) | kCi,
     {{"name", "NAME", "of the skill and its folder (default: the model chooses)"},
      {"to", "DIR", "folder that gets the skill's folder (default: the current one)"},
      {"split", "NAME", "tasks of --benchmark to measure on (default: val)", "train|val|test|all"},
      {"trials", "K", "rollouts per task (default: 1)"},
      {"cache", "DIR",
       "where evaluations and drafts are kept, so that none is paid for twice (default: "
       ".skillgrad-cache)"}},
     "  skillgrad synth \"Fills in travel expense sheets\" --model gpt-4.1-mini\n"
     "  skillgrad synth \"Answers questions about tables\" -b tasks.jsonl -m gpt-4.1-mini --trials "
     "3\n"
     "  skillgrad synth \"Writes release notes\" --name release-notes --to skills -m qwen3 --json",
     "  0 written   1 it did not beat no skill and stays a draft   2 usage, configuration or "
     "input\n"
     "  3 endpoint or infrastructure, or no skill that keeps the rules   4 stopped by a limit\n"
     "  130, 143 signal"},
    {"benchmark",
     "list, show, check or split benchmarks, or import one",
     "ACTION",
     1,
     1,
     kBench | kSelect | kGrading | kSandbox | kOutput | kModel | kLimits | kJudge | kSim,
     {},
     "  skillgrad benchmark list\n"
     "  skillgrad benchmark show -b spreadsheetbench:DIR\n"
     "  skillgrad benchmark check -b tasks.jsonl --json\n"
     "  skillgrad benchmark split -b tasks.jsonl --stratify level > split.json\n"
     "  skillgrad benchmark import -b questions.csv --map input=q,target=a > tasks.jsonl",
     kCheckCodes},
    {"traces",
     "list recorded sessions of agents, or grade them, for optimize to learn from",
     "ACTION",
     1,
     2,
     kModel | kLimits | kJudge | kSim | kOutput,
     {{"label", "SESSION=GRADE",
       "grade: pass, fail, a number from 0 to 1, or note (the note alone)"},
      {"note", "TEXT", "with --label: what was right or wrong, for whoever learns from it"},
      {"judge", "TEXT",
       "grade: let the model of the role judge say whether each session without a grade fulfils "
       "this"}},
     "  skillgrad traces list ~/.claude/projects\n"
     "  skillgrad traces list sessions --json\n"
     "  skillgrad traces grade sessions --label april.jsonl=fail --note \"the total has no unit\"\n"
     "  skillgrad traces grade sessions --judge \"The request is fulfilled\" --model gpt-4.1-mini",
     "  0 shown or graded   1 a session could not be judged   2 usage, configuration or input\n"
     "  3 endpoint or infrastructure   4 stopped by a limit; the same command goes on\n"
     "  130, 143 signal"},
    {"demo",
     "The whole loop offline against the simulated endpoint, in seconds",
     "",
     0,
     0,
     kEvaluate | kLoop,
     {{"dir", "DIR", "where the demo skill and its run go (default: skillgrad-demo)"}},
     "  skillgrad demo\n"
     "  skillgrad demo --sim-seed 7 --no-momentum\n"
     "  skillgrad demo --json",
     kRunCodes},
    {"selfcheck",
     "Check the optimizer itself on questions whose answers are known",
     "",
     0,
     0,
     kModel | kLimits | kRollout | kRun | kSandbox | kOutput | kSim | kLoop,
     {{"dir", "DIR", "where its tasks and runs go (default: skillgrad-selfcheck)"}},
     "  skillgrad selfcheck\n"
     "  skillgrad selfcheck --model gpt-4.1-mini --max-usd 1\n"
     "  skillgrad selfcheck --gate strict --json",
     "  0 every check holds   1 one does not   2 usage, configuration or input\n"
     "  3 endpoint or infrastructure   4 stopped by a limit, resumable   130, 143 signal"},
    {"simulate",
     "Serve the simulated endpoint on loopback (a simulation, not a model)",
     "SCENARIO",
     0,
     1,
     kSim,
     {{"port", "N", "port on 127.0.0.1 (default: any free one)"},
      {"require-key", "KEY", "answer 401 to every other bearer token"}},
     "  skillgrad simulate demo --port 8090\n"
     "  skillgrad simulate spreadsheetbench --sim-request-log requests.jsonl\n"
     "  skillgrad simulate demo --sim-fault-429 0.1 --sim-latency 50",
     "  0 ended by a signal   2 usage or input   3 port taken"},
    {"doctor",
     "Check endpoint (or recording), sandbox, programs and disk",
     "",
     0,
     0,
     kModel | kSandbox | kSim | kOutput | kDoctor | kExecutor,
     {},
     "  skillgrad doctor\n"
     "  skillgrad doctor --model gpt-4.1-mini\n"
     "  skillgrad doctor --model qwen3 --base-url http://localhost:8000/v1 --json",
     "  0 usable   2 usage or configuration   3 something needed is missing"},
    {"ci",
     "Check the skills that changed since a git revision, evaluate them before and after",
     "DIR",
     0,
     1,
     (kEvaluate & ~kRun) | kLint | kCi | kRegression | kExecutor,
     {{"since", "REV", "git revision to compare with: a commit, branch or tag (required)"},
      {"tier", "NAME",
       "static: no model is asked; eval: before and after with a model (default: eval where a "
       "model "
       "is named)",
       "static|eval"},
      {"split", "NAME", "train, val, test or all (default: all)", "train|val|test|all"},
      {"trials", "K", "rollouts per task (default: 1)"},
      {"profile", "NAME", "rules of validation: spec, strict or lenient (default: spec)",
       "spec|strict|lenient"},
      {"cache", "DIR",
       "where evaluations are kept, so that none is paid for twice (default: .skillgrad-cache)"},
      {"comment", "FILE", "write the comment in Markdown there, and a short text to stdout"},
      {"junit", "FILE", "write each task as a test case of JUnit's XML"},
      {"sarif", "FILE", "write the findings of validation as SARIF 2.1.0"},
      {"github", "", "annotations on stderr, and the comment into $GITHUB_STEP_SUMMARY"}},
     "  skillgrad ci --since origin/main --tier static --sarif skillgrad.sarif\n"
     "  skillgrad ci skills --since HEAD~1 --model gpt-4.1-mini --no-regression --comment ci.md\n"
     "  skillgrad ci --since v1.2 --model qwen3 --base-url http://localhost:8000/v1 --json",
     "  0 every gate is met   1 an invalid skill, broken tasks, a regression or another gate\n"
     "  2 usage, configuration or input   3 endpoint or infrastructure\n"
     "  4 stopped by a limit; the same command goes on   130, 143 signal"},
    {"init",
     "Write a commented configuration, three example tasks, a CI workflow",
     "DIR",
     0,
     1,
     kOutput,
     {{"ci", "FORGE", "github or gitlab: the workflow that runs `skillgrad ci`, too",
       "github|gitlab"}},
     "  skillgrad init\n"
     "  skillgrad init my-skill --json\n"
     "  skillgrad init --ci github",
     "  0 written or kept, what was there stays   2 usage   3 it cannot be written"},
    {"config",
     "Show every effective value: config show",
     "show",
     1,
     1,
     kEvaluate | kLoop | kGrading | kPlan | kRegression | kTraces | kAgents | kShare,
     {{"origin", "", "and where it came from"}},
     "  skillgrad config show\n"
     "  skillgrad config show --origin --preset paper\n"
     "  skillgrad config show --config ci.json --json",
     "  0 fine   2 usage or configuration"},
    {"schema",
     "Print the JSON Schema of an output; without a name, list them",
     "NAME",
     0,
     1,
     kOutput,
     {},
     "  skillgrad schema\n"
     "  skillgrad schema eval > eval.schema.json\n"
     "  skillgrad schema error",
     "  0 fine   2 usage"},
    {"help",
     "Explain a topic or a command, or write the reference of all commands",
     "TOPIC",
     0,
     1,
     0,
     {{"format", "NAME", "man or markdown: the reference of all commands and options",
       "man|markdown"}},
     "  skillgrad help gates\n"
     "  skillgrad help optimize\n"
     "  skillgrad help --format man > skillgrad.1",
     "  0 fine   2 usage"},
    {"completion",
     "Print what makes a shell complete commands, options, models, runs and tasks",
     "SHELL",
     1,
     1,
     0,
     {},
     "  skillgrad completion bash > ~/.local/share/bash-completion/completions/skillgrad\n"
     "  skillgrad completion zsh > ~/.zfunc/_skillgrad\n"
     "  skillgrad completion fish > ~/.config/fish/completions/skillgrad.fish",
     "  0 fine   2 usage"},
};

}  // namespace

const std::vector<CommandSpec>& command_table() { return kCommands; }

const CommandSpec* find_command(const std::string& name) {
  const auto& commands = command_table();
  const auto found = std::find_if(commands.begin(), commands.end(),
                                  [&](const auto& one) { return one.name == name; });
  return found == commands.end() ? nullptr : &*found;
}

}  // namespace skillgrad::cli
