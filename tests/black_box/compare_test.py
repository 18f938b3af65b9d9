# SPDX-License-Identifier: MIT
"""`skillgrad compare`: figures are those of the runs, and what cannot be compared is said."""
import json
import pathlib
import tempfile
import unittest

import json_schema
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
            self.assertEqual(text.splitlines()[0], "worse: -100.0 points [-100.0, -100.0] on 8 tasks, p = 0.008")
            self.assertIn("broken (8)", text)

    def test_names_with_a_colon_are_read_as_they_are(self):
        with tempfile.TemporaryDirectory() as folder:
            run = run_of(folder, "a:initial", {"x": [1]})
            self.assertEqual(as_json(run, run)["n"], 1)

    def test_control_characters_of_tasks_do_not_reach_the_terminal(self):
        with tempfile.TemporaryDirectory() as folder:
            names = {"\x1b[31mred": [0]}
            self.assertNotIn("\x1b", compare(run_of(folder, "a", names), run_of(folder, "b", {"\x1b[31mred": [1]})).stdout)


class Mistakes(unittest.TestCase):
    def test_get_one_error_with_its_mend(self):
        with tempfile.TemporaryDirectory() as folder:
            run = run_of(folder, "a", {"x": [1]})
            empty = pathlib.Path(folder, "empty")
            empty.mkdir()
            for words, mends in (
                ([run], "RUN:initial"),
                ([run, SKILL], "--baseline"),
                ([run, folder + "/nosuch"], "folder of a run"),
                ([run, empty], "resume RUN"),
                ([f"{run}:best", run], "RUN:baseline"),
                ([run, run, run], "--help"),
            ):
                with self.subTest(words):
                    done = compare(*words, code=2)
                    self.assertIn(mends, done.stderr)
                    self.assertEqual(done.stderr.count("error:"), 1)


if __name__ == "__main__":
    unittest.main()
