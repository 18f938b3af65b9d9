# SPDX-License-Identifier: MIT
"""skillgrad ci: which skills changed in a git repository, before and after, and what a build learns of it."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading
import unittest
import xml.etree.ElementTree

import json_schema
import program
from note_skills import Simulation, skill_text, task_ids, write_scenario, write_skill

NAMES = ["alpha", "beta", "gamma", "delta", "epsilon"]
HOSTILE = ["a|b", "`c`", "<img src=x onerror=1>", "_e_ :smile: #1", "**bold**", "@everyone", "[l](http://x.test)", "</code>&lt;"]


def git(repo, *words):
    identity = ["-c", "user.name=Tester", "-c", "user.email=tester@localhost", "-c", "commit.gpgsign=false"]
    return subprocess.run(["git", *identity, *words], cwd=repo, check=True, capture_output=True, text=True).stdout.strip()


def commit(repo, subject="next"):
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", subject)
    return git(repo, "rev-parse", "HEAD")


class Repository(unittest.TestCase):
    """Five skills under skills/, all of which know the lesson, in one commit."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.base = pathlib.Path(cls.folder.name)
        ids = [task for name in [*NAMES, "zeta"] for task in task_ids(name)] + HOSTILE
        cls.scenario = write_scenario(cls.base / "scenario", ids)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def setUp(self):
        self.work = pathlib.Path(tempfile.mkdtemp(dir=self.base))
        self.repo = self.work / "repo"
        self.repo.mkdir()
        git(self.repo, "init", "-q", "-b", "main")
        for name in NAMES:
            write_skill(self.repo / "skills" / name, taught=True)
        self.first = commit(self.repo, "first")

    def teach(self, name, taught):
        (self.repo / "skills" / name / "SKILL.md").write_text(skill_text(name, taught))

    def touch(self, name):
        path = self.repo / "skills" / name / "SKILL.md"
        path.write_text(path.read_text() + "- Be brief.\n")

    def ci(self, *words, code=0, since=None, cwd=None, **environment):
        done = program.run(["ci", "--since", since or self.first, *words], cwd=cwd or self.repo, **environment)
        self.assertEqual(done.returncode, code, done.stderr + done.stdout)
        return done

    def json(self, *words, **more):
        value = json.loads(self.ci(*words, "--json", "-q", **more).stdout)
        schema = json.loads(program.run(["schema", "ci"]).stdout)
        self.assertEqual(json_schema.problems(value, schema), [])
        return value

    def simulation(self):
        simulation = Simulation(self.scenario, self.work / "requests.jsonl")
        simulation.__enter__()
        self.addCleanup(simulation.__exit__)
        return simulation, ["--model", "sim:notes", "--base-url", simulation.url]


