# SPDX-License-Identifier: MIT
"""`optimize --models`: what helps one model and harms another is refused by the worst, and shown by the mean."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import json_schema
import note_skills
import program

# One model learns from the lesson; the other one knows it, and errs in half of its tasks where it is told.
MODELS = {"learns": {"slip": 0, "luck": 0, "vague": 0, "wrong": 0, "weak": 0}, "knows": {"slip": 0.5, "luck": 1}}
COUNT = 32
TIMES = ("run", "seconds", "finished_at", "nothing_run", "path", "unsettled_tokens", "unsettled_usd")


def without_times(value):
    if isinstance(value, dict):
        return {key: without_times(item) for key, item in value.items() if key not in TIMES}
    return [without_times(item) for item in value] if isinstance(value, list) else value


def run_into(folder, *words):
    return ["optimize", "alpha", *words, "--run", str(folder), "--max-iters", "1", "--json", "-q", "-j", "4"]


class Across(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.root)
        ids = note_skills.task_ids("alpha", COUNT)
        note_skills.write_skill(cls.root / "alpha", taught=False, ids=ids)
        for name, noise in MODELS.items():
            path = note_skills.write_scenario(cls.root / "sim" / name, ids)
            path.write_text(json.dumps(json.loads(path.read_text()) | {"name": name, "noise": noise}), encoding="utf-8")
        (cls.root / "split.json").write_text(json.dumps({"train": ids[:8], "val": ids[8:20], "test": ids[20:]}), encoding="utf-8")
        models = [{"name": name, "model": f"sim:{cls.root}/sim/{name}/scenario.json"} for name in MODELS]
        (cls.root / "models.json").write_text(json.dumps(models), encoding="utf-8")
        cls.words = ["--models", "models.json", "--model", models[0]["model"], "--split-file", "split.json", "--candidates", "1"]
        cls.done = {rule: program.run(run_into(cls.root / rule, *cls.words, "--across", rule), cwd=cls.root) for rule in ("worst", "mean")}
        cls.result = {rule: json.loads(done.stdout) for rule, done in cls.done.items() if done.returncode == 0}

    def run_it(self, *words, code=0):
        done = program.run([*map(str, words)], cwd=self.root)
        self.assertEqual(done.returncode, code, (words, done.stdout, done.stderr))
        return done

    def test_the_worst_refuses_a_patch_that_harms_one_model_and_says_which(self):
        self.assertEqual(self.done["worst"].returncode, 0, self.done["worst"].stderr)
        value = self.result["worst"]
        self.assertEqual(json_schema.problems(value, json.loads(program.run(["schema", "optimize"]).stdout)), [])
        (row,) = value["iterations"]
        self.assertEqual((row["decision"], value["best"]["iteration"]), ("rejected", 0), row)
        self.assertIn("knows", row["reason"])
        self.assertEqual(value["across"]["rule"], "worst")
        learns, knows = value["across"]["models"]
        self.assertEqual((learns["model"], knows["model"]), ("learns", "knows"))
        self.assertLess(learns["train"]["score"], knows["train"]["score"])
        self.assertEqual((learns["train"]["n"], knows["train"]["n"]), (8, 8))
        self.assertEqual(value["optimizer_model"], "sim:learns")

    def test_the_mean_keeps_it_and_names_the_harmed_model(self):
        self.assertEqual(self.done["mean"].returncode, 0, self.done["mean"].stderr)
        value = self.result["mean"]
        self.assertEqual(json_schema.problems(value, json.loads(program.run(["schema", "optimize"]).stdout)), [])
        (row,) = value["iterations"]
        self.assertEqual(row["decision"], "accepted", row)
        gate = {one["model"]: one for one in row["gate"]["models"]}
        self.assertGreater(gate["knows"]["worse"], 5 * gate["learns"]["worse"])
        self.assertEqual((gate["learns"]["broken"], gate["learns"]["after"]), (0, 1))
        verdict = {one["model"]: one for one in value["verdict"]["models"]}
        self.assertEqual(verdict["learns"]["verdict"], "helped")
        self.assertLess(verdict["knows"]["difference"], 0)
        self.assertEqual(len(verdict["knows"]["interval"]), 2)
        # Means over both, task by task: the test's n are tasks and not cells.
        self.assertLessEqual(value["test"]["n"], 12)
        self.assertAlmostEqual(value["test"]["difference"], (verdict["learns"]["difference"] + verdict["knows"]["difference"]) / 2)

    def test_report_and_terminal_have_a_line_for_each_model(self):
        run = str(self.root / "mean")
        page = json.loads(self.run_it("report", run, "--format", "json").stdout)
        self.assertEqual(json_schema.problems(page, json.loads(program.run(["schema", "report"]).stdout)), [])
        self.assertEqual([row["model"] for row in page["across"]["models"]], ["learns", "knows"])
        self.assertIn("| knows |", self.run_it("report", run, "--format", "md").stdout)
        self.assertIn("## Trade-offs", self.run_it("report", run, "--format", "md").stdout)
        text = self.run_it("resume", run, "--no-json").stdout
        self.assertIn("2 models, --across mean:\n", text)
        self.assertRegex(text, r"(?m)^knows +\S")

    def test_a_comparison_counts_tasks_and_not_cells(self):
        run = str(self.root / "mean")
        value = json.loads(self.run_it("compare", run + ":initial", run, "--json").stdout)
        self.assertEqual((value["n"], round(value["difference"], 9)), (self.result["mean"]["test"]["n"], round(self.result["mean"]["test"]["difference"], 9)))

    def test_packages_are_listed_with_what_no_other_one_beats(self):
        found = self.result["mean"]["tradeoffs"]
        self.assertEqual([row["what"] for row in found["packages"]], ["initial", "accepted"])
        self.assertEqual(found["packages"][1]["chosen"], True)
        self.assertEqual(found["packages"][1]["dominated"], False)
        self.assertGreater(found["packages"][1]["size_of_initial"], 1)
        self.assertIn("cost", found["left_out"])  # the tests keep what commands did, which is a cache

    def test_weights_decide_and_the_result_says_of_what_it_is(self):
        words = ["--model", self.words[3], "--split-file", "split.json", "--candidates", "1", "--loss", '{"name":"grader","size":0.3}']
        value = json.loads(self.run_it(*run_into(self.root / "weighted", *words)).stdout)
        self.assertEqual(json_schema.problems(value, json.loads(program.run(["schema", "optimize"]).stdout)), [])
        self.assertIn("by the weighted loss", value["iterations"][0]["reason"])
        self.assertEqual((value["verdict"]["of"], value["tradeoffs"]["weights"]["size"]), ("weighted loss", 0.3))
        self.assertLess(value["verdict"]["difference"], value["test"]["difference"])  # the skill has grown
        self.assertGreater(value["tradeoffs"]["packages"][1]["value_gain"], 0)

    def test_equal_bytes_after_it_was_killed_and_with_a_second_worker(self):
        for name, more in (("killed", []), ("shared", ["--workers", "shared", "--lease", "5"])):
            folder = self.root / name
            words = [*run_into(folder, *self.words, "--across", "mean"), *more]
            process = subprocess.Popen(program.command([*words, "--sim-latency", "10"]), cwd=self.root, env={"PATH": os.environ["PATH"], "HOME": str(self.root)},
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            worker = program.command(["work", str(folder), "--wait", "30s", "-q"]) if more else None
            second = subprocess.Popen(worker, cwd=self.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) if worker else None
            end = time.monotonic() + 60
            while len(list(folder.glob("iter_001/**/loss.json"))) < 2 and process.poll() is None and time.monotonic() < end:
                time.sleep(0.02)
            self.assertIsNone(process.poll(), "it was to be killed on its way")
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            last = json.loads(self.run_it(*words).stdout)
            if second:
                second.terminate()
                second.wait()
            for key in ("attempts", "cached_calls", "notes"):
                last.pop(key)
            first = {key: value for key, value in self.result["mean"].items() if key in last}
            self.assertEqual(without_times(last), without_times(first))

    def test_an_estimate_counts_each_model_and_limits_hold_over_all(self):
        value = json.loads(self.run_it("estimate", "alpha", *self.words, "--json", "-q").stdout)
        self.assertEqual(json_schema.problems(value, json.loads(program.run(["schema", "estimate"]).stdout)), [])
        self.assertEqual((value["models"], value["splits"]["train"]), (["learns", "knows"], 8))
        talks = {row["stage"]: row["conversations"]["expected"] for row in value["stages"]}
        self.assertEqual((talks["base run (learns)"], talks["base run (knows)"]), (8, 8))
        self.assertIn("executor@knows", value["prices"])
        self.assertIn("max-calls", self.run_it(*run_into(self.root / "short", *self.words, "--max-calls", "20", "--force"), code=4).stderr)

    def test_mistakes_get_one_error_with_its_mend_before_anything_is_paid(self):
        model = self.words[3]
        (self.root / "own.json").write_text(json.dumps([{"model": "a", "headers": {"x": "y"}}, {"model": "b"}]))
        for words, mend in (
            (["--models", "a"], "give the one as --model"),
            (["--models", "a,a"], "name each once"),
            (["--models", "a,,b"], "write names with commas"),
            (["--models", "models.json", "--gate", "paired"], "use --gate loose, balanced or strict"),
            (["--models", "models.json", "--preset", "paper"], "use --gate loose, balanced or strict"),
            (["--models", "models.json", "--traces", "."], "leave out --traces"),
            (["--models", "models.json", "--roles", '{"executor":{"model":"x"}}'], 'take "executor" out'),
            (["--models", "own.json"], "skillgrad transfer"),
            (["--models", "models.json", "--across", "best"], "worst, mean"),
            (["--loss", '{"name":"grader","cost":1}'], "--price"),
            (["--loss", '{"name":"grader","time":1}', "--cache", "c"], "leave out --cache"),
            (["--loss", '{"name":"grader","size":1}', "--gate", "paired"], "use --gate loose, balanced or strict"),
        ):
            with self.subTest(words):
                folder = self.root / "wrong"
                done = self.run_it("optimize", "alpha", "--model", model, "--run", folder, "--split-file", "split.json", *words, code=2)
                self.assertIn(mend, done.stderr)
                self.assertFalse((folder / "base").exists())


if __name__ == "__main__":
    unittest.main()
