"""``python bench/costs_of.py`` with a release on the path: a pass over all requests for each line read.

A line names a session and its members' cookies. For it each request's milliseconds of processor time and its
statements are printed as JSON. The release's pages are asked without a server between; nothing of this folder is
imported, so that it can be any release.
"""

import json
import re
import sys
import threading
import time
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Engine, event
from werkzeug.test import EnvironBuilder, run_wsgi_app

from poker_app import create_app
from poker_app.settings import Settings


class Table:
    """A session with a page for each member, the facilitator's first."""

    def __init__(self, app: Any, session_id: str, secrets: list[str]) -> None:
        self._app, self._path = app, f"/sessions/{session_id}"
        self._pages: dict[str, tuple[str, str]] = {}
        self._statements = self.joined = 0
        event.listen(Engine, "before_cursor_execute", self._count)
        self.secrets = secrets
        for secret in secrets:
            self.load(secret)

    def _count(self, _connection: object, _cursor: object, statement: str, *_more: object) -> None:
        self._statements += not statement.startswith("BEGIN")

    def load(self, secret: str, path: str = "") -> None:
        """Loads a page, for its cookies and, where its forms have one, its token."""
        builder = EnvironBuilder(self._path + path, headers={"Cookie": f"guest={secret}"})
        body, _, headers = run_wsgi_app(self._app, builder.get_environ())
        page = b"".join(body).decode()
        token = re.search(r'name="csrf_token" value="([^"]*)"', page)
        cookies = "; ".join([f"guest={secret}", *(value.split(";")[0] for value in headers.getlist("Set-Cookie"))])
        self._pages[secret] = (token[1] if token else "", cookies)

    def ask(self, secret: str, path: str, form: dict[str, str] | None = None) -> str:
        """Sends a request and returns the response's body."""
        token, cookies = self._pages[secret]
        headers = {"Cookie": cookies, "HX-Request": "true", "X-CSRFToken": token, "Sec-Fetch-Site": "same-origin"}
        if form is None:
            environ = EnvironBuilder(self._path + path, headers=headers).get_environ()
        else:
            headers |= {"Origin": "http://localhost", "Content-Type": "application/x-www-form-urlencoded"}
            data = urlencode(form | {"csrf_token": token})
            environ = EnvironBuilder(self._path + path, method="POST", data=data, headers=headers).get_environ()
        body, status, _ = run_wsgi_app(self._app, environ)
        text = b"".join(body).decode()
        if not status.startswith(("200", "303")):
            raise RuntimeError(f"{path} was answered with {status}: {text[:300]}")
        return text

    def costs(self) -> dict[str, tuple[float, float]]:
        """Returns the cost of each request of one whole round (votes, the reveal, the next round), of fetches and of a
        newcomer: milliseconds of processor time, and statements."""
        taken: dict[str, tuple[float, float]] = {}

        def take(what: str, secret: str, path: str, form: dict[str, str] | None = None) -> None:
            self._statements, began = 0, time.process_time()
            self.ask(secret, path, form)
            taken[what] = ((time.process_time() - began) * 1000, self._statements)

        ada, ben, *others = self.secrets
        shown = self.ask(ada, "/vote-table")
        current, backlog = re.findall(r'data-round="(\w+)"', shown)[0], self.ask(ada, "/task")
        task = re.findall(r'id="task" [^>]*?data-task="(\w+)"', backlog)[0]
        take("vote alone", ben, "/votes", {"round": current, "card": "5"})
        self._statements, began = 0, time.process_time()
        voting = [
            threading.Thread(target=self.ask, args=(each, "/votes", {"round": current, "card": "8"})) for each in others
        ]
        for thread in voting:
            thread.start()
        for thread in voting:
            thread.join()
        took = (time.process_time() - began) * 1000
        taken["vote in company"] = (took / len(others), self._statements / len(others))
        take("fragment", ben, "/vote-table")
        take("page", ben, "")
        take("reveal", ada, "/reveal", {"round": current})
        # With rounds before it is one more on the same task, else one on the next task, or on a new one in its place.
        if "earlier-rounds" in shown:
            take("next round", ada, "/rounds", {"round": current})
        elif self.ask(ada, "/backlog").count('id="task-') > 1:
            take("next round", ada, f"/tasks/{task}/skip", {"round": current})
        else:
            take("next round", ada, f"/tasks/{task}/deletion", {})
        new = f"{self.joined:032x}"
        self.joined += 1
        self._pages[new] = ("", f"guest={new}")
        self.load(new, "/join")
        take("join", new, "/members", {"member_name": f"New {self.joined}", "role": "voter"})
        self.ask(new, "/me/departure", {})
        return taken


def main() -> None:
    app, tables = create_app(Settings()), dict[str, Table]()
    for line in sys.stdin:
        session_id, secrets = json.loads(line)
        if session_id not in tables:
            tables[session_id] = Table(app, session_id, secrets)
            tables[session_id].costs()  # the first pass loads what the others find loaded
        print(json.dumps(tables[session_id].costs()), flush=True)


if __name__ == "__main__":
    main()