class Evaluation(Repository):
    def test_only_what_changed_is_evaluated_and_a_second_run_pays_nothing(self):
        self.touch("alpha")
        self.teach("gamma", False)
        commit(self.repo)
        simulation, model = self.simulation()
        value = self.json(*model, code=1)
        self.assertEqual([one["skill"] for one in value["skills"]], ["skills/alpha", "skills/gamma"])
        self.assertEqual([one["status"] for one in value["skills"]], ["pass", "fail"])
        self.assertEqual(value["unchanged"], 3)
        paid = simulation.requests()
        self.assertEqual(value["calls"], paid)
        asked = [json.loads(line) for line in simulation.log.read_text().splitlines()]
        self.assertFalse({"beta", "delta", "epsilon"} & {name for name in NAMES for line in asked if f"<{name}-0" in json.dumps(line)})
        again = self.json(*model, code=1)
        self.assertEqual((again["calls"], simulation.requests()), (0, paid))
        self.assertTrue(all(side["kept"] for one in again["skills"] for side in (one["before"], one["after"])))
        self.assertEqual([one["compared"] for one in again["skills"]], [one["compared"] for one in value["skills"]])

    def test_a_planted_regression_fails_and_is_named(self):
        self.teach("gamma", False)
        _, model = self.simulation()
        done = self.ci("skills", *model, code=1)
        self.assertIn("1 of 1 changed skill fails", done.stdout)
        row = next(line for line in done.stdout.splitlines() if line.startswith("| <code>skills/gamma"))
        for text in ("100.0 %", "25.0 %", "-75.0", "**worse**", "p = 0.031", "**fail**", "6: ", "<code>gamma-00</code>"):
            self.assertIn(text, row)
        self.assertIn("**fails**: regression: -75.0 points", done.stdout)
        value = self.json("skills", *model, code=1)
        skill = value["skills"][0]
        self.assertEqual(skill["compared"]["broken"], task_ids("gamma")[:6])
        self.assertEqual((skill["before"]["score"], skill["after"]["score"]), (1.0, 0.25))
        self.assertEqual(self.ci("skills", *model, "--exit-zero").returncode, 0)

    def test_an_improvement_is_shown_and_becomes_the_next_baseline(self):
        self.teach("beta", False)
        second = commit(self.repo)
        self.teach("beta", True)
        commit(self.repo)
        simulation, model = self.simulation()
        skill = self.json(*model, since=second)["skills"][0]
        self.assertEqual((skill["compared"]["verdict"], skill["compared"]["fixed"]), ("better", task_ids("beta")[:6]))
        third = git(self.repo, "rev-parse", "HEAD")
        self.touch("beta")
        paid = simulation.requests()
        skill = self.json(*model, since=third)["skills"][0]
        self.assertTrue(skill["before"]["kept"])
        self.assertEqual(skill["before"]["calls"], 0)
        self.assertEqual(simulation.requests() - paid, skill["after"]["calls"])

    def test_what_is_measured_anew_when_the_tasks_change(self):
        self.touch("beta")
        simulation, model = self.simulation()
        self.json(*model)
        paid = simulation.requests()
        write_skill(self.repo / "skills/beta", taught=True, ids=task_ids("beta")[:7])
        skill = self.json(*model)["skills"][0]
        self.assertFalse(skill["before"]["kept"])
        self.assertGreater(simulation.requests(), paid)
        self.assertEqual(skill["before"]["n_planned"], 7)

    def test_a_drop_that_cannot_be_shown_fails_where_none_is_allowed(self):
        few = task_ids("delta")[:3]
        write_skill(self.repo / "skills/delta", taught=True, ids=few)
        second = commit(self.repo)
        self.teach("delta", False)
        _, model = self.simulation()
        done = self.ci(*model, since=second)
        self.assertIn("3 tasks can show nothing", done.stdout)
        done = self.ci(*model, "--no-regression", since=second, code=1)
        self.assertIn("not shown", done.stdout)
        self.assertIn("below --min-score 50.0 %", self.ci(*model, "--min-score", "0.5", since=second, code=1).stdout.replace("&#45;", "-"))
        (self.repo / "skillgrad.json").write_text('{"no_regression": true}')
        self.ci(*model, since=second, code=1)

    def test_added_renamed_removed_and_invalid_skills(self):
        write_skill(self.repo / "skills/zeta", taught=True)
        (self.repo / "skills/zeta/SKILL.md").write_text(  # not so like the removed one that git would call it moved
            "---\nname: zeta\ndescription: Notes.\n---\n\n# Zeta\n\nBegin each word with a capital letter.\n")
        shutil.rmtree(self.repo / "skills/alpha")
        git(self.repo, "mv", "skills/beta", "skills/zz-beta")
        text = (self.repo / "skills/zz-beta/SKILL.md").read_text().replace("name: beta", "name: zz-beta")
        (self.repo / "skills/zz-beta/SKILL.md").write_text(text)
        (self.repo / "skills/delta/SKILL.md").write_text(skill_text("Not A Name", True))
        commit(self.repo)
        _, model = self.simulation()
        value = self.json(*model, code=1)
        skills = {one["skill"]: one for one in value["skills"]}
        self.assertEqual({name: (one["change"], one["status"]) for name, one in skills.items()}, {
            "skills/alpha": ("removed", "removed"), "skills/delta": ("changed", "fail"),
            "skills/zeta": ("added", "pass"), "skills/zz-beta": ("renamed", "pass")})
        self.assertEqual(skills["skills/zz-beta"]["was"], "skills/beta")
        self.assertEqual(skills["skills/zz-beta"]["compared"]["n"], 8)
        self.assertIsNone(skills["skills/zeta"]["before"])
        self.assertIsNotNone(skills["skills/zeta"]["after"])
        self.assertIsNone(skills["skills/delta"]["after"])
        self.assertFalse(skills["skills/delta"]["valid"])
        done = self.ci(*model, code=1)
        self.assertIn("(was <code>skills/beta</code>)", done.stdout)
        self.assertIn("(removed) | removed |", done.stdout)

    def test_work_that_is_not_committed_counts_and_folders_of_runs_do_not(self):
        write_skill(self.repo / "skills/zeta", taught=True)
        write_skill(self.repo / "skillgrad-runs/x/initial/skill", taught=True, name="zeta")
        (self.repo / "skills/alpha/.DS_Store").write_text("x")
        value = self.json("--tier", "static")
        self.assertEqual([(one["skill"], one["change"]) for one in value["skills"]], [("skills/zeta", "added")])
        self.touch("epsilon")
        value = self.json("skills/epsilon", "--tier", "static")
        self.assertEqual([one["skill"] for one in value["skills"]], ["skills/epsilon"])
        self.assertEqual(self.json("skills/alpha", "--tier", "static")["skills"], [])

    def test_what_others_changed_since_a_branch_parted_is_not_ours(self):
        git(self.repo, "checkout", "-qb", "feature")
        self.touch("alpha")
        commit(self.repo)
        git(self.repo, "checkout", "-q", "main")
        self.touch("beta")
        commit(self.repo)
        git(self.repo, "checkout", "-q", "feature")
        value = self.json("--tier", "static", since="main")
        self.assertEqual([one["skill"] for one in value["skills"]], ["skills/alpha"])
        self.assertEqual(value["base"], self.first)

    def test_a_skill_at_the_top_of_a_repository(self):
        top = self.work / "note-taker"
        write_skill(top, taught=True, ids=task_ids("alpha"))
        git(top, "init", "-q", "-b", "main")
        first = commit(top)
        (top / "SKILL.md").write_text(skill_text("note-taker", False))
        _, model = self.simulation()
        skill = self.json(*model, since=first, cwd=top, code=1)["skills"][0]
        self.assertEqual((skill["skill"], skill["before"]["score"]), (".", 1.0))

    def test_two_jobs_share_the_cache(self):
        self.touch("alpha")
        simulation, model = self.simulation()
        done = []

        def job():
            done.append(program.run(["ci", "--since", self.first, *model, "--json"], cwd=self.repo))

        jobs = [threading.Thread(target=job) for _ in range(2)]
        for one in jobs:
            one.start()
        for one in jobs:
            one.join()
        self.assertEqual([one.returncode for one in done], [0, 0], [one.stderr for one in done])
        values = [json.loads(one.stdout) for one in done]
        self.assertEqual(sum(value["calls"] for value in values), simulation.requests())
        alone = values[0]["skills"][0]["before"]
        self.assertEqual(alone["score"], values[1]["skills"][0]["before"]["score"])
        paid = simulation.requests()
        self.assertEqual(self.json(*model)["calls"], 0)
        self.assertEqual(simulation.requests(), paid)

    def test_limits_are_of_the_whole_and_the_same_command_goes_on(self):
        self.touch("alpha")
        self.touch("beta")
        simulation, model = self.simulation()
        value = self.json(*model, "--max-calls", "20", "-j", "1", code=4)
        self.assertLessEqual(simulation.requests(), 20)
        self.assertEqual(value["verdict"], "none")
        self.assertEqual(value["skills"][0]["error"]["code"], "budget")
        self.assertEqual(value["skills"][1]["status"], "error")
        rest = self.json(*model)
        self.assertEqual([one["status"] for one in rest["skills"]], ["pass", "pass"])
        self.assertEqual(value["calls"] + rest["calls"], simulation.requests())

    def test_an_endpoint_that_is_away_is_no_verdict(self):
        self.touch("alpha")
        done = self.ci("--model", "m", "--base-url", "http://127.0.0.1:9/v1", "--comment", "c.md", code=3)
        self.assertIn("could not be judged", (self.repo / "c.md").read_text())
        self.assertIn("could not be judged", done.stdout)

    def test_a_recording_plays_the_tier_without_a_model(self):
        self.teach("gamma", False)
        simulation, model = self.simulation()
        live = self.json(*model, "--record", "../recording", code=1)
        paid = simulation.requests()
        shutil.rmtree(self.repo / ".skillgrad-cache")
        value = self.json(*model, "--tier", "static", "--replay", "../recording", code=1)
        self.assertEqual(simulation.requests(), paid)
        self.assertEqual(value["skills"][0]["compared"], live["skills"][0]["compared"])
        self.assertTrue(value["replayed"])
        self.assertFalse((self.repo / ".skillgrad-cache/evals").exists())

    def test_the_numbers_agree_wherever_they_stand(self):
        self.teach("gamma", False)
        _, model = self.simulation()
        value = self.json(*model, "--junit", "j.xml", "--comment", "c.md", code=1)
        after = value["skills"][0]["after"]
        suite = next(iter(xml.etree.ElementTree.parse(self.repo / "j.xml").getroot()))
        cases = {case.get("name"): case for case in suite}
        self.assertEqual(suite.get("name"), "skills/gamma")
        self.assertEqual(len([case for case in cases.values() if case.find("failure") is not None and case.get("name") != "gate"]),
                         after["by_status"]["fail"])
        self.assertEqual(int(suite.get("tests")), len(suite))
        self.assertEqual(int(suite.get("failures")), after["by_status"]["fail"] + 1)
        comment = (self.repo / "c.md").read_text()
        self.assertIn(f"{100 * after['score']:.1f} %", comment)
        self.assertIn(f"{100 * value['skills'][0]['compared']['difference']:+.1f}", comment)
        self.assertIn("skills/gamma", self.ci(*model, "--comment", "c.md", code=1).stdout)


class Static(Repository):
    def test_no_model_is_asked_and_broken_tasks_fail(self):
        path = self.repo / "skills/alpha/evals/tasks.jsonl"
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        lines = [line | {"split": "test" if i > 1 else "train"} for i, line in enumerate(lines)]
        lines[2]["input"] = lines[1]["input"]
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        (self.repo / "skills/beta/evals/tasks.jsonl").write_text("{broken\n")
        simulation, _ = self.simulation()
        value = self.json("--tier", "static", "--base-url", simulation.url, code=1)
        self.assertEqual([one["status"] for one in value["skills"]], ["fail", "fail"])
        self.assertIn("alpha-02", " ".join(value["skills"][0]["failures"]))
        self.assertIn("tasks.jsonl", " ".join(value["skills"][1]["failures"]))
        self.assertEqual((value["calls"], value["model"], simulation.requests()), (0, None, 0))

    def test_sarif_of_ci_and_of_validate(self):
        (self.repo / "skills/delta/SKILL.md").write_text(skill_text("Not A Name", True))
        self.ci("--tier", "static", "--sarif", "ci.sarif", code=1)
        program.run(["validate", "skills/delta", "--sarif", "one.sarif"], cwd=self.repo)
        for name in ("ci.sarif", "one.sarif"):
            log = json.loads((self.repo / name).read_text())
            self.assertEqual((log["version"], len(log["runs"])), ("2.1.0", 1))
            run = log["runs"][0]
            rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
            self.assertEqual(len(rules), len(set(rules)))
            errors = [result for result in run["results"] if result["level"] == "error"]
            self.assertTrue(errors)
            for result in run["results"]:
                self.assertEqual(rules[result["ruleIndex"]], result["ruleId"])
                self.assertIn(result["level"], ("error", "warning", "note"))
                place = result["locations"][0]["physicalLocation"]
                self.assertTrue((self.repo / place["artifactLocation"]["uri"]).is_file(), place)
                self.assertGreater(place.get("region", {"startLine": 1})["startLine"], 0)
        self.assertEqual(program.run(["validate", "--explain", "L2-03", "--sarif", "x"], cwd=self.repo).returncode, 2)

    def test_github_gets_annotations_and_a_summary(self):
        (self.repo / "skills/delta/SKILL.md").write_text(skill_text("Not A Name", True))
        summary = self.work / "summary.md"
        summary.write_text("before\n")
        done = self.ci("--tier", "static", "--github", code=1, GITHUB_STEP_SUMMARY=str(summary))
        self.assertRegex(done.stderr, r"(?m)^::error file=skills/delta/SKILL\.md,line=\d+::.*\[")
        self.assertEqual(summary.read_text(), "before\n" + done.stdout + "\n")

    def test_paths_of_annotations_are_escaped(self):
        write_skill(self.repo / "skills/a,b:c%2Cd", taught=True)
        done = program.run(["validate", "skills/a,b:c%2Cd", "--github"], cwd=self.repo)
        self.assertRegex(done.stdout, r"(?m)^::error file=skills/a%2Cb%3Ac%252Cd/SKILL\.md,line=\d+::.*a,b:c%252Cd")
        done = self.ci("--tier", "static", "--github", code=1)
        self.assertEqual(set(re.findall(r"file=([^,]*),", done.stderr)), {"skills/a%2Cb%3Ac%252Cd/SKILL.md"})

    def test_nothing_changed(self):
        value = self.json("--tier", "static")
        self.assertEqual((value["skills"], value["unchanged"], value["verdict"]), ([], 5, "pass"))
        self.assertIn("no skill changed", self.ci().stdout)


