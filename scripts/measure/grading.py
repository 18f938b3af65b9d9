# SPDX-License-Identifier: MIT
"""`skillgrad grade` beside evaluators in plain Python, process against process, recalculation beside one start of LibreOffice a file, and
what broken data sets cost."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

from measure.common import run

PROGRAMS = ["recalculate", "broken_sets"]
REFERENCE = pathlib.Path(__file__).resolve().parents[2] / "tests/bench/reference"
RECALCULATED = 50
ANSWERS = 7000


def python_with_openpyxl():
    """Debian's own Python has Debian's openpyxl; another Python first in PATH has not."""
    for python in ("/usr/bin/python3", sys.executable):
        if subprocess.run([python, "-c", "import openpyxl"], stderr=subprocess.DEVNULL,
                          check=False).returncode == 0:
            return python
    return None


def grade(programs, arguments):
    """(lines of `skillgrad grade`, CPU seconds of the process), at the default -j."""
    command = [programs / "skillgrad", "grade", *arguments]
    out, _, cpu, _ = run(command, stderr=subprocess.DEVNULL)
    return [json.loads(line) for line in out.splitlines()], cpu


def least_by_turns(rounds, ours, theirs):
    """The least CPU seconds of each, which meet the same load by turns, and their last results."""
    best = [float("inf"), float("inf")]
    results = [None, None]
    for _ in range(rounds):
        for side, measure in enumerate((ours, theirs)):
            results[side], cpu = measure()
            best[side] = min(best[side], cpu)
    return best, results


def write_lines(path, lines):
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return path


def golden_of(folder):
    for pattern in ("1_*_answer*.xlsx", "1_*_golden*.xlsx", "golden.xlsx"):
        for path in sorted(folder.glob(pattern)):
            return path
    return None


def measure_workbooks(table, programs, data, limit):
    name = "golden workbooks, CPU of the whole process"
    python = python_with_openpyxl()
    if not data.is_dir() or python is None:
        table.row(name, "-", "no data" if python else "no openpyxl, left out")
        return
    tasks = json.loads((data / "dataset.json").read_text(encoding="utf-8"))
    answers = [(str(task["id"]), golden_of(data / task["spreadsheet_path"])) for task in tasks]
    answers = [pair for pair in answers if pair[1]][:limit or None]
    with tempfile.TemporaryDirectory() as folder:
        file = write_lines(pathlib.Path(folder, "goldens.jsonl"),
                           [json.dumps({"task_id": task, "output": str(path)}) for task, path in answers])
        own = ["-b", f"spreadsheetbench:{data}", "--mode", "official", "--predictions", file]

        def theirs():
            out, _, cpu, _ = run([python, REFERENCE / "compare_workbooks.py", data, *([limit] if limit else [])])
            return json.loads(out), cpu

        (cpu, other), (lines, result) = least_by_turns(1 if not limit else 2, lambda: grade(programs, own), theirs)
        cpu = min([cpu] + [grade(programs, own)[1] for _ in range(4)])
    passed = sum(line["status"] == "pass" for line in lines)
    if (len(lines), passed) != (result["pairs"], result["passed"]):
        raise RuntimeError(f"the verdicts differ: {passed} of {len(lines)} and {result}")
    ratio = other / cpu
    table.row(f"{name}, {len(lines)}", f"{cpu:.2f} s", f"openpyxl {other:.2f} s", ratio, ">= 40", ratio >= 40)


def answers_to(data, verdicts, count):
    """(id, items) to questions: those of the verdicts' file, then the targets of other questions."""
    answers = {}
    for line in verdicts.read_text(encoding="utf-8").rstrip("\n").split("\n"):
        row = line.split("\t")
        if not line.startswith("#"):
            answers.setdefault(row[0], [] if row[5] == "<none>" else row[5].split("|"))
    for line in (data / "data/training.tsv").read_text(encoding="utf-8").rstrip("\n").split("\n")[1:]:
        name, *_, target = line.split("\t")
        answers.setdefault(name, target.split("|"))
    plain = [(name, items) for name, items in answers.items() if not any("\\" in item for item in items)]
    return plain[:count]


