# SPDX-License-Identifier: MIT
"""Rollouts that several processes of one run make: throughput, and what a claim costs.

The simulated endpoint delays each reply by 200 ms, so that waiting dominates as with a real model. Each process
makes eight rollouts at once, and each gets the same number of them.
"""
import json
import pathlib
import statistics
import subprocess
import tempfile

from measure import rerun
from measure.common import run

TASKS = 160
JOBS = "8"
LATENCY_MS = 200


def evaluate(programs, folder, url, name, trials, *more):
    skill = folder / "note-taker"
    return [programs / "skillgrad", "eval", skill, "--split", "train", "--limit", str(TASKS), "--trials", str(trials), "-m", "sim:notes",
            "--base-url", url, "--sandbox", "off", "-j", JOBS, "--quiet", "--json", "--run", folder / name, *more]


class Simulated:
    """The endpoint, in a process of its own."""

    def __init__(self, programs, scenario, latency):
        words = [programs / "skillgrad", "simulate", scenario, "--sim-latency", str(latency)]
        self.child = subprocess.Popen([str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for line in self.child.stdout:
            if "http://" in line:
                self.url = "http://" + line.split("http://", 1)[1].split()[0].rstrip(".,;)")
                break
        else:
            raise RuntimeError("skillgrad simulate names no address")

    def __enter__(self):
        return self.url

    def __exit__(self, *_):
        self.child.terminate()
        self.child.communicate()


def together(programs, folder, url, processes):
    """Rollouts a second of so many processes, one of which coordinates."""
    name = f"with-{processes}"
    work = [programs / "skillgrad", "work", folder / name, "-j", JOBS, "--quiet", "--wait", "60s"]
    workers = [subprocess.Popen([str(word) for word in work], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
               for _ in range(processes - 1)]
    try:
        out = run(evaluate(programs, folder, url, name, processes, "--workers", "shared"), stderr=subprocess.DEVNULL)[0]
    finally:
        codes = [worker.wait(timeout=120) for worker in workers]
    result = json.loads(out)
    if any(codes) or result["n_graded"] != TASKS * processes:
        raise RuntimeError(f"{processes} processes: exit codes {codes}, {result['n_graded']} rollouts graded")
    return result["n_graded"] / result["seconds"]


def measure(table, programs):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        _, scenario = rerun.write_workshop(folder)
        with Simulated(programs, scenario, LATENCY_MS) as url:
            rates = {processes: together(programs, folder, url, processes) for processes in (1, 2, 4, 8)}
        for processes, rate in rates.items():
            share = rate / (processes * rates[1])
            aimed = processes in (2, 4)
            table.row(f"rollouts with {processes} process{'es' if processes > 1 else ''}", f"{rate:.1f}/s",
                      f"linear {processes * rates[1]:.1f}/s", share, ">= 0.9" if aimed else "", not aimed or share >= 0.9)
        seconds = {"alone": [], "shared": []}
        with Simulated(programs, scenario, 0) as url:
            for number in range(3):  # by turns, so that both meet the same load
                for workers, times in seconds.items():
                    out = run(evaluate(programs, folder, url, f"{workers}-{number}", 4, "--workers", workers), stderr=subprocess.DEVNULL)[0]
                    times.append(json.loads(out)["seconds"])
        alone, shared = (statistics.median(times) for times in seconds.values())
        rollouts = 4 * TASKS
        table.row("claim, place and sign of life of a rollout", f"{(shared - alone) / rollouts * 1e3:.2f} ms",
                  f"the rollout {alone / rollouts * 1e3:.1f} ms", shared / alone)
