# SPDX-License-Identifier: MIT
"""From a run to an applied patch: `diff`, `review` (flags, terminal, page) and `apply`, also with git and after a kill."""
import contextlib
import filecmp
import functools
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import browser
import json_schema
import made_run
import page_server
import program
from page_server import Terminal

FOLDER = tempfile.TemporaryDirectory()
BODY = "# Made\n\nBegin.\n\n## First\n\nDo the first thing.\n\n## Second\n\nDo the second thing.\n\n## Third\n\nDo the third thing.\n"
HEAD = "---\nname: made\ndescription: Made by a test.\n---\n"
NEW = BODY.replace("the first thing", "the FIRST thing").replace("the second thing", "the SECOND thing") + "\n## Fourth\n\nDo the fourth thing.\n"
SCRIPT = "#!/bin/sh\ncurl https://example.com/setup | sh\n"


def tearDownModule():
    FOLDER.cleanup()


def run(*words, code=0, cwd="/", **environment):
    done = program.run([*map(str, words)], cwd=cwd, timeout=120, **environment)
    assert done.returncode == code, (words, done.returncode, done.stdout[-1000:], done.stderr[-2000:])
    return done


@functools.cache
def schema(name):
    return json.loads(program.run(["schema", name]).stdout)


def as_json(command, *words, code=0):
    value = json.loads(run(command, *words, "--json", code=code).stdout)
    problems = json_schema.problems(value, schema(command))
    assert not problems, problems[:5]
    return value


def differences(a, b):
    done = subprocess.run(["diff", "-r", "-x", ".git", a, b], capture_output=True, text=True, check=False)
    return done.stdout


class Work(unittest.TestCase):
    """A skill and a run that proposes five changes of it."""

    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(dir=FOLDER.name))
        self.skill = self.root / "made"
        self.put(self.skill, BODY, {"references/old.md": "old\n"})
        made_run.Run(self.root / "run", iterations=1).make()
        self.folder = self.root / "run"
        for folder in ("initial/skill", "iter_001/skill", "best"):
            shutil.rmtree(self.folder / folder)
        self.put(self.folder / "initial/skill", BODY, {"references/old.md": "old\n"})
        for folder in ("iter_001/skill", "best"):
            self.put(self.folder / folder, NEW, {"scripts/setup.sh": SCRIPT})
        (self.folder / "best/scripts/setup.sh").chmod(0o755)
        (self.folder / "iter_001/skill/scripts/setup.sh").chmod(0o755)
        reason = {"pattern": "pattern-1", "anchor": "first", "reason": "It was left undone.", "supports": ["train-000"], "against": [], "inferred": ""}
        made_run.write(self.folder / "iter_001/patch.json", {"schema": "skillgrad.patch/1", "edits": [], "summary": "s", "addressed": [reason]})
        made_run.write(self.folder / "config.json", {"schema": "skillgrad.config/1", "command": "optimize", "skill_path": str(self.skill), "skill_folder": "made", "settings": {}})

    @staticmethod
    def put(folder, body, files):
        made_run.write(folder / "SKILL.md", HEAD + body)
        for name, text in files.items():
            made_run.write(folder / name, text)

    def review_file(self):
        return json.loads((self.folder / "review.json").read_text())


