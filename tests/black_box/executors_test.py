# SPDX-License-Identifier: MIT
"""Agents of other programs as executors, each played by fake_agent.py: what they find, what is read of them, and the walls around them."""
import http.server
import json
import os
import pathlib
import shutil
import ssl
import subprocess
import tempfile
import threading
import unittest

import program

FOLDER = tempfile.TemporaryDirectory()
PROFILES = {"claude-code": "claude", "codex": "codex", "opencode": "opencode", "gemini": "gemini", "qwen": "qwen"}
KEY = "sk-the-secret-key-of-this-test-0123456789"
SANDBOXED = shutil.which("bwrap") is not None and subprocess.run(["bwrap", "--unshare-all", "--ro-bind", "/", "/", "true"], check=False, capture_output=True).returncode == 0


def tearDownModule():
    FOLDER.cleanup()


class Model:
    """An endpoint that answers every route alike and keeps the heads of what it was asked."""

    def __init__(self):
        owner = self
        self.seen = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                self.send({"object": "list", "data": [{"id": "m", "object": "model"}]})

            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                owner.seen.append((self.path, dict(self.headers)))
                self.send({"choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "hello"}}],
                           "usage": {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4}})

            def send(self, value):
                body = json.dumps(value).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Work(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(dir=FOLDER.name))
        self.bin = self.root / "bin"
        self.bin.mkdir()
        for name in (*PROFILES.values(), "mine"):
            shutil.copy(program.SOURCE / "tests/black_box/fake_agent.py", self.bin / name)
        for name in ("node", "rg"):
            (self.bin / name).write_text("#!/bin/sh\n")
            (self.bin / name).chmod(0o755)
        skill = self.root / "fruit"
        skill.mkdir()
        (skill / "SKILL.md").write_text("---\nname: fruit\ndescription: The word for every task about fruit.\n---\n# Fruit\n\nThe word is WORD:pineapple always.\n")
        self.model = Model()
        self.addCleanup(self.model.close)

    def tasks(self, *modes):
        lines = [{"id": f"t{at}", "split": "test", "input": f"Write the word into output.txt. {mode}", "output": "output.txt", "target": "pineapple"}
                 for at, mode in enumerate(modes)]
        path = self.root / "tasks.jsonl"
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        return path

    def start(self, *words, **environment):
        return program.run(list(words), cwd=self.root, PATH=f"{self.bin}:{os.environ['PATH']}", OPENAI_API_KEY=KEY, **environment)

    def evaluate(self, executor, *modes, options=(), run="run", skill="fruit", **environment):
        """The result of the command, and the rollouts by task."""
        done = self.start("eval", skill, "-b", str(self.tasks(*modes)), "-m", "m", "--base-url", self.model.url, "--executor", executor, "--json", "--run", run,
                          "--exit-zero", "-j", "2", *options, **environment)
        self.assertTrue(done.stdout.startswith("{"), done.stderr)
        result = json.loads(done.stdout)
        return result, {task["task_id"]: task for task in result["tasks"]}

    def trace(self, task, run="run"):
        return [json.loads(line) for line in (self.root / run / f"eval/rollouts/{task}.0/trajectory.jsonl").read_text().splitlines()]

    def kept(self, task, run="run"):
        return json.loads((self.root / run / f"eval/rollouts/{task}.0/loss.json").read_text())


