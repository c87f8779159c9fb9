"""Malformed requests by everybody, from a seed, and what must be true of every answer and of the database after."""

import hashlib
import hmac
import json
import random
import re
import time
from collections import Counter
from typing import Any

from flask import Flask
from sqlalchemy import delete, select

from poker_app import realtime
from poker_app.db import session
from poker_app.poker.models import Member, PokerSession, Round, Task, Vote
from poker_app.poker.reports.report import report_of
from poker_app.poker.value.current import backlog_of, view_of
from poker_app.rate_limits import Tries
from poker_app.realtime.engines.endpoints import credentials
from tests.cast import FROM_OUR_PAGE, Cast, Person, Table

READ, WRITE = ["GET"], ["POST"]
METHODS = [*READ * 3, *WRITE * 5, "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "BREW"]
FORM = "application/x-www-form-urlencoded"
TYPES = [FORM] * 6 + [
    "application/json",
    "multipart/form-data",
    "multipart/form-data; boundary=x",
    "text/plain",
    "application/x-www-form-urlencoded; charset=utf-7",
    "application/json; charset=utf-99",
    "",
    "é/\x7f",
]
FIELDS = [
    "round",
    "card",
    "member_name",
    "role",
    "name",
    "deck",
    "own",
    "timer_minutes",
    "form_key",
    "auto_reveal",
    "anyone_reveals",
    "change_after_reveal",
    "names_hidden",
    "anyone_adds_files",
    "tasks",
    "title",
    "key",
    "url",
    "description",
    "to",
    "estimate",
    "note",
    "member",
    "instead",
    "channel_name",
    "socket_id",
    "code",
    "account",
    "deck_name",
    "emails",
    "report_days",
    "open",
    "q",
    "person",
    "action",
    "before",
]
JUNK = [
    "",
    " ",
    "\0",
    "5\0",
    "\ud800",
    "\udfff\ud800",
    "\u202e\u200b\ufeff",
    "\U0001f0cf" * 40,
    "a\u0300" * 200,
    "'\"><script>alert(1)</script>",
    "'; DROP TABLE vote; --",
    "{{ 7 * 7 }} {% raw %}",
    "%s %n %00 %ff",
    "../../etc/passwd",
    "0",
    "-1",
    "-0",
    "1e400",
    "-1e400",
    "nan",
    "inf",
    "0x10",
    "１２",
    "²",
    "1_0",
    "9" * 20,
    "-" + "9" * 20,
    "9" * 5_000,
    "2147483648",
    "9223372036854775808",
    "1/0",
    "½/0",
    "x" * 201,
    "x" * 10_001,
    "\n" * 600,
    "\r\n".join(f"PAY-{n}" for n in range(501)),
    "=cmd|' /C calc'!A0",
    "http://[",
    "http://[::1",
    "https://x y\t/\\",
    "javascript:alert(1)",
    "[" * 3_000,
    "> " * 3_000,
    "*" * 3_000,
    "![](" * 1_000,
    "|a|\n|-|\n" * 500,
    "1 2 2 3",
    " ".join(str(n) for n in range(40)),
    "None",
    "undefined",
    "[object Object]",
]
PATHS = [
    "%00",
    "%",
    "%zz",
    "%ff%fe",
    "%ed%a0%80",
    "%2e%2e%2f",
    "..",
    "%0d%0aX-Injected:1",
    "a" * 3_000,
    "%F0%9F%83%8F",
    "é",
    "-1",
    "0",
    "null",
    "';--",
    "<b>",
    "{{1}}",
    "%20",
    "v-0123456789/js/room.js",
    "v-0123456789/../../pyproject.toml",
    "css",
    "css/",
]
HEADERS: dict[str, list[str]] = {
    "X-Request-Id": ["", "x" * 5_000, "é", "\u00ff\u00fe", "a b", "../..", "12345678"],
    "If-None-Match": ["*", '"', 'W/"', '""', 'W/"x","y', "x" * 3_000, '"\u00e9"', ",,,"],
    "If-Modified-Since": ["yesterday", "Tue, 99 Xxx 9999 99:99:99 GMT", "0"],
    "Range": ["bytes=0-", "bytes=-9999999999999999999", "bytes=9-1", "lines=1-2", "bytes=" + "0-1," * 500],
    "Origin": [
        "null",
        "http://evil.example",
        "http://localhost:99999",
        "file://",
        "é",
        "http://localhost",
        "x" * 3_000,
    ],
    "Referer": ["http://[", "é", "\u00ff"],
    "Host": ["", "a b", "[::1", "evil.example:99999999", "é.example", "x" * 3_000, "a;b", "localhost:http", "1.2.3.4"],
    "X-Socket-Id": ["", "1.", "x", "9" * 30 + ".1", "1.1; DROP", "-1.1", "1.1"],
    "X-Forwarded-For": ["::1, x, ,", "é"],
    "X-Forwarded-Host": ["é,,", "evil.example"],
    "Content-Length": ["-1", "x", "0", "999999999999", "65537", "1"],
    "Content-Encoding": ["gzip", "x"],
    "Transfer-Encoding": ["chunked", "gzip"],
    "Accept": ["", "*/*;q=nan", "text/html;q=99999999999", "é"],
    "Accept-Language": ["x" * 3_000, ";;;"],
    "HX-Request": ["true", "", "\u00ff"],
    "HX-Target": ["#" * 500],
    "Cookie": [
        "guest",
        "guest=;;;",
        "guest=" + "f" * 32,
        "guest=\u00e9",
        "faceup=.eJw.x.y; guest=0",
        "=; ==",
        "faceup=" + "." * 2_000,
    ],
    "Sec-Fetch-Site": ["", "none", "cross-site", "\u00ff", "same-origin, same-origin"],
    "Authorization": ["Basic \u00ff", "Bearer", "Basic Zm9v", 'Digest x="'],
}


class Fuzz:
    """Makes one malformed request after another, from a seed."""

    def __init__(self, app: Flask, seed: int) -> None:
        self.app, self.chance = app, random.Random(seed)
        self.statuses: Counter[int] = Counter()
        self.logs: list[str] = []
        # The API is fuzzed by what its document says: `test_api_fuzz.py`.
        self.rules = [rule for rule in app.url_map.iter_rules() if not rule.endpoint.startswith("api.")]
        self.sent: Counter[str] = Counter()
        self.tables: list[Table] = []
        self.people: list[Person] = []

    def seat_people(self) -> None:
        """A session in each phase, the same people in all of them; what is sent ends and empties them in time."""
        with self.app.app_context():
            session.execute(delete(Tries))
            session.commit()
        cast = Cast(self.app)
        ada, ben, cleo = cast.ada, cast.ben, cast.cleo
        tables = []
        for phase in ("new", "voting", "revealed", "second round", "estimated", "ended"):
            table = ada.opens(
                f"{phase} {self.chance.random()}", **({"names_hidden": "1"} if phase == "revealed" else {})
            )
            ben.joins(table), cleo.joins(table, role="spectator")
            tables.append(table)
            if phase == "new":
                continue
            ada.adds(table, "PAY-1 One\nPAY-2 Two\nThree")
            ada.votes(table, "5"), ben.votes(table, "☕")
            if phase == "voting":
                continue
            ada.reveals(table)
            if phase == "second round":
                ada.calls_another_vote(table), ben.votes(table, "8")
            if phase in ("estimated", "ended"):
                ada.finalizes(table, "8", "as said")
            if phase == "ended":
                ada.ends(table)
        self.tables, self.people = tables, [ada, ada, ben, ben, cleo, cast.mallory]
        self.logs.clear()

    # --- one request

    def send(self) -> None:
        who, rule = self.chance.choice(self.people), self.chance.choice(self.rules)
        known = sorted(rule.methods & {"GET", "POST"})
        method = self.chance.choice(known) if self.chance.random() < 0.7 and known else self.chance.choice(METHODS)
        body, type_ = self._body(who, rule.endpoint)
        headers = self._headers()
        path = self._path(rule)
        told: dict[str, Any] = {"headers": headers, "method": method, "data": body}
        if type_ is not None:
            told["content_type"] = type_
        if rule.endpoint == "realtime.receive_webhook" and self.chance.random() < 0.7:
            headers |= self._signed(body)
        self.check(f"{method} {path[:120]} {headers} {body[:300]!r}", who.browser.open(path, **told))
        self.sent[rule.endpoint] += 1

    def check(self, asked: str, answer: Any) -> None:
        """No fault, nothing logged as one, and a refusal says what is the matter."""
        status = answer.status_code
        self.statuses[status] += 1
        faults = [line for line in self.logs if "'error'" in line or "ERROR" in line or "Traceback" in line]
        assert status < 500, f"{status} for {asked}\n{self.logs}"
        assert not faults, f"{asked} logged {faults}"
        if status >= 400 and answer.request.method != "HEAD":
            text = answer.get_data(as_text=True)
            assert re.search(r"[A-Z][^<>]{10,}[.!?]", re.sub(r"(?s)<(head|style|script).*?</\1>", "", text)), (
                f"{status} without a sentence for {asked}: {text[:500]}"
            )
        self.logs.clear()

    def _path(self, rule: Any) -> str:
        table = self.chance.choice(self.tables)
        with self.app.app_context():
            members = session.scalars(select(Member.id).where(Member.session_id == table.id)).all()
            tasks = session.scalars(select(Task.id).where(Task.session_id == table.id)).all()
            code = table.row.code
        known = {
            "session_id": [table.id],
            "member_id": members,
            "task_id": tasks,
            "code": [code],
            "filename": ["js/room.js"],
            "account_id": ["local"],
        }
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: self._part(known.get(found[1], [""])), rule.rule)
        if self.chance.random() < 0.05:
            path = path.rstrip("/") + "/" + self.chance.choice(PATHS)
        if self.chance.random() < 0.3:
            path += "?" + "&".join(
                f"{self.chance.choice(FIELDS)}={self.chance.choice([*PATHS, '5', '', '%00'])}" for _ in range(3)
            )
        return path

    def _part(self, known: Any) -> str:
        return str(self.chance.choice(known) if self.chance.random() < 0.85 else self.chance.choice(PATHS))

    def _headers(self) -> dict[str, str]:
        headers = dict(FROM_OUR_PAGE)
        if self.chance.random() < 0.5:
            headers["HX-Request"] = "true"
        for _ in range(self.chance.choice([0, 0, 0, 1, 1, 3])):
            name = self.chance.choice(list(HEADERS))
            headers[name] = self.chance.choice(HEADERS[name])
        return headers

    def _body(self, who: Person, endpoint: str) -> tuple[bytes, str | None]:
        roll = self.chance.random()
        if endpoint == "realtime.receive_webhook":
            return self._news(), "application/json"
        if roll < 0.72:
            return self._form(), FORM
        if roll < 0.74:
            return b"card=" + b"x" * self.chance.choice([65_531, 65_532, 70_000, 300_000]), FORM
        if roll < 0.78:
            return self.chance.choice(
                [b"[" * 100_000, b'{"a":' * 100_000, b"[" * 30_000 + b"]" * 30_000]
            ), "application/json"
        if roll < 0.84:
            parts = "".join(self._part_of_form() for _ in range(self.chance.choice([1, 3, 250])))
            end = self.chance.choice(["--x--\r\n", "", "--y--"])
            return (parts + end).encode(errors="surrogatepass"), "multipart/form-data; boundary=x"
        if roll < 0.88:
            return json.dumps({self.chance.choice(FIELDS): self.chance.choice(JUNK)}).encode(), "application/json"
        junk = self.chance.randbytes(self.chance.choice([0, 1, 50, 2_000]))
        return self.chance.choice(
            [junk, b"card=%ff%fe&round=%00", b"&&&==&=&", b"a" * 100 + b"&" * 2_000, b"\xff\xfe"]
        ), self.chance.choice(TYPES)

    def _part_of_form(self) -> str:
        name, file = self.chance.choice(FIELDS), self.chance.choice(["", '; filename="a"', "; filename*=utf-8''%ff"])
        return f'--x\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n{self.chance.choice(JUNK)}\r\n'

    def _form(self) -> bytes:
        """Fields of which some are right, so that the refusals behind the first one are met too."""
        table = self.chance.choice(self.tables)
        right = {
            "round": table.round,
            "card": "5",
            "role": "voter",
            "member_name": "Ann",
            "name": "N",
            "deck": "own",
            "own": "1 2 3",
            "tasks": "A task",
            "title": "T",
            "to": "1",
            "estimate": "5",
            "socket_id": "1.1",
            "channel_name": realtime.state_channel(table.id),
            "timer_minutes": "3",
        }
        fields = self.chance.sample(FIELDS, self.chance.randint(3, len(FIELDS)))
        pairs = [
            (name, right[name]) if name in right and self.chance.random() < 0.7 else (name, self.chance.choice(JUNK))
            for name in fields
        ]
        if self.chance.random() < 0.2:
            pairs += self.chance.choices(pairs, k=3)
        return "&".join(f"{name}={_quoted(value)}" for name, value in pairs).encode()

    # --- what the engine says

    def _news(self) -> bytes:
        """A webhook's body, of which the signature may be right though nothing else is."""
        table = self.chance.choice(self.tables)
        channel = realtime.presence_channel(table.id)
        with self.app.app_context():
            member = self.chance.choice(session.scalars(select(Member.id).where(Member.session_id == table.id)).all())
        values: list[Any] = [
            "member_removed",
            "member_added",
            "channel_vacated",
            channel,
            member,
            None,
            5,
            [],
            {},
            True,
            "\0",
            "\ud800",
            "x" * 500,
            10**400,
        ]
        events: Any = [
            {
                "name": self.chance.choice(values),
                "channel": self.chance.choice([channel, *values]),
                "user_id": self.chance.choice([member, *values]),
            }
            if self.chance.random() < 0.8
            else self.chance.choice(values)
            for _ in range(self.chance.choice([0, 1, 3]))
        ]
        told: Any = {
            "time_ms": self.chance.choice([_now(), _now(), _now(), _now(), 0, "x", None, -1, 1e308]),
            "events": events if self.chance.random() < 0.9 else self.chance.choice(values),
        }
        if self.chance.random() < 0.1:
            told = self.chance.choice(values)
        if self.chance.random() < 0.05:
            return self.chance.choice([b"[" * 60_000, b'{"time_ms":1e999}', b"\xff", b"", b"{"])
        return json.dumps(told).encode()

    def _signed(self, body: bytes) -> dict[str, str]:
        own = credentials(self.app.config["SETTINGS"])
        return {
            "X-Pusher-Key": own.key,
            "X-Pusher-Signature": hmac.new(own.secret.encode(), body, hashlib.sha256).hexdigest(),
        }

    # --- afterwards

    def check_consistency(self) -> None:
        """Whatever was sent, the tables hold what they may hold, and every page still opens."""
        with self.app.app_context():
            for table in session.scalars(select(PokerSession)):
                task, current = session.get(Task, table.current_task_id), session.get(Round, table.current_round_id)
                assert task is not None
                assert current is not None
                assert (task.session_id, current.task_id) == (table.id, task.id)
                assert 1 <= table.tasks_version <= table.version >= table.published_version
                assert 0 < len(table.name) <= 120
                assert 4 <= len(table.cards) <= 32
                members = list(session.scalars(select(Member).where(Member.session_id == table.id)))
                assert all(0 < len(member.name) <= 60 for member in members)
                votes = (
                    select(Vote, Round, Task)
                    .join(Round, Vote.round_id == Round.id)
                    .join(Task, Round.task_id == Task.id)
                )
                for vote, _, _ in session.execute(votes.where(Task.session_id == table.id)):
                    assert vote.card in table.cards
                    assert vote.member_id in {member.id for member in members}
                for each in session.scalars(select(Task).where(Task.session_id == table.id)):
                    assert each.estimate is None or each.estimate in table.cards
                    assert len(each.title) <= 200
                    assert "\0" not in each.title + each.description
                view_of(table.id), backlog_of(table.id), report_of(table)


def _quoted(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode(errors="surrogatepass")) if len(text) < 300 else text


def _now() -> int:
    return int(time.time() * 1000)
