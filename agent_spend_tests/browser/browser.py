"""A real Chromium, spoken to over its DevTools protocol; only what the page tests need."""

import json
import shutil
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from websockets.sync.client import connect

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--remote-debugging-port=0")  # fmt: skip
START_SECONDS = 30


def find() -> str | None:
    """Path of an installed Chromium."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Tab:
    """One page in the browser. ``problems`` holds console errors, uncaught exceptions and requests that left the file."""

    def __init__(self, socket):
        self._socket, self._number = socket, 0
        self.problems: list[str] = []
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters) -> dict:
        """One protocol command; events that arrive meanwhile are looked at."""
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv(timeout=START_SECONDS))
            if message.get("id") == self._number:
                assert "error" not in message, message
                return message["result"]
            self._note(message)

    def _note(self, message: dict) -> None:
        details = message.get("params", {})
        if message["method"] == "Runtime.exceptionThrown":
            self.problems.append(details["exceptionDetails"]["text"])
        elif message["method"] == "Log.entryAdded" and details["entry"]["level"] in ("error", "warning"):
            self.problems.append(details["entry"]["text"])
        elif message["method"] == "Runtime.consoleAPICalled" and details["type"] == "error":
            self.problems.append(str(details["args"]))
        elif message["method"] == "Network.requestWillBeSent" and not details["request"]["url"].startswith(("file:", "data:")):
            self.problems.append(f"asked for {details['request']['url']}")

    def run(self, script: str):
        """The value of a JavaScript expression."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def open(self, path: Path, anchor: str = "", *, width: int = 1280, scheme: str = "light", media: str = "",
             scripts: bool = True) -> None:
        """Show a file at a window width, in a colour scheme, as on screen or in print."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", media=media, features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.call("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=path.as_uri() + anchor)
        deadline = time.monotonic() + START_SECONDS
        while self.run("document.readyState") != "complete" or self.run("location.protocol") != "file:":
            assert time.monotonic() < deadline, f"{path} did not load"
            time.sleep(0.02)


@contextmanager
def tab(executable: str) -> Iterator[Tab]:
    """A tab of a fresh browser with a profile of its own."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen([executable, *FLAGS, f"--user-data-dir={profile}", "about:blank"],
                                   stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)  # fmt: skip
        try:
            line = next((line for line in process.stderr if "DevTools listening on" in line), None)
            assert line, "the browser did not start"
            port = line.split("127.0.0.1:")[1].split("/")[0]
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/json", timeout=START_SECONDS) as answer:
                address = next(t["webSocketDebuggerUrl"] for t in json.load(answer) if t["type"] == "page")
            with connect(address, max_size=None) as socket:
                yield Tab(socket)
        finally:
            process.kill()
            process.wait()
