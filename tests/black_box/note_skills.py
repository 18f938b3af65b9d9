# SPDX-License-Identifier: MIT
"""Small skills of one kind, their tasks, and the scenario by which the simulated endpoint plays them."""
import json
import pathlib
import subprocess

import program

RULE = "Write every letter of the note as a capital letter, whatever the task shows."
SKILL = """---
name: {name}
description: Writes short notes into text files as the office wants them. Use it when a task asks for a note.
---

# Note taker

Each task names a note and the file it goes into.

## How to work

1. Read the task.
2. Write the note with a shell command.
3. Print the file once.

## Pitfalls

- The file holds the note and nothing else.
{more}"""


def skill_text(name, taught):
    """With `taught`, the agent gets every task right; else only those that need no lesson."""
    return SKILL.format(name=name, more=f"- {RULE}\n" if taught else "")


def task_ids(name, count=8):
    return [f"{name}-{i:02d}" for i in range(count)]


def write_skill(folder, taught, ids=None, name=None):
    name = name or folder.name
    (folder / "evals").mkdir(parents=True, exist_ok=True)
    (folder / "SKILL.md").write_text(skill_text(name, taught), encoding="utf-8")
    lines = [
        {"id": task, "input": f"Write the note <{task}> that the work is done to answer.txt.", "output": "answer.txt",
         "target": f"NOTE {number_of(task)} DONE", "grader": {"type": "exact"}}
        for task in (ids or task_ids(name))
    ]
    (folder / "evals/tasks.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def number_of(task):
    return "".join(f"{byte:02x}" for byte in task.encode()).upper()


def write_scenario(folder, ids):
    """The last two tasks of each skill need no lesson."""
    folder.mkdir(parents=True)
    plays = []
    for place, task in enumerate(ids):
        script = "printf '%s' '{}' > answer.txt\ncat answer.txt\n"
        (folder / f"{place}.right.sh").write_text(script.format(f"NOTE {number_of(task)} DONE"))
        (folder / f"{place}.wrong.sh").write_text(script.format("note done"))
        play = {"id": task, "match": f"<{task}>", "right": f"{place}.right.sh"}
        if place % 8 < 6:
            play |= {"lessons": ["upper-case"], "wrong": {"*": f"{place}.wrong.sh"}}
        plays.append(play)
    lesson = {
        "slug": "upper-case", "kind": "operation", "heading": "Choose the letters", "label": "note in small letters",
        "diagnosis": "The note came out in small letters.", "success": "This run wrote the note in capitals.",
        "rule": RULE, "weak_rule": "Mind how the note looks.", "taught_when": [["capital letter"]],
    }
    scenario = {"schema": "skillgrad.sim-scenario/1", "name": "notes", "benchmark": "records", "lessons": [lesson], "tasks": plays}
    (folder / "scenario.json").write_text(json.dumps(scenario), encoding="utf-8")
    return folder / "scenario.json"


class Simulation:
    """`skillgrad simulate` in a process of its own, which counts what it was asked."""

    def __init__(self, scenario, log):
        self.log = pathlib.Path(log)
        self.words = [program.BINARY, "simulate", scenario, "--sim-request-log", log]

    def __enter__(self):
        self.process = subprocess.Popen(self.words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.url = next(word for word in self.process.stdout.readline().split() if word.startswith("http"))
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()

    def requests(self):
        return len(self.log.read_text().splitlines()) if self.log.exists() else 0
