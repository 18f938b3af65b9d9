# SPDX-License-Identifier: MIT
"""`optimize --approve`: a person decides about what the gate takes, in a terminal, on a page, and after stops and kills."""
import datetime
import functools
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

import browser
import json_schema
import program
from page_server import ADDRESS, Client, Terminal

FOLDER = tempfile.TemporaryDirectory()
PROMPT = "[a/r/e/c/s/b/q/?] "
# One iteration that the gate takes; small, since every test makes some of these runs.
WORDS = ["optimize", "skill", "-m", "sim:demo", "--max-iters", "1", "--limit", "8", "--no-test", "--finalists", "0", "--no-prune", "--candidates", "1", "--run", "run", "-q"]


def small_run():
    return [*WORDS, *program.kept_commands()]


def tearDownModule():
    FOLDER.cleanup()


@functools.cache
def schema(name):
    return json.loads(program.run(["schema", name]).stdout)


def differences(a, b):
    return subprocess.run(["diff", "-r", a, b], capture_output=True, text=True, check=False).stdout


class Work(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(dir=FOLDER.name))
        shutil.copytree(program.SOURCE / "skills/table-reports", self.root / "skill")
        self.folder = self.root / "run"
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(self.root), "LANG": "C.UTF-8"}

    def result(self):
        return json.loads((self.folder / "run.json").read_text())

    def events(self):
        return [json.loads(line) for line in (self.folder / "events.jsonl").read_text().splitlines()]

    def review(self):
        return json.loads((self.folder / "iter_001/review.json").read_text())

    def start(self, *words):
        """A process that serves the page, and the page."""
        worker = subprocess.Popen([program.BINARY, *words], cwd=self.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.environment)
        self.addCleanup(worker.stdout.close)
        self.addCleanup(worker.stderr.close)
        self.addCleanup(lambda: worker.poll() is None and (worker.kill(), worker.wait()))
        for line in worker.stderr:
            if ADDRESS.fullmatch(line.strip()):
                return worker, Client(line.strip())
        self.fail("no address was printed")

    def wait_for_patch(self, client, seconds=90):
        deadline = time.monotonic() + seconds
        while client.get("version")["status"]["asks"] is None or 'id="review"' not in client.get():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.1)
        return [hunk["id"] for hunk in self.review()["hunks"]]

    def decide(self, client, hunks, decision, **more):
        for hunk in hunks:
            answer, text = client.post("decide", {"id": hunk, "decision": decision, **more})
            self.assertEqual(answer.status, 200, text)

    def finish(self, worker, client, code=0):
        self.assertEqual(client.post("finish", {})[0].status, 200)
        out, err = worker.communicate(timeout=120)
        self.assertEqual(worker.returncode, code, err)
        return out


class Start(Work):
    def test_without_a_terminal_it_is_refused_and_the_mend_works(self):
        done = program.run([*small_run(), "--approve", "terminal"], cwd=self.root)
        self.assertEqual(done.returncode, 2)
        self.assertIn("no terminal", done.stderr)
        self.assertIn("--approve web", done.stderr)
        self.assertFalse(self.folder.exists(), "nothing was begun")
        worker, _ = self.start(*small_run(), "--approve", "web")
        worker.send_signal(signal.SIGINT)
        self.assertEqual(worker.wait(60), 130)

    def test_where_it_has_no_part_it_says_so(self):
        done = program.run([*small_run(), "--approve", "sometimes"], cwd=self.root)
        self.assertEqual(done.returncode, 2)
        self.assertIn("expected one of off, terminal, web", done.stderr)
        done = program.run(["config", "show", "--approve-port", "8000"], cwd=self.root)
        self.assertIn("approve_port", done.stdout)


