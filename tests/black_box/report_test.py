# SPDX-License-Identifier: MIT
"""`skillgrad report`: one reading of a run in four formats, and the page in a real browser."""
import csv
import fcntl
import functools
import html
import io
import json
import os
import pathlib
import re
import shutil
import tempfile
import time
import unittest

import browser
import json_schema
import made_run
import program

MIB = 1 << 20


def report(*words, code=0):
    done = program.run(["report", *map(str, words)], cwd="/", timeout=120)
    assert done.returncode == code, (words, done.returncode, done.stderr[-2000:])
    return done


@functools.cache
def schema():
    return json.loads(program.run(["schema", "report"]).stdout)


def as_json(run):
    value = json.loads(report(run, "--json").stdout)
    problems = json_schema.problems(value, schema())
    assert not problems, problems[:5]
    return value


def page_data(text, block="data"):
    return json.loads(re.search(rf'<script type="application/json" id="{block}">(.*?)</script>', text, re.S).group(1))


FOLDER = tempfile.TemporaryDirectory()


def tearDownModule():
    FOLDER.cleanup()


class Made(unittest.TestCase):
    """Runs that are made once for all tests of the file."""

    @staticmethod
    def folder():
        return pathlib.Path(FOLDER.name)

    @staticmethod
    @functools.cache
    def demo():
        """A real run against the simulated endpoint, and what the terminal printed."""
        done = program.run(["demo", "--quiet", "--dir", "demo", "--sim-noise", "0.6", "--max-iters", "3"], cwd=Made.folder(), timeout=300)
        assert done.returncode == 0, done.stderr
        return Made.folder() / "demo/run", done.stdout

    @staticmethod
    @functools.cache
    def made(text="plain text", **options):
        return made_run.Run(tempfile.mkdtemp(dir=Made.folder()) + "/run", text=text, **options).make()

    @staticmethod
    @functools.cache
    def page(run):
        report(run)
        return run / "report.html"


