# SPDX-License-Identifier: MIT
"""`skillgrad` as a client of LiteLLM's proxy in front of `skillgrad simulate`."""
import json
import pathlib

from peer_checks.common import free_port, ledger

TITLE = "litellm: `skillgrad` against LiteLLM's proxy in front of `skillgrad simulate`"
# Named exactly, for releases of this package have carried malicious code (1.82.7, 1.82.8) or were
# withdrawn (1.107.0): another one is taken on purpose, never because it is the newest.
PACKAGE = "litellm[proxy]==1.102.0"
SKILL = pathlib.Path(__file__).resolve().parents[2] / "skills/table-reports"
KEY, UPSTREAM_KEY = "sk-proxy-0123456789", "sk-upstream-0123456789"
OPTIMIZE = ["--max-iters", 2, "--limit", 8, "--no-test", "--exit-zero"]
START = """
import sys
from litellm.proxy.proxy_cli import run_server
sys.exit(run_server())
"""


def check(report, shop):
    python = shop.python("litellm", [PACKAGE])
    print(f"  litellm {shop.version(python, 'litellm')}", flush=True)
    shop.environment["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # nothing is fetched at start
    with shop.simulate("--require-key", UPSTREAM_KEY) as upstream:
        with proxy(shop, python, upstream) as url:
            same_results(report, shop, url, upstream)
            named_errors(report, shop, url)
    with shop.simulate("--require-key", UPSTREAM_KEY, "--sim-fault-429", "1") as upstream:
        with proxy(shop, python, upstream) as url:
            rate_limit(report, shop, url)
    with shop.simulate("--require-key", UPSTREAM_KEY, "--sim-fault-429", "0.1", "--sim-fault-500",
                       "0.1") as upstream:
        with proxy(shop, python, upstream) as url:
            faults(report, shop, url)


def proxy(shop, python, upstream):
    """A proxy that offers the simulation, a model that is not there, and one with a wrong key."""
    def entry(name, model, key):
        return {"model_name": name, "litellm_params": {"model": f"openai/{model}", "api_base": upstream,
                                                       "api_key": key}}
    config = shop.folder / "litellm.json"  # JSON is YAML, too
    config.write_text(json.dumps({
        "model_list": [entry("demo", "sim:demo", UPSTREAM_KEY), entry("ghost", "ghost", UPSTREAM_KEY),
                       entry("locked", "sim:demo", "sk-wrong")],
        "general_settings": {"master_key": KEY},
        "litellm_settings": {"telemetry": False, "num_retries": 0},
        "router_settings": {"disable_cooldowns": True, "num_retries": 0}}))
    port = free_port()
    return shop.server([python, "-c", START, "--config", config, "--host", "127.0.0.1", "--port", port],
                       "litellm", f"http://127.0.0.1:{port}/health/liveliness")


def base(url):
    return url.replace("/health/liveliness", "/v1")


def evaluate(shop, url, model, key, name, *options):
    code, out, errors = shop.skillgrad("eval", SKILL, "--split", "test", "--base-url", url, "--model",
                                       model, "--run", shop.folder / name, *options, key=key)
    if out is None:
        raise ValueError(f"eval gave no result, exit code {code}: {errors.strip()[-300:]}")
    return out


def same_results(report, shop, url, upstream):
    checks = shop.doctor(base(url), "demo", key=KEY)
    report.row("doctor: endpoint and model", checks["endpoint"]["state"] == checks["model"]["state"] == "ok",
               checks["model"]["found"])
    bare = shop.doctor(base(url).removesuffix("/v1"), "demo", key=KEY)
    report.row("doctor: base URL without /v1", bare["model"]["state"] == "ok", bare["endpoint"]["found"])
    direct = evaluate(shop, upstream, "sim:demo", UPSTREAM_KEY, "direct")
    for api, stream in (("chat", "off"), ("chat", "on"), ("responses", "off"), ("responses", "on")):
        through = evaluate(shop, base(url), "demo", KEY, f"through-{api}-{stream}", "--stream", stream,
                           "--set", f"api={api}")
        report.row(f"eval, {api}, stream {stream}: same verdicts and usage as directly",
                   through["tasks"] == direct["tasks"] and through["usage"] == direct["usage"],
                   f"{through['by_status']}, directly {direct['by_status']}; {through['usage']}")
    through, direct = (optimize(shop, *arguments) for arguments in (
        (base(url), "demo", KEY, "opt-through"), (upstream, "sim:demo", UPSTREAM_KEY, "opt-direct")))
    report.row("optimize: same gates and the same best skill as directly", through == direct and through[0],
               ", ".join(f"{gate['decision']} {gate['before']:.3f} > {gate['after']:.3f}"
                         for gate in through[0]))


def optimize(shop, url, model, key, name):
    """What each gate decided on which scores, and the best skill."""
    run = shop.folder / name
    code, out, errors = shop.skillgrad("optimize", SKILL, "--base-url", url, "--model", model, "--run", run,
                                       *OPTIMIZE, key=key)
    if out is None:
        raise ValueError(f"optimize gave no result, exit code {code}: {errors.strip()[-300:]}")
    gates = [json.loads(path.read_text()) for path in sorted(run.glob("iter_*/gate.json"))]
    best = {str(path.relative_to(run)): path.read_text() for path in sorted(run.glob("best/**/*.md"))}
    return gates, best


def named_errors(report, shop, url):
    cases = [("unknown model of the proxy", "no-such-model", KEY, "model_not_found"),
             ("model that the endpoint behind it does not have", "ghost", KEY, "model_not_found"),
             ("wrong key", "demo", "sk-wrong", "auth"),
             ("key of another form", "demo", "wrong", "auth"),
             ("wrong key of the proxy at the endpoint behind it", "locked", KEY, "auth")]
    for what, model, key, expected in cases:
        rows = shop.doctor(base(url), model, key=key)
        bad = next((row for row in rows.values() if row["state"] == "BAD"), {"found": "all is well"})
        report.row(f"{what}: {expected}", bad["found"].startswith(expected + ":"), bad["found"])


def rate_limit(report, shop, url):
    """The limit of calls ends the run after the second refusal, so that no check waits for long."""
    run = shop.folder / "limited"
    code, _, _ = shop.skillgrad("eval", SKILL, "--base-url", base(url), "--model", "demo", "--run", run,
                                "--limit", 1, "--max-calls", 2, key=KEY)
    rows = [(row["http_status"], row["outcome"]) for row in ledger(run)]
    report.row("429 of the endpoint behind it: rate_limit", set(rows) == {(429, "rate_limit")} and code == 4,
               f"{rows}, exit code {code}")


def faults(report, shop, url):
    out = evaluate(shop, base(url), "demo", KEY, "faults", "--exit-zero")
    counts = {}
    for row in ledger(shop.folder / "faults"):
        counts[row["outcome"]] = counts.get(row["outcome"], 0) + 1
    report.row("10 % 429 and 10 % 500 behind it: every task ends as pass or fail",
               set(out["by_status"]) <= {"pass", "fail"} and len(counts) > 1, f"{out['by_status']}, {counts}")
