# SPDX-License-Identifier: MIT
"""Runs that several processes make: shards and workers give the result of one process, whatever ends them."""
import json
import os
import pathlib
import random
import resource
import signal
import subprocess
import tempfile
import time
import unittest

import json_schema
import program
import endpoint as endpoints
from endpoint import reply

class Endpoint(endpoints.Endpoint):
    """Whose callers may be killed while it answers."""

    def __init__(self, answer):
        super().__init__(answer)
        self.server.handle_error = lambda *_: None


TIMES = ("run", "seconds", "finished_at")


def number_of(body):
    return int(str(body["messages"][-1]["content"]).split("no. ")[1].split(".")[0])


def answer(body):
    number = number_of(body)
    return reply("ok" if number % 3 else "wrong", tokens=5 + number % 7)


def without_times(result):
    return json.dumps({key: value for key, value in result.items() if key not in TIMES})


class Shared(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def put(self, count):
        (self.root / "t.jsonl").write_text("".join(
            json.dumps({"id": f"t{i}", "split": "test", "input": f"Say ok, no. {i}.", "target": "ok"}) + "\n" for i in range(count)), encoding="utf-8")

    def words(self, url, *more):
        return ["eval", "none", "-b", "t.jsonl", "--split", "test", "-m", "mock", "--base-url", url, "--price", '{"input":1.1,"output":4.7}', "-q", *more]

    def run_at(self, *words, code=0):
        done = program.run(words, cwd=self.root, OPENAI_API_KEY="none")
        self.assertEqual(done.returncode, code, (words, done.stdout, done.stderr))
        return done

    def result(self, run):
        return json.loads((self.root / run / "run.json").read_text(encoding="utf-8"))

    def start(self, *words, prepare=None):
        return subprocess.Popen(
            [program.BINARY, *words], cwd=self.root, preexec_fn=prepare, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            env={"PATH": os.environ["PATH"], "HOME": str(self.root), "OPENAI_API_KEY": "none"})

    def attempts(self, run):
        """Attempts by event in all ledgers of a run."""
        out = {"begin": 0, "ok": 0, "failed": 0}
        for ledger in (self.root / run).glob("**/calls/ledger.jsonl"):
            for line in ledger.read_text(encoding="utf-8").split("\n")[:-1]:
                out[json.loads(line)["event"]] += 1
        return out


class Shards(Shared):
    def test_join_to_the_result_of_one_process(self):
        self.put(24)
        with Endpoint(answer) as endpoint:
            self.run_at(*self.words(endpoint.url, "--trials", "2", "--run", "one"))
            for index in (2, 1):
                self.run_at(*self.words(endpoint.url, "--trials", "2", "--run", "many", "--shard", f"{index}/3"))
            asked = len(endpoint.requests)
            lacking = self.run_at("merge", "many", "--json", code=2)
            problem = json.loads(lacking.stdout)
            self.assertIn("shard 3/3 was not begun", problem["what"])
            mend = problem["mend"].split("`")[1].split()[1:]
            self.run_at(*mend)
            fresh = len(endpoint.requests) - asked
            merged = json.loads(self.run_at("merge", "many", "--json").stdout)
            again = json.loads(self.run_at("merge", "many", "--json").stdout)
            requests = len(endpoint.requests)
            gated = self.run_at("merge", "many", "--min-score", "0.9", code=1)
        self.assertEqual(without_times(merged), without_times(self.result("one")))
        self.assertEqual(merged, again, "merging again changes nothing")
        self.assertGreater(fresh, 0)
        self.assertEqual(requests, 96, "each rollout of both runs is asked once")
        self.assertIn("below --min-score", gated.stderr)
        schema = json.loads(program.run(["schema", "eval"]).stdout)
        self.assertEqual(json_schema.problems(merged, schema), [])
        self.assertEqual(json_schema.problems(self.result("many/shards/1-of-3"), schema), [])
        self.assertEqual(self.result("many/shards/1-of-3")["shard"], "1/3")
        report = program.run(["report", "many", "--json"], cwd=self.root)
        self.assertEqual(json.loads(report.stdout)["attempts"], 48)

    def test_of_another_run_are_refused(self):
        self.put(6)
        with Endpoint(answer) as endpoint:
            self.run_at(*self.words(endpoint.url, "--run", "r", "--shard", "1/2"))
            other = self.run_at(*self.words(endpoint.url, "--run", "r", "--shard", "2/2", "--task-turns", "7"), code=2)
            count = self.run_at(*self.words(endpoint.url, "--run", "r", "--shard", "1/3"), code=2)
            self.run_at(*self.words(endpoint.url, "--run", "s", "--shard", "2/2", "--task-turns", "7"))
        (self.root / "s/shards/2-of-2").rename(self.root / "r/shards/2-of-2")
        merged = self.run_at("merge", "r", code=2)
        for done in (other, merged):
            self.assertIn("settings.task_turns: 30 -> 7", done.stderr)
        self.assertIn("give --shard 1/2", count.stderr)
        self.assertIn("the folder holds no shard", self.run_at("merge", "s", code=2).stderr)

    def test_take_their_number_from_a_job_array_where_they_are_asked_to(self):
        self.put(4)
        array = {"SLURM_ARRAY_TASK_ID": "7", "SLURM_ARRAY_TASK_MIN": "5", "SLURM_ARRAY_TASK_COUNT": "4", "OPENAI_API_KEY": "none"}
        with Endpoint(answer) as endpoint:
            words = self.words(endpoint.url, "--run", "r")
            program.run([*words, "--shard", "auto"], cwd=self.root, **array)
            program.run([*self.words(endpoint.url, "--run", "plain")], cwd=self.root, **array)
            refused = self.run_at(*words, "--shard", "auto", code=2)
        self.assertTrue((self.root / "r/shards/3-of-4/run.json").exists())
        self.assertEqual(self.result("plain")["n_planned"], 4, "nothing is split unasked")
        self.assertIn("--shard 1/4", refused.stderr)

    def test_keep_to_the_limits_of_the_whole(self):
        self.put(20)
        with Endpoint(answer) as endpoint:
            codes = []
            for index in (1, 2, 3):
                codes.append(program.run(self.words(endpoint.url, "--run", "r", "--shard", f"{index}/3", "--max-calls", "9"), cwd=self.root, OPENAI_API_KEY="none").returncode)
            self.assertEqual(len(endpoint.requests), 9)
        self.assertIn(4, codes)

    def test_are_started_by_a_launcher(self):
        self.put(9)
        with Endpoint(answer) as endpoint:
            self.run_at(*self.words(endpoint.url, "--run", "one"))
            done = self.run_at(*self.words(endpoint.url, "--run", "r", "--launcher", "sh {script} {shard}", "--shards", "3", "--json"))
            failed = self.run_at(*self.words(endpoint.url, "--run", "f", "--launcher", "exit 7 # {shards}", "--shards", "3"), code=7)
            # A job array as Slurm would run it.
            fake = self.root / "sbatch"
            fake.write_text("#!/bin/sh\nfor i in 1 2; do SLURM_ARRAY_TASK_ID=$i sh \"$2\" || exit; done\n", encoding="utf-8")
            fake.chmod(0o755)
            slurm = program.run(self.words(endpoint.url, "--run", "s", "--launcher", "slurm", "--shards", "2", "--json"), cwd=self.root,
                                OPENAI_API_KEY="none", PATH=f"{self.root}:{os.environ['PATH']}")
        self.assertEqual(without_times(json.loads(done.stdout)), without_times(self.result("one")))
        self.assertEqual(without_times(json.loads(slurm.stdout)), without_times(self.result("one")), slurm.stderr)
        self.assertIn("ended with exit code 7", failed.stderr)
        script = (self.root / "s/shards/launch.sh").read_text(encoding="utf-8")
        self.assertIn("#SBATCH --array=1-2\n", script)
        self.assertTrue((self.root / "s/shards/logs").is_dir())


class Workers(Shared):
    def test_killed_again_and_again_change_no_result_and_hide_no_cost(self):
        self.put(120)
        draw = random.Random(7)
        killed = 20  # as in the run of one process

        def slow(body):
            # Workers live about as long as a reply takes, until all have been killed that are to be.
            time.sleep(0.5 if killed < 20 else 0.02)
            return answer(body)

        with Endpoint(slow) as endpoint:
            self.run_at(*self.words(endpoint.url, "--run", "one", "-j", "32"))
            alone, killed = len(endpoint.requests), 0
            run = self.start(*self.words(endpoint.url, "--run", "r", "--workers", "shared", "--lease", "1", "-j", "1"))
            start = lambda: self.start("work", "r", "-q", "-j", "2", "--wait", "30s")
            workers = [start() for _ in range(4)]
            while killed < 20 and run.poll() is None:
                time.sleep(draw.uniform(0.05, 0.25))
                at = draw.randrange(4)
                workers[at].kill()
                workers[at].communicate()
                workers[at] = start()
                killed += 1
            _, errors = run.communicate(timeout=90)
            for worker in workers:
                _, said = worker.communicate(timeout=30)
                self.assertIn(worker.returncode, (0, 2), said)
            sent = len(endpoint.requests) - alone
        self.assertEqual(run.returncode, 0, errors)
        one, many = self.result("one"), self.result("r")
        for key in ("score", "score_ci95", "hard", "by_status", "n_planned", "n_graded", "tasks", "went_wrong", "notes"):
            self.assertEqual(one[key], many[key], key)
        self.assertEqual(killed, 20)
        self.assertGreater(len(list((self.root / "r/workers").iterdir())), 4)
        attempts = self.attempts("r")
        self.assertGreaterEqual(attempts["begin"], sent, "every attempt that was sent is on a ledger")
        self.assertEqual(many["attempts"], attempts["ok"] + attempts["failed"])

    def test_without_an_accident_give_the_bytes_of_one_process(self):
        self.put(40)
        with Endpoint(answer) as endpoint:
            self.run_at(*self.words(endpoint.url, "--run", "one"))
            run = self.start(*self.words(endpoint.url, "--run", "r", "--workers", "shared", "-j", "1"))
            workers = [self.start("work", "r", "-q", "--wait", "30s") for _ in range(2)]
            run.communicate(timeout=60)
            for worker in workers:
                worker.communicate(timeout=30)
            self.assertEqual(len(endpoint.requests), 80, "nothing is made twice")
        self.assertEqual(without_times(self.result("r")), without_times(self.result("one")))

    def test_leave_what_they_began_to_others_when_a_scheduler_ends_them(self):
        self.put(30)

        def slow(body):
            time.sleep(0.15)
            return answer(body)

        with Endpoint(slow) as endpoint:
            run = self.start(*self.words(endpoint.url, "--run", "r", "--workers", "shared", "-j", "1"))
            worker = self.start("work", "r", "-q", "-j", "4", "--wait", "30s")
            while not list((self.root / "r").glob("workers/*/calls/ledger.jsonl")) or len(endpoint.requests) < 8:
                time.sleep(0.02)
            worker.send_signal(signal.SIGUSR1)
            worker.communicate(timeout=30)
            self.assertEqual(worker.returncode, 4)
            beats = len(list((self.root / "r/shared/beats").iterdir()))
            helper = self.start("work", "r", "-q", "-j", "8")
            run.communicate(timeout=60)
            helper.communicate(timeout=30)
        self.assertEqual((run.returncode, helper.returncode, beats), (0, 0, 1))
        self.assertEqual(self.result("r")["n_graded"], 30)

    def test_that_cannot_write_any_more_leave_the_rest_to_others(self):
        self.put(40)

        def full_disk():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000))

        def slow(body):
            time.sleep(0.03)
            return answer(body)

        with Endpoint(slow) as endpoint:
            self.run_at(*self.words(endpoint.url, "--run", "one"))
            run = self.start(*self.words(endpoint.url, "--run", "r", "--workers", "shared", "-j", "1"))
            worker = self.start("work", "r", "-q", "-j", "4", "--wait", "30s", prepare=full_disk)
            _, said = worker.communicate(timeout=60)
            helper = self.start("work", "r", "-q", "-j", "8")
            run.communicate(timeout=60)
            helper.communicate(timeout=60)
        self.assertEqual((worker.returncode, run.returncode), (3, 0), said)
        self.assertIn("File too large", said)
        self.assertEqual(self.result("r")["tasks"], self.result("one")["tasks"])

    def test_keep_to_the_limits_of_the_whole(self):
        self.put(40)
        with Endpoint(answer) as endpoint:
            run = self.start(*self.words(endpoint.url, "--run", "r", "--workers", "shared", "-j", "1", "--max-calls", "17"))
            workers = [self.start("work", "r", "-q", "-j", "2", "--wait", "30s") for _ in range(2)]
            run.communicate(timeout=60)
            for worker in workers:
                worker.communicate(timeout=60)
            self.assertLessEqual(len(endpoint.requests), 17)
            self.assertEqual(run.returncode, 4)
            self.run_at("resume", "r", "-q", "--max-calls", "60", "--workers", "alone")
        self.assertEqual(self.result("r")["n_graded"], 40)

    def test_make_the_rollouts_of_an_optimization(self):
        words = ["optimize", str(program.SOURCE / "skills/table-reports"), "-m", "sim:demo", "--limit", "5", "--max-iters", "1", "--no-test", "-q"]
        self.run_at(*words, "--run", "one", *program.kept_commands())
        run = self.start(*words, "--run", "r", "--workers", "shared", "-j", "1", *program.kept_commands())
        worker = self.start("work", "r", "-q", "-j", "4", "--wait", "30s", "--events", "worker.jsonl")
        _, said = run.communicate(timeout=90)
        worker.communicate(timeout=30)
        self.assertEqual((run.returncode, worker.returncode), (0, 0), said)
        one, many = self.result("one"), self.result("r")
        for result in (one, many):
            del result["best"]["path"]
        self.assertEqual(without_times(many), without_times(one))
        done = json.loads((self.root / "worker.jsonl").read_text(encoding="utf-8").splitlines()[-1])["result"]
        self.assertEqual(json_schema.problems(done, json.loads(program.run(["schema", "work"]).stdout)), [])
        self.assertGreater(done["rollouts"], 0)

    def test_of_a_run_that_shares_nothing_say_how_it_would(self):
        self.put(3)
        with Endpoint(answer) as endpoint:
            self.run_at(*self.words(endpoint.url, "--run", "r"))
        self.assertIn("--workers shared", self.run_at("work", "r", code=2).stderr)


if __name__ == "__main__":
    unittest.main()
