# SPDX-License-Identifier: MIT
"""`skillgrad view`: a page that follows a run, asked by HTTP and in a real browser."""
import fcntl
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

import browser
import made_run
import program
from page_server import Server

FOLDER = tempfile.TemporaryDirectory()


def tearDownModule():
    FOLDER.cleanup()


def snapshot(folder):
    """Every file with its time, size and bytes."""
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in sorted(folder.rglob("*")) if path.is_file()}


class Work(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(dir=FOLDER.name))

    def made(self, name="run", **options):
        return made_run.Run(self.root / name, **options).make()

    def until(self, server, check, seconds=30):
        deadline = time.monotonic() + seconds
        while True:
            now = server.get("version")
            if check(now):
                return now
            self.assertLess(time.monotonic(), deadline, now)
            time.sleep(0.1)


class Serving(Work):
    def test_refuses_other_hosts_pages_secrets_and_methods(self):
        with Server("view", self.made()) as server:
            for name in ("", "version", "data"):
                path = f"/{server.secret}/{name}"
                for code, headers in (
                    (403, {"Host": "example.com"}), (403, {"Host": f"127.0.0.1:{server.port + 1}"}), (403, {"Origin": "http://example.com"}),
                    (403, {"Origin": "null"}), (403, {"Sec_Fetch_Site": "cross-site"}),
                ):
                    answer, text = server.ask("GET", path, **headers)
                    self.assertEqual(answer.status, code, (name, headers))
                    self.assertNotIn("improved", text)
                    self.assertIsNone(answer.getheader("Access-Control-Allow-Origin"))
                self.assertEqual(server.ask("GET", f"/{'0' * 32}/{name}")[0].status, 404)
                self.assertEqual(server.ask("GET", f"/{name}")[0].status, 404)
            self.assertEqual(server.post("decide", {})[0].status, 404, "there is nothing to decide")
            answer, text = server.ask("GET", f"/{server.secret}/")
            self.assertIn("frame-ancestors 'none'", answer.getheader("Content-Security-Policy"))
            self.assertEqual(answer.getheader("Cache-Control"), "no-store")
            self.assertNotIn(server.secret, text)
            policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)[1]
            self.assertIn("default-src 'none'", policy)
            self.assertIn("connect-src 'self'", policy)
            self.assertNotIn("unsafe", policy)
            server.process.send_signal(signal.SIGINT)
            self.assertEqual(server.process.wait(20), 130)

    def test_says_what_is_wrong(self):
        run = self.made()
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            for words, code, expected in (
                ([self.root / "nosuch"], 2, "no such folder"), ([self.root], 2, "holds no run"), ([run / "run.json"], 2, "expected the folder"),
                ([run, "--port", "x"], 2, "0 to 65535"), ([run, "--port", "70000"], 2, "0 to 65535"),
                ([run, "--port", taken.getsockname()[1]], 3, "cannot listen on port"),
            ):
                with self.subTest(expected):
                    done = program.run(["view", *map(str, words)], cwd="/")
                    self.assertEqual(done.returncode, code, done.stderr)
                    self.assertIn(expected, done.stderr)
                    self.assertIn("fix: ", done.stderr)
                    self.assertEqual(done.stdout, "")

    def test_shows_the_same_as_the_report_and_changes_nothing(self):
        run = self.made()
        before = snapshot(run)
        with Server("view", run) as server:
            text = server.get()
            data = server.get("data")
            self.assertEqual(data["version"], server.get("version")["version"])
        self.assertEqual(snapshot(run), before)
        report = program.run(["report", str(run), "--out", "-"], cwd="/").stdout
        block = lambda page: json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)[1])  # noqa: E731
        self.assertEqual(block(text), block(report))
        self.assertEqual(data["blocks"]["data"], block(report))
        self.assertEqual(data["status"]["condition"], "finished")

    def test_of_runs_of_each_condition_and_kind(self):
        young = self.root / "young"  # no iteration, no result, no configuration yet
        made_run.write(young / "events.jsonl", "")
        stopped = self.made("stopped")
        result = json.loads((stopped / "run.json").read_text())
        made_run.write(stopped / "run.json", {**result, "error": {"code": "budget", "message": "all is spent", "where": "", "mend": "raise --max-usd"}})
        lost = self.made("lost")
        (lost / "run.json").unlink()
        words = ["eval", program.SOURCE / "skills/table-reports", "-m", "sim:demo", "--limit", "3", "--run", "eval", "-q"]
        self.assertEqual(program.run(words, cwd=self.root, timeout=120).returncode, 0)
        for run, condition, of, ended in (
            (young, "interrupted", None, None), (stopped, "stopped", "optimize", "all is spent"), (lost, "interrupted", "optimize", None), (self.root / "eval", "finished", "eval", "all tasks were run"),
        ):
            with self.subTest(run.name), Server("view", run) as server:
                status = server.get("version")["status"]
                self.assertEqual((status["condition"], status["of"], status["ended"]), (condition, of, ended))
                self.assertIn("<h1", server.get())

    def test_a_question_costs_little_where_nothing_changed_and_an_answer_is_new_where_it_did(self):
        run = self.made(iterations=4, train=20, text="t" * 2000)
        with Server("view", run) as server:
            first = self.until(server, lambda now: True)
            read = lambda: int(re.search(r"rchar: (\d+)", pathlib.Path(f"/proc/{server.process.pid}/io").read_text())[1])  # noqa: E731
            before = read()
            for _ in range(50):
                self.assertEqual(server.get("version"), first)
            self.assertLess((read() - before) / 50, 2000, "bytes for one question, its request among them")
            with open(run / "events.jsonl", "a", encoding="utf-8") as events:
                events.write(json.dumps({"schema": "skillgrad.event/1", "time": "2026-01-01T00:00:00Z", "event": "notice", "text": "news"}) + "\n")
            self.until(server, lambda now: now["version"] != first["version"])

    def test_tells_where_a_run_stands(self):
        run = self.root / "run"
        made_run.write(run / "config.json", {"schema": "skillgrad.config/1", "command": "optimize", "skill_path": "/x/made", "settings": {"gate": "balanced", "score_test": True}})
        events = run / "events.jsonl"
        made_run.write(events, "")
        tell = lambda **fields: made_run.write(events, events.read_text(encoding="utf-8") + json.dumps(fields) + "\n")  # noqa: E731
        rollout = lambda stage, status="pass": tell(event="rollout", stage=stage, status=status, score=1.0)  # noqa: E731
        with open(run / ".lock", "w", encoding="utf-8") as lock, Server("view", run) as server:
            fcntl.flock(lock, fcntl.LOCK_EX)
            status = lambda: server.get("version")["status"]  # noqa: E731
            rollout("base run")
            rollout("base run", "fail")
            now = status()
            self.assertEqual((now["condition"], now["tally"], now["rollouts"]), ("working", "1 pass, 1 fail, mean score 100.0 %", 2))
            self.assertIn("base run", now["stage"])
            self.assertIn("validation", now["next"])
            made_run.write(run / "plan.json", {"batches": [["a"], ["b"]], "splits": {"train": [], "val": [], "test": []}})
            rollout("iteration 1: execute")
            self.assertIn("batch", status()["stage"])
            made_run.write(run / "iter_001/losses.jsonl", "")
            self.assertIn("diagnosed", status()["stage"])
            made_run.write(run / "iter_001/gradients.jsonl", "")
            self.assertIn("patches are written", status()["stage"])
            rollout("iteration 1: gate")
            now = status()
            self.assertEqual((now["iteration"], now["iterations"], now["iterations_done"]), (1, 2, 0))
            self.assertIn("iteration 2", now["next"])
            self.assertEqual([part["state"] for part in now["parts"]], ["done", "done", "now", "ahead", "ahead"])
            tell(event="approval", iteration=1, state="asked")
            self.assertEqual(status()["asks"], 1)
            tell(event="approval", iteration=1, state="answered")
            self.assertIsNone(status()["asks"])
            tell(event="iteration", iteration=1, decision="accepted", reason="r", summary="s")
            self.assertEqual(status()["iterations_done"], 1)
            rollout("iteration 2: gate")
            self.assertIn("choice", status()["next"])
            rollout("test split")
            self.assertIn("release test", status()["stage"])
            self.assertEqual(status()["next"], "the result")

    def test_until_end_ends_with_the_run(self):
        run = self.made()
        # It had ended before: one page, which is told not to ask again, or a short wait for none.
        for loads in (True, False):
            with Server("view", run, "--until-end") as server:
                began = time.monotonic()
                if loads:
                    self.assertFalse(server.get("data")["again"])
                self.assertEqual(server.process.wait(30), 0)
                self.assertLess(time.monotonic() - began, 14, "the waits for a run at work are longer")
                if not loads:
                    self.assertGreater(time.monotonic() - began, 1.5, "time to load the page")
        with open(run / ".lock", "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with Server("view", run, "--until-end") as server:
                self.assertTrue(server.get("data")["again"])
                time.sleep(3)
                self.assertIsNone(server.process.poll(), "the run is at work")
                fcntl.flock(lock, fcntl.LOCK_UN)
                self.until(server, lambda now: not now["again"] or server.get("data") is None)
                self.assertEqual(server.process.wait(30), 0)
        result = json.loads((run / "run.json").read_text())
        made_run.write(run / "run.json", {**result, "error": {"code": "budget", "message": "spent", "where": "", "mend": "more"}})
        with Server("view", run, "--until-end") as server:
            server.get("data")
            time.sleep(0.2)
            self.assertEqual(server.process.wait(30), 3)


@unittest.skipUnless(browser.find(), "no Chromium")
class InBrowser(Work):
    def test_a_page_of_a_run_that_has_ended_stays_and_asks_no_more(self):
        run = self.made()
        with browser.Browser() as chromium, Server("view", run, "--until-end") as server:
            page = chromium.open(server.url)
            self.assertEqual(server.process.wait(30), 0)
            time.sleep(1.5)  # longer than the page waits between two questions
            self.assertIn("what you see stays", page.run("document.querySelector('.live').innerText"))
            self.assertEqual(page.run("document.documentElement.dataset.condition"), "finished")

    def test_follows_a_real_run_to_its_end(self):
        words = program.command(["demo", "--dir", "demo", "--quiet", "--max-iters", "2", "--sim-latency", "20", "--finalists", "0", "--no-prune"])
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.root), "LANG": "C.UTF-8"}
        run = self.root / "demo/run"
        with subprocess.Popen(words, cwd=self.root, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment) as worker:
            deadline = time.monotonic() + 60
            while not (run / "events.jsonl").exists():
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.02)
            with Server("view", run) as server, browser.Browser() as chromium:
                page = chromium.open(server.url)
                self.assertEqual(page.run("document.querySelectorAll('.step').length"), 0, "before its first iteration")
                page.run("window.stays = true")
                versions = {page.run("document.documentElement.dataset.version")}
                page.wait("document.querySelectorAll('.step').length === 1", 120)
                versions.add(page.run("document.documentElement.dataset.version"))
                self.assertIn("iteration", page.run("document.querySelector('.live .stage').textContent"))
                page.wait("document.documentElement.dataset.condition === 'finished'", 180)
                worker.communicate(timeout=60)
                page.wait("document.querySelectorAll('.step').length === 2", 30)
                saved = json.loads((run / "run.json").read_text())
                page.wait(f"document.getElementById('verdict-h').textContent.includes({json.dumps(saved['verdict']['verdict'])})")
                self.assertTrue(page.run("window.stays"), "without a reload")
                self.assertGreater(len(versions), 1)
                with tempfile.TemporaryDirectory() as shots:
                    page.shot(os.environ.get("SKILLGRAD_SHOTS", shots) + "/view.png")
                self.assertEqual([url for url in page.requests() if not url.startswith(server.url)], [])
                self.assertEqual(page.complaints(), [])
                server.process.send_signal(signal.SIGINT)
                self.assertEqual(server.process.wait(20), 130)

    def settled(self, page, expression):
        """Its value once half a second has not changed it: charts and lists are drawn after a page is there."""
        seen, since = page.run(expression), time.monotonic()
        while time.monotonic() - since < 0.5:
            time.sleep(0.05)
            now = page.run(expression)
            if now != seen:
                seen, since = now, time.monotonic()
        return seen

    def test_keeps_what_a_reader_did_while_hostile_text_comes_in(self):
        run = self.made(text=made_run.HOSTILE, iterations=3, train=40)
        rows = [json.dumps({"event": "iteration", **row}) for row in json.loads((run / "run.json").read_text(encoding="utf-8"))["iterations"]]
        shutil.move(run / "run.json", self.root / "run.json")
        with (run / "events.jsonl").open("a", encoding="utf-8") as events:
            events.write(rows[0] + "\n" + rows[1] + "\n")
        with open(run / ".lock", "w", encoding="utf-8") as lock, Server("view", run) as server, browser.Browser() as chromium:
            fcntl.flock(lock, fcntl.LOCK_EX)
            page = chromium.open(server.url)
            self.assertEqual(page.run("document.querySelectorAll('.step').length"), 2)
            page.run("document.getElementById('step-2').open = true")
            page.wait("document.querySelector('#step-2 .body') !== null")
            page.run("document.querySelector('#scores .legend button').click()")
            page.run("(node => { node.focus(); node.value = 'train-0'; node.dispatchEvent(new Event('input')); node.setSelectionRange(2, 5); })(document.getElementById('task-filter'))")
            page.run("document.querySelector('.heat-box').scrollTop = 40")
            shown = page.run("document.querySelectorAll('.heat tbody tr').length")
            page.run("document.getElementById('steps').scrollIntoView({behavior: 'instant'}); scrollBy({top: -40, behavior: 'instant'})")
            place = self.settled(page, "document.getElementById('step-2').getBoundingClientRect().top")
            old = page.run("document.documentElement.dataset.version")
            page.run("window.oldSteps = document.getElementById('steps'); window.oldTasks = document.getElementById('tasks'); window.oldPatterns = document.getElementById('patterns')")
            made_run.write(run / "iter_003/rollouts/train-999.0/loss.json", {**made_run.loss("train-999", "pass"), "feedback": made_run.HOSTILE})
            with (run / "events.jsonl").open("a", encoding="utf-8") as events:
                events.write(rows[2] + "\n")
            page.wait(f"document.documentElement.dataset.version !== '{old}'")
            page.wait("document.querySelectorAll('.step').length === 3")
            self.assertTrue(page.run("document.getElementById('step-2').open"))
            self.assertTrue(page.run("document.querySelector('#step-2 .body') !== null"))
            self.assertEqual(page.run("[document.activeElement.id, document.activeElement.value, document.activeElement.selectionStart, document.activeElement.selectionEnd]"), ["task-filter", "train-0", 2, 5])
            self.assertEqual(page.run("document.querySelectorAll('.heat tbody tr').length"), shown)
            self.assertEqual(page.run("document.querySelector('.heat-box').scrollTop"), 40)
            self.assertEqual(page.run("document.querySelector('#scores .legend button').getAttribute('aria-pressed')"), "false")
            page.wait(f"Math.abs(document.getElementById('step-2').getBoundingClientRect().top - {place}) < 4")  # once it is laid out
            self.assertEqual(page.run("[oldSteps.isConnected, oldTasks.isConnected]"), [False, False])
            self.assertNotIn(made_run.CANARY, page.run("document.title"))
            self.assertEqual(page.run("document.querySelectorAll('img, iframe, object, embed, link[rel=stylesheet]').length"), 0)
            shutil.move(self.root / "run.json", run / "run.json")
            fcntl.flock(lock, fcntl.LOCK_UN)
            page.wait("document.documentElement.dataset.condition === 'finished'")
            page.wait("document.getElementById('verdict-h').textContent.includes('improved')")
            self.assertNotIn(made_run.CANARY, page.run("document.title"))
            self.assertEqual([url for url in page.requests() if not url.startswith(server.url)], [])
            self.assertEqual(page.complaints(), [])

    def test_says_that_its_program_has_ended(self):
        with Server("view", self.made()) as server, browser.Browser() as chromium:
            page = chromium.open(server.url)
            server.process.send_signal(signal.SIGINT)
            server.process.wait(20)
            page.wait("document.documentElement.dataset.condition === 'gone'", 40)
            self.assertIn("has ended", page.run("document.querySelector('.live .problem').textContent"))

    def test_fits_a_phone(self):
        with Server("view", self.made(text=made_run.HOSTILE)) as server, browser.Browser() as chromium:
            for dark in (False, True):
                page = chromium.open(server.url, width=390, height=844, dark=dark)
                self.assertLessEqual(page.run("document.documentElement.scrollWidth"), 390)
                self.assertEqual(page.complaints(), [])


if __name__ == "__main__":
    unittest.main()
