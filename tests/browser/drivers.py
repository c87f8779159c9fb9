"""Firefox and WebKitGTK, each in one process on a screen of its own, driven by Selenium."""

import fcntl
import itertools
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selenium.webdriver import Remote, WebKitGTK, WebKitGTKOptions
from selenium.webdriver.common.options import ArgOptions
from selenium.webdriver.remote.command import Command
from selenium.webdriver.webkitgtk.service import Service

from poker_app.settings import ROOT
from tests.external_engines import free_port

type Size = tuple[int, int]

WIDE, NARROW = (1280, 900), (600, 900)
SCREEN = "2600x1000x24"  # two wide windows beside each other: Firefox hides pages of a window that others cover
START_WITHIN = 60  # seconds; far more than it takes, but the machine may be busy
# Marionette's names of the commands that stories use. Parameters and results are those of the WebDriver standard.
MARIONETTE = {
    Command.CLICK_ELEMENT: "ElementClick",
    Command.CLOSE: "CloseWindow",
    Command.GET: "Navigate",
    Command.GET_ELEMENT_RECT: "GetElementRect",
    Command.NEW_SESSION: "NewSession",
    Command.NEW_WINDOW: "NewWindow",
    Command.SEND_KEYS_TO_ELEMENT: "ElementSendKeys",
    Command.SET_WINDOW_RECT: "SetWindowRect",
    Command.SWITCH_TO_WINDOW: "SwitchToWindow",
    Command.W3C_ACTIONS: "PerformActions",
    Command.W3C_EXECUTE_SCRIPT: "ExecuteScript",
    Command.W3C_GET_CURRENT_WINDOW_HANDLE: "GetWindowHandle",
}
FIREFOX = {
    "marionette.port": 0,  # one that is free
    # A mouse, which Firefox does not find on a virtual screen.
    "ui.allPointerCapabilities": 6,
    "ui.primaryPointerCapabilities": 6,
}
# It opens maximized otherwise, and each change of the window's size then waits five seconds for a window manager.
FIREFOX_WINDOW = {"sizemode": "normal", "screenX": "0", "screenY": "0", "width": str(WIDE[0]), "height": str(WIDE[1])}


class Browser(ABC):
    """A running browser: one process with a window for each member. Its first window is open and empty."""

    def __init__(self, driver: Remote, screen: Mapping[str, str]) -> None:
        self.driver, self.screen = driver, screen
        self.looks_at = driver.current_window_handle
        self._windows: list[Window] = []

    def open(self, size: Size) -> "Window":
        """Opens a window to the right of those that are open, so that none covers another."""
        if self._windows:
            self.driver.switch_to.new_window("window")
            self.looks_at = self.driver.current_window_handle
        window = Window(self, self.looks_at, sum(each.size[0] for each in self._windows), size)
        self._windows.append(window)
        window.resize(size)
        return window

    @abstractmethod
    def hidden(self, window: "Window") -> AbstractContextManager[None]:
        """While the block runs, the window's page is out of sight; its scripts go on."""


@dataclass
class Window:
    """One of a browser's windows. Sizes and places are in pixels of the screen."""

    browser: Browser
    handle: str
    left: int
    size: Size
    comes_to_front: bool = True

    @property
    def driver(self) -> Remote:
        """Selenium's driver, switched to this window."""
        if self.browser.looks_at != self.handle:
            to = {"handle": self.handle, "focus": self.comes_to_front}  # Firefox knows the second
            self.browser.driver.execute(Command.SWITCH_TO_WINDOW, to)
            self.browser.looks_at = self.handle
        return self.browser.driver

    def resize(self, size: Size) -> None:
        self.size = size
        self.driver.set_window_rect(self.left, 0, *size)

    def mouse(self, *does: str) -> None:
        """Runs xdotool's commands: the drivers' own pointer starts no drag and drop."""
        subprocess.run(["xdotool", *does], env=self.browser.screen, check=True)

    def place(self, x: float, y: float) -> tuple[str, str]:
        """Where a point of the page is on the screen, as arguments of xdotool."""
        across, above = self.driver.execute_script("return [(outerWidth - innerWidth) / 2, outerHeight - innerHeight]")
        return str(round(self.left + across + x)), str(round(above + y))


