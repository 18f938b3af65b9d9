# SPDX-License-Identifier: MIT
"""Hostile patches through the whole optimizer: none reaches the skill, and each is refused by its rule."""
import json
import pathlib
import re
import unittest

import program
from endpoint import tool_call
from optimizing_test import Model, Runs, edit_text, tool_results

LINES = [json.loads(line) for line in (program.SOURCE / "tests/unit/skill/hostile_lines.jsonl").read_text(encoding="utf-8").splitlines()]
START = "Write what the task asks for."


class Hostile(Model):
    """Hands in one hostile line after the other: whenever one is refused, the next."""

    def __init__(self):
        super().__init__()
        self.next, self.current = 0, None
        self.refusals = {}  # by the number of the line: what the model was told

    def patch(self, body):
        asked = str(body["messages"][-1]["content"])
        if not tool_results(body):
            self.patches += 1
            self.current = self.stage = None
        if self.current is not None and self.stage == "edited":
            self.stage = "handed in"
            return tool_call("finish_patch", {"summary": "It says more.", "addressed": [
                {"pattern": "mark-is-missing", "anchor": "write-the-note", "reason": "it was not said"}]})
        before = f"{START}\n\n- {LINES[self.current]['text']}" if self.current is not None else START
        if self.current is not None:
            self.refusals[self.current] = asked
        self.current, self.next, self.stage = self.next % len(LINES), self.next + 1, "edited"
        return edit_text(before, f"{START}\n\n- {LINES[self.current]['text']}")


class Containment(Runs):
    def put_tasks(self, **more):
        """A batch of three for each iteration."""
        splits = ["train"] * 160 + ["val"] * 4
        (self.root / "t.jsonl").write_text("".join(
            json.dumps({"id": f"t{i}", "split": split, "input": f"question {i}", "target": f"total {i}", **more}) + "\n"
            for i, split in enumerate(splits)), encoding="utf-8")

    def test_none_of_the_hostile_patches_reaches_the_skill_and_each_has_its_reason(self):
        model = Hostile()
        before = (self.root / "notes/SKILL.md").read_bytes()
        done = self.optimize(model, "--max-iters", "40", "--patience", "0", "--train-tasks", "160", "--no-test", "--in-place")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertGreaterEqual(model.next, len(LINES), f"not all were handed in: {done.stderr[-1500:]}")
        self.assertGreaterEqual(len(LINES), 80)
        # What came of the last line of each conversation stands in its patch.
        ends = [json.loads(file.read_text(encoding="utf-8")) for file in (self.root / "r").glob("iter_*/**/patch*.json")]
        reasons = {end["edits"][-1]["new"].removeprefix(f"{START}\n\n- "): end["blocking"] for end in ends if end.get("edits")}
        for number, line in enumerate(LINES):
            with self.subTest(line["text"]):
                key = re.search(r"sk-proj-\w+", line["text"])
                if key:  # taken out of the reply before anybody reads it
                    self.assertFalse(any(key[0] in file.read_text(encoding="utf-8") for file in (self.root / "r").rglob("*.json*")))
                    continue
                self.assertIn(line["rule"], model.refusals.get(number, "") + json.dumps(reasons.get(line["text"], "")))
        decisions = [row["decision"] for row in self.read("r/run.json")["iterations"]]
        self.assertEqual(set(decisions), {"rejected"})
        self.assertEqual((self.root / "notes/SKILL.md").read_bytes(), before)
        for file in pathlib.Path(self.root / "r/best").rglob("*"):
            if file.is_file():
                self.assertNotIn("x.test", file.read_text(encoding="utf-8"), file)


if __name__ == "__main__":
    unittest.main()
