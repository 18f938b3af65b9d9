# SPDX-License-Identifier: MIT
"""The simulated endpoint with noise: equal rollouts end differently, equal runs alike; and the seeds that do it."""
import collections
import json
import pathlib
import tempfile
import unittest

import program
from endpoint import Endpoint, reply


def evaluate(folder, name, *options):
    out = program.run(["eval", "skills/table-reports", "--model", "sim:demo", "--split", "test", "--trials", "4", "--json", "--quiet",
                       "--run", str(pathlib.Path(folder, name)), *options], cwd=program.SOURCE)
    return {(task["task_id"], task["trial"]): task["score"] for task in json.loads(out.stdout)["tasks"]}


def mixed(scores):
    by_task = collections.defaultdict(set)
    for (task, _trial), score in scores.items():
        by_task[task].add(score)
    return sum(len(seen) > 1 for seen in by_task.values())


class Noise(unittest.TestCase):
    def test_trials_differ_and_runs_do_not(self):
        with tempfile.TemporaryDirectory() as folder:
            calm = evaluate(folder, "calm")
            noisy = evaluate(folder, "noisy", "--sim-noise", "0.8")
            again = evaluate(folder, "again", "--sim-noise", "0.8", "-j", "1")
            other = evaluate(folder, "other", "--sim-noise", "0.8", "--sim-seed", "5")
        self.assertEqual(mixed(calm), 0)
        self.assertGreater(mixed(noisy), 2)
        self.assertEqual(noisy, again)
        self.assertNotEqual(noisy, other)

    def test_slip_is_idle_beside_it_and_the_result_says_so(self):
        with tempfile.TemporaryDirectory() as folder:
            out = program.run(["eval", "skills/table-reports", "--model", "sim:demo", "--limit", "1", "--sim-noise", "0.5",
                               "--sim-slip", "0.5", "--json", "--run", folder + "/run"], cwd=program.SOURCE)
        self.assertTrue(any("--sim-slip" in note and "--sim-noise" in note for note in map(str, json.loads(out.stdout)["notes"])))


class Seeds(unittest.TestCase):
    def run_against(self, *options):
        """The seeds that an endpoint is sent by two tasks of two trials each."""
        seeds = []

        def answer(body):
            seeds.append(body.get("seed"))
            return reply("ok")

        with tempfile.TemporaryDirectory() as folder, Endpoint(answer) as endpoint:
            tasks = pathlib.Path(folder, "tasks.jsonl")
            tasks.write_text("".join(json.dumps({"id": name, "split": "test", "input": "Say ok.", "target": "ok"}) + "\n"
                                     for name in "ab"))
            program.run(["eval", "none", "-b", str(tasks), "--model", "m", "--base-url", endpoint.url, "--trials", "2", "--json",
                         "--run", folder + "/run", "-j", "1", *options], OPENAI_API_KEY="none")
        return seeds

    def test_each_trial_of_each_task_has_its_own_and_the_next_run_has_them_again(self):
        seeds = self.run_against("--request-seeds")
        self.assertEqual(len(set(seeds)), 4)
        self.assertTrue(all(isinstance(seed, int) and 0 <= seed < 2**31 for seed in seeds))
        self.assertEqual(self.run_against("--request-seeds"), seeds)

    def test_none_is_sent_unasked(self):
        self.assertEqual(set(self.run_against()), {None})


if __name__ == "__main__":
    unittest.main()
