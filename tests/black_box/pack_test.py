# SPDX-License-Identifier: MIT
"""`skillgrad pack`: one file, the same bytes for the same skill, which stands wherever a skill is asked for."""
import json
import pathlib
import shutil
import tempfile
import unittest
import zipfile

import json_schema
import program

SKILL = program.SOURCE / "skills/table-reports"


class Pack(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.root)

    def run_in(self, *words, code=0):
        done = program.run([*map(str, words)], cwd=self.root)
        self.assertEqual(done.returncode, code, done.stderr + done.stdout)
        return done

    def test_writes_equal_bytes_that_other_programs_read(self):
        first = self.run_in("pack", SKILL)
        self.assertRegex(first.stdout, r"\Atable-reports\.skill: \d+ bytes, sha256 [0-9a-f]{64}\n\Z")
        copy = self.root / "copy/table-reports"
        shutil.copytree(SKILL, copy)
        (copy / "skillgrad.json").write_text("{}")
        value = json.loads(self.run_in("pack", copy, "--out", "again.skill", "--json").stdout)
        self.assertEqual(json_schema.problems(value, json.loads(program.run(["schema", "pack"]).stdout)), [])
        self.assertEqual((self.root / "again.skill").read_bytes(), (self.root / "table-reports.skill").read_bytes())
        with zipfile.ZipFile(self.root / "again.skill") as archive:
            self.assertIsNone(archive.testzip())
            names = archive.namelist()
            self.assertEqual(archive.read("table-reports/SKILL.md"), (SKILL / "SKILL.md").read_bytes())
        self.assertEqual(names, sorted(names))
        self.assertFalse([name for name in names if "evals" in name or "skillgrad.json" in name])

    def test_is_read_wherever_a_skill_is_asked_for(self):
        self.run_in("pack", SKILL)
        self.assertIn("Valid skill", self.run_in("validate", "table-reports.skill").stdout)
        words = ["-m", "sim:demo", "-b", SKILL / "evals", "--limit", "3", "-q", "--json"]
        packed = json.loads(self.run_in("eval", "table-reports.skill", "--run", "a", *words).stdout)
        folder = json.loads(self.run_in("eval", SKILL, "--run", "b", *words).stdout)
        self.assertEqual([task["score"] for task in packed["tasks"]], [task["score"] for task in folder["tasks"]])

    def test_is_never_written_over(self):
        self.run_in("pack", SKILL)
        before = (self.root / "table-reports.skill").read_bytes()
        done = self.run_in("optimize", "table-reports.skill", "-m", "sim:demo", "-b", SKILL / "evals", "--in-place", "--max-iters", "1", code=2)
        self.assertIn("is an archive, which is not written over", done.stderr)
        self.assertEqual((self.root / "table-reports.skill").read_bytes(), before)

    def test_of_what_is_no_skill_is_refused(self):
        bad = self.root / "my-skill"
        bad.mkdir()
        (bad / "SKILL.md").write_text("---\nname: Other\ndescription: d\n---\n")
        self.assertIn("validate --explain N3", self.run_in("pack", bad, code=2).stderr)
        self.assertIn("ends in .skill", self.run_in("pack", SKILL, "--out", "x.zip", code=2).stderr)
        (self.root / "no.skill").write_text("not an archive")
        self.assertIn("is no zip archive", self.run_in("validate", "no.skill", code=2).stderr)
        self.assertEqual(sorted(path.name for path in self.root.iterdir()), ["my-skill", "no.skill"])


if __name__ == "__main__":
    unittest.main()
