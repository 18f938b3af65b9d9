# SPDX-License-Identifier: MIT
"""The optimizer's own CPU time: whole decision processes without a model or a sandbox."""
import json
import pathlib
import subprocess
import tempfile

from .common import run

PROGRAMS = ["decision_study"]
WORLD = {"base_logit": {"mean": 2.0, "sd": 1.5}, "lessons": 12, "known": 3, "needs": [0.45, 0.40, 0.15], "lesson_effect": -3.5,
         "candidates": {"fix": 0.34, "fix_and_break": 0.06, "null": 0.30, "break": 0.18, "shift": {"p": 0.12, "mean": -0.1, "sd": 0.35}},
         "iterations": 10, "batch": 4, "error_rate": 0.0}


def cpu_of(programs, tasks, runs):
    """CPU seconds and rollouts of one process with so many train, validation and test tasks."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "world.json")
        path.write_text(json.dumps(WORLD | {"name": "bench", "tasks": {"train": tasks, "val": tasks, "test": tasks}}))
        out, _, cpu, _ = run([programs / "tests/decision_study", "--population", path, "--rules", "default", "--runs", runs,
                              "--jobs", 1, "--json"], stderr=subprocess.DEVNULL)
    row = json.loads(out)
    return cpu / runs, row["rollouts"] + row["release_rollouts"]


def measure(table, programs):
    small, rollouts = cpu_of(programs, 40, 20)
    share = small / rollouts
    table.row("deciding, 40 tasks x 10 iterations", f"{1000 * small:.0f} ms", f"{rollouts:.0f} rollouts", None)
    table.row("  CPU for 400 rollouts", f"{400 * share:.3f} s", "", None, "< 2 s", 400 * share < 2)
    large, rollouts = cpu_of(programs, 4000, 1)
    table.row("  CPU of a rollout with 4,000 tasks", f"{1e6 * large / rollouts:.0f} us", f"with 40 {1e6 * share:.0f} us",
              large / rollouts / share, "<= 1.5", large / rollouts / share <= 1.5)
