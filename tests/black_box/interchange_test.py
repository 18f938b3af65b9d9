# SPDX-License-Identifier: MIT
"""`report --format junit|inspect|skill-creator|atif` and `eval --junit`: forms that other programs read, held from outside."""
import json
import pathlib
import re
import statistics
import tempfile
import unittest
import xml.etree.ElementTree

import endpoint
import made_run
import program

SKILL = program.SOURCE / "skills/table-reports"
FOLDER = tempfile.TemporaryDirectory()
ROOT = pathlib.Path(FOLDER.name)
EVALS = {"skill_name": "greeter", "evals": [
    {"id": 7, "prompt": "Greet Ann.", "expected_output": "A greeting.", "expectations": ["It greets Ann", "It is short"]},
    {"id": 3, "prompt": "Say bye.", "assertions": [{"type": "contains", "value": "bye"}, {"type": "contains", "value": "Ann"}, "It is polite"]},
    {"id": 5, "prompt": "Fail, please.", "assertions": [{"type": "contains", "value": "x"}]},
]}


def tearDownModule():
    FOLDER.cleanup()


def report(run, form, *words, code=0):
    done = program.run(["report", str(run), "--format", form, *map(str, words)], cwd=ROOT)
    assert done.returncode == code, (form, words, done.returncode, done.stderr[-2000:])
    return done


def evaluate(skill, run, *words, code=0):
    done = program.run(["eval", str(skill), "--run", str(run), "--json", *map(str, words)], cwd=ROOT)
    assert done.returncode == code, (done.returncode, done.stderr[-2000:])
    return json.loads(done.stdout)


def greet(request):
    """Greets, says bye to nobody, breaks down over the third task; as a judge, it finds one criterion met."""
    texts = " ".join(str(message.get("content")) for message in request["messages"])
    criteria = re.search(r"<criteria-(\w+)>\n(.*?)\n</criteria-\1>", texts, re.S)
    if criteria:
        return endpoint.reply(json.dumps({"verdicts": [
            {"criterion": i + 1, "passed": i == 0, "evidence": "Hello" if i == 0 else "it is not"}
            for i, _ in enumerate(criteria.group(2).splitlines())]}))
    if "Fail, please" in texts:
        return 400
    return endpoint.reply("Hello Ann" if "Greet Ann" in texts else "Hello, goodbye")


class Runs(unittest.TestCase):
    """Made once: the bundled skill and none, played by the simulation; a skill with assertions, judged, with an error."""

    @classmethod
    def setUpClass(cls):
        cls.run_of_demo, cls.greeter = ROOT / "demo-run", ROOT / "greeter-run"
        if not cls.run_of_demo.exists():
            evaluate(SKILL, cls.run_of_demo, "--model", "sim:demo", "--baseline", "none", "--split", "val", "--trials", "2",
                     "--junit", ROOT / "demo.xml")
            made_run.write(ROOT / "greeter/SKILL.md", "---\nname: greeter\ndescription: Greets people.\n---\n# Greet\n\nGreet.\n")
            made_run.write(ROOT / "greeter/evals/evals.json", EVALS)
            with endpoint.Endpoint(greet) as server:
                evaluate(ROOT / "greeter", cls.greeter, "--model", "mock", "--base-url", server.url, "--split", "all", "--no-preflight",
                         "--max-error-rate", "1", "--exit-zero")
        cls.result = json.loads((cls.run_of_demo / "run.json").read_text())
        cls.judged = json.loads((cls.greeter / "run.json").read_text())

    def losses(self, run):
        return {str(path.parent.relative_to(run)): json.loads(path.read_text()) for path in run.rglob("loss.json")}


class Checks(Runs):
    def test_the_verdict_on_each_assertion_is_kept(self):
        by_task = {loss["task_id"]: loss for loss in self.losses(self.greeter).values()}
        self.assertEqual([(one["name"], one["score"]) for one in by_task["7"]["checks"]], [("It greets Ann", 1), ("It is short", 0)])
        self.assertEqual([(one["name"], one["weight"], one["score"]) for one in by_task["3"]["checks"]],
                         [("contains", 1, 1), ("contains", 1, 0), ("It is polite", 1, 1)])
        self.assertEqual(by_task["5"]["status"], "error")
        self.assertNotIn("checks", by_task["5"])


