# SPDX-License-Identifier: MIT
"""A program that serves a page of its own on loopback, and one that runs on a terminal of its own."""
import contextlib
import http.client
import json
import os
import pty
import re
import select
import signal
import subprocess
import time

import program

ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)/([0-9a-f]{32})/")


class Client:
    """Asks the page at an address."""

    def __init__(self, url):
        found = ADDRESS.fullmatch(url)
        assert found, url
        self.url, self.port, self.secret = url, int(found[1]), found[2]

    def ask(self, method, path, body=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        sent = {"Host": f"127.0.0.1:{self.port}", **{key.replace("_", "-"): value for key, value in headers.items()}}
        connection.request(method, path, body, {key: value for key, value in sent.items() if value is not None})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer, text

    def get(self, name=""):
        answer, text = self.ask("GET", f"/{self.secret}/{name}")
        assert answer.status == 200, (answer.status, text)
        return json.loads(text) if name else text

    def post(self, what, value, **headers):
        given = {"Origin": f"http://127.0.0.1:{self.port}", "Content_Type": "application/json", **headers}
        return self.ask("POST", f"/{self.secret}/{what}", json.dumps(value), **given)


class Server(Client):
    """A command whose first line on stdout is the address of its page."""

    def __init__(self, *words):
        self.process = subprocess.Popen([program.BINARY, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        super().__init__(self.process.stdout.readline().strip())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(20)
        self.process.stdout.close()


class Terminal:
    """The program on a terminal of its own."""

    def __init__(self, words, cwd="/", **environment):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(cwd)
            os.execve(program.BINARY, ["skillgrad", *map(str, words)], {"PATH": os.environ["PATH"], "HOME": "/nowhere", "TERM": "xterm", **environment})
        self.text, self.all = "", ""

    def until(self, what, seconds=30):
        deadline = time.monotonic() + seconds
        while what not in self.text:
            assert time.monotonic() < deadline, (what, self.text)
            if select.select([self.fd], [], [], 0.1)[0]:
                try:
                    part = os.read(self.fd, 65536).decode(errors="replace")
                except OSError:
                    part = ""
                assert part or what in self.text, (what, self.text)
                self.text += part
                self.all += part
        before, self.text = self.text.split(what, 1)
        return before

    def say(self, text):
        os.write(self.fd, text.encode())

    def end(self):
        with contextlib.suppress(OSError):
            while True:
                part = os.read(self.fd, 65536).decode(errors="replace")
                if not part:
                    break
                self.all += part
        code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        os.close(self.fd)
        return code
