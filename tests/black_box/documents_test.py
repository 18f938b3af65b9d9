# SPDX-License-Identifier: MIT
"""What the documents say, held against the program and the source tree."""
import json
import pathlib
import re
import shlex
import shutil
import tempfile
import unittest

import program

SOURCE = program.SOURCE
DOCUMENTS = [SOURCE / "README.md", *sorted((SOURCE / "docs").glob("*.md"))]
# Flags of other programs that the documents name.
NOT_OURS = {
    "--enable-auto-tool-choice", "--tool-call-parser", "--jinja", "--preset", "--build", "--rerun-failed",
    "--gtest_filter", "--list", "--tidy", "--quick", "--check", "--seeds", "--arms", "--parallel", "--no-deps", "--gtest", "--only", "--old", "--peers",
    "--install", "--prefix", "--population", "--rules", "--runs", "--null-runs", "--noise",
    "--cluster", "--git", "--initial-branch", "--message", "--short",
    "--array", "--wrap",  # of Slurm
}
FENCE = re.compile(r"^```([^\n]*\n)(.*?)^```", re.M | re.S)
# Where a reader of the README would run it; an absolute path in an example stands below it.
HOME = "/home/me"


def text_of(path):
    return path.read_text(encoding="utf-8")


def blocks(path, kind=""):
    return [match.group(2) for match in FENCE.finditer(text_of(path)) if re.match(kind, match.group(1))]


def command_lines(path):
    """Lines of code blocks that call the program, without the remark behind them."""
    if path.name == "reference.md":  # the program's own table, held against it in help_test.py
        return
    for block in blocks(path, "(?!sh\n)"):  # those are run as they stand: worked_examples_test.py
        for line in block.splitlines():
            if line.startswith("skillgrad "):
                yield re.sub(r"\s+#.*", "", line)


def slug(heading):
    text = re.sub(r"[`*\[\]]", "", heading.strip().lower())
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        shutil.copytree(SOURCE / "skills/table-reports", self.root / "my-skill")
        (self.root / "my-skill/SKILL.md").write_text(
            text_of(SOURCE / "skills/table-reports/SKILL.md").replace("name: table-reports", "name: my-skill"),
            encoding="utf-8",
        )
        shutil.copytree(SOURCE / "skills", self.root / "skills")
        (self.root / "tasks.jsonl").write_text(
            '{"id":"a","input":"Say 42.","target":"42","grader":"contains"}\n', encoding="utf-8"
        )
        (self.root / "files").mkdir()
        (self.root / "files/sales.csv").write_text("amount\n120.50\n", encoding="utf-8")


class Links(unittest.TestCase):
    def test_lead_to_files_and_headings_that_exist(self):
        wrong, seen = [], 0
        for path in DOCUMENTS:
            for target in re.findall(r"\]\(([^)\s]+)\)", FENCE.sub("", text_of(path))):
                if re.match(r"[a-z]+:", target):
                    continue
                seen += 1
                name, _, anchor = target.partition("#")
                to = (path.parent / name).resolve() if name else path
                if not to.exists():
                    wrong.append(f"{path.name}: {target}")
                elif anchor and anchor not in {slug(h) for h in re.findall(r"^#+ (.*)", text_of(to), re.M)}:
                    wrong.append(f"{path.name}: {target}: no such heading")
        self.assertGreater(seen, 10)
        self.assertEqual(wrong, [])

    def test_the_readme_lists_each_document(self):
        listed = set(re.findall(r"\(docs/([\w-]+\.md)\)", text_of(SOURCE / "README.md")))
        self.assertEqual({path.name for path in DOCUMENTS[1:]} - listed, set())

    def test_paths_in_code_exist(self):
        wrong, seen = [], 0
        roots = "docs|scripts|configs|src|tests|skills|include"
        for path in DOCUMENTS:
            for name in re.findall(rf"`((?:{roots})/[\w./-]*)", text_of(path)):
                seen += 1
                if re.search(r"[A-Z]{2,}", name.replace("CMakeLists", "").replace("SKILL.md", "")):
                    continue  # stands for several
                if not (SOURCE / name).exists() and not list(SOURCE.glob(name + "*")):
                    wrong.append(f"{path.name}: {name}")
        self.assertGreater(seen, 10)
        self.assertEqual(wrong, [])


