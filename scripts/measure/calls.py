# SPDX-License-Identifier: MIT
"""Calls of the client against a server that does nothing but wait, and the same by a Python client."""
import contextlib
import json
import pathlib
import subprocess
import tempfile

from measure.common import run
from peer_checks.common import Unavailable, Workshop, one_line

PROGRAMS = ["call_throughput", "reply_server"]
LATENCY_MS = 50
IN_FLIGHT = 256
WALL_AIM = {"plain": 1.08, "record": 1.15}
CPU_AIM_MS = 0.25
MEMORY_AIM_MB = 60
LESS_CPU_AIM = 5
CACHED_CALLS = 10_000
PYTHON_SHARE = 5  # it is slow: a part of the calls tells what one costs
PYTHON_CLIENT = pathlib.Path(__file__).with_name("openai_calls.py")


@contextlib.contextmanager
def reply_server(programs):
    """The base URL of a server that lives as long as the block."""
    with subprocess.Popen([programs / "tests/reply_server", str(LATENCY_MS)], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as server:
        try:
            yield server.stdout.readline().strip()
        finally:
            server.stdin.close()


def measure(table, programs, count):
    cost = {}
    for kind in ("plain", "record"):
        with reply_server(programs) as url:
            out, _, _, peak = run([programs / "tests/call_throughput", url, "bench", count, IN_FLIGHT,
                                   LATENCY_MS, kind])
        got = json.loads(out)
        cost[kind] = got["cpu_us_per_call"]
        name = "recorded" if kind == "record" else "no record"
        table.row(f"{count} calls, {IN_FLIGHT} in flight, {name}", f"{got['wall_s']:.2f} s",
                  f"ideal {got['ideal_s']:.2f} s", got["ratio"], f"<= {WALL_AIM[kind]}",
                  got["ratio"] <= WALL_AIM[kind])
        milliseconds = cost[kind] / 1000
        table.row("  client CPU per call", f"{milliseconds:.3f} ms", f"latency {LATENCY_MS} ms",
                  milliseconds / LATENCY_MS, f"< {CPU_AIM_MS} ms", milliseconds < CPU_AIM_MS)
        megabytes = peak * 1024 / 1e6
        table.row("  client peak memory", f"{megabytes:.1f} MB", "", None, f"< {MEMORY_AIM_MB} MB",
                  megabytes < MEMORY_AIM_MB)
    measure_cache(table, programs, min(count, CACHED_CALLS))
    measure_python(table, programs, max(IN_FLIGHT, count // PYTHON_SHARE), cost["plain"])


def measure_cache(table, programs, count):
    """The calls of a run that was made before: what a re-run with --cache waits for besides its tools."""
    with reply_server(programs) as url:
        out, _, _, _ = run([programs / "tests/call_throughput", url, "bench", count, IN_FLIGHT, LATENCY_MS,
                            "cache"])
    got = json.loads(out)
    table.row(f"{count} calls answered by the cache", f"{got['wall_s']:.2f} s",
              f"ideal of asking {got['ideal_s']:.2f} s", got["ratio"])
    table.row("  CPU per call", f"{got['cpu_us_per_call'] / 1000:.3f} ms")


def measure_python(table, programs, count, own_us):
    what = f"{count} calls by Python's openai, {IN_FLIGHT} in flight"
    with tempfile.TemporaryDirectory() as folder:
        shop = Workshop(programs / "skillgrad", pathlib.Path(tempfile.gettempdir()) / "skillgrad-peers",
                        pathlib.Path(folder))
        try:
            python = shop.python("openai", ["openai"])
        except Unavailable as why:
            table.row(what, "skipped", one_line(why, 120))
            return
        version = shop.version(python, "openai")
        with reply_server(programs) as url:
            out, _, _, peak = run([python, PYTHON_CLIENT, url, "bench", count, IN_FLIGHT, LATENCY_MS],
                                  env=shop.environment)
    got = json.loads(out)
    table.row(what, f"{got['wall_s']:.2f} s", f"ideal {got['ideal_s']:.2f} s", got["ratio"])
    table.row("  its CPU per call", f"{got['cpu_us_per_call'] / 1000:.3f} ms", f"openai {version}")
    table.row("  its peak memory", f"{peak * 1024 / 1e6:.1f} MB")
    less = got["cpu_us_per_call"] / own_us
    table.row("  times less CPU per call in skillgrad", f"{own_us / 1000:.3f} ms",
              f"Python {got['cpu_us_per_call'] / 1000:.3f} ms", less, f">= {LESS_CPU_AIM}",
              less >= LESS_CPU_AIM)