class Hostile(Repository):
    def assert_inert(self, comment):
        bare = re.sub(r"</?code>|<!-- skillgrad ci -->", "", comment)
        for sign in "<>`\x1b\u202e[]@":
            # The brackets of our own intervals hold numbers alone.
            left = re.sub(r"\[[-+\d., ]+\]", "", bare)
            self.assertNotIn(sign, left, comment)
        self.assertNotIn("http://", bare)
        for line in bare.splitlines():
            if line.startswith("|"):
                self.assertEqual(line.count("|"), 10, line)

    def test_ids_of_tasks_are_text(self):
        write_skill(self.repo / "skills/zeta", taught=True, ids=HOSTILE)
        second = commit(self.repo)
        self.teach("zeta", False)
        _, model = self.simulation()
        done = self.ci(*model, since=second, code=1)
        self.assert_inert(done.stdout)
        self.assertIn("&#64;everyone", done.stdout)
        self.assertIn("a&#124;b", done.stdout)
        self.ci(*model, "--junit", "j.xml", since=second, code=1)
        write_skill(self.repo / "skills/zeta", taught=True, ids=["\x1b[31mred|"])
        self.assert_inert(self.ci(*model, since=second, code=1).stdout)
        xml.etree.ElementTree.parse(self.repo / "j.xml")

    def test_names_of_folders_and_texts_of_skills_are_text(self):
        for name in ["a|b `c` @d", "<b>x", "\x1b[31m", "new\nline | x", "right\u202eleft", "*glob*", "-n"]:
            write_skill(self.repo / "skills" / name, taught=True)
            (self.repo / "skills" / name / "SKILL.md").write_text(skill_text('"<script>|`x` @me"', True))
        done = self.ci("--tier", "static", "--github", "--sarif", "s.sarif", "--junit", "j.xml", code=1)
        self.assert_inert(done.stdout)
        self.assertEqual(done.stdout.count("| **fail** |"), 7)
        self.assertNotIn("\x1b", done.stderr)
        self.assertIn("file=skills/new%0Aline | x/SKILL.md", done.stderr)
        for line in done.stderr.splitlines():
            self.assertRegex(line, r"^(::(error|warning) file=|note: )")
        json.loads((self.repo / "s.sarif").read_text())
        xml.etree.ElementTree.parse(self.repo / "j.xml")
        commit(self.repo)
        # A name that is a pattern stands for itself.
        self.assertEqual([one["skill"] for one in self.json("skills/*glob*", "--tier", "static", code=1)["skills"]], ["skills/*glob*"])


    def test_a_comment_is_never_longer_than_forges_take(self):
        for at in range(60):
            write_skill(self.repo / "skills" / f"s{at:02d}", taught=True)
            (self.repo / "skills" / f"s{at:02d}/SKILL.md").write_text(skill_text('"' + "<|`>" * 100 + '"', True))
        done = self.ci("--tier", "static", "--comment", "c.md", code=1)
        comment = (self.repo / "c.md").read_text()
        self.assertLess(len(comment), 65_536)
        self.assertIn("60 of 60 changed skills fail", comment)
        self.assertRegex(comment, r"(?m)^- remarks on \d+ skills more: `skillgrad ci --json` has them$")
        self.assertIn("Compared with", comment)
        self.assertEqual(done.stdout.count("the package breaks a rule"), 60)


