# SPDX-License-Identifier: MIT
"""The whole command, `eval` of questions of one turn, beside the least that its calls can take and, with
--peers, beside what a user would pick instead. All rows of one run meet the same server and machine."""
import collections
import contextlib
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile

from measure.calls import LATENCY_MS
from measure.common import run
from peer_checks.common import Unavailable, Workshop, one_line

PROGRAMS = ["bare_client", "reply_server"]
TASKS = 2000
ROUNDS = 3
WALL_AIM = {64: 1.15, 256: 1.5}
CPU_AIM_MS = 0.5
PARTS = pathlib.Path(__file__).parent

Cost = collections.namedtuple("Cost", "wall cpu peak_mib")


@contextlib.contextmanager
def text_server(programs):
    """The base URL of a server that answers "42" after the latency."""
    with subprocess.Popen([programs / "tests/reply_server", str(LATENCY_MS), "text"],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        try:
            yield server.stdout.readline().strip()
        finally:
            server.stdin.close()


def question(number):
    return f"Question {number}: what is six times seven? Answer with the number alone."


def write_tasks(folder, count):
    lines = [json.dumps({"id": f"t{number}", "split": "test", "input": question(number), "target": "42",
                         "grader": {"type": "contains"}}) for number in range(count)]
    (folder / "tasks.jsonl").write_text("\n".join(lines) + "\n")


def check_record(folder, count):
    """Every call and every rollout is kept, or the time says nothing."""
    replies = (folder / "calls/replies.jsonl").read_text().count("\n")
    rollouts = sum(1 for _ in folder.glob("eval/rollouts/*/loss.json"))
    if (replies, rollouts) != (count, count):
        raise RuntimeError(f"of {count} tasks the run has {replies} replies and {rollouts} results")


def run_skillgrad(program, count, in_flight):
    def once(url, folder):
        write_tasks(folder, count)
        out, wall, cpu, peak = run(
            [program, "eval", "none", "-b", folder / "tasks.jsonl", "--model", "bench", "--base-url", url,
             "-j", in_flight, "--quiet", "--json", "--run", folder / "run"],
            stderr=subprocess.DEVNULL, cwd=folder, env={**os.environ, "HOME": str(folder)})
        result = json.loads(out)
        if (result["n_graded"], result["score"]) != (count, 1.0):
            raise RuntimeError(f"eval graded {result['n_graded']} of {count} tasks")
        check_record(folder / "run", count)
        return Cost(wall, cpu, peak / 1024)
    return once


def run_bare(programs, count, in_flight):
    def once(url, _folder):
        port = url.split(":")[2].split("/")[0]
        out, wall, cpu, peak = run([programs / "tests/bare_client", port, count, in_flight])
        return Cost(json.loads(out)["wall_s"], cpu, peak / 1024)
    return once


def run_openai(shop, python, count, in_flight):
    def once(url, _folder):
        _, wall, cpu, peak = run([python, PARTS / "openai_answers.py", url, "bench", count, in_flight],
                                 env=shop.environment)
        return Cost(wall, cpu, peak / 1024)
    return once


def run_promptfoo(shop, program, count, in_flight):
    def once(url, folder):
        config = {"prompts": ["{{question}}"],
                  "providers": [{"id": "openai:chat:bench", "config": {"apiBaseUrl": url, "apiKey": "x"}}],
                  "tests": [{"vars": {"question": question(number)},
                             "assert": [{"type": "contains", "value": "42"}]} for number in range(count)]}
        (folder / "config.json").write_text(json.dumps(config))
        environment = {**shop.environment, "PROMPTFOO_DISABLE_TELEMETRY": "1", "PROMPTFOO_DISABLE_UPDATE": "1",
                       "PROMPTFOO_CONFIG_DIR": str(folder / "home"), "OPENAI_API_KEY": "x"}
        _, wall, cpu, peak = run(
            [program, "eval", "-c", folder / "config.json", "-j", in_flight, "--no-cache", "--no-table",
             "--no-progress-bar", "-o", folder / "out.json"], check=False, env=environment, cwd=folder,
            stderr=subprocess.DEVNULL)  # its log may fail at the end, when all results are written
        passed = json.loads((folder / "out.json").read_text())["results"]["stats"]["successes"]
        if passed != count:
            raise RuntimeError(f"promptfoo passed {passed} of {count}")
        return Cost(wall, cpu, peak / 1024)
    return once


def run_inspect(shop, python, count, in_flight):
    def once(url, folder):
        environment = {**shop.environment, "OPENAI_BASE_URL": url, "OPENAI_API_KEY": "x",
                       "BENCH_TASKS": str(count), "INSPECT_DISPLAY": "none",
                       "INSPECT_LOG_DIR": str(folder / "logs")}
        shutil.copy(PARTS / "inspect_answers.py", folder / "answers.py")  # it takes relative paths only
        _, wall, cpu, peak = run(
            [python.parent / "inspect", "eval", "answers.py", "--model", "openai/bench", "-M", "responses_api=false",
             "--max-connections", in_flight, "--max-samples", in_flight, "--log-format", "json"],
            env=environment, cwd=folder, stderr=subprocess.DEVNULL)
        (log,) = folder.glob("logs/*.json")
        result = json.loads(log.read_text())
        if result["status"] != "success" or result["results"]["completed_samples"] != count:
            raise RuntimeError(f"inspect ended with {result['status']}")
        return Cost(wall, cpu, peak / 1024)
    return once


def installed(shop):
    """(name with version, what runs it) of each peer, or (name, why it is left out)."""
    def python(name, packages):
        path = shop.python(name, packages)
        return f"{packages[0]} {shop.version(path, packages[0])}", path

    def promptfoo():
        room = shop.node("promptfoo", ["promptfoo"])
        version = json.loads((room / "node_modules/promptfoo/package.json").read_text())["version"]
        return f"promptfoo {version}", room / "node_modules/.bin/promptfoo"

    makers = [("openai (asyncio; grades nothing, keeps nothing)", lambda: python("openai", ["openai"]),
               run_openai),
              ("promptfoo eval", promptfoo, run_promptfoo),
              ("inspect eval", lambda: python("inspect", ["inspect-ai", "openai"]), run_inspect)]
    for name, install, runner in makers:
        try:
            yield name, *install(), runner
        except Unavailable as why:
            yield name, one_line(why, 120), None, None


def median_costs(programs, folder, runs):
    """Of some rounds, by turns: each run in a new folder, against a server of its own. The folders stay until
    all is measured: a file system that has just removed thousands of files is slow to make new ones."""
    costs = {name: [] for name in runs}
    for _ in range(ROUNDS):
        for name, once in runs.items():
            with text_server(programs) as url:
                costs[name].append(once(url, pathlib.Path(tempfile.mkdtemp(dir=folder))))
    return {name: Cost(*(statistics.median(values) for values in zip(*rounds)))
            for name, rounds in costs.items()}


def measure(table, programs, old=None, peers=False, count=TASKS):
    with tempfile.TemporaryDirectory() as folder:
        ours = {in_flight: median_costs(programs, folder, {
            "bare": run_bare(programs, count, in_flight),
            "own": run_skillgrad(programs / "skillgrad", count, in_flight)}) for in_flight in WALL_AIM}
        others = []
        if peers:
            shop = Workshop(programs / "skillgrad", pathlib.Path(tempfile.gettempdir()) / "skillgrad-peers",
                            pathlib.Path(folder))
            others = list(installed(shop))
        for in_flight, costs in ours.items():
            own_rows(table, costs, count, in_flight)
            if old:  # an older build removes files while it runs
                before = median_costs(programs, folder, {"before": run_skillgrad(old, count, in_flight)})["before"]
                table.row("  before", f"{before.wall:.2f} s", f"{before.cpu:.2f} s CPU, {before.peak_mib:.0f} MiB",
                          before.wall / costs["own"].wall)
            for name, version, program, runner in others:
                if runner is None:
                    table.row(f"  {name}", "skipped", version)
                    continue
                theirs = median_costs(programs, folder, {name: runner(shop, program, count, in_flight)})[name]
                ahead = all(own < other for own, other in zip(costs["own"], theirs))
                table.row(f"  {name}", f"{theirs.wall:.2f} s", f"{theirs.cpu:.2f} s CPU, {version}",
                          theirs.wall / costs["own"].wall, f"{theirs.peak_mib:.0f} MiB", ahead)


def own_rows(table, costs, count, in_flight):
    ideal = count / in_flight * LATENCY_MS / 1000
    ours, bare = costs["own"], costs["bare"]
    table.row(f"eval of {count} questions, {in_flight} in flight", f"{ours.wall:.2f} s", f"ideal {ideal:.2f} s",
              ours.wall / ideal, f"<= {WALL_AIM[in_flight]}", ours.wall <= WALL_AIM[in_flight] * ideal)
    each = ours.cpu / count * 1e3
    table.row("  CPU per task", f"{each:.3f} ms", f"{ours.cpu:.2f} s", None, f"<= {CPU_AIM_MS} ms",
              each <= CPU_AIM_MS)
    table.row("  peak memory", f"{ours.peak_mib:.0f} MiB")
    table.row("  a bare epoll client (no grading, no files)", f"{bare.wall:.2f} s", f"{bare.cpu:.2f} s CPU",
              bare.wall / ideal)
