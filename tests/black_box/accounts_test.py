# SPDX-License-Identifier: MIT
"""What runs cost, who judges, and which tasks they have, where an earlier version was silent or wrong."""
import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import threading
import time
import unittest

import program
from endpoint import Endpoint, reply, tool_call


def lines(records):
    return "".join(json.dumps(record) + "\n" for record in records)


class Runs(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def put(self, name, records):
        (self.root / name).write_text(lines(records), encoding="utf-8")

    def run_at(self, endpoint, words, code=0):
        done = program.run([*words, "-m", "mock", "--base-url", endpoint.url], cwd=self.root)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def result(self, name="r"):
        return json.loads((self.root / name / "run.json").read_text(encoding="utf-8"))


class Prices(Runs):
    def test_of_tokens_written_to_the_cache_can_be_named(self):
        self.put("t.jsonl", [{"id": "a", "input": "q", "target": "4"}])

        def answer(_):
            out = reply("4")
            out["usage"] = {"prompt_tokens": 1000, "completion_tokens": 10,
                            "prompt_tokens_details": {"cached_tokens": 400, "cache_creation_tokens": 200}}
            return out

        costs = []
        for number, price in enumerate(({"input": 1, "output": 4, "cached": 0.1},
                                        {"input": 1, "output": 4, "cached": 0.1, "cache_write": 1.25})):
            with Endpoint(answer) as endpoint:
                self.run_at(endpoint, ["eval", "none", "-b", "t.jsonl", "--split", "all", "--run", f"r{number}",
                                       "--price", json.dumps(price)])
            costs.append(self.result(f"r{number}")["cost_usd"])
        self.assertAlmostEqual(costs[0], (600 + 400 * 0.1 + 10 * 4) / 1e6, places=9)
        self.assertAlmostEqual(costs[1], (400 + 200 * 1.25 + 400 * 0.1 + 10 * 4) / 1e6, places=9)

    def test_that_nobody_knows_stay_unknown_after_a_kill_with_calls_in_flight(self):
        self.put("t.jsonl", [{"id": str(i), "input": f"q{i}", "target": "4"} for i in range(3)])
        hold = threading.Event()

        def answer(body):
            if "q1" in json.dumps(body["messages"]) and not hold.is_set():
                hold.wait(30)
            return reply("4")

        with Endpoint(answer) as endpoint:
            words = ["eval", "none", "-b", "t.jsonl", "--split", "all", "--run", "r", "-m", "mock", "--base-url", endpoint.url]
            with subprocess.Popen([program.BINARY, *words], cwd=self.root, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL, env={"PATH": os.environ["PATH"], "HOME": str(self.root)}) as child:
                end = time.monotonic() + 20
                while len(endpoint.requests) < 3 and time.monotonic() < end:
                    time.sleep(0.01)
                time.sleep(0.3)  # the other two are recorded by then, or count as lost, too
                child.send_signal(signal.SIGKILL)
                child.wait()
            hold.set()
            done = program.run(["resume", "r", "--json"], cwd=self.root)
        self.assertEqual(done.returncode, 0, done.stderr)
        result = json.loads(done.stdout)
        self.assertIsNone(result["unsettled_usd"], result)
        self.assertGreater(result["unsettled_tokens"], 0)
        self.assertIn("may have been billed (how much is not known: give --price or --prices)", done.stderr)
        self.assertNotIn("at most 0.0000 USD", done.stderr)


class Judges(Runs):
    def test_that_are_the_model_itself_are_noted(self):
        grader = {"type": "llm-judge", "criteria": ["It is polite."]}
        self.put("t.jsonl", [{"id": "a", "input": "q", "grader": grader}])

        def answer(body):
            if any(tool["function"]["name"] != "shell" for tool in body.get("tools", [])) or "polite" in json.dumps(body):
                return reply(json.dumps({"verdicts": [{"criterion": 1, "evidence": "Good day", "passed": True}]}))
            return reply("Good day")

        for words, said in (([], True), (["--roles", '{"judge":{"model":"other"}}'], False)):
            with self.subTest(words), Endpoint(answer) as endpoint:
                name = f"r{len(words)}"
                program.run(["eval", "none", "-b", "t.jsonl", "--split", "all", "--run", name, "-m", "mock", "--base-url",
                             endpoint.url, *words], cwd=self.root)
                texts = [note["text"] for note in self.result(name)["notes"]]
                self.assertEqual(any("judged by the model that writes them" in text for text in texts), said, texts)


class EqualPrompts(Runs):
    def test_need_no_split_where_all_tasks_are_run(self):
        self.put("t.jsonl", [{"id": str(i), "input": "What is 2 + 2?", "target": "4"} for i in range(5)])
        with Endpoint(lambda body: reply("4")) as endpoint:
            self.run_at(endpoint, ["eval", "none", "-b", "t.jsonl", "--split", "all", "--run", "r"])
        self.assertEqual(self.result()["n_graded"], 5)


class Optimizing(Runs):
    def setUp(self):
        super().setUp()
        (self.root / "skill").mkdir()
        (self.root / "skill/SKILL.md").write_text(
            "---\nname: skill\ndescription: Answers questions about numbers. Use it for every question.\n---\n# Numbers\n\nAdd.\n",
            encoding="utf-8")
        self.put("t.jsonl", [{"id": f"t{i}", "split": ["train", "train", "val", "test"][i % 4], "input": f"question {i}",
                              "target": f"total {i}"} for i in range(8)])
        self.words = ["optimize", "skill", "-b", "t.jsonl", "--max-iters", "1", "--run", "r"]

    def test_that_kept_nothing_points_to_what_the_agent_did(self):
        with Endpoint(lambda body: reply("no idea")) as endpoint:
            done = program.run([*self.words, "-m", "mock", "--base-url", endpoint.url], cwd=self.root)
        self.assertEqual(self.result()["best"]["iteration"], 0)
        step = re.search(r"^next: +(.*)$", done.stdout, re.M).group(1)
        self.assertRegex(step, r"^ls .*rollouts$")
        self.assertTrue((self.root / step.split(" ", 1)[1]).is_dir(), step)

    def test_says_which_calls_of_a_patcher_were_refused(self):
        def answer(body):
            names = {tool["function"]["name"] for tool in body.get("tools", [])}
            if "submit_diagnosis" in names:
                return tool_call("submit_diagnosis", {"label": "total is missing", "analysis": "The answer lacks it.", "steps": [1]})
            if "replace_section" in names:
                return tool_call("replace_section", {"nonsense": 1})
            return reply("no idea")

        with Endpoint(answer) as endpoint:
            program.run([*self.words, "-m", "mock", "--base-url", endpoint.url], cwd=self.root)
        patch = json.loads((self.root / "r/iter_001/patch.json").read_text(encoding="utf-8"))
        self.assertRegex(patch["failed"], r"refused calls, the last of replace_section: .+; fix: .*stages\.patcher=")


class Folders(Runs):
    @unittest.skipIf(os.geteuid() == 0, "root may write everywhere")
    def test_that_are_read_only_are_said_with_a_mend(self):
        (self.root / "sealed").mkdir(mode=0o500)
        self.put("t.jsonl", [{"id": "a", "input": "q", "target": "4"}])
        with Endpoint(lambda body: reply("4")) as endpoint:
            done = self.run_at(endpoint, ["eval", "none", "-b", "t.jsonl", "--split", "all", "--run", "sealed/r"], 3)
        self.assertIn("sealed", done.stderr)
        self.assertIn("fix: ", done.stderr)

    def test_in_whose_place_a_file_lies_are_said_with_a_mend(self):
        (self.root / "file").write_text("x", encoding="utf-8")
        self.put("t.jsonl", [{"id": "a", "input": "q", "target": "4"}])
        done = program.run(["eval", "none", "-b", "t.jsonl", "--split", "all", "--run", "file/r", "-m", "mock",
                            "--base-url", "http://127.0.0.1:9/v1"], cwd=self.root)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("file", done.stderr)
        self.assertIn("fix: ", done.stderr)


if __name__ == "__main__":
    unittest.main()
