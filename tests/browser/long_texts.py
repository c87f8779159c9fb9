"""A world in which people gave every text as long as it may be, and in letters that are hard to lay out."""

import re
import shutil
from pathlib import Path
from typing import NamedTuple

from flask import Flask

from poker_app import create_app
from poker_app.accounts import api_tokens, decks, memberships
from poker_app.accounts.models import User
from poker_app.accounts.team import invitations
from poker_app.db import db, session
from poker_app.settings import Settings
from tests.cast import Person, Table, add_teammate, add_user
from tests.conftest import SIGNED_IN
from tests.files import add_file

DOMAIN = ".".join(["w" * 60] * 3) + ".example"
OPERATOR = f"{'o' * 60}@{DOMAIN}"
COMPOUND = "Donaudampfschifffahrtsgesellschaft"
SENTENCE = "Let whoever pays by card see the date of delivery before they pay, on every screen and in every language. "
HEBREW = "תשלום 123 בכרטיס אשראי, סעיף 45. "
FAMILY = "👨‍👩‍👧‍👦"
CARDS = "1 2 3 WWWWWWWW MMMMMMMM"


def texts(limit: int) -> list[str]:
    """The longest word that a field takes, one of 120 letters, a sentence, Hebrew with numbers, and emoji families."""
    sentences = [(each * 9)[:limit].strip() for each in (SENTENCE, HEBREW)]
    return ["W" * limit, (COMPOUND * 4)[: min(limit, 120)], *sentences, FAMILY * (min(limit, 120) // len(FAMILY))]


class LongTexts(NamedTuple):
    """The database, the paths of pages by what they show, those for a stranger apart, the room's, and the cookies of
    Olga and of a member who has left."""

    database: Path
    paths: dict[str, str]
    paths_of_strangers: dict[str, str]
    room: str
    olga: dict[str, str]
    leaver: dict[str, str]


def made_in(folder: Path, empty: Path) -> LongTexts:
    """Made by actions and requests, without a server."""
    path = folder / "long.db"
    shutil.copy(empty, path)
    keys = {"_env_file": None, "database_url": f"sqlite:///{path}", "secret_key": "for tests only"}
    keys["files_folder"] = str(folder / "files")
    app = create_app(Settings(**keys, realtime="none", log_level="error", **SIGNED_IN))  # type: ignore[arg-type]
    made = _Making(app)
    with app.app_context():
        db.session.remove()
        with db.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        db.engine.dispose()
    strangers = made.paths_of_strangers
    return LongTexts(path, made.paths, strangers, made.table.path, _cookies(made.olga), _cookies(made.voter))


def _cookies(person: Person) -> dict[str, str]:
    found = {name: person.browser.get_cookie(name) for name in ("guest", "faceup")}
    return {name: cookie.value for name, cookie in found.items() if cookie}


class _Making:
    def __init__(self, app: Flask) -> None:
        self.app = app
        self.olga = Person(app, texts(40)[0])
        with app.app_context():
            user = add_user(self.olga.name, OPERATOR)
            account = memberships.home_of(user).account.id
            self.olga._signed_in(user)
            mates = [
                add_teammate(account, add_user(name, f"{'m' * 60}{place}@{DOMAIN}"))
                for place, name in enumerate(texts(40))
            ]
            mate = mates[0].id
            owner = memberships.membership_for(session.get_one(User, self.olga.user), account)
            assert owner
            for name in texts(40):
                api_tokens.make(owner, name=name, scopes=["sessions:read"], days="", service_role="admin")
            deck = decks.add_deck(owner, name=texts(40)[0], cards=CARDS).id
            invitations.invite(owner, f"{'i' * 60}@{DOMAIN}", "facilitator")
        base = f"/accounts/{account}"
        self.olga.get("/sessions/new")
        self.posts(f"{base}/name", name=texts(80)[0])
        for name in texts(90):
            made = self.posts(f"{base}/series", name=name, deck="fibonacci")
        series = made.rsplit("/", 1)[1]
        for name in texts(120):
            self.ended = self.olga.opens(name, deck=f"own:{deck}", account=account)
            self.olga.ends(self.ended)
        self.ended = self.olga.opens(texts(120)[1], deck=f"own:{deck}", account=account, form_key="estimated")
        self.plays(self.ended)
        self.olga.reveals(self.ended)
        self.olga.finalizes(self.ended, "WWWWWWWW", texts(500)[0])
        self.olga.ends(self.ended)
        self.table = self.olga.opens(texts(120)[0], deck=f"own:{deck}", account=account, form_key="running")
        self.plays(self.table)
        self.voter.post(f"{self.table.path}/me/departure")
        for text in texts(200):
            file = add_file(self.olga, self.table, self.table.task, b"hello", text)
            self.posts(f"{self.table.path}/files/{file}", caption=text, alt="")
        # A name that leads nowhere: what cannot be delivered says the most.
        nowhere = f"https://{'w' * 60}.{'w' * 60}.{'w' * 60}.invalid/{'w' * 1800}"
        for name in texts(80):
            hook = self.posts(f"{base}/webhooks/new/standard", name=name, address=nowhere, events="credits.low")
        self.posts(f"{hook}/test")
        sent = re.search(r'href="([^"]+/deliveries/[^"]+)"', self.olga.get(hook).text)
        assert sent
        room = self.table.path
        self.paths = {
            "front": "/",
            "front page of a frame": "/embed",
            "new session": "/sessions/new",
            "accounts": "/accounts",
            "dashboard": base,
            "live sessions": f"{base}?show=live",
            "one series, nothing found": f"{base}?series={series}&name={'W' * 119}x",
            "import of a session": f"{base}/session-import",
            "team": f"{base}/team",
            "removal": f"{base}/team/{mate}/removal",
            "audit": f"{base}/audit",
            "settings": f"{base}/settings",
            "API tokens": f"{base}/api-tokens",
            "webhooks": f"{base}/webhooks",
            "webhook": hook,
            "webhook deletion": f"{hook}/deletion",
            "webhook delivery": sent[1],
            "deck": f"{base}/decks/{deck}",
            "deck deletion": f"{base}/decks/{deck}/deletion",
            "billing": f"{base}/billing",
            "series": f"{base}/series/{series}",
            "series link": f"/series/{series}",
            "profile": "/me",
            "my data": "/me/data",
            "operator, accounts": "/operator/accounts",
            "operator, sessions": "/operator/sessions?show=all",
            "operator, nothing found": f"/operator/sessions?find={'W' * 119}x",
            "options": f"{room}/options",
            "task": f"{room}/tasks/{self.table.task}",
            "tasks": f"{room}/tasks",
            "ended": self.ended.path,
            "report": f"{self.ended.path}/report",
            "export": f"{self.ended.path}/report/export",
        }
        self.paths_of_strangers = {
            "join": f"{room}/join",
            "over": self.ended.path,
            "series that waits": f"/series/{series}",
        }

    def posts(self, path: str, **form: str) -> str:
        answer = self.olga.post(path, form, htmx=False)
        assert answer.status_code == 303, (path, answer.text)
        return answer.location

    def plays(self, table: Table) -> None:
        """Six vote, one watches: after the first round again, and those cards lie face down."""
        url = f"https://tracker.example/{'w' * 1900}"
        self.olga.adds(table, "\n".join(texts(200)))
        task = f"{table.path}/tasks/{table.task}"
        description = f"{texts(500)[0]}\n\n{url}\n\n`{'c' * 300}`\n\n" + "\n\n".join(texts(120))
        fields = {
            "type": "t" * 60,
            "priority": texts(60)[0],
            "parent": texts(300)[0],
            "acceptance": description[:5_000],
        }
        fields |= {"labels": ", ".join(f"{place:02}{'l' * 58}" for place in range(20))}
        self.olga.post(
            task, {"title": texts(200)[0], "key": "K" * 40, "url": url, "description": description, **fields}
        )
        voters = [Person(self.app, name) for name in texts(39)]
        for each in voters:
            each.joins(table)
        self.voter = voters[0]
        Person(self.app, texts(38)[0]).joins(table, role="spectator")
        self.vote(table, voters)
        assert self.olga.reveals(table).status_code == 200
        self.olga.calls_another_vote(table)
        self.vote(table, voters)

    def vote(self, table: Table, voters: list[Person]) -> None:
        for each, card in zip([self.olga, *voters], ("3", "1", "WWWWWWWW", "WWWWWWWW", "2", "MMMMMMMM"), strict=True):
            answer = each.votes(table, card)
            assert answer.status_code == 200, answer.text
