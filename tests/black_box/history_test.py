# SPDX-License-Identifier: MIT
"""`skillgrad history`: each line of a skill is given to the run, iteration and person that produced it."""
import json
import pathlib
import shutil
import tempfile
import unittest

import json_schema
import program

INITIAL = "---\nname: notes\ndescription: Writes notes. Use when asked for notes.\n---\n\n# Notes\n\n- Be brief.\n- Keep order.\n\n## Dates\n\n- Any form.\n"


def package(folder, text, **files):
    folder.mkdir(parents=True)
    (folder / "SKILL.md").write_text(text, encoding="utf-8")
    for name, content in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)


def run_of(folder, initial, steps, best=None, finished="2026-01-01T00:00:00Z", **facts):
    """A finished run of optimize by hand. `steps`: (decision, skill text, patterns by anchor)."""
    package(folder / "initial/skill", initial)
    config = {"schema": "skillgrad.config/1", "command": "optimize", "skill_path": "/nowhere/notes", "skill_folder": "notes", "settings": {}, **facts}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    iterations, last = [], 0
    for number, (decision, text, patterns) in enumerate(steps, 1):
        place = folder / f"iter_{number:03}"
        package(place / "skill", text)
        addressed = [{"pattern": pattern, "anchor": anchor, "reason": "r"} for anchor, pattern in patterns.items()]
        (place / "patch.json").write_text(json.dumps({"addressed": addressed}), encoding="utf-8")
        iterations.append({"iteration": number, "decision": decision})
        if decision == "accepted":
            last, best_text = number, text
    package(folder / "best", best if best is not None else best_text if last else initial)
    result = {"command": "optimize", "skill": "notes", "finished_at": finished, "iterations": iterations, "best": {"iteration": last}, "verdict": {"name": "not tested", "line": "not tested: no test split"}}
    (folder / "run.json").write_text(json.dumps(result), encoding="utf-8")
    return folder