class Mends(Repository):
    def refused(self, *words, fix, code=2, **more):
        done = program.run(["ci", *words], cwd=more.pop("cwd", self.repo), **more)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertIn(fix, done.stderr)
        self.assertEqual(done.stdout, "")

    def test_of_wrong_use(self):
        self.refused(fix="--since origin/main")
        self.refused("--since", "nosuch", fix="git fetch")
        self.refused("--since", "--upload-pack=x", fix="--since")
        self.refused("--since=-x", fix="origin/main")
        self.refused("--since", "HEAD", "--tier", "both", fix="static")
        self.refused("--since", "HEAD", "--tier", "eval", fix="--model NAME")
        self.refused("--since", "HEAD", "--trials", "0", fix="--trials 3")
        self.refused("--since", "HEAD", "--split", "tset", fix="train, val, test or all")
        self.refused("nosuch", "--since", "HEAD", fix="folder of the skills")
        self.refused("--since", "HEAD", fix="git init", cwd=self.work)
        empty = self.work / "bin"
        empty.mkdir()
        self.refused("--since", "HEAD", fix="apt-get install git", code=3, PATH=str(empty))

    def test_of_clones(self):
        for _ in range(3):
            self.touch("alpha")
            commit(self.repo)
        shallow = self.work / "shallow"
        git(self.work, "clone", "-q", "--depth", "1", self.repo.as_uri(), "shallow")
        self.refused("--since", self.first, fix="git fetch --unshallow", cwd=shallow)
        git(shallow, "fetch", "-q", "--unshallow")
        self.assertEqual(len(self.json("--tier", "static", cwd=shallow)["skills"]), 1)
        git(self.repo, "branch", "side", self.first)
        clone = self.work / "clone"
        git(self.work, "clone", "-q", self.repo.as_uri(), "clone")
        self.refused("--since", "side", fix="--since origin/side", cwd=clone)
        self.json("--tier", "static", since="origin/side", cwd=clone)


