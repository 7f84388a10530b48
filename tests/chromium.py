"""chromium.py: drive a headless Chromium over its debugging pipe. Standard library only.

Source: Chrome DevTools Protocol; --remote-debugging-pipe reads commands from descriptor 3 and writes
answers to 4, each a JSON text that ends with a NUL.
"""
import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

DESKTOP = (1280, 800, 1, False)
PHONE = (390, 844, 2, True)


class Chromium:
    """One browser with one page. complaints: what it had to say in its console, errors and all."""

    def __init__(self, program="chromium"):
        self.home = tempfile.mkdtemp(prefix="chromium.")
        commands, self.tx = os.pipe()
        self.rx, answers = os.pipe()
        # Away from 3 and 4, so that neither is overwritten by the other.
        commands, answers = (os.dup(os.dup(os.dup(fd))) for fd in (commands, answers))

        def child():
            os.dup2(commands, 3)
            os.dup2(answers, 4)

        self.log = open(self.home + "/log", "wb")
        self.process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--hide-scrollbars", "--force-color-profile=srgb", "--disable-extensions",
             "--disable-background-networking", "--disable-component-update", "--disable-sync",
             "--user-data-dir=" + self.home + "/profile", "--remote-debugging-pipe", "about:blank"],
            env={**os.environ, "HOME": self.home}, preexec_fn=child, close_fds=False, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        self.data, self.number, self.session = b"", 0, None
        self.complaints, self.events = [], []
        page = next(t for t in self.call("Target.getTargets")["targetInfos"] if t["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.tx)
        os.close(self.rx)
        self.log.close()
        shutil.rmtree(self.home, ignore_errors=True)

    def read(self, until):
        """The next message; None if there is none by then."""
        while b"\0" not in self.data:
            if not select.select([self.rx], [], [], max(0, until - time.monotonic()))[0]:
                return None
            more = os.read(self.rx, 1 << 20)
            if not more:
                raise EOFError("chromium has left: " + open(self.home + "/log").read()[-2000:])
            self.data += more
        text, self.data = self.data.split(b"\0", 1)
        message = json.loads(text)
        self.note(message)
        return message

    def note(self, message):
        p = message.get("params", {})
        if message.get("method") == "Log.entryAdded":
            self.complaints.append(p["entry"]["text"])
        elif message.get("method") == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(p["exceptionDetails"]))
        elif message.get("method") == "Runtime.consoleAPICalled":
            self.complaints.append(" ".join(str(a.get("value")) for a in p["args"]))
        elif "method" in message:
            self.events.append(message["method"])

    def call(self, method, **params):
        self.number += 1
        command = {"id": self.number, "method": method, "params": params}
        if self.session:
            command["sessionId"] = self.session
        os.write(self.tx, json.dumps(command).encode() + b"\0")
        until = time.monotonic() + 30
        while True:
            message = self.read(until)
            if message is None:
                raise TimeoutError(method)
            if message.get("id") == self.number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return message["result"]

    def show(self, size=DESKTOP, dark=False, script=True):
        """What the next page is shown on."""
        width, height, scale, mobile = size
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale,
                  mobile=mobile)
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.call("Emulation.setScriptExecutionDisabled", value=not script)

    def open(self, url):
        """Returns when the page is loaded."""
        self.events.clear()
        failed = self.call("Page.navigate", url=url).get("errorText")
        if failed:
            raise RuntimeError(f"{url}: {failed}")
        until = time.monotonic() + 30
        while "Page.loadEventFired" not in self.events:
            if self.read(until) is None:
                raise TimeoutError(url)

    def value(self, code):
        """The value of a JavaScript expression; works on pages whose own scripts are disabled, too."""
        result = self.call("Runtime.evaluate", expression=code, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(f"{code}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def wait(self, code, seconds=15):
        """Until the expression is true."""
        until = time.monotonic() + seconds * int(os.environ.get("SOCKD_TEST_SLOW", "1"))
        while not self.value(code):
            if time.monotonic() > until:
                raise TimeoutError(code)
            self.read(time.monotonic() + 0.05)

    def picture(self, path, whole=True):
        """Save what is seen, or all of the page, as a PNG."""
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]
        with open(path, "wb") as f:
            f.write(base64.b64decode(data))