@unittest.skipUnless(SANDBOXED, "needs bubblewrap")
class Beside(Work):
    """--with: neighbours are staged, too, and what the agent loads of them is told apart."""

    def neighbour(self, name):
        folder = self.root / "others" / name
        folder.mkdir(parents=True)
        (folder / "SKILL.md").write_text(f"---\nname: {name}\ndescription: Another word.\n---\n# Other\n\nThe word is WORD:{name} here.\n")

    def triggers(self, executor, code):
        (self.root / "queries.json").write_text(json.dumps([{"query": "A word. MODE:ok", "should_trigger": True}, {"query": "No word. MODE:noskill", "should_trigger": False}]))
        done = self.start("triggers", "fruit", "--queries", "queries.json", "--with", "others", "--trials", "1", "-m", "m", "--base-url", self.model.url, "--executor", executor, "--json", "-j", "2")
        self.assertEqual(done.returncode, code, done.stderr)
        return json.loads(done.stdout)

    def test_activation_is_what_the_agent_loaded(self):
        self.neighbour("zebra")  # the agent takes the first by name
        for executor in ("claude-code", "codex"):
            with self.subTest(executor):
                value = self.triggers(executor, code=1)
                self.assertEqual([query["activated"] for query in value["queries"]], [1, 0])
                self.assertEqual((value["control"], value["neighbours"]), ({"n_graded": 2, "activated": 2}, ["zebra"]))

    def test_a_neighbour_that_is_loaded_instead_is_no_activation(self):
        self.neighbour("apple")
        error = self.triggers("claude-code", code=3)
        self.assertIn("the agent activated fruit for none of 2 requests", json.dumps(error))
        trace = next(self.root.glob(".skillgrad-cache/evals/*/eval/rollouts/control-1.0/trajectory.jsonl")).read_text()
        self.assertIn("WORD:apple", trace)

    def test_an_agent_that_does_not_tell_what_it_loads_is_a_broken_measurement(self):
        self.neighbour("zebra")
        done = self.start("triggers", "fruit", "--queries", "queries.json", "-m", "m", "--base-url", self.model.url, "--executor", "command", "--executor-command", str(self.bin / "mine"))
        self.assertEqual(done.returncode, 2, done.stderr)  # no such file of queries yet
        (self.root / "queries.json").write_text('[{"query":"A word. MODE:ok","should_trigger":true}]')
        done = self.start("triggers", "fruit", "--queries", "queries.json", "-m", "m", "--base-url", self.model.url, "--executor", "command", "--executor-command", str(self.bin / "mine"))
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("the measurement is broken", done.stderr)


@unittest.skipUnless(SANDBOXED, "needs bubblewrap")
class EachProfile(Work):
    def test_finds_the_skill_solves_and_is_read(self):
        for executor, name in PROFILES.items():
            with self.subTest(executor):
                result, tasks = self.evaluate(executor, "MODE:ok", run=name)
                self.assertEqual(tasks["t0"]["status"], "pass", result)
                kept = self.kept("t0", name)
                self.assertTrue(kept["signs"]["skill_read"], kept)
                self.assertEqual((kept["usage"]["input_tokens"], kept["usage"]["cached_tokens"], kept["usage"]["output_tokens"]), (120, 20, 7), kept)
                self.assertEqual(result["executor"]["name"], executor)
                self.assertEqual(result["executor"]["version"], "1.2.3 (fake)")
                self.assertEqual((result["executor"]["network"], result["executor"]["can_read_key"]), ("endpoint", False))
                events = self.trace("t0", name)
                self.assertIn("Done: hello", [event["text"] for event in events if event["kind"] == "message"])
                self.assertIn("tool_call", [event["kind"] for event in events])
                self.assertIn("WORD:pineapple", (self.root / name / "eval/rollouts/t0.0/skill_text.md").read_text())
                outputs = sorted(path.name for path in (self.root / name / "eval/rollouts/t0.0/outputs").rglob("*") if path.is_file())
                self.assertEqual(outputs, ["output.txt"])

    def test_faults_are_errors_and_no_answers(self):
        for executor, name in PROFILES.items():
            with self.subTest(executor):
                result, tasks = self.evaluate(executor, "MODE:crash", "MODE:silent", run=name)
                self.assertEqual({task["status"] for task in tasks.values()}, {"error"}, result)
                self.assertIn("exit code 3", self.kept("t0", name)["error"])
                self.assertIn("it broke", self.kept("t0", name)["error"])
                self.assertIn("without a transcript", self.kept("t1", name)["error"])

    def test_a_rate_limit_is_an_error_of_its_own(self):
        for executor, name in PROFILES.items():
            with self.subTest(executor):
                _, tasks = self.evaluate(executor, "MODE:rate", run=name)
                self.assertEqual(tasks["t0"]["status"], "error")
                self.assertIn("rate limit", self.kept("t0", name)["error"])

    def test_a_skill_that_is_not_loaded_is_said(self):
        for executor, name in PROFILES.items():
            with self.subTest(executor):
                result, tasks = self.evaluate(executor, "MODE:noskill", run=name)
                self.assertEqual(tasks["t0"]["status"], "fail")
                self.assertFalse(self.kept("t0", name)["signs"]["skill_read"])
                self.assertTrue(any("did not load the skill fruit" in event["text"] for event in self.trace("t0", name)))
                self.assertTrue(any("did not load the skill fruit" in note["text"] for note in result["notes"]), result["notes"])


