# SPDX-License-Identifier: MIT
"""What every part of scripts/bench needs."""
import os
import subprocess
import time


class Table:
    """Rows as they come: what, measured, against, ratio, aim."""

    FORMAT = "{:<44}  {:>12}  {:>28}  {:>8}  {:>10}  {}"

    def __init__(self):
        self.missed = 0
        print(self.FORMAT.format("what", "measured", "against", "ratio", "aim", "").rstrip())

    def row(self, what, measured, against="", ratio=None, aim="", met=True):
        self.missed += not met
        verdict = "" if not aim else "ok" if met else "MISSED"
        shown = "" if ratio is None else f"{ratio:.2f}"
        print(self.FORMAT.format(what, measured, against, shown, aim, verdict).rstrip(), flush=True)


def run(command, check=True, **options):
    """(stdout, seconds, CPU seconds of the program, peak memory in KiB), from the program's own rusage."""
    start = time.perf_counter()
    with subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, **options) as child:
        out = child.stdout.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - start
    if check and child.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: exit code {child.returncode}")
    return out.decode(), seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss
