"""An account to call the actions on: Olga owns it, Abe is an admin, Tim a facilitator; Mallory belongs elsewhere."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage

import pytest
from sqlalchemy import delete

from poker_app import clock, mail
from poker_app.accounts import acting, invitations
from poker_app.accounts.acting import Acting
from poker_app.accounts.models import Account, AuditEntry, Teammate, User
from poker_app.accounts.users import add_user
from poker_app.db import session, transaction
from poker_app.errors import Refusal
from poker_app.limits import Tries
from poker_app.rules import Refused
from poker_app.web.errors import KINDS
from tests.rows import rows


class Club:
    """Everybody's addresses are at nordbahn.example, but for Mallory's."""

    def __init__(self) -> None:
        olga = self.user("Olga")
        self.account_id = acting.make_account(olga, "Nordbahn Payments").account.id
        self.joins("Abe", "admin")
        self.joins("Tim", "facilitator")
        self.elsewhere = acting.make_account(self.user("Mallory", "mallory@elsewhere.example"), "Elsewhere").account.id
        self.letters: list[EmailMessage] = []
        session.execute(delete(AuditEntry))
        session.commit()

    def user(self, name: str, email: str | None = "") -> User:
        with transaction():
            made = add_user(name=name, email=f"{name.lower()}@nordbahn.example" if email == "" else email)
        return made

    def joins(self, name: str, role: str) -> None:
        user_id = self.user(name).id
        with transaction():
            session.add(Teammate(account_id=self.account_id, user_id=user_id, role=role, joined_at=clock.now()))

    def named(self, name: str) -> User:
        return session.query(User).where(User.name == name).one()

    def as_(self, name: str) -> Acting:
        """Somebody at work for the account, or, if they are not in it, for their own."""
        user = self.named(name)
        return acting.acting_for(user, self.account_id) or acting.home_of(user)

    # --- what stands where

    @property
    def account(self) -> Account:
        session.rollback()
        return session.get_one(Account, self.account_id)

    @property
    def roles(self) -> dict[str, str]:
        """Who belongs to the account, and as what."""
        session.rollback()
        found = session.query(User.name, Teammate.role).join(Teammate).where(Teammate.account_id == self.account_id)
        return dict(map(tuple, found))

    @property
    def log(self) -> list[tuple[str, str, str]]:
        """The audit log of the account: who, what, about."""
        session.rollback()
        found = session.query(AuditEntry).where(AuditEntry.account_id == self.account_id).order_by(AuditEntry.id)
        return [(each.who, each.action, each.about) for each in found]

    def secret(self, number: int = -1) -> str:
        """What the link in a mail holds."""
        text = self.letters[number].get_body(("plain",))
        assert text
        found = re.search(r"http://localhost/invitations/([0-9a-f]{32})", text.get_content())
        assert found
        return found[1]

    def invites(self, email: str, role: str = "facilitator", by: str = "Abe") -> str:
        """Invite somebody, and look into their mail."""
        assert invitations.invite(self.as_(by), email, role).sent == [email]
        return self.secret()

    # --- what must not happen

    @contextmanager
    def refused(self, status: int, sentence: str = "") -> Iterator[None]:
        """The block is refused, with nothing changed and nothing mailed."""
        before, letters = self._rows(), len(self.letters)
        with pytest.raises((Refusal, Refused)) as caught:
            yield
        refusal = caught.value
        found = KINDS[refusal.kind].status if isinstance(refusal, Refused) else refusal.status
        assert (found, refusal.sentence) == (status, sentence or refusal.sentence)
        session.rollback()
        assert self._rows() == before
        assert len(self.letters) == letters

    @contextmanager
    def nothing_happens(self) -> Iterator[None]:
        """The block changes no row and mails nothing."""
        before, letters = self._rows(), len(self.letters)
        yield
        session.rollback()
        assert self._rows() == before
        assert len(self.letters) == letters

    @staticmethod
    def _rows() -> dict[str, list[tuple[object, ...]]]:
        return {name: found for name, found in rows().items() if name != Tries.__tablename__}


def with_mail(monkeypatch: pytest.MonkeyPatch) -> Club:
    """The account, and its mail in a list."""
    club = Club()
    monkeypatch.setattr(mail, "_deliver", club.letters.append)
    return club
