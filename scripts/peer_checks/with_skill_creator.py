# SPDX-License-Identifier: MIT
"""skill-creator's viewer and aggregator read the workspace that `report --format skill-creator` writes."""
import json
import re
import subprocess
import sys

from peer_checks.common import Unavailable
from peer_checks.exports import TRIALS, evaluation, export

TITLE = "skillcreator: skill-creator's scripts read `report --format skill-creator`"
SOURCE = "https://github.com/anthropics/skills"
COMMIT = "9d2f1ae187231d8199c64b5b762e1bdf2244733d"


def scripts(shop):
    """The folder of skill-creator in a clone of its repository, made where it is missing."""
    clone = shop.clone("anthropics-skills", SOURCE, COMMIT)
    folder = clone / "skills/skill-creator"
    if not folder.is_dir():
        raise Unavailable(f"{folder} is not there")
    return folder


def run_script(shop, folder, *words):
    done = subprocess.run([sys.executable, *map(str, words)], cwd=folder, capture_output=True, text=True, env=shop.environment,
                          timeout=300, check=False)
    if done.returncode != 0:
        raise ValueError((done.stderr.strip().splitlines() or ["no word"])[-1])
    return done.stdout


def check(report, shop):
    folder = scripts(shop)
    print(f"  skill-creator {COMMIT[:12]}")
    run, result = evaluation(shop, "skillcreator-run")
    workspace = shop.folder / "table-reports-workspace/iteration-1"
    export(shop, run, "skill-creator", workspace)
    ours = json.loads((workspace / "benchmark.json").read_text())
    said = run_script(shop, folder, "-m", "scripts.aggregate_benchmark", workspace, "--skill-name", "table-reports",
                      "-o", shop.folder / "aggregated.json")
    theirs = json.loads((shop.folder / "aggregated.json").read_text())
    report.row("aggregate_benchmark.py warns of nothing", "Warning" not in said, said)
    report.row("its summary is the one that we wrote", theirs["run_summary"] == ours["run_summary"], ours["run_summary"]["delta"])
    count = result["n_planned"] + result["baseline"]["n_planned"]
    report.row("it finds all runs", len(theirs["runs"]) == len(ours["runs"]) == count, f"{count} runs, {TRIALS} of each eval and side")
    by_place = {(one["eval_id"], one["configuration"], one["run_number"]): one for one in ours["runs"]}
    report.row("and what we wrote of each", all(
        one["result"] == by_place[one["eval_id"], one["configuration"], one["run_number"]]["result"]
        and one["expectations"] == by_place[one["eval_id"], one["configuration"], one["run_number"]]["expectations"]
        for one in theirs["runs"]))
    page = shop.folder / "viewer.html"
    run_script(shop, folder, "eval-viewer/generate_review.py", workspace, "--skill-name", "table-reports",
               "--benchmark", workspace / "benchmark.json", "--static", page)
    data = json.loads(re.search(r"const EMBEDDED_DATA = (\{.*\});?", page.read_text()).group(1))
    report.row("generate_review.py finds each run", len(data["runs"]) == count, len(data["runs"]))
    report.row("  with its prompt", all(one["prompt"] and one["prompt"] != "(No prompt found)" for one in data["runs"]))
    report.row("  with its outputs", all(one["outputs"] for one in data["runs"]), data["runs"][0]["outputs"][0]["name"])
    report.row("  with its grades", sum(one["grading"] is not None for one in data["runs"]) == len(ours["runs"]))
    report.row("  and the benchmark", data["benchmark"] == ours)
