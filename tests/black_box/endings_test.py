# SPDX-License-Identifier: MIT
"""How runs end: what went wrong in words and fields, one stream for one purpose, and what a second start says."""
import json
import pathlib
import shlex
import shutil
import tempfile
import unittest

import program
from endpoint import Endpoint, reply, tool_call


def tasks(count, **more):
    splits = ["train", "train", "val", "test"]
    return "".join(
        json.dumps({"id": f"t{i}", "split": splits[i % 4], "input": f"task {i}: write the total to total.txt",
                    "target": f"total {i}", "grader": "contains", **more}) + "\n"
        for i in range(count)
    )


def called(body):
    return any(message["role"] == "tool" for message in body["messages"])


class Runs(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        shutil.copytree(program.SOURCE / "skills/table-reports", self.root / "skill")
        (self.root / "files.jsonl").write_text(tasks(8, output="total.txt"), encoding="utf-8")
        (self.root / "words.jsonl").write_text(tasks(8), encoding="utf-8")

    def run_at(self, endpoint, words, code=None):
        done = program.run([*words, "-m", "mock", "--base-url", endpoint.url], cwd=self.root)
        if code is not None:
            self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def read(self, name):
        return json.loads((self.root / name).read_text(encoding="utf-8"))


class WhatWentWrong(Runs):
    def test_is_summed_up_in_text_and_fields(self):
        with Endpoint(lambda body: reply("I would add", "length", 160)) as endpoint:
            words = ["eval", "skill", "-b", "files.jsonl", "--split", "all", "--max-output-tokens", "160", "--run", "r"]
            done = self.run_at(endpoint, words, 0)
        for part in ("8 of 8: the file total.txt was not written", "8 of 8: replies cut at 160 tokens (--max-output-tokens)",
                     "8 of 8: no tool was called", "8 of 8: the skill was not read"):
            self.assertIn(part, done.stdout)
        result = self.read("r/run.json")
        kinds = {trouble["kind"]: trouble["count"] for trouble in result["went_wrong"]}
        self.assertEqual(kinds, {"feedback": 8, "reply_cut": 8, "no_answer": 8, "no_tool_call": 8, "skill_not_read": 8})
        for task in result["tasks"]:
            self.assertEqual(task["reason"], "reply_cut")
            self.assertIn("total.txt was not written", task["message"])
            self.assertTrue((self.root / "r" / task["path"] / "trajectory.jsonl").exists())

    def test_groups_messages_that_differ_in_details(self):
        with Endpoint(lambda body: reply("I do not know")) as endpoint:
            self.run_at(endpoint, ["eval", "none", "-b", "words.jsonl", "--split", "all", "--run", "r"], 0)
        feedback = [trouble for trouble in self.read("r/run.json")["went_wrong"] if trouble["kind"] == "feedback"]
        self.assertEqual([trouble["count"] for trouble in feedback], [8], feedback)

    def test_is_not_said_where_all_is_right(self):
        with Endpoint(lambda body: reply(body["messages"][-1]["content"].replace("task", "total"))) as endpoint:
            done = self.run_at(endpoint, ["eval", "none", "-b", "words.jsonl", "--split", "all", "--run", "r"], 0)
        self.assertEqual(self.read("r/run.json")["went_wrong"], [])
        self.assertNotIn("went wrong", done.stdout)

    def test_of_iterations_without_a_diagnosis_is_counted(self):
        def answer(body):
            names = {tool["function"]["name"] for tool in body.get("tools", [])}
            return reply("no idea") if "submit_diagnosis" in names or "shell" in names else reply("no")

        with Endpoint(answer) as endpoint:
            words = ["optimize", "skill", "-b", "words.jsonl", "--batch", "1", "--max-iters", "2", "--run", "r", "-q"]
            done = self.run_at(endpoint, words)
        self.assertIn("2 of 2 iterations had no patch to try: no diagnosis could be had", done.stdout)


class BaseRun(Runs):
    def test_without_any_answer_is_a_result_with_path_cost_reasons_and_next_step(self):
        with Endpoint(lambda body: reply("done")) as endpoint:
            done = self.run_at(endpoint, ["optimize", "skill", "-b", "files.jsonl", "--run", "r"], 2)
            again = self.run_at(endpoint, ["optimize", "skill", "-b", "files.jsonl", "--run", "r", "--json", "-q"], 2)
        for part in ("4 of 4: the file total.txt was not written", "executor", "package:", "next:           ls ",
                     "stopped:        no rollout of the base run left an answer"):
            self.assertIn(part, done.stdout)
        self.assertNotIn("go on with: skillgrad resume", done.stderr)
        result = json.loads(again.stdout)
        self.assertEqual(result, {**self.read("r/run.json")})
        self.assertTrue(result["refused"])
        self.assertEqual(result["baseline"]["train"]["went_wrong"][0]["count"], 4)
        self.assertGreater(result["usage"]["calls"], 0)
        next_step = done.stdout.split("next:")[1].strip().splitlines()[0]
        self.assertTrue(pathlib.Path(shlex.split(next_step)[1]).is_dir())

    def test_that_scores_0_with_answers_goes_on(self):
        def answer(body):
            if called(body):
                return reply("done")
            names = [tool["function"]["name"] for tool in body.get("tools", [])]
            if "shell" not in names:
                return reply("nothing to say")
            return tool_call("shell", {"command": "echo wrong > total.txt"})

        with Endpoint(answer) as endpoint:
            words = ["optimize", "skill", "-b", "files.jsonl", "--max-iters", "1", "--run", "r", "--json", "-q"]
            result = json.loads(self.run_at(endpoint, words).stdout)
        self.assertFalse(result["refused"])
        self.assertEqual(result["baseline"]["train"]["score"], 0)
        self.assertEqual(len(result["iterations"]), 1)
        self.assertTrue(any("scored 0" in note["text"] for note in result["notes"]))

    def test_that_was_refused_goes_on_with_force(self):
        with Endpoint(lambda body: reply("done")) as endpoint:
            self.run_at(endpoint, ["optimize", "skill", "-b", "files.jsonl", "--run", "r", "-q"], 2)
            done = program.run(["resume", "r", "--force", "--max-iters", "1", "-q", "--json"], cwd=self.root)
        self.assertFalse(json.loads(done.stdout)["refused"], done.stderr)


class Streams(Runs):
    def test_with_events_on_stdout_hold_events_alone_and_the_result_is_the_last(self):
        for more in ([], ["--json"]):
            with self.subTest(more), Endpoint(lambda body: reply("total 3")) as endpoint:
                words = ["eval", "none", "-b", "words.jsonl", "--events", "-", "--run", f"r{len(more)}", *more]
                done = self.run_at(endpoint, words, 0)
                events = [json.loads(line) for line in done.stdout.splitlines()]
                self.assertEqual(events[-1]["event"], "result")
                self.assertEqual(events[-1]["result"]["schema"], "skillgrad.eval/1")
                self.assertEqual(sum(event["event"] == "rollout" for event in events), 2)
                self.assertEqual("score " in done.stderr, not more)

    def test_with_events_on_stdout_end_with_an_error_event_where_there_is_no_result(self):
        done = program.run(["eval", "none", "-b", "nosuch.jsonl", "-m", "x", "--events", "-"], cwd=self.root)
        self.assertEqual(done.returncode, 2)
        events = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([event["event"] for event in events], ["error"])
        self.assertEqual(events[0]["result"]["exit_code"], 2)

    def test_of_the_log_have_an_end_with_score_and_errors(self):
        with Endpoint(lambda body: reply("total 3")) as endpoint:
            self.run_at(endpoint, ["eval", "none", "-b", "words.jsonl", "--run", "r"], 0)
        log = (self.root / "r/run.log").read_text(encoding="utf-8").splitlines()
        self.assertRegex(log[-1], r"ended: all tasks were run; .*score 0\.5; n_graded 2; n_planned 2; .*\"pass\":1")
        self.assertTrue(any("t7 trial 0: fail" in line for line in log), log)

    def test_of_the_log_have_an_end_when_a_limit_stops_the_run(self):
        with Endpoint(lambda body: reply("total 3")) as endpoint:
            self.run_at(endpoint, ["eval", "none", "-b", "words.jsonl", "--split", "all", "--max-calls", "2", "-j", "1", "--run", "r"], 4)
        log = (self.root / "r/run.log").read_text(encoding="utf-8").splitlines()
        self.assertRegex(log[-1], r"ended: .*(max-calls|calls).*\"skipped\":6.*budget")


class SecondStart(Runs):
    def test_of_a_finished_command_says_when_it_was_finished_and_that_nothing_ran(self):
        with Endpoint(lambda body: reply("total 3")) as endpoint:
            words = ["eval", "none", "-b", "words.jsonl", "--run", "r"]
            first = self.run_at(endpoint, words, 0)
            sent = len(endpoint.requests)
            second = self.run_at(endpoint, words, 0)
            self.assertEqual(len(endpoint.requests), sent)
        self.assertNotIn("nothing was run", first.stdout)
        time = self.read("r/run.json")["finished_at"]
        self.assertIn(f"finished at {time}; nothing was run now", second.stdout)
        self.assertIn("all 2 done before", second.stderr)
        self.assertTrue(self.read("r/run.json")["nothing_run"])

    def test_of_a_stopped_run_tells_what_was_done_before_from_what_is_to_do(self):
        with Endpoint(lambda body: reply("total 3")) as endpoint:
            words = ["eval", "none", "-b", "words.jsonl", "--split", "all", "-j", "1", "--run", "r"]
            self.run_at(endpoint, [*words, "--max-calls", "3"], 4)
            done = program.run(["resume", "r", "--max-calls", "100"], cwd=self.root)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("3 done before, 5 to do", done.stderr)


    def test_after_a_call_that_was_not_recorded_asks_the_recording_again(self):
        with Endpoint(lambda body: reply("total 3")) as endpoint:
            words = ["eval", "none", "-b", "words.jsonl", "-j", "1"]
            self.run_at(endpoint, [*words, "--split", "val", "--record", "calls", "--run", "some"], 0)
            missing = self.run_at(endpoint, [*words, "--split", "all", "--replay", "calls", "--run", "r"], 2)
            self.assertIn("is not recorded", missing.stderr)
            for _ in range(2):
                again = program.run(["resume", "r"], cwd=self.root)
                self.assertEqual(again.returncode, 2, "nothing has changed")
                self.assertIn("is not recorded", again.stderr)
            self.run_at(endpoint, [*words, "--split", "all", "--record", "calls", "--run", "rest"], 0)
            sent = len(endpoint.requests)
            done = program.run(["resume", "r", "--json"], cwd=self.root)
            self.assertEqual(len(endpoint.requests), sent, "a replay sends nothing")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout)["n_graded"], 8)


