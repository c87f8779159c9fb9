"""A shell with ``faceup`` in it: commands run to their end with their output piped, and in a real terminal."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pexpect
import pyte
import zxingcpp
from PIL import Image

from poker_app.settings import ROOT

COMMAND = [sys.executable, "-m", "faceup"]
ROWS, COLUMNS = 60, 100
PATIENCE = 60  # seconds, on a busy machine


class Shell:
    """One user's: their home, and what their environment says. It knows the command line and nothing of the server."""

    def __init__(self, home: Path, **environment: str) -> None:
        self.home = home
        self.environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT / "tools/faceup"),
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            **environment,
        }

    def runs(self, *words: str, given: str | bytes = "", **environment: str) -> subprocess.CompletedProcess[str]:
        """Runs a command with ``given`` as its input and its output piped."""
        sent = given if isinstance(given, bytes) else given.encode()
        done = subprocess.run(
            [*COMMAND, *words],
            input=sent,
            capture_output=True,
            cwd=self.home,
            env={**self.environment, **environment},
            timeout=PATIENCE,
        )
        output, problems = (each.decode().replace("\r\n", "\n") for each in (done.stdout, done.stderr))
        return subprocess.CompletedProcess(words, done.returncode, output, problems)

    def says(self, *words: str, **more: str) -> str:
        """What a command prints that has to end well."""
        done = self.runs(*words, **more)
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        return done.stdout

    @contextmanager
    def terminal(self, *words: str, **environment: str) -> "Iterator[Terminal]":
        """Begins a command in a terminal of its own."""
        terminal = Terminal(words, self.home, {**self.environment, **environment})
        try:
            yield terminal
        finally:
            terminal.close()


class Terminal:
    """A command in a terminal. ``screen`` is what a person sees."""

    def __init__(self, words: tuple[str, ...], folder: Path, environment: Mapping[str, str]) -> None:
        self._screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.Stream(self._screen)
        self._process: pexpect.spawn[str] = pexpect.spawn(
            COMMAND[0],
            [*COMMAND[1:], *words],
            cwd=str(folder),
            env=dict(environment),
            dimensions=(ROWS, COLUMNS),
            timeout=PATIENCE,
            encoding="utf-8",
        )
        self._process.logfile_read = self
        self.raw = ""

    def write(self, output: str) -> None:
        """Shows what the command has written."""
        self.raw += output
        self._stream.feed(output)

    def flush(self) -> None:
        """Part of what a log file is."""

    def waits_for(self, text: str) -> None:
        """Until the command writes a text."""
        self._process.expect_exact(text)

    def shows(self, *texts: str) -> None:
        """Until the screen has all of some texts."""
        while not all(text in self.screen for text in texts):
            self._process.expect(".+")

    def types(self, text: str) -> None:
        """Types a line."""
        self._process.sendline(text)

    def interrupts(self) -> None:
        """Ctrl-C."""
        self._process.sendintr()

    def ends(self) -> int:
        """Until the command has ended; returns its status."""
        self._process.expect(pexpect.EOF)
        self._process.close()
        assert self._process.exitstatus is not None, f"killed by signal {self._process.signalstatus}"
        return self._process.exitstatus

    def close(self) -> None:
        """Ends the command, if it has not ended."""
        self._process.close(force=True)

    @property
    def screen(self) -> str:
        """The lines on the screen, without blanks at their ends."""
        return "\n".join(line.rstrip() for line in self._screen.display).rstrip()

    def scans(self) -> str:
        """What a camera reads in the QR code on the screen, as it is coloured."""
        pixels = [[light for cell in row for light in cell] for row in self._pixels()]
        picture = Image.new("L", (COLUMNS, 2 * ROWS))
        picture.putdata([255 * light for row in pixels for light in row])
        [found] = zxingcpp.read_barcodes(picture.resize((COLUMNS * 8, ROWS * 16), Image.Resampling.NEAREST))
        return str(found.text)

    def _pixels(self) -> Iterator[list[tuple[bool, ...]]]:
        """Each row of characters as two rows of squares, light or dark."""
        halves = {" ": (False, False), "▀": (True, False), "▄": (False, True), "█": (True, True)}
        for number in range(ROWS):
            cells = [self._screen.buffer[number][column].data for column in range(COLUMNS)]
            for half in (0, 1):
                yield [(halves.get(cell, (False, False))[half],) for cell in cells]
