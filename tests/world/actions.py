"""Worlds made by calling the product's actions, without a request: an account (`Club`), a session (`Room`), and a
session whose rounds take time (`Played`). They need an open application context."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any

import pytest
from sqlalchemy import delete

from poker_app import ids, mail
from poker_app.accounts import memberships
from poker_app.accounts.memberships import Membership
from poker_app.accounts.models import Account, AuditEntry, Teammate, User
from poker_app.accounts.team import invitations
from poker_app.db import session
from poker_app.errors import Refusal
from poker_app.poker.change import refusal_of
from poker_app.poker.members import members
from poker_app.poker.models import Member, PokerSession, Round, Task, Vote
from poker_app.poker.reports.report import Report, report_of
from poker_app.poker.round import tasks, voting
from poker_app.poker.session import lifecycle
from poker_app.poker.session.options import Options
from poker_app.rules import Refused
from tests.cast import TEAMMATES, Clock, add_teammate, add_user
from tests.database_rows import rows

# The digits of the members' cookies in `Played`, for tests that send one.
SECRETS = {name: f"{place:032x}" for place, name in enumerate(("Ada", "Ben", "Cleo", "Gus"))}


def open_session(
    member_name: str = "Ada",
    *,
    membership: Membership | None = None,
    name: str = "Checkout team",
    deck: str = "fibonacci",
    own: str = "",
    secret: str = "",
    form_key: str = "",
    **options: Any,
) -> Member:
    """Opens a session and answers with its facilitator. Without a ``membership`` it belongs to the account of guests;
    ``options`` are those of `Options`."""
    return lifecycle.open_session(
        membership or memberships.home_of(None),
        name=name,
        deck=deck,
        own=own,
        options=Options(**options),
        member_name=member_name,
        secret=secret or ids.new_secret(),
        form_key=form_key or ids.new_secret(),
    )


class World:
    """What both kinds have in common: a block that is refused, or that changes nothing, leaves no trace.

    ``effects`` is what has left the process: the names of published events, or mails.
    """

    effects: list[Any]

    @contextmanager
    def refused(self, status: int, sentence: str = "") -> Iterator[None]:
        """The block is refused with this status and sentence, and changes nothing."""
        with self.nothing_happens(), pytest.raises((Refusal, Refused)) as caught:
            yield
        refusal = caught.value
        told = refusal_of(refusal) if isinstance(refusal, Refused) else refusal
        assert (told.status, told.sentence) == (status, sentence or refusal.sentence)

    @contextmanager
    def nothing_happens(self) -> Iterator[None]:
        """The block changes no row, publishes no event and sends no mail."""
        before, sent = rows(), len(self.effects)
        yield
        session.rollback()
        assert self.effects[sent:] == []
        assert rows() == before


class Club(World):
    """An account: Olga owns it, Abe is an admin, Tim a facilitator. Mallory belongs elsewhere.

    All addresses are at nordbahn.example, but for Mallory's.
    """

    def __init__(self) -> None:
        owner, *others = TEAMMATES.items()
        self.account_id = memberships.make_account(self.user(owner[0]), "Nordbahn Payments").account.id
        for name, role in others:
            self.joins(name, role)
        self.elsewhere = memberships.make_account(
            self.user("Mallory", "mallory@elsewhere.example"), "Elsewhere"
        ).account.id
        self.effects = self.letters = list[EmailMessage]()
        session.execute(delete(AuditEntry))
        session.commit()

    @classmethod
    def with_mail(cls, monkeypatch: pytest.MonkeyPatch) -> "Club":
        """The account, whose mail is kept in ``letters`` instead of being delivered."""
        club = cls()
        monkeypatch.setattr(mail, "_deliver", club.letters.append)
        return club

    def user(self, name: str, email: str | None = "") -> User:
        return add_user(name, f"{name.lower()}@nordbahn.example" if email == "" else email)

    def joins(self, name: str, role: str) -> None:
        add_teammate(self.account_id, self.user(name), role)

    def named(self, name: str) -> User:
        return session.query(User).where(User.name == name).one()

    def as_(self, name: str) -> Membership:
        """A person's membership in the account or, where they have none, in their own."""
        user = self.named(name)
        return memberships.membership_for(user, self.account_id) or memberships.home_of(user)

    # --- what stands where

    @property
    def account(self) -> Account:
        session.rollback()
        return session.get_one(Account, self.account_id)

    @property
    def roles(self) -> dict[str, str]:
        """Who belongs to the account, and as what."""
        session.rollback()
        return roles_of(self.account_id)

    @property
    def log(self) -> list[tuple[str, str, str]]:
        """The audit log of the account: who, what, about."""
        session.rollback()
        return log_of(self.account_id)

    def secret(self, number: int = -1) -> str:
        """What the link in a mail holds."""
        text = self.letters[number].get_body(("plain",))
        assert text
        found = re.search(r"http://localhost/invitations/([0-9a-f]{32})", text.get_content())
        assert found
        return found[1]

    def invites(self, email: str, role: str = "facilitator", by: str = "Abe") -> str:
        """Invites an address, and answers with what the link in its mail holds."""
        assert invitations.invite(self.as_(by), email, role).sent == [email]
        return self.secret()