class Numbers(Made):
    def test_agree_in_terminal_result_and_all_formats(self):
        run, terminal = self.demo()
        verdict = terminal.splitlines()[0]
        saved, value = json.loads((run / "run.json").read_text()), as_json(run)
        self.assertEqual(value["verdict"]["line"], verdict)
        self.assertEqual(report(run).stdout.splitlines()[0], verdict)
        source, markdown = self.page(run).read_text(), report(run, "--format", "md").stdout
        self.assertIn(f"<h1 id=\"verdict-h\">{verdict}</h1>", source)
        self.assertEqual(markdown.splitlines()[0].replace("\\", ""), "# " + verdict)
        for key in ("before", "after", "difference", "interval", "p", "n", "could_show"):
            self.assertEqual(value["verdict"][key], saved["verdict"][key], key)
        for key in ("before", "after", "before_ci95", "difference", "difference_ci95", "p", "n", "fixed", "broken"):
            self.assertEqual(value["test"][key], saved["test"][key], key)
        self.assertEqual(value["spent"]["cost_usd"], saved["cost_usd"])
        self.assertEqual(value["spent"]["input_tokens"], saved["usage"]["input_tokens"])
        self.assertEqual(len(value["steps"]), len(saved["iterations"]))
        for step, row in zip(value["steps"], saved["iterations"]):
            for key in ("iteration", "decision", "reason", "summary", "train_score", "gate", "size", "cost_usd"):
                self.assertEqual(step[key], row[key], key)
        for key in ("tasks", "flip_rate", "always_pass", "always_fail", "smallest_shown", "prices"):
            self.assertEqual(value["calibration"][key], saved["calibration"][key], key)
        data = page_data(source)
        for key in ("verdict", "test", "scores", "spent", "stages", "best", "calibration", "finalists", "sizes"):
            self.assertEqual(data[key], value[key], key)
        rows = {row["iteration"]: row for row in csv.DictReader(io.StringIO(report(run, "--format", "csv", "--table", "steps").stdout))}
        for row in saved["iterations"]:
            if row["gate"] and row["gate"]["n"]:
                self.assertEqual(float(rows[str(row["iteration"])]["gate_after"]), row["gate"]["after"])

    def check_sentence(self, run, sentence):
        """The sentence stands first in each format, and in what the command prints."""
        printed = report(run, "--out", run / "page.html").stdout.splitlines()[0]
        page = (run / "page.html").read_text()
        heading = html.unescape(re.search(r'<h1 id="verdict-h">(.*?)</h1>', page).group(1))
        first = report(run, "--format", "md").stdout.splitlines()[0].removeprefix("# ").replace("\\", "")
        value = as_json(run)
        self.assertEqual({printed, heading, first, value["verdict"]["line"], page_data(page)["verdict"]["line"]}, {sentence})
        return value

    def test_of_verdicts_are_the_same_sentence_everywhere(self):
        run = made_run.Run(self.folder() / "verdicts", iterations=1).make()
        good = json.loads((run / "run.json").read_text())
        figures = "+50.0 points [+12.5, +87.5] on 4 test tasks, p = 0.012"
        for change, best, error, sentence in (
            ({}, 1, None, f"improved: {figures}"),
            ({"verdict": "worse", "difference": -0.5, "interval": [-0.875, -0.125], "p": 0.99}, 1, None, "worse: -50.0 points [-87.5, -12.5] on 4 test tasks, p = 0.990"),
            ({"verdict": "not shown"}, 1, None, f"not shown: {figures}; 4 tasks can show 31 points and more"),
            ({"verdict": "not shown", "could_show": 1.0}, 1, None, f"not shown: {figures}; 4 tasks are too few to show any difference"),
            ({"verdict": "not shown", "n": 1}, 1, None, f"not shown: {figures.replace('4 test tasks', '1 test task')}; 4 tasks can show 31 points and more"),
            ({"verdict": "not shown", "n": 0, "before": None, "after": None, "difference": None, "interval": None, "p": None, "could_show": None}, 1, None, "not shown: no test task was graded with both skills"),
            ({"verdict": "not shown"}, 0, None, "not shown: no patch was kept, the skill is as it was"),
            ({"verdict": "not tested", "n": 0}, 1, None, "not tested: no test split was scored, so nothing is shown"),
            ({"verdict": "not tested", "n": 0}, 1, {"code": "budget", "message": "spent", "where": "", "mend": "raise --max-usd"}, "not tested: the run ended before its test"),
        ):
            with self.subTest(sentence):
                made_run.write(run / "run.json", {**good, "verdict": {**good["verdict"], **change}, "best": {**good["best"], "iteration": best}, "error": error})
                value = self.check_sentence(run, sentence)
                self.assertEqual(value["condition"], "stopped" if error else "finished")

    def test_of_real_runs_of_each_kind_are_the_first_line_of_the_terminal(self):
        kinds = {
            "no test split": (["demo", "--no-test", "--max-iters", "1"], (0,)),
            "published loop": (["demo", "--preset", "paper", "--max-iters", "1"], (0,)),
            "stored scores": (["demo", "--gate", "stored", "--max-iters", "1"], (0,)),
            "several rollouts": (["demo", "--rollouts", "2", "--max-iters", "1", "--sim-noise", "0.5"], (0,)),
            "errors": (["demo", "--sim-fault-500", "0.3", "--retry-budget", "0"], (2, 3)),
            "budget": (["demo", "--max-calls", "300", "--force"], (4,)),
        }
        for i, (kind, (words, codes)) in enumerate(kinds.items()):
            with self.subTest(kind):
                done = program.run([*words, "--dir", f"kind{i}", "-q"], cwd=self.folder(), timeout=300)
                self.assertIn(done.returncode, codes, done.stderr[-2000:])
                run = self.folder() / f"kind{i}/run"
                value = self.check_sentence(run, done.stdout.splitlines()[0])
                saved = json.loads((run / "run.json").read_text())
                self.assertEqual((value["test"] or {}).get("difference"), (saved["test"] or {}).get("difference"))
                self.assertEqual([step["decision"] for step in value["steps"]], [row["decision"] for row in saved["iterations"]])
                self.assertEqual([row for row in value["missing"] if "cannot be read" in row], [])

    def test_of_tasks_are_those_of_the_rollouts(self):
        run, _ = self.demo()
        value = as_json(run)
        rollouts = {str(path.parent.relative_to(run)): json.loads(path.read_text()) for path in run.rglob("rollouts/*/loss.json")}
        told = {one["path"]: (task["task_id"], one) for task in value["tasks"] for one in task["rollouts"]}
        self.assertEqual(set(told), set(rollouts))
        for path, (task, one) in told.items():
            self.assertEqual((task, one["status"], one["score"]), (rollouts[path]["task_id"], rollouts[path]["status"], rollouts[path]["score"]), path)
        self.assertEqual(len(list(csv.reader(io.StringIO(report(run, "--format", "csv").stdout)))), len(rollouts) + 1)
        detail = json.loads((run / "run.json").read_text())["test"]["detail"]
        columns = [column["key"] for column in value["columns"]]
        for arm in ("before", "after"):
            passed = {row["task_id"] for row in detail[arm]["tasks"] if row["status"] == "pass"}
            shown = {task["task_id"] for task in value["tasks"] for cell in task["cells"] if columns[cell["column"]] == "test" and cell["arm"] == arm and cell["pass"]}
            self.assertEqual(passed, shown, arm)
        changes = [task["change"] for task in value["tasks"] if task["split"] == "test"]
        self.assertEqual((changes.count("fixed"), changes.count("broken")), (value["test"]["fixed"], value["test"]["broken"]))

    def test_of_optimistic_scores_are_marked(self):
        value = as_json(self.made())
        points = {(point["series"], point["iteration"]): point["optimistic"] for point in value["scores"]}
        self.assertTrue(points["gate after", 1], "it was kept by this score")
        self.assertFalse(points["gate after", 2], "it was rejected")
        self.assertFalse(points["gate before", 1], "the initial skill was not chosen")
        self.assertTrue(points["gate before", 2])
        self.assertFalse(points["release", 3])

    def test_have_their_fields_in_the_documents(self):
        page = (program.SOURCE / "docs/results.md").read_text(encoding="utf-8")
        for field in schema()["properties"]:
            self.assertIn(f"`{field}`", page)

    def test_are_the_same_each_time(self):
        run, _ = self.demo()
        report(run, "--out", self.folder() / "a.html")
        report(run, "--out", self.folder() / "b.html")
        self.assertEqual((self.folder() / "a.html").read_bytes(), (self.folder() / "b.html").read_bytes())


