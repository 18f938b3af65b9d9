# SPDX-License-Identifier: MIT
"""Decisions under noise through the program: the verdict, what it decides, calibration, and runs that are killed."""
import json
import pathlib
import re
import signal
import subprocess
import tempfile
import time
import unittest

import json_schema
import program
from endpoint import Endpoint, reply

SKILL = str(program.SOURCE / "skills/table-reports")
# A run of a second or two.
SMALL = ["--updates", "2", "--limit", "5", "--batch", "3"]
FACTS = ("iterations", "verdict", "calibration", "finalists", "pruned", "best")


def optimize(folder, *options, skill=SKILL, timeout=240):
    return program.run(["optimize", skill, "-m", "sim:demo", "--run", "r", "--quiet", *SMALL, *options],
                       cwd=folder, timeout=timeout)


def facts(folder):
    result = json.loads(pathlib.Path(folder, "r/run.json").read_text())
    return {name: result[name] for name in FACTS}


class Verdict(unittest.TestCase):
    def test_is_the_first_line_and_decides_what_require_improvement_says(self):
        with tempfile.TemporaryDirectory() as folder:
            done = optimize(folder, "--require-improvement")
            verdict = facts(folder)["verdict"]
        first = done.stdout.splitlines()[0]
        self.assertTrue(first.startswith(verdict["verdict"] + ": "), first)
        self.assertIn(f'on {verdict["n"]} test tasks', first)
        self.assertEqual(done.returncode, 0 if verdict["verdict"] == "improved" else 1, done.stderr)
        self.assertEqual("verdict: fail" in done.stderr, done.returncode == 1)

    def test_says_not_shown_where_no_patch_was_kept_and_runs_nothing_for_it(self):
        with tempfile.TemporaryDirectory() as folder:
            nothing = json.dumps({"name": "command", "run": ["sh", "-c", "cat >/dev/null; echo '" + json.dumps(
                {"schema": "skillgrad.patch/1", "edits": [], "addressed": [], "summary": ""}) + "'"]})
            done = optimize(folder, "--patcher", nothing, "--require-improvement")
            self.assertEqual(facts(folder)["verdict"]["verdict"], "not shown")
            self.assertFalse(pathlib.Path(folder, "r/test").exists())
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertTrue(done.stdout.startswith("not shown: no patch was kept"), done.stdout[:200])

    def test_needs_a_test_split_that_is_scored(self):
        with tempfile.TemporaryDirectory() as folder:
            done = optimize(folder, "--require-improvement", "--no-test")
            self.assertEqual(done.returncode, 2)
            self.assertIn("--require-improvement judges the test split", done.stderr)
            done = optimize(folder, "--no-test", "--max-iters", "1")
        self.assertTrue(done.stdout.startswith("not tested: "), done.stdout[:200])

    def test_of_other_gates_is_one_look_at_all_test_tasks(self):
        with tempfile.TemporaryDirectory() as folder:
            optimize(folder, "--gate", "stored")
            found = facts(folder)
        self.assertEqual(found["verdict"]["look"], 1)
        self.assertEqual(found["verdict"]["n"] + found["verdict"]["missing"], 5)
        self.assertIsNone(found["calibration"])
        self.assertEqual(found["finalists"], [])


class Options(unittest.TestCase):
    def test_of_another_gate_are_refused_or_named(self):
        with tempfile.TemporaryDirectory() as folder:
            guard = optimize(folder, "--guard", "2")
            self.assertEqual(guard.returncode, 2)
            self.assertIn("--gate no-regression", guard.stderr)
            idle = optimize(folder, "--gate", "none", "--candidates", "3", "--max-iters", "1", "--no-test")
            self.assertIn("--candidates has no effect here", idle.stderr)

    def test_one_candidate_no_finalists_no_pruning(self):
        with tempfile.TemporaryDirectory() as folder:
            optimize(folder, "--candidates", "1", "--finalists", "0", "--no-prune", "--no-test")
            found = facts(folder)
            self.assertFalse(list(pathlib.Path(folder, "r").glob("iter_*/candidate_*")))
            self.assertFalse(pathlib.Path(folder, "r/finalists").exists())
        self.assertEqual((found["finalists"], found["pruned"]), ([], []))
        self.assertIsNone(found["best"]["fresh_score"])