class JUnit(Runs):
    ORDER = ["properties", "testcase", "system-out", "system-err"]
    ATTRIBUTES = {
        "testsuites": {"name", "time", "tests", "failures", "errors"},
        "testsuite": {"name", "tests", "failures", "errors", "skipped", "time", "timestamp"},
        "properties": set(), "property": {"name", "value"}, "testcase": {"classname", "name", "time"},
        "failure": {"type", "message"}, "error": {"type", "message"}, "skipped": {"message"},
    }

    def document(self, text):
        """The shape that Ant wrote and Jenkins reads: attributes, order of elements, one verdict a case, numbers that add up."""
        root = xml.etree.ElementTree.fromstring(text)
        self.assertEqual(root.tag, "testsuites")
        for element in root.iter():
            self.assertLessEqual(set(element.attrib), self.ATTRIBUTES[element.tag], element.tag)
        for suite in root:
            self.assertEqual(suite.tag, "testsuite")
            places = [self.ORDER.index(child.tag) for child in suite]
            self.assertEqual(places, sorted(places))
            if suite.get("timestamp"):
                self.assertRegex(suite.get("timestamp"), r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$")
            cases = suite.findall("testcase")
            for case in cases:
                self.assertTrue(case.get("classname") and case.get("name"))
                self.assertLessEqual(len(case), 1)
                self.assertGreaterEqual(float(case.get("time")), 0)
            names = [case.get("name") for case in cases]
            self.assertEqual(len(names), len(set(names)))
            for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
                self.assertEqual(int(suite.get(attribute)), sum(case.find(tag) is not None for case in cases))
            self.assertEqual(int(suite.get("tests")), len(cases))
        for attribute in ("tests", "failures", "errors"):
            self.assertEqual(int(root.get(attribute)), sum(int(suite.get(attribute)) for suite in root))
        return root

    def test_of_an_evaluation_agrees_with_its_result(self):
        root = self.document(report(self.run_of_demo, "junit").stdout)
        suite = root[0]
        self.assertEqual(suite.get("name"), "table-reports")
        self.assertEqual(int(suite.get("tests")), self.result["n_planned"])
        self.assertEqual(int(suite.get("failures")), self.result["by_status"]["fail"])
        self.assertEqual(int(suite.get("errors")), 0)
        properties = {one.get("name"): one.get("value") for one in suite.find("properties")}
        self.assertEqual((properties["split"], properties["model"]), ("val", self.result["model"]))
        failed = {case.get("name"): case.find("failure").get("message") for case in suite.iter("testcase") if case.find("failure") is not None}
        self.assertIn("expected number 5665.03", failed["february_expenses (trial 0)"])

    def test_eval_writes_the_same_beside_its_result(self):
        self.assertEqual((ROOT / "demo.xml").read_text(), report(self.run_of_demo, "junit").stdout)
        for words in (["--dry-run"],):
            done = program.run(["eval", str(SKILL), "--model", "sim:demo", "--junit", "x.xml", *words], cwd=ROOT)
            self.assertEqual((done.returncode, (ROOT / "x.xml").exists()), (2, False), done.stderr)

    def test_a_file_that_cannot_be_written_is_found_before_anything_is_paid_for(self):
        (ROOT / "a-folder").mkdir()
        (ROOT / "a-file").write_text("x")
        for place, mend in (("a-folder", "name a file in it"), ("a-folder/", "name a file in it"), ("not/there/j.xml", "`mkdir -p not/there`"),
                            ("a-file/j.xml", "in a folder that is there")):
            with self.subTest(place):
                done = program.run(["eval", str(SKILL), "--model", "sim:demo", "--run", "unpaid", "--junit", place], cwd=ROOT)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn(mend, done.stderr)
                self.assertIn("--junit", done.stderr)
                self.assertFalse((ROOT / "unpaid").exists() or (ROOT / "not").exists())
        for flag in ("--junit", "--comment", "--sarif"):
            done = program.run(["ci", ".", "--since", "HEAD", "--tier", "static", flag, "a-folder"], cwd=ROOT)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(flag + " a-folder/out.", done.stderr)

    def test_an_error_is_no_failure_and_a_check_is_told(self):
        suite = self.document(report(self.greeter, "junit").stdout)[0]
        cases = {case.get("name"): case for case in suite.iter("testcase")}
        self.assertEqual((suite.get("errors"), suite.get("failures")), ("1", "2"))
        self.assertEqual(cases["5"].find("error").get("type"), "error")
        self.assertIn("400", cases["5"].find("error").get("message"))
        self.assertIn("It is short: it is not", cases["7"].find("failure").text)

    def test_a_gate_that_is_not_met_is_a_case(self):
        run = ROOT / "gated-run"
        evaluate(SKILL, run, "--model", "sim:demo", "--split", "val", "--min-score", "0.99", code=1)
        cases = {case.get("name"): case for case in self.document(report(run, "junit").stdout)[0].iter("testcase")}
        self.assertIsNotNone(cases["verdict"].find("failure"))

    def test_of_an_optimization_its_release_test_and_of_hostile_texts_text(self):
        run = made_run.Run(ROOT / "made", iterations=2, text=made_run.HOSTILE + "\x00\x08\ufffe]]>&amp;")
        run.make()
        suite = self.document(report(run.root, "junit").stdout)[0]
        cases = {case.get("name"): case for case in suite.iter("testcase")}
        self.assertLessEqual({"release test", *run.splits["test"]}, set(cases))
        for iteration in ("train-000", "val-000"):
            self.assertNotIn(iteration, cases)

    def test_a_run_that_did_not_end_is_an_error(self):
        run = made_run.Run(ROOT / "unended", iterations=1)
        run.make()
        (run.root / "run.json").unlink()
        cases = {case.get("name"): case for case in self.document(report(run.root, "junit").stdout)[0].iter("testcase")}
        self.assertEqual(cases["run"].find("error").get("type"), "interrupted")


class Inspect(Runs):
    def log(self, run):
        return json.loads(report(run, "inspect").stdout)

    def test_holds_what_the_run_holds(self):
        log = self.log(self.run_of_demo)
        self.assertEqual((log["version"], log["status"], log["eval"]["model"]), (2, "success", self.result["model"]))
        self.assertEqual((len(log["samples"]), log["eval"]["config"]["epochs"]), (self.result["n_planned"], 2))
        self.assertEqual(log["results"]["scores"][0]["metrics"]["mean"]["value"], self.result["score"])
        self.assertEqual(log["eval"]["packages"], {"skillgrad": self.result.get("version", log["eval"]["packages"]["skillgrad"])})
        losses = [loss for place, loss in self.losses(self.run_of_demo).items() if place.startswith("eval/")]
        by_id = {(loss["task_id"], loss["sample"] + 1): loss for loss in losses}
        for sample in log["samples"]:
            loss = by_id[sample["id"], sample["epoch"]]
            self.assertEqual(sample["scores"]["skillgrad"]["value"], loss["score"])
            self.assertEqual(sample["output"]["completion"], loss["final_message"])
            usage = sample["model_usage"][self.result["model"]]
            self.assertEqual((usage["input_tokens"], usage["output_tokens"]), (loss["usage"]["input_tokens"], loss["usage"]["output_tokens"]))
            self.assertLess(sample["started_at"], sample["completed_at"])
            self.assertIn("Input files", sample["input"])
            asked = [call["id"] for message in sample["messages"] for call in message.get("tool_calls", [])]
            answered = [message["tool_call_id"] for message in sample["messages"] if message["role"] == "tool"]
            self.assertEqual(asked, answered)
            self.assertEqual(len({message["id"] for message in sample["messages"]}), len(sample["messages"]))

    def test_an_error_has_no_score(self):
        samples = {sample["id"]: sample for sample in self.log(self.greeter)["samples"]}
        self.assertNotIn("scores", samples["5"])
        self.assertIn("400", samples["5"]["error"]["message"])
        self.assertEqual([one["score"] for one in samples["7"]["scores"]["skillgrad"]["metadata"]["checks"]], [1, 0])
        log = self.log(self.greeter)
        self.assertEqual(log["results"]["scores"][0]["unscored_samples"], 1)
        # What judges used is of the whole, and of no sample.
        self.assertEqual(log["stats"]["model_usage"]["mock"]["input_tokens"], self.judged["usage"]["input_tokens"])
        self.assertEqual(sum(one["model_usage"]["mock"]["input_tokens"] for one in log["samples"] if one["model_usage"]), 20)

    def test_a_folder_gets_a_name_that_inspect_lists(self):
        logs = ROOT / "logs"
        logs.mkdir()
        report(self.run_of_demo, "inspect", "--out", logs)
        self.assertRegex(next(logs.iterdir()).name, r"^\d{4}-\d{2}-\d{2}T\d{2}[:-]\d{2}[:-]\d{2}.*\.json$")
        self.assertIn("inspect view", report(self.run_of_demo, "inspect", "--out", ROOT / "my.json").stderr)

    def test_another_run_is_refused(self):
        run = made_run.Run(ROOT / "no-eval", iterations=1)
        run.make()
        self.assertIn("a run of eval", report(run.root, "inspect", code=2).stderr)


class Workspace(Runs):
    def workspace(self, run, name):
        out = ROOT / name / "iteration-1"
        report(run, "skill-creator", "--out", out)
        return out

    def test_has_the_files_of_skill_creator(self):
        out = self.workspace(self.run_of_demo, "demo-workspace")
        benchmark = json.loads((out / "benchmark.json").read_text())
        self.assertEqual(list(benchmark["run_summary"]), ["with_skill", "without_skill", "delta"])
        self.assertEqual(len(benchmark["runs"]), self.result["n_graded"] + self.result["baseline"]["n_graded"])
        for one in benchmark["runs"]:
            place = out / f"eval-{one['eval_id']}" / one["configuration"] / f"run-{one['run_number']}"
            grading, timing = (json.loads((place / name).read_text()) for name in ("grading.json", "timing.json"))
            self.assertEqual(grading["expectations"], one["expectations"])
            self.assertEqual(grading["summary"], {key: one["result"][key] for key in ("passed", "failed", "total", "pass_rate")})
            self.assertEqual((timing["total_tokens"], timing["total_duration_seconds"]), (one["result"]["tokens"], one["result"]["time_seconds"]))
            self.assertEqual(one["result"]["tool_calls"], sum(grading["execution_metrics"]["tool_calls"].values()))
            self.assertIn(json.loads((place / "eval_metadata.json").read_text())["prompt"][:40], (place / "transcript.md").read_text())
            self.assertTrue((place / "outputs/final_message.md").exists())
            for expectation in one["expectations"]:
                self.assertEqual({key: type(value) for key, value in expectation.items()}, {"text": str, "passed": bool, "evidence": str})
        for side in ("with_skill", "without_skill"):
            rates = [one["result"]["pass_rate"] for one in benchmark["runs"] if one["configuration"] == side]
            self.assertAlmostEqual(benchmark["run_summary"][side]["pass_rate"]["mean"], statistics.mean(rates), 3)
            self.assertAlmostEqual(benchmark["run_summary"][side]["pass_rate"]["stddev"], statistics.stdev(rates), 3)

    def test_expectations_are_the_assertions_and_ids_those_of_evals_json(self):
        out = self.workspace(self.greeter, "greeter-workspace")
        benchmark = json.loads((out / "benchmark.json").read_text())
        by_id = {one["eval_id"]: one for one in benchmark["runs"]}
        self.assertEqual(set(by_id), {3, 7})
        self.assertEqual([one["text"] for one in by_id[7]["expectations"]], EVALS["evals"][0]["expectations"])
        self.assertEqual([one["text"] for one in by_id[3]["expectations"]], ["contains", "contains (2)", "It is polite"])
        self.assertEqual(by_id[3]["result"]["pass_rate"], 0.6667)
        # An error is no run with a rate of 0: it has no grades, and a note says so.
        self.assertFalse((out / "eval-5/with_skill/run-1/grading.json").exists())
        self.assertTrue((out / "eval-5/with_skill/run-1/timing.json").exists())
        self.assertIn("1 of 3 runs ended as errors", " ".join(benchmark["notes"]))

    def test_a_folder_that_holds_something_is_left_alone(self):
        out = ROOT / "taken"
        out.mkdir()
        (out / "feedback.json").write_text("{}")
        for form in ("skill-creator", "atif"):
            self.assertIn("--out", report(self.run_of_demo, form, "--out", out, code=2).stderr)
            self.assertIn("--out", report(self.run_of_demo, form, code=2).stderr)
        self.assertEqual([path.name for path in out.iterdir()], ["feedback.json"])
        self.assertFalse([path for path in ROOT.iterdir() if path.name.startswith(".skillgrad-export")])

    def test_of_an_optimization_the_best_skill_against_the_initial_one(self):
        run = made_run.Run(ROOT / "optimized", iterations=2, text=made_run.HOSTILE)
        run.make()
        benchmark = json.loads((self.workspace(run.root, "optimized-workspace") / "benchmark.json").read_text())
        self.assertEqual(list(benchmark["run_summary"])[:2], ["new_skill", "old_skill"])


    def test_no_skill_is_the_side_without(self):
        evaluate("none", ROOT / "bare", "-b", SKILL / "evals", "--model", "sim:demo", "--split", "val", "--limit", "12")
        benchmark = json.loads((self.workspace(ROOT / "bare", "bare-workspace") / "benchmark.json").read_text())
        self.assertEqual((list(benchmark["run_summary"]), benchmark["metadata"]["skill_name"]), (["without_skill"], "none"))
        self.assertEqual(report(ROOT / "bare", "junit").stdout.count('classname="no skill"'), len(benchmark["runs"]))

    def test_of_a_calibration_its_passes_are_runs(self):
        done = program.run(["calibrate", str(SKILL), "--model", "sim:demo", "--limit", "12", "--run", "noise", "--json"], cwd=ROOT)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        benchmark = json.loads((self.workspace(ROOT / "noise", "noise-workspace") / "benchmark.json").read_text())
        self.assertEqual((benchmark["metadata"]["runs_per_configuration"], list(benchmark["run_summary"])), (2, ["with_skill"]))
        self.assertRegex(benchmark["metadata"]["timestamp"], r"^\d{4}-")


class Atif(Runs):
    def test_a_trajectory_for_each_rollout(self):
        out = ROOT / "atif"
        report(self.run_of_demo, "atif", "--out", out)
        losses = self.losses(self.run_of_demo)
        self.assertEqual({str(path.relative_to(out)) for path in out.rglob("*.json")},
                         {place.replace("/rollouts/", "/") + ".json" for place in losses})
        for path in out.rglob("*.json"):
            value = json.loads(path.read_text())
            loss = losses[value["trajectory_id"]]
            self.assertEqual([step["step_id"] for step in value["steps"]], list(range(1, len(value["steps"]) + 1)))
            self.assertEqual((value["extra"]["score"], value["extra"]["task_id"]), (loss["score"], loss["task_id"]))
            self.assertEqual(value["final_metrics"]["total_prompt_tokens"], loss["usage"]["input_tokens"])
            self.assertEqual(sum(step["metrics"]["prompt_tokens"] for step in value["steps"] if "metrics" in step), loss["usage"]["input_tokens"])
            for step in value["steps"]:
                if step["source"] != "agent":
                    self.assertFalse({"tool_calls", "metrics", "reasoning_content", "model_name"} & set(step))
                calls = [call["tool_call_id"] for call in step.get("tool_calls", [])]
                self.assertEqual(calls, [one["source_call_id"] for one in step.get("observation", {}).get("results", [])])


class All(Runs):
    def test_equal_runs_give_equal_bytes_and_a_run_is_not_changed(self):
        before = {path: path.read_bytes() for path in self.run_of_demo.rglob("*") if path.is_file()}
        for form in ("junit", "inspect"):
            self.assertEqual(report(self.run_of_demo, form).stdout, report(self.run_of_demo, form).stdout)
        for form in ("skill-creator", "atif"):
            written = []
            for name in ("one", "two"):
                report(self.run_of_demo, form, "--out", ROOT / f"{form}-{name}")
                written.append({str(path.relative_to(ROOT / f"{form}-{name}")): path.read_bytes() for path in (ROOT / f"{form}-{name}").rglob("*") if path.is_file()})
            self.assertEqual(*written)
        self.assertEqual(before, {path: path.read_bytes() for path in self.run_of_demo.rglob("*") if path.is_file()})

    def test_damaged_files_are_notes(self):
        run = made_run.Run(ROOT / "damaged", iterations=1)
        run.make()
        broken = next(run.root.rglob("test/*/rollouts/*/trajectory.jsonl"))
        broken.write_text('{"kind":"no such"}\n')
        made_run.write(run.root / "calls/ledger.jsonl", "[]\n{}\n")
        done = report(run.root, "atif", "--out", ROOT / "damaged-atif")
        self.assertIn("cannot be read", done.stderr)
        self.assertIn("ledger", done.stderr)
        name = broken.parent.name + ".json"
        self.assertFalse([path for path in (ROOT / "damaged-atif/test").rglob(name) if path.parent.name == broken.parents[1].parent.name])


if __name__ == "__main__":
    unittest.main()