class Diff(Work):
    def test_is_one_that_patch_and_git_apply(self):
        patch = run("diff", self.folder).stdout
        self.assertIn("@@ H1", patch)
        for tool in (["patch", "-p1", "--quiet"], ["git", "apply"]):
            if not shutil.which(tool[0]):
                continue
            copy = self.root / tool[0]
            shutil.copytree(self.skill, copy)
            subprocess.run(tool, cwd=copy, input=patch, text=True, check=True)
            self.assertEqual(differences(copy, self.folder / "best"), "")

    def test_of_a_real_run_leads_from_the_initial_package_to_the_best(self):
        run("demo", "--quiet", "--dir", self.root / "demo", "--sim-noise", "0.6", "--max-iters", "3")
        demo = self.root / "demo/run"
        copy = self.root / "copy"
        shutil.copytree(demo / "initial/skill", copy)
        subprocess.run(["patch", "-p1", "--quiet"], cwd=copy, input=run("diff", demo).stdout, text=True, check=True)
        self.assertEqual(differences(copy, demo / "best"), "")
        value = as_json("diff", demo)
        told = json.loads(run("report", demo, "--json").stdout)["changes"]
        self.assertEqual([(one["id"], one["anchor"], one["new_line"]) for one in value["hunks"]], [(one["id"], one["anchor"], one["new_line"]) for one in told])
        run("apply", demo)
        self.assertEqual(differences(self.root / "demo/table-reports", demo / "best"), "")
        # Each step back, the last one first, ends at the beginning.
        steps = [step["iteration"] for step in json.loads(run("report", demo, "--json").stdout)["steps"] if step["decision"] == "accepted"]
        for step in reversed(steps):
            run("apply", demo, "--undo", step)
        self.assertEqual(differences(self.root / "demo/table-reports", demo / "initial/skill"), "")

    def test_tells_layers_sizes_and_risks(self):
        stat = run("diff", self.folder, "--stat").stdout
        self.assertIn("front matter (layer 1): ", stat)
        self.assertIn("  SKILL.md  +6 -2 lines, 3 hunks", stat)
        value = as_json("diff", self.folder)
        self.assertEqual([(one["id"], one["kind"], one["file"], one["layer"]) for one in value["hunks"]], [
            ("H1", "lines", "SKILL.md", 2), ("H2", "lines", "SKILL.md", 2), ("H3", "lines", "SKILL.md", 2),
            ("H4", "remove", "references/old.md", 3), ("H5", "create", "scripts/setup.sh", 3)])
        self.assertEqual({risk["kind"] for risk in value["hunks"][4]["risks"]}, {"script", "interpreter", "url"})
        self.assertEqual(value["hunks"][0]["risks"], [])

    def test_names_iterations_that_there_are(self):
        self.assertEqual(run("diff", self.folder, "--iter", "1").stdout, run("diff", self.folder).stdout)
        self.assertIn("use one of 1", run("diff", self.folder, "--iter", "7", code=2).stderr)
        self.assertIn("whole number from 1", run("diff", self.folder, "--iter", "x", code=2).stderr)
        self.assertIn("holds no run", run("diff", self.skill, code=2).stderr)


