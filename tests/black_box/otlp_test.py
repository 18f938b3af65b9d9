# SPDX-License-Identifier: MIT
"""`--otlp`: the spans of a run at a collector, one that is slow, one that is away, and what they must not hold."""
import contextlib
import http.server
import json
import pathlib
import re
import socket
import tempfile
import threading
import time
import unittest

import endpoint
import program

SKILL = program.SOURCE / "skills/table-reports"


class Collector:
    """Takes OTLP over HTTP on loopback. `answer` gives (status, body) for the number of the request, or waits."""

    def __init__(self, answer=lambda number: (200, b"{}")):
        owner = self
        self.requests, self.lock = [], threading.Lock()

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with owner.lock:
                    number = len(owner.requests)
                    owner.requests.append((self.path, dict(self.headers), body))
                status, text = answer(number)
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                with contextlib.suppress(OSError):  # the program no longer waits
                    self.wfile.write(text)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def spans(self):
        out = []
        for _, _, body in self.requests:
            for resource in json.loads(body)["resourceSpans"]:
                for scope in resource["scopeSpans"]:
                    out += scope["spans"]
        return out


def attributes(span):
    return {one["key"]: next(iter(one["value"].values())) for one in span["attributes"]}


class Otlp(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def run_it(self, command, url, *words, code=0, run="run", model="sim:demo", **environment):
        started = time.monotonic()
        done = program.run([command, str(SKILL), "--model", model, "--run", run, "--otlp", url, "--json", *words], cwd=self.root, **environment)
        self.assertEqual(done.returncode, code, done.stderr[-2000:])
        return json.loads(done.stdout), done.stderr, time.monotonic() - started

    def tree(self, spans):
        """One trace, ids of their own, a root, parents that are there, and times inside those of the parents."""
        self.assertEqual(len({span["traceId"] for span in spans}), 1)
        for span in spans:
            self.assertRegex(span["traceId"], r"^[0-9a-f]{32}$")
            self.assertRegex(span["spanId"], r"^[0-9a-f]{16}$")
            self.assertLessEqual(int(span["startTimeUnixNano"]), int(span["endTimeUnixNano"]))
        by_id = {span["spanId"]: span for span in spans}
        self.assertEqual(len(by_id), len(spans))
        roots = [span for span in spans if "parentSpanId" not in span]
        self.assertEqual(len(roots), 1)
        for span in spans:
            if span not in roots:
                self.assertIn(span["parentSpanId"], by_id, span["name"])
                self.assertGreaterEqual(int(span["startTimeUnixNano"]), int(roots[0]["startTimeUnixNano"]))
        return roots[0], by_id

    def kinds(self, spans):
        out = {}
        for span in spans:
            out.setdefault(attributes(span).get("gen_ai.operation.name", span["name"]), []).append(span)
        return out

    def test_an_evaluation_as_agents_calls_and_tools(self):
        with Collector() as collector:
            result, errors, _ = self.run_it("eval", collector.url, "--split", "val", "--baseline", "none")
            spans = collector.spans()
        self.assertNotIn("dropped", errors)
        for path, headers, _ in collector.requests:
            self.assertEqual((path, headers["Content-Type"]), ("/v1/traces", "application/json"))
        root, by_id = self.tree(spans)
        kinds = self.kinds(spans)
        self.assertEqual(root["name"], "skillgrad eval")
        self.assertEqual(len(kinds["invoke_agent"]), result["n_planned"] + result["baseline"]["n_planned"])
        self.assertEqual(len(kinds["chat"]), result["attempts"])
        rollouts = [json.loads(path.read_text()) for path in (self.root / "run").rglob("loss.json")]
        self.assertEqual(len(kinds["execute_tool"]), sum(loss["signs"]["tool_calls"] for loss in rollouts))
        for span in kinds["chat"] + kinds["execute_tool"]:
            self.assertEqual(attributes(by_id[span["parentSpanId"]])["gen_ai.operation.name"], "invoke_agent")
        for span in kinds["invoke_agent"]:
            self.assertIn(by_id[span["parentSpanId"]]["name"], ("evaluate", "evaluate the baseline"))
        self.assertEqual({span["kind"] for span in kinds["chat"]}, {3})
        self.assertEqual(sum(int(attributes(span)["gen_ai.usage.input_tokens"]) for span in kinds["chat"]), result["usage"]["input_tokens"])
        self.assertEqual({attributes(span)["gen_ai.tool.name"] for span in kinds["execute_tool"]}, {"activate_skill", "read_reference", "shell"})

    def test_an_optimization_has_its_iterations_and_stages(self):
        with Collector() as collector:
            result, _, _ = self.run_it("optimize", collector.url + "/v1/traces", "--limit", "8", "--max-iters", "1", "--no-test", "--exit-zero")
            spans = collector.spans()
        root, by_id = self.tree(spans)
        names = {span["name"] for span in spans}
        self.assertIn("iteration 1", names)
        self.assertEqual(len(self.kinds(spans)["chat"]), result["attempts"])
        stages = [span for span in spans if span["name"].startswith("iteration 1: ")]
        self.assertGreater(len(stages), 2)
        for span in stages:
            self.assertEqual(by_id[span["parentSpanId"]]["name"], "iteration 1")
        self.assertEqual(attributes(next(span for span in spans if span["name"] == "iteration 1"))["skillgrad.decision"], result["iterations"][0]["decision"])
        self.assertEqual(root["name"], "skillgrad optimize")

    def test_a_run_that_is_stopped_and_resumed_is_one_trace_without_orphans(self):
        with Collector() as collector:
            self.run_it("eval", collector.url, "--split", "val", "--max-calls", "17", "--force", code=4)
            first = collector.spans()
            done = program.run(["resume", "run", "--max-calls", "0", "--otlp", collector.url], cwd=self.root)
            self.assertEqual(done.returncode, 0, done.stderr)
            second = collector.spans()[len(first):]
        self.assertEqual(attributes(self.tree(first)[0])["error.type"], "budget")
        self.assertNotIn("status", self.tree(second)[0])
        self.assertEqual(first[0]["traceId"], second[0]["traceId"])
        self.assertFalse({span["spanId"] for span in first} & {span["spanId"] for span in second})

    def test_a_calibration_too(self):
        with Collector() as collector:
            self.run_it("calibrate", collector.url, "--limit", "8")
            root, _ = self.tree(collector.spans())
        self.assertEqual(root["name"], "skillgrad calibrate")

    def test_equal_runs_have_equal_ids(self):
        ids = []
        for folder in ("one", "two"):
            with Collector() as collector:
                self.run_it("eval", collector.url, "--split", "val", "--limit", "12", run=f"{folder}/run")
                ids.append(sorted((span["traceId"], span["spanId"], span.get("parentSpanId"), span["name"]) for span in collector.spans()))
        self.assertEqual(*ids)

    def test_no_text_of_a_prompt_or_a_reply_leaves(self):
        with Collector() as collector:
            self.run_it("eval", collector.url, "--split", "val")
            bodies = b"".join(body for _, _, body in collector.requests).decode()
        for words in ("available_skills", "The table", "import csv", "Done. The result", "exit code", "expected number"):
            self.assertNotIn(words, bodies)

    def test_secrets_are_taken_out_and_headers_come_from_the_environment(self):
        secret = "tok-1234567890abcdef"
        evals = self.root / "tasks.jsonl"
        evals.write_text("".join(json.dumps({"id": f"{secret}-{i}", "split": "test", "input": f"Say {i}.", "target": "x"}) + "\n" for i in range(2)))
        with Collector() as collector, endpoint.Endpoint(lambda _: endpoint.reply("x")) as model:
            result, errors, _ = self.run_it("eval", collector.url, "-b", str(evals), "--base-url", model.url, model="mock", OPENAI_API_KEY=secret,
                                            OTEL_EXPORTER_OTLP_HEADERS="authorization=Bearer%20letmein-987, x-team = a")
        self.assertTrue(collector.requests)
        for _, headers, body in collector.requests:
            self.assertNotIn(secret.encode(), body)
            self.assertEqual((headers.get("authorization"), headers.get("x-team")), ("Bearer letmein-987", "a"))
        written = b"".join(path.read_bytes() for path in (self.root / "run").rglob("*") if path.is_file()).decode(errors="replace")
        self.assertNotIn("letmein-987", written + errors + json.dumps(result))

    def test_a_collector_that_is_away_costs_a_note(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{taken.getsockname()[1]}"
            result, errors, seconds = self.run_it("eval", url, "--split", "val")
        self.assertEqual(result["error"], None)
        self.assertRegex(errors, r"note: (\d+) of \1 spans were dropped")
        self.assertLess(seconds, 30)

    def test_a_collector_that_never_answers_holds_nothing_up(self):
        going = threading.Event()

        def never(_):
            going.wait(60)
            return 200, b"{}"

        with Collector(never) as collector:
            _, errors, seconds = self.run_it("eval", collector.url, "--split", "val")
            going.set()
        self.assertIn("were dropped", errors)
        self.assertLess(seconds, 30)

    def test_a_refusal_of_some_is_counted_and_a_short_outage_bridged(self):
        with Collector(lambda number: (200, json.dumps({"partialSuccess": {"rejectedSpans": "3", "errorMessage": "too old"}}).encode())) as collector:
            _, errors, _ = self.run_it("eval", collector.url, "--split", "val", "--limit", "12")
        refused = 3 * len(collector.requests)
        self.assertRegex(errors, rf"note: {refused} of \d+ spans were dropped.*too old")
        with Collector(lambda number: (503, b"") if number == 0 else (200, b"")) as collector:
            _, errors, _ = self.run_it("optimize", collector.url, "--limit", "8", "--max-iters", "1", "--no-test", "--exit-zero", run="second")
        if len(collector.requests) > 1 and collector.requests[0][2] == collector.requests[1][2]:
            self.assertNotIn("were dropped", errors)

    def test_what_a_collector_says_does_not_reach_the_terminal_as_it_is(self):
        said = b'{"partialSuccess":{"rejectedSpans":"5","errorMessage":"\\u001b[31mno\\nerror: made up"}}'
        with Collector(lambda number: (200, said)) as collector:
            _, errors, _ = self.run_it("eval", collector.url, "--split", "val", "--limit", "12")
        self.assertNotIn("\x1b", errors)
        self.assertRegex(errors, r"note: \d+ of \d+ spans were dropped.*\bno error: made up")

    def test_an_address_has_no_place_for_a_secret_and_none_is_no_address(self):
        for url, said in (("http://127.0.0.1:1/v1/traces?k=secret123", "OTEL_EXPORTER_OTLP_HEADERS"),
                          ("http://127.0.0.1:1/#secret123", "OTEL_EXPORTER_OTLP_HEADERS"),
                          ("http://me:secret123@127.0.0.1:1", "user information"),
                          ("", "leave --otlp out"), (" ", "leave --otlp out")):
            with self.subTest(url):
                done = program.run(["eval", str(SKILL), "--model", "sim:demo", "--run", "none", "--otlp", url], cwd=self.root)
                self.assertEqual((done.returncode, (self.root / "none").exists()), (2, False), done.stderr)
                self.assertIn(said, done.stderr)
                self.assertNotIn("secret123", done.stdout + done.stderr)
        done = program.run(["eval", str(SKILL), "--model", "sim:demo", "--split", "val", "--limit", "12", "--run", "quiet", "--set", "otlp="], cwd=self.root)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_what_is_no_address_or_header_is_refused_before_the_run(self):
        for url in ("collector:4318", "ftp://x", "http://"):
            done = program.run(["eval", str(SKILL), "--model", "sim:demo", "--run", "none", "--otlp", url], cwd=self.root)
            self.assertEqual((done.returncode, (self.root / "none").exists()), (2, False), done.stderr)
            self.assertIn("--otlp http://127.0.0.1:4318", done.stderr)
        done = program.run(["eval", str(SKILL), "--model", "sim:demo", "--run", "none", "--otlp", "http://127.0.0.1:9"], cwd=self.root,
                           OTEL_EXPORTER_OTLP_HEADERS="no header")
        self.assertEqual(done.returncode, 2)
        self.assertIn("OTEL_EXPORTER_OTLP_HEADERS", done.stderr)

    def test_a_variable_of_others_sends_nothing(self):
        with Collector() as collector:
            done = program.run(["eval", str(SKILL), "--model", "sim:demo", "--run", "quiet", "--split", "val", "--limit", "12"], cwd=self.root,
                               OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(collector.requests, [])


class Names(unittest.TestCase):
    def test_stand_in_one_table_and_all_of_them_in_the_document(self):
        folder = program.SOURCE / "src/cli/telemetry"
        table = (folder / "semantic_names.hpp").read_text()
        names = set(re.findall(r'"((?:gen_ai|skillgrad|error|http|service)\.[a-z_.]+)"', table))
        self.assertGreater(len(names), 20)
        document = (program.SOURCE / "docs/interchange.md").read_text()
        self.assertEqual([name for name in sorted(names) if f"`{name}`" not in document], [])
        for path in folder.iterdir():
            if path.name != "semantic_names.hpp":
                self.assertFalse(re.findall(r'"(?:gen_ai|skillgrad)\.[a-z_.]+"', path.read_text()), path)


if __name__ == "__main__":
    unittest.main()
