# SPDX-License-Identifier: MIT
"""`skillgrad compare`: figures are those of the runs, and what cannot be compared is said."""
import json
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import json_schema
import note_skills
import program

SKILL = program.SOURCE / "skills/table-reports"


def compare(*words, code=0):
    done = program.run(["compare", *map(str, words)], cwd="/")
    assert done.returncode == code, (words, done.returncode, done.stderr)
    return done


def as_json(*words, code=0):
    value = json.loads(compare(*words, "--json", code=code).stdout)
    problems = json_schema.problems(value, json.loads(program.run(["schema", "compare"]).stdout))
    assert not problems, problems
    return value


def run_of(folder, name, scores, trials=1, **facts):
    """A run of eval by hand. `scores`: task -> scores of its trials, None for an error."""
    tasks = [
        {"task_id": task, "trial": trial, "status": "error" if score is None else "pass" if score == 1 else "fail", "score": score, "hard": int(score == 1)}
        for task, all_scores in scores.items() for trial, score in enumerate(all_scores)
    ]
    path = pathlib.Path(folder, name)
    path.mkdir()
    result = {"command": "eval", "skill": name, "model": "m", "benchmark": "b", "grading": "g", "simulation": False, "trials": trials, "tasks": tasks, **facts}
    (path / "run.json").write_text(json.dumps(result), encoding="utf-8")
    return path