class Simulation(Runs):
    def test_without_a_script_for_any_task_is_refused_before_anything_runs(self):
        done = program.run(["optimize", "skill", "-b", "words.jsonl", "-m", "sim:demo", "--run", "r"], cwd=self.root)
        self.assertEqual(done.returncode, 2)
        self.assertIn("the simulation demo has no script for any of the 8 tasks", done.stderr)
        self.assertFalse((self.root / "r").exists())

    def test_plays_only_tasks_with_scripts_whatever_is_selected(self):
        known = (self.root / "skill/evals/tasks.jsonl").read_text(encoding="utf-8")
        shutil.copytree(self.root / "skill/evals/files", self.root / "files")
        (self.root / "mixed.jsonl").write_text(tasks(8) + known, encoding="utf-8")
        for more in (["--limit", "4"], ["--ids", "t1,*"], []):
            with self.subTest(more):
                done = program.run(["eval", "skill", "-b", "mixed.jsonl", "-m", "sim:demo", "--split", "all", "--dry-run",
                                    "--json", *more], cwd=self.root)
                self.assertEqual(done.returncode, 0, done.stderr)
                splits = json.loads(done.stdout)["splits"]
                counts = [splits[name] for name in ("train", "val", "test")]
                self.assertEqual(counts, [4, 4, 4] if "--limit" in more else [16, 12, 12])
                self.assertIn("has scripts for 40 of the 48 tasks", done.stderr)