@unittest.skipUnless(SANDBOXED, "needs bubblewrap")
class Walls(Work):
    def test_the_key_is_added_outside(self):
        self.evaluate("codex", "MODE:environment")
        self.assertEqual(self.model.seen[0][1]["Authorization"], "Bearer " + KEY)
        environment = next(event["text"] for event in self.trace("t0") if "CODEX_HOME" in event["text"])
        self.assertNotIn(KEY, environment)
        self.assertNotIn("OPENAI_API_KEY", environment)
        self.assertIn('"HOME": "/home/agent"', environment)

    def test_an_anthropic_key_goes_into_its_header(self):
        self.evaluate("claude-code", "MODE:ok")
        path, headers = self.model.seen[0]
        self.assertEqual((path, headers.get("x-api-key")), ("/v1/messages", KEY))

    def test_other_hosts_are_refused_and_said(self):
        result, tasks = self.evaluate("codex", "MODE:elsewhere")
        self.assertEqual(tasks["t0"]["status"], "pass")
        notes = " ".join(note["text"] for note in result["notes"])
        self.assertIn("elsewhere.example:443", notes)
        self.assertIn("192.0.2.1:81", notes)
        outputs = [event["text"] for event in self.trace("t0") if event["kind"] == "tool_output"]
        self.assertEqual([text for text in outputs if "reached" in text], [])
        self.assertEqual(len([text for text in outputs if "refused" in text and "403" in text]), 2, outputs)

    def test_goldens_and_the_live_skill_are_out_of_sight(self):
        _, tasks = self.evaluate("claude-code", f"MODE:read={self.root}/tasks.jsonl MODE:read={self.root}/fruit/SKILL.md MODE:read={self.root}/run/config.json")
        self.assertEqual(tasks["t0"]["status"], "pass")
        outputs = [event["text"] for event in self.trace("t0") if event["text"].startswith(("read:", "closed:"))]
        self.assertEqual(len(outputs), 3)
        self.assertTrue(all(text.startswith("closed:") for text in outputs), outputs)

    def test_children_do_not_outlive_it(self):
        _, tasks = self.evaluate("opencode", "MODE:children")
        self.assertEqual(tasks["t0"]["status"], "pass")
        left = subprocess.run(["pgrep", "-f", "sleep 98765.25"], capture_output=True, text=True, check=False).stdout.split()
        self.assertEqual([pid for pid in left if int(pid) != os.getpid()], [])

    def test_the_time_limit_ends_it_as_it_ends_our_own(self):
        result, tasks = self.evaluate("gemini", "MODE:slow", options=("--task-timeout", "4"))
        self.assertEqual(tasks["t0"]["status"], "timeout", result)

    def test_what_it_leaves_beside_the_skill_is_no_output(self):
        _, tasks = self.evaluate("qwen", "MODE:spoil")
        self.assertEqual(tasks["t0"]["status"], "pass")
        self.assertEqual([path.name for path in (self.root / "run/eval/rollouts/t0.0/outputs").rglob("*") if path.is_file()], ["output.txt"])

    def test_what_cannot_be_read_is_counted_and_said(self):
        result, tasks = self.evaluate("codex", "MODE:broken")
        self.assertEqual(tasks["t0"]["status"], "pass")
        notes = " ".join(note["text"] for note in result["notes"])
        self.assertIn("1 line that is no JSON object, the first in line 5", notes)
        self.assertIn('1 event of a type that is not known, the first in line 6: "brand.new"', notes)

    def test_without_a_sandbox_it_is_said_what_it_can_do(self):
        result, tasks = self.evaluate("codex", "MODE:ok", options=("--sandbox", "off"))
        self.assertEqual(tasks["t0"]["status"], "pass", result)
        self.assertEqual((result["executor"]["network"], result["executor"]["can_read_key"]), ("open", True))
        self.assertIn("can read the key", " ".join(note["text"] for note in result["notes"]))


