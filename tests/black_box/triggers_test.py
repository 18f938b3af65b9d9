# SPDX-License-Identifier: MIT
"""`skillgrad triggers`: rates are those of the agent's rule for choosing, and a broken measurement is no rate."""
import json
import pathlib
import shutil
import tempfile
import unittest

import json_schema
import note_skills
import program
from endpoint import Endpoint, tool_call

SHOULD = {"Write a note <a>": 0.9, "Take down what I say <b>": 0.8, "Leave a memo <c>": 0.7, "Jot this <d>": 0.6, "A note, please <e>": 1, "Put it on paper <f>": 0.5}
SHOULD_NOT = {"Sum the column <g>": 0.1, "Draw a cat <h>": 0, "Translate this <i>": 0.2, "Book a flight <j>": 0.05, "Read a note aloud <k>": 0.3, "Mail it <l>": 0}


def mean(values):
    return sum(values) / len(values)


class Folder:
    """A skill with queries, a neighbour, and a scenario with a rule for choosing."""

    def __init__(self, **choosing):
        self.root = pathlib.Path(tempfile.mkdtemp())
        self.skill = self.root / "skills/alpha"
        for name in ("alpha", "beta"):
            note_skills.write_skill(self.root / "skills" / name, taught=False)
        self.queries([{"id": f"q{i}", "query": query, "should_trigger": query in SHOULD} for i, query in enumerate([*SHOULD, *SHOULD_NOT])])
        scenario = note_skills.write_scenario(self.root / "sim", note_skills.task_ids("alpha"))
        rules = [{"match": query[-3:], "skill": "alpha", "chance": chance} for query, chance in (SHOULD | SHOULD_NOT).items()]
        scenario.write_text(json.dumps(json.loads(scenario.read_text()) | {"choosing": {"queries": rules, **choosing}}))
        self.model = f"sim:{scenario}"

    def queries(self, value):
        (self.skill / "evals/triggers.json").write_text(json.dumps(value))

    def run(self, *words, json_too=True):
        more = ["--json"] if json_too else []
        return program.run(["triggers", "skills/alpha", "-m", self.model, "-q", *map(str, words), *more], cwd=self.root)


