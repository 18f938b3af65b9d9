# SPDX-License-Identifier: MIT
"""`skillgrad selfcheck`: every check holds, and fails when the part that it checks is switched off."""
import json
import pathlib
import tempfile
import unittest

import json_schema
import program

MENDS, HARM, NEUTRAL, CLAIM, LEAK, BROKEN, ALWAYS = range(7)


def selfcheck(folder, *options):
    done = program.run(["selfcheck", "--dir", "d", "--json", *options], cwd=folder, timeout=240)
    return done, json.loads(done.stdout)


class Selfcheck(unittest.TestCase):
    def failed(self, *options):
        with tempfile.TemporaryDirectory() as folder:
            done, value = selfcheck(folder, *options)
        self.assertEqual(len(value["checks"]), 7)
        out = {number for number, row in enumerate(value["checks"]) if row["ok"] is False}
        self.assertEqual(done.returncode, 1 if out else 0, done.stderr)
        self.assertEqual(value["ok"], not out)
        return out

    def test_holds_and_says_so_in_its_schema(self):
        with tempfile.TemporaryDirectory() as folder:
            done, value = selfcheck(folder)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertEqual([row["ok"] for row in value["checks"]], [True] * 7)
            self.assertEqual(json_schema.problems(value, json.loads(program.run(["schema", "selfcheck"]).stdout)), [])
            self.assertTrue(value["simulation"])
            # Another one begins anew in the folder of the first; a folder of somebody else's is left alone.
            pathlib.Path(folder, "d/mend/run.json").write_text("{}")
            self.assertEqual(selfcheck(folder, "--gate", "loose")[1]["checks"][MENDS]["ok"], True)
            pathlib.Path(folder, "mine").mkdir()
            pathlib.Path(folder, "mine/file").write_text("text")
            refused = program.run(["selfcheck", "--dir", "mine"], cwd=folder)
            self.assertEqual(refused.returncode, 2)
            self.assertIn("--dir", refused.stderr)
            self.assertTrue(pathlib.Path(folder, "mine/file").exists())

    def test_without_a_patcher_no_flaw_is_mended(self):
        nothing = json.dumps({"schema": "skillgrad.patch/1", "edits": [], "addressed": [], "summary": ""})
        stage = json.dumps({"name": "command", "run": ["sh", "-c", f"cat >/dev/null; echo '{nothing}'"]})
        self.assertEqual(self.failed("--patcher", stage), {MENDS})

    def test_without_a_gate_harm_and_what_changes_nothing_are_kept(self):
        self.assertEqual(self.failed("--gate", "none") - {MENDS}, {HARM, NEUTRAL})

    def test_without_a_release_test_nothing_is_shown(self):
        self.assertEqual(self.failed("--no-test"), {MENDS, CLAIM})

    def test_without_a_look_at_the_measurement_nothing_is_noticed(self):
        self.assertEqual(self.failed("--force"), {BROKEN, ALWAYS})

    def test_what_it_may_cost_is_bounded_in_all(self):
        with tempfile.TemporaryDirectory() as folder:
            done = program.run(["selfcheck", "--dir", "d", "--max-calls", "400"], cwd=folder, timeout=240)
            self.assertEqual(done.returncode, 4, done.stdout + done.stderr)
            calls = sum(len(path.read_text().splitlines()) for path in pathlib.Path(folder, "d").glob("*/calls/replies.jsonl"))
            self.assertLessEqual(calls, 410)
            # What was stopped goes on, with a higher limit.
            again = program.run(["selfcheck", "--dir", "d"], cwd=folder, timeout=240)
            self.assertEqual(again.returncode, 0, again.stdout + again.stderr)


if __name__ == "__main__":
    unittest.main()
