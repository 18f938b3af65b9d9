# SPDX-License-Identifier: MIT
"""Agents that people use, opencode and Codex, as executors against `skillgrad simulate`, inside the sandbox; and what they record themselves."""
import json
import os
import pathlib
import shutil
import subprocess

from peer_checks.agent_sessions import record
from peer_checks.common import Unavailable, free_port

TITLE = "agents: opencode and Codex as executors against `skillgrad simulate`, and their recordings"
SKILL = pathlib.Path(__file__).resolve().parents[2] / "skills/table-reports"
PACKAGES = {"opencode": "opencode-ai", "codex": "@openai/codex"}
TASKS = 3
RECORDED = ["spring_orders", "january_expenses", "lease_dates", "card_fees"]


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
            recordings(report, shop, name)


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


def recordings(report, shop, name):
    """The agent's own recordings of tasks that can be learned from: read, compared with what the agent printed, and learned from."""
    out = shop.folder / f"recorded-{name}"
    ran = record(shop.program, shop.cache / "agents", out, name, RECORDED)
    code, listed, errors = shop.skillgrad("traces", "list", out / "out")
    if listed is None:
        report.row(f"{name}: its recordings are listed", False, f"exit code {code}: {errors}")
        return
    rows = {row["session"]: row for row in listed["sessions"]}
    report.row(f"{name}: each of its recordings is a session of format {name}",
               sorted(rows) == sorted(one["session"] for one in ran.values()) and {row["format"] for row in rows.values()} == {name}, listed["notes"])
    if len(rows) != len(ran):
        return
    both = [(ran[task], rows[ran[task]["session"]]) for task in RECORDED]
    report.row(f"{name}: requests are what was asked", all(one["request"] == row["request"] for one, row in both), [row["request"] for _, row in both])
    report.row(f"{name}: recordings show that the skill was loaded", all(row["skills"] == [SKILL.name] for _, row in both), [row["skills"] for _, row in both])
    report.row(f"{name}: tokens are those that the agent printed", all(one["usage"] == [row["tokens"]["input"], row["tokens"]["output"]] for one, row in both),
               [[one["usage"], row["tokens"]] for one, row in both])
    report.row(f"{name}: calls are those that the agent printed", all(one["commands"] == row["calls"] for one, row in both),
               [[one["commands"], row["calls"]] for one, row in both])
    report.row(f"{name}: grades are those of the labels", all(one["score"] == row["score"] for one, row in both) and {row["by"] for _, row in both} == {"label"},
               [row["score"] for _, row in both])
    unknown = [note["text"] for note in listed["notes"] if not any(known in note["text"] for known in ("encrypted reasoning", "text of the program"))]
    report.row(f"{name}: no part of a recording is unknown", not unknown, unknown)
    bare = shop.folder / f"bare-{name}" / SKILL.name
    shutil.copytree(SKILL, bare, ignore=shutil.ignore_patterns("evals"))
    code, learned, errors = shop.skillgrad("optimize", bare, "--traces", out / "out", "--model", "sim:demo", "--max-iters", 1, "--run", shop.folder / f"learned-{name}")
    failed = {one["session"] for one in ran.values() if one["score"] < 1}
    diagnosed = {session for row in (learned or {}).get("iterations", []) for session in row.get("diagnosed", [])}
    report.row(f"{name}: failed recordings are diagnosed and a patch is proposed", learned is not None and learned["proposed"] and bool(diagnosed) and diagnosed <= failed,
               f"{sorted(diagnosed)}; {errors[-200:]}")
