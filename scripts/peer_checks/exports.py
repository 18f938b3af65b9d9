# SPDX-License-Identifier: MIT
"""A run that the readers of other formats are given, and how it is written for them."""
import pathlib
import subprocess

from peer_checks.common import RUN_LIMIT_S, Unavailable

SKILL = pathlib.Path(__file__).resolve().parents[2] / "skills/table-reports"
TRIALS = 2


def evaluation(shop, name, *options):
    """(folder of a run, its result): the bundled skill and none, played by the simulated endpoint."""
    run = shop.folder / name
    code, result, errors = shop.skillgrad("eval", SKILL, "--model", "sim:demo", "--baseline", "none", "--split", "val",
                                          "--trials", TRIALS, "--run", run, *options)
    if code != 0 or result is None:
        raise Unavailable(f"the evaluation ended with {code}: {errors}")
    return run, result


def export(shop, run, form, out):
    """Writes the run in a format; returns what the program said on stderr."""
    done = subprocess.run([str(shop.program), "report", str(run), "--format", form, "--out", str(out)], capture_output=True,
                          text=True, env=shop.environment, cwd=shop.folder, timeout=RUN_LIMIT_S, check=False)
    if done.returncode != 0:
        raise ValueError(f"report --format {form} ended with {done.returncode}: {done.stderr}")
    return done.stderr


def ask(shop, python, code, *arguments):
    """What a script of a peer prints as its last line; its traceback is the error."""
    done = subprocess.run([str(python), "-c", code, *map(str, arguments)], capture_output=True, text=True, env=shop.environment,
                          cwd=shop.folder, timeout=300, check=False)
    if done.returncode != 0:
        raise ValueError((done.stderr.strip().splitlines() or ["no word"])[-1])
    return done.stdout.strip().splitlines()[-1]