class History(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.root)
        self.runs = self.root / "skillgrad-runs"
        self.runs.mkdir()

    def skill(self, text, **files):
        shutil.rmtree(self.root / "notes", ignore_errors=True)
        package(self.root / "notes", text, **files)

    def history(self, *words, code=0):
        done = program.run(["history", "notes", *map(str, words)], cwd=self.root)
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def lines(self, *words):
        value = json.loads(self.history("--json", *words).stdout)
        schema = json.loads(program.run(["schema", "history"]).stdout)
        self.assertEqual(json_schema.problems(value, schema), [])
        return {row["text"]: (pathlib.Path(row["run"]).name, row["iteration"], row["patterns"]) for file in value["files"] for row in file["of_runs"]}, value

    def test_of_two_runs_one_after_the_other(self):
        first = INITIAL.replace("- Any form.\n", "- Any form.\n- Write dates as ISO.\n")
        second = first.replace("- Be brief.\n", "- Be brief.\n- Name the source.\n")
        third = second.replace("- Keep order.\n", "- Keep order of time.\n")
        run_of(self.runs / "a", INITIAL, [("accepted", first, {"dates": "date-form"}), ("rejected", first + "- Bad.\n", {"dates": "bad"}), ("accepted", second, {"notes": "sources"})])
        run_of(self.runs / "b", second, [("accepted", third, {"notes": "order"})], finished="2026-02-01T00:00:00Z")
        self.skill(third + "- Mine.\n")
        rows, value = self.lines()
        self.assertEqual(rows, {"- Write dates as ISO.": ("a", 1, ["date-form"]), "- Name the source.": ("a", 3, ["sources"]), "- Keep order of time.": ("b", 1, ["order"])})
        self.assertEqual((value["from_runs"], value["lines"]), (3, third.count("\n") + 1))
        self.assertEqual([(pathlib.Path(run["run"]).name, run["produced"], run["remaining"]) for run in value["runs"]], [("b", 1, 1), ("a", 2, 2)])
        text = self.history().stdout
        self.assertRegex(text, r"\A3 of \d+ lines of notes came from 2 runs\n")
        self.assertRegex(text, r"(?m)^ *\d+  2:1 date-form  - Write dates as ISO\.$")

    def test_what_was_edited_or_taken_back_is_nobodys(self):
        first = INITIAL + "- One.\n"
        second = first + "- Two.\n- Three.\n"
        run_of(self.runs / "a", INITIAL, [("accepted", first, {}), ("accepted", second, {})], best=second.replace("- One.\n", ""))
        self.skill(INITIAL + "- Two!\n- Three.\n")
        rows, value = self.lines()
        self.assertEqual(rows, {"- Three.": ("a", 2, [])})
        self.assertEqual(value["runs"][0]["produced"], 2)

    def test_blank_lines_alone_are_no_sign_of_a_run(self):
        run_of(self.runs / "a", INITIAL, [("accepted", INITIAL + "\n- One.\n\n- Two.\n", {})])
        self.skill(INITIAL + "\n- Other.\n\n- Lines.\n")
        rows, value = self.lines()
        self.assertEqual((rows, value["runs"]), ({}, []))

    def test_a_run_that_was_written_over_the_skill_comes_before_a_newer_one(self):
        text = INITIAL + "- One.\n"
        run_of(self.runs / "applied", INITIAL, [("accepted", text, {})])
        (self.runs / "applied/replaced").mkdir()
        run_of(self.runs / "newer", INITIAL, [("accepted", text, {})], finished="2026-05-01T00:00:00Z")
        self.skill(text)
        rows, value = self.lines()
        self.assertEqual(rows, {"- One.": ("applied", 1, [])})
        self.assertTrue(value["runs"][0]["written"])

    def test_a_damaged_run_is_named_and_the_others_count(self):
        run_of(self.runs / "good", INITIAL, [("accepted", INITIAL + "- One.\n", {})])
        bad = run_of(self.runs / "bad", INITIAL, [("accepted", INITIAL + "- One.\n", {})])
        shutil.rmtree(bad / "best")
        run_of(self.runs / "other", INITIAL, [("accepted", INITIAL + "- One.\n", {})], skill_folder="others")
        self.skill(INITIAL + "- One.\n")
        done = self.history("--json")
        self.assertIn("a run is left out", done.stderr)
        value = json.loads(done.stdout)
        self.assertEqual([pathlib.Path(run["run"]).name for run in value["runs"]], ["good"])
        self.assertEqual(len(value["notes"]), 1)

    def test_line_ends_say_nothing_about_who_wrote_a_line(self):
        text = INITIAL + "- One.\n"
        run_of(self.runs / "a", INITIAL, [("accepted", text, {})])
        self.skill(text)
        (self.root / "notes/SKILL.md").write_bytes(text.replace("\n", "\r\n").encode())
        rows, _ = self.lines()
        self.assertEqual(rows, {"- One.": ("a", 1, [])})

    def test_hostile_text_is_inert_and_other_files_are_read(self):
        run_of(self.runs / "a", INITIAL, [("accepted", INITIAL + "- \x1b[2J\u202eevil\n", {})])
        self.skill(INITIAL + "- \x1b[2J\u202eevil\n", references__a_md=b"x\n", data_bin=b"\0\1")
        done = self.history()
        self.assertNotIn("\x1b", done.stdout)
        self.assertNotIn("\u202e", done.stdout)
        self.assertIn("nothing of a run is in: references/a_md", done.stdout)

    def test_what_is_missing_is_said(self):
        self.skill(INITIAL)
        self.assertIn("there is no such folder of runs", self.history("--runs", "nowhere", code=2).stderr)
        self.assertEqual(self.history().stdout.splitlines()[0], f"0 of {INITIAL.count(chr(10))} lines of notes came from 0 runs")

    def test_what_a_review_and_apply_made_of_a_real_run(self):
        done = program.run(["demo", "--dir", "d", "--max-iters", "2", "-q", "--json"], cwd=self.root, timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr)
        run = pathlib.Path(json.loads(done.stdout)["run"])
        diff = json.loads(program.run(["diff", str(run), "--json"], cwd=self.root).stdout)
        hunk = next(one for one in diff["hunks"] if one["kind"] == "lines" and any(line.startswith("+") for line in one["lines"]))
        changed = [i for i, line in enumerate(hunk["lines"]) if line[0] != " "]
        new_text = "".join(line[1:] for line in hunk["lines"][changed[0] : changed[-1] + 1] if line[0] != "-")
        program.run(["review", str(run), "--accept", "all"], cwd=self.root)
        review = json.loads((run / "review.json").read_text())
        decided = next(one for one in review["hunks"] if one["id"] == hunk["id"])
        decided.update(decision="edit", text=new_text.rstrip("\n") + "\n- Ask when in doubt.\n")
        (run / "review.json").write_text(json.dumps(review))
        applied = program.run(["apply", str(run), "--review", str(run / "review.json"), "--json"], cwd=self.root)
        self.assertEqual(applied.returncode, 0, applied.stderr)
        skill = json.loads(applied.stdout)["skill"]
        shown = json.loads(program.run(["history", skill, "--runs", str(run.parent), "--json"], cwd=self.root).stdout)
        rows = [row for file in shown["files"] for row in file["of_runs"]]
        by_person = [row for row in rows if row["by"] == "person"]
        self.assertEqual([row["text"] for row in by_person], ["- Ask when in doubt."])
        added = sorted(line[1:].rstrip("\n") for one in diff["hunks"] for line in one["lines"] if line.startswith("+") and line[1:].strip())
        self.assertEqual(sorted(row["text"] for row in rows if row["by"] == "run" and row["text"].strip()), added)
        self.assertTrue(all(row["patterns"] for row in rows if row["by"] == "run" and row["text"].strip()), rows)


if __name__ == "__main__":
    unittest.main()
