"""An account where people sign in, through its pages: Olga owns it, Abe is an admin, Tim a facilitator."""

from flask import Flask

from poker_app.accounts import sign_ins
from poker_app.accounts.models import AuditEntry, Invitation, Teammate, User
from poker_app.accounts.users import add_user
from poker_app.db import session, transaction
from tests.cast import Cast, Person
from tests.post import Post
from tests.rows import rows


class Club:
    """Everybody's mailbox is their name at example.com. Mallory has an account of her own."""

    def __init__(self, app: Flask, cast: Cast, post: Post) -> None:
        self.app, self.cast, self.post = app, cast, post
        self.olga = cast.person("Olga").signs_in()
        self.account = self.olga.account
        self.abe = cast.person("Abe").signs_in("admin", self.account)
        self.tim = cast.person("Tim").signs_in("facilitator", self.account)
        self.mallory = cast.mallory.signs_in()
        self.path = f"/accounts/{self.account}"
        for person in (self.olga, self.abe, self.tim, self.mallory):
            person.get("/accounts/new")

    def roles(self) -> dict[str, str]:
        with self.app.app_context():
            found = session.query(User.name, Teammate.role).join(Teammate).where(Teammate.account_id == self.account)
            return dict(map(tuple, found))

    def log(self) -> list[str]:
        with self.app.app_context():
            found = session.query(AuditEntry).where(AuditEntry.account_id == self.account).order_by(AuditEntry.id)
            return [f"{each.who} {each.action} {each.about}".strip() for each in found]

    def invitation(self) -> str:
        """The id of the newest one."""
        with self.app.app_context():
            return session.query(Invitation).order_by(Invitation.sent_at.desc()).limit(1).one().id

    def invites(self, email: str, role: str = "facilitator") -> str:
        """Abe invites somebody. Answers with the address in the mail."""
        answer = self.abe.post(f"{self.path}/invitations", {"emails": email, "role": role}, htmx=False)
        assert (answer.status_code, answer.location) == (303, f"{self.path}/team")
        return self.post.next_to(email).link.removeprefix("http://localhost")

    def rows(self) -> dict[str, list[tuple[object, ...]]]:
        with self.app.app_context():
            return rows()


def newcomer(club: Club, name: str) -> Person:
    """Somebody with an address who belongs to no account yet."""
    person = club.cast.person(name)
    with club.app.app_context():
        with transaction():
            user = add_user(name=name, email=f"{name.lower()}@example.com")
        person.user = user.id
        secret = sign_ins.begin(user, browser="a test", address="127.0.0.1")
    with person.browser.session_transaction() as cookie:
        cookie["_user_id"], cookie["_fresh"] = secret, True
    person.get("/accounts/new")
    return person
