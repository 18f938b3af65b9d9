# SPDX-License-Identifier: MIT
"""A folder of skills in one run: a planted contradiction is found and mended, and no skill's own tasks are harmed."""
import json
import pathlib
import shutil
import tempfile
import unittest

import json_schema
import program

SKILL = """---
name: {name}
description: {description}
---

# {title}

## Opening

- {opening}

## Dates

- {dates}

## Pitfalls

- The file holds the text and nothing else.
"""
INVOICES = {"name": "invoices", "title": "Invoices", "description": "Writes to customers about money for the office. Use it for bills.",
            "opening": "Begin with the word INVOICE.", "dates": "Write each date as `YYYY-MM-DD`."}
LETTERS = {"name": "letters", "title": "Letters", "description": "Writes to customers for the office about money or anything else.",
           "opening": "Begin with the word LETTER.", "dates": "Write each date as `DD.MM.YYYY`."}
CONFLICT, ALIKE, OVERLAP = "conflict-invoices-letters-date-write", "conflict-invoices-letters-begin-word", "overlap-invoices-letters"


def lesson(slug, rule, taught, contradicted=None):
    out = {"slug": slug, "kind": "operation", "heading": f"About {slug}", "label": f"the rule of {slug} not kept",
           "diagnosis": f"The text does not keep the rule of {slug}.", "success": f"This run kept the rule of {slug}.",
           "rule": rule, "weak_rule": "Take care.", "taught_when": [[taught]]}
    return out | ({"contradicted_when": [[contradicted]]} if contradicted else {})


LESSONS = [lesson("iso", "Write each date as `YYYY-MM-DD`.", "yyyy-mm-dd", "dd.mm.yyyy"),
           lesson("local", "Write each date as `DD.MM.YYYY`.", "dd.mm.yyyy", "yyyy-mm-dd"),
           lesson("invoice", "Begin with the word INVOICE.", "word invoice"), lesson("letter", "Begin with the word LETTER.", "word letter")]


