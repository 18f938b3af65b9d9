# SPDX-License-Identifier: MIT
"""inspect_ai reads the log that `report --format inspect` writes."""
import json
import subprocess
import urllib.parse
import urllib.request

from peer_checks.common import free_port
from peer_checks.exports import TRIALS, ask, evaluation, export

TITLE = "inspect: inspect_ai reads `report --format inspect`"
VERSION = "0.3.285"

READ = """
import json, sys
from inspect_ai.log import read_eval_log, read_eval_log_sample_summaries
log = read_eval_log(sys.argv[1])
head = read_eval_log(sys.argv[1], header_only=True)
first = log.samples[0]
print(json.dumps({
    "status": log.status, "samples": len(log.samples), "mean": log.results.scores[0].metrics["mean"].value,
    "roles": sorted({message.role for sample in log.samples for message in sample.messages}),
    "calls": sum(len(message.tool_calls or []) for sample in log.samples for message in sample.messages if message.role == "assistant"),
    "results": sum(message.role == "tool" for sample in log.samples for message in sample.messages),
    "scores": [sample.scores["skillgrad"].value for sample in log.samples if sample.scores],
    "tokens": sum(usage.total_tokens for usage in log.stats.model_usage.values()),
    "of samples": sum(usage.total_tokens for sample in log.samples for usage in sample.model_usage.values()),
    "head": head.eval.model, "epochs": sorted({sample.epoch for sample in log.samples}), "input": first.input[:80],
    "summaries": len(read_eval_log_sample_summaries(sys.argv[1])),
}))
"""
LIST = "import json, sys; from inspect_ai.log import list_eval_logs; print(json.dumps([log.name for log in list_eval_logs(sys.argv[1])]))"


def check(report, shop):
    python = shop.python("inspect", [f"inspect_ai=={VERSION}"])
    print(f"  inspect_ai {shop.version(python, 'inspect_ai')}")
    run, result = evaluation(shop, "inspect-run")
    logs = shop.folder / "inspect-logs"
    logs.mkdir()
    export(shop, run, "inspect", logs)
    files = sorted(logs.iterdir())
    report.row("one log, named as inspect names its own", len(files) == 1, [path.name for path in files])
    seen = json.loads(ask(shop, python, READ, files[0]))
    report.row("read_eval_log: status and samples", (seen["status"], seen["samples"]) == ("success", result["n_planned"]), seen["samples"])
    report.row("the score is that of the run", abs(seen["mean"] - result["score"]) < 1e-12, seen["mean"])
    report.row("a score for each graded sample", len(seen["scores"]) == result["n_graded"], len(seen["scores"]))
    report.row("each call has its result", seen["calls"] == seen["results"] > 0, f"{seen['calls']} calls")
    report.row("messages of all roles", seen["roles"] == ["assistant", "system", "tool", "user"], seen["roles"])
    report.row("tokens add up", seen["tokens"] == seen["of samples"] > 0, seen["tokens"])
    report.row("trials are epochs", seen["epochs"] == list(range(1, TRIALS + 1)), seen["epochs"])
    report.row("header and summaries alone", (seen["head"], seen["summaries"]) == (result["model"], result["n_planned"]), seen["head"])
    report.row("list_eval_logs finds it", len(json.loads(ask(shop, python, LIST, logs))) == 1)
    view(report, shop, python, logs, files[0])


def view(report, shop, python, logs, log):
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [python.parent / "inspect", "view", "start", "--log-dir", logs, "--host", "127.0.0.1", "--port", port]
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with shop.server(command, "inspect-view", ready=f"{url}/"):
        page = opener.open(f"{url}/", timeout=30).read().decode()
        report.row("inspect view: serves its page", "<html" in page.lower(), f"{len(page)} characters")
        listed = json.loads(opener.open(f"{url}/api/logs", timeout=30).read())
        report.row("inspect view: lists the log", log.name in json.dumps(listed), listed.get("log_dir", ""))
        name = urllib.parse.quote(log.resolve().as_uri(), safe="")
        whole = json.loads(opener.open(f"{url}/api/logs/{name}", timeout=30).read())
        report.row("inspect view: gives its samples", len(whole.get("samples") or []) > 0, len(whole.get("samples") or []))
