# SPDX-License-Identifier: MIT
"""Optimizer runs against a scripted model: what each role is told, and what is said of patches that are not tried."""
import json
import pathlib
import re
import shlex
import tempfile
import unittest

import program
from endpoint import Endpoint, reply, tool_call

BODY = ("# Notes\n\n## Write the note\n\nWrite what the task asks for.\n\n## Check\n\nRead it once more.\n\n## Background\n\n"
        "Notes are kept for ten years and read by people who did not write them, so they are short, plain and complete, and "
        "whoever finds one later must be able to tell at a glance what it is about and what it was written for.\n")


def role_of(body):
    names = {tool["function"]["name"] for tool in body.get("tools", [])}
    for tool, role in (("submit_diagnosis", "diagnose"), ("submit_momentum", "momentum"), ("finish_patch", "patch"),
                       ("shell", "execute")):
        if tool in names:
            return role
    return "judge"


def tool_results(body):
    return [message for message in body["messages"] if message["role"] == "tool"]


def section(body, tag):
    """The text between the tags of that name in a user message."""
    for message in body["messages"]:
        found = re.search(rf"<{tag}>\n(.*?)\n?</{tag}>", str(message["content"]), re.S)
        if message["role"] == "user" and found:
            return found.group(1)
    return None


def edit_text(old, new):
    return tool_call("edit_text", {"path": "SKILL.md", "old": old, "new": new})


class Model:
    """Plays the roles. The executor reads the skill and answers with the words that a patch has brought there."""

    def __init__(self, edits=(), label="mark is missing"):
        self.edits = list(edits)  # one list of replies for each patch call
        self.label = label
        self.requests = {}
        self.patches = 0

    def __call__(self, body):
        role = role_of(body)
        self.requests.setdefault(role, []).append(body)
        return getattr(self, role)(body)

    def execute(self, body):
        done = tool_results(body)
        if not done:
            return tool_call("activate_skill", {"skill": "notes"})
        number = int(re.search(r"question (\d+)", json.dumps(body["messages"])).group(1))
        learnt = "With the mark" in done[-1]["content"]
        return reply(f"total {number}" if learnt and number % 3 else "no idea")

    def diagnose(self, body):
        known = re.search(r"^(.+?): ", section(body, "known_patterns") or "")
        return tool_call("submit_diagnosis", {"label": self.label, "analysis": "The answer lacks its mark.", "skipped_step": "",
                                              "steps": [1], "known": known.group(1) if known else "new"})

    def momentum(self, body):
        memory = json.loads(section(body, "memory")) if section(body, "memory") != "none" else {"patterns": []}
        slug = "mark-is-missing"
        patterns = [] if any(item["slug"] == slug for item in memory["patterns"]) else [
            {"slug": slug, "kind": "operation", "line": "The mark is missing.", "anchor": "write-the-note",
             "description": "It is left out.", "action": "Write the mark behind the note."}]
        overlay = [{"task_id": item["task_id"], "signal": "no mark", "pattern": slug, "anchor": "write-the-note",
                    "gap": "not said", "change": "say it"} for item in json.loads(section(body, "diagnoses"))]
        return tool_call("submit_momentum", {"patterns": patterns, "overlay": overlay, "themes": []})

    def patch(self, body):
        if not tool_results(body):
            self.patches += 1
        steps = self.edits[min(self.patches, len(self.edits)) - 1] if self.edits else []
        done = len(tool_results(body))
        if done < len(steps):
            return steps[done]
        return tool_call("finish_patch", {"summary": "It says that there is a mark.", "addressed": [
            {"pattern": self.label, "anchor": "write-the-note", "reason": "it was not said"}]})

    def judge(self, body):
        return reply(json.dumps({"verdicts": [{"criterion": 1, "evidence": "", "passed": False}]}))