class Marionette:
    """Firefox's own protocol, for Selenium: Debian has no geckodriver, which translates for it elsewhere.

    A message is its length in bytes, a colon, and JSON: `[0, id, command, parameters]`, `[1, id, error, result]`.
    """

    def __init__(self, port: int) -> None:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            self._stream = connection.makefile("rwb")
        self._ids = itertools.count(1)
        self._read()  # its name and version

    def _read(self) -> Any:
        length = b""
        while (byte := self._stream.read(1)) != b":":
            assert byte, "Firefox ended"
            length += byte
        return json.loads(self._stream.read(int(length)))

    def execute(self, command: str, given: dict[str, Any]) -> dict[str, Any]:
        """Sends a command; returns the answer in the form that Selenium expects of a driver."""
        parameters = given["capabilities"]["alwaysMatch"] if command == Command.NEW_SESSION else given
        message = json.dumps([0, next(self._ids), f"WebDriver:{MARIONETTE[command]}", parameters]).encode()
        self._stream.write(b"%d:%b" % (len(message), message))
        self._stream.flush()
        _, _, error, result = self._read()
        if error:
            return {"status": error["error"], "value": error}
        return result if isinstance(result, dict) and "value" in result else {"value": result}

    def close(self) -> None:
        self._stream.close()


class FirefoxOptions(ArgOptions):
    """Options that start no driver: Firefox runs already."""

    default_capabilities = {"browserName": "firefox"}

    def to_capabilities(self) -> dict[str, Any]:
        return self._caps


class Firefox(Browser):
    @classmethod
    def start(cls, ends: ExitStack, path: str, screen: Mapping[str, str]) -> "Firefox":
        profile = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="firefox-", ignore_cleanup_errors=True)))
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in FIREFOX.items()]
        (profile / "user.js").write_text("".join(lines))
        windows = {"chrome://browser/content/browser.xhtml": {"main-window": FIREFOX_WINDOW}}
        (profile / "xulstore.json").write_text(json.dumps(windows))
        started = subprocess.Popen(
            [path, "--marionette", "--no-remote", "--profile", str(profile)],
            env={**screen, "HOME": str(profile)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        ends.callback(_end, started)
        marionette = Marionette(_awaited(profile / "MarionetteActivePort", started))
        ends.callback(marionette.close)
        options = FirefoxOptions()
        options.unhandled_prompt_behavior = "accept"
        return cls(Remote(command_executor=marionette, options=options), screen)

    @contextmanager
    def hidden(self, window: Window) -> Iterator[None]:
        """The page is behind another tab."""
        window.driver.switch_to.new_window("tab")
        self.looks_at = tab = self.driver.current_window_handle
        window.comes_to_front = False
        yield
        self.driver.switch_to.window(tab)
        self.driver.close()
        self.looks_at = ""
        window.comes_to_front = True


class WebKit(Browser):
    @classmethod
    def start(cls, ends: ExitStack, path: str, screen: Mapping[str, str]) -> "WebKit":
        options = WebKitGTKOptions()
        options.unhandled_prompt_behavior = "accept"
        driver = WebKitGTK(options, Service(path, free_port(), env=screen))
        ends.callback(driver.quit)
        return cls(driver, screen)

    @contextmanager
    def hidden(self, window: Window) -> Iterator[None]:
        """The window is minimized: WebKitWebDriver opens a tab behind the page, not in front of it."""
        window.driver.minimize_window()
        yield
        window.resize(window.size)


def _awaited(port: Path, writer: subprocess.Popen[bytes]) -> int:
    until = time.monotonic() + START_WITHIN
    while not port.exists() or not port.read_text():
        assert writer.poll() is None, f"{writer.args!r} ended"
        assert time.monotonic() < until, f"{writer.args!r} did not start"
        time.sleep(0.05)  # until the other process has written it
    return int(port.read_text())


BROWSERS: dict[str, type[Firefox] | type[WebKit]] = {"firefox": Firefox, "webkit": WebKit}


@contextmanager
def running(name: str) -> Iterator[Browser]:
    """Runs one of ``BROWSERS`` on a virtual screen with a clipboard of its own. One test process at a time installs."""
    with (ROOT / "bin/browsers").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = subprocess.run([ROOT / "bin/browsers"], check=True, capture_output=True, text=True).stdout.strip()
    path = found if name == "firefox" else shutil.which("WebKitWebDriver") or ""
    with ExitStack() as ends:
        yield BROWSERS[name].start(ends, path, {**os.environ, "DISPLAY": _screen(ends)})


def _screen(ends: ExitStack) -> str:
    """Starts a virtual screen and returns its name. Xvfb chooses a free number."""
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", SCREEN, "-nolisten", "tcp"]
    ends.callback(_end, subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL))
    os.close(write)
    with os.fdopen(read) as number:
        return f":{number.readline().strip()}"


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait()
