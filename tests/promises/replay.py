"""Runs one schedule of requests twice, with one seed and one clock, and compares what came out.

The runs differ in one card. Recorded is whatever a principal could see or read off a wire: answers with status and
headers, events, log lines.
"""

import json
import logging
import random
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import pytest
import structlog
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from structlog._config import BoundLoggerLazyProxy
from werkzeug.http import dump_cookie

from poker_app import clock, ids, realtime
from poker_app.accounts import memberships
from poker_app.accounts.memberships import LOCAL
from poker_app.api.operations import OPERATIONS
from poker_app.db import Base, session
from poker_app.poker.members import presence
from poker_app.poker.models import Member, Round
from poker_app.poker.publishing import events, message_usage
from poker_app.poker.value import last_seen
from poker_app.poker.value.value_cache import values
from poker_app.rules.webhook_events import PUBLIC_EVENTS
from poker_app.webhooks import background
from poker_app.webhooks.models import WebhookDelivery, WebhookEndpoint
from tests.api_client import Program, program_of
from tests.cast import HTMX, Clock, Person, Table

SECRET = "the card that is told apart"

OPTIONS = ("auto_reveal", "anyone_reveals", "change_after_reveal", "names_hidden")
FRAGMENTS = ["vote-table", "task", "backlog", "actions", "people"]
PAGES = [*FRAGMENTS, "report", "report.csv", "report.json", "report.md", "report.txt", "report.xlsx", "options", "join"]
CARDS = ["0", "1", "2", "3", "5", "8", "13", "21", "34", "?", "☕"]


@dataclass(frozen=True)
class Step:
    """One request, or a move of the clock: by whom, what, and with what."""

    who: str
    verb: str
    args: tuple[str, ...] = ()


@dataclass
class Script:
    """A schedule. ``cards`` are the two that the runs play for ``SECRET``; ``shown``: the last step but the polls
    reveals it."""

    seed: int
    holder: str
    options: dict[str, str]
    steps: list[Step]
    cards: tuple[str, str]
    shown: bool


@dataclass
class Moment:
    """What one step let out."""

    step: Step
    answers: list[tuple[str, object]] = field(default_factory=list)
    events: list[object] = field(default_factory=list)
    logs: list[str] = field(default_factory=list)
    webhooks: list[str] = field(default_factory=list)
    revealed: bool = False
    hidden: bool = False


# --- scripts


SIZES = (1, 2, 2, 3, 3, 4, 5, 6, 8, 11, 13, 15)


def script(seed: int, sizes: Sequence[int] = SIZES) -> Script:
    """A session's life as a seed has it: some rounds in the open, then one with the secret card, then its reveal."""
    chance = random.Random(seed)
    voters = [f"Voter{n}" for n in range(chance.choice(sizes))]
    watchers = [f"Watcher{n}" for n in range(chance.choice([0, 1, 1, 2]))]
    options = {option: "1" for option in OPTIONS if chance.random() < 0.3}
    if len(voters) == 1:
        options.pop("auto_reveal", None)
    ada, holder = voters[0], chance.choice(voters)
    steps = [Step(who, "join", ("voter",)) for who in voters[1:]] + [
        Step(who, "join", ("spectator",)) for who in watchers
    ]
    everybody = [*voters, *watchers, "Stranger"]
    if chance.random() < 0.6:
        steps.append(
            Step(ada, "add", ("\n".join(f"PAY-{n} Task {n}" for n in range(chance.choice([1, 3, 6, 12, 25]))),))
        )
    for _ in range(chance.choice([0, 0, 1, 2])):
        steps += [Step(who, "vote", (chance.choice(CARDS),)) for who in voters if chance.random() < 0.8 or who == ada]
        steps += [Step(ada, "reveal"), Step(ada, *chance.choice([("again",), ("finalize", ("5",))]))]
        steps.append(Step(ada, "again"))
    cards = tuple(chance.sample(CARDS, 2))
    lost = chance.random() < 0.1
    steps += _hidden(chance, options, everybody, voters, holder, cards)
    steps += [Step(holder, "role", ("voter",)), Step(holder, "vote", (SECRET,))]
    steps += [Step(who, "poll", ("vote-table",)) for who in everybody]
    steps += [Step(chance.choice(everybody[:-1]), "poll", (page,)) for page in PAGES]
    if lost:
        steps.append(Step(holder, "role", ("spectator",)) if holder == ada else Step(ada, "remove", (holder,)))
        # Somebody else's card, so that there is something to turn over.
        other = next((who for who in voters if who != holder), ada)
        steps += [Step(other, "role", ("voter",)), Step(other, "vote", ("8",))]
    steps.append(Step(ada, "reveal"))
    steps += [Step(who, "poll", (page,)) for who in everybody for page in ("vote-table", "report.json")]
    return Script(seed, holder, options, steps, cards, not lost)


