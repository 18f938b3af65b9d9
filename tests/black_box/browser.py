# SPDX-License-Identifier: MIT
"""A headless Chromium, driven over its debugging pipe: no driver, no port, no package but Python's own."""
import base64
import itertools
import json
import os
import pathlib
import select
import shutil
import subprocess
import tempfile
import time

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-pipe",
    "--force-color-profile=srgb",
)


def find():
    """The path of a Chromium, or None. SKILLGRAD_CHROMIUM names another one."""
    named = os.environ.get("SKILLGRAD_CHROMIUM")
    return named or next((path for path in map(shutil.which, PROGRAMS) if path), None)


class Browser:
    """One process with a profile of its own. `with Browser() as browser: page = browser.open(path)`."""

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        to_child, self._out = os.pipe()
        self._in, from_child = os.pipe()
        # The browser reads requests from descriptor 3 and writes to descriptor 4; a shell puts them there.
        shell = 'exec 3<&"$1" 4>&"$2"; shift 2; exec "$@"'
        self._process = subprocess.Popen(
            ["bash", "-c", shell, "bash", str(to_child), str(from_child), find(), *OPTIONS,
             f"--user-data-dir={self._folder.name}/profile", "about:blank"],
            pass_fds=(to_child, from_child), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": self._folder.name},
        )
        os.close(to_child)
        os.close(from_child)
        self._numbers, self._buffer, self.events = itertools.count(1), b"", []
        return self

    def __exit__(self, *_):
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._out)
        os.close(self._in)
        self._folder.cleanup()

    def _receive(self, deadline):
        while b"\0" not in self._buffer:
            ready = select.select([self._in], [], [], max(0.0, deadline - time.monotonic()))[0]
            part = os.read(self._in, 1 << 20) if ready else b""
            if not part:
                raise TimeoutError("the browser does not answer")
            self._buffer += part
        line, self._buffer = self._buffer.split(b"\0", 1)
        return json.loads(line)

    def call(self, method, session=None, timeout=60, **parameters):
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters, **({"sessionId": session} if session else {})}
        os.write(self._out, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + timeout
        while True:
            answer = self._receive(deadline)
            if answer.get("id") != number:
                self.events.append(answer)
                continue
            if "error" in answer:
                raise RuntimeError(f"{method}: {answer['error']['message']}")
            return answer["result"]

    def open(self, path, width=1440, height=900, dark=False, ready="document.documentElement?.dataset.ready === 'true'"):
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, session)
        for domain in ("Page", "Runtime", "Network", "Log"):
            page.call(f"{domain}.enable")
        page.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.events.clear()
        page.call("Page.navigate", url=path if str(path).startswith("http://") else pathlib.Path(path).resolve().as_uri())
        page.wait(ready)
        return page


class Page:
    def __init__(self, browser, session):
        self._browser, self._session = browser, session

    def call(self, method, **parameters):
        return self._browser.call(method, self._session, **parameters)

    def run(self, expression):
        """The value of a JavaScript expression."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise RuntimeError(details.get("exception", {}).get("description") or details["text"])
        return answer["result"].get("value")

    def wait(self, expression, seconds=30):
        deadline = time.monotonic() + seconds
        while not self._true(expression):
            if time.monotonic() > deadline:
                raise TimeoutError(f"never true: {expression}\n{self.complaints()}")
            time.sleep(0.02)

    def _true(self, expression):
        try:
            return self.run(expression)
        except RuntimeError as error:
            # A page that loads itself anew has no answer for a moment.
            if "navigated or closed" in str(error) or "context was destroyed" in str(error):
                return False
            raise

    def press(self, key, code=None, text=None):
        names = {"Enter": 13, "Escape": 27, "ArrowDown": 40, "ArrowUp": 38, "ArrowLeft": 37, "ArrowRight": 39, "Tab": 9, "End": 35}
        text = text if text is not None else key if len(key) == 1 else "\r" if key == "Enter" else None
        number = names.get(key, ord(key[0].upper()))
        extra = {"text": text} if text else {}
        self.call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", key=key, code=code or key, windowsVirtualKeyCode=number, **extra)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, code=code or key, windowsVirtualKeyCode=number)

    def shot(self, path, whole=True):
        if whole:
            size = self.call("Page.getLayoutMetrics")["cssContentSize"]
            clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 12000), "scale": 1}
            image = self.call("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        else:
            image = self.call("Page.captureScreenshot")
        pathlib.Path(path).write_bytes(base64.b64decode(image["data"]))

    def requests(self):
        """URLs that the page asked for since it was opened, its own aside."""
        self.run("0")
        asked = [event["params"]["request"]["url"] for event in self._browser.events if event.get("method") == "Network.requestWillBeSent"]
        return [url for url in asked if not url.startswith(("file:", "data:", "about:"))]

    def complaints(self):
        """What the console got: errors, warnings, exceptions, breaches of the policy."""
        out = []
        for event in self._browser.events:
            method, parameters = event.get("method"), event.get("params", {})
            if method == "Runtime.exceptionThrown":
                details = parameters["exceptionDetails"]
                out.append(details.get("exception", {}).get("description") or details["text"])
            elif method == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning", "assert"):
                out.append(str(parameters["args"]))
            elif method == "Log.entryAdded" and parameters["entry"]["level"] in ("error", "warning"):
                out.append(parameters["entry"]["text"])
        return out
