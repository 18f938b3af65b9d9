# SPDX-License-Identifier: MIT
"""The page of a report on a large run: written, and ready to be used in a browser."""
import importlib
import pathlib
import sys
import tempfile
import time

from .common import run

ROOT = pathlib.Path(__file__).resolve().parents[2]

sys.path.insert(0, str(ROOT / "tests/black_box"))


def measure(table, programs):
    browser, made_run = importlib.import_module("browser"), importlib.import_module("made_run")
    with tempfile.TemporaryDirectory() as folder:
        made = made_run.Run(folder + "/run", text="plain text", iterations=10, train=200, val=80, test=120, batch=200).make()
        _, wall, _, _ = run([programs / "skillgrad", "report", made])
        page = pathlib.Path(made, "report.html")
        size = page.stat().st_size / (1 << 20)
        table.row("report, 400 tasks x 10 iterations", f"{1000 * wall:.0f} ms", f"{size:.1f} MiB", None, "< 15 MiB", size < 15)
        if browser.find() is None:
            table.row("  page ready in a browser", "-", "no Chromium here", None)
            return
        took = []
        with browser.Browser() as chromium:
            for _ in range(3):
                begun = time.monotonic()
                shown = chromium.open(page)
                shown.run("[...document.querySelectorAll('.heat th button')].pop().click()")
                assert shown.run("document.getElementById('task').open")
                took.append(time.monotonic() - begun)
    table.row("  page ready in a browser", f"{min(took):.2f} s", "", None, "< 2 s", min(took) < 2)