class Names(unittest.TestCase):
    def test_of_flags_exist(self):
        wrong = []
        for path in DOCUMENTS:
            for flag in sorted(set(program.FLAG.findall(text_of(path)))):
                if flag not in program.all_flags() | NOT_OURS:
                    wrong.append(f"{path.name}: {flag}")
        self.assertEqual(wrong, [])

    def test_of_commands_exist_and_each_command_is_documented(self):
        named = set()
        for path in DOCUMENTS:
            for command in re.findall(r"`skillgrad ([a-z]+)", text_of(path)):
                self.assertIn(command, program.commands(), path.name)
        table = re.findall(r"^\| `([a-z]+)", text_of(SOURCE / "docs/usage.md").split("\n## ")[1], re.M)
        named.update(table)
        self.assertEqual(set(program.commands()) - named, set(), "commands without a row in docs/usage.md")
        self.assertEqual(named - set(program.commands()), set())

    def test_of_benchmarks_scenarios_and_presets_exist(self):
        benchmarks = program.run(["benchmark", "list"]).stdout.split()
        scenarios = {path.name for path in (SOURCE / "configs/sim").iterdir() if path.is_dir()}
        scenarios.add(json.loads(text_of(SOURCE / "docs/tutorial/endpoint/scenario.json"))["name"])
        wrong = []
        for path in DOCUMENTS:
            text = text_of(path)
            wrong += [f"{path.name}: {name}" for name in re.findall(r"`(\w+):(?:DIR|FILE)", text) if name not in benchmarks]
            for name in re.findall(r"\bsim:([a-z][\w./-]*\w)", text):  # a name, or a path in the clone
                if name not in scenarios and not (name.startswith("skillgrad/") and (SOURCE / name[10:]).is_dir()):
                    wrong.append(f"{path.name}: sim:{name}")
        self.assertEqual(wrong, [])
        usage = text_of(SOURCE / "docs/usage.md")
        for path in (SOURCE / "configs/presets").glob("*.json"):
            self.assertIn(f"`{path.stem}`", usage)

    def test_of_keys_in_json_examples_of_the_config_exist(self):
        example = next(block for block in blocks(SOURCE / "docs/usage.md") if '"batch_size"' in block)
        plain = re.sub(r"^\s*//.*$", "", example, flags=re.M)
        for key, value in json.loads(plain).items():
            nested = {f"{key}.{part}" for part in value} if isinstance(value, dict) else set()
            self.assertTrue({key} | nested & program.keys() and ({key} & program.keys() or nested <= program.keys()), key)


class Numbers(unittest.TestCase):
    def test_of_tasks_in_the_bundled_scenarios_are_told(self):
        told = text_of(SOURCE / "docs/simulation.md")
        for name in ("demo", "spreadsheetbench", "wikitablequestions"):
            scenario = json.loads(text_of(SOURCE / f"configs/sim/{name}/scenario.json"))
            count = len(scenario["tasks"])
            self.assertRegex(told, rf"(?s)`?{name}`?[^.]*?\b{count} tasks", f"{name} plays {count} tasks")


