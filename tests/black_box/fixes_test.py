# SPDX-License-Identifier: MIT
"""What "fix:" lines say is done as they say it, and then the command does what was wanted."""
import json
import pathlib
import re
import shlex
import tempfile
import unittest

import program
from endpoint import Endpoint, Raw, reply


class Fixes(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def put(self, name, records):
        text = records if isinstance(records, str) else "".join(json.dumps(record) + "\n" for record in records)
        (self.root / name).write_text(text, encoding="utf-8")

    def tasks(self, count=1, **more):
        self.put("t.jsonl", [{"id": f"t{i}", "split": "test", "input": f"Say ok, {i}.", "target": "ok", **more} for i in range(count)])

    def run_at(self, endpoint, *more, run="r", words=("eval", "none", "-b", "t.jsonl", "--split", "all")):
        return program.run([*words, "--run", run, "-m", "mock", "--base-url", endpoint.url, *more], cwd=self.root)

    def advice(self, done, pattern):
        """What is to be typed, as a shell reads it."""
        self.assertNotEqual(done.returncode, 0, done.stdout)
        found = re.search(pattern, done.stdout + done.stderr)
        self.assertTrue(found, done.stdout + done.stderr)
        return shlex.split(found.group(0))


class OptionsThatAreNamed(Fixes):
    def test_price_of_a_model_that_nobody_knows(self):
        self.tasks()
        with Endpoint(lambda _: reply("ok")) as endpoint:
            words = self.advice(self.run_at(endpoint, "--max-usd", "1"), r"--price '[^']+'")
            done = self.run_at(endpoint, "--max-usd", "1", *words)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_output_cap_that_was_too_low(self):
        self.tasks()

        def answer(body):
            cap = body.get("max_tokens", body.get("max_completion_tokens", 0))
            return reply("ok") if cap >= 4000 else reply("", "length", cap)

        with Endpoint(answer) as endpoint:
            self.advice(self.run_at(endpoint, "--max-output-tokens", "100"), "raise --max-output-tokens")
            done = self.run_at(endpoint, "--max-output-tokens", "4000", run="r2")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_another_run_directory_or_the_earlier_values(self):
        self.tasks()
        with Endpoint(lambda _: reply("ok")) as endpoint:
            self.assertEqual(self.run_at(endpoint).returncode, 0)
            self.advice(self.run_at(endpoint, "--task-turns", "3"), "use another --run directory, or give the earlier values")
            self.assertEqual(self.run_at(endpoint, "--task-turns", "3", run="other").returncode, 0)
            self.assertEqual(self.run_at(endpoint).returncode, 0)

    def test_force_where_the_measurement_is_broken(self):
        self.tasks(golden="no")
        with Endpoint(lambda _: reply("ok")) as endpoint:
            words = self.advice(self.run_at(endpoint), r"--force")
            done = self.run_at(endpoint, *words, run="r2")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_judge_that_cannot_keep_the_form(self):
        self.tasks(grader={"type": "llm-judge", "criteria": ["It says ok."]})

        def answer(body):
            if "It says ok." not in json.dumps(body["messages"]):
                return reply("ok")
            kept = json.dumps({"verdicts": [{"criterion": 1, "evidence": "ok", "passed": True}]})
            return {**reply(kept if body["model"] == "careful" else "Well done!"), "model": body["model"]}

        with Endpoint(answer) as endpoint:
            self.advice(self.run_at(endpoint), r'another judge model \(\\?"judge\\?" in --roles\)')
            done = self.run_at(endpoint, "--roles", '{"judge":{"model":"careful"}}', run="r2")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_flag_that_was_meant(self):
        self.tasks()
        with Endpoint(lambda _: reply("ok")) as endpoint:
            typed = self.advice(self.run_at(endpoint, "--task-turn", "3"), r"--task-turns\b")
            done = self.run_at(endpoint, *typed, "3", run="r2")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_key_that_the_endpoint_wants(self):
        self.tasks()
        with Endpoint(lambda _: Raw({"error": {"message": "Invalid API key"}}, 401)) as endpoint:
            self.advice(self.run_at(endpoint), "OPENAI_API_KEY or --api-key-env")


class RecordsThatAreMended(Fixes):
    def test_with_a_golden_answer_in_each_form_of_records(self):
        grader = {"type": "regex", "pattern": "^a+$"}
        self.put("t.jsonl", [{"id": "a", "input": "x", "grader": grader}])
        (self.root / "evals").mkdir()
        item = {"id": 1, "prompt": "x", "expected_output": "letters", "assertions": [{"type": "regex", "value": "^a+$"}]}
        for name, record in (("t.jsonl", {"id": "a", "input": "x", "grader": grader}), ("evals/evals.json", item)):
            with self.subTest(name):
                whole = (lambda one: json.dumps({"skill_name": "s", "evals": [one]})) if name.endswith("evals.json") else (
                    lambda one: json.dumps(one) + "\n")
                self.put(name, whole(record))
                before = program.run(["benchmark", "check", "-b", name], cwd=self.root)
                said = before.stdout + before.stderr
                self.assertIn('give the record a "golden" answer', said)
                self.put(name, whole({**record, "golden": "aaa"}))
                after = program.run(["benchmark", "check", "-b", name], cwd=self.root)
                self.assertEqual(after.returncode, 0, after.stdout + after.stderr)
                self.assertNotIn("golden answer not checked", after.stdout + after.stderr)
                self.put(name, whole({**record, "golden": "bbb"}))
                wrong = program.run(["benchmark", "check", "-b", name], cwd=self.root)
                self.assertEqual(wrong.returncode, 1, "the golden answer is looked at: " + wrong.stdout + wrong.stderr)


class Names(Fixes):
    def test_that_are_no_text_are_refused_with_a_way_out_and_a_link_is_one(self):
        odd = b"caf\xe9.jsonl"
        self.tasks()
        (self.root / "t.jsonl").rename(pathlib.Path(str(self.root).encode().decode()) / odd.decode("utf-8", "surrogateescape"))
        with Endpoint(lambda _: reply("ok")) as endpoint:
            words = ("eval", "none", "-b", odd, "--split", "all")
            self.advice(self.run_at(endpoint, words=words), "give a link to it")
            self.assertFalse((self.root / "r").exists())
            (self.root / "t.jsonl").symlink_to(odd.decode("utf-8", "surrogateescape"))
            first = self.run_at(endpoint, "--max-calls", "0", words=("eval", "none", "-b", "t.jsonl", "--split", "all"))
            self.assertEqual(first.returncode, 0, first.stderr)
            self.assertEqual(program.run(["resume", "r"], cwd=self.root).returncode, 0)

    def test_of_folders_on_the_way_to_a_skill_matter_only_where_it_is_written_back(self):
        self.tasks()
        folder = self.root / b"caf\xe9".decode("utf-8", "surrogateescape")
        (folder / "skill").mkdir(parents=True)
        (folder / "skill/SKILL.md").write_text("---\nname: skill\ndescription: Says ok. Use it always.\n---\n# Ok\n", encoding="utf-8")
        (self.root / "link").symlink_to(folder)
        with Endpoint(lambda _: reply("ok")) as endpoint:
            done = self.run_at(endpoint, words=("eval", "link/skill", "-b", "t.jsonl", "--split", "all"))
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(program.run(["resume", "r"], cwd=self.root).returncode, 0)
            words = ("optimize", "link/skill", "-b", "t.jsonl", "--in-place", "--dry-run")
            self.advice(program.run([*words, "-m", "mock", "--base-url", endpoint.url], cwd=self.root),
                        "rename the folders on the way to the skill")


if __name__ == "__main__":
    unittest.main()