def _hidden(
    chance: random.Random,
    options: dict[str, str],
    everybody: list[str],
    voters: list[str],
    holder: str,
    cards: tuple[str, ...],
) -> list[Step]:
    """The secret card among everything else that people do before the reveal."""
    ada, others = voters[0], [who for who in voters if who != holder]
    steps = [Step(holder, "vote", (SECRET,))]
    eager = 0.1 if "auto_reveal" in options else 0.5
    for _ in range(chance.randint(8, 26)):
        who = chance.choice(everybody)
        roll = chance.random()
        if roll < 0.12:
            # The same card again is a change in one run and none in the other.
            steps.append(Step(holder, "vote", (chance.choice([SECRET, SECRET, *cards, chance.choice(CARDS)]),)))
        elif roll < 0.17:
            steps += [Step(holder, "retract"), Step(holder, "vote", (SECRET,))]
        elif roll < 0.17 + 0.3 * eager and others:
            card = chance.choice([*CARDS, *cards * 5])
            steps.append(
                Step(chance.choice(others), *chance.choice([("vote", (card,)), ("vote", (card,)), ("retract",)]))
            )
        elif roll < 0.4:
            steps.append(Step("", "wait", (str(chance.choice([1, 5, 30, 100])),)))
        elif roll < 0.48 and who != "Stranger":
            steps.append(Step(who, "role", (chance.choice(["voter", "spectator"]),)))
        elif roll < 0.52 and who not in (ada, holder, "Stranger"):
            steps.append(Step(ada, chance.choice(["remove", "share", "nudge"]), (who,)))
        elif roll < 0.55 and who not in (ada, "Stranger"):
            # Who holds the secret comes back to play it again.
            returns = chance.random() < 0.5 or who == holder
            steps += [Step(who, "leave"), Step(who, "poll", ("",)), *([Step(who, "return")] if returns else [])]
        elif roll < 0.58:
            steps.append(Step(f"Late{len(steps)}", "join", ("voter",)))
        elif roll < 0.6:
            steps += [Step(ada, "skip"), Step(who, "poll", ("vote-table",)), Step(ada, "back")]
        elif roll < 0.62:
            # Taken back by its first half: the cards come back unseen.
            back = [Step(ada, "undo"), Step(who, "poll", ("vote-table",))] if roll < 0.61 else []
            steps += [Step(ada, "again"), *back, Step(holder, "role", ("voter",)), Step(holder, "vote", (SECRET,))]
        elif roll < 0.65:
            steps.append(Step(ada, "options", tuple(option for option in OPTIONS if chance.random() < 0.4)))
        elif roll < 0.68:
            steps.append(Step(chance.choice([ada, who]), chance.choice(["add", "timer", "rename"]), ("Something new",)))
        elif roll < 0.73:
            steps.append(Step(who, chance.choice(["authorize", "authorize", "sign in", "code"])))
        elif roll < 0.78:
            steps += [Step(who, "poll", ("vote-table",)), Step(who, "poll", ("vote-table",))]
        else:
            steps.append(Step(who, "poll", (chance.choice(["", "a task", *PAGES]),)))
    return steps


PROGRAM = "Program"
# After these a program reads all that the API answers.
_READ_AFTER = ("vote", "retract", "role", "again", "undo", "back", "reveal")


def read_by_program(told: Script) -> Script:
    """The script with a program at the table, which watches and reads whatever the API answers."""
    steps = [Step(PROGRAM, "join", ("spectator",))]
    for step in told.steps:
        steps += [step, Step(PROGRAM, "poll")] if step.verb in _READ_AFTER else [step]
    return replace(told, steps=steps)


def played_by_program(told: Script) -> Script:
    """The script with a program in the place of the secret card's holder."""

    def renamed(name: str) -> str:
        return PROGRAM if name == told.holder else name

    steps = [Step(renamed(each.who), each.verb, tuple(map(renamed, each.args))) for each in told.steps]
    return replace(told, holder=PROGRAM, steps=steps)


# --- a run


