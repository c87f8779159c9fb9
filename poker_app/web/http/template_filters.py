"""What templates may call: filters and functions of every page."""

from datetime import datetime

from flask import Flask

from poker_app import clock
from poker_app.poker.names import initials
from poker_app.rules.deck import BREAK, UNSURE
from poker_app.rules.tally import percent, shown
from poker_app.web.http import markdown

SPOKEN = {UNSURE: "Not sure", BREAK: "Break"}


def install(app: Flask) -> None:
    """Put them into the templates' environment."""
    # Shared fragments are rendered outside of requests too, by whatever changes a session.
    paths = app.url_map.bind("")
    app.jinja_env.globals["path_for"] = lambda endpoint, **values: paths.build(endpoint, values)
    app.jinja_env.globals.update(spoken=_spoken, BREAK=BREAK, now=lambda: clock.now())
    app.jinja_env.globals.update(operator_links=app.config["SETTINGS"].footer)
    app.jinja_env.filters.update(
        spoken=_spoken,
        shown=shown,
        percent=percent,
        initials=initials,
        markdown=markdown.render,
        epoch=_epoch,
        clock=_minutes,
    )


def _spoken(card: str) -> str:
    return SPOKEN.get(card, card)


def _epoch(moment: datetime | None) -> int | str:
    return int(moment.timestamp() * 1000) if moment else ""


def _minutes(seconds: int) -> str:
    return f"{seconds // 60}:{seconds % 60:02}"