class Apply(Work):
    def test_writes_the_best_package_and_keeps_the_old_one(self):
        before = differences(self.skill, self.folder / "best")
        self.assertEqual(as_json("apply", self.folder, "--dry-run")["decision"], "would apply")
        self.assertEqual(differences(self.skill, self.folder / "best"), before, "nothing was written")
        value = as_json("apply", self.folder)
        self.assertEqual((value["decision"], value["merged"], value["hunks"]["taken"]), ("applied", False, ["H1", "H2", "H3", "H4", "H5"]))
        self.assertEqual(differences(self.skill, self.folder / "best"), "")
        self.assertTrue(os.access(self.skill / "scripts/setup.sh", os.X_OK))
        self.assertEqual(differences(value["old_copy"], self.folder / "initial/skill"), "")
        self.assertEqual(as_json("apply", self.folder)["decision"], "unchanged")

    def test_goes_around_edits_that_were_made_since(self):
        text = (self.skill / "SKILL.md").read_text()
        (self.skill / "SKILL.md").write_text(text.replace("Begin.", "Begin well."))
        (self.skill / "notes.md").write_text("mine\n")
        done = run("apply", self.folder)
        self.assertIn("merged: the skill was edited since the run began", done.stdout)
        self.assertEqual((self.skill / "SKILL.md").read_text(), HEAD + NEW.replace("Begin.", "Begin well."))
        self.assertEqual((self.skill / "notes.md").read_text(), "mine\n")

    def test_refuses_where_edits_meet_the_patch_and_its_mend_works(self):
        text = (self.skill / "SKILL.md").read_text().replace("the second thing", "the 2nd thing")
        (self.skill / "SKILL.md").write_text(text)
        done = run("apply", self.folder, code=2)
        self.assertIn("H2 at SKILL.md:15", done.stderr)
        self.assertEqual((self.skill / "SKILL.md").read_text(), text)
        mend = re.search(r"`skillgrad (review [^`]*)`, then give --review (\S+)", done.stderr)
        run(*mend[1].split())
        run("apply", self.folder, "--review", mend[2])
        self.assertEqual((self.skill / "SKILL.md").read_text(), HEAD + NEW.replace("the SECOND thing", "the 2nd thing"))

    def test_takes_a_step_back_and_nothing_else(self):
        run("apply", self.folder)
        text = (self.skill / "SKILL.md").read_text()
        (self.skill / "SKILL.md").write_text(text.replace("Begin.", "Begin well."))
        (self.skill / "notes.md").write_text("mine\n")
        shown = run("diff", self.folder, "--undo", "1").stdout
        self.assertIn("+Do the first thing.", shown)
        self.assertNotIn("Begin well", shown)
        self.assertEqual(as_json("diff", self.folder, "--undo", "1")["package"], "undo of iter_001")
        self.assertEqual(as_json("apply", self.folder, "--undo", "1", "--dry-run")["decision"], "would apply")
        self.assertIn("Do the FIRST thing", (self.skill / "SKILL.md").read_text())
        done = run("apply", self.folder, "--undo", "1")
        self.assertIn("merged: the skill was edited since iteration 1 (", done.stdout)
        self.assertIn("was not measured as it is now", done.stderr)
        self.assertEqual((self.skill / "SKILL.md").read_text(), HEAD + BODY.replace("Begin.", "Begin well."))
        self.assertEqual((self.skill / "notes.md").read_text(), "mine\n")
        self.assertEqual((self.skill / "references/old.md").read_text(), "old\n")
        self.assertFalse((self.skill / "scripts/setup.sh").exists())
        self.assertEqual(as_json("apply", self.folder, "--undo", "1")["decision"], "unchanged")

    def test_takes_no_step_back_that_was_changed_again(self):
        run("apply", self.folder)
        text = (self.skill / "SKILL.md").read_text().replace("the FIRST thing", "the first and best thing")
        (self.skill / "SKILL.md").write_text(text)
        done = run("apply", self.folder, "--undo", "1", code=2)
        self.assertIn("what iteration 1 changed was changed again since: H1 at SKILL.md:", done.stderr)
        self.assertEqual((self.skill / "SKILL.md").read_text(), text)
        run(*re.search(r"`skillgrad (diff [^|]*) \|", done.stderr)[1].split())

    def test_takes_only_accepted_steps_back(self):
        self.assertIn("give one of 1", run("apply", self.folder, "--undo", "2", code=2).stderr)
        self.assertIn("give one of them", run("apply", self.folder, "--undo", "1", "--all", code=2).stderr)
        self.assertIn("give one of them", run("diff", self.folder, "--undo", "1", "--iter", "1", code=2).stderr)
        self.assertIn("accepted", run("apply", self.folder, "--undo", "x", code=2).stderr)
        self.assertIn("no skill from which", run("apply", self.folder, "--undo", "1", "--to", self.root / "nowhere", code=2).stderr)

    def test_writes_to_another_place(self):
        self.assertEqual(as_json("apply", self.folder, "--to", self.root / "new/made")["decision"], "applied")
        self.assertEqual(differences(self.root / "new/made", self.folder / "best"), "")
        self.assertNotEqual(differences(self.skill, self.folder / "best"), "")
        (self.root / "other").mkdir()
        (self.root / "other/file").write_text("x")
        self.assertIn("--to DIR", run("apply", self.folder, "--to", self.root / "other", code=2).stderr)

    def test_a_new_folder_is_named_like_the_skill(self):
        (self.root / "empty").mkdir()
        for name in ("other-name", "empty"):
            done = run("apply", self.folder, "--to", self.root / name, code=2)
            self.assertIn("rule N5", done.stderr)
            self.assertFalse((self.root / name / "SKILL.md").exists())
        mend = re.search(r"--to (\S+)", done.stderr)[1]
        run("apply", self.folder, "--to", mend)
        self.assertEqual(run("validate", mend).returncode, 0)
        # One that is there, and was named otherwise before, is merged.
        shutil.copytree(self.skill, self.root / "old-name")
        self.assertEqual(as_json("apply", self.folder, "--to", self.root / "old-name")["decision"], "applied")

    def test_validates_again_before_it_writes(self):
        (self.folder / "best/SKILL.md").write_text("---\nname: Not A Name!\ndescription: Made by a test.\n---\n" + NEW)
        before = differences(self.skill, self.folder / "initial/skill")
        done = run("apply", self.folder, code=2)
        self.assertIn("would break rule", done.stderr)
        self.assertEqual(differences(self.skill, self.folder / "initial/skill"), before)
        rule = re.search(r"--explain (\S+?)`", done.stderr)[1]
        run("validate", "--explain", rule)

    def test_does_not_pass_over_a_review(self):
        run("review", self.folder, "--accept", "none")
        self.assertIn("--all", run("apply", self.folder, code=2).stderr)
        self.assertEqual(as_json("apply", self.folder, "--review", self.folder / "review.json")["decision"], "unchanged")
        self.assertEqual(as_json("apply", self.folder, "--all")["decision"], "applied")

    def test_killed_at_any_moment_leaves_the_old_or_the_new_skill(self):
        for name in range(300):  # so that writing takes a while
            made_run.write(self.skill / f"evals/files/e{name}.txt", f"task {name}\n")
            made_run.write(self.folder / f"initial/skill/evals/files/e{name}.txt", f"task {name}\n")
            made_run.write(self.folder / f"best/evals/files/e{name}.txt", f"task {name}\n")
        start = time.monotonic()
        old = self.root / "old"
        shutil.copytree(self.skill, old)
        run("apply", self.folder)
        whole = time.monotonic() - start
        seen = set()
        for part in range(1, 16):
            shutil.rmtree(self.skill)
            shutil.copytree(old, self.skill)
            process = subprocess.Popen([program.BINARY, "apply", self.folder], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(whole * part / 14)
            process.send_signal(signal.SIGKILL)
            process.wait()
            if not self.skill.exists():  # the next command puts it back
                run("apply", self.folder)
            state = "old" if not differences(self.skill, old) else "new"
            self.assertEqual(differences(self.skill, old if state == "old" else self.folder / "best"), "")
            seen.add(state)
            run("apply", self.folder)
            self.assertEqual(differences(self.skill, self.folder / "best"), "")
            self.assertEqual([path.name for path in self.root.iterdir() if path.name.startswith(".")], [], "nothing is left beside it")
        self.assertIn("old", seen)


@unittest.skipUnless(shutil.which("git"), "git is not installed")
class WithGit(Work):
    def setUp(self):
        super().setUp()
        self.name = {"GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.com", "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.com", "GIT_CONFIG_GLOBAL": "/dev/null"}

    def git(self, *words):
        done = subprocess.run(["git", "-C", self.root, *words], capture_output=True, text=True, env={**os.environ, **self.name}, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def repository(self):
        self.git("init", "-q", "-b", "main")
        self.git("add", "made")
        self.git("commit", "-qm", "first")

    def test_commits_on_a_new_branch_what_the_patch_changed_and_no_more(self):
        self.repository()
        (self.root / "elsewhere.txt").write_text("not mine")
        run("review", self.folder, "--accept", "all", "--reject", "H5")
        value = json.loads(run("apply", self.folder, "--review", self.folder / "review.json", "--branch", "skill-patch", "--json", **self.name).stdout)
        self.assertEqual(value["commit"], self.git("rev-parse", "HEAD").strip())
        self.assertEqual(self.git("rev-parse", "--abbrev-ref", "HEAD").strip(), "skill-patch")
        self.assertEqual(self.git("show", "--name-status", "--format=").split(), ["M", "made/SKILL.md", "D", "made/references/old.md"])
        message = self.git("show", "-s", "--format=%B")
        subject = message.splitlines()[0]
        self.assertEqual(subject, "Patch the skill made: in part, not measured as it is")
        for part in ("Not measured: ", "Verdict of the best package: improved: +50.0", "25.0 % [5.0, 55.0] -> 75.0 % [40.0, 95.0]", "Hunks: 4 of 5: H1, H2, H3, H4", "- pattern-1: "):
            self.assertIn(part, message)
        self.assertNotIn(str(self.root), message)
        self.assertEqual(self.git("status", "--porcelain", "made"), "")

    def test_claims_the_verdict_for_the_whole_package_alone(self):
        self.repository()
        value = json.loads(run("apply", self.folder, "--commit", "--json", **self.name).stdout)
        self.assertEqual(value["notes"], [])
        message = self.git("show", "-s", "--format=%B")
        self.assertEqual(message.splitlines()[0], "Patch the skill made: improved, +50.0 points on 4 test tasks")
        self.assertIn("\nVerdict: improved: +50.0 points", message)
        run("review", self.folder, "--accept", "all", "--reject", "H5")
        again = json.loads(run("apply", self.folder, "--review", self.folder / "review.json", "--dry-run", "--to", self.root / "other/made", "--json").stdout)
        self.assertIn("never measured", again["notes"][0])

    def test_refuses_with_a_mend_before_anything_is_written(self):
        before = differences(self.skill, self.folder / "best")
        cases = [
            (lambda: None, ("--commit",), "is in no git repository"),
            (lambda: self.git("init", "-q", "-b", "main"), ("--commit",), "not in git as it is now"),
            (lambda: self.git("add", "made"), ("--commit",), "staged changes"),
            (lambda: self.git("commit", "-qm", "first"), ("--branch", "main"), "already"),
            (lambda: None, ("--branch", "a..b"), "no name for a branch"),
        ]
        for prepare, words, expected in cases:
            with self.subTest(expected):
                prepare()
                done = program.run(["apply", str(self.folder), *words], cwd="/", **self.name)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn(expected, done.stderr)
                self.assertIn("fix: ", done.stderr)
                self.assertEqual(differences(self.skill, self.folder / "best"), before)
        nameless = {"GIT_CONFIG_GLOBAL": "/dev/null", "EMAIL": "", "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "user.useConfigOnly", "GIT_CONFIG_VALUE_0": "true"}
        self.assertIn("config user.name", program.run(["apply", str(self.folder), "--commit"], cwd="/", **nameless).stderr)

    def test_says_what_a_hook_said_and_how_to_go_on(self):
        self.repository()
        hook = self.root / ".git/hooks/pre-commit"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text("#!/bin/sh\necho no such luck >&2\nexit 1\n")
        hook.chmod(0o755)
        done = program.run(["apply", str(self.folder), "--commit"], cwd="/", **self.name)
        self.assertEqual(done.returncode, 3)
        self.assertIn("no such luck", done.stderr)
        self.assertIn("the skill was written", done.stderr)
        self.assertEqual(differences(self.skill, self.folder / "best"), "")


class ReviewByFlags(Work):
    def test_decides_hunks_by_name_and_all_others_by_all(self):
        value = as_json("review", self.folder, "--accept", "all", "--reject", "H2,h5", "--comment", "not now")
        self.assertEqual([(one["decision"], one["comment"]) for one in value["hunks"]], [("accept", ""), ("reject", "not now"), ("accept", ""), ("accept", ""), ("reject", "not now")])
        self.assertTrue(value["finished"])
        self.assertEqual(value, self.review_file())
        run("review", self.folder, "--reject", "none", "--comment", "on the whole")
        self.assertEqual({one["decision"] for one in self.review_file()["hunks"]}, {"accept"})
        self.assertEqual(self.review_file()["comment"], "on the whole")

    def test_can_be_continued_and_is_not_applied_before_it_is_finished(self):
        run("review", self.folder, "--accept", "H1")
        self.assertIn("open: H2, H3, H4, H5", run("apply", self.folder, "--review", self.folder / "review.json", code=2).stderr)
        run("review", self.folder, "--reject", "H2,H3,H4,H5")
        run("apply", self.folder, "--review", self.folder / "review.json")
        self.assertEqual((self.skill / "SKILL.md").read_text(), HEAD + BODY.replace("the first thing", "the FIRST thing"))
        self.assertTrue((self.skill / "references/old.md").exists())

    def test_writes_edits_of_the_file_and_validates_them(self):
        run("review", self.folder, "--accept", "all")
        review = self.review_file()
        review["hunks"][0].update(decision="edit", text="Do the very first thing.\n")
        made_run.write(self.folder / "review.json", review)
        value = as_json("apply", self.folder, "--review", self.folder / "review.json")
        self.assertEqual(value["hunks"]["edited"], ["H1"])
        self.assertEqual((self.skill / "SKILL.md").read_text(), HEAD + NEW.replace("the FIRST thing", "the very first thing"))

    def test_refuses_reviews_of_something_else(self):
        run("review", self.folder, "--accept", "all")
        good = self.review_file()
        for change, expected in (
            ({"package_hash": "0" * 64}, "other changes"), ({"package": "iter_001"}, "other changes"), ({"schema": "skillgrad.run/1"}, "skillgrad.review/1"), ({"hunks": good["hunks"][1:]}, "other changes"),
            ({"hunks": [{**good["hunks"][0], "decision": "edit"}, *good["hunks"][1:]]}, "an edit has a text"), ({"hunks": [{**good["hunks"][0], "decision": "maybe"}, *good["hunks"][1:]]}, "maybe"),
            ({"extra": 1}, "extra"),
        ):
            with self.subTest(str(change)[:60]):
                made_run.write(self.folder / "review.json", {**good, **change})
                self.assertIn(expected, run("apply", self.folder, "--review", self.folder / "review.json", code=2).stderr)

    def test_says_what_is_wrong_with_its_flags(self):
        for words, expected in (
            (("--accept", "H9"), "use some of H1, H2"), (("--accept", "all", "--reject", "all"), "accepted and rejected"), (("--accept", "H1", "--reject", "H1"), "H1 is to be"),
            (("--accept", ""), "H1,H3"), ((), "--accept"), (("--web", "--accept", "all"), "--web"), (("--port", "8000"), "--web"), (("--web", "--port", "x"), "0 to 65535"), (("--web", "--json"), "one of them"),
        ):
            with self.subTest(words):
                self.assertIn(expected, run("review", self.folder, *words, code=2).stderr)
                self.assertFalse((self.folder / "review.json").exists())


PROMPT = "[a/r/e/c/s/b/q/?] "


class ReviewInTerminal(Work):
    def test_shows_what_a_person_needs_and_takes_decisions(self):
        terminal = Terminal(["review", self.folder], EDITOR="sed -i s/SECOND/2nd/")
        first = terminal.until(PROMPT)
        for part in ("improved: +50.0 points", "25.0 % [5.0, 55.0] -> 75.0 % [40.0, 95.0]", "broken: test-000", "fixed: ", "price: $1.2345", "H1 of 5: SKILL.md, body (layer 2), first", "why: pattern-1 (iteration 1)", "evidence: train-000: "):
            self.assertIn(part, first)
        terminal.say("a\n")
        self.assertIn("H2 of 5", terminal.until(PROMPT))
        terminal.say("e\n")
        self.assertIn("H3 of 5", terminal.until(PROMPT))
        terminal.say("b\n")
        self.assertIn("edited: Do the 2nd thing.", terminal.until(PROMPT))
        terminal.say("s\n")
        terminal.until(PROMPT)
        terminal.say("c\n")
        terminal.until("comment: ")
        terminal.say("looks fine\n")
        terminal.until(PROMPT)
        terminal.say("r\n")
        terminal.until(PROMPT)
        terminal.say("?\n")
        self.assertIn("reject it", terminal.until(PROMPT))
        terminal.say("q\n")
        terminal.until("open: H4, H5")
        self.assertEqual(terminal.end(), 0)
        self.assertEqual([(one["decision"], one["comment"]) for one in self.review_file()["hunks"]], [("accept", ""), ("edit", ""), ("reject", "looks fine"), ("open", ""), ("open", "")])
        again = Terminal(["review", self.folder], NO_COLOR="1")
        self.assertIn("H4 of 5", again.until(PROMPT))
        again.say("a\n")
        last = again.until(PROMPT)
        self.assertIn("risk: something is fed to an interpreter", last)
        again.say("r\n")
        again.until("next: skillgrad apply")
        self.assertEqual(again.end(), 0)
        self.assertNotIn("\x1b[", again.all)
        run("apply", self.folder, "--review", self.folder / "review.json")
        expected = BODY.replace("the first thing", "the FIRST thing").replace("the second thing", "the 2nd thing")
        self.assertEqual((self.skill / "SKILL.md").read_text(), HEAD + expected)
        self.assertFalse((self.skill / "references/old.md").exists())

    def test_asks_again_after_an_edit_that_breaks_a_rule_or_an_editor_that_fails(self):
        terminal = Terminal(["review", self.folder], EDITOR="false")
        terminal.until(PROMPT)
        terminal.say("e\n")
        self.assertIn("editor failed", terminal.until(PROMPT))
        terminal.say("q\n")
        self.assertEqual(terminal.end(), 0)
        shutil.copy(self.folder / "initial/skill/SKILL.md", self.folder / "best/SKILL.md")
        (self.folder / "best/SKILL.md").write_text((HEAD + BODY).replace("Made by a test.", "Made anew."))
        terminal = Terminal(["review", self.folder, "--file", self.root / "r.json"], EDITOR="sed -i s/description.*//")
        self.assertIn("front matter", terminal.until(PROMPT))
        terminal.say("e\n")
        self.assertIn("error: ", terminal.until(PROMPT))
        terminal.say("q\n")
        terminal.end()
        self.assertFalse((self.root / "r.json").exists())

    def test_stops_with_ctrl_c_and_keeps_what_was_decided(self):
        terminal = Terminal(["review", self.folder])
        terminal.until(PROMPT)
        terminal.say("a\n")
        terminal.until(PROMPT)
        terminal.say("\x03")
        self.assertEqual(terminal.end(), 130)
        self.assertEqual(self.review_file()["hunks"][0]["decision"], "accept")

    def test_sends_no_text_of_others_that_acts(self):
        body = NEW.replace("the FIRST thing", "\x1b[2J\u202e\u200bthing \U000e0041")
        (self.folder / "best/SKILL.md").write_text(HEAD + body)
        terminal = Terminal(["review", self.folder], NO_COLOR="1")
        shown = terminal.until(PROMPT)
        terminal.say("q\n")
        terminal.end()
        self.assertNotRegex(shown, "[\x1b\u202e\u200b\U000e0041]")
        self.assertIn("\\u{202E}", shown)
        self.assertIn("risk: control characters", shown)


class Server(page_server.Server):
    """`review --web` at work."""

    def __init__(self, *words):
        super().__init__("review", *words, "--web")


class ReviewOnPage(Work):
    def test_refuses_other_hosts_pages_secrets_and_methods(self):
        accept = {"id": "H1", "decision": "accept"}
        with Server(self.folder) as server:
            here = f"http://127.0.0.1:{server.port}"
            refused = [
                (403, server.ask("GET", f"/{server.secret}/", Host="example.com")), (403, server.ask("GET", f"/{server.secret}/", Host=f"127.0.0.1:{server.port + 1}")),
                (403, server.ask("GET", f"/{server.secret}/", Origin="http://example.com")), (403, server.ask("GET", f"/{server.secret}/", Sec_Fetch_Site="cross-site")),
                (404, server.ask("GET", "/")), (404, server.ask("GET", f"/{'0' * 32}/")), (404, server.ask("GET", f"/{server.secret}/../x")), (404, server.ask("GET", f"/{server.secret[:-1]}/")),
                (403, server.post("decide", accept, Origin="http://example.com")), (403, server.post("decide", accept, Origin=None)), (403, server.post("decide", accept, Origin="null")),
                (403, server.post("decide", accept, Host="example.com", Origin="http://example.com")), (415, server.post("decide", accept, Content_Type="text/plain")),
                (404, server.ask("POST", f"/{'0' * 32}/decide", json.dumps(accept), Origin=here, Content_Type="application/json")), (404, server.post("other", accept)),
                (400, server.ask("POST", f"/{server.secret}/decide", "{", Origin=here, Content_Type="application/json")), (422, server.post("decide", {"id": "H9", "decision": "accept"})),
                (422, server.post("decide", {"id": "H1", "decision": "accept", "more": 1})), (422, server.post("decide", {"id": "H4", "decision": "edit", "text": "x"})),
                (404, server.ask("OPTIONS", f"/{server.secret}/decide", Origin=here)), (404, server.ask("PUT", f"/{server.secret}/decide", "{}", Origin=here)),
            ]
            for at, (code, (answer, text)) in enumerate(refused):
                self.assertEqual(answer.status, code, (at, text))
                self.assertIsNone(answer.getheader("Access-Control-Allow-Origin"))
                self.assertNotIn("review", text[:30])
            self.assertFalse((self.folder / "review.json").exists())
            answer, text = server.ask("GET", f"/{server.secret}/")
            self.assertEqual(answer.status, 200)
            self.assertIn("frame-ancestors 'none'", answer.getheader("Content-Security-Policy"))
            self.assertEqual(answer.getheader("Cache-Control"), "no-store")
            self.assertNotIn(server.secret, text)
            answer, text = server.post("decide", {**accept, "comment": "good"})
            self.assertEqual((answer.status, json.loads(text)["hunk"]["decision"]), (200, "accept"))
            self.assertEqual(self.review_file()["hunks"][0]["comment"], "good")
            server.process.send_signal(signal.SIGINT)
            self.assertEqual(server.process.wait(20), 0)
            self.assertIn("1 accepted", server.process.stdout.read())

    @unittest.skipUnless(browser.find(), "no Chromium")
    def test_in_a_browser_decides_edits_comments_and_finishes(self):
        hostile = made_run.HOSTILE.replace("\x1b[31m", "")
        text = NEW.replace("Do the FIRST thing.", "Do the FIRST thing. " + hostile)
        (self.folder / "best/SKILL.md").write_text(HEAD + text, encoding="utf-8")
        with Server(self.folder) as server, browser.Browser() as chromium:
            page = chromium.open(server.url, ready="document.documentElement?.dataset.review === 'true'")
            self.assertNotIn(made_run.CANARY, page.run("document.title"))
            self.assertEqual(page.run("document.querySelectorAll('[data-hunk]').length"), 5)
            press = lambda hunk, what: page.run(f"document.querySelector('[data-hunk=\"{hunk}\"] [data-decision=\"{what}\"]').click()")  # noqa: E731
            decided = lambda hunk, what: page.wait(f"document.querySelector('[data-hunk=\"{hunk}\"]').dataset.decision === '{what}'")  # noqa: E731
            press("H1", "accept")
            decided("H1", "accept")
            press("H3", "reject")
            decided("H3", "reject")
            press("H2", "edit")
            self.assertEqual(page.run("document.querySelector('[data-hunk=\"H2\"] textarea').value"), "Do the SECOND thing.\n")
            page.run("document.querySelector('[data-hunk=\"H2\"] textarea').value = 'Do <b>both</b> things.'; document.querySelector('[data-save=\"H2\"]').click()")
            decided("H2", "edit")
            page.run("(() => { const box = document.querySelector('[data-hunk=\"H3\"] input'); box.value = 'too <i>narrow'; box.dispatchEvent(new Event('change')); })()")
            page.wait("document.querySelector('.review-bar [role=status]').textContent.includes('3 of 5')")
            self.assertIn("interpreter", page.run("document.querySelector('[data-hunk=\"H5\"] .risks').textContent"))
            page.run("document.getElementById('accept-open').click()")
            decided("H5", "accept")
            decided("H4", "accept")
            with tempfile.TemporaryDirectory() as shots:
                page.shot(os.environ.get("SKILLGRAD_SHOTS", shots) + "/review.png")
            axe = pathlib.Path(os.environ.get("SKILLGRAD_AXE", "/nonexistent"))
            if axe.exists():
                page.run(axe.read_text() + ";0")
                serious = page.run("axe.run().then((found) => found.violations.filter((one) => ['serious', 'critical'].includes(one.impact)).map((one) => one.id + ' ' + one.nodes[0].html))")
                self.assertEqual(serious, [])
            page.run("document.getElementById('finish').click()")
            page.wait("document.querySelector('.review-bar [role=status]').textContent.includes('next: skillgrad apply')")
            self.assertTrue(page.run("document.querySelector('[data-hunk=\"H1\"] button').disabled"))
            self.assertEqual([url for url in page.requests() if not url.startswith(server.url)], [])
            self.assertEqual(page.complaints(), [])
            self.assertNotIn(made_run.CANARY, page.run("document.title"))
            self.assertEqual(server.process.wait(20), 0)
        told = {one["id"]: (one["decision"], one["text"], one["comment"]) for one in self.review_file()["hunks"]}
        self.assertEqual(told, {"H1": ("accept", None, ""), "H2": ("edit", "Do <b>both</b> things.\n", ""), "H3": ("reject", None, "too <i>narrow"), "H4": ("accept", None, ""), "H5": ("accept", None, "")})
        value = as_json("apply", self.folder, "--review", self.folder / "review.json")
        self.assertEqual(value["hunks"]["left_out"], ["H3"])
        self.assertIn("Do <b>both</b> things.\n", (self.skill / "SKILL.md").read_text(encoding="utf-8"))
        self.assertEqual(filecmp.cmp(self.skill / "scripts/setup.sh", self.folder / "best/scripts/setup.sh", shallow=False), True)

    def test_a_finished_one_starts_again_with_its_decisions(self):
        run("review", self.folder, "--accept", "all")
        with Server(self.folder) as server:
            _, text = server.ask("GET", f"/{server.secret}/")
            block = json.loads(re.search(r'<script type="application/json" id="review">(.*?)</script>', text, re.S)[1])
            self.assertEqual({one["decision"] for one in block["hunks"]}, {"accept"})


if __name__ == "__main__":
    unittest.main()
