# SPDX-License-Identifier: MIT
"""The part of scripts/study about decisions under noise: whole runs of the program against the simulated endpoint."""
import concurrent.futures
import datetime
import json
import math
import os
import pathlib
import shutil
import statistics
import subprocess
import sys

RULES = {"default": [], "stored": ["--gate", "stored"], "none": ["--gate", "none"]}


def call(command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        print(f"study: {' '.join(command)}: exit code {done.returncode}\n{done.stderr[-2000:]}", file=sys.stderr)
        return None
    return done.stdout


def cache(work, folder):
    """Flags that keep what the agents' commands did, for all runs; calls are of one run, since seeds are no part of them."""
    (work / "commands").mkdir(exist_ok=True)
    calls = folder.with_name(folder.name + "-cache")
    shutil.rmtree(calls, ignore_errors=True)
    calls.mkdir(parents=True)
    (calls / "commands").symlink_to(work / "commands")
    return calls, ["--cache", str(calls), "--cache-commands"]


def truth(program, work, skill, tasks, noise, seed, trials):
    """The score of a package on the test split, over many rollouts of their own."""
    folder = skill.parent / f"truth-{skill.name}"
    shutil.rmtree(folder, ignore_errors=True)
    calls, flags = cache(work, folder)
    out = call([str(program), "eval", str(skill), "-b", str(tasks), "-m", "sim:demo", "--split", "test", "--trials",
                str(trials), "--sim-noise", str(noise), "--sim-seed", str(seed), "--run", str(folder), "--quiet",
                "--json", *flags])
    shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(calls)
    return None if out is None else json.loads(out)["score"]


def truth_before(program, work, folder, tasks, noise, seed, trials):
    """That of the skill that every rule begins with."""
    kept = work / f"noise-{noise}" / f"before-{seed}.json"
    if not kept.is_file():
        score = truth(program, work, folder / "table-reports", tasks, noise, seed, trials)
        if score is None:
            return None
        new = folder / "before.json"
        new.write_text(json.dumps(score) + "\n")
        os.replace(new, kept)
    return json.loads(kept.read_text())


def one_run(program, work, options, rule, noise, seed):
    folder = work / f"noise-{noise}" / rule / str(seed)
    result = folder.with_suffix(".json")
    if result.is_file():
        return json.loads(result.read_text())
    shutil.rmtree(folder, ignore_errors=True)
    calls, flags = cache(work, folder)
    if call([str(program), "demo", "--dir", str(folder), "--quiet", "--seed", str(seed), "--sim-seed", str(seed),
             "--sim-noise", str(noise), "--updates", str(options.updates), *RULES[rule], *flags]) is None:
        return None
    shutil.rmtree(calls)
    run = json.loads((folder / "run/run.json").read_text())
    tasks = folder / "table-reports/evals"
    before = truth_before(program, work, folder, tasks, noise, seed, options.trials)
    after = truth(program, work, folder / "run/best", tasks, noise, seed, options.trials)
    if before is None or after is None:
        return None
    rows = [json.loads(line) for line in (folder / "run/events.jsonl").read_text().splitlines()]
    rollouts = [row["path"] or "" for row in rows if row["event"] == "rollout"]
    kept = {"before": before, "after": after, "verdict": run["verdict"]["verdict"],
            "accepted": sum(row["decision"] == "accepted" for row in run["iterations"]),
            "rollouts": sum(not path.startswith("test/") for path in rollouts), "all_rollouts": len(rollouts)}
    result.write_text(json.dumps(kept) + "\n")
    shutil.rmtree(folder, ignore_errors=True)
    return kept


def table(results, options, mean_and_interval):
    lines = ["| noise | rule | true score before | after | gain | 10th percentile | end worse | against stored | against none |"
             " accepted | rollouts | released |", "|---" * 12 + "|"]
    seeds = range(1, options.seeds + 1)
    for noise in options.noise:
        gain = {rule: [100 * (results[rule, noise, seed]["after"] - results[rule, noise, seed]["before"]) for seed in seeds]
                for rule in RULES}
        for rule in RULES:
            runs = [results[rule, noise, seed] for seed in seeds]

            def against(other):
                if other == rule:
                    return "-"
                return "{:+.1f} [{:+.1f}, {:+.1f}]".format(
                    *mean_and_interval([a - b for a, b in zip(gain[rule], gain[other])]))

            lines.append("| " + " | ".join([
                str(noise), rule, f'{100 * statistics.fmean(run["before"] for run in runs):.1f} %',
                f'{100 * statistics.fmean(run["after"] for run in runs):.1f} %', f"{statistics.fmean(gain[rule]):+.1f}",
                f"{sorted(gain[rule])[math.floor(0.1 * (len(gain[rule]) - 1))]:+.1f}",
                f"{sum(value < -1e-9 for value in gain[rule])} of {len(gain[rule])}", against("stored"), against("none"),
                f'{statistics.fmean(run["accepted"] for run in runs):.1f}',
                f'{statistics.fmean(run["rollouts"] for run in runs):.0f}',
                f'{sum(run["verdict"] == "improved" for run in runs)} of {len(runs)}']) + " |")
    return "\n".join(lines) + "\n"


def section(text, options, version):
    return f"""## Decisions under noise

Whole runs of `skillgrad demo --sim-noise N`: a task is passed with a probability of its own that is drawn by the request, not
only by lesson. `default` is the gate `balanced`, `stored` keeps what scores higher than the stored scores of the current skill,
`none` keeps everything. Each is run over the same seeds 1 to {options.seeds} with {options.updates} updates. "True score" is the
mean of {options.trials} further rollouts of each of the 12 test tasks; gains are points of it, "against" the mean of the
differences by seed with its 95 % interval. "Rollouts" are all but those of the release test; "released" counts `improved`.

{text}
In this scenario nearly every patch helps, so `none` shows what careful gates cost here (where noise is high they turn good
patches away), and not what harm costs those who keep everything: for that see [decisions-study.md](decisions-study.md).

Reproduce with `scripts/study noise --seeds {options.seeds} --updates {options.updates} --trials {options.trials} --noise \
{" ".join(map(str, options.noise))}`. Made on {datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d} with {version}.
"""


def write(path, text):
    """Puts the section in the place of the one that the file holds, or at its end."""
    old = path.read_text() if path.is_file() else ""
    start = old.find("## Decisions under noise")
    path.write_text((old if start < 0 else old[:start]).rstrip("\n") + "\n\n" + text)


def main(program, options, mean_and_interval):
    work = options.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    plan = [(rule, noise, seed) for seed in range(1, options.seeds + 1) for noise in options.noise for rule in RULES]
    for rule, noise, _ in plan:
        (work / f"noise-{noise}" / rule).mkdir(parents=True, exist_ok=True)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        ended = list(pool.map(lambda item: one_run(program, work, options, *item), plan))
    if None in ended:
        return 1
    text = table(dict(zip(plan, ended)), options, mean_and_interval)
    print(text)
    if options.write:
        version = subprocess.run([str(program), "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]
        write(pathlib.Path(options.write), section(text, options, version))
    return 0