def measure_answers(table, programs, data, verdicts):
    name = "answers to questions, CPU of the whole process"
    if not verdicts.is_file() or not data.is_dir():
        table.row(name, "-", "no data, left out")
        return
    answers = answers_to(data, verdicts, ANSWERS)
    with tempfile.TemporaryDirectory() as folder:
        ours = write_lines(pathlib.Path(folder, "answers.jsonl"),
                           [json.dumps({"task_id": task, "answer": items}) for task, items in answers])
        theirs = write_lines(pathlib.Path(folder, "answers.tsv"), ["\t".join([task, *items]) for task, items in answers])

        def reference():
            command = [sys.executable, REFERENCE / "evaluate_answers.py", data, theirs]
            out, _, cpu, _ = run(command, stderr=subprocess.DEVNULL)
            return out.splitlines(), cpu

        own = ["-b", f"wikitablequestions:{data}", "--predictions", ours]
        (cpu, other), (lines, rows) = least_by_turns(5, lambda: grade(programs, own), reference)
    verdict = {"True": "pass", "False": "fail"}
    for line, row in zip(lines, rows, strict=True):
        task, right = row.split("\t")
        if (line["task_id"], line["status"]) != (task, verdict[right]):
            raise RuntimeError(f"the verdicts on {task} differ: {line['status']} and {right}")
    table.row(f"{len(lines)} {name}", f"{cpu * 1e3:.0f} ms", f"plain Python {other * 1e3:.0f} ms", other / cpu,
              ">= 5", other / cpu >= 5)


def convert_one_by_one(soffice, files):
    """Seconds for one start of LibreOffice, with a profile of its own, for each file."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        for number, file in enumerate(files):
            profile = pathlib.Path(folder, f"profile-{number}").as_uri()
            out = pathlib.Path(folder, f"out-{number}")
            subprocess.run([soffice, f"-env:UserInstallation={profile}", "--headless", "--convert-to",
                            "xlsx:Calc MS Excel 2007 XML", "--outdir", out, file], check=True,
                           timeout=120, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if not list(out.glob("*.xlsx")):
                raise RuntimeError(f"LibreOffice left out {file}")
        return time.perf_counter() - start


def measure_recalculation(table, programs, data, count):
    soffice = shutil.which("soffice")
    if not data.is_dir() or soffice is None:
        table.row("recalculation", "-", "no data" if soffice else "no LibreOffice, left out")
        return
    files = sorted(data.glob("spreadsheet/*/*_init.xlsx"))[:count]
    ours = json.loads(run([programs / "tests/recalculate", os.cpu_count(), *files])[0])
    if ours["done"] != len(files):
        raise RuntimeError(f"{ours['done']} of {len(files)} workbooks were recalculated")
    theirs = convert_one_by_one(soffice, files)
    ratio = theirs / ours["wall_s"]
    table.row(f"recalculating {len(files)} workbooks, pool", f"{ours['wall_s']:.1f} s",
              f"a start for each {theirs:.1f} s", ratio, ">= 4", ratio >= 4)


def check_broken(programs, item):
    """(CPU seconds, peak in KiB) of `benchmark check` on one broken data set."""
    command = [programs / "skillgrad", "benchmark", "check", "-b", *item["arguments"]]
    with subprocess.Popen([str(word) for word in command], cwd=item["folder"],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != item["exit_code"]:
        raise RuntimeError(f"{item['name']}: exit code {child.returncode}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def measure_broken(table, programs):
    with tempfile.TemporaryDirectory() as folder:
        items = [json.loads(line)
                 for line in run([programs / "tests/broken_sets", folder])[0].splitlines()]
        costs = {item["name"]: check_broken(programs, item) for item in items}
    slowest = max(costs, key=lambda name: costs[name][0])
    largest = max(costs, key=lambda name: costs[name][1])
    seconds, peak = costs[slowest][0], costs[largest][1] / 1024
    table.row(f"broken data sets ({len(costs)}), slowest check", f"{seconds:.2f} s CPU", slowest, None,
              "< 2 s", seconds < 2)
    table.row("  largest peak memory", f"{peak:.0f} MiB", largest, None, "< 500 MiB", peak < 500)


def measure(table, programs, shared, limit=0):
    data = shared / "data/spreadsheetbench_verified"
    measure_workbooks(table, programs, data, limit)
    measure_answers(table, programs, shared / "data/wikitablequestions",
                    shared / "parity/wikitablequestions/verdicts.tsv")
    measure_recalculation(table, programs, data, max(2, limit // 10) if limit else RECALCULATED)
    measure_broken(table, programs)
