"""What is written to the terminal: plain text, a QR code, and lines that are drawn anew in their place."""

import io
import os
import shutil
import sys
from collections.abc import Sequence
from types import TracebackType

import segno

# Not every colour scheme has a dark ground, and cameras read no code whose light and dark are exchanged.
_WHITE_ON_BLACK, _USUAL = "\x1b[97;40m", "\x1b[0m"
_NO_WRAP, _WRAP = "\x1b[?7l", "\x1b[?7h"


def prepare() -> None:
    """Lets characters that the output cannot show be replaced, and older consoles of Windows read escape sequences."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    if os.name == "nt":
        os.system("")  # noqa: S605, S607 (starts an empty command, which turns them on)


def is_live() -> bool:
    """Whether a person looks at the output as it comes."""
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def clean(text: str) -> str:
    """A text of the server's on one line, without what a terminal would obey."""
    return "".join(each if each.isprintable() else " " for each in text)


def qr(link: str) -> str:
    """A link as a QR code, two squares a character; "" where the terminal is too narrow or has not the characters."""
    drawn = io.StringIO()
    segno.make(link, error="m", micro=False).terminal(drawn, border=2, compact=True)
    lines = drawn.getvalue().splitlines()
    try:
        drawn.getvalue().encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return ""
    if len(lines[0]) > shutil.get_terminal_size().columns:
        return ""
    if os.environ.get("NO_COLOR"):
        return "\n".join(lines)
    return "\n".join(f"{_WHITE_ON_BLACK}{line}{_USUAL}" for line in lines)


class Place:
    """Lines at the end of the terminal that are drawn anew. What is longer than the terminal is cut."""

    def __init__(self) -> None:
        self._height = 0

    def __enter__(self) -> "Place":
        sys.stdout.write(_NO_WRAP)
        return self

    def __exit__(self, kind: type[BaseException] | None, raised: object, trace: TracebackType | None) -> None:
        sys.stdout.write(_WRAP)
        sys.stdout.flush()

    def draw(self, lines: Sequence[str]) -> None:
        """Puts the lines into the place of those before."""
        shown = lines[: shutil.get_terminal_size().lines - 1]
        up = f"\x1b[{self._height}A" if self._height else ""
        sys.stdout.write(f"\r{up}\x1b[J" + "".join(f"{line}\n" for line in shown))
        sys.stdout.flush()
        self._height = len(shown)
