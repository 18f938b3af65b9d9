# SPDX-License-Identifier: MIT
"""The `openai` package as a client of `skillgrad simulate`."""
import json
import pathlib
import subprocess

from peer_checks.common import RUN_LIMIT_S

TITLE = "openai: the Python client against `skillgrad simulate`"
KEY = "sk-peers-0123456789"
PROBE = pathlib.Path(__file__).with_name("openai_probe.py")


def check(report, shop):
    python = shop.python("openai", ["openai"])
    print(f"  openai {shop.version(python, 'openai')}", flush=True)
    with shop.simulate("--require-key", KEY) as url:
        probe(report, shop, python, "plain", url)
        probe(report, shop, python, "responses", url)
    with shop.simulate("--require-key", KEY, "--sim-fault-429", "1") as url:
        probe(report, shop, python, "limited", url)
    with shop.simulate("--require-key", KEY, "--sim-fault-429", "0.3", "--sim-fault-500", "0.2") as url:
        probe(report, shop, python, "faulty", url)
    with shop.simulate("--require-key", KEY, "--sim-latency", "300") as url:
        probe(report, shop, python, "together", url)


def probe(report, shop, python, part, url):
    """One row per JSON line of the probe; a probe that breaks off is a failed row."""
    result = subprocess.run([python, PROBE, part, url, KEY], capture_output=True, text=True,
                            env=shop.environment, timeout=RUN_LIMIT_S, cwd=shop.folder)
    for line in result.stdout.splitlines():
        row = json.loads(line)
        report.row(row["check"], row["ok"], row["seen"])
    if result.returncode != 0:
        report.row(f"the probe `{part}` runs to its end", False, result.stderr.strip()[-400:])