class Runs(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.prepare(pathlib.Path(folder.name))

    def prepare(self, root):
        self.root = root
        self.put_skill("Writes notes. Use it for every question.")
        self.put_tasks()

    def put_skill(self, description, body=BODY):
        (self.root / "notes").mkdir(exist_ok=True)
        (self.root / "notes/SKILL.md").write_text(f"---\nname: notes\ndescription: {description}\n---\n{body}", encoding="utf-8")

    def put_tasks(self, **more):
        splits = ["train"] * 6 + ["val"] * 4 + ["test"] * 2
        (self.root / "t.jsonl").write_text("".join(
            json.dumps({"id": f"t{i}", "split": split, "input": f"question {i}", "target": f"total {i}", **more}) + "\n"
            for i, split in enumerate(splits)), encoding="utf-8")

    def optimize(self, model, *more, run="r"):
        with Endpoint(model) as endpoint:
            return program.run(["optimize", "notes", "-b", "t.jsonl", "--run", run, "--batch", "3", "--max-iters", "1", "-j", "1",
                                "-m", "mock", "--base-url", endpoint.url, *more], cwd=self.root)

    def read(self, name):
        return json.loads((self.root / name).read_text(encoding="utf-8"))


LEARN = [edit_text("Write what the task asks for.", "Write what the task asks for. With the mark behind it.")]


class TwoCauses(Model):
    """Names two causes of each failure, which become two patterns."""

    LABELS = ("mark is missing", "unit is missing")

    def diagnose(self, body):
        return tool_call("submit_diagnosis", {"right": "", "causes": [
            {"label": label, "case": "gap", "analysis": "It lacks it.", "rule": "It has it.", "open": "", "skipped_step": "",
             "steps": [1], "known": "new", "refutes": ""} for label in self.LABELS]})

    def momentum(self, body):
        slugs = [label.replace(" ", "-") for label in self.LABELS]
        patterns = [{"slug": slug, "kind": "operation", "line": slug, "anchor": "", "description": "x", "action": "y"}
                    for slug in slugs]
        return tool_call("submit_momentum", {"patterns": patterns, "themes": [], "overlay": [
            {"task_id": item["task_id"], "signal": "s", "patterns": [{"pattern": slug, "gap": "g"} for slug in slugs]}
            for item in json.loads(section(body, "diagnoses"))]})


class Causes(Runs):
    def test_of_one_task_become_patterns_that_share_its_loss(self):
        done = self.optimize(TwoCauses([LEARN]))
        self.assertEqual(done.returncode, 0, done.stderr)
        rows = [json.loads(row) for row in (self.root / "r/iter_001/gradients.jsonl").read_text(encoding="utf-8").splitlines()]
        self.assertEqual([row["schema"] for row in rows], ["skillgrad.gradient/2"] * 3)
        for row in rows:
            self.assertEqual([cause["label"] for cause in row["causes"]], list(TwoCauses.LABELS))
        patterns = self.read("r/iter_001/memory.json")["patterns"]
        self.assertEqual([round(pattern["velocity"], 6) for pattern in patterns], [0.15, 0.15])
        self.assertEqual([len(pattern["remedies"]) for pattern in patterns], [1, 0], "the patch was about the first alone")


class OneOfTwo(Model):
    """Right in the second run of each task."""

    def execute(self, body):
        number = int(re.search(r"question (\d+)", json.dumps(body["messages"])).group(1))
        self.seen = getattr(self, "seen", {})
        self.seen[number] = self.seen.get(number, 0) + 1
        return reply(f"total {number}" if self.seen[number] % 2 == 0 else "no idea")


class Pairs(Runs):
    def test_of_a_task_that_came_out_both_ways_are_shown_side_by_side(self):
        model = OneOfTwo()
        done = self.optimize(model, "--rollouts", "2")
        asked = model.requests.get("diagnose", [])
        self.assertTrue(asked, done.stderr)
        for body in asked:
            self.assertEqual(section(body, "runs"), "mixed: 1 of 2 runs of this task under this skill were right")
            self.assertIn("no idea", section(body, "trace"))
            self.assertIn("total", section(body, "passing_trace"))


class Progress(Runs):
    def test_names_the_run_first_then_results_as_they_come_and_the_iteration_of_how_many(self):
        done = self.optimize(Model([LEARN]))
        rows = done.stderr.splitlines()
        names = [row.split(":")[0] for row in rows]
        self.assertLess(rows.index(f"run: {self.root.resolve() / 'r'}"), rows.index("base run: 6 to do"))
        self.assertTrue(any(row.endswith("0 pass, 6 fail, mean score 0.0 %") for row in rows), rows)
        self.assertIn("iteration 1 of 1", names)
        self.assertTrue(any(row.startswith("iteration   1 of 1  accepted") for row in rows), rows)

    def test_is_not_told_where_that_is_asked_for(self):
        self.assertNotIn("run: ", self.optimize(Model([LEARN]), "--quiet").stderr)


class Told(Runs):
    """What the model gets, from the log of requests."""

    @classmethod
    def setUpClass(cls):
        """One run for all of these tests, which only read what was asked."""
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        first = Runs()
        first.prepare(pathlib.Path(folder.name))
        cls.model = Model([LEARN, []])
        done = first.optimize(cls.model, "--max-iters", "2")
        first.assertEqual(first.read("r/run.json")["iterations"][0]["decision"], "accepted", done.stdout + done.stderr)

    def setUp(self):
        pass

    def asked(self, role, index=0):
        return self.model.requests[role][index]

    def tool(self, role, name, index=0):
        tools = self.asked(role, index)["tools"]
        return next(tool["function"] for tool in tools if tool["function"]["name"] == name)

    def of_second_iteration(self, role):
        with_record = [body for body in self.model.requests[role]
                       if "mark-is-missing" in (section(body, "memory") or section(body, "known_patterns") or "")]
        self.assertTrue(with_record, f"no request of {role} shows the record")
        return with_record[0]

    def test_to_the_executor_that_the_form_of_the_task_comes_first(self):
        text = self.asked("execute")["messages"][0]["content"]
        self.assertIn("The task's own form wins", text)
        self.assertIn("exactly in the form that the task requires, and nothing beside it", text)
        brief = [line for line in text.splitlines() if "state briefly what you did" in line]
        self.assertEqual(len(brief), 1)
        self.assertIn("Only where the task asks for files alone, state briefly", brief[0])

    def test_of_remedies_is_what_they_changed_at_their_place(self):
        record = json.loads(section(self.of_second_iteration("momentum"), "memory"))
        remedies = record["patterns"][0]["remedies"]
        self.assertEqual([remedy["anchor"] for remedy in remedies], ["write-the-note"])
        self.assertIn("With the mark behind it", remedies[0]["change"])
        self.assertNotIn("It says that there is a mark.", remedies[0]["change"], "the summary is of the whole patch")

    def test_of_velocity_is_short_and_explained(self):
        body = self.of_second_iteration("momentum")
        self.assertIn('"velocity"', section(body, "memory"))
        for other in (body, self.of_second_iteration("patch")):
            self.assertNotRegex(section(other, "memory"), r"\d\.\d{7}")
        self.assertIn("`velocity` says what a pattern costs lately", body["messages"][0]["content"])

    def test_of_anchors_is_one_thing_everywhere(self):
        for role, tool in (("momentum", "submit_momentum"), ("patch", "finish_patch")):
            text = json.dumps(self.tool(role, tool)["parameters"])
            self.assertRegex(text, r'"anchor": \{"type": "string", "description": "Slug of (a|the) heading')
        self.assertIn("Write the slug, not the heading.", self.asked("momentum")["messages"][0]["content"])
        for prompt in (self.asked("momentum"), self.asked("patch")):
            for shown in re.findall(r"anchor[`\"]*:? [`\"]([^`\"]+)[`\"]", prompt["messages"][0]["content"]):
                self.assertRegex(shown, r"^[a-z0-9-]+(\.[a-z]+)?$", "an example shows a slug or a file")

    def test_of_earlier_traces_only_where_there_is_one(self):
        self.assertNotIn("earlier", json.dumps(self.tool("diagnose", "read_trace")))

    def test_of_sections_is_where_they_end(self):
        self.assertIn("to the next heading of the same or a higher level", self.tool("patch", "replace_section")["description"])
        system = self.asked("patch")["messages"][0]["content"]
        self.assertIn("A section reaches to the next heading of the same or a higher level", system)
        self.assertNotRegex(system, r"heading of the same level")

    def test_of_the_first_memory_is_the_version_that_ran_and_the_patch_since(self):
        first = self.asked("momentum")
        self.assertNotIn("With the mark behind it", section(first, "skill"))
        self.assertEqual(section(first, "skill_version"), "the version that ran: the initial skill")
        since = section(first, "patched_since")
        self.assertIn("The patch of iteration 1 was made after these runs and kept", since)
        self.assertIn("+Write what the task asks for. With the mark behind it.", since)
        later = self.of_second_iteration("momentum")
        self.assertIn("With the mark behind it", section(later, "skill"))
        self.assertEqual(section(later, "skill_version"), "the version that ran: as the patch of iteration 1 left it")
        self.assertTrue(section(later, "patched_since").startswith("none"))

    def test_beside_each_diagnosis_is_task_feedback_and_cited_step(self):
        for role in ("momentum", "patch"):
            for item in json.loads(section(self.asked(role), "diagnoses")):
                self.assertRegex(item["task"], r"question \d")
                self.assertRegex(item["feedback"], r"total \d")
                self.assertEqual(len(item["cited_steps"]), 1)
                self.assertEqual([cause["label"] for cause in item["causes"]], ["mark is missing"])

    def test_of_the_shell_is_what_it_offers_and_of_skills_their_names(self):
        said = self.tool("execute", "shell")["description"]
        self.assertRegex(said, r"A command may take 120 s and \d+ GiB of memory")
        self.assertRegex(said, r"python3 is 3\.\d+\.\d+, with |There is no python3\.")
        self.assertEqual(self.tool("execute", "activate_skill")["parameters"]["properties"]["skill"]["enum"], ["notes"])

    def test_of_known_patterns_is_the_cure(self):
        self.assertIn("mark-is-missing: The mark is missing. | cure: Write the mark behind the note.",
                      section(self.of_second_iteration("diagnose"), "known_patterns"))

    def test_to_the_diagnoser_once_is_the_skill_and_the_task(self):
        body = self.asked("diagnose")
        text = "\n".join(str(message["content"]) for message in body["messages"])
        self.assertEqual(text.count("Read it once more."), 1, "the skill")
        number = re.search(r"question \d+", section(body, "task")).group(0)
        self.assertEqual(text.count(number), 1, "the task")
        self.assertIn("activate_skill", section(body, "trace"))


class PatchesThatAreNotTried(Runs):
    def test_name_what_blocked_them_though_they_were_taken_back(self):
        bad = edit_text("Read it once more.", "Read `references/none.md` when the header has two rows; skip it otherwise.")
        back = edit_text("Read `references/none.md` when the header has two rows; skip it otherwise.", "Read it once more.")

        class Repairing(Model):
            def patch(self, body):
                told = [message for message in body["messages"] if "<lint>" in str(message["content"])]
                done = len(tool_results(body))
                if done == 0:
                    return bad
                if told and done == 2:
                    return back
                return super().patch(body)

        done = self.optimize(Repairing())
        row = self.read("r/run.json")["iterations"][0]
        self.assertEqual(row["decision"], "no_patch", row)
        self.assertIn("the patch was taken back, since it broke L3-02", row["reason"], done.stderr)
        self.assertIn("none.md", row["reason"])

    def test_name_the_rule_that_they_break(self):
        bad = edit_text("Read it once more.", "Read `references/none.md` when the header has two rows; skip it otherwise.")
        self.optimize(Model([[bad]]))
        row = self.read("r/run.json")["iterations"][0]
        self.assertEqual(row["decision"], "rejected", row)
        self.assertIn("L3-02", row["reason"])

    def test_do_not_break_what_the_first_skill_broke_before(self):
        for name, description in (("characters", "note " * 206), ("words", "of " * 85)):
            with self.subTest(name):
                self.put_skill(description)
                done = self.optimize(Model([LEARN]), run=name)
                row = self.read(f"{name}/run.json")["iterations"][0]
                self.assertEqual(row["decision"], "accepted", done.stderr)

    def test_may_have_a_description_of_more_than_50_words_where_lint_is_general(self):
        longer = "Writes notes of all kinds. Use it for every question. " + "It knows notes. " * 20
        edit = tool_call("set_description", {"text": longer})
        for lint, decision in (("general", "accepted"), ("procedure", None)):
            with self.subTest(lint):
                self.optimize(Model([[*LEARN, edit]]), "--lint", lint, run=lint)
                patch = self.read(f"{lint}/iter_001/patch.json")
                refused = [call for call in patch.get("refused", []) if call["tool"] == "set_description"]
                if decision:
                    self.assertEqual(refused, [])
                    self.assertIn("It knows notes.", (self.root / f"{lint}/best/SKILL.md").read_text(encoding="utf-8"))
                else:
                    self.assertIn("at most 50 are allowed", refused[0]["problem"])

    def test_copy_no_criterion_of_a_judge(self):
        criterion = "The note names the person who is in charge of the archive."
        self.put_tasks(grader={"type": "llm-judge", "criteria": [criterion]})
        copied = edit_text("Read it once more.", criterion)
        model = Model([[copied]])
        self.optimize(model)
        row = self.read("r/run.json")["iterations"][0]
        self.assertEqual(row["decision"], "rejected", row)
        self.assertIn("UPD-05", row["reason"])
        told = [message["content"] for body in model.requests["patch"] for message in body["messages"]
                if message["role"] == "user" and "UPD-05" in str(message["content"])]
        self.assertTrue(told, "the patcher is told")


class Advice(Runs):
    def test_to_allow_a_stage_more_turns_can_be_typed_and_does_so(self):
        class Reading(Model):
            def patch(self, body):
                return tool_call("read_file", {"path": "SKILL.md"})

        short = Reading()
        done = self.optimize(short, "--set", 'stages.patcher={"name":"llm","turns":2}')
        failed = self.read("r/iter_001/patch.json")["failed"]
        advice = re.search(r"--set '[^']+'", failed)
        self.assertTrue(advice, failed + done.stderr)
        longer = Reading()
        self.optimize(longer, *shlex.split(advice.group(0)), run="r2")
        self.assertGreater(len(longer.requests["patch"]), len(short.requests["patch"]))


if __name__ == "__main__":
    unittest.main()