class Advice(Runs):
    def test_says_how_to_go_on_where_the_input_is_at_fault(self):
        (self.root / "bad.json").write_text('{"model": "x",}', encoding="utf-8")
        (self.root / "sealed").mkdir(mode=0o500)
        cases = {
            "JSON": (["config", "show", "--config", "bad.json"], "comma"),
            "from": (["estimate", "skill", "-m", "sim:demo", "--from", "nosuch"], "earlier run"),
            "price": (["eval", "none", "-b", "words.jsonl", "-m", "mock", "--max-usd", "1", "--base-url", "http://127.0.0.1:9/v1"],
                      "--price '{\"input\":1,\"output\":4}'"),
            "name": (["doctor", "-m", "x", "--base-url", "http://nosuch.invalid/v1"], "DNS"),
        }
        for name, (words, part) in cases.items():
            with self.subTest(name):
                done = program.run(words, cwd=self.root)
                self.assertNotEqual(done.returncode, 0)
                said = done.stdout + done.stderr
                self.assertIn("fix: ", said)
                self.assertIn(part, said)

    def test_of_a_run_in_a_folder_with_a_space_can_be_typed(self):
        with Endpoint(lambda body: reply("total 3")) as endpoint:
            done = self.run_at(endpoint, ["eval", "none", "-b", "words.jsonl", "--split", "all", "--max-calls", "2", "--run", "my run"], 4)
            line = next(line for line in done.stdout.splitlines() if line.startswith("next"))
            words = shlex.split(line)[2:]
            again = program.run([*words, "--max-calls", "100"], cwd=self.root)
        self.assertEqual(again.returncode, 0, again.stderr)