class Recording(FlaskClient):
    """A browser that shows what it was answered."""

    seen: Callable[[object], None] | None = None

    def open(self, *args: Any, **more: Any) -> Any:
        answer = super().open(*args, **more)
        if self.seen is not None:
            self.seen((answer.request.path, answer.status, sorted(answer.headers.items()), answer.get_data()))
        return answer


class Replay:
    """A run of a script: an empty database, seeded random sources, a held clock, and a browser a person."""

    def __init__(self, app: Flask, script: Script, card: str, listen: Callable[[str], Any] | None = None) -> None:
        self.app, self.script, self.card = app, script, card
        self.clock = Clock()
        self.people: dict[str, Person] = {}
        self._programs: dict[str, Program] = {}
        self._tags: dict[str, str] = {}
        self.moments: list[Moment] = []
        self.secret_rounds: set[str] = set()
        self.secret_task = ""
        self._engine = random.Random(script.seed)
        self._listen = listen

    def run(self) -> list[Moment]:
        """All of the script, one moment a step."""
        with pytest.MonkeyPatch.context() as patch, self._fresh(patch), logged(self._log):
            self.moments = [Moment(Step("", "open"))]
            ada = self._person("Voter0")
            self._add_webhook()
            self.table: Table = ada.opens(**self.script.options)
            for step in self.script.steps:
                self.moments.append(Moment(step))
                self._take(step)
                self._look()
        return self.moments

    @contextmanager
    def _fresh(self, patch: pytest.MonkeyPatch) -> Iterator[None]:
        chance = random.Random(self.script.seed)
        patch.setattr(ids, "source", random.Random(self.script.seed + 1))
        for source in ("os.urandom", "random._urandom"):  # the second is what `secrets` asks
            patch.setattr(source, chance.randbytes)
        patch.setattr("poker_app.clock.now", self.clock.now)
        patch.setattr("itsdangerous.TimestampSigner.get_timestamp", lambda _: int(self.clock.now().timestamp()))
        # A cookie's age says the same as its date, which is the machine's.
        patch.setattr("werkzeug.sansio.response.dump_cookie", partial(dump_cookie, sync_expires=False))
        # So is the date of an answer that may be 304.
        patch.setattr("werkzeug.wrappers.response.http_date", lambda _=None: "now")
        # A process's caches would carry one run's rendering into the other.
        values.clear()
        last_seen._noted.clear()
        presence._silent_from.clear()
        patch.setattr(events, "_publish_queue", events.PublishQueue())
        # Nobody closes the answers here, so nothing waits for that.
        patch.setattr(events._wiring, "run_after_response", lambda _: False)
        patch.setattr(background, "_run_after_response", None)
        patch.setattr(message_usage, "_counted", message_usage._Counted())
        realtime.configure(self.app.config["SETTINGS"])
        if self._listen is None:
            patch.setattr("poker_app.realtime.publish", self._publish)
        patch.setattr(self.app, "test_client_class", Recording)
        with self.app.app_context():
            for rows in reversed(Base.metadata.sorted_tables):
                session.execute(rows.delete())
            session.commit()
        yield

    def _add_webhook(self) -> None:
        """An account that is sent every event there is. Nothing is on its way: what is in the outbox is looked at."""
        with self.app.app_context():
            account = memberships.home_of(None).account.id
            given = {"kind": "standard", "name": "Ours", "host": "none", "address_sealed": "", "made_at": clock.now()}
            events = f" {' '.join(PUBLIC_EVENTS)} "
            session.add(WebhookEndpoint(id=ids.new_id(), account_id=account, events=events, **given))
            session.commit()

    def _publish(self, channels: Any, event: str, data: Any, exclude_socket: str | None = None) -> bool:
        """An engine that fails now and then, in both runs alike."""
        self.moments[-1].events.append((list(channels), event, json.dumps(data), exclude_socket))
        return self._engine.random() > 0.05

    def _log(self, line: str) -> None:
        self.moments[-1].logs.append(line)

    def _person(self, name: str) -> Person:
        if name not in self.people:
            person = self.people[name] = Person(self.app, name)
            person.browser.seen = lambda answer: self.moments[-1].answers.append((name, answer))
            person.browser.environ_base["HTTP_X_SOCKET_ID"] = f"7.{len(self.people)}"
            person.browser.environ_base["HTTP_ACCEPT_ENCODING"] = "gzip"
            person.tags = {}
        return self.people[name]

    def _take(self, step: Step) -> None:
        if step.verb == "wait":
            self.clock.forward(seconds=float(step.args[0]))
            return
        if step.who == PROGRAM:
            self._take_by_program(step)
            return
        who, table = self._person(step.who), self.table
        match step.verb, step.args:
            case "join", (role,):
                who.post(f"{table.path}/members", {"member_name": step.who, "role": role}, htmx=False)
            case "vote", (card,):
                self._vote(who, card)
            case "retract", _:
                who.retracts(table)
            case "reveal", _:
                who.reveals(table)
            case "again", _:
                who.calls_another_vote(table)
            case "finalize", (card,):
                who.finalizes(table, card)
            case "add", (lines,):
                who.adds(table, lines)
            case "rename", _:
                who.post(f"{table.path}/me", {"member_name": f"{step.who} by another name"})
            case "role", (role,):
                who.post(f"{table.path}/me/role", {"role": role})
            case "leave", _:
                who.post(f"{table.path}/me/departure")
            case "return", _:
                who.post(f"{table.path}/me/return")
            case ("remove" | "nudge") as verb, (other,):
                path = {"remove": "removal", "nudge": "nudge"}[verb]
                who.post(f"{table.path}/members/{self._id(other)}/{path}")
            case "share", (other,):
                who.post(f"{table.path}/facilitators", {"member": self._id(other)})
            case "skip", _:
                who.post(f"{table.path}/tasks/{table.task}/skip")
            case "undo", _:
                who.post(f"{table.path}/changes/{(table.row.undo or {}).get('version', 0)}/undoing")
            case "back", _:
                who.post(f"{table.path}/tasks/{self.secret_task}/turn")
            case "options", switches:
                who.post(f"{table.path}/options", {"name": "Checkout team", **dict.fromkeys(switches, "1")}, htmx=False)
            case "timer", _:
                who.post(f"{table.path}/timer")
            case "authorize", _:
                for kind in ("private", "presence"):
                    channel = f"{kind}-planning-poker-{table.id}"
                    who.post(f"{table.path}/channel-auth", {"channel_name": channel, "socket_id": "7.7"})
            case "sign in", _:
                who.post(f"{table.path}/user-auth", {"socket_id": "7.7"})
                who.post(f"{table.path}/socket-auth", {"socket_id": "7.7"})
            case "code", _:
                who.get(f"/j/{table.row.code}")
            case "poll", (page,):
                self._poll(who, page)
            case _:
                raise AssertionError(step)

    def _take_by_program(self, step: Step) -> None:
        """By the API; what it has not got is a reading of all that it answers."""
        program, path = self._program(), self.table.path
        match step.verb, step.args:
            case "join", (role,):
                program.post(f"{path}/members", {"name": PROGRAM, "votes": role == "voter"})
            case "vote", (card,):
                round_id = self.table.round
                played = self.card if card == SECRET else card
                done = program.put(f"{path}/rounds/{round_id}/vote", {"card": played})
                self._note_secret(card, round_id, done.status_code)
            case "retract", _:
                program.delete(f"{path}/rounds/{self.table.round}/vote")
            case "role", (role,):
                program.patch(f"{path}/me", {"votes": role == "voter"})
            case "rename", _:
                program.patch(f"{path}/me", {"name": f"{PROGRAM} by another name"})
            case "leave", _:
                program.delete(f"{path}/me")
            case "return", _:
                program.post(f"{path}/me/return")
            case _:
                self._read_all(program)

    def _program(self) -> Program:
        if PROGRAM not in self._programs:
            made = self._programs[PROGRAM] = program_of(self.app, None, LOCAL, role="facilitator")
            made.hear(lambda answer: self.moments[-1].answers.append((PROGRAM, answer)))
        return self._programs[PROGRAM]

    def _read_all(self, program: Program) -> None:
        here = {"session_id": self.table.id, "task_id": self.table.task, "round_id": self.table.round}
        parts = defaultdict(lambda: "nonsense", here, member_id=self._id("Voter0"))
        for each in OPERATIONS:
            if each.method == "GET":
                path = each.path.format_map(parts)
                known = {"If_None_Match": self._tags[path]} if path in self._tags else {}
                answer = program.get(path, **known)
                if "ETag" in answer.headers:
                    self._tags[path] = answer.headers["ETag"]

    def _vote(self, who: Person, card: str) -> None:
        played = self.card if card == SECRET else card
        round_id = self.table.round
        done = who.votes(self.table, played, round_id)
        self._note_secret(card, round_id, done.status_code)

    def _note_secret(self, card: str, round_id: str, status: int) -> None:
        if card == SECRET and status == 200:
            self.secret_rounds.add(round_id)
            self.secret_task = self.table.task

    def _poll(self, who: Person, page: str) -> None:
        path = f"{self.table.path}/tasks/{self.table.task}" if page == "a task" else f"{self.table.path}/{page}"
        known = {"If-None-Match": who.tags[page]} if page in who.tags else {}
        answer = who.get(path.rstrip("/"), headers={**(HTMX if page else {}), **known})
        if "ETag" in answer.headers:
            who.tags[page] = answer.headers["ETag"]

    def _id(self, name: str) -> str:
        with self.app.app_context():
            found = select(Member.id).where(Member.session_id == self.table.id, Member.name.startswith(name))
            return session.scalars(found.order_by(Member.joined_at, Member.id)).first() or "nobody"

    def _look(self) -> None:
        """Whether a round with the secret card in it is face up now, and whether one is face down."""
        with self.app.app_context():
            rounds = list(session.scalars(select(Round).where(Round.id.in_(self.secret_rounds))))
            written = session.scalars(select(WebhookDelivery.body).order_by(WebhookDelivery.id)).all()
        now = self.moments[-1]
        now.webhooks += written[sum(len(each.webhooks) for each in self.moments) :]
        now.revealed = any(each.revealed_at for each in rounds)
        now.hidden = any(not each.revealed_at for each in rounds)
        if self._listen is not None:
            now.events.append(self._listen(self.table.id))


