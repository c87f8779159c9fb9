"""Filters and functions for the templates of every page."""

from collections.abc import Callable
from datetime import datetime
from unicodedata import bidirectional

from flask import Flask
from markupsafe import Markup, escape

from poker_app import clock, files
from poker_app.files import kinds
from poker_app.poker.names import initials
from poker_app.rules import durations, passwords
from poker_app.rules.deck import BREAK, UNSURE
from poker_app.rules.tally import percent, shown
from poker_app.web.http import markdown

MAX_WORD = 20
"""Letters of a word that fits its line on the narrowest screen."""
_FROM_RIGHT = {"R", "AL", "AN"}
MAX_NAMED = 6
"""Members whom a sentence at the table names; above, it says how many more."""
MAX_THUMBNAILS = 5
"""Files that are shown beside the task on the table; its sheet has them all."""
MAX_LABELS_SHOWN = 4
"""Labels of the task on the table; its sheet has them all."""
SPOKEN = {UNSURE: "Not sure", BREAK: "Break"}


def install(app: Flask) -> None:
    """Put them into the templates' environment."""
    app.jinja_env.globals["path_for"] = paths(app)
    app.jinja_env.globals.update(spoken=_spoken, BREAK=BREAK, MAX_NAMED=MAX_NAMED, now=lambda: clock.now())
    app.jinja_env.globals["MIN_PASSWORD"] = passwords.SHORTEST
    app.jinja_env.globals.update(operator_links=app.config["SETTINGS"].footer)
    app.jinja_env.globals.update(
        MAX_THUMBNAILS=MAX_THUMBNAILS,
        MAX_LABELS_SHOWN=MAX_LABELS_SHOWN,
        files_are_on=files.is_on,
        accepted_files=",".join(each.ending for each in kinds.KINDS.values()),
    )
    app.jinja_env.filters.update(
        file_kind=lambda kind: kinds.KINDS[kind].label,
        spoken=_spoken,
        worded=_worded,
        shown=shown,
        percent=percent,
        initials=initials,
        markdown=markdown.render,
        epoch=_epoch,
        clock=_minutes,
        bdi=isolated,
        code=_code,
        ago=durations.ago,
    )


def paths(app: Flask) -> Callable[..., str]:
    """Returns a function that builds a page's path from its endpoint and values. Unlike ``url_for`` it works outside of
    requests, where shared fragments and mails are rendered too."""
    rules = app.url_map.bind("")
    return lambda endpoint, **values: rules.build(endpoint, values)


def _spoken(card: str) -> str:
    return SPOKEN.get(card, card)


def _worded(card: str) -> str:
    """A card in the middle of a sentence."""
    return SPOKEN[card].lower() if card in SPOKEN else card


def isolated(text: str | None) -> Markup:
    """Puts a person's text in an element of its own where that changes what is seen: text from right to left is
    isolated from the text beside it, and a long word breaks anywhere instead of widening the page (base.css). Around
    each name the element would be 11 bytes more in every event. Empty for an empty text."""
    if not text:
        return Markup()
    from_right = not text.isascii() and any(bidirectional(char) in _FROM_RIGHT for char in text)
    apart = from_right or any(len(word) > MAX_WORD for word in text.split())
    return Markup("<bdi>{}</bdi>").format(text) if apart else escape(text)


def _code(text: str) -> Markup:
    """Our own sentence, with what stands between backquotes as code."""
    parts = text.split("`")
    return Markup().join(
        Markup("<code>{}</code>").format(part) if n % 2 else escape(part) for n, part in enumerate(parts)
    )


def _epoch(moment: datetime | None) -> int | str:
    return int(moment.timestamp() * 1000) if moment else ""


def _minutes(seconds: int) -> str:
    return f"{seconds // 60}:{seconds % 60:02}"