class OnPage(Work):
    def test_all_accepted_is_accepted_as_it_was_measured(self):
        worker, client = self.start(*small_run(), "--approve", "web")
        hunks = self.wait_for_patch(client)
        self.assertEqual(client.post("finish", {})[0].status, 422, "all is open")
        self.decide(client, hunks, "accept")
        self.finish(worker, client)
        row = self.result()["iterations"][0]
        self.assertEqual((row["decision"], row["approval"]["outcome"], row["approval"]["hunks"]["accepted"], row["approval"]["by"]), ("accepted", "accepted", len(hunks), "a person"))
        self.assertIn("approved by a person", row["reason"])
        self.assertEqual(json_schema.problems(self.result(), schema("optimize")), [])
        self.assertFalse((self.folder / "iter_001/approved").exists())
        events = [event for event in self.events() if event["event"] == "approval"]
        self.assertEqual([event["state"] for event in events], ["asked", "answered"])
        for event in events:
            self.assertEqual(json_schema.problems(event, schema("event")), [])
        for path in self.folder.rglob("*"):
            if path.is_file():
                self.assertNotIn(client.secret, path.read_text(errors="replace"), path)
        plain = self.root / "plain"
        plain.mkdir()
        shutil.copytree(self.root / "skill", plain / "skill")
        self.assertEqual(program.run(WORDS, cwd=plain).returncode, 0)
        self.assertEqual(differences(self.folder / "best", plain / "run/best"), "", "as without a person")
        report = json.loads(program.run(["report", str(self.folder), "--json"], cwd="/").stdout)
        self.assertEqual(json_schema.problems(report, schema("report")), [])
        self.assertEqual(report["steps"][0]["approval"]["outcome"], "accepted")

    def test_all_rejected_is_rejected_and_the_next_patch_is_told_why(self):
        worker, client = self.start(*small_run(), "--approve", "web")
        hunks = self.wait_for_patch(client)
        self.decide(client, hunks, "reject", comment="we never do that")
        self.finish(worker, client)
        row = self.result()["iterations"][0]
        self.assertEqual((row["decision"], row["approval"]["outcome"]), ("rejected", "rejected"))
        self.assertIn("a person rejected it", row["reason"])
        self.assertIn("we never do that", row["reason"])
        state = json.loads((self.folder / "state.json").read_text())
        self.assertIn("we never do that", state["rejected"][0]["reason"])
        self.assertEqual(differences(self.folder / "best", self.folder / "initial/skill"), "")

    def test_a_changed_patch_is_measured_again(self):
        worker, client = self.start(*small_run(), "--approve", "web")
        hunks = self.wait_for_patch(client)
        before = sum(event["event"] == "rollout" for event in self.events())
        text = json.loads(client.get().split('id="review">')[1].split("</script>")[0])["hunks"][0]["text"]
        self.decide(client, hunks[:1], "edit", text=text + "Check it twice.\n")
        self.decide(client, hunks[1:], "reject")
        self.finish(worker, client)
        row = self.result()["iterations"][0]
        self.assertEqual(row["approval"]["outcome"], "changed")
        self.assertEqual(row["approval"]["hunks"], {"accepted": 0, "edited": 1, "rejected": len(hunks) - 1})
        self.assertIn("measured again: ", row["reason"])
        self.assertGreater(sum(event["event"] == "rollout" for event in self.events()), before, "new rollouts")
        approved = (self.folder / "iter_001/approved/skill/SKILL.md").read_text()
        self.assertIn("Check it twice.", approved)
        self.assertNotIn("Check it twice.", (self.folder / "iter_001/skill/SKILL.md").read_text())
        again = json.loads((self.folder / "iter_001/approved/gate.json").read_text())
        self.assertEqual((again["decision"], again["reason"]), (row["gate"]["decision"], row["gate"]["reason"]))
        if row["decision"] == "accepted":
            self.assertEqual((self.folder / "best/SKILL.md").read_text(), approved)
            shown = program.run(["diff", str(self.folder), "--iter", "1"], cwd="/").stdout
            self.assertIn("Check it twice.", shown)

    def test_other_gates_measure_a_changed_patch_again_too(self):
        worker, client = self.start(*small_run(), "--approve", "web", "--gate", "stored")
        hunks = self.wait_for_patch(client)
        text = json.loads(client.get().split('id="review">')[1].split("</script>")[0])["hunks"][0]["text"]
        self.decide(client, hunks, "accept")
        self.decide(client, hunks[:1], "edit", text=text + "Check it twice.\n")
        self.finish(worker, client)
        row = self.result()["iterations"][0]
        self.assertIn("measured again: ", row["reason"])
        self.assertTrue(any(event["event"] == "rollout" and event["path"].startswith("iter_001/gate_approved/") for event in self.events()))

    def test_a_kill_or_a_stop_while_it_waits_loses_nothing(self):
        worker, client = self.start(*small_run(), "--approve", "web")
        hunks = self.wait_for_patch(client)
        self.decide(client, hunks[:1], "accept", comment="good")
        worker.kill()
        worker.wait()
        self.assertEqual([hunk["decision"] for hunk in self.review()["hunks"]], ["accept"] + ["open"] * (len(hunks) - 1))
        worker, client = self.start("resume", "run", "-q")
        self.assertEqual(self.wait_for_patch(client), hunks)
        self.assertEqual(self.review()["hunks"][0]["comment"], "good")
        worker.send_signal(signal.SIGINT)
        _, err = worker.communicate(timeout=60)
        self.assertEqual(worker.returncode, 130, err)
        self.assertIn("resume", err)
        rollouts = sum(event["event"] == "rollout" for event in self.events())
        worker, client = self.start("resume", "run", "-q")
        hunks = self.wait_for_patch(client)
        self.decide(client, hunks, "accept")
        self.finish(worker, client)
        self.assertEqual(sum(event["event"] == "rollout" for event in self.events()), rollouts, "nothing was run twice")
        self.assertEqual(self.result()["iterations"][0]["approval"]["outcome"], "accepted")
        # What is decided is not asked again, here for the time before the iteration was saved.
        (self.folder / "state.json").unlink()
        (self.folder / "run.json").unlink()
        done = program.run(["resume", "run", "-q"], cwd=self.root)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.result()["iterations"][0]["approval"]["outcome"], "accepted")
        self.assertEqual([event["state"] for event in self.events() if event["event"] == "approval"], ["asked", "asked", "asked", "answered"])

    def waiting_run(self):
        """A run that was killed while it waited for the page."""
        worker, client = self.start(*small_run(), "--approve", "web")
        hunks = self.wait_for_patch(client)
        worker.kill()
        worker.wait()
        return hunks

    def test_a_resume_may_change_who_is_asked(self):
        hunks = self.waiting_run()
        shutil.copytree(self.folder, self.root / "copy")
        # A package of somebody who was killed before the decision was complete is not taken.
        shutil.copytree(self.folder / "iter_001/skill", self.folder / "iter_001/approved/skill")
        shutil.copy(self.folder / "iter_001/patch.json", self.folder / "iter_001/approved/patch.json")
        with (self.folder / "iter_001/approved/skill/SKILL.md").open("a") as skill:
            skill.write("Nobody approved this.\n")
        done = program.run(["resume", "run", "-q", "--approve", "off"], cwd=self.root)
        self.assertEqual(done.returncode, 0, done.stderr)
        row = self.result()["iterations"][0]
        self.assertEqual((row["decision"], row.get("approval")), ("accepted", None))
        self.assertNotIn("Nobody approved this.", (self.folder / "best/SKILL.md").read_text())
        shutil.rmtree(self.folder)
        shutil.copytree(self.root / "copy", self.folder)
        terminal = Terminal(["resume", "run", "-q"], cwd=self.root, NO_COLOR="1", SKILLGRAD_APPROVE="terminal")
        terminal.until(PROMPT, 90)
        terminal.say("q\n")
        self.assertEqual(terminal.end(), 130)
        terminal = Terminal(["resume", "run", "-q", "--approve", "terminal"], cwd=self.root, NO_COLOR="1")
        terminal.until(PROMPT, 90)
        terminal.say("A\n")
        self.assertEqual(terminal.end(), 0)
        self.assertEqual(self.result()["iterations"][0]["approval"]["hunks"]["accepted"], len(hunks))

    def test_a_resume_may_change_the_port(self):
        self.waiting_run()
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = str(taken.getsockname()[1])
            done = program.run(["resume", "run", "-q", "--approve-port", port], cwd=self.root)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(f"cannot listen on port {port}", done.stderr)
            self.assertIn("--approve-port", done.stderr)
        worker, client = self.start("resume", "run", "-q", "--approve-port", port)
        self.assertEqual(client.port, int(port))
        self.decide(client, self.wait_for_patch(client), "accept")
        self.finish(worker, client)

    def test_while_it_waits_a_review_elsewhere_is_refused(self):
        worker, client = self.start(*small_run(), "--approve", "web")
        hunks = self.wait_for_patch(client)
        for words in ([], ["--iter", "1"], ["--iter", "1", "--json"]):
            done = program.run(["review", "run", *words, "--accept", "all"], cwd=self.root)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn("the run waits for a decision about the patch of iteration 1", done.stderr)
            self.assertIn("skillgrad resume run --approve web", done.stderr)
        self.assertFalse((self.folder / "review.json").exists())
        self.assertEqual({hunk["decision"] for hunk in self.review()["hunks"]}, {"open"})
        self.decide(client, hunks, "accept")
        self.finish(worker, client)
        self.assertEqual(program.run(["review", "run", "--accept", "all"], cwd=self.root).returncode, 0, "it does not ask any more")

    def test_what_was_decided_and_is_damaged_is_asked_again(self):
        worker, client = self.start(*small_run(), "--approve", "web")
        hunks = self.wait_for_patch(client)
        self.decide(client, hunks, "reject", comment="no")
        self.finish(worker, client)
        (self.folder / "state.json").unlink()
        (self.folder / "run.json").unlink()
        (self.folder / "iter_001/approval.json").write_text("{")
        done = program.run(["resume", "run", "-q"], cwd=self.root)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("approval.json", done.stderr)
        self.assertIn("with --approve the question is asked again", done.stderr)
        self.assertNotIn("calls/", done.stderr)
        (self.folder / "iter_001/approval.json").unlink()
        worker, client = self.start("resume", "run", "-q")
        self.assertEqual(self.wait_for_patch(client), hunks)
        self.assertEqual({hunk["comment"] for hunk in self.review()["hunks"]}, {"no"}, "what was decided is kept")
        self.finish(worker, client)
        self.assertEqual(self.result()["iterations"][0]["approval"]["outcome"], "rejected")

    def test_equal_decisions_give_equal_bytes(self):
        kept = []
        for _ in range(2):
            worker, client = self.start(*small_run(), "--approve", "web")
            hunks = self.wait_for_patch(client)
            self.decide(client, hunks, "reject", comment="no")
            self.finish(worker, client)
            kept.append([(self.folder / name).read_bytes() for name in ("state.json", "iter_001/approval.json", "iter_001/review.json", "best/SKILL.md")])
            shutil.rmtree(self.folder)
        self.assertEqual(kept[0], kept[1])

    def test_waiting_is_no_time_of_the_run(self):
        worker, client = self.start(*small_run(), "--approve", "web", "--max-time", "60s")
        hunks = self.wait_for_patch(client, 55)
        began = json.loads((self.folder / "events.jsonl").read_text().splitlines()[0])["time"]
        elapsed = time.time() - datetime.datetime.fromisoformat(began.replace("Z", "+00:00")).timestamp()
        time.sleep(max(0, 62 - elapsed))
        text = json.loads(client.get().split('id="review">')[1].split("</script>")[0])["hunks"][0]["text"]
        self.decide(client, hunks, "accept")
        self.decide(client, hunks[:1], "edit", text=text + "Check it twice.\n")
        self.finish(worker, client)
        self.assertIn("measured again", self.result()["iterations"][0]["reason"])

    def test_refuses_what_breaks_a_rule_and_other_pages(self):
        worker, client = self.start(*small_run(), "--approve", "web")
        hunks = self.wait_for_patch(client)
        accept = {"id": hunks[0], "decision": "accept"}
        self.assertEqual(client.post("decide", accept, Origin="http://example.com")[0].status, 403)
        self.assertEqual(client.post("decide", accept, Origin=None)[0].status, 403)
        self.assertEqual(client.post("decide", {"id": "H99", "decision": "accept"})[0].status, 422)
        self.assertEqual({hunk["decision"] for hunk in self.review()["hunks"]}, {"open"})
        worker.send_signal(signal.SIGINT)
        worker.communicate(timeout=60)

    @unittest.skipUnless(browser.find(), "no Chromium")
    def test_in_a_browser_a_page_whose_run_was_stopped_says_how_to_go_on(self):
        worker, client = self.start(*small_run(), "--approve", "web")
        self.wait_for_patch(client)
        with browser.Browser() as chromium:
            page = chromium.open(client.url)
            page.wait("document.documentElement?.dataset.review === 'true'", 120)
            worker.kill()
            worker.wait()
            page.run("document.getElementById('finish').click()")
            page.wait("document.querySelector('.review-bar .problem').textContent.includes('`skillgrad resume RUN`')")
            self.assertNotIn("skillgrad review", page.run("document.querySelector('.review-bar .problem').textContent"))

    @unittest.skipUnless(browser.find(), "no Chromium")
    def test_in_a_browser_the_page_follows_asks_and_follows_again(self):
        worker, client = self.start(*small_run(), "--approve", "web")
        with browser.Browser() as chromium:
            page = chromium.open(client.url)
            page.wait("document.documentElement?.dataset.review === 'true'", 120)
            text = page.run("document.getElementById('verdict').innerText")
            for part in ("Iteration 1: the gate took this patch, and the run waits for you", "better with chance", "measured again"):
                self.assertIn(part, text)
            with tempfile.TemporaryDirectory() as shots:
                page.shot(os.environ.get("SKILLGRAD_SHOTS", shots) + "/approve.png")
            self.assertGreater(page.run("document.querySelectorAll('[data-hunk]').length"), 0)
            page.run("document.getElementById('accept-open').click()")
            page.wait("document.querySelector('.review-bar [role=status]').textContent.includes('decided') && !document.querySelector('.review-bar [role=status]').textContent.includes('open')")
            page.run("document.getElementById('finish').click()")
            page.wait("document.documentElement?.dataset.finished === 'true' || document.querySelector('.live') !== null")
            out, err = worker.communicate(timeout=120)
            self.assertEqual(worker.returncode, 0, err)
            self.assertEqual([url for url in page.requests() if not url.startswith(client.url)], [])
        self.assertEqual(self.result()["iterations"][0]["approval"]["outcome"], "accepted")