@contextmanager
def logged(hear: Callable[[str], None]) -> Iterator[None]:
    """Every log line of the product, as it is before it is given a colour and the time of day."""

    def structured(_logger: object, _method: str, line: Any) -> Any:
        hear(repr(sorted(line.items())))
        raise structlog.DropEvent

    class Plain(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            hear(f"{record.name} {record.levelname} {record.getMessage()}")

    before, plain, ours = structlog.get_config(), Plain(), logging.getLogger("poker_app")
    level = ours.level
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structured,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
        cache_logger_on_first_use=False,
    )
    _forget_loggers()
    logging.getLogger().addHandler(plain)
    ours.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(plain)
        ours.setLevel(level)
        structlog.configure(**before)
        _forget_loggers()


def _forget_loggers() -> None:
    """A logger that was used keeps the configuration of then: let it ask again."""
    for name, module in list(sys.modules.items()):
        if name.startswith("poker_app"):
            for thing in vars(module).values():
                if isinstance(thing, BoundLoggerLazyProxy):
                    vars(thing).pop("bind", None)


# --- telling two runs apart


def told_apart(script: Script, ours: list[Moment], theirs: list[Moment]) -> str | None:
    """The first thing before the reveal that would tell somebody else which card it was; None where there is none.

    Log lines stay silent after the reveal too. What the card's holder is answered is the holder's own.
    """
    revealed = False
    for here, there in zip(ours, theirs, strict=True):
        if here.logs != there.logs:
            return f"log at {here.step}: {_first(here.logs, there.logs)}"
        revealed = revealed or here.revealed or there.revealed
        if here.revealed != there.revealed:
            return f"reveal at {here.step}"
        if revealed:
            continue
        if here.webhooks != there.webhooks:
            return f"webhook at {here.step}: {_first(here.webhooks, there.webhooks)}"
        if here.events != there.events:
            return f"event at {here.step}: {_first(here.events, there.events)}"
        for (who, mine), (_, other) in zip(here.answers, there.answers, strict=True):
            if who != script.holder and mine != other:
                return f"answer to {who} at {here.step}: {_first(mine, other)}"
    return None


def _first(ours: Any, theirs: Any) -> str:
    """The shortest pair that differs, for people."""
    if isinstance(ours, tuple | list) and type(ours) is type(theirs) and len(ours) == len(theirs):
        return next((_first(a, b) for a, b in zip(ours, theirs, strict=True) if a != b), "")
    a, b = str(ours), str(theirs)
    at = next((n for n, (one, two) in enumerate(zip(a, b, strict=False)) if one != two), min(len(a), len(b)))
    return f"…{a[max(0, at - 80) : at + 60]!r}… against …{b[max(0, at - 80) : at + 60]!r}…"


def differ_after_reveal(script: Script, ours: list[Moment], theirs: list[Moment]) -> bool:
    """Whether the others can tell the cards once they are face up."""

    def shown(moments: list[Moment]) -> list[object]:
        after = [moment for moment in moments if moment.revealed]
        answers = [answer for moment in after for answer in moment.answers if answer[0] != script.holder]
        return [answers, [moment.events for moment in after]]

    return shown(ours) != shown(theirs)