class Commands(Folder):
    # Commands that ask no model, and what stands for the files that only a user has.
    OFFLINE = ("validate", "benchmark", "config", "schema", "grade")
    STANDS_FOR = {"B": "my-skill", "q.csv": "questions.csv"}

    def lines(self):
        for path in DOCUMENTS:
            for line in command_lines(path):
                yield path.name, line

    def test_in_code_blocks_have_the_flags_they_use(self):
        wrong, seen = [], 0
        for name, line in self.lines():
            seen += 1
            words = shlex.split(line)[1:]
            wrong += [f"{name}: {line}: {flag}" for flag in program.wrong_flags(words)]
        self.assertGreater(seen, 8)
        self.assertEqual(wrong, [])

    def test_that_ask_no_model_run(self):
        (self.root / "questions.csv").write_text("input,target\nSay 42.,42\n", encoding="utf-8")
        first = json.loads(text_of(self.root / "my-skill/evals/tasks.jsonl").splitlines()[0])
        (self.root / "answers.jsonl").write_text(json.dumps({"task_id": first["id"], "answer": ["x"]}) + "\n")
        ran = 0
        for name, line in self.lines():
            words = [self.STANDS_FOR.get(word, word) for word in shlex.split(line.split(" > ")[0])[1:]]
            if words[0] not in self.OFFLINE or re.search(r":(DIR|FILE)|\bRUN\b", line):
                continue
            with self.subTest(line):
                ran += 1
                done = program.run(words, cwd=self.root)
                self.assertIn(done.returncode, (0, 1), f"{name}: {line}: {done.stderr}")
        self.assertGreaterEqual(ran, 5)

    def test_with_a_model_run_against_the_simulated_one(self):
        """The lines that want an endpoint, with the simulation that can play their tasks; dry where they would be long."""
        session = {"reward": 0, "messages": [{"role": "user", "content": "Add."}, {"role": "assistant", "content": "12"}]}
        (self.root / "sessions").mkdir()
        (self.root / "sessions/one.json").write_text(json.dumps(session), encoding="utf-8")
        (self.root / "my-agent.json").write_bytes((SOURCE / "configs/agents/opencode.json").read_bytes())
        for name, line in self.lines():
            words = shlex.split(line)[1:]
            if words[0] not in ("estimate", "optimize", "eval", "doctor") or "spreadsheetbench" in line or "RUN" in line:
                continue
            with self.subTest(line):
                for flag in ("--base-url", "--model", "-m", "--replay", "--benchmark", "-b"):
                    if flag in words:
                        place = words.index(flag)
                        del words[place : place + 2]
                words += ["--model", "sim:demo"]
                if words[0] in ("optimize", "eval"):
                    words.append("--dry-run")
                done = program.run(words, cwd=self.root)
                self.assertEqual(done.returncode, 0, f"{name}: {line}: {done.stderr}")

    def test_the_example_task_is_read(self):
        example = next(block for block in blocks(SOURCE / "docs/usage.md") if '"split":"train"' in block)
        (self.root / "example.jsonl").write_text(example.replace("\n", " ").strip() + "\n", encoding="utf-8")
        done = program.run(["benchmark", "show", "-b", "example.jsonl"], cwd=self.root)
        self.assertEqual(done.returncode, 0, done.stderr)


class Demo(Folder):
    def test_prints_what_the_readme_shows(self):
        shown = next(block for block in blocks(SOURCE / "README.md") if "\nSIMULATION:" in block)
        done = program.run(["demo", "--quiet"], cwd=self.root, timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr)
        printed = done.stdout.replace(str(self.root.resolve()), HOME)
        self.assertEqual(printed.strip().splitlines(), shown.strip().splitlines())


class ExitCodes(Folder):
    def test_table_is_what_the_program_does(self):
        table = text_of(SOURCE / "docs/usage.md").split("| exit code | means |")[1]
        told = {int(code) for row in re.findall(r"^\| ([\d, ]+) \|", table, re.M) for code in row.split(",")}
        self.assertEqual(told, {0, 1, 2, 3, 4, 129, 130, 143})
        (self.root / "bad/x").mkdir(parents=True)
        (self.root / "bad/x/SKILL.md").write_text("# no front matter\n", encoding="utf-8")
        cases = {
            0: ["validate", "my-skill"],
            1: ["validate", "bad/x"],
            2: ["validate", "my-skill", "--profile", "strickt"],
            3: ["doctor", "-m", "x", "--base-url", "http://127.0.0.1:9/v1"],
            4: ["eval", "my-skill", "-m", "sim:demo", "--max-calls", "3", "-q"],
        }
        for code, words in cases.items():
            with self.subTest(code):
                self.assertEqual(program.run(words, cwd=self.root).returncode, code)

    def test_of_each_help_are_among_them(self):
        for command in program.commands():
            codes = program.help_of(command).split("Exit codes:", 1)[1]
            for code in re.findall(r"\b(\d{1,3})\b", codes):
                self.assertIn(int(code), {0, 1, 2, 3, 4, 129, 130, 143}, command)


class Results(unittest.TestCase):
    def test_page_names_each_field_of_the_results(self):
        page = text_of(SOURCE / "docs/results.md")
        for name in ("eval", "optimize", "error"):
            schema = json.loads(program.run(["schema", name]).stdout)
            for field in schema["properties"]:
                self.assertIn(f"`{field}`", page, f"field of {name}")

    def test_page_names_each_schema(self):
        page = text_of(SOURCE / "docs/results.md")
        listed = json.loads(program.run(["schema", "--json"]).stdout)["schemas"]
        for name in listed:
            self.assertIn(f"`{name}`", page)


if __name__ == "__main__":
    unittest.main()