class InTerminal(Work):
    def test_takes_decisions_and_leaves_stdout_to_the_result(self):
        words = [word for word in small_run() if word != "-q"]
        terminal = Terminal([*words, "--approve", "terminal"], cwd=self.root, NO_COLOR="1")
        shown = terminal.until(PROMPT, 90)
        for part in ("iteration 1: the gate took this patch", "gate: ", "H1 of "):
            self.assertIn(part, shown)
        terminal.say("c\n")
        terminal.until("comment: ")
        terminal.say("not ours\n")
        terminal.until(PROMPT)
        terminal.say("q\n")
        self.assertEqual(terminal.end(), 130)
        self.assertIn("resume", terminal.all)
        again = Terminal(["resume", "run"], cwd=self.root, NO_COLOR="1")
        self.assertIn("comment: not ours", again.until(PROMPT, 90))
        count = len(self.review()["hunks"])
        for at in range(count):
            again.say("r\n")
            if at + 1 < count:
                again.until(PROMPT)
        self.assertEqual(again.end(), 0)
        row = self.result()["iterations"][0]
        self.assertEqual(row["decision"], "rejected")
        self.assertIn("H1: not ours", row["reason"])

    def test_ctrl_c_saves_and_asks_again(self):
        terminal = Terminal([*small_run(), "--approve", "terminal"], cwd=self.root, NO_COLOR="1")
        terminal.until(PROMPT, 90)
        terminal.say("\x03")
        self.assertEqual(terminal.end(), 130)
        again = Terminal(["resume", "run", "-q"], cwd=self.root, NO_COLOR="1")
        again.until(PROMPT, 90)
        again.say("A\n")
        self.assertEqual(again.end(), 0)
        self.assertEqual(self.result()["iterations"][0]["approval"]["outcome"], "accepted")


if __name__ == "__main__":
    unittest.main()
