# SPDX-License-Identifier: MIT
"""`skillgrad tail` beside a run that works, that was stopped, and that ended."""
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time
import unittest

import program
from program import run


class Tail(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.run_folder = self.root / "demo/run"

    def demo(self, *more):
        words = program.command(["demo", "--dir", "demo", "--quiet", "--gate", "paired", "--max-iters", "2", *more])
        return subprocess.Popen(words, cwd=self.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                env={"PATH": os.environ["PATH"], "HOME": str(self.root), "LANG": "C.UTF-8"})

    def wait_for_events(self):
        deadline = time.monotonic() + 60
        while not (self.run_folder / "events.jsonl").exists():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)

    def test_follows_a_run_to_its_end(self):
        with self.demo() as worker:
            self.wait_for_events()
            tail = run(["tail", str(self.run_folder)])
            out, err = worker.communicate(timeout=120)
        self.assertEqual(worker.returncode, 0, err)
        self.assertEqual((tail.returncode, tail.stderr), (0, ""))
        result = json.loads((self.run_folder / "run.json").read_text())
        for row in result["iterations"]:
            self.assertIn(f"iteration {row['iteration']:>3}  {row['decision']}", tail.stdout)
        self.assertIn(f"result: {result['verdict']['verdict']}", tail.stdout)
        self.assertNotIn("\x1b", tail.stdout)
        # Once more, of what is there: the same.
        self.assertEqual(run(["tail", str(self.run_folder)]).stdout, tail.stdout)
        lines = run(["tail", str(self.run_folder), "--json"]).stdout
        self.assertEqual(lines, (self.run_folder / "events.jsonl").read_text())

    def test_of_a_run_that_was_killed_says_how_to_go_on(self):
        with self.demo("--sim-latency", "30") as worker:
            self.wait_for_events()
            worker.send_signal(signal.SIGKILL)
            worker.communicate(timeout=60)
        tail = run(["tail", str(self.run_folder)])
        self.assertEqual(tail.returncode, 3)
        self.assertIn("skillgrad resume", tail.stderr)

    def test_ends_by_a_signal_and_leaves_the_run_alone(self):
        with self.demo("--sim-latency", "30") as worker:
            self.wait_for_events()
            tail = subprocess.Popen([program.BINARY, "tail", self.run_folder], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            time.sleep(0.5)
            tail.send_signal(signal.SIGINT)
            tail.communicate(timeout=30)
            self.assertEqual(tail.returncode, 130)
            self.assertIsNone(worker.poll(), "the run goes on")
            worker.kill()
            worker.communicate(timeout=60)

    def test_of_a_folder_that_is_no_run_says_so(self):
        done = run(["tail", str(self.root)])
        self.assertEqual(done.returncode, 2)
        self.assertIn("fix:", done.stderr)


if __name__ == "__main__":
    unittest.main()
