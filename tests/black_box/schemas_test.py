# SPDX-License-Identifier: MIT
"""Each JSON output of the program against the schema that `skillgrad schema NAME` prints."""
import json
import pathlib
import shutil
import tempfile
import unittest

import json_schema
import program
from endpoint import Endpoint, reply

TASKS = "".join(
    json.dumps({"id": f"t{i}", "split": split, "input": f"Say {i}.", "target": str(i), "grader": "contains"}) + "\n"
    for i, split in enumerate(["train"] * 3 + ["val"] * 2 + ["test"] * 2)
)


def schema_of(name):
    return json.loads(program.run(["schema", name]).stdout)


class Outputs(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        shutil.copytree(program.SOURCE / "skills/table-reports", self.root / "skill")
        (self.root / "tasks.jsonl").write_text(TASKS, encoding="utf-8")

    def output(self, name, words, codes=(0,)):
        """stdout is one JSON value that fits the schema."""
        done = program.run(words, cwd=self.root)
        self.assertIn(done.returncode, codes, done.stderr)
        value = json.loads(done.stdout)
        self.fits(name, value)
        return value

    def fits(self, name, value):
        self.assertEqual(json_schema.problems(value, schema_of(name)), [], name)

    def test_of_small_commands(self):
        cases = [
            ("validate", ["validate", "skill", "--json"]),
            ("validate", ["validate", "skill", "skill", "--json", "--profile", "strict"]),
            ("config", ["config", "show", "--json"]),
            ("benchmarks", ["benchmark", "list", "--json"]),
            ("benchmark", ["benchmark", "show", "-b", "skill/evals", "--json"]),
            ("check", ["benchmark", "check", "-b", "tasks.jsonl", "--json"]),
            ("split", ["benchmark", "split", "-b", "tasks.jsonl"]),
            ("doctor", ["doctor", "-m", "sim:demo", "--json"]),
            ("estimate", ["estimate", "skill", "-m", "sim:demo", "--json"]),
            ("estimate", ["eval", "skill", "-m", "sim:demo", "--dry-run", "--json"]),
            ("schemas", ["schema", "--json"]),
            ("rule", ["validate", "--explain", "L2-03", "--json"]),
            ("traces", ["traces", "list", "sessions", "--json"]),
            ("labels", ["traces", "grade", "sessions", "--label", "one.json=0.5", "--json"]),
            ("estimate", ["estimate", "skill", "--traces", "sessions", "-m", "sim:demo", "--json"]),
            ("optimize", ["optimize", "skill", "--traces", "sessions", "-m", "sim:demo", "--no-test", "--run", "traced", "-q", "--json"]),
        ]
        session = {"reward": 0, "messages": [{"role": "user", "content": "Add."}, {"role": "assistant", "content": "12"}]}
        (self.root / "sessions").mkdir()
        (self.root / "sessions/one.json").write_text(json.dumps(session), encoding="utf-8")
        for name, words in cases:
            with self.subTest(words):
                self.output(name, words, codes=(0, 1, 3))

    def test_of_validate_have_one_shape_for_one_skill_and_for_several(self):
        one = self.output("validate", ["validate", "skill", "--json"], codes=(0, 1))
        two = self.output("validate", ["validate", "skill", "skill", "--json"], codes=(0, 1))
        self.assertEqual(set(one), set(two))
        self.assertEqual((one["skill"], two["skill"]), ("skill", None))
        self.assertEqual(len(two["skills"]), 2)
        self.assertEqual(len(two["findings"]), 2 * len(one["findings"]))

    def test_of_eval_with_passes_failures_and_errors(self):
        def answer(body):
            text = body["messages"][-1]["content"]
            if "Say 5" in text:
                return 400
            return reply("6")

        with Endpoint(answer) as endpoint:
            common = ["-b", "tasks.jsonl", "-m", "mock", "--base-url", endpoint.url, "--json", "-q"]
            value = self.output("eval", ["eval", "none", *common, "--split", "test", "--run", "r"])
        self.assertEqual(value["by_status"], {"error": 1, "pass": 1})
        failed = next(task for task in value["tasks"] if task["status"] == "error")
        self.assertEqual((failed["score"], failed["hard"], failed["reason"]), (None, None, "error"))
        self.assertTrue((self.root / "r" / failed["path"] / "loss.json").exists())
        self.fits("eval", json.loads((self.root / "r/run.json").read_text()))
        for path in self.root.glob("r/eval/rollouts/*/loss.json"):
            loss = json.loads(path.read_text())
            self.fits("loss", loss)
            graded = loss["status"] != "error"
            self.assertEqual([loss[key] is not None for key in ("score", "loss", "hard", "total")], [graded] * 4)
        events = [json.loads(line) for line in (self.root / "r/events.jsonl").read_text().splitlines()]
        for event in events:
            self.fits("event", event)
        self.assertEqual([event["event"] for event in events if event["event"] != "notice"], ["rollout", "rollout", "result"])

    def test_of_eval_with_a_baseline(self):
        with Endpoint(lambda body: reply("5 and 6")) as endpoint:
            self.output("eval", ["eval", "skill", "-b", "tasks.jsonl", "-m", "mock", "--base-url", endpoint.url, "--json",
                                 "-q", "--baseline", "none", "--run", "r"])

    def test_of_optimize_refused_and_stopped_and_whole(self):
        with Endpoint(lambda body: 400) as endpoint:
            words = ["optimize", "skill", "-b", "tasks.jsonl", "-m", "mock", "--base-url", endpoint.url, "--json", "-q"]
            self.output("optimize", [*words, "--run", "a"], codes=(2, 3))
        self.output("optimize", ["optimize", "skill", "-m", "sim:demo", "--max-iters", "1", "--limit", "8", "--run", "b", "--json", "-q"])
        self.fits("optimize", json.loads((self.root / "b/run.json").read_text()))
        stopped = ["optimize", "skill", "-m", "sim:demo", "--max-calls", "30", "--force", "--run", "c", "--json", "-q"]
        self.assertTrue(self.output("optimize", stopped, codes=(4,))["error"])

    def test_of_optimize_with_controls(self):
        small = ["-m", "sim:demo", "--limit", "6", "--json", "-q"]
        rerun = self.output("optimize", ["optimize", "skill", *small, "--optimizer", "rerun", "--run", "r"])
        self.assertGreater(len(rerun["rerun"]["passes"]), 2)
        self.assertLessEqual(rerun["rollouts"]["used"], rerun["rollouts"]["allowed"])
        self.output("estimate", ["estimate", "skill", "-m", "sim:demo", "--optimizer", "rerun", "--json"])
        asks = 'skillgrad eval "$SKILLGRAD_SKILL" --ids "$(python3 -c "import json,os;print(json.load(open(os.environ[\'SKILLGRAD_TASK\']))[\'train\'][0][\'task_id\'])")" --json'
        words = ["--optimizer", "command", "--optimizer-command", f"{asks} > measured.json", "--run", "c"]
        self.output("optimize", ["optimize", "skill", *small, *words])
        measured = json.loads((self.root / "measured.json").read_text())
        self.fits("measurement", measured)
        self.assertEqual((measured["n_planned"], measured["rollouts"]["made"]), (1, 0))
        events = [json.loads(line) for run in "rc" for line in (self.root / run / "events.jsonl").read_text().splitlines()]
        for event in events:
            self.fits("event", event)
        self.assertLessEqual({"rerun", "measured"}, {event["event"] for event in events})

    def test_of_grade(self):
        lines = [{"task_id": "t0", "answer": "0"}, {"task_id": "t1", "answer": "no"}]
        (self.root / "answers.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        done = program.run(["grade", "-b", "tasks.jsonl", "--predictions", "answers.jsonl"], cwd=self.root)
        self.assertEqual(done.returncode, 0, done.stderr)
        for line in done.stdout.splitlines():
            self.fits("grade", json.loads(line))

    def test_of_commands_that_come_to_nothing(self):
        (self.root / "bad.json").write_text("{", encoding="utf-8")
        cases = [
            (["eval", "none", "-b", "nosuch.jsonl", "-m", "x"], 2),
            (["eval", "none", "-b", "tasks.jsonl"], 2),
            (["optimize", "nosuch", "-m", "sim:demo"], 2),
            (["optimize", "skill", "-b", "tasks.jsonl", "-m", "sim:demo"], 2),
            (["estimate", "skill", "-m", "sim:demo", "--from", "nosuch"], 2),
            (["config", "show", "--config", "bad.json"], 2),
            (["config", "nosuch"], 2),
            (["validate", "skill", "--profile", "x"], 2),
            (["validate", "nosuch"], 2),
            (["resume", "nosuch"], 2),
            (["benchmark", "check", "-b", "nosuch"], 2),
            (["schema", "nosuch"], 2),
            (["eval", "--nosuch"], 2),
            (["nosuch"], 2),
            (["doctor", "--set", "nosuch=1"], 2),
        ]
        for words, code in cases:
            with self.subTest(words):
                value = self.output("error", [*words, "--json"], codes=(code,))
                self.assertEqual(value["exit_code"], code)
                self.assertTrue(value["what"] and value["mend"])

    def test_are_files_of_the_source_tree_and_are_listed(self):
        files = {path.stem for path in (program.SOURCE / "configs/schemas").glob("*.json")}
        self.assertEqual(set(json.loads(program.run(["schema", "--json"]).stdout)["schemas"]), files)
        for name in files:
            printed = program.run(["schema", name]).stdout
            self.assertEqual(printed, (program.SOURCE / f"configs/schemas/{name}.json").read_text(encoding="utf-8"))
            self.assertIn("title", json.loads(printed))


if __name__ == "__main__":
    unittest.main()
