"""A table to call the actions at: no requests, but members, rows and announcements."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from poker_app import ids
from poker_app.accounts.acting import home_of
from poker_app.db import session
from poker_app.errors import Refusal
from poker_app.poker import members, reveal, sessions, tasks, voting
from poker_app.poker.events import State
from poker_app.poker.models import Member, PokerSession, Round, Task, Vote
from poker_app.poker.options import Options
from poker_app.rules import Refused
from poker_app.settings import Settings
from poker_app.web.errors import KINDS
from tests.cast import Clock
from tests.conftest import SIGNED_IN, Announced, lent
from tests.contexts.club import Club, with_mail
from tests.rows import rows


class Room:
    """Ada's table with Ben, who votes, and Cleo, who watches."""

    def __init__(self, announced: Announced, **options: object) -> None:
        self.announced = announced
        self.ada = self.opened("Ada", **options)
        self.table: PokerSession = self.ada.session
        self.ben, self.cleo = self.seat("Ben"), self.seat("Cleo", votes=False)
        announced.clear()

    def opened(self, name: str, **options: object) -> Member:
        return sessions.open_session(
            home_of(None),
            name="Checkout team",
            deck="fibonacci",
            own="",
            options=Options(**options),  # type: ignore[arg-type]
            member_name=name,
            secret=ids.new_secret(),
            form_key=ids.new_secret(),
        )

    def seat(self, name: str, *, votes: bool = True, secret: str = "") -> Member:
        return members.join(self.table, name=name, votes=votes, secret=secret or ids.new_secret())

    def lets(self, **options: object) -> None:
        """Change the session's options without a word."""
        for name, value in options.items():
            setattr(self.table, name, value)
        session.commit()

    # --- what stands where

    @property
    def round(self) -> Round:
        return session.get_one(Round, self.table.current_round_id)

    @property
    def task(self) -> Task:
        return session.get_one(Task, self.table.current_task_id)

    @property
    def revealed(self) -> bool:
        return self.round.revealed_at is not None

    def cards(self, round_id: str | None = None) -> dict[str, str]:
        """The votes of a round, by name."""
        found = session.query(Member.name, Vote.card).join(Vote).where(Vote.round_id == (round_id or self.round.id))
        return dict(map(tuple, found))

    def backlog(self) -> list[str]:
        """The titles, in order."""
        return [task.title for task in tasks.live_tasks(self.table.id)]

    def titled(self, title: str) -> Task:
        return session.query(Task).where(Task.session_id == self.table.id, Task.title == title).one()

    # --- shortcuts

    def plays(self, member: Member, card: str) -> None:
        voting.cast_vote(member, self.round.id, card)

    def reveals(self) -> None:
        reveal.reveal(self.ada, self.round.id)

    def settles(self, card: str = "5") -> None:
        """A whole round on the current task, to its estimate."""
        self.plays(self.ben, card)
        self.reveals()
        voting.finalize(self.ada, self.task.id, estimate=card)

    # --- what must not happen

    @contextmanager
    def refused(self, status: int, sentence: str = "") -> Iterator[None]:
        """The block is refused, with nothing changed and nothing said."""
        with self.nothing_happens(), pytest.raises((Refusal, Refused)) as caught:
            yield
        refusal = caught.value
        found = KINDS[refusal.kind].status if isinstance(refusal, Refused) else refusal.status
        assert (found, refusal.sentence) == (status, sentence or refusal.sentence)

    @contextmanager
    def nothing_happens(self) -> Iterator[None]:
        """The block changes no row and announces nothing."""
        before, heard = rows(), len(self.announced)
        yield
        session.rollback()
        assert self.announced[heard:] == []
        assert rows() == before

    @contextmanager
    def announces(self, *events: str) -> Iterator[None]:
        """The block announces exactly these, and counts one version for each."""
        heard, version = len(self.announced), self.table.version
        yield
        session.rollback()
        assert self.announced[heard:] == list(events)
        assert self.table.version == version + len(events)
        assert self.table.published_version == self.table.version


@pytest.fixture
def room(context: None, clock: Clock, announced: Announced, monkeypatch: pytest.MonkeyPatch) -> Room:
    # What events carry is rendered for a request; here is none, and only their names matter.
    monkeypatch.setattr("poker_app.poker.events.render", lambda session_id, version: State(version, 0, "", 0))
    return Room(announced)


@pytest.fixture
def club(settings: Settings, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Club]:
    """An account where people sign in."""
    with lent(settings.model_copy(update=SIGNED_IN)) as made, made.app_context():
        yield with_mail(monkeypatch)