class Estimate(Runs):
    def estimate(self, *more):
        done = program.run(["eval", "none", "-b", "words.jsonl", "--split", "all", "--dry-run", "--json", "-m", "gpt-4.1-mini", *more],
                           cwd=self.root)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def test_counts_the_limits_of_a_call_and_a_task(self):
        for cap, turns in ((40, 6), (160, 1), (1, 3)):
            out = self.estimate("--max-output-tokens", str(cap), "--task-turns", str(turns))["output_tokens"]
            self.assertLessEqual(out["expected"], 8 * cap * turns)
            self.assertLessEqual(out["low"], out["expected"])
            self.assertEqual(out["high"], 8 * cap * turns)

    def test_counts_the_limits_of_the_run(self):
        out = self.estimate("--max-calls", "10", "--max-tokens", "5000", "--max-usd", "0.001")
        self.assertEqual(out["calls"]["high"], 10)
        self.assertLessEqual(out["tokens"]["high"], 5001)
        self.assertLessEqual(out["usd"]["high"], 0.001)
        self.assertEqual([text.split()[0] for text in out["limited_by"]], ["--max-calls", "--max-usd", "--max-tokens"])

    def test_counts_the_votes_that_the_judge_of_a_task_has(self):
        for votes in (1, 3):
            grader = {"type": "llm-judge", "criteria": ["It is polite."], "votes": votes}
            (self.root / "words.jsonl").write_text(tasks(4, grader=grader), encoding="utf-8")
            stages = {stage["role"]: stage for stage in self.estimate()["stages"]}
            self.assertEqual(stages["judge"]["calls"]["high"] % (4 * votes), 0)
            self.assertLessEqual(stages["judge"]["calls"]["high"], 4 * votes * 3)


if __name__ == "__main__":
    unittest.main()