def roles_of(account_id: str) -> dict[str, str]:
    """The role of each teammate, by name."""
    found = session.query(User.name, Teammate.role).join(Teammate).where(Teammate.account_id == account_id)
    return dict(map(tuple, found))


def log_of(account_id: str) -> list[tuple[str, str, str]]:
    """An account's audit log, the oldest line first: who, what, about."""
    found = session.query(AuditEntry).where(AuditEntry.account_id == account_id).order_by(AuditEntry.id)
    return [(each.who, each.action, each.about) for each in found]


class Room(World):
    """Ada's session with Ben, who votes, and Cleo, who watches."""

    def __init__(self, announced: list[str], **how: Any) -> None:
        self.effects = self.announced = announced
        self.ada = open_session("Ada", **how)
        self.table: PokerSession = self.ada.session
        self.ben, self.cleo = self.seat("Ben"), self.seat("Cleo", votes=False)
        announced.clear()

    def seat(self, name: str, *, votes: bool = True, secret: str = "", user: User | None = None) -> Member:
        """Who joins, as the row that was written."""
        joined = members.join(self.table, name=name, votes=votes, secret=secret or ids.new_secret(), user=user)
        return session.get_one(Member, joined.id)

    def lets(self, **options: object) -> None:
        """Changes the session's options without an event."""
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

    # --- rounds

    def plays(self, member: Member, card: str) -> None:
        voting.cast_vote(member, self.round.id, card)

    def reveals(self) -> None:
        voting.reveal(self.ada, self.round.id)

    def finalize(self, estimate: str, note: str = "") -> None:
        voting.finalize(self.ada, self.task.id, estimate=estimate, note=note)

    def settles(self, card: str = "5") -> None:
        """A whole round on the current task, to its estimate."""
        self.plays(self.ben, card)
        self.reveals()
        self.finalize(card)

    @contextmanager
    def announces(self, *events: str) -> Iterator[None]:
        """The block announces exactly these, and counts one version for each."""
        heard, version = len(self.announced), self.table.version
        yield
        session.rollback()
        assert self.announced[heard:] == list(events)
        assert self.table.version == version + len(events)
        assert self.table.published_version == self.table.version


class Played(Room):
    """A session in which Gus votes too and time passes on a held clock: a minute until all have joined, then rounds of
    so many seconds. Reports and exports are checked against it."""

    def __init__(self, clock: Clock, *, name: str = "Checkout team, sprint 42", **how: Any) -> None:
        self.clock = clock
        super().__init__([], name=name, secret=SECRETS["Ada"], **how)
        self.voters = [self.ada, self.ben, self.seat("Gus")]
        clock.forward(seconds=57)

    def seat(self, name: str, **how: Any) -> Member:
        self.clock.forward(seconds=1)
        return super().seat(name, secret=SECRETS[name], **how)

    def votes(self, cards: str) -> None:
        """``"3 5 8"``: Ada, Ben and Gus, in this order."""
        for member, card in zip(self.voters, cards.split(), strict=True):
            self.plays(member, card)

    def plays_round(self, cards: str, seconds: int = 30) -> None:
        """Votes and, after so many seconds, the reveal. After a reveal it is the next round."""
        if self.revealed:
            voting.vote_again(self.ada, self.round.id)
        self.votes(cards)
        self.clock.forward(seconds=seconds)
        self.reveals()

    def to_the_end(self) -> "Played":
        """Three tasks: settled at once, settled in two rounds, and skipped."""
        tasks.add_tasks(
            self.ada,
            "https://acme.example/browse/PAY-1 Show saved cards\nPAY-2 Refund to the original method\nTidy up",
        )
        self.plays_round("3 3 5", seconds=70)
        self.finalize("3")
        self.plays_round("2 5 21", seconds=100)
        self.plays_round("8 8 ?", seconds=20)
        self.finalize("8", note="The old gateway cannot refund.")
        self.clock.forward(seconds=15)
        tasks.skip_task(self.ada, self.task.id)
        lifecycle.end_session(self.ada)
        return self

    @property
    def path(self) -> str:
        return f"/sessions/{self.ada.session_id}"

    @property
    def report(self) -> Report:
        return report_of(self.ada.session)
