# SPDX-License-Identifier: MIT
"""`skillgrad transfer`: who is helped and who is harmed is said with its interval, and paid for once."""
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

# A model that a skill helps, one that it harms, and one to which it is all the same.
MODELS = {"helped": {}, "harmed": {"slip": 1, "luck": 1}, "same": {"slip": 0, "luck": 1}}


def write_models(folder, ids):
    """Scenarios of the simulated endpoint that differ in how their agent errs; returns names for --models."""
    for name, noise in MODELS.items():
        path = note_skills.write_scenario(folder / name, ids)
        scenario = json.loads(path.read_text()) | {"name": name, "noise": noise}
        path.write_text(json.dumps(scenario), encoding="utf-8")
    return ",".join(f"sim:{folder / name}/scenario.json" for name in MODELS)


class Transfer(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.root)
        ids = note_skills.task_ids("alpha", 12)  # ten of them need the lesson
        note_skills.write_skill(cls.root / "alpha", taught=True, ids=ids)
        note_skills.write_skill(cls.root / "beta", taught=False, ids=ids)
        cls.models = write_models(cls.root / "sim", ids)
        cls.words = ["transfer", "alpha", "--models", cls.models, "--split", "all", "--json", "-q"]
        cls.first = program.run(cls.words, cwd=cls.root)

    def run_it(self, *words, code):
        done = program.run([*map(str, words)], cwd=self.root)
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def test_says_who_is_harmed_with_the_interval(self):
        self.assertEqual(self.first.returncode, 1, self.first.stderr)
        value = json.loads(self.first.stdout)
        schema = json.loads(program.run(["schema", "transfer"]).stdout)
        self.assertEqual(json_schema.problems(value, schema), [])
        helped, harmed, same = value["pairings"]
        self.assertEqual([one["verdict"] for one in value["pairings"]], ["helped", "harmed", "not shown"])
        self.assertEqual([round(one["difference"], 4) for one in value["pairings"]], [round(10 / 12, 4), round(-10 / 12, 4), 0])
        self.assertLess(harmed["difference_ci95"][1], 0)
        self.assertGreater(helped["difference_ci95"][0], 0)
        # Ten tasks that all go one way: 2 of 2^10. The least of three p counts three times, and no later one for less.
        self.assertAlmostEqual(helped["p"], 2 / 1024)
        self.assertAlmostEqual(helped["p_adjusted"], 3 * 2 / 1024)
        self.assertEqual(same["p_adjusted"], 1)
        self.assertEqual((value["helped"], value["harmed"], value["not_shown"], value["cost_usd"]), (1, 1, 1, 0))
        self.assertEqual((value["across"][0]["n"], round(value["across"][0]["mean"], 9)), (12, 0))
        self.assertIn("harmed", value["across"][0]["worst_subject"])
        text = self.run_it(*[word for word in self.words if word != "--json"], code=1).stdout
        self.assertTrue(text.startswith("1 of 3 pairings helped, 1 harmed, 1 not shown\nharmed: alpha with sim:"), text)
        self.assertIn(" points [", text.splitlines()[1])

    def test_an_equal_command_pays_nothing_and_says_the_same_bytes(self):
        again = self.run_it(*self.words, code=1)
        self.assertEqual(again.stdout, self.first.stdout)
        self.assertEqual(again.stderr.count("nothing is paid"), 6)

    def test_equal_bytes_after_it_was_killed(self):
        cache = self.root / "other-cache"
        words = [*self.words, "--cache", str(cache)]
        done = lambda: len(list(cache.glob("evals/*/eval/rollouts/*/loss.json")))
        for least in (5, 40):
            process = subprocess.Popen([program.BINARY, *words, "--sim-latency", "30", "-j", "2"], cwd=self.root, env={"PATH": os.environ["PATH"], "HOME": str(self.root)},
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            end = time.monotonic() + 60
            while done() < least and process.poll() is None and time.monotonic() < end:
                time.sleep(0.02)
            self.assertIsNone(process.poll(), "it was to be killed on its way")
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        self.assertLess(done(), 72)
        last = self.run_it(*words, code=1)
        self.assertEqual(last.stdout.replace(str(cache), str(self.root / ".skillgrad-cache")), self.first.stdout)

    def test_several_packages_are_compared_with_each_other(self):
        one = self.models.split(",")[0]
        value = json.loads(self.run_it("transfer", "beta", "alpha", "--models", one, "--split", "all", "--json", "-q", "-b", "alpha/evals", code=0).stdout)
        rows = [(one["package"], one["against"], one["verdict"]) for one in value["pairings"]]
        self.assertEqual(rows, [("beta", "none", "not shown"), ("alpha", "none", "helped"), ("alpha", "beta", "helped")])

    def test_a_preview_sends_nothing_and_limits_hold_for_all(self):
        words = ["transfer", "alpha", "--models", self.models, "--split", "all", "--cache", "empty", "-q"]
        value = json.loads(self.run_it(*words, "--dry-run", "--json", code=0).stdout)
        self.assertEqual(json_schema.problems(value, json.loads(program.run(["schema", "preview"]).stdout)), [])
        self.assertEqual(([part["rollouts"] for part in value["parts"]], value["rollouts"]), ([12] * 6, 72))
        self.assertFalse((self.root / "empty").exists())
        self.assertIn("max-calls", self.run_it(*words, "--max-calls", "30", "--force", code=4).stderr)

    def test_a_few_tasks_cannot_show_harm_and_that_is_said(self):
        value = json.loads(self.run_it(*self.words, "--ids", "alpha-00,alpha-01,alpha-02,alpha-03", code=0).stdout)
        self.assertEqual(value["harmed"], 0)
        self.assertIn("cannot show help or harm", " ".join(value["notes"]))


class Mistakes(unittest.TestCase):
    def test_get_one_error_with_its_mend_before_anything_is_paid(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            ids = note_skills.task_ids("alpha", 2)
            note_skills.write_skill(folder / "alpha", taught=True, ids=ids)
            models = write_models(folder / "sim", ids)
            (folder / "models.json").write_text('[{"model":"a","base_ulr":"http://x"}]')
            (folder / "judged.jsonl").write_text('{"id":"x","input":"Say yes.","grader":{"type":"llm-judge","criteria":["It says yes"]}}\n')
            for words, mend in (
                (["alpha"], "give --models"),
                (["none", "--models", models], 'leave "none" out'),
                (["alpha", "alpha", "--models", models], "name each once"),
                (["alpha", "--models", "a,,b"], "write names with commas"),
                (["alpha", "--models", "a,a"], "name each once"),
                (["alpha", "--models", models, "--model", "x"], "into --models"),
                (["alpha", "--models", models, "--roles", '{"executor":{"model":"x"}}'], 'take "executor" out'),
                (["alpha", "--models", "models.json"], '"base_url"'),
                (["alpha", "--models", models, "--assume-turns", "2"], "--dry-run"),
                (["alpha", "--models", "a,b", "-b", "judged.jsonl", "--base-url", "http://127.0.0.1:9/v1"], "name one judge for all"),
                (["alpha", "--models", models, "--with", "alpha"], "not tried here"),
                (["alpha", "--models", models, "--executors", "tools,nosuch"], "nosuch"),
            ):
                with self.subTest(words):
                    done = program.run(["transfer", *words], cwd=folder, OPENAI_API_KEY="k")
                    self.assertEqual(done.returncode, 2, done.stderr)
                    self.assertIn(mend, done.stderr)
                    self.assertFalse((folder / ".skillgrad-cache").exists())


if __name__ == "__main__":
    unittest.main()