class Figures(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.root = pathlib.Path(cls.folder.name)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_are_those_of_an_eval_with_its_baseline(self):
        done = program.run(["eval", SKILL, "-m", "sim:demo", "--sim-noise", "0.5", "--trials", "2", "--baseline", "none", "--run", "e", "--json", "-q"], cwd=self.root, timeout=120)
        saved, value = json.loads(done.stdout), as_json(self.root / "e:baseline", self.root / "e")
        for key in ("difference", "difference_ci95", "p", "n"):
            self.assertEqual(value[key], saved["baseline"][key], key)
        self.assertEqual((len(value["fixed"]), len(value["broken"])), (saved["baseline"]["fixed"], saved["baseline"]["broken"]))
        self.assertEqual((value["after"]["score"], value["after"]["score_ci95"]), (saved["score"], saved["score_ci95"]))
        self.assertEqual((value["before"]["score"], value["before"]["cost_usd"]), (saved["baseline"]["score"], saved["baseline"]["cost_usd"]))
        self.assertIn("simulation", " ".join(value["notes"]))

    def test_are_those_of_the_test_split_of_an_optimization(self):
        done = program.run(["demo", "--dir", "d", "--max-iters", "2", "--json", "-q"], cwd=self.root, timeout=300)
        saved = json.loads(done.stdout)
        self.assertGreater(saved["best"]["iteration"], 0)
        run = self.root / "d/run"
        value = as_json(f"{run}:initial", run)
        for key in ("difference", "difference_ci95", "p", "n"):
            self.assertEqual(value[key], saved["test"][key], key)
        self.assertEqual((len(value["fixed"]), len(value["broken"])), (saved["test"]["fixed"], saved["test"]["broken"]))
        self.assertEqual((value["before"]["score"], value["after"]["score"]), (saved["test"]["before"], saved["test"]["after"]))

    def test_count_tasks_and_not_trials_and_leave_errors_out(self):
        with tempfile.TemporaryDirectory() as folder:
            before = run_of(folder, "a", {"x": [0, 0], "y": [1, 1], "z": [0, 1], "lost": [None, None], "gone": [1, 1]}, trials=2)
            after = run_of(folder, "b", {"x": [1, 1], "y": [1, 0], "z": [1, None], "lost": [1, 1], "new": [0, 0]}, trials=2)
            value = as_json(before, after)
        self.assertEqual(value["n"], 3)
        self.assertAlmostEqual(value["difference"], (1 - 0.5 + 0.5) / 3)
        self.assertEqual([task["task_id"] for task in value["fixed"]], ["x", "z"])
        self.assertEqual([task["task_id"] for task in value["broken"]], ["y"])
        self.assertEqual((value["only_before"], value["only_after"]), (["gone"], ["lost", "new"]))

    def test_decide_the_verdict_and_the_exit_code(self):
        with tempfile.TemporaryDirectory() as folder:
            low = run_of(folder, "low", {f"t{i}": [0] for i in range(8)})
            high = run_of(folder, "high", {f"t{i}": [1] for i in range(8)})
            other = run_of(folder, "other", {"u": [1]}, benchmark="c")
            self.assertEqual(as_json(low, high)["verdict"], "better")
            self.assertEqual(as_json(high, low, code=1)["verdict"], "worse")
            self.assertEqual(as_json(low, low)["verdict"], "not shown")
            apart = as_json(low, other)
            self.assertEqual((apart["verdict"], apart["p"]), ("not compared", None))
            self.assertIn("the benchmark differs: b and c", apart["notes"])
            text = compare(high, low, code=1).stdout
            self.assertEqual(text.splitlines()[0], "worse: -100.0 points [-100.0, -34.8] on 8 tasks, p = 0.008")
            self.assertIn("broken (8)", text)

    def test_names_with_a_colon_are_read_as_they_are(self):
        with tempfile.TemporaryDirectory() as folder:
            run = run_of(folder, "a:initial", {"x": [1]})
            self.assertEqual(as_json(run, run)["n"], 1)

    def test_control_characters_of_tasks_do_not_reach_the_terminal(self):
        with tempfile.TemporaryDirectory() as folder:
            names = {"\x1b[31mred": [0]}
            self.assertNotIn("\x1b", compare(run_of(folder, "a", names), run_of(folder, "b", {"\x1b[31mred": [1]})).stdout)


class Skills(unittest.TestCase):
    """Folders, revisions and `none` are measured, once."""

    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.root)
        self.repo = self.root / "repo"
        note_skills.write_skill(self.repo / "skills/alpha", taught=False)
        self.git("init", "-q", "-b", "main")
        self.git("add", "-A")
        self.git("commit", "-qm", "first")
        note_skills.write_skill(self.repo / "skills/alpha", taught=True)
        scenario = note_skills.write_scenario(self.root / "scenario", note_skills.task_ids("alpha"))
        self.simulation = note_skills.Simulation(scenario, self.root / "requests.jsonl").__enter__()
        self.addCleanup(self.simulation.__exit__)

    def git(self, *words, cwd=None):
        identity = ["-c", "user.name=Tester", "-c", "user.email=tester@localhost", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *identity, *words], cwd=cwd or self.repo, check=True, capture_output=True)

    def compare(self, *words, code=0, cwd=None):
        done = program.run(["compare", *map(str, words), "--json", "-q"], cwd=cwd or self.repo)
        self.assertIn(done.returncode, (0, 1) if code is None else (code,), done.stderr)
        return json.loads(done.stdout)

    def measured(self, *words, **more):
        return self.compare(*words, "--model", "sim:notes", "--base-url", self.simulation.url, **more)

    def test_as_they_were_in_a_revision_and_as_they_are(self):
        value = self.measured("HEAD:skills/alpha", "skills/alpha")
        self.assertEqual((value["verdict"], value["n"]), ("better", 8))
        self.assertEqual((value["before"]["score"], value["after"]["score"]), (0.25, 1.0))
        self.assertEqual([side["skill"] for side in (value["before"], value["after"])], ["HEAD:skills/alpha", "skills/alpha"])
        self.assertEqual(sorted(task["task_id"] for task in value["fixed"]), note_skills.task_ids("alpha")[:6])
        paid = self.simulation.requests()
        self.assertGreater(paid, 0)
        again = self.measured("alpha", "HEAD:alpha", "--cache", "../.skillgrad-cache", "--benchmark", "alpha/evals", cwd=self.repo / "skills", code=1)
        self.assertEqual((again["verdict"], self.simulation.requests()), ("worse", paid))

    def test_with_no_skill_and_with_a_run(self):
        self.measured("none", "skills/alpha")
        done = program.run(["eval", "skills/alpha", "--split", "test", "--run", "e", "-q", "--model", "sim:notes", "--base-url", self.simulation.url], cwd=self.repo)
        self.assertEqual(done.returncode, 0, done.stderr)
        value = self.measured("HEAD:skills/alpha", "e", "--benchmark", "skills/alpha/evals")
        tasks = len(json.loads((self.repo / "e/run.json").read_text())["tasks"])
        self.assertEqual((value["before"]["n_planned"], value["n"]), (tasks, tasks), "the split of the run")

    def test_another_split_than_that_of_the_run_is_refused_before_it_is_paid_for(self):
        run_of(self.root, "e", {"alpha-00": [1]}, split="test")
        error = self.measured("../e", "skills/alpha", "--split", "val", code=2)
        self.assertIn("leave --split out", json.dumps(error))
        self.assertEqual(self.simulation.requests(), 0)
        self.measured("../e", "skills/alpha", "--split", "test", code=None)

    def test_a_skill_at_the_top_of_the_repository(self):
        top = self.root / "alpha"
        note_skills.write_skill(top, taught=False)
        for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "first"]):
            self.git(*words, cwd=top)
        note_skills.write_skill(top, taught=True)
        for words, folder in ((["HEAD:", "."], top), (["HEAD:.", "."], top), (["HEAD:", ".."], top / "evals")):
            with self.subTest(words):
                value = self.measured(*words, cwd=folder)
                self.assertEqual((value["verdict"], value["before"]["score"], value["after"]["score"]), ("better", 0.25, 1.0))

    def test_limits_hold_for_both_together(self):
        error = self.compare("HEAD:skills/alpha", "skills/alpha", "--max-calls", "20", "--model", "sim:notes", "--base-url", self.simulation.url, "--force", code=4)
        self.assertIn("max-calls", json.dumps(error))
        self.assertLessEqual(self.simulation.requests(), 20)
        self.measured("HEAD:skills/alpha", "skills/alpha")

    def test_what_is_not_there_is_said(self):
        for words, said in (
            (["nosuch:skills/alpha", "skills/alpha"], "no such revision here"),
            (["HEAD:skills/beta", "skills/alpha"], "there is no skills/beta/SKILL.md in"),
            (["HEAD:../x", "skills/alpha"], "leads out of the work tree"),
        ):
            with self.subTest(words):
                error = self.measured(*words, code=2)
                self.assertIn(said, json.dumps(error))
                self.assertEqual(self.simulation.requests(), 0)


class Mistakes(unittest.TestCase):
    def test_get_one_error_with_its_mend(self):
        with tempfile.TemporaryDirectory() as folder:
            run = run_of(folder, "a", {"x": [1]})
            empty = pathlib.Path(folder, "empty")
            empty.mkdir()
            for words, mends in (
                ([run], "RUN:initial"),
                ([run, SKILL], "--model NAME"),
                ([SKILL, "HEAD:skills/nosuch"], "--model NAME"),
                ([run, run, "--trials", "2"], "leave it out"),
                ([run, folder + "/nosuch"], "folder of a run"),
                ([run, empty], "resume RUN"),
                ([f"{run}:best", run], "RUN:baseline"),
                ([run, run, run], "--help"),
                ([":x", run], "as in HEAD:x"),
            ):
                with self.subTest(words):
                    done = compare(*words, code=2)
                    self.assertIn(mends, done.stderr)
                    self.assertEqual(done.stderr.count("error:"), 1)


if __name__ == "__main__":
    unittest.main()
