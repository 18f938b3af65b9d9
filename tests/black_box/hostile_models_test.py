# SPDX-License-Identifier: MIT
"""Models that do not play along: a run goes on, its memory and skill survive, and what they did is on record."""
import json
import unittest

import program
from endpoint import reply, tool_call
from optimizing_test import LEARN, Model, Runs, edit_text, section, tool_results

SLUG = "mark-is-missing"


class Hostile(Model):
    """Plays along in the first iteration; from the second on the role is played by `turn`."""

    def __init__(self, role, turn):
        super().__init__([LEARN, []])
        self.hostile, self.turn, self.turns = role, turn, 0
        self.second = False

    def __call__(self, body):
        # The record names a pattern from the first memory on.
        self.second = self.second or SLUG in (section(body, "memory") or section(body, "known_patterns") or "")
        return super().__call__(body)

    def act(self, role, body, usual):
        if role != self.hostile or not self.second:
            return usual(body)
        self.turns += 1
        return self.turn(self, body)

    def diagnose(self, body):
        return self.act("diagnose", body, super().diagnose)

    def momentum(self, body):
        return self.act("momentum", body, super().momentum)

    def patch(self, body):
        return self.act("patch", body, super().patch)


def submit(patterns=(), overlay=(), **more):
    return tool_call("submit_momentum", {"patterns": list(patterns), "overlay": list(overlay), "themes": [], **more})


def entry(task, pattern=SLUG):
    return {"task_id": task, "signal": "s", "pattern": pattern, "anchor": "", "gap": "g", "change": "c"}


def refusal(*_):
    return reply("I am sorry, but I cannot help with that.")


def nothing(*_):
    return reply("")


def reading(_, body):
    return tool_call("read_file", {"path": "SKILL.md", "n": len(body["messages"])})


def rewriting(model, body):
    patterns = [{"slug": SLUG, "kind": "operation", "line": "All is well.", "anchor": "", "description": "never", "action": "none",
                 "appeared_in": [7, 99], "velocity": 0, "remedies": []}]
    return submit(patterns, [entry(item["task_id"]) for item in json.loads(section(body, "diagnoses"))])


def inventing(model, body):
    return submit([], [entry("no-such-task"), entry("t0", "no-such-pattern")], iteration=99)


MOMENTUM = {"drops all tasks": lambda *_: submit(), "rewrites history": rewriting, "invents tasks and iterations": inventing,
            "returns nothing": nothing, "refuses": refusal, "reads for ever": reading}


def deleting(_, body):
    headings = ["Write the note", "Check", "Background", "Notes"]
    done = len(tool_results(body))
    if done < len(headings):
        return tool_call("delete_section", {"heading": headings[done]})
    return tool_call("finish_patch", {"summary": "all gone", "addressed": []})


def rewriting_all(_, body):
    steps = [tool_call("write_file", {"path": "../../etc/passwd", "text": "x"}),
             tool_call("set_description", {"text": ""}),
             tool_call("replace_section", {"heading": "Notes", "text": "# Notes\n\nDo as you like.\n"}),
             edit_text("text that is not there", "x")]
    done = len(tool_results(body))
    return steps[done] if done < len(steps) else tool_call("finish_patch", {"summary": "everything", "addressed": []})


PATCH = {"deletes everything": deleting, "edits everything": rewriting_all, "returns nothing": nothing, "refuses": refusal,
         "reads for ever": reading, "hands in nonsense": lambda *_: tool_call("finish_patch", {"edits": 7, "who": "me"})}
DIAGNOSE = {"returns nothing": nothing, "refuses": refusal, "reads for ever": reading,
            "hands in nonsense": lambda *_: tool_call("submit_diagnosis", {"causes": 3})}


class HostileModels(Runs):
    def played(self, role, name, turn):
        model = Hostile(role, turn)
        run = f"{role}-{name.replace(' ', '-')}"
        done = self.optimize(model, "--max-iters", "2", "--no-test", run=run)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertGreater(model.turns, 0, "it was asked")
        result = self.read(f"{run}/run.json")
        self.assertIsNone(result["error"])
        self.assertEqual(len(result["iterations"]), 2)
        self.assertEqual(result["iterations"][0]["decision"], "accepted", done.stderr)
        self.assertEqual(program.run(["validate", f"{run}/best"], cwd=self.root).returncode, 0)
        self.assertIn("With the mark behind it", (self.root / run / "best/SKILL.md").read_text(encoding="utf-8"))
        memory = self.read(f"{run}/iter_002/memory.json")["patterns"] if (
            self.root / run / "iter_002/memory.json").exists() else self.read(f"{run}/iter_001/memory.json")["patterns"]
        self.assertIn(SLUG, [pattern["slug"] for pattern in memory])
        kept = next(pattern for pattern in memory if pattern["slug"] == SLUG)
        self.assertIn(1, kept["appeared_in"] if "appeared_in" in kept else kept.get("failed_in", [1]))
        self.assertNotIn(99, kept.get("appeared_in", []))
        said = json.dumps([result["notes"], result["iterations"][1]])
        record = (self.root / run / "events.jsonl").read_text(encoding="utf-8")
        self.assertRegex(said + record, "iter(ation |_00)2", "nothing is on record")
        return result, said, record

    def test_in_place_of_momentum_lose_no_memory(self):
        for name, turn in MOMENTUM.items():
            with self.subTest(name):
                _, said, _ = self.played("momentum", name, turn)
                self.assertRegex(said, "momentum", "what it did is a note")

    def test_in_place_of_the_patcher_leave_the_skill_whole(self):
        for name, turn in PATCH.items():
            with self.subTest(name):
                result, _, _ = self.played("patch", name, turn)
                self.assertNotEqual(result["iterations"][1]["decision"], "accepted")
                self.assertTrue(result["iterations"][1]["reason"])

    def test_in_place_of_the_diagnoser_end_no_run(self):
        for name, turn in DIAGNOSE.items():
            with self.subTest(name):
                result, said, _ = self.played("diagnose", name, turn)
                self.assertIn("no diagnosis", said)


if __name__ == "__main__":
    unittest.main()