class Office:
    """Two skills with tasks of their own, and tasks that need both: `cover` of them in each split for one of the others. `own_date`: the
    lesson that the letters' own tasks need besides."""

    def __init__(self, own_date=None, cover=1):
        self.root = pathlib.Path(tempfile.mkdtemp())
        self.skills, self.plays = self.root / "skills", []
        for skill in (INVOICES, LETTERS):
            (self.skills / skill["name"] / "evals").mkdir(parents=True)
            (self.skills / skill["name"] / "SKILL.md").write_text(SKILL.format(**skill))
        (self.skills / "README.md").write_text("Nobody's skill.\n")
        (self.skills / "evals").mkdir()
        self.tasks("invoices/evals", "invoices.", ["invoices"], ["invoice", "iso"])
        self.tasks("letters/evals", "letters.", ["letters"], ["letter", own_date] if own_date else ["letter"])
        self.tasks("evals", "", ["invoices", "letters"], ["iso"], cover)
        self.write_scenario()

    def tasks(self, folder, prefix, skills, lessons, times=1):
        lines = []
        for split, count in (("train", 4), ("val", 6), ("test", 10)):
            for i in range(times * count):
                name = f"{split}-{i}" if prefix else f"cover-{split}-{i}"
                lines.append({"id": name, "split": split, "input": f"Write <{prefix}{name}>.", "target": "2024-03-01", "grader": {"type": "exact"}})
                self.plays.append({"id": prefix + name, "match": f"<{prefix}{name}>", "skills": skills, "lessons": lessons, "right": "right.sh", "wrong": {"*": "wrong.sh"}})
        (self.skills / folder / "tasks.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))

    def write_scenario(self):
        sim = self.root / "sim"
        sim.mkdir()
        (sim / "right.sh").write_text("printf '%s' 2024-03-01\n")
        (sim / "wrong.sh").write_text("printf '%s' 01.03.2024\n")
        (sim / "scenario.json").write_text(json.dumps({"schema": "skillgrad.sim-scenario/1", "name": "office", "benchmark": "records", "lessons": LESSONS, "tasks": self.plays}))

    def run(self, command, *words):
        return program.run([command, *map(str, words)], cwd=self.root)

    def optimize(self, *words):
        return self.run("optimize", "skills", "-m", "sim:sim", "--json", "-q", *words)

    def files(self):
        return {path.relative_to(self.skills).as_posix(): path.read_bytes() for path in self.skills.rglob("*") if path.is_file()}


class Several(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.office = Office()
        cls.addClassCleanup(shutil.rmtree, cls.office.root)
        cls.before = cls.office.files()
        cls.preview = cls.office.run("optimize", "skills", "-m", "sim:sim", "--dry-run", "--json")
        cls.done = cls.office.optimize()

    def value(self):
        self.assertEqual(self.done.returncode, 0, self.done.stderr)
        return json.loads(self.done.stdout)

    def test_the_contradiction_is_found_and_mended_and_nobody_is_harmed(self):
        value = self.value()
        self.assertEqual(json_schema.problems(value, json.loads(program.run(["schema", "optimize"]).stdout)), [])
        self.assertEqual(value["verdict"]["verdict"], "improved")
        # Of the others no task shows that they do harm, so nothing is changed for them.
        self.assertEqual([(one["slug"], one["state"]) for one in value["conflicts"]], [(ALIKE, "left"), (CONFLICT, "mended"), (OVERLAP, "left")])
        self.assertEqual([side["text"] for side in value["conflicts"][1]["sides"]], [INVOICES["dates"], LETTERS["dates"]])
        invoices, letters = value["skills"]
        self.assertEqual([(one["skill"], one["changed"]) for one in value["skills"]], [("invoices", False), ("letters", True)])
        # What both are needed for was wrong, and is nobody's own.
        for one in (invoices, letters):
            self.assertEqual((one["test"]["n"], one["test"]["before"], one["test"]["after"], one["test"]["broken"], one["verdict"]), (10, 1, 1, 0, "not shown"))
        self.assertEqual((value["test"]["fixed"], value["test"]["broken"]), (10, 0))
        own = [row for row in value["test"]["detail"]["after"]["tasks"] if "." in row["task_id"]]
        self.assertEqual((len(own), {row["status"] for row in own}), (20, {"pass"}))
        best = pathlib.Path(value["best"]["path"])
        self.assertIn(INVOICES["dates"], (best / "letters/SKILL.md").read_text())
        self.assertNotIn("DD.MM.YYYY", (best / "letters/SKILL.md").read_text())
        self.assertEqual((best / "invoices/SKILL.md").read_bytes(), self.before["invoices/SKILL.md"])
        self.assertEqual(self.office.files(), self.before, "only --in-place edits")

    def test_the_agent_sees_all_skills_and_loads_what_the_task_needs(self):
        run = pathlib.Path(self.value()["run"])
        loaded = {name: (run / f"base/rollouts/{name}.0/skill_text.md").read_text() for name in ("cover-train-0", "letters.train-0")}
        self.assertIn("## invoices/SKILL.md", loaded["cover-train-0"])
        self.assertIn("## letters/SKILL.md", loaded["cover-train-0"])
        self.assertNotIn("invoices/SKILL.md", loaded["letters.train-0"])
        loss = json.loads((run / "base/rollouts/cover-train-0.0/loss.json").read_text())
        self.assertEqual(loss["signs"]["skills"], ["invoices", "letters"])

    def test_the_memory_has_the_conflict_and_the_patch_says_that_it_is_about_it(self):
        run = pathlib.Path(self.value()["run"])
        kept = next(one["iteration"] for one in self.value()["iterations"] if one["decision"] == "accepted")
        patch = json.loads((run / f"iter_{kept:03d}/patch.json").read_text())
        self.assertEqual([edit["skill"] for edit in patch["edits"]], ["letters"])
        self.assertEqual([one["pattern"] for one in patch["addressed"]], [CONFLICT])
        self.assertIn(f"## {CONFLICT} (mixed)", (run / "momentum_memory.md").read_text())
        self.assertIn("remedy", (run / "momentum_memory.md").read_text().split(f"## {CONFLICT}")[1].split("\n## ")[0])
        effects = self.value()["iterations"][kept - 1]["gate"]["skills"]
        self.assertEqual([(one["skill"], one["broken"], one["harmed"]) for one in effects], [("invoices", 0, False), ("letters", 0, False)])

    def test_a_preview_says_what_conflicts_and_sends_nothing(self):
        self.assertEqual(self.preview.returncode, 0, self.preview.stderr)
        value = json.loads(self.preview.stdout)
        self.assertEqual(json_schema.problems(value, json.loads(program.run(["schema", "estimate"]).stdout)), [])
        self.assertIn("invoices and letters may contradict each other", self.preview.stderr + self.preview.stdout)

    def test_an_equal_command_says_the_same_and_runs_nothing(self):
        again = self.office.optimize()
        self.assertEqual(again.returncode, 0, again.stderr)
        value = json.loads(again.stdout)
        self.assertTrue(value["nothing_run"])
        for key in ("skills", "conflicts", "verdict", "iterations"):
            self.assertEqual(value[key], self.value()[key])

    def test_what_a_run_made_can_be_seen_applied_and_taken_back(self):
        run = self.value()["run"]
        self.assertIn("+++ b/letters/SKILL.md", self.office.run("diff", run).stdout)
        report = self.office.run("report", run, "--format", "md")
        self.assertEqual(report.returncode, 0, report.stderr)
        self.assertIn("skill letters: changed; its own 10 test tasks: 100.0 % before, 100.0 % after, 0 fixed, 0 broken: not shown", report.stdout)
        self.assertIn("mended: invoices and letters may contradict each other", report.stdout)
        live = self.office.root / "copy"
        shutil.copytree(self.office.skills, live)
        applied = self.office.run("apply", run, "--to", live, "--json")
        self.assertEqual(applied.returncode, 0, applied.stderr)
        self.assertEqual(json.loads(applied.stdout)["files"], ["letters/SKILL.md"])
        self.assertIn("YYYY-MM-DD", (live / "letters/SKILL.md").read_text())
        self.assertEqual((live / "README.md").read_text(), "Nobody's skill.\n")
        kept = next(one["iteration"] for one in self.value()["iterations"] if one["decision"] == "accepted")
        undone = self.office.run("apply", run, "--to", live, "--undo", kept)
        self.assertEqual(undone.returncode, 0, undone.stderr)
        self.assertEqual((live / "letters/SKILL.md").read_bytes(), self.before["letters/SKILL.md"])
        history = self.office.run("history", live)
        self.assertEqual(history.returncode, 0, history.stderr)

    def test_a_folder_of_skills_is_scored_as_a_whole(self):
        done = self.office.run("eval", "skills", "-m", "sim:sim", "--split", "val", "--json", "-q")
        self.assertEqual(done.returncode, 0, done.stderr)
        value = json.loads(done.stdout)
        self.assertEqual((value["n_planned"], round(value["score"], 4)), (18, round(12 / 18, 4)))

    def test_two_folders_of_skills_are_compared(self):
        done = self.office.run("compare", "skills", self.value()["best"]["path"], "-m", "sim:sim", "--split", "val", "--json", "-q")
        self.assertEqual(done.returncode, 0, done.stderr)
        value = json.loads(done.stdout)
        self.assertEqual((value["verdict"], len(value["fixed"]), len(value["broken"])), ("better", 6, 0))

    def test_a_run_is_no_folder_of_skills(self):
        done = self.office.run("optimize", self.value()["run"], "-m", "sim:sim")
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("/best", done.stderr)
        self.assertIn("is the folder of a run", done.stderr)

    def test_commands_for_one_skill_say_so(self):
        for words in (["pack", "skills"], ["triggers", "skills", "-m", "sim:sim"], ["transfer", "skills", "--models", "sim:sim"]):
            with self.subTest(words):
                done = self.office.run(*words)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn("2 packages, one is expected: invoices, letters", done.stderr)

    def test_several_models_are_for_one_skill(self):
        # Nothing answers at that address: it is said before an endpoint is asked or a folder is made.
        for more in ([], ["--dry-run"]):
            done = self.office.run("optimize", "skills", "-m", "a", "--models", "a,b", "--base-url", "http://127.0.0.1:9/v1", "--run", "models", *more)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn("leave --models out, or give one of the skills, such as " + str(self.office.root / "skills/invoices"), done.stderr)
            self.assertFalse((self.office.root / "models").exists())

    def test_one_patch_mends_both_sides_and_counts_as_one(self):
        edits = [{"op": "edit_text", "skill": "letters", "path": "SKILL.md", "old": LETTERS["dates"], "new": "Write each date as `YYYY-MM-DD`, as invoices do."},
                 {"op": "set_description", "skill": "letters", "text": "Talks to people by post. Use it for a letter; a bill is the work of invoices."},
                 {"op": "set_description", "skill": "invoices", "text": "Makes bills. Whatever else is sent by post is the work of letters."},
                 {"op": "edit_text", "skill": "invoices", "path": "invoices/SKILL.md", "old": INVOICES["dates"], "new": INVOICES["dates"][:-1] + ", in letters, too."}]
        (self.office.root / "both.json").write_text(json.dumps({"schema": "skillgrad.patch/1", "summary": "One form of date.", "edits": edits,
                                                                "addressed": [{"pattern": CONFLICT, "anchor": "letters/dates", "reason": "They said two things."}]}))
        done = self.office.optimize("--run", "both", "--max-iters", "1", "--no-test", "--patcher", json.dumps({"name": "command", "run": ["cat", "both.json"]}))
        self.assertEqual(done.returncode, 0, done.stderr)
        value = json.loads(done.stdout)
        self.assertEqual([one["decision"] for one in value["iterations"]], ["accepted"])
        self.assertEqual([one["changed"] for one in value["skills"]], [True, True])
        self.assertEqual([one["verdict"] for one in value["skills"]], ["not tested", "not tested"])
        states = {one["slug"]: one["state"] for one in value["conflicts"]}
        self.assertEqual((states[CONFLICT], states[OVERLAP], states[ALIKE]), ("mended", "mended", "left"))
        hunks = json.loads(self.office.run("diff", "both", "--json").stdout)["hunks"]
        self.assertEqual(sorted((hunk["file"], hunk["anchor"]) for hunk in hunks),
                         [("invoices/SKILL.md", "invoices/dates"), ("invoices/SKILL.md", "invoices/front matter"), ("letters/SKILL.md", "letters/dates"), ("letters/SKILL.md", "letters/front matter")])
        live = self.office.root / "half"
        shutil.copytree(self.office.skills, live)
        of_invoices = ",".join(hunk["id"] for hunk in hunks if hunk["file"].startswith("invoices"))
        decided = self.office.run("review", "both", "--accept", "all", "--reject", of_invoices)
        self.assertEqual(decided.returncode, 0, decided.stderr)
        applied = self.office.run("apply", "both", "--review", "both/review.json", "--to", live)
        self.assertEqual(applied.returncode, 0, applied.stderr)
        self.assertEqual((live / "invoices/SKILL.md").read_bytes(), self.before["invoices/SKILL.md"])
        self.assertIn("as invoices do", (live / "letters/SKILL.md").read_text())

    def test_no_patch_makes_a_skill(self):
        made = {"schema": "skillgrad.patch/1", "summary": "A new one.", "addressed": [],
                "edits": [{"op": "write_file", "skill": "memos", "path": "references/x.md", "text": "# X\n"}]}
        (self.office.root / "patch.json").write_text(json.dumps(made))
        done = self.office.optimize("--run", "made", "--max-iters", "1", "--no-test", "--patcher", json.dumps({"name": "command", "run": ["cat", "patch.json"]}))
        self.assertNotEqual(done.returncode, 0)
        self.assertIn('there is no skill "memos"', done.stdout + done.stderr)
        self.assertIn("for a person to decide", done.stdout + done.stderr)
        self.assertEqual(sorted(path.name for path in (self.office.root / "made/best").iterdir()), ["evals", "invoices", "letters"])


class Harm(unittest.TestCase):
    def test_what_helps_the_whole_and_harms_one_skill_is_refused(self):
        office = Office(own_date="local", cover=4)
        self.addCleanup(shutil.rmtree, office.root)
        done = office.optimize("--max-iters", "2", "--no-test")
        self.assertEqual(done.returncode, 0, done.stderr)
        value = json.loads(done.stdout)
        harmed = [one for one in value["iterations"] if one["reason"].startswith("harms letters (its own 6 validation tasks: 1.00 before, 0.00 after, worse with chance ")]
        self.assertTrue(harmed, [one["reason"] for one in value["iterations"]])
        for one in harmed:
            self.assertEqual(one["decision"], "rejected")
            self.assertEqual([(effect["skill"], effect["broken"], effect["harmed"]) for effect in one["gate"]["skills"]], [("invoices", 0, False), ("letters", 6, True)])
            self.assertGreater(one["gate"]["after"], one["gate"]["before"], "the whole came out better")
        self.assertEqual([one["changed"] for one in value["skills"]], [False, False])
        self.assertEqual([one["state"] for one in value["conflicts"]], ["left"] * 3)


if __name__ == "__main__":
    unittest.main()
