# SPDX-License-Identifier: MIT
"""What odd replies come to: where the client's warnings stand, and what is said of a reply that is no answer."""
import gzip
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time
import unittest

import program
from endpoint import Endpoint, Raw, reply, tool_call


def message_of(body):
    return json.dumps(body["messages"], ensure_ascii=False)


def said(**message):
    """A reply with other members of the message than its text."""
    out = reply(None)
    out["choices"][0]["message"].update(message)
    return out


class Tasks(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def put(self, count=1, **more):
        (self.root / "t.jsonl").write_text("".join(
            json.dumps({"id": f"t{i}", "split": "test", "input": f"Say ok, {i}.", "target": "ok", **more}) + "\n"
            for i in range(count)), encoding="utf-8")

    def words(self, url, *more):
        return ["eval", "none", "-b", "t.jsonl", "--split", "all", "--run", "r", "--json", "-m", "mock", "--base-url",
                url, *more]

    def run_at(self, answer, *more):
        """The result, what was written on stderr, and the endpoint."""
        with Endpoint(answer) as endpoint:
            done = program.run(self.words(endpoint.url, *more), cwd=self.root)
        return json.loads(done.stdout), done.stderr, endpoint


class WarningsOfTheClient(Tasks):
    def stand_everywhere(self, part, answer, *more):
        with Endpoint(answer) as endpoint:
            words = [word for word in self.words(endpoint.url, *more) if word != "--json"]
            done = program.run([*words, "--json"], cwd=self.root)
            again = program.run(words, cwd=self.root)
        result, err = json.loads(done.stdout), done.stderr
        self.assertIn(part, err)
        self.assertTrue(any(part in note["text"] for note in result["notes"]), result["notes"])
        for name in ("run.log", "events.jsonl", "run.json"):
            self.assertIn(part, (self.root / "r" / name).read_text(encoding="utf-8"), name)
        self.assertIn(part, again.stdout, "the result of the run, as people read it")
        self.assertEqual(result["score"], 1, "a warning changes no score")

    def test_about_a_cap_that_reasoning_used_up(self):
        self.put()

        def answer(body):
            if body.get("max_tokens", body.get("max_completion_tokens")) > 100:
                return reply("ok")
            out = reply("", "length", 100)
            out["choices"][0]["message"]["reasoning_content"] = "hm " * 100
            return out

        self.stand_everywhere("the output cap of 100 tokens was spent without any visible text", answer,
                              "--max-output-tokens", "100")

    def test_about_another_model(self):
        self.put()
        self.stand_everywhere("asked for model mock, but impostor-7b answered", lambda _: {**reply("ok"), "model": "impostor-7b"})

    def test_about_usage_that_is_missing(self):
        self.put()
        self.stand_everywhere("sends no usage", lambda _: {key: value for key, value in reply("ok").items() if key != "usage"})

    def test_about_a_prompt_that_was_cut(self):
        self.put(input="Say ok. " + "Word after word. " * 7000)

        def answer(_):
            return {**reply("ok"), "usage": {"prompt_tokens": 4096, "completion_tokens": 1, "total_tokens": 4097}}

        self.stand_everywhere("context_truncated: the endpoint seems to read only a part of", answer)

    def test_about_calls_in_the_text(self):
        self.put(output="answer.txt")

        def answer(body):
            if any(message["role"] == "tool" for message in body["messages"]):
                return reply("done")
            return reply('<tool_call>{"name":"shell","arguments":{"command":"printf ok > answer.txt"}}</tool_call>')

        self.stand_everywhere("text_tool_call", answer)


class ReplyThatWasCut(Tasks):
    def error_of(self, answer, *more):
        result, _, endpoint = self.run_at(answer, *more)
        task = result["tasks"][0]
        self.assertEqual(task["status"], "error", task)
        self.assertIsNone(task["score"])
        return task["message"], endpoint

    def test_before_any_text_is_not_said_to_have_had_calls(self):
        self.put()
        for name, message in (("reasoning", {"content": "", "reasoning_content": "hm"}), ("nothing", {"content": None}),
                              ("blanks", {"content": " \n"}), ("unclosed thinking", {"content": "<think>hm"})):
            with self.subTest(name):
                def answer(_, message=message):
                    out = reply("", "length", 50)
                    out["choices"][0]["message"].update(message)
                    return out

                text, endpoint = self.error_of(answer, "--run", "r-" + name[:3])
                self.assertIn("before it held any text or tool call", text)
                self.assertNotIn("calls were not executed", text)
                self.assertIn("--max-output-tokens", text)
                caps = [body.get("max_tokens", body.get("max_completion_tokens", 0)) for body in endpoint.requests]
                self.assertEqual(len(caps), 4, "an error is tried once more")
                for first, second in (caps[:2], caps[2:]):
                    self.assertGreater(second, first, "with the same cap it would be cut again")

    def test_inside_of_a_call_is_never_executed(self):
        self.put(output="answer.txt")

        def answer(_):
            out = tool_call("shell", {"command": "printf ok > answer.txt"})
            out["choices"][0]["finish_reason"] = "length"
            return out

        text, endpoint = self.error_of(answer)
        self.assertNotIn("before it held any", text)
        self.assertIn("--max-output-tokens", text)
        self.assertEqual(list((self.root / "r").rglob("answer.txt")), [])
        self.assertFalse(any(message["role"] == "tool" for body in endpoint.requests for message in body["messages"]))

    def test_of_a_patcher_is_asked_for_with_a_larger_cap(self):
        (self.root / "skill").mkdir()
        (self.root / "skill/SKILL.md").write_text(
            "---\nname: skill\ndescription: Answers questions. Use it for every question.\n---\n# Numbers\n\nAdd.\n",
            encoding="utf-8")
        (self.root / "t.jsonl").write_text("".join(
            json.dumps({"id": f"t{i}", "split": split, "input": f"question {i}", "target": f"total {i}"}) + "\n"
            for i, split in enumerate(["train", "train", "val", "test"])), encoding="utf-8")
        caps = []

        def answer(body):
            names = {tool["function"]["name"] for tool in body.get("tools", [])}
            if "submit_diagnosis" in names:
                return tool_call("submit_diagnosis", {"label": "total is missing", "analysis": "The answer lacks it.",
                                                      "skipped_step": "", "steps": [1], "known": "new"})
            if "replace_section" in names:
                caps.append(body.get("max_tokens", body.get("max_completion_tokens")))
                return reply('{"edits":[{"op":"edit_text","path":"SKILL.md","old":"Add', "length", caps[-1] or 300)
            return reply("no idea")

        with Endpoint(answer) as endpoint:
            program.run(["optimize", "skill", "-b", "t.jsonl", "--max-iters", "1", "--run", "r", "-m", "mock", "--base-url",
                         endpoint.url, "--max-output-tokens", "300", "--candidates", "1"], cwd=self.root)
        self.assertGreater(len(caps), 1)
        self.assertTrue(all(later > earlier for earlier, later in zip(caps, caps[1:])), caps)


class Refusals(Tasks):
    def setUp(self):
        super().setUp()
        self.put()

    def fix_of(self, answer, *more):
        _, err, endpoint = self.run_at(answer, *more)
        text = err + (self.root / "r/run.json").read_text(encoding="utf-8")
        return text, endpoint

    def test_of_tools_name_the_switches_of_servers_and_a_model_that_can(self):
        for text in ('"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set',
                     "registry.ollama.ai/library/x does not support tools"):
            with self.subTest(text):
                said_then, endpoint = self.fix_of(lambda _, text=text: Raw({"error": {"message": text}}, 400))
                self.assertIn("choose a model that can call tools", said_then)
                self.assertIn("--jinja", said_then)
                self.assertLessEqual(len(endpoint.requests), 2)

    def test_because_of_length_say_so(self):
        for error in ({"error": {"code": "1261", "message": "Prompt exceeds max length"}},
                      {"error": {"code": "1210", "message": "tokens in request more than max tokens allowed"}},
                      {"type": "error", "error": {"type": "bad_request_error", "http_code": "400",
                                                  "message": "invalid params, context window exceeds limit (2013)"}},
                      {"id": "x", "choices": None, "base_resp": {"status_code": 2013,
                                                                 "status_msg": "invalid params, context window exceeds limit"}}):
            for status in (400, 200):
                with self.subTest(error, status=status):
                    (self.root / "r/run.json").unlink(missing_ok=True)
                    result, _, endpoint = self.run_at(lambda _, error=error, status=status: Raw(error, status), "--run",
                                                      f"r{len(json.dumps(error))}-{status}")
                    self.assertEqual(len(endpoint.requests), 1, "no other request would be shorter")
                    task = result["tasks"][0]
                    self.assertIn("context", task["message"] + task["reason"])

    def test_of_a_server_that_is_down_do_not_ask_for_fewer_calls(self):
        with Endpoint(lambda _: 503) as endpoint:
            url = endpoint.url
        done = program.run(self.words(url, "--max-time", "5s"), cwd=self.root)
        self.assertIn("is the server running?", done.stdout + done.stderr)
        self.assertNotIn("-j", done.stdout + done.stderr)


class Wire(Tasks):
    def test_with_a_reply_of_two_gzip_members_is_asked_once_more_without_compression(self):
        self.put()
        data = json.dumps(reply("ok")).encode()
        asked = []

        def answer(_):
            asked.append(1)
            if len(asked) > 1:
                return reply("ok")
            half = len(data) // 2
            return Raw(gzip.compress(data[:half]) + gzip.compress(data[half:]), Content_Encoding="gzip")

        result, _, endpoint = self.run_at(answer)
        self.assertEqual(result["score"], 1)
        self.assertEqual(len(endpoint.requests), 2)

    def test_with_a_status_of_what_is_not_the_whole_reply_is_asked_again(self):
        self.put()
        for status in (202, 206):
            for times in (1, 99):
                with self.subTest(status, times=times):
                    left = [status] * times

                    def answer(_, left=left):
                        return Raw(reply("ok"), left.pop() if left else 200)

                    result, err, endpoint = self.run_at(answer, "--run", f"r{status}-{times}")
                    self.assertEqual(len(endpoint.requests), 2 if times == 1 else 6, "and the task once more")
                    self.assertEqual(result["tasks"][0]["status"], "pass" if times == 1 else "error")
                    self.assertEqual(times == 99, f"HTTP {status}" in result["tasks"][0]["message"] + err)

    def test_with_a_limit_that_is_too_small_says_what_is_waited_for(self):
        self.put(4)
        ratelimit = {"x_ratelimit_limit_tokens": "1", "x_ratelimit_remaining_tokens": "0", "x_ratelimit_reset_tokens": "60s"}
        with Endpoint(lambda _: Raw(reply("ok"), **ratelimit)) as endpoint:
            with subprocess.Popen([program.BINARY, *self.words(endpoint.url, "-j", "1")], cwd=self.root, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  env={"PATH": os.environ["PATH"], "HOME": str(self.root)}) as child:
                log, end, text = self.root / "r/run.log", time.monotonic() + 20, ""
                while "wait" not in text and child.poll() is None and time.monotonic() < end:
                    time.sleep(0.05)
                    text = log.read_text(encoding="utf-8") if log.exists() else ""
                child.send_signal(signal.SIGINT)
                _, err = child.communicate(timeout=20)
        self.assertRegex(text + err, r"wait.*tokens")

    def test_with_marks_of_thinking_of_any_model_gives_the_answer_alone(self):
        self.put(grader="exact")
        for number, text in enumerate(("[THINK]hm[/THINK]ok", "<seed:think>hm</seed:think>ok", "◁think▷hm◁/think▷ok", "<think>hm</think>\n\nok",
                     "<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>ok<|return|>")):
            with self.subTest(text):
                result, _, _ = self.run_at(lambda _, text=text: reply(text), "--run", f"r{number}")
                self.assertEqual(result["score"], 1, result["tasks"])

    def test_with_calls_as_parts_of_the_content_makes_them(self):
        for finish in ("stop", "tool_use", "tool_calls"):
            with self.subTest(finish):
                self.put(output="answer.txt")

                def answer(body, finish=finish):
                    if any(message["role"] == "tool" for message in body["messages"]):
                        return reply("done")
                    out = said(content=[{"type": "text", "text": "I write it."},
                                        {"type": "tool_use", "id": "t1", "name": "shell",
                                         "input": {"command": "printf ok > answer.txt"}}])
                    out["choices"][0]["finish_reason"] = finish
                    return out

                result, _, _ = self.run_at(answer, "--run", "r-" + finish)
                self.assertEqual(result["score"], 1, result["tasks"])


if __name__ == "__main__":
    unittest.main()
