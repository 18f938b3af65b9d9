# SPDX-License-Identifier: MIT
"""Run folders made by hand, as large and as hostile as a test needs them."""
import difflib
import hashlib
import json
import pathlib

HOSTILE = "</script><script>document.title='owned'</script><img src=http://192.0.2.1/x onerror=\"document.title='owned'\">\u202egpj.exe\x1b[31mred\u200b\U000e0041`|*_{{verdict}}<!--"
CANARY = "owned"


def write(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")


def package_hash(t):
    return hashlib.sha256(str(t).encode()).hexdigest()


def lines(values):
    return "".join(json.dumps(value) + "\n" for value in values)


def skill(words, extra=""):
    rules = "".join(f"\n## Rule {word}\n\nDo what rule {word} says. {extra}\n" for word in words)
    return f"---\nname: made\ndescription: Made by a test.\n---\n# Made\n\nBegin.\n{rules}"


def loss(task, status, trial=0, package="0" * 64, feedback=""):
    score = {"pass": 1.0, "fail": 0.0}.get(status)
    return {
        "schema": "skillgrad.loss/1", "task_id": task, "sample": trial, "status": status, "score": score, "loss": None if score is None else 1 - score, "hard": int(status == "pass"),
        "feedback": feedback or ("1 of 1 right" if status == "pass" else "0 of 1 right\nSheet1!B3: expected number 12.5, got number 3"),
        "error": "the endpoint was away" if status == "error" else "", "cost_usd": 0.01, "seconds": 1.5, "skill": package,
    }


def trace(task, text):
    return lines([
        {"kind": "message", "turn": 0, "role": "system", "text": "Standing instructions. " * 40},
        {"kind": "message", "turn": 0, "role": "user", "text": f"<task>\n{task}: {text}\n</task>"},
        {"kind": "tool_call", "turn": 1, "call_id": "a", "name": "shell", "text": json.dumps({"command": "python3 -c 'print(1)'\n" + text})},
        {"kind": "tool_output", "turn": 1, "call_id": "a", "name": "shell", "text": "exit code: 0\nstdout:\n" + f"row {task} " * 120},
        {"kind": "message", "turn": 2, "role": "assistant", "text": "Done. " + text},
    ])


class Run:
    """A finished run of `optimize`: every second iteration is accepted."""

    def __init__(self, folder, iterations=3, train=8, val=4, test=4, text="plain text", traces=True, batch=4):
        self.root, self.text, self.traces = pathlib.Path(folder), text, traces
        name = lambda split, i: f"{split}-{i:03}"  # noqa: E731
        self.splits = {split: [name(split, i) for i in range(count)] for split, count in (("train", train), ("val", val), ("test", test))}
        self.batches = [[self.splits["train"][(i * batch + k) % train] for k in range(batch)] for i in range(iterations)]
        self.iterations = iterations
        self.best = iterations if iterations % 2 else iterations - 1

    def rollouts(self, folder, ids, status, package):
        for i, task in enumerate(ids):
            path = self.root / folder / "rollouts" / f"{task}.0"
            one = status(i)
            feedback = "" if one == "pass" else f"0 of 1 right\nSheet1!B3: expected number 12.5, got number 3\n{self.text}"
            write(path / "loss.json", loss(task, one, 0, package, feedback))
            if self.traces:
                write(path / "trajectory.jsonl", trace(task, self.text))

    def package(self, folder, words):
        write(self.root / folder / "SKILL.md", skill(words, self.text.replace("\n", " ")))

    def step(self, t, words):
        folder, accepted = f"iter_{t:03}", t % 2 == 1
        old, new = package_hash(len(words)), package_hash(len(words) + 1 if accepted else -t)
        self.rollouts(folder, self.batches[t - 1], lambda i: ("fail", "pass", "error")[i % 3], old)
        self.rollouts(f"{folder}/screen/{new[:12]}", self.batches[t - 1], lambda i: "pass" if i % 2 else "fail", new)
        self.rollouts(f"{folder}/gate/{new[:12]}", self.splits["val"], lambda i: "pass", new)
        self.package(f"{folder}/skill", [*words, f"r{t}"])
        before, after = (skill(rules, self.text.replace("\n", " ")).splitlines(keepends=True) for rules in (words, [*words, f"r{t}"]))
        write(self.root / folder / "patch.diff", "".join(difflib.unified_diff(before, after, "a/SKILL.md", "b/SKILL.md")))
        reason = {"pattern": f"pattern-{t}", "anchor": f"rule-r{t}", "reason": self.text, "supports": self.batches[t - 1][:2], "against": self.batches[t - 1][2:3], "inferred": ""}
        write(self.root / folder / "patch.json", {"schema": "skillgrad.patch/1", "edits": [], "summary": self.text, "addressed": [reason], "skill_hash": new})
        gate = {
            "schema": "skillgrad.gate/1", "decision": "accepted" if accepted else "rejected", "mode": "balanced", "before": 0.4, "after": 0.5, "difference": 0.1, "n": 4, "planned": 4,
            "fixed": 1, "broken": 0, "reason": self.text, "better": 0.93, "lost": [],
        }
        write(self.root / folder / "gate.json", {**gate, "candidate": 1, "candidates": 1, "screen": []})
        cause = {"label": self.text[:60], "case": "gap", "analysis": self.text, "rule": self.text, "known": f"pattern-{t}", "steps": [1], "open": "", "skipped_step": "", "refutes": "pattern-1" if t > 1 else ""}
        write(self.root / folder / "gradients.jsonl", lines([{"schema": "skillgrad.gradient/2", "task_id": task, "kind": "failure", "causes": [cause], "right": "", "loss": 1.0} for task in self.batches[t - 1]]))
        patterns = [
            {"slug": f"pattern-{k}", "kind": "operation", "line": self.text[:80], "anchor": "", "failed_in": [k], "succeeded_in": [], "tasks": self.batches[k - 1], "description": self.text, "action": self.text,
             "velocity": 1 / (t - k + 1), "remedies": [{"iteration": k, "anchor": f"rule-r{k}", "diagnosis": self.text, "change": self.text, "accepted": k % 2 == 1, "inferred": "", "supports": [], "against": [], "confirmed_in": []}]}
            for k in range(1, t + 1)
        ]
        write(self.root / folder / "memory.json", {"schema": "skillgrad.memory/2", "iteration": t, "patterns": patterns, "succeeded": []})
        return {
            "iteration": t, "decision": gate["decision"], "reason": self.text, "train_score": 0.25, "train_n": 4, "gate": gate, "size": {"l1": 20, "l2": 100 + 20 * t, "l3": 0}, "summary": self.text, "cost_usd": 0.5, "unsettled_usd": 0.0,
        }

    def result(self, rows):
        spent = {"input_tokens": 1000, "cached_tokens": 10, "output_tokens": 100, "calls": 42}
        return {
            "schema": "skillgrad.run/1", "command": "optimize", "run": str(self.root), "skill": "/skills/made", "benchmark": "records:made", "model": "made-model", "simulation": False, "grading": "records",
            "version": "0.1.0", "notes": [{"text": self.text, "count": 2}], "iterations": rows, "baseline": {"train": {"score": 0.25, "score_ci95": [0.1, 0.5], "n_graded": 8, "went_wrong": [{"kind": "feedback", "what": self.text, "count": 3, "of": 8, "tasks": self.splits["train"][:2]}]}},
            "best": {"iteration": self.best, "score": 0.75, "fresh_score": 0.6, "path": str(self.root / "best")},
            "verdict": {"verdict": "improved", "before": 0.25, "after": 0.75, "difference": 0.5, "interval": [0.125, 0.875], "p": 0.0123, "n": len(self.splits["test"]), "missing": 0, "look": 4, "could_show": 0.31},
            "calibration": None, "finalists": [], "pruned": [],
            "test": {"before": 0.25, "after": 0.75, "before_ci95": [0.05, 0.55], "after_ci95": [0.4, 0.95], "difference": 0.5, "difference_ci95": [0.2, 0.8], "p": 0.02, "n": len(self.splits["test"]), "fixed": 2, "broken": 0},
            "stop_reason": "all batches used", "error": None, "finished_at": "2026-01-02T03:04:05.678Z", "seconds": 12.5, "usage": spent, "cost_usd": 1.2345, "usage_by_stage": {"executor": {**spent, "cost_usd": 1.2345}}, "cost_by_part": {}, "attempts": 42, "retries": 1, "cached_calls": 0,
        }

    def make(self):
        write(self.root / "config.json", {"schema": "skillgrad.config/1", "command": "optimize", "settings": {}})
        write(self.root / "plan.json", {"schema": "skillgrad.plan/1", "splits": self.splits, "batches": self.batches})
        write(self.root / "events.jsonl", "")
        self.package("initial/skill", [])
        initial = package_hash(0)
        self.rollouts("base", self.splits["train"], lambda i: "fail" if i % 3 else "pass", initial)
        self.rollouts("base_val", self.splits["val"], lambda i: "pass" if i % 2 else "fail", initial)
        rows, words = [], []
        for t in range(1, self.iterations + 1):
            rows.append(self.step(t, words))
            if t % 2:
                words.append(f"r{t}")
        self.package("best", words)
        self.rollouts("test/initial", self.splits["test"], lambda i: "pass" if i % 4 == 0 else "fail", initial)
        self.rollouts(f"test/iter_{self.best:03}", self.splits["test"], lambda i: "fail" if i % 4 == 0 else "pass", package_hash(len(words)))
        write(self.root / "run.json", self.result(rows))
        return self.root
