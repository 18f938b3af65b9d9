# SPDX-License-Identifier: MIT
"""An optimize run of 10,000 calls, and the same command again with its calls in the cache, then with its
commands there, too.

The tasks are notes that the agent writes with one short shell command, so that the time is that of the
program and its sandbox and not of the agent's own work. The replies come from the simulated endpoint.
"""
import json
import pathlib
import subprocess
import tempfile

from measure.common import run

TASKS = {"train": 1000, "val": 360, "test": 360}
LESSONS = {
    "upper-case": ("Choose the letters", "note in small letters", "Write every letter of the note as a capital letter."),
    "end-mark": ("Close the note", "closing mark left out", "End every note with a full stop as its closing mark."),
    "prefix": ("Start the note", "opening word left out", "Begin every note with NOTE and a colon, the sorting word."),
}
PHRASES = {"upper-case": "capital letter", "end-mark": "closing mark", "prefix": "sorting word"}
SKILL = """---
name: note-taker
description: Writes short notes into text files as the office wants them. Use it when a task asks for a note.
---

# Note taker

## How to work

1. Read the task.
2. Write the note with a shell command.

## Pitfalls

- The file holds the note and nothing else.
"""


def lesson(slug):
    heading, label, rule = LESSONS[slug]
    return {"slug": slug, "kind": "operation", "heading": heading, "label": label,
            "diagnosis": f"The office refuses this note: {label}.", "success": f"The office took this note: {rule}",
            "rule": rule, "weak_rule": "Take care with the note.", "taught_when": [[PHRASES[slug]]]}


def write_workshop(folder):
    """A skill with its tasks, and the scenario that plays them."""
    scenario, skill = folder / "scenario", folder / "note-taker"
    (skill / "evals").mkdir(parents=True)
    scenario.mkdir()
    (skill / "SKILL.md").write_text(SKILL)
    (scenario / "right.sh").write_text("printf right > answer.txt\n")
    (scenario / "wrong.sh").write_text("printf wrong > answer.txt\n")
    lines, plays, split = [], [], {}
    for part, count in TASKS.items():
        split[part] = [f"{part}-{number:03d}" for number in range(count)]
        for number, name in enumerate(split[part]):
            lines.append(json.dumps({
                "id": name, "split": part, "input": f"Write the note <{name}> to answer.txt.",
                "output": "answer.txt", "target": "right", "grader": {"type": "exact"}}))
            play = {"id": name, "match": f"<{name}>", "right": "right.sh"}
            if number % 4 != 3:
                play |= {"lessons": [list(LESSONS)[number % 4]], "wrong": {"*": "wrong.sh"}}
            plays.append(play)
    (skill / "evals/tasks.jsonl").write_text("\n".join(lines) + "\n")
    (scenario / "scenario.json").write_text(json.dumps({
        "schema": "skillgrad.sim-scenario/1", "name": "notes", "benchmark": "records",
        "lessons": [lesson(slug) for slug in LESSONS], "tasks": plays, "split": split}))
    return skill, scenario / "scenario.json"


def measure(table, programs):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        skill, scenario = write_workshop(folder)
        command = [programs / "skillgrad", "optimize", skill, "--model", f"sim:{scenario}", "--quiet", "--json",
                   "--cache", folder / "cache", "--run"]
        first, seconds, _, _ = run([*command, folder / "first"], stderr=subprocess.DEVNULL)
        again, cached, cpu, _ = run([*command, folder / "again"], stderr=subprocess.DEVNULL)
        kept = run_with_commands(command, folder)
    first, again = json.loads(first), json.loads(again)
    calls = first["usage"]["calls"]
    table.row(f"optimize of {calls} calls", f"{seconds:.1f} s")
    same = again["best"]["score"] == first["best"]["score"] and again["cached_calls"] == calls
    table.row("  again, all of them from the cache", f"{cached:.1f} s", f"{again['cached_calls']} calls",
              cached / seconds, "<= 1", same and cached <= seconds)
    table.row("  its own CPU time per call", f"{cpu / calls * 1e3:.3f} ms")
    if kept is None:
        table.row("  again, its commands from the cache, too", "skipped", "needs bubblewrap")
        return
    result, wall = kept
    same = result["best"]["score"] == first["best"]["score"]
    table.row("  again, its commands from the cache, too", f"{wall:.1f} s", "", wall / seconds, "<= 1",
              same and wall <= seconds)


def run_with_commands(command, folder):
    """(result, seconds) of a run whose commands an earlier one has kept; None where they cannot be kept."""
    words = [*command[:-1], "--cache-commands", command[-1]]
    try:
        run([*words, folder / "kept"], stderr=subprocess.DEVNULL)
    except RuntimeError:  # a sandbox that shows each run other paths
        return None
    out, wall, _, _ = run([*words, folder / "kept-again"], stderr=subprocess.DEVNULL)
    return json.loads(out), wall