class Kills(unittest.TestCase):
    def test_at_each_stage_boundary_change_nothing_and_nothing_is_paid_for_twice(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(optimize(folder, "--sim-noise", "0.4").returncode, 0)
            straight = facts(folder)
            stages = sorted({str(path.relative_to(pathlib.Path(folder, "r")).parent)
                             for path in pathlib.Path(folder, "r").rglob("rollouts")})
            stages = [stage for stage in stages if stage != "base"]
            kinds = {re.sub(r"^iter_\d+(/gate|/screen)?(/.*)?$", r"iter\1", stage).split("/")[-1]: stage for stage in stages}
        self.assertGreaterEqual(set(kinds), {"base_val", "iter", "screen"})
        kinds.pop("base_val", None)  # killed in the end-to-end tests, as other stages before the first patch are
        kinds.pop("iter", None)
        for kind, stage in kinds.items():
            with self.subTest(kind), tempfile.TemporaryDirectory() as folder:
                run = pathlib.Path(folder, "r")
                started = subprocess.Popen(
                    program.command(["optimize", SKILL, "-m", "sim:demo", "--run", "r", "--quiet", *SMALL,
                                     "--sim-noise", "0.4"]), cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL)
                until = time.monotonic() + 120
                while not (run / stage / "rollouts").exists() and started.poll() is None and time.monotonic() < until:
                    time.sleep(0.002)
                started.send_signal(signal.SIGKILL)
                started.wait()
                done = program.run(["resume", "r", "--quiet"], cwd=folder, timeout=240)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(json.dumps(facts(folder)).replace(folder, ""),
                                 json.dumps(straight | {"best": straight["best"] | {"path": facts(folder)["best"]["path"]}})
                                 .replace(folder, ""))
                ends = [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]
                rollouts = [event["path"] for event in ends if event["event"] == "rollout"]
                self.assertEqual(len(rollouts), len(set(rollouts)), "a rollout was made twice")


class Calibrate(unittest.TestCase):
    def test_prints_noise_and_what_could_be_shown(self):
        with tempfile.TemporaryDirectory() as folder:
            words = ["calibrate", SKILL, "-m", "sim:demo", "--sim-noise", "0.6", "--run", "c", "--passes", "3"]
            done = program.run([*words, "--json"], cwd=folder)
            self.assertEqual(done.returncode, 0, done.stderr)
            value = json.loads(done.stdout)
            self.assertEqual(json_schema.problems(value, json.loads(program.run(["schema", "calibrate"]).stdout)), [])
            text = program.run(words, cwd=folder).stdout
            resumed = program.run(["resume", "c"], cwd=folder)
        found = value["calibration"]
        self.assertEqual(value["measured"]["n_planned"], 36)
        self.assertGreater(found["flip_rate"], 0)
        self.assertEqual([price["difference"] for price in found["prices"]], [0.05, 0.1])
        self.assertGreater(found["prices"][0]["tasks"], found["prices"][1]["tasks"])
        for part in ("noise ", "test split 12 tasks", "+5 points", "+10 points"):
            self.assertIn(part, text)
        self.assertEqual(resumed.returncode, 0, resumed.stderr)

    def test_that_finds_a_broken_measurement_exits_1_and_says_why(self):
        def answer(body):
            return 400 if re.search("Add [34] ", str(body["messages"])) else reply("no idea")

        with tempfile.TemporaryDirectory() as folder, Endpoint(answer) as endpoint:
            root = pathlib.Path(folder)
            (root / "s").mkdir()
            (root / "s/SKILL.md").write_text("---\nname: s\ndescription: Adds numbers. Use it for sums.\n---\n# Sums\n\nAdd.\n")
            (root / "t.jsonl").write_text("".join(
                json.dumps({"id": f"t{i}", "split": split, "input": f"Add {i} and 1.", "target": f"{i + 1}.0 in all"}) + "\n"
                for i, split in enumerate(["train"] * 2 + ["val"] * 4 + ["test"] * 2)))
            done = program.run(["calibrate", "s", "-b", "t.jsonl", "-m", "m", "--base-url", endpoint.url, "--run", "c"], cwd=folder)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("tripwire   4 of 8 rollouts of the validation ended as errors", done.stdout)

    def test_can_be_estimated_and_refuses_wrong_counts(self):
        with tempfile.TemporaryDirectory() as folder:
            done = program.run(["calibrate", SKILL, "-m", "sim:demo", "--dry-run", "--json"], cwd=folder)
            self.assertEqual(json.loads(done.stdout)["stages"][0]["conversations"]["expected"], 24)
            wrong = program.run(["calibrate", SKILL, "-m", "sim:demo", "--passes", "1"], cwd=folder)
        self.assertEqual(wrong.returncode, 2)
        self.assertIn("from 2 to 1000", wrong.stderr)


if __name__ == "__main__":
    unittest.main()