@unittest.skipUnless(SANDBOXED, "needs bubblewrap")
class Command(Work):
    def test_a_command_line_is_an_agent(self):
        result, tasks = self.evaluate("command", "MODE:ok", options=("--executor-command", "mine --whatever 'it takes'"))
        self.assertEqual(tasks["t0"]["status"], "pass", result)
        self.assertIsNone(result["executor"]["version"])
        self.assertEqual(result["executor"]["command"], ["mine", "--whatever", "it takes"])
        self.assertIsNone(result["cost_usd"])
        self.assertIn("reports no usage", " ".join(note["text"] for note in result["notes"]))

    def test_words_that_are_files_are_shown_to_it(self):
        script = self.root / "agent.py"
        script.write_text("import os, pathlib, sys\nprompt = sys.stdin.read()\nskill = pathlib.Path(os.environ['SKILLGRAD_SKILL_DIR'], 'SKILL.md').read_text()\n"
                          "pathlib.Path('output.txt').write_text(skill.split('WORD:')[1].split()[0])\nprint(os.getcwd(), len(prompt) > 10)\n")
        result, tasks = self.evaluate("command", "go", options=("--executor-command", "python3 agent.py"))
        self.assertEqual(tasks["t0"]["status"], "pass", result)
        self.assertIn("/task True", [event["text"] for event in self.trace("t0")])

    def test_no_skill_is_staged_for_the_baseline(self):
        _, tasks = self.evaluate("codex", "MODE:ok", skill="none")
        self.assertEqual(tasks["t0"]["status"], "fail")

    def test_a_profile_of_ones_own(self):
        profile = {"schema": "skillgrad.agent/1", "name": "mine", "program": str(self.bin / "mine"), "version_words": ["--version"], "arguments": [], "prompt": "stdin",
                   "skill_folders": [".agents/skills"], "transcript": "text", "env": {"SKILLGRAD_BASE_URL": "${base_url}", "SKILLGRAD_KEY": "${key}"}}
        (self.root / "mine.json").write_text(json.dumps(profile, indent=1))
        result, tasks = self.evaluate("./mine.json", "MODE:ok")
        self.assertEqual(tasks["t0"]["status"], "pass", result)
        self.assertEqual(result["executor"]["version"], "1.2.3 (fake)")

    def test_another_version_is_another_run(self):
        self.evaluate("codex", "MODE:ok")
        agent = self.bin / "codex"
        agent.write_text(agent.read_text().replace("1.2.3 (fake)", "1.2.4 (fake)"))
        done = self.start("resume", "run")
        self.assertEqual(done.returncode, 2)
        self.assertIn('executor.version: "1.2.3 (fake)" -> "1.2.4 (fake)"', done.stderr)


