"""The same worlds through the pages: an account (`Club`) and a session (`Scene`), a browser a person."""

from flask import Flask

from poker_app.accounts.models import Invitation
from poker_app.db import session
from tests.cast import TEAMMATES, Cast, Person
from tests.database_rows import rows
from tests.mail_server import Post
from tests.world.actions import log_of, roles_of


def sign_in_teammates(cast: Cast) -> list[Person]:
    """Everybody of `TEAMMATES`, signed in, in one account that the first of them owns. Needs AUTH=accounts."""
    owner, *others = TEAMMATES.items()
    first = cast.person(owner[0]).signs_in()
    return [first, *(cast.person(name).signs_in(role, first.account) for name, role in others)]


class World:
    """What both kinds have in common: the application, its people, and its rows."""

    def __init__(self, app: Flask, cast: Cast) -> None:
        self.app, self.cast = app, cast

    def rows(self) -> dict[str, list[tuple[object, ...]]]:
        """Every row of the database, to be compared: a refused request must have changed nothing."""
        with self.app.app_context():
            return rows()


class Club(World):
    """An account: Olga owns it, Abe is an admin, Tim a facilitator. Mallory has an account of her own.

    Everybody's mailbox is their name at example.com.
    """

    def __init__(self, app: Flask, cast: Cast, post: Post) -> None:
        super().__init__(app, cast)
        self.post = post
        self.olga, self.abe, self.tim = sign_in_teammates(cast)
        self.mallory = cast.mallory.signs_in()
        self.account = self.olga.account
        self.path = f"/accounts/{self.account}"

    def roles(self) -> dict[str, str]:
        with self.app.app_context():
            return roles_of(self.account)

    def log(self) -> list[str]:
        """The audit log, a sentence a line."""
        with self.app.app_context():
            return [" ".join(line).strip() for line in log_of(self.account)]

    def invitation(self) -> str:
        """The id of the newest one."""
        with self.app.app_context():
            return session.query(Invitation).order_by(Invitation.sent_at.desc()).limit(1).one().id

    def invites(self, email: str, role: str = "facilitator") -> str:
        """Abe invites an address. Answers with the link in the mail."""
        answer = self.abe.post(f"{self.path}/invitations", {"emails": email, "role": role}, htmx=False)
        assert (answer.status_code, answer.location) == (303, f"{self.path}/team")
        return self.post.next_to(email).link.removeprefix("http://localhost")

    def newcomer(self, name: str) -> Person:
        """A person with an address who belongs to no account yet."""
        return self.cast.person(name).signs_in_without_account()


class Scene(World):
    """Ada's session with two tasks, One and Two; Ben votes, Cleo watches, Mallory is a stranger."""

    def __init__(self, app: Flask, cast: Cast) -> None:
        super().__init__(app, cast)
        self.table = cast.table
        self.ada, self.ben, self.cleo, self.mallory = cast.ada, cast.ben, cast.cleo, cast.mallory
        self.ada.adds(self.table, "One\nTwo")
        self.task = self.table.task
        self.ids = {name: getattr(cast, name).seat(self.table).id for name in ("ada", "ben", "cleo")}
        self.ids["room"] = self.table.path

    def fill(self, text: str) -> str:
        """``{task}``, ``{round}``, ``{undo}``, ``{ben}`` ... as they are now."""
        undo = (self.table.row.undo or {}).get("version")
        return text.format(task=self.task, round=self.table.round, undo=undo, **self.ids)
