# SPDX-License-Identifier: MIT
"""A task that nobody can grade is left out loudly, and the rest runs; what graders say of sheets and formulas."""
import json
import pathlib
import re
import shutil
import tempfile
import unittest

import program
import spreadsheets
from endpoint import Endpoint, reply, tool_call

NO_OFFICE = {"PATH": "/usr/sbin:/bin"}


class Runs(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.tasks = spreadsheets.Tasks(self.root / "data")
        self.bench = ["-b", f"spreadsheetbench:{self.root / 'data'}"]

    def put(self, count=5):
        for i in range(count):
            self.tasks.add(str(i), spreadsheets.number(i))

    def words(self, name, url, *more):
        return [name, *(["none"] if name == "eval" else ["skill"]), *self.bench, "--run", name, "--json", "-m", "mock",
                "--base-url", url, *more]

    def result(self, done):
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)


class TaskThatNobodyCanGrade(Runs):
    """In `official` mode, where most flaws of the data have a published verdict: its files are not there."""

    def setUp(self):
        super().setUp()
        self.put(9)
        shutil.rmtree(self.tasks.golden("4").parent)

    def test_is_left_out_of_an_evaluation(self):
        def answer(body):
            if any(message["role"] == "tool" for message in body["messages"]):
                return reply("done")
            return tool_call("shell", {"command": "ls"})

        with Endpoint(answer) as endpoint:
            done = program.run(self.words("eval", endpoint.url, "--mode", "official", "--split", "all"), cwd=self.root)
        result = self.result(done)
        self.assertIn("task 4 is left out, nobody can grade it", done.stderr)
        self.assertEqual(result["n_graded"], 8)
        self.assertEqual({task["task_id"] for task in result["tasks"]}, set("01235678"))
        self.assertTrue(any("task 4 is left out" in note["text"] for note in result["notes"]))

    def test_is_left_out_of_an_optimization(self):
        (self.root / "skill").mkdir()
        (self.root / "skill/SKILL.md").write_text(
            "---\nname: skill\ndescription: Fills cells. Use it for workbooks.\n---\n# Cells\n\nFill them.\n", encoding="utf-8")
        splits = {"train": ["0", "1", "4"], "val": ["2", "3"], "test": ["5", "6", "7", "8"]}
        (self.root / "split.json").write_text(json.dumps(splits), encoding="utf-8")

        def answer(body):
            names = {tool["function"]["name"] for tool in body.get("tools", [])}
            if "shell" not in names or any(message["role"] == "tool" for message in body["messages"]):
                return reply("done")
            path = re.search(r"[\w./]*output[\w./]*\.xlsx", json.dumps(body["messages"])).group(0)
            return tool_call("shell", {"command": f"cp *_init.xlsx {path}"})

        with Endpoint(answer) as endpoint:
            done = program.run(self.words("optimize", endpoint.url, "--mode", "official", "--split-file", "split.json",
                                          "--max-iters", "1", "--batch", "2"), cwd=self.root)
        self.assertIn("task 4 is left out, nobody can grade it", done.stderr)
        result = json.loads(done.stdout)
        self.assertEqual(result["baseline"]["train"]["n_graded"], 2, done.stderr)
        self.assertTrue(any("task 4 is left out" in note["text"] for note in result["notes"]))


class GoldenFormulaWithoutAValue(Runs):
    def test_never_stops_an_official_evaluation(self):
        self.put(3)
        self.tasks.add("na", spreadsheets.FORMULA)
        for name, variables in (("with office", {}), ("without office", NO_OFFICE)):
            with self.subTest(name), Endpoint(lambda body: reply("done")) as endpoint:
                done = program.run(self.words("eval", endpoint.url, "--mode", "official", "--split", "all", "--run",
                                              name.split()[0]), cwd=self.root, **variables)
                result = self.result(done)
                self.assertGreaterEqual(result["n_graded"], 3, done.stderr)
                self.assertEqual(result["n_graded"] + ("task na is left out" in done.stderr), 4, done.stderr)

    def test_names_the_option_with_which_it_can_be_graded(self):
        self.tasks.add("na", spreadsheets.FORMULA)
        checked = program.run(["benchmark", "check", *self.bench], cwd=self.root)
        self.assertEqual(checked.returncode, 1)
        self.assertIn("--recalc-golden", checked.stdout)
        mended = program.run(["benchmark", "check", *self.bench, "--recalc-golden"], cwd=self.root)
        self.assertEqual(mended.returncode, 0, mended.stdout + mended.stderr)


class Messages(Runs):
    def graded(self, position, mode):
        self.tasks.add("p", spreadsheets.number(1), position)
        (self.root / "a.jsonl").write_text(json.dumps({"task_id": "p", "output": str(self.tasks.golden("p"))}) + "\n", encoding="utf-8")
        done = program.run(["grade", *self.bench, "--predictions", "a.jsonl", "--mode", mode], cwd=self.root)
        return done.stdout

    def test_never_speak_of_a_sheet_without_a_name(self):
        for position in ("A1", "!A1", "''!A1", "'S'!A1", "S!", "Nope!A1", "A1,!B2"):
            for mode in ("strict", "official", "skillgrad"):
                with self.subTest(position, mode=mode):
                    self.assertNotIn('no sheet \\"\\"', self.graded(position, mode))


if __name__ == "__main__":
    unittest.main()
