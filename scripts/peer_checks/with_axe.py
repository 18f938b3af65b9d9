# SPDX-License-Identifier: MIT
"""axe-core looks for barriers in the pages that skillgrad writes and serves, in a headless Chromium."""
import contextlib
import importlib
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

from peer_checks.common import RUN_LIMIT_S, START_LIMIT_S, Unavailable

TITLE = "axe: axe-core looks for barriers in the pages"
PACKAGE = "axe-core@4.14.1"
ROOT = pathlib.Path(__file__).resolve().parents[2]
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/[0-9a-f]{32}/")
SIZES = ((1440, 900), (390, 844))
# One iteration that the gate takes, so that a person is asked.
APPROVED = ("optimize", ROOT / "skills/table-reports", "-m", "sim:demo", "--max-iters", "1", "--limit", "8", "--no-test",
            "--finalists", "0", "--no-prune", "--candidates", "1", "-q", "--approve", "web")
REVIEWED = "document.documentElement?.dataset.review === 'true'"
OPEN_ALL = "for (const one of document.querySelectorAll('details')) one.open = true; 0"
# What axe-core cannot decide by itself, and was looked at: text on gradients and marks, cells whose label says more than their mark.
LOOKED_AT = ("color-contrast", "label-content-name-mismatch")
ASK = """axe.run(document, {resultTypes: ['violations', 'incomplete']}).then((found) => ['violations', 'incomplete'].flatMap((kind) =>
  found[kind].map((one) => ({kind, id: one.id, impact: one.impact, times: one.nodes.length, first: one.nodes[0].html.slice(0, 90) + ' '
    + [...one.nodes[0].any, ...one.nodes[0].all, ...one.nodes[0].none].map((check) => check.message).join('; ')}))))"""


def browser_module():
    """The driver of the project's own browser tests."""
    sys.path.insert(0, str(ROOT / "tests/black_box"))
    return importlib.import_module("browser")


def run(shop, *words):
    done = subprocess.run([str(shop.program), *map(str, words)], cwd=shop.folder, capture_output=True, text=True,
                          env=shop.environment, timeout=RUN_LIMIT_S, check=False)
    if done.returncode not in (0, 1):
        raise ValueError(f"skillgrad {words[0]} ended with {done.returncode}: {done.stderr}")


@contextlib.contextmanager
def page_of(shop, *words):
    """The address of the page that a command serves, for the length of a block."""
    log = shop.folder / "page.log"
    with log.open("w", encoding="utf-8") as out:
        child = subprocess.Popen([str(shop.program), *map(str, words)], stdout=out, stderr=out, stdin=subprocess.DEVNULL,
                                 cwd=shop.folder, env=shop.environment)
    try:
        end = time.monotonic() + START_LIMIT_S
        while not (found := ADDRESS.search(log.read_text(encoding="utf-8"))):
            if child.poll() is not None or time.monotonic() > end:
                raise ValueError(f"skillgrad {words[0]} names no address: {log.read_text(encoding='utf-8')}")
            time.sleep(0.05)
        yield found[0]
    finally:
        child.send_signal(signal.SIGINT)
        child.wait(60)


class Judge:
    """Opens pages in each size and scheme, and makes a row of what axe-core says about each."""

    def __init__(self, report, chromium, axe, shots):
        self.report, self.chromium, self.axe, self.shots = report, chromium, axe, shots

    def look(self, name, address, ready=None, steps=()):
        """`steps`: (what it is called, the script that leads there)."""
        for width, height in SIZES:
            for dark in (False, True):
                more = {"ready": ready} if ready else {}
                page = self.chromium.open(address, width, height, dark, **more)
                page.run(self.axe + ";0")
                for step, script in (("", "0"), *steps):
                    page.run(script)
                    self.row(page, f"{name}{', ' + step if step else ''}, {width} px, {'dark' if dark else 'light'}")

    def row(self, page, what):
        if self.shots:
            page.shot(self.shots / (re.sub(r"\W+", "-", what) + ".png"))
        found = [one for one in page.run(ASK) if one["kind"] == "violations" or one["id"] not in LOOKED_AT]
        serious = [one for one in found if one["impact"] in ("serious", "critical")]
        self.report.row(what, not serious, "; ".join(f"{one['impact']}: {one['id']}, {one['times']} times: {one['first']}" for one in serious or found))


def check(report, shop):
    browser = browser_module()
    if not browser.find():
        raise Unavailable("no Chromium: SKILLGRAD_CHROMIUM names one")
    axe = (shop.node("axe", [PACKAGE]) / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
    print(f"  {PACKAGE.replace('@', ' ')}")
    shots = os.environ.get("SKILLGRAD_SHOTS")
    run(shop, "demo", "--quiet", "--dir", "axe-demo", "--sim-noise", "0.6", "--max-iters", "3", "--force")
    demo = shop.folder / "axe-demo/run"
    run(shop, "eval", ROOT / "skills/table-reports", "-m", "sim:demo", "--baseline", "none", "--limit", "4", "--run", "axe-eval", "-q")
    for one in (demo, shop.folder / "axe-eval"):
        run(shop, "report", one)
    with browser.Browser() as chromium:
        faint = chromium.open(demo / "report.html")
        faint.run(axe + ";document.body.style.color = '#999';0")
        report.row("it finds what is planted", any(one["id"] == "color-contrast" and one["kind"] == "violations" for one in faint.run(ASK)))
        judge = Judge(report, chromium, axe, pathlib.Path(shots) if shots else None)
        judge.look("report", demo / "report.html", steps=(
            ("all open", OPEN_ALL), ("one task", "document.querySelector('td.cell').click(); 0"),
            ("keys", "document.getElementById('task').close(); document.getElementById('keys-open').click(); 0")))
        judge.look("report of an evaluation", shop.folder / "axe-eval/report.html", steps=(("all open", OPEN_ALL),))
        with page_of(shop, "review", demo, "--web") as address:
            judge.look("review", address, REVIEWED, steps=(
                ("decided", "document.querySelector('[data-hunk] [data-decision=reject]').click(); [...document.querySelectorAll('[data-hunk]')].slice(1).forEach((one) => one.querySelector('[data-decision=accept]').click()); new Promise((done) => setTimeout(done, 500))"),
                ("editor", "document.querySelector('[data-decision=edit]')?.click(); 0")))
        with page_of(shop, "view", demo) as address:
            judge.look("view", address)
        with page_of(shop, *APPROVED, "--run", "axe-approve") as address:
            judge.look("view of a run at work", address, "document.querySelector('.live, #review') !== null")
            judge.look("approval", address, REVIEWED)