class Changes(Made):
    def test_are_linked_to_pattern_diagnosis_and_tasks(self):
        run, _ = self.demo()
        value = as_json(run)
        accepted = [step for step in value["steps"] if step["decision"] == "accepted" and step["iteration"] <= value["best"]["iteration"]]
        self.assertTrue(accepted and value["changes"], "the demo keeps something")
        patterns = {pattern["slug"] for pattern in value["patterns"]}
        diagnosed = {one["task_id"] for step in accepted for one in step["diagnoses"]}
        for change in value["changes"]:
            self.assertEqual((change["file"], change["layer"]), ("SKILL.md", 2))
            self.assertTrue(change["reasons"], change)
            for reason in change["reasons"]:
                self.assertIn(reason["pattern"], patterns)
                self.assertLessEqual(set(reason["tasks"]), diagnosed)
        new = (run / "best/SKILL.md").read_text().splitlines()
        for change in value["changes"]:
            at = change["new_line"] - 1
            kept = [line[1:] for line in change["lines"] if line[0] != "-"]
            self.assertEqual(new[at : at + len(kept)], kept, "the line number is that of the file")

    def test_are_told_by_layer(self):
        run = made_run.Run(self.folder() / "layers", iterations=1).make()
        made_run.write(run / "best/SKILL.md", made_run.skill(["r1"]).replace("Made by a test.", "Made anew."))
        made_run.write(run / "best/references/x.md", "# X\n")
        layers = {change["layer"]: change for change in as_json(run)["changes"]}
        self.assertEqual(set(layers), {1, 2, 3})
        self.assertEqual([line for line in layers[1]["lines"] if line[0] != " "], ["-description: Made by a test.", "+description: Made anew."])
        self.assertEqual(layers[2]["anchor"], "rule-r1")
        self.assertEqual((layers[3]["file"], layers[3]["anchor"]), ("references/x.md", "x.md"))


    def test_of_any_length_stay_readable(self):
        run = made_run.Run(self.folder() / "long", iterations=1).make()
        made_run.write(run / "best/references/x.md", "".join(f"line {i}\n" for i in range(5000)) + "y" * 100_000)
        change = as_json(run)["changes"][-1]
        self.assertEqual(len(change["lines"]), 401)
        self.assertIn("4601 more lines", change["lines"][-1])


