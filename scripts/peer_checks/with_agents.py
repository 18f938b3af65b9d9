# SPDX-License-Identifier: MIT
"""Agents that people use, opencode and Codex, as executors against `skillgrad simulate`, inside the sandbox."""
import json
import os
import pathlib
import shutil
import subprocess

from peer_checks.common import Unavailable, free_port

TITLE = "agents: opencode and Codex as executors against `skillgrad simulate`"
SKILL = pathlib.Path(__file__).resolve().parents[2] / "skills/table-reports"
PACKAGES = {"opencode": "opencode-ai", "codex": "@openai/codex"}
TASKS = 3


def check(report, shop):
    if shutil.which("bwrap") is None:
        raise Unavailable("bubblewrap is not installed")
    path = install(shop)
    port = free_port()
    with shop.server([shop.program, "simulate", "demo", "--port", port], "agents-endpoint", f"http://127.0.0.1:{port}/v1/models") as url:
        for name in PACKAGES:
            if name == "opencode" and shutil.which("rg", path=path) is None:
                report.skip(name, "it needs ripgrep (rg) on PATH")
                continue
            one_agent(report, shop, name, path, url.removesuffix("/models"))


def install(shop):
    """The folder of both programs in front of PATH."""
    if shutil.which("npm") is None:
        raise Unavailable("npm is not installed")
    folder = shop.cache / "agents"
    folder.mkdir(parents=True, exist_ok=True)
    binaries = folder / "node_modules/.bin"
    if not all((binaries / name).exists() for name in PACKAGES):
        done = subprocess.run(["npm", "install", "--prefix", folder, "--no-audit", "--no-fund", *PACKAGES.values()], capture_output=True, text=True, check=False, env=shop.environment)
        if done.returncode != 0:
            raise Unavailable("npm cannot install them: " + done.stderr.strip()[-300:])
    return f"{binaries}:{os.environ['PATH']}"


def one_agent(report, shop, name, path, url):
    run = shop.folder / f"run-{name}"
    words = [shop.program, "eval", SKILL, "--executor", name, "-m", "sim:demo", "--base-url", url, "--limit", TASKS, "--split", "test", "--json", "--run", run, "--exit-zero",
             "--task-timeout", 240, "-j", 1, "--sandbox", "require"]
    environment = {"PATH": path, "HOME": str(shop.folder), "LANG": "C.UTF-8", "OPENAI_API_KEY": "not-needed"}
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False, env=environment, cwd=shop.folder)
    report.row(f"{name}: the evaluation runs to its end", done.stdout.startswith("{"), done.stderr[-600:])
    if not done.stdout.startswith("{"):
        return
    result = json.loads(done.stdout)
    version = result["executor"]["version"]
    states = [task["status"] for task in result["tasks"]]
    report.row(f"{name} {version}: no task ends as an error", "error" not in states and len(states) == TASKS, f"{states}; {result['notes']}")
    kept = [json.loads(path.read_text()) for path in sorted(run.glob("eval/rollouts/*/loss.json"))]
    report.row(f"{name}: it loads the skill", all(one["signs"].get("skill_read") for one in kept), str([one["signs"].get("skill_read") for one in kept]))
    report.row(f"{name}: its usage is read", all(one["usage"]["input_tokens"] > 0 for one in kept), str([one["usage"] for one in kept]))
    traces = [path.read_text() for path in sorted(run.glob("eval/rollouts/*/trajectory.jsonl"))]
    report.row(f"{name}: its commands and what they printed are read", all('"tool_call"' in text and '"tool_output"' in text for text in traces), str([text[:200] for text in traces]))
    report.row(f"{name}: the network is the endpoint alone, and no key is inside", result["executor"]["network"] == "endpoint" and not result["executor"]["can_read_key"])
    report.row(f"{name}: no line of its transcript was unknown", not any("transcript:" in note["text"] for note in result["notes"]), str(result["notes"]))
