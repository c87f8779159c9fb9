"""What each thing done at a table costs: milliseconds of processor time in the application, and statements.

``python bench/costs.py`` with a release on the path; it imports nothing of this folder, so that ``python -m bench`` can
have another release measured by it, from a worktree.
"""

import json
import re
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import event
from werkzeug.test import EnvironBuilder, run_wsgi_app

from poker_app import clock, create_app, ids
from poker_app.accounts.acting import home_of
from poker_app.db import db, session
from poker_app.poker.models import Member, PokerSession, Round, Task, Vote
from poker_app.poker.sessions import Options, open_session
from poker_app.settings import Settings

MEMBERS = 8
TIMES = 12
SHAPES = [(0, 0), (0, 100), (499, 0)]  # tasks more, rounds before


class Table:
    """A session of eight with a page each, asked without a server between."""

    def __init__(self, app: Any, tasks: int, rounds: int) -> None:
        self._app = app
        self.statements = 0
        with app.app_context():
            self._open(tasks, rounds)
            event.listen(db.engine, "before_cursor_execute", self._count)
        self.path = f"/sessions/{self.id}"
        for secret in self.secrets:
            self.load(secret)

    def _count(self, _connection: object, _cursor: object, statement: str, *_more: object) -> None:
        self.statements += not statement.startswith("BEGIN")

    def _open(self, tasks: int, rounds: int) -> None:
        first, now = ids.new_secret(), clock.now()
        self.secrets, self.pages = [first], dict[str, tuple[str, str]]()
        founder = open_session(
            home_of(None),
            name="Costs",
            deck="fibonacci",
            own="",
            options=Options(),
            member_name="Ada",
            secret=first,
            form_key=first,
        )
        self.id = founder.session_id
        everybody = [founder.id]
        for number in range(MEMBERS - 1):
            secret, key = ids.new_secret(), ids.new_id(12)
            self.secrets.append(secret)
            everybody.append(key)
            made = {"secret_digest": ids.digest(secret), "name": f"Member Number {number}"}
            session.add(Member(id=key, session_id=self.id, joined_at=now, seen_at=now, **made))
        for place in range(tasks):
            title = f"PAY-{place} A task with a title as long as they are"
            session.add(Task(id=ids.new_id(12), session_id=self.id, position=place + 1, title=title, created_at=now))
        if rounds:
            self._add_rounds(rounds, everybody)
        session.commit()

    def _add_rounds(self, rounds: int, everybody: list[str]) -> None:
        row = session.get_one(PokerSession, self.id)
        current, now = session.get_one(Round, row.current_round_id), clock.now()
        current.number = rounds + 1
        session.flush()
        for number in range(1, rounds + 1):
            made = Round(id=ids.new_id(12), task_id=current.task_id, number=number, opened_at=now, revealed_at=now)
            session.add(made)
            session.flush()
            session.add_all(Vote(round_id=made.id, member_id=key, card="5", cast_at=now) for key in everybody)

    def load(self, secret: str, path: str = "") -> None:
        """A page, for its cookies and, where its forms have one, its token."""
        builder = EnvironBuilder(self.path + path, headers={"Cookie": f"guest={secret}"})
        body, _, headers = run_wsgi_app(self._app, builder.get_environ())
        page = b"".join(body).decode()
        token = re.search(r'name="csrf_token" value="([^"]*)"', page)
        cookies = "; ".join([f"guest={secret}", *(value.split(";")[0] for value in headers.getlist("Set-Cookie"))])
        self.pages[secret] = (token[1] if token else "", cookies)

    def ask(self, secret: str, path: str, form: dict[str, str] | None = None) -> tuple[float, int, str]:
        """Seconds of processor time, statements, and the body of an answer."""
        token, cookies = self.pages.get(secret, ("", f"guest={secret}"))
        headers = {"Cookie": cookies, "HX-Request": "true", "X-CSRFToken": token, "Sec-Fetch-Site": "same-origin"}
        if form is None:
            environ = EnvironBuilder(self.path + path, headers=headers).get_environ()
        else:
            headers |= {"Origin": "http://localhost", "Content-Type": "application/x-www-form-urlencoded"}
            data = urlencode(form | {"csrf_token": token})
            environ = EnvironBuilder(self.path + path, method="POST", data=data, headers=headers).get_environ()
        self.statements = 0
        began = time.process_time()
        body, status, _ = run_wsgi_app(self._app, environ)
        text = b"".join(body).decode()
        took = time.process_time() - began
        if not status.startswith(("200", "303")):
            raise RuntimeError(f"{path} was answered with {status}: {text[:300]}")
        return took, self.statements, text

    @property
    def round(self) -> str:
        with self._app.app_context():
            return str(session.get_one(PokerSession, self.id).current_round_id)

    @property
    def task(self) -> str:
        with self._app.app_context():
            return str(session.get_one(PokerSession, self.id).current_task_id)


def costs(app: Any, tasks: int, rounds: int) -> dict[str, tuple[float, float]]:
    """Of each action the median in milliseconds, and its statements."""
    table, taken = Table(app, tasks, rounds), dict[str, list[tuple[float, int]]]()
    ada, ben, *others = table.secrets

    def take(what: str, secret: str, path: str, form: dict[str, str] | None = None) -> None:
        took, statements, _ = table.ask(secret, path, form)
        taken.setdefault(what, []).append((took, statements))

    for number in range(TIMES):
        current = table.round
        take("vote", ben, "/votes", {"round": current, "card": "5"})
        for each in others:
            table.ask(each, "/votes", {"round": current, "card": "8"})
        take("fragment", ben, "/vote-table")
        take("page", ben, "")
        take("reveal", ada, "/reveal", {"round": current})
        # Restarted on the same task where there are rounds before: else the next task would come to the table.
        if rounds or tasks:
            task = table.task
            again = f"/tasks/{task}/skip" if tasks else "/rounds"
            take("next round", ada, again, {"round": current})
        else:
            take("next round", ada, f"/tasks/{table.task}/deletion", {})
        if number < TIMES // 2:
            new = ids.new_secret()
            table.load(new, "/join")
            take("join", new, "/members", {"member_name": f"New {number}", "role": "voter"})
    return {
        what: (median(one for one, _ in all_) * 1000, median(two for _, two in all_)) for what, all_ in taken.items()
    }


def main() -> None:
    told: dict[str, Any] = {}
    with TemporaryDirectory(prefix="costs-") as folder:
        address = f"sqlite:///{Path(folder) / 'faceup.db'}"
        app = create_app(
            Settings(
                _env_file=None, database_url=address, secret_key="for measuring", realtime="none", log_level="error"
            )
        )
        with app.app_context():
            db.create_all()
        for tasks, rounds in SHAPES:
            told[f"{tasks} tasks, {rounds} rounds"] = costs(app, tasks, rounds)
    print(json.dumps(told))


if __name__ == "__main__":
    main()