class Triggers(unittest.TestCase):
    def folder(self, **choosing):
        out = Folder(**choosing)
        self.addCleanup(shutil.rmtree, out.root)
        return out

    def measured(self, folder, *words, code=0):
        done = folder.run(*words)
        self.assertIn(done.returncode, (0, 1) if code is None else (code,), done.stderr)
        value = json.loads(done.stdout)
        self.assertEqual(json_schema.problems(value, json.loads(program.run(["schema", "triggers"]).stdout)), [])
        return value

    def test_rates_are_the_true_ones_within_their_intervals_in_20_seeds(self):
        folder, kinds = self.folder(), {"should_trigger": SHOULD, "should_not_trigger": SHOULD_NOT}
        inside, rates, queries = {kind: 0 for kind in kinds}, {kind: [] for kind in kinds}, []
        for seed in range(20):
            value = self.measured(folder, "--sim-seed", seed, "--trials", 8, code=None)
            for kind, chances in kinds.items():
                low, high = value[kind]["rate_ci95"]
                inside[kind] += low <= mean(chances.values()) <= high
                rates[kind].append(value[kind]["rate"])
            for query in value["queries"]:
                low, high = query["rate_ci95"]
                queries.append(low <= (SHOULD | SHOULD_NOT)[query["query"]] <= high)
        self.assertEqual(inside, {"should_trigger": 20, "should_not_trigger": 20})
        self.assertGreaterEqual(mean(queries), 0.93)
        for kind, chances in kinds.items():
            self.assertAlmostEqual(mean(rates[kind]), mean(chances.values()), delta=0.03)
            self.assertGreater(len(set(rates[kind])), 5, "seeds that draw alike show nothing")

    def test_an_agent_that_never_sees_the_catalogue_is_no_rate(self):
        folder = self.folder(blind=True)
        before = {path: path.read_bytes() for path in folder.skill.rglob("*") if path.is_file()}
        done = folder.run()
        self.assertEqual(done.returncode, 3, done.stderr)
        error = json.loads(done.stdout)
        self.assertEqual(error["schema"], "skillgrad.error/1")
        self.assertIn("the measurement is broken: the agent activated alpha for none of 2 requests", json.dumps(error))
        self.assertEqual(len(list(folder.root.glob(".skillgrad-cache/evals/*/run.json"))), 1, "no query is paid for")
        self.assertEqual({path: path.read_bytes() for path in folder.skill.rglob("*") if path.is_file()}, before)

    def test_a_neighbour_can_take_requests_away(self):
        rules = [{"match": query[-3:], "skill": "alpha", "chance": 1} for query in list(SHOULD)[1:]] + [{"match": "<a>", "skill": "beta", "chance": 1}]
        folder = self.folder(queries=rules)
        value = self.measured(folder, "--with", "skills")
        self.assertEqual((value["neighbours"], value["queries"][0]["activated"], value["queries"][0]["verdict"]), (["beta"], 0, "wrong"))
        self.assertEqual([query["activated"] for query in value["queries"]][1:6], [4] * 5)
        trace = next(folder.root.glob(".skillgrad-cache/evals/*/eval/rollouts/q0.0/trajectory.jsonl")).read_text()
        self.assertIn("activate_skill", trace)
        self.assertIn("Skill folder: /skills/beta", trace)
        again = folder.run("--with", "skills")
        self.assertIn("nothing is paid", again.stderr)
        self.assertEqual(json.loads(again.stdout), value)
        note_skills.write_skill(folder.root / "skills/beta", taught=True)
        self.assertNotIn("nothing is paid", folder.run("--with", "skills").stderr, "another neighbour, another measurement")

    def test_what_cannot_tell_says_so(self):
        folder = self.folder(queries=[])
        folder.queries({"should_trigger": ["Take a note"], "should_not_trigger": ["Draw a cat"]})
        value = self.measured(folder, "--trials", 2, code=1)
        self.assertEqual((value["verdict"], [query["verdict"] for query in value["queries"]]), ("cannot tell", ["cannot tell"] * 2))
        self.assertIn("that takes --trials 4", " ".join(value["notes"]))
        self.assertIn("that takes 4 of each", " ".join(value["notes"]))
        text = folder.run("--trials", 2, json_too=False).stdout
        self.assertTrue(text.startswith("cannot tell: "), text)
        folder.queries([{"query": "Take a note", "should_trigger": True}])
        self.assertIn("no query that should not trigger", " ".join(self.measured(folder, code=1)["notes"]))

    def test_improve_changes_the_description_alone_and_shows_it_on_other_requests(self):
        rules = [{"match": "memo", "skill": "alpha", "chance": 0.05, "words": ["memos"], "chance_with_words": 0.95}, {"match": "cat", "skill": "alpha", "chance": 0.05}]
        folder = self.folder(queries=rules)
        folder.queries({"should_trigger": [f"Write memo {i}" for i in range(30)], "should_not_trigger": [f"Draw cat {i}" for i in range(30)]})
        before = {path: path.read_bytes() for path in folder.skill.rglob("*") if path.is_file()}
        done = folder.run("--improve", "--with", "skills")
        self.assertEqual(done.returncode, 0, done.stderr)
        value = json.loads(done.stdout)
        self.assertEqual(json_schema.problems(value, json.loads(program.run(["schema", "optimize"]).stdout)), [])
        self.assertEqual(value["verdict"]["verdict"], "improved")
        self.assertEqual({path: path.read_bytes() for path in folder.skill.rglob("*") if path.is_file()}, before, "only --in-place edits")
        best = pathlib.Path(value["run"], "best")
        old, new = (folder.skill / "SKILL.md").read_text(), (best / "SKILL.md").read_text()
        changed = [pair for pair in zip(old.splitlines(), new.splitlines()) if pair[0] != pair[1]]
        self.assertEqual([line.split(":")[0] for line, _ in changed], ["description"])
        self.assertIn("memos", changed[0][1])
        again = folder.run("--improve", "--with", "skills")
        self.assertEqual(json.loads(again.stdout)["best"], value["best"])
        refused = program.run(["optimize", "skills/alpha", "-m", folder.model, "-b", "triggers:skills/alpha/evals/triggers.json"], cwd=folder.root)
        self.assertEqual(refused.returncode, 2)
        self.assertIn("skillgrad triggers", refused.stderr)
        self.assertIn("--improve", refused.stderr)

    def test_a_broken_measurement_changes_nothing(self):
        folder = self.folder(blind=True)
        done = folder.run("--improve")
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("the measurement is broken", done.stdout)
        self.assertFalse((folder.root / "skillgrad-runs").exists())

    def test_made_queries_are_used_once_a_person_has_checked_them(self):
        folder = self.folder()
        (folder.skill / "evals/triggers.json").unlink()
        good = [{"query": f"Write it down {i}", "should_trigger": i % 2 == 0} for i in range(4)]
        tries = [good[:3], good[:3] + good[:1], [one | {"should_trigger": True} for one in good], [{"query": "Let ALPHA write it", "should_trigger": True}] + good[1:], good]
        asked = []

        def model(body):
            asked.append(body)
            return tool_call("submit_queries", {"queries": tries[len(asked) - 1]})

        def make(*words, code):
            with Endpoint(model) as endpoint:
                done = program.run(["triggers", "skills/alpha", "-m", "mock", "--base-url", endpoint.url, "--with", "skills", "--make-queries", "4", *words], cwd=folder.root)
            self.assertEqual(done.returncode, code, done.stdout + done.stderr)
            return done

        make("--json", code=3)  # three lists that do not hold
        said = json.dumps([message["content"] for message in asked[-1]["messages"] if message["role"] == "tool"])
        self.assertIn("got 3 requests, expected 4", said)
        self.assertIn("stands twice", said)
        self.assertIn("beta: Writes short notes", asked[0]["messages"][1]["content"])
        self.assertFalse((folder.skill / "evals/triggers.json").exists())
        value = json.loads(make("--json", code=0).stdout)
        self.assertEqual(json_schema.problems(value, json.loads(program.run(["schema", "queries"]).stdout)), [])
        self.assertEqual((value["queries"], value["should_trigger"], value["refused"]), (4, 2, 1))
        self.assertIn("names the skill", json.dumps(asked[-1]["messages"]))
        self.assertIn("never overwritten", make(code=2).stderr)
        refused = folder.run(json_too=False)
        self.assertEqual(refused.returncode, 2)
        self.assertIn("nobody has checked them", refused.stderr)
        file = folder.skill / "evals/triggers.json"
        file.write_text(file.read_text().replace('"checked": false', '"checked": true'))
        self.assertEqual(len(self.measured(folder, code=None)["queries"]), 4)

    def test_a_preview_sends_nothing(self):
        folder = self.folder()
        done = folder.run("--dry-run")
        self.assertEqual(done.returncode, 0, done.stderr)
        value = json.loads(done.stdout)
        self.assertEqual(json_schema.problems(value, json.loads(program.run(["schema", "preview"]).stdout)), [])
        self.assertEqual([part["rollouts"] for part in value["parts"]], [2, 48])
        self.assertFalse((folder.root / ".skillgrad-cache/evals").exists())

    def test_mistakes_get_one_error_with_its_mend(self):
        folder = self.folder()
        for queries, words, mend in (
            (None, [], "--queries"),
            ([], [], "should_trigger"),
            ([{"query": "x", "should_trigger": "yes"}], [], "expected true or false"),
            ([{"query": "x", "should_trigger": True}] * 2, [], "take one of them out"),
            ([{"query": "x"}], [], "these are tasks"),
            ({"checked": False, "queries": [{"query": "x", "should_trigger": True}]}, [], 'set "checked" to true'),
            ([{"query": "x", "should_trigger": True}], ["--with", "sim"], "name a folder of skills"),
            ([{"query": "x", "should_trigger": True}], ["--with", "copies"], "rename it"),
            ([{"query": "x", "should_trigger": True}], ["--trials", "0"], "--trials"),
            ([{"query": "x", "should_trigger": True}], ["--improve", "--dry-run"], "leave one of them out"),
        ):
            with self.subTest(queries=queries, words=words):
                for copy in ("one", "two"):
                    note_skills.write_skill(folder.root / "copies" / copy, taught=True, name="gamma")
                (folder.skill / "evals/triggers.json").unlink(missing_ok=True)
                if queries is not None:
                    folder.queries(queries)
                done = folder.run(*words, json_too=False)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn(mend, done.stderr)
                self.assertEqual(done.stderr.count("error:"), 1)


if __name__ == "__main__":
    unittest.main()