class Conditions(Made):
    def copy(self, run, name):
        to = self.folder() / name
        shutil.rmtree(to, ignore_errors=True)
        shutil.copytree(run, to, symlinks=True)
        return to

    def test_stopped_says_by_what_and_how_to_go_on(self):
        words = ["optimize", program.SOURCE / "skills/table-reports", "-m", "sim:demo", "--max-calls", "150", "--force", "--run", "stopped", "-q"]
        self.assertEqual(program.run(words, cwd=self.folder(), timeout=120).returncode, 4)
        value = as_json(self.folder() / "stopped")
        self.assertEqual(value["condition"], "stopped")
        self.assertIn("150", value["error"])
        self.assertIn("--max-calls", value["mend"])
        self.assertEqual(value["verdict"]["line"], "not tested: the run ended before its test")
        self.assertIn("not finished", report(self.folder() / "stopped", "--format", "md").stdout)

    def test_without_a_result_it_is_read_from_the_events(self):
        run, _ = self.demo()
        whole, copy = as_json(run), self.copy(run, "interrupted")
        (copy / "run.json").unlink()
        value = as_json(copy)
        self.assertEqual(value["condition"], "interrupted")
        self.assertEqual(value["verdict"]["difference"], whole["verdict"]["difference"])
        self.assertEqual([(step["iteration"], step["decision"], step["gate"]) for step in value["steps"]], [(step["iteration"], step["decision"], step["gate"]) for step in whole["steps"]])
        self.assertEqual(value["spent"], whole["spent"], "from the ledger")
        self.assertEqual(value["calibration"], whole["calibration"])

    def test_at_work_is_told_and_not_disturbed(self):
        copy = self.copy(self.made(), "working")
        (copy / "run.json").unlink()
        (copy / "iter_003/rollouts/train-001.0").mkdir(parents=True, exist_ok=True)
        (copy / "iter_003/rollouts/train-001.0/loss.json").write_text('{"schema":"skill')
        with open(copy / ".lock", "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            value = as_json(copy)
            self.assertIn("the run is working", report(copy).stdout)
        self.assertEqual(value["condition"], "working")
        self.assertTrue(any("rollout" in text for text in value["missing"]), value["missing"])

    def test_damaged_in_any_file_still_gives_a_page_that_names_it(self):
        whole = self.made()
        files = sorted({re.sub(r"\d{3}", "001", str(path.relative_to(whole))) for path in whole.rglob("*") if path.is_file() and "/rollouts/" not in str(path)} - {"report.html"})
        files += ["iter_001/rollouts/train-000.0/loss.json", "iter_001/rollouts/train-000.0/trajectory.jsonl", "test/initial/rollouts/test-000.0/trajectory.jsonl"]
        self.assertGreaterEqual(len(files), 15)
        copy = self.copy(whole, "damaged")
        for name in files:
            if not (copy / name).exists():
                continue
            good = (copy / name).read_bytes()
            for bad in ("", "{", "[]", '{"iterations":3,"verdict":[],"splits":7,"batches":{"a":1},"addressed":[1],"patterns":null}', "\xff\0\x1b"):
                with self.subTest(f"{name}: {bad[:20]!r}"):
                    (copy / name).write_bytes(bad.encode("latin-1"))
                    value = as_json(copy)
                    if bad == "{" and name.endswith(".json"):
                        self.assertTrue(value["missing"], "what is damaged is named")
            self.assertEqual(program.run(["report", str(copy)], cwd="/").returncode, 0)
            (copy / name).write_bytes(good)

    def test_of_an_evaluation_is_a_page_too(self):
        words = ["eval", program.SOURCE / "skills/table-reports", "-m", "sim:demo", "--trials", "2", "--limit", "4", "--baseline", "none", "--run", "eval", "--json", "-q"]
        done = program.run(words, cwd=self.folder(), timeout=120)
        saved, value = json.loads(done.stdout), as_json(self.folder() / "eval")
        self.assertEqual(value["of"], "eval")
        self.assertEqual((value["test"]["after"], value["test"]["after_ci95"], value["test"]["before"]), (saved["score"], saved["score_ci95"], saved["baseline"]["score"]))
        self.assertEqual((value["verdict"]["difference"], value["verdict"]["interval"]), (saved["baseline"]["difference"], saved["baseline"]["difference_ci95"]))
        self.assertEqual(sum(len(task["rollouts"]) for task in value["tasks"]), 16)


class Usage(Made):
    def test_mistakes_get_one_error_with_its_mend(self):
        run = self.made()
        for words, mends in (
            ([self.folder() / "nosuch"], "folder of a run"),
            ([self.folder()], "folder of a run"),
            ([run / "run.json"], "folder that holds it"),
            ([run, "--format", "htm"], 'did you mean "html"?'),
            ([run, "--format", "md", "--table", "steps"], "--format csv"),
            ([run, "--format", "csv", "--table", "step"], 'did you mean "steps"?'),
            ([run, "--traces", "-1"], "--traces 4"),
            ([run, "--traces", "lots"], "--traces 4"),
            ([run, "--json", "--format", "csv"], "one of them"),
            ([run, "--out", ""], "--out"),
        ):
            with self.subTest(words):
                done = report(*words, code=2)
                self.assertIn(mends, done.stderr)
                self.assertEqual(done.stderr.count("error:"), 1)
        self.assertEqual(program.run(["report", str(run), "--out", "/proc/x/y.html"], cwd="/").returncode, 3)

    def test_a_file_that_cannot_be_written_leaves_the_old_one(self):
        run = self.made()
        out = self.folder() / "kept.html"
        report(run, "--out", out)
        self.assertGreater(out.stat().st_size, 50_000)
        self.assertEqual(report(run, "--out", "-").stdout[:15], "<!DOCTYPE html>")

    def test_trajectories_are_bounded_and_what_is_left_out_is_counted(self):
        run = self.made(text="t" * 3000, iterations=1, train=60)
        sizes = {}
        for mib in (0, 1, 8):
            report(run, "--traces", mib, "--out", self.folder() / "bounded.html")
            text = (self.folder() / "bounded.html").read_text()
            sizes[mib] = (sum(map(len, page_data(text, "traces")["texts"])), page_data(text)["traces"]["left_out"])
        self.assertEqual(sizes[0][0], 0)
        self.assertGreater(sizes[0][1], 60)
        self.assertLessEqual(sizes[1][0], 1.1 * MIB)
        self.assertEqual(sizes[8][1], 0)


class Hostile(Made):
    def hostile(self):
        return self.made(made_run.HOSTILE)

    def test_text_cannot_leave_its_place_in_the_source_of_the_page(self):
        text = self.page(self.hostile()).read_text()
        self.assertEqual(text.count("</script>"), text.count("<script"))
        self.assertEqual(text.count("<script"), 5, "three blocks of data, two scripts")
        self.assertNotIn("<img", text)
        self.assertNotIn("\u202e", text)
        self.assertNotIn("\x1b", text)
        self.assertNotIn("\U000e0041", text)
        self.assertIn("\\\\u{202E}", text, "it is there to be seen")
        policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text).group(1)
        self.assertTrue(policy.startswith("default-src 'none'; script-src 'sha256-"), policy)
        self.assertNotIn("unsafe", policy)
        self.assertIsNone(re.search(r"<[^>]*\s(style|on\w+)=", re.sub(r"<(script|style)[^>]*>.*?</\1>", "", text, flags=re.S)))

    def test_text_is_text_in_markdown_and_csv(self):
        run = self.hostile()
        markdown = report(run, "--format", "md").stdout
        outside = re.sub(r"^(`{3,})diff\n.*?^\1$", "", markdown, flags=re.S | re.M)
        self.assertNotIn("<script", outside)
        self.assertNotIn("<img", outside)
        for text in (markdown, report(run, "--format", "csv").stdout):
            self.assertNotIn("\x1b", text)
            self.assertNotIn("\u202e", text)
        sheet = self.made("=cmd|' /C calc'!A0")
        rows = list(csv.DictReader(io.StringIO(report(sheet, "--format", "csv", "--table", "steps").stdout)))
        self.assertTrue(all(row["summary"].startswith("'=") for row in rows), "no formula for a spreadsheet")

    def test_fences_are_longer_than_what_is_in_them(self):
        markdown = report(self.made("```\n# not a heading\n````"), "--format", "md").stdout
        self.assertNotRegex(re.sub(r"^(`{3,})diff\n.*?^\1$", "", markdown, flags=re.S | re.M), r"(?m)^# not a heading")