@unittest.skipUnless(SANDBOXED, "needs bubblewrap")
class Loop(Work):
    def profile(self):
        profile = {"schema": "skillgrad.agent/1", "name": "mini", "program": "python3", "arguments": [str(program.SOURCE / "tests/black_box/mini_agent.py")], "prompt": "stdin",
                   "skill_folders": [".agents/skills"], "transcript": "codex-json", "mounts": [str(program.SOURCE / "tests/black_box/mini_agent.py")],
                   "env": {"SKILLGRAD_BASE_URL": "${base_url}", "SKILLGRAD_KEY": "${key}", "SKILLGRAD_MODEL": "${model}"}}
        (self.root / "mini.json").write_text(json.dumps(profile))
        shutil.copytree(program.SOURCE / "skills/table-reports", self.root / "skill")
        return ["-m", "sim:demo", "--executor", "./mini.json", "--run", "loop", "--json", "-q"]

    def test_the_whole_loop_learns_from_the_runs_of_another_agent(self):
        done = self.start("optimize", "skill", *self.profile(), "--limit", "8", "--max-iters", "2", "--no-test", "--finalists", "0", "--no-prune", "--candidates", "1")
        self.assertEqual(done.returncode, 0, done.stderr)
        result = json.loads(done.stdout)
        self.assertEqual(result["executor"]["name"], "mini")
        self.assertIn("accepted", [step["decision"] for step in result["iterations"]], result["iterations"])
        self.assertGreater(result["usage"]["input_tokens"], 0)

    def test_budgets_are_held_against_what_it_reports(self):
        done = self.start("eval", "skill", *self.profile(), "--limit", "6", "--max-tokens", "2500", "-j", "1")
        self.assertEqual(done.returncode, 4, done.stderr)
        result = json.loads(done.stdout)
        self.assertIn("limit of 2500 tokens", done.stderr)
        self.assertGreater(result["n_graded"], 0)
        self.assertLess(result["n_graded"], 6)


@unittest.skipUnless(SANDBOXED, "needs bubblewrap")
class Tls(Work):
    """An https endpoint: a tunnel through the relay, whose bytes nobody looks into."""

    def setUp(self):
        super().setUp()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
                        "subjectAltName=IP:127.0.0.1"], cwd=self.root, check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.root / "cert.pem", self.root / "key.pem")
        self.model.server.socket = context.wrap_socket(self.model.server.socket, server_side=True)
        self.model.url = self.model.url.replace("http://", "https://")
        (self.root / "asks.py").write_text(
            "import json, os, ssl, sys, urllib.request\n"
            "url = os.environ['SKILLGRAD_BASE_URL'].replace('https://127.0.0.1', 'https://127.0.0.1')\n"
            "context = ssl._create_unverified_context()\n"
            "def opened(where):\n"
            "    proxy = urllib.request.ProxyHandler({'https': os.environ['HTTPS_PROXY']})\n"
            "    opener = urllib.request.build_opener(proxy, urllib.request.HTTPSHandler(context=context))\n"
            "    request = urllib.request.Request(where, b'{}', {'Authorization': 'Bearer ' + os.environ['SKILLGRAD_KEY']})\n"
            "    return opener.open(request, timeout=20).status\n"
            "os.environ.pop('no_proxy'), os.environ.pop('NO_PROXY')\n"
            "print('endpoint', opened(url + '/chat/completions'))\n"
            "try:\n"
            "    print('other', opened('https://other.example/v1'))\n"
            "except OSError as error:\n"
            "    print('other', error)\n"
            "open('output.txt', 'w').write('pineapple')\n")

    def test_the_endpoint_is_reached_and_no_other_and_the_key_is_said_to_be_inside(self):
        result, tasks = self.evaluate("command", "go", options=("--executor-command", "python3 asks.py", "--no-preflight"))
        self.assertEqual(tasks["t0"]["status"], "pass", result)
        said = self.trace("t0")[1]["text"]
        self.assertIn("endpoint 200", said)
        self.assertRegex(said, "other .*403")
        self.assertEqual(self.model.seen[0][1]["Authorization"], "Bearer " + KEY)
        self.assertEqual((result["executor"]["network"], result["executor"]["can_read_key"]), ("endpoint", True))
        notes = " ".join(note["text"] for note in result["notes"])
        self.assertIn("the agent can read the key: its TLS is passed through untouched", notes)
        self.assertIn("other.example:443", notes)