def steps_of(text, job):
    """The commands of a job's steps, in order, with the names of the steps."""
    lines = text.splitlines()
    start = next(i for i, line in enumerate(lines) if re.match(rf"  {job}:$", line))
    out, name, i = [], "", start + 1
    while i < len(lines) and not re.match(r"  \w", lines[i]):
        line = lines[i]
        named = re.match(r"\s+- name: (.*)", line)
        name = named.group(1) if named else name
        if re.match(r"\s+run: \|$", line):
            depth = len(line) - len(line.lstrip())
            block = []
            while i + 1 < len(lines) and (not lines[i + 1].strip() or len(lines[i + 1]) - len(lines[i + 1].lstrip()) > depth):
                i += 1
                block.append(lines[i])
            out.append((name, "\n".join(block)))
        i += 1
    return out


class Workflow(Repository):
    def setUp(self):
        super().setUp()
        tools = self.work / "tools"
        tools.mkdir()
        (tools / "skillgrad").symlink_to(program.BINARY)
        (tools / "gh").write_text('#!/bin/sh\necho "$@" >> "$GH_LOG"\nfor last; do :; done\n'
                                  'case "$last" in\nbody=@*) cat "${last#body=@}" >> "$GH_LOG" ;;\n*) echo "$GH_EARLIER" ;;\nesac\n')
        (tools / "gh").chmod(0o755)
        self.variables = {"PATH": f"{tools}:{os.environ['PATH']}", "HOME": str(self.work), "LANG": "C.UTF-8", "BASE": self.first,
                          "PULL_REQUEST": "7", "PACKAGE_URL": "", "MODEL": "sim:notes", "OPENAI_API_KEY": "x",
                          "GH_LOG": str(self.work / "gh.log"), "GH_TOKEN": "x", "GH_EARLIER": "", "GITHUB_REPOSITORY": "o/r", "GITHUB_STEP_SUMMARY": str(self.work / "summary.md")}

    def init(self, *words, cwd=None):
        done = program.run(["init", *words], cwd=cwd or self.repo)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def step(self, text, **more):
        return subprocess.run(["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", text], cwd=self.repo,
                              env=self.variables | more, capture_output=True, text=True, check=False, timeout=120)

    def run_job(self, text, job, **more):
        results = {}
        for name, commands in steps_of(text, job):
            done = self.step(commands, **more)
            results[name] = done
        return results

    def test_of_github_runs_step_by_step(self):
        self.init("--ci", "github")
        workflow = (self.repo / ".github/workflows/skillgrad.yml").read_text()
        self.assertNotIn("{{DIR}}", workflow)
        self.teach("gamma", False)
        commit(self.repo)
        simulation, _ = self.simulation()
        more = {"SKILLGRAD_BASE_URL": simulation.url}
        results = self.run_job(workflow, "static", **more)
        self.assertEqual({name: done.returncode for name, done in results.items()},
                         {"Install skillgrad": 0, "Check the changed skills": 0}, results)
        self.assertEqual(simulation.requests(), 0)
        results = self.run_job(workflow, "eval", **more)
        self.assertEqual({name: done.returncode for name, done in results.items()},
                         {"Install skillgrad": 0, "Evaluate the changed skills, before and after": 1,
                          "Comment on the pull request": 0}, results)
        commented = (self.work / "gh.log").read_text()
        self.assertIn("--method POST repos/o/r/issues/7/comments", commented)
        self.assertIn("skills/gamma", commented)
        self.assertIn("regression", commented)
        for name in ("skillgrad.sarif", "skillgrad-junit.xml", "skillgrad-comment.md"):
            self.assertTrue((self.repo / name).exists(), name)
        paid = simulation.requests()
        self.run_job(workflow, "eval", GH_EARLIER="5", **more)
        self.assertEqual(simulation.requests(), paid)
        self.assertIn("--method PATCH repos/o/r/issues/comments/5", (self.work / "gh.log").read_text())

    def test_of_github_keeps_what_a_failing_job_measured_and_compares_with_the_branch_merged_into(self):
        self.init("--ci", "github")
        workflow = (self.repo / ".github/workflows/skillgrad.yml").read_text()
        # actions/cache by itself saves nothing where a step failed, and the commit that the event names may be an older one.
        self.assertRegex(workflow, r"--tier eval [^#]*#[^\n]*\n *- uses: actions/cache/save@v\d+\n *if: always\(\)")
        self.assertEqual(set(re.findall(r"^ *BASE: (.*)$", workflow, re.M)), {"origin/${{ github.base_ref }}"})
        git(self.repo, "checkout", "-qb", "feature")
        self.touch("alpha")
        commit(self.repo)
        git(self.repo, "checkout", "-q", "main")
        self.touch("beta")
        commit(self.repo)
        git(self.repo, "checkout", "-q", "--detach")
        git(self.repo, "merge", "-q", "--no-ff", "-m", "merge", "feature")
        self.assertEqual([one["skill"] for one in self.json("--tier", "static", since="main")["skills"]], ["skills/alpha"])

    def test_of_a_folder_reads_the_configuration_that_init_wrote(self):
        self.init("skills", "--ci", "github")
        self.assertIn("skillgrad ci skills ", (self.repo / ".github/workflows/skillgrad.yml").read_text())
        self.assertTrue((self.repo / "skillgrad.json").exists())
        (self.repo / "skillgrad.json").write_text('{"min_score": 2}')
        self.assertIn("min_score", self.ci("skills", "--tier", "static", code=2).stderr)
        self.assertTrue((self.repo / "skills/evals/tasks.jsonl").exists())

    def test_without_the_program_the_install_step_says_what_to_set(self):
        self.init("--ci", "github")
        workflow = (self.repo / ".github/workflows/skillgrad.yml").read_text()
        install = dict(steps_of(workflow, "static"))["Install skillgrad"]
        done = self.step(install, PATH="/usr/bin:/bin")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("set vars.SKILLGRAD_PACKAGE_URL", done.stderr)

    def test_of_gitlab_runs_its_scripts(self):
        self.init("--ci", "gitlab")
        self.assertIn(".gitlab/skillgrad.yml", (self.repo / ".gitlab-ci.yml").read_text())
        text = (self.repo / ".gitlab/skillgrad.yml").read_text()
        self.touch("alpha")
        commit(self.repo)
        simulation, _ = self.simulation()
        scripts = re.findall(r"^      (skillgrad ci .*)$", text, re.M)
        self.assertEqual(len(scripts), 2)
        for script in scripts:
            done = self.step(script, CI_MERGE_REQUEST_DIFF_BASE_SHA=self.first, CI_MERGE_REQUEST_TARGET_BRANCH_SHA="", SKILLGRAD_BASE_URL=simulation.url)
            self.assertEqual(done.returncode, 0, done.stderr)
        self.assertGreater(simulation.requests(), 0)

    def test_flags_in_the_templates_exist(self):
        for path in (program.SOURCE / "configs/templates").glob("*.yml"):
            for line in re.findall(r"^\s+skillgrad (ci .*)$", path.read_text(), re.M):
                self.assertEqual(program.wrong_flags(line.split()), [], path)

    def test_nothing_that_is_there_is_overwritten(self):
        (self.repo / "evals").mkdir()
        mine = {"skillgrad.json": '{"jobs": 3}', "evals/tasks.jsonl": "mine\n", ".gitlab-ci.yml": "stages: [x]\n"}
        for name, text in mine.items():
            (self.repo / name).write_text(text)
        out = self.init("--ci", "gitlab")
        for name, text in mine.items():
            self.assertEqual((self.repo / name).read_text(), text)
            self.assertIn(f"kept       {self.repo / name}", out)
        self.assertIn("include:", out)
        (self.repo / "evals/tasks.jsonl").unlink()
        (self.repo / "evals/tasks.jsonl").symlink_to("nowhere")
        value = json.loads(self.init("--ci", "gitlab", "--json"))
        self.assertEqual((value["written"], len(value["kept"])), ([], 4))
        self.assertEqual(json_schema.problems(value, json.loads(program.run(["schema", "init"]).stdout)), [])

    def test_what_init_wrote_is_good_as_it_is(self):
        skill = self.repo / "skills/alpha"
        shutil.rmtree(skill / "evals")
        self.init("skills/alpha", "--ci", "github")
        workflow = (self.repo / ".github/workflows/skillgrad.yml").read_text()
        self.assertIn("skillgrad ci skills/alpha --since", workflow)
        done = program.run(["benchmark", "check", "-b", "evals"], cwd=skill)
        self.assertEqual((done.returncode, done.stdout), (0, "3 tasks checked, 0 problems\n"), done.stderr)
        done = program.run(["config", "show", "--origin", "--json"], cwd=self.repo)  # where the workflow runs
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout)["max_error_rate"]["value"], 0.2)
        # Each line that is commented out is one that may be taken in.
        path = self.repo / "skillgrad.json"
        path.write_text(re.sub(r"(?m)^  // (\")", r"  \1", path.read_text()))
        done = program.run(["config", "show", "--json"], cwd=self.repo)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(json.loads(done.stdout)["no_regression"]["value"])
        self.assertEqual(program.run(["init", "--ci", "nosuch"], cwd=skill).returncode, 2)
        self.assertEqual(program.run(["init", "SKILL.md"], cwd=skill).returncode, 2)


if __name__ == "__main__":
    unittest.main()
