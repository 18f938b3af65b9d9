# SPDX-License-Identifier: MIT
"""The program under test: how it is run, and what commands, flags and keys it says it has."""
import atexit
import functools
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("SKILLGRAD_BINARY", SOURCE / "build/release/skillgrad")).resolve()
FLAG = re.compile(r"(?<![\w-])--[a-z][a-z0-9]*(?:-[a-z0-9]+)*")


# Commands of the program that run agents, and flags with which an agent's commands must not be shared (or cannot be).
_RUN_AGENTS = {"optimize", "eval", "demo", "calibrate", "selfcheck"}
_OWN_COMMANDS = ("--cache", "--record", "--replay", "--sandbox", "--executor", "--dry-run", "--refresh", "--help", "--config")


def shares_commands(words):
    words = [str(word) for word in words]
    return bool(words) and words[0] in _RUN_AGENTS and not any(word.startswith(_OWN_COMMANDS) for word in words)


def command(words):
    """The program and its words, for tests that run it beside themselves; what agents' commands do is shared as in run."""
    return [BINARY, *words, *(kept_commands() if shares_commands(words) else [])]


def run(words, cwd=None, timeout=120, share=True, **environment):
    """Runs the program with a scrubbed environment. What agents' commands do is shared by all tests unless `share` is
    False or a flag is about commands, sandbox, cache or recordings (kept_commands)."""
    if share and shares_commands(words):
        words = [*words, *kept_commands()]
    variables = {"PATH": os.environ["PATH"], "HOME": str(cwd or "/nowhere"), "LANG": "C.UTF-8", **environment}
    return subprocess.run(
        [BINARY, *words], cwd=cwd, env=variables, capture_output=True, text=True, errors="surrogateescape",
        timeout=timeout, check=False, stdin=subprocess.DEVNULL,
    )


@functools.cache
def kept_folder():
    """Where what agents' commands did is kept: one folder for all programs of a ctest, else one of this program."""
    if shared := os.environ.get("SKILLGRAD_TEST_COMMANDS"):
        folder = pathlib.Path(shared)
    else:
        made = tempfile.TemporaryDirectory(prefix="kept-commands-")
        atexit.register(made.cleanup)
        folder = pathlib.Path(made.name)
    (folder / "commands").mkdir(parents=True, exist_ok=True)
    return folder


def kept_commands():
    """Flags with which runs share what the agents' commands did, so that each command runs once for all tests. Calls
    are not shared: every run makes its own. Not for tests about commands, sandbox or cache."""
    calls = pathlib.Path(tempfile.mkdtemp(dir=kept_folder()))
    (calls / "commands").symlink_to(kept_folder() / "commands")
    return ["--cache", str(calls), "--cache-commands"]


@functools.cache
def help_of(command=None):
    done = run([command, "--help-all"] if command else ["--help"])
    assert done.returncode == 0, done
    return done.stdout


@functools.cache
def commands():
    """Names in the list of subcommands."""
    listed = help_of().split("Subcommands:", 1)[1]
    return re.findall(r"^  ([a-z]+)(?= |$)", listed, re.M)


@functools.cache
def flags_of(command):
    """Flags in the option part of a command's help; a switch has a --no- form, too."""
    options = help_of(command).split("Examples:", 1)[0]
    return set(re.findall(r"(?:^  |,\s*|^\s+-\w,)(--[a-z][\w-]*)", options, re.M)) | {"--help"}


@functools.cache
def all_flags():
    return set().union({"--version", "--help"}, *(flags_of(command) for command in commands()))


@functools.cache
def keys():
    """Configuration keys."""
    shown = json.loads(run(["config", "show", "--json"]).stdout)
    return {key for key, value in shown.items() if isinstance(value, dict) and "origin" in value}


@functools.cache
def least_arguments(command):
    """How many positional arguments a command must have."""
    with tempfile.TemporaryDirectory() as folder:  # a command that asks for nothing does its work
        return 1 if "is required" in run([command], cwd=folder).stderr else 0


def examples_of(command):
    block = help_of(command).split("Examples:", 1)[1].split("Exit codes:", 1)[0]
    return [line.strip() for line in block.splitlines() if line.strip()]


def wrong_flags(words):
    """Flags in a shell line of this program that the named command does not have."""
    if not words or words[0] not in commands():
        return [f"no such command: {' '.join(words[:1])}"]
    return [word for word in words[1:] if word.startswith("--") and word.split("=")[0] not in flags_of(words[0])]


if not BINARY.exists():
    sys.exit(f"{BINARY}: no such program; set SKILLGRAD_BINARY")