@unittest.skipUnless(SANDBOXED, "needs bubblewrap")
class Doctor(Work):
    def rows(self, *words):
        done = self.start("doctor", "-m", "m", "--base-url", self.model.url, "--json", *words)
        return {row["check"]: row for row in json.loads(done.stdout)["checks"]}

    def test_says_what_is_there_and_tries_a_task(self):
        rows = self.rows("--executor", "codex")
        self.assertEqual(rows["executor"]["state"], "ok")
        for part in ("1.2.3 (fake)", ".agents/skills", str(self.bin / "codex")):
            self.assertIn(part, rows["executor"]["found"])
        self.assertIn("network: the endpoint alone; key: stays outside", rows["executor walls"]["found"])
        # The skill of this task has no word that the fake agent could find.
        self.assertEqual(rows["executor task"]["state"], "BAD")

    def test_says_what_the_agent_can_read_without_a_sandbox(self):
        rows = self.rows("--executor", "codex", "--sandbox", "off")
        self.assertEqual(rows["executor walls"]["state"], "weak")
        self.assertIn("all that you can read", rows["executor walls"]["found"])

    def test_says_what_is_missing(self):
        (self.bin / "codex").unlink()
        rows = self.rows("--executor", "codex")
        self.assertEqual(rows["executor"]["state"], "BAD")
        self.assertIn("PATH", rows["executor"]["mend"])

    def test_has_no_such_rows_for_the_built_in_agent(self):
        self.assertNotIn("executor", self.rows())


class Refused(Work):
    def refused(self, *words):
        done = self.start("eval", "fruit", "-b", str(self.tasks("x")), "-m", "m", "--base-url", self.model.url, *words)
        self.assertEqual(done.returncode, 2, done.stderr)
        return done.stderr

    def test_names_and_flags(self):
        self.assertIn("did you mean codex?", self.refused("--executor", "codx"))
        self.assertIn("--executor-command", self.refused("--executor", "command"))
        self.assertIn("add --executor command", self.refused("--executor-command", "x"))
        self.assertIn("belongs to --executor command", self.refused("--executor", "codex", "--executor-command", "x"))
        self.assertIn("makes its own", self.refused("--executor", "codex", "--replay", "somewhere"))
        self.assertIn("is not set", self.refused("--executor", "codex", "--executor-env", "NOBODY_SETS_THIS"))

    def test_a_program_that_is_not_there(self):
        (self.bin / "codex").unlink()
        self.assertIn("no folder of PATH has the program codex", self.refused("--executor", "codex"))

    def test_profiles_are_read_strictly(self):
        good = {"schema": "skillgrad.agent/1", "name": "mine", "program": "mine", "arguments": ["${model}"], "prompt": "stdin", "skill_folders": [".agents/skills"], "transcript": "text"}
        for change, expected in (({"argumens": []}, 'unknown key "argumens"'), ({"arguments": ["${modell}"]}, "did you mean ${model}?"), ({"arguments": ["${prompt}"]}, "${prompt}"),
                                 ({"prompt": "argument"}, "no argument holds ${prompt}"), ({"skill_folders": ["../x"]}, "inside the work directory"), ({"transcript": "xml"}, "claude-stream-json"),
                                 ({"exit_codes": {"1": "fine"}}, "turn_limit")):
            with self.subTest(expected):
                (self.root / "mine.json").write_text(json.dumps({**good, **change}, indent=1))
                said = self.refused("--executor", "./mine.json")
                self.assertIn(expected, said)
                self.assertRegex(said, r"mine\.json(:\d+)?")
                self.assertIn("fix:", said)

    def test_an_estimate_invents_nothing(self):
        done = self.start("eval", "fruit", "-b", str(self.tasks("x")), "-m", "m", "--base-url", self.model.url, "--executor", "codex", "--dry-run")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("what codex asks of its model is not known beforehand", done.stdout)
        self.assertIn("unknown", done.stdout)


if __name__ == "__main__":
    unittest.main()
