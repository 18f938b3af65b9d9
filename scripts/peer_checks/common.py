# SPDX-License-Identifier: MIT
"""What every part of scripts/peers needs: rows, virtual environments, servers, runs of skillgrad."""
import contextlib
import json
import os
import pathlib
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

INSTALL_LIMIT_S = 3600
START_LIMIT_S = 120
RUN_LIMIT_S = 1200


class Unavailable(Exception):
    """A peer that cannot be had here; its checks are skipped."""


class Report:
    """One row per check, as it is made."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def heading(self, text):
        print(f"\n{text}", flush=True)

    def row(self, check, ok, seen=""):
        self.passed += bool(ok)
        self.failed += not ok
        print(f"  {'ok  ' if ok else 'FAIL'}  {check:<64}  {one_line(seen)}".rstrip(), flush=True)
        return ok

    def skip(self, what, why):
        self.skipped += 1
        print(f"  skip  {what:<64}  {one_line(why)}", flush=True)


def one_line(value, limit=180):
    text = " ".join(str(value).split())
    return text if len(text) <= limit else text[:limit - 3] + "..."


def bare_environment(home):
    """What a program of others gets: no keys, no home of the user. Packages have carried thieves."""
    kept = ("PATH", "LANG", "LC_ALL", "TMPDIR", "PYENV_ROOT", "SSL_CERT_FILE", "SSL_CERT_DIR",
            "NODE_EXTRA_CA_CERTS")
    out = {name: value for name, value in os.environ.items()
           if name in kept or name.startswith("PIP_") or name.lower().endswith("_proxy")}
    out.setdefault("PYENV_ROOT", str(pathlib.Path.home() / ".pyenv"))
    out["HOME"] = str(home)
    out["NO_PROXY"] = out["no_proxy"] = "127.0.0.1,localhost"
    return out


class Workshop:
    """Virtual environments and wheels in a cache folder, working folders in a temporary one."""

    def __init__(self, program, cache, folder):
        self.program, self.cache, self.folder = program, cache, folder
        self.wheels = cache / "wheels"
        self.home = cache / "home"
        for path in (self.wheels, self.home, folder):
            path.mkdir(parents=True, exist_ok=True)
        self.environment = bare_environment(self.home)

    def python(self, name, packages):
        """The Python of a virtual environment that holds `packages`, made where it is missing."""
        room = self.cache / name
        python, stamp = room / "bin/python", room / "installed.json"
        if stamp.exists() and json.loads(stamp.read_text()) == packages:
            return python
        print(f"  ...   installing {', '.join(packages)}", flush=True)
        self.run_logged(name, [sys.executable, "-m", "venv", "--clear", room])
        self.run_logged(name, [python, "-m", "pip", "install", "--only-binary=:all:",
                               f"--find-links={self.wheels}", *packages])
        stamp.write_text(json.dumps(packages))
        return python

    def node(self, name, packages):
        """The folder below which npm has installed `packages`, done where that is missing."""
        room = self.cache / name
        stamp = room / "installed.json"
        if stamp.exists() and json.loads(stamp.read_text()) == packages:
            return room
        print(f"  ...   installing {', '.join(packages)}", flush=True)
        room.mkdir(exist_ok=True)
        self.run_logged(name, ["npm", "install", "--no-audit", "--no-fund", "--prefix", room, *packages])
        stamp.write_text(json.dumps(packages))
        return room

    def clone(self, name, source, commit):
        """A clone of a repository at a commit, made where it is missing."""
        room = self.cache / name
        if not room.exists():
            self.run_logged(name, ["git", "clone", "--quiet", source, room])
        self.run_logged(name, ["git", "-C", room, "checkout", "--quiet", commit])
        return room

    def run_logged(self, name, command, **environment):
        """Runs a step of an installation; what it prints goes into a log that a failure names."""
        log = self.cache / f"{name}.log"
        try:
            with log.open("w") as out:
                subprocess.run([str(part) for part in command], check=True, stdout=out, stderr=out,
                               stdin=subprocess.DEVNULL, env={**self.environment, **environment},
                               timeout=INSTALL_LIMIT_S)
        except (OSError, subprocess.SubprocessError) as error:
            lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
            last = next((line for line in reversed(lines) if "ERROR" in line), (lines or [error])[-1])
            raise Unavailable(f"{last} (log: {log})") from error

    def version(self, python, package):
        code = f"import importlib.metadata as m; print(m.version({package!r}))"
        return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True,
                              env=self.environment, timeout=60).stdout.strip()

    @contextlib.contextmanager
    def server(self, command, name, ready=None):
        """A server for the length of a block, ready to answer; `ready` is a URL that then gives any
        HTTP answer. Without one the server prints its address as its first line, which is yielded."""
        log = self.folder / f"{name}.log"
        with log.open("w") as errors:
            out = errors if ready else subprocess.PIPE
            child = subprocess.Popen([str(part) for part in command], stdout=out, stderr=errors,
                                     stdin=subprocess.DEVNULL, text=True, env=self.environment,
                                     cwd=self.folder)
        try:
            if ready:
                wait_for(ready, child, log)
            yield ready or child.stdout.readline().strip()
        finally:
            child.terminate()
            try:
                child.wait(20)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def simulate(self, *options):
        return self.server([self.program, "simulate", "demo", *options], "simulate")

    def skillgrad(self, *arguments, key=""):
        """(exit code, parsed stdout or None, stderr) of a run of skillgrad with --json."""
        environment = {**self.environment, "SKILLGRAD_QUIET": "true"}
        if key:
            environment["OPENAI_API_KEY"] = key
        result = subprocess.run([str(self.program), *map(str, arguments), "--json"], cwd=self.folder,
                                capture_output=True, text=True, env=environment, timeout=RUN_LIMIT_S)
        try:
            return result.returncode, json.loads(result.stdout), result.stderr
        except json.JSONDecodeError:
            return result.returncode, None, result.stderr

    def doctor(self, url, model, *options, key=""):
        """{check: row} of skillgrad doctor."""
        _, out, errors = self.skillgrad("doctor", "--base-url", url, "--model", model, *options, key=key)
        if out is None:
            return {"endpoint": {"state": "BAD", "found": errors}}
        return {row["check"]: row for row in out["checks"]}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(url, child, log):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    end = time.monotonic() + START_LIMIT_S
    while time.monotonic() < end:
        if child.poll() is not None:
            break
        try:
            opener.open(url, timeout=5).close()
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.2)
    tail = log.read_text(errors="replace").strip().splitlines()[-1:]
    raise Unavailable(f"the server did not start: {' '.join(tail)} (log: {log})")


def first_line(text):
    return (text.strip().splitlines() or ["nothing"])[0]


def ledger(run):
    """Rows of the attempts of a run that ended."""
    lines = (pathlib.Path(run) / "calls/ledger.jsonl").read_text().splitlines()
    return [row for row in map(json.loads, lines) if row["event"] != "begin"]