@unittest.skipUnless(browser.find(), "no chromium here (Debian: chromium; SKILLGRAD_CHROMIUM names another): the page was not tried")
class Page(Made):
    @classmethod
    def setUpClass(cls):
        cls.chromium = browser.Browser().__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.chromium.__exit__()

    def open(self, run, **options):
        page = self.chromium.open(self.page(run), **options)
        self.addCleanup(lambda: self.assertEqual(page.complaints(), []))
        self.addCleanup(lambda: self.assertEqual(page.requests(), []))
        return page

    def visible_rows(self, page):
        return page.run("[...document.querySelectorAll('.heat tbody tr')].map(tr => tr.querySelector('th').textContent)")

    def test_draws_each_section_and_its_charts(self):
        page = self.open(self.demo()[0])
        self.assertEqual(page.run("[...document.querySelectorAll('main > section')].map(one => one.id)"), ["verdict", "scores", "steps", "changes", "tasks", "patterns", "noise", "tradeoffs", "cost", "notes"])
        inked = page.run("""[...document.querySelectorAll('.chart canvas')].map(canvas => {
            const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
            const colours = new Set();
            for (let i = 0; i < data.length; i += 4) if (data[i + 3] > 200) colours.add(data[i] + ',' + data[i + 1] + ',' + data[i + 2]);
            return colours.size;
        })""")
        self.assertEqual(len(inked), 3)
        self.assertTrue(all(count > 5 for count in inked), inked)
        self.assertEqual(page.run("document.title").split(": ", 1)[1], page.run("document.getElementById('verdict-h').textContent.replace(/^\\S /, '')"))

    def test_shows_the_figures_of_the_result(self):
        page = self.open(self.made())
        text = page.run("document.querySelector('main').innerText").replace("\xa0", " ")
        for figure in ("improved: +50.0 points [+12.5, +87.5] on 4 test tasks, p = 0.012", "25 % → 75 %", "2, 0", "$1.2345", "60.0 %", "75.0 % optimistic"):
            self.assertIn(figure, text)

    def test_hides_a_series_by_its_name(self):
        page = self.open(self.made())
        before = page.run("document.querySelector('#scores canvas').toDataURL()")
        page.run("document.querySelector('#scores .legend button').click()")
        self.assertEqual(page.run("document.querySelector('#scores .legend button').getAttribute('aria-pressed')"), "false")
        self.assertNotEqual(page.run("document.querySelector('#scores canvas').toDataURL()"), before)

    def test_tells_states_of_tasks_apart_by_mark_colour_and_name(self):
        page = self.open(self.made())
        seen = page.run("Object.fromEntries([...document.querySelectorAll('.heat .st')].map(st => [st.className, st.textContent]))")
        self.assertEqual(seen, {"st pass": "✓", "st fail": "✗", "st error": "!", "st notrun": "·"})
        colours = page.run("[...new Set([...document.querySelectorAll('.heat .st')].map(st => getComputedStyle(st).backgroundColor))].length")
        self.assertEqual(colours, 4)
        labels = page.run("[...document.querySelectorAll('.heat td.cell')].map(td => td.getAttribute('aria-label'))")
        self.assertIn("initial skill: failed (0 % of 1)".replace(" %", "\xa0%"), labels)
        self.assertTrue(any(label.startswith("iteration 1: error") for label in labels), labels)
        self.assertTrue(any(label.endswith("not run") for label in labels))

    def test_filters_tasks(self):
        page = self.open(self.made())
        self.assertEqual(len(self.visible_rows(page)), 16)
        set_to = "(node => {{ node.value = '{1}'; node.dispatchEvent(new Event('{2}')); }})(document.querySelectorAll('.filters input, .filters select')[{0}])"
        page.run(set_to.format(0, "TEST-", "input"))
        self.assertEqual(self.visible_rows(page), [f"test-{i:03}" for i in range(4)])
        page.run(set_to.format(2, "broken", "change"))
        self.assertEqual(self.visible_rows(page), ["test-000"])
        page.run(set_to.format(0, "nothing like it", "input"))
        self.assertEqual(self.visible_rows(page), [])
        self.assertIn("No task fits", page.run("document.querySelector('.heat-box').innerText"))
        page.run(set_to.format(0, "", "input"))
        page.run(set_to.format(2, "", "change"))
        page.run(set_to.format(3, "change", "change"))
        self.assertEqual(self.visible_rows(page)[0], "test-000")
        self.assertEqual(page.run("document.querySelector('.filters .count').textContent"), "16 of 16 tasks")

    def test_can_be_used_with_the_keyboard_alone(self):
        page = self.open(self.made())
        page.press("/")
        self.assertEqual(page.run("document.activeElement.id"), "task-filter")
        for letter in "test":
            page.press(letter)
        self.assertEqual(len(self.visible_rows(page)), 4)
        page.run("document.querySelector('.heat td.cell[tabindex=\"0\"]').focus()")
        page.press("ArrowDown")
        page.press("End")
        self.assertEqual(page.run("document.activeElement.closest('tr').querySelector('th').textContent"), "test-001")
        page.press("Enter")
        self.assertTrue(page.run("document.getElementById('task').open"))
        self.assertEqual(page.run("document.getElementById('task-h').textContent"), "test-001")
        page.press("n")
        self.assertEqual(page.run("document.getElementById('task-h').textContent"), "test-002")
        page.press("p")
        page.press("p")
        self.assertEqual(page.run("document.getElementById('task-h').textContent"), "test-000")
        self.assertEqual(page.run("location.hash"), "#task=test-000")
        page.press("Escape")
        self.assertFalse(page.run("document.getElementById('task').open"))
        page.run("document.activeElement.blur()")
        page.press("?")
        self.assertTrue(page.run("document.getElementById('keys').open"))

    def test_shows_a_task_before_and_after_with_its_cells(self):
        page = self.open(self.made())
        page.run("[...document.querySelectorAll('.heat th button')].find(one => one.textContent === 'test-001').click()")
        dialog = page.run("document.getElementById('task').innerText").replace("\xa0", " ")
        for text in ("Cells that differ", "Sheet1!B3", "number 12.5", "number 3", "as expected", "Before", "test, skill before", "After", "test, patched", "All rollouts"):
            self.assertIn(text, dialog)
        self.assertEqual(page.run("document.querySelectorAll('#task .side').length"), 2)
        self.assertEqual(page.run("[...document.querySelectorAll('#task .side')].map(side => side.querySelectorAll('.trace > li').length)"), [5, 5])

    def test_opens_a_task_by_its_address(self):
        path = self.page(self.made())
        page = self.chromium.open(path)
        page.call("Page.navigate", url=path.resolve().as_uri() + "?x#task=val-001")
        page.wait("document.getElementById('task')?.open === true")
        self.assertEqual(page.run("document.getElementById('task-h').textContent"), "val-001")

    def test_links_a_change_to_its_pattern_step_and_tasks(self):
        page = self.open(self.made())
        self.assertEqual(page.run("[...document.querySelectorAll('#changes .change .chip.tag')].map(one => one.textContent)"), ["pattern-1", "pattern-3"])
        page.run("document.querySelector('#changes .change .chip.tag').click()")
        self.assertTrue(page.run("document.getElementById('pattern-pattern-1').open"))
        page.run("document.querySelector('#changes .change a[href=\"#step-1\"]').click()")
        self.assertTrue(page.run("document.getElementById('step-1').open"))
        self.assertIn("Diagnoses", page.run("document.getElementById('step-1').innerText"))
        page.run("document.querySelector('#changes .change button.chip').click()")
        self.assertTrue(page.run("document.getElementById('task').open"))

    def test_hostile_text_is_inert_and_seen(self):
        page = self.open(self.made(made_run.HOSTILE))
        page.run("document.querySelectorAll('details').forEach(one => one.open = true)")
        page.run("document.querySelector('.heat th button').click()")
        time.sleep(0.3)
        self.assertNotIn(made_run.CANARY, page.run("document.title"))
        self.assertEqual(page.run("document.querySelectorAll('img, iframe, object, embed, link[rel=stylesheet], svg script').length"), 0)
        self.assertEqual(page.run("document.querySelectorAll('script').length"), 5)
        text = page.run("document.body.innerText")
        for seen in ("</script><script>", "<img src=http://192.0.2.1/x", "\\u{202E}", "\\u{1B}[31m", "\\u{200B}", "\\u{E0041}"):
            self.assertIn(seen, text)
        for hidden in ("\u202e", "\x1b", "\u200b", "\U000e0041"):
            self.assertNotIn(hidden, text)

    def test_the_policy_forbids_what_it_should(self):
        page = self.chromium.open(self.page(self.made()))
        tried = page.run("""(async () => {
            const script = document.createElement('script');
            script.textContent = 'window.ran = true';
            document.body.append(script);
            const fetched = await fetch('http://127.0.0.1:9/').then(() => 'sent', error => String(error));
            const image = new Image();
            const loaded = await new Promise(end => { image.onload = () => end(true); image.onerror = () => end(false); image.src = 'http://127.0.0.1:9/x.png'; });
            return [window.ran === true, fetched.includes('TypeError'), loaded];
        })()""")
        self.assertEqual(tried, [False, True, False])
        self.assertTrue(any("Content Security Policy" in text for text in page.complaints()), page.complaints())

    def test_fits_a_phone_and_follows_the_scheme(self):
        for run in (self.demo()[0], self.made(made_run.HOSTILE)):
            colours = []
            for dark in (False, True):
                page = self.open(run, width=390, height=844, dark=dark)
                page.run("document.querySelectorAll('details').forEach(one => one.open = true)")
                self.assertLessEqual(page.run("document.documentElement.scrollWidth"), 390)
                colours.append(page.run("getComputedStyle(document.body).backgroundColor"))
                page.run("document.querySelector('.heat th button').click()")
                self.assertLessEqual(page.run("document.querySelector('.dlg-b').scrollWidth"), 390)
            self.assertNotEqual(*colours)

    def test_of_runs_that_are_not_finished_say_so(self):
        run = made_run.Run(self.folder() / "unfinished").make()
        (run / "run.json").unlink()
        (run / "plan.json").write_text("{")
        page = self.open(run)
        banner = page.run("document.getElementById('banners').innerText")
        self.assertIn("left no result", banner)
        self.assertIn("plan.json", banner)

    def test_of_400_tasks_and_10_iterations_is_small_and_whole(self):
        # How soon it can be used is measured by scripts/bench.
        run = self.made(iterations=10, train=200, val=80, test=120, batch=200)
        path = self.page(run)
        self.assertLess(path.stat().st_size, 15 * MIB)
        page = self.open(run)
        self.assertEqual(len(self.visible_rows(page)), 400)
        page.run("[...document.querySelectorAll('.heat th button')].pop().click()")
        self.assertTrue(page.run("document.getElementById('task').open"))

    def test_of_20_iterations_is_below_2_mib(self):
        self.assertLess(self.page(self.made(iterations=20, train=80, val=40, test=40)).stat().st_size, 2 * MIB)

    @unittest.skipUnless(os.environ.get("SKILLGRAD_AXE"), "SKILLGRAD_AXE names no axe.min.js (of the package axe-core)")
    def test_axe_finds_no_serious_fault(self):
        axe = pathlib.Path(os.environ["SKILLGRAD_AXE"]).read_text(encoding="utf-8")
        for run in (self.demo()[0], self.made(made_run.HOSTILE)):
            for width, dark in ((1440, False), (1440, True), (390, False), (390, True)):
                page = self.open(run, width=width, dark=dark)
                page.run(axe + ";0")
                page.run("document.querySelectorAll('details').forEach(one => one.open = true)")
                for opened in (False, True):
                    if opened:
                        page.run("document.querySelector('.heat th button').click()")
                    found = page.run("axe.run(document, {resultTypes: ['violations']}).then(all => all.violations.map(one => [one.id, one.impact, one.nodes.map(node => node.target.join(' '))]))")
                    self.assertEqual([one for one in found if one[1] in ("serious", "critical")], [])


if __name__ == "__main__":
    unittest.main()
