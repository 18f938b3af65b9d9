# SPDX-License-Identifier: MIT
"""Documents that show what they tell: their commands are run, and what they show is what is printed.

A block that begins with ```sh is run, in the order of the document, in one folder; variables,
functions and the current folder last from block to block. A block ```text behind it is what that printed: a line "..."
stands for any lines, "..." at the end of a line for the rest of it. Other blocks are only read.
"""
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest

import program

DOCUMENTS = program.SOURCE / "docs"
HOME = "/home/me"
PORT = "8090"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)

# What agents' commands do is shared by all runs, as in program.run; what is printed stays the same.
WRAPPER = """#!/bin/sh
case "$1" in
  optimize|eval|demo|calibrate)
    case "$*" in
      *--cache*|*--record*|*--replay*|*--dry-run*) ;;
      *) calls=$(mktemp -d '{kept}/XXXXXX') && ln -s '{kept}/commands' "$calls/commands" &&
         exec '{program}' "$@" --cache "$calls" --cache-commands ;;
    esac ;;
esac
exec '{program}' "$@"
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def steps(text):
    """The blocks to run, each with the block that shows its output, or None."""
    found = [(kind, block) for kind, block in BLOCK.findall(text) if kind in ("sh", "text")]
    for at, (kind, block) in enumerate(found):
        if kind == "text":
            continue
        shown = found[at + 1][1] if at + 1 < len(found) and found[at + 1][0] == "text" else None
        yield block, shown


def pattern_of(shown):
    lines = []
    for line in shown.rstrip("\n").split("\n"):
        if line.strip() == "...":
            lines.append(r"(?:.*\n)*?")
        elif line.endswith("..."):
            lines.append(re.escape(line[:-3]) + r".*\n")
        else:
            lines.append(re.escape(line) + r"\n")
    return re.compile("".join(lines) + r"\Z")


class Session:
    """A shell that goes on from block to block, in a folder of its own beside a copy of the sources."""

    def __init__(self, root):
        self.root = root
        self.port = free_port()
        (root / "bin").mkdir()
        wrapper = root / "bin/skillgrad"
        wrapper.write_text(WRAPPER.format(kept=program.kept_folder(), program=program.BINARY), encoding="utf-8")
        wrapper.chmod(0o755)
        self.home = root / "me"
        self.home.mkdir()
        for part in ("skills", "docs/tutorial"):
            shutil.copytree(program.SOURCE / part, self.home / "skillgrad" / part)
        self.state = root / "state"
        self.state.write_text(f"cd '{self.home}'\n", encoding="utf-8")
        self.groups = []

    def run(self, block):
        script = self.root / "block.sh"
        script.write_text(
            f". '{self.state}' >/dev/null 2>&1\n{block.replace(PORT, self.port)}\n"
            f"(export -p; declare -f; printf 'cd %q\\n' \"$PWD\") > '{self.state}'\n", encoding="utf-8",
        )
        variables = {
            "PATH": f"{self.root}/bin:{os.environ['PATH']}", "HOME": str(self.home), "LANG": "C.UTF-8",
            "GIT_AUTHOR_NAME": "Me", "GIT_AUTHOR_EMAIL": "me@example.org", "GIT_COMMITTER_NAME": "Me",
            "GIT_COMMITTER_EMAIL": "me@example.org", "GIT_CONFIG_NOSYSTEM": "1", "COLUMNS": "120",
        }
        with open(self.root / "printed", "w+b") as printed:
            shell = subprocess.Popen(
                ["bash", script], env=variables, stdin=subprocess.DEVNULL, stdout=printed,
                stderr=subprocess.STDOUT, start_new_session=True,
            )
            self.groups.append(shell.pid)
            shell.wait(timeout=300)
            printed.seek(0)
            text = printed.read().decode("utf-8", errors="replace")
        text = text.replace(str(self.home.resolve()), HOME).replace(str(self.home), HOME)
        return text.replace(self.port, PORT)

    def end(self):
        for group in self.groups:
            try:
                os.killpg(group, signal.SIGTERM)
            except ProcessLookupError:
                pass


class WorkedExamples(unittest.TestCase):
    maxDiff = None

    def follow(self, name):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        session = Session(pathlib.Path(folder.name))
        self.addCleanup(session.end)
        ran = 0
        for block, shown in steps((DOCUMENTS / name).read_text(encoding="utf-8")):
            printed = session.run(block)
            ran += 1
            if shown is not None and not pattern_of(shown).match(printed):
                with self.subTest(block):
                    self.assertEqual(shown, printed, f"{name}: not what this prints:\n{block}")
        self.assertGreater(ran, 3)

    def test_of_the_tutorial_print_what_it_shows(self):
        self.follow("tutorial.md")

    def test_of_rejected_patches_print_what_the_page_shows(self):
        self.follow("why-rejected.md")

    def test_of_statistics_print_what_the_page_shows(self):
        self.follow("statistics.md")


if __name__ == "__main__":
    unittest.main()
