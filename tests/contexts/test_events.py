"""What browsers hear: whole states, once committed, and as few as will do."""

import base64
import gzip
import json
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from itertools import count

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from poker_app import ids, realtime
from poker_app.accounts.models import Account, User
from poker_app.accounts.users import add_user
from poker_app.db import session, transaction
from poker_app.poker.change import change_session
from poker_app.poker.members import members
from poker_app.poker.models import Member, PokerSession
from poker_app.poker.publishing import events
from poker_app.poker.publishing.disconnect import disconnect_user
from poker_app.poker.publishing.events import MAX_BYTES, News, State, catch_up, payload, publish
from poker_app.poker.publishing.publish_queue import LONGEST_TURN, OVERDUE, PublishQueue
from poker_app.poker.round import tasks, voting
from poker_app.poker.session import lifecycle
from poker_app.poker.value.current import newest
from poker_app.realtime_settings import ENGINES
from poker_app.rules.message_budget import Sending
from poker_app.rules.session import lifecycle as meeting
from poker_app.rules.session import members as members_rules
from tests.cast import Cast, Clock
from tests.conftest import Announced
from tests.world.actions import Room, open_session

# --- what an event carries


def test_a_short_state_travels_as_it_is() -> None:
    assert payload(State(7, 5, "<p>ä</p>", 2), {"member": "x"}) == {
        "version": 7,
        "tasks_version": 5,
        "member": "x",
        "html": "<p>ä</p>",
    }


def test_a_long_state_travels_packed_and_a_longer_one_not_at_all() -> None:
    long = "<p>seat</p>" * 2_000
    packed = payload(State(7, 5, long, 2))
    assert packed.keys() == {"version", "tasks_version", "gz"}
    assert gzip.decompress(base64.b64decode(packed["gz"])).decode() == long
    assert payload(State(7, 5, long, 2)) == packed
    noise = "".join(f"{number * 7919 % 65_521:x}" for number in range(40_000))
    assert payload(State(7, 5, noise, 2)) == {"version": 7, "tasks_version": 5}


def test_tasks_that_would_be_too_long_stay_behind_and_the_table_travels() -> None:
    """So that a backlog of 500 makes nobody fetch the table."""
    noise = "".join(f"{number * 7919 % 65_521:x}" for number in range(40_000))
    for long in (noise, "<li>a task</li>" * 40_000):
        assert payload(State(7, 7, f"<p>table</p>{long}", 2, table="<p>table</p>")) == {
            "version": 7,
            "tasks_version": 7,
            "html": "<p>table</p>",
        }
    seats = "<p>seat</p>" * 2_000
    assert payload(State(7, 7, seats + noise, 2, table=seats)).keys() == {"version", "tasks_version", "gz"}


@pytest.mark.parametrize("letter", ["x", '"', "é", "☕", "🂡"])
def test_no_event_is_longer_than_the_engine_takes(letter: str) -> None:
    for length in range(0, 12_000, 97):
        assert len(json.dumps(payload(State(7, 5, letter * length, 2))).encode()) <= MAX_BYTES


def test_an_event_holds_the_state_that_it_names(cast: Cast, announced: Announced) -> None:
    cast.ben.votes(cast.table, "5")
    told = announced.data[-1]
    assert told["version"] == cast.table.row.version
    assert f'data-version="{told["version"]}"' in str(told["html"])
    assert "1 of 2 have voted" in str(told["html"])
    assert 'hx-target="#backlog"' not in str(told["html"])
    cast.ada.adds(cast.table, "One")
    assert 'hx-target="#backlog"' in str(announced.data[-1]["html"])


# --- when it is sent


def test_nothing_is_told_of_a_change_that_was_taken_back(room: Room) -> None:
    def breaks_off() -> None:
        with transaction() as work:
            work.after_commit(lambda: publish(News(room.table.id, "vote", 9)))
            room.table.name = "Half done"
            raise RuntimeError("in the middle")

    with room.nothing_happens(), pytest.raises(RuntimeError):
        breaks_off()


def test_it_is_told_after_the_commit(room: Room, monkeypatch: pytest.MonkeyPatch, app: Flask) -> None:
    seen: list[dict[str, str]] = []

    def publish(*_: object) -> bool:
        # Another connection, as a browser's own request would be.
        with app.app_context():
            seen.append(room.cards(current))
        return True

    current = room.round.id
    monkeypatch.setattr("poker_app.realtime.publish", publish)
    room.plays(room.ben, "5")
    assert seen == [{"Ben": "5"}]


def test_the_socket_that_asked_is_left_out_of_a_small_table(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    left_out: list[str | None] = []
    monkeypatch.setattr("poker_app.realtime.publish", lambda *sent: left_out.append(sent[3]) or True)
    for many in (12, 13):
        monkeypatch.setattr(events._wiring, "render", lambda *_, many=many: State(1, 1, "", many))
        publish(News(room.table.id, "vote", 1, socket="1.2"))
    assert left_out == ["1.2", None]


def test_votes_that_wait_while_one_is_sent_are_told_as_one(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[str, str | None]] = []
    sending, go = threading.Event(), threading.Event()

    def slow(_channels: object, event: str, _data: object, socket: str | None = None) -> bool:
        sent.append((event, socket))
        sending.set()
        assert go.wait(30)
        return True

    monkeypatch.setattr("poker_app.realtime.publish", slow)
    monkeypatch.setattr(events._wiring, "render", lambda *_: State(1, 1, "", 2))
    application = _application()

    def first() -> None:
        with application.app_context():
            publish(News(room.table.id, "vote", 1, socket="1.1"))

    thread = threading.Thread(target=first)
    thread.start()
    assert sending.wait(30)
    for number in (2, 3, 4):
        publish(News(room.table.id, "vote", number, socket=f"1.{number}"))
    publish(News(room.table.id, "round-revealed", 5, socket="1.5"))
    publish(News(room.table.id, "member-nudged", 6, {"member": "x"}))
    publish(News(room.table.id, "member-nudged", 7, {"member": "y"}))
    go.set()
    thread.join()
    assert sent == [
        ("vote", "1.1"),
        ("vote", None),
        ("round-revealed", "1.5"),
        ("member-nudged", None),
        ("member-nudged", None),
    ]


Told = list[tuple[str, int]]
Later = list[Callable[[], None]]
APART = 1.0


class HeldTime:
    """Moves only where it is waited for."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.rested: list[float] = []

    def clock(self) -> float:
        return self.now

    def rest(self, _condition: threading.Condition, seconds: float) -> None:
        self.rested.append(seconds)
        self.now += seconds


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> HeldTime:
    held = HeldTime()
    monkeypatch.setattr(events, "_publish_queue", PublishQueue(held.clock, held.rest))
    return held


@pytest.fixture
def large(time: HeldTime, monkeypatch: pytest.MonkeyPatch) -> tuple[Told, Later]:
    """A table of thirteen: what is told of it, and what is left to be done after answers."""
    told: Told = []
    later: Later = []
    monkeypatch.setattr("poker_app.realtime.sending", lambda: Sending(coalesce_above=12, apart=APART))
    monkeypatch.setattr("poker_app.realtime.publish", lambda *sent: told.append((sent[1], sent[2]["version"])) or True)
    monkeypatch.setattr(events._wiring, "render", lambda _, version: State(version, 1, "", 13))
    monkeypatch.setattr(events._wiring, "run_after_response", lambda action: later.append(action) or True)
    monkeypatch.setattr("poker_app.realtime.is_on", lambda: True)
    return told, later


def votes(table: str, *versions: int) -> None:
    for version in versions:
        publish(News(table, "vote", version))


def test_a_large_table_is_told_at_once_and_then_now_and_then(
    room: Room, time: HeldTime, large: tuple[Told, Later]
) -> None:
    told, later = large
    votes(room.table.id, 1)
    assert told == [("vote", 1)]
    time.now += 0.25 * APART
    votes(room.table.id, 2, 3, 4)
    assert told == [("vote", 1)]
    # One of the three waits for all, and not before its answer is delivered.
    [waiting] = later
    waiting()
    assert told == [("vote", 1), ("vote", 4)]
    assert time.rested == [0.75 * APART]
    votes(room.table.id, 5)
    assert len(later) == 2, "too early again"
    later[1]()
    assert told[2:] == [("vote", 5)]
    time.now += APART
    votes(room.table.id, 6)
    assert told[3:] == [("vote", 6)]


def test_a_small_table_is_paced_only_where_the_engine_bills(
    room: Room, time: HeldTime, large: tuple[Told, Later], monkeypatch: pytest.MonkeyPatch
) -> None:
    told, later = large
    monkeypatch.setattr(events._wiring, "render", lambda _, version: State(version, 1, "", 2))
    for engine, at_once in (("embedded", 3), ("soketi", 3), ("fanout", 3), ("none", 3), ("pusher", 1), ("ably", 1)):
        told.clear()
        monkeypatch.setattr("poker_app.realtime.sending", lambda engine=engine: ENGINES[engine].sending)
        votes(f"table with {engine}", 1, 2, 3)
        assert len(told) == at_once, engine
    later[0]()
    assert told == [("vote", 1), *2 * [("vote", 3)]], "one thread for both tables"


def test_a_reveal_is_sent_at_once_and_takes_along_what_waited(
    room: Room, time: HeldTime, large: tuple[Told, Later]
) -> None:
    told, later = large
    votes(room.table.id, 1, 2, 3)
    publish(News(room.table.id, "member-left", 4))
    publish(News(room.table.id, "round-revealed", 5))
    assert told == [("vote", 1), ("round-revealed", 5)]
    later[0]()
    assert told[2:] == []
    assert time.rested == []


def test_what_a_change_brings_about_is_sent_with_it(room: Room, time: HeldTime, large: tuple[Told, Later]) -> None:
    told, later = large
    publish(News(room.table.id, "vote", 1), News(room.table.id, "round-revealed", 2))
    assert (told, later) == ([("round-revealed", 2)], [])


def test_comings_and_goings_and_votes_share_an_event_but_what_names_a_member_does_not(
    room: Room, time: HeldTime, large: tuple[Told, Later]
) -> None:
    told, later = large
    votes(room.table.id, 1)
    for version, name in enumerate(("member-joined", "vote", "member-left", "member-joined"), 2):
        publish(News(room.table.id, name, version))
    [waiting] = later
    waiting()
    assert [version for _, version in told] == [1, 5]
    for version, who in ((6, "x"), (7, "y")):
        publish(News(room.table.id, "member-nudged", version, {"member": who}))
    assert told[2:] == [("member-nudged", 6), ("member-nudged", 7)]


def test_a_shared_event_leaves_out_a_socket_only_if_all_of_it_is_of_that_socket(
    room: Room, time: HeldTime, large: tuple[Told, Later], monkeypatch: pytest.MonkeyPatch
) -> None:
    left_out: list[str | None] = []
    later = large[1]
    monkeypatch.setattr(events._wiring, "render", lambda _, version: State(version, 1, "", 12))
    monkeypatch.setattr("poker_app.realtime.sending", lambda: Sending(0, APART))
    monkeypatch.setattr("poker_app.realtime.publish", lambda *sent: left_out.append(sent[3]) or True)
    for sockets in (["1.1"], ["1.2", "1.2"], ["1.3", "1.4"], ["1.5", None]):
        for socket in sockets:
            publish(News(room.table.id, "vote", 1, socket=socket))
        for waiting in later:
            waiting()
        later.clear()
    assert left_out == ["1.1", "1.2", None, None]


def test_one_thread_waits_however_many_tables_vote_and_each_is_told_as_its_pace_allows(
    room: Room, time: HeldTime, large: tuple[Told, Later], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[float, str]] = []
    later = large[1]
    monkeypatch.setattr("poker_app.realtime.publish", lambda *sent: told.append((time.now, sent[0][0][-1])) or True)
    for table in ("a", "b", "c"):
        votes(table, 1)
        time.now += 0.1
    for table in ("c", "a", "b"):
        votes(table, 2, 3)
    [waiting] = later
    waiting()
    assert [table for _, table in told] == ["a", "b", "c", "a", "b", "c"]
    assert [at for at, _ in told[3:]] == pytest.approx([1_001.0, 1_001.1, 1_001.2])


def test_the_thread_that_waits_is_relieved_by_the_next_request(
    room: Room, time: HeldTime, large: tuple[Told, Later], monkeypatch: pytest.MonkeyPatch
) -> None:
    told, later = large
    tables = count()

    def others_go_on(condition: threading.Condition, seconds: float) -> None:
        # As long as the first waits, votes come in at further tables.
        if len(later) == 1:
            condition.release()
            votes(f"table {next(tables)}", 1, 2)
            condition.acquire()
        time.rest(condition, min(seconds, APART / 2))

    monkeypatch.setattr(events, "_publish_queue", PublishQueue(time.clock, others_go_on))
    votes(room.table.id, 1, 2)
    later[0]()
    assert len(later) == 2
    assert LONGEST_TURN <= time.now - 1_000 <= LONGEST_TURN + 2 * APART
    later[1]()
    assert told.count(("vote", 2)) == told.count(("vote", 1)) == next(tables) + 1, "nothing is left"


def test_the_thread_that_waits_wakes_for_what_is_due_earlier() -> None:
    """With the real condition: without being woken it would wait for an hour."""
    now = [0.0]
    outboxes = PublishQueue(lambda: now[0])
    sent: list[str | None] = []
    outboxes.pace("later", 3_600)
    assert not outboxes.put(News("later", "vote", 1))
    token = outboxes.waiter()
    assert token
    waits = threading.Thread(target=lambda: sent.append(outboxes.wait(token)), daemon=True)
    waits.start()
    outboxes.pace("sooner", 0.5)
    assert not outboxes.put(News("sooner", "vote", 1))
    assert outboxes.waiter() is None, "one thread waits for both"
    now[0] = 0.5
    waits.join(30)
    assert sent == ["sooner"]
    taken = outboxes.take("sooner", together=True)
    assert taken
    assert taken.waited


def test_what_is_overdue_is_sent_by_the_next_request_for_whichever_table(
    room: Room, time: HeldTime, large: tuple[Told, Later]
) -> None:
    """The thread that was to wait may be held up, by a client that does not read its answer."""
    told, later = large
    votes(room.table.id, 1, 2)
    time.now += APART + OVERDUE
    catch_up(room.table.id)
    assert len(later) == 2
    later[1]()
    assert told == [("vote", 1), ("vote", 2)]
    later[0]()
    assert len(told) == 2


def test_what_is_told_as_one_shows_the_newest_in_whatever_order_it_came(room: Room, large: tuple[Told, Later]) -> None:
    """Threads that committed together come here in any order."""
    told, later = large
    votes(room.table.id, 1, 4, 2, 3)
    [waiting] = later
    waiting()
    assert told == [("vote", 1), ("vote", 4)]


def test_a_fault_at_one_table_delays_no_other(
    room: Room, time: HeldTime, large: tuple[Told, Later], monkeypatch: pytest.MonkeyPatch
) -> None:
    told, later = large
    votes("a", 1, 2)
    votes("b", 1, 2)

    def broken(session_id: str, version: int) -> State:
        if session_id == "a":
            raise KeyError("template")
        return State(version, 1, "", 13)

    monkeypatch.setattr(events._wiring, "render", broken)
    [waiting] = later
    with pytest.raises(KeyError):
        waiting()
    assert told == [("vote", 1), ("vote", 1), ("vote", 2)]


def test_what_comes_as_a_turn_ends_is_told(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between seeing that nothing waits and being done, another thread may begin a turn of its own."""
    told: list[int] = []
    monkeypatch.setattr("poker_app.realtime.publish", lambda *sent: told.append(sent[2]["version"]) or True)
    monkeypatch.setattr(events._wiring, "render", lambda _, version: State(version, 1, "", 2))
    take, turns = events._publish_queue.take, []

    def take_and_hand_over(session_id: str, *, together: bool) -> News | None:
        taken = take(session_id, together=together)
        if taken is None and not turns:
            turns.append(events._publish_queue.put(News(session_id, "vote", 2)))
        return taken

    monkeypatch.setattr(events._publish_queue, "take", take_and_hand_over)
    publish(News(room.table.id, "vote", 1))
    assert turns == [True]
    while events.send_next(room.table.id):
        pass
    assert told == [1, 2]


def test_where_nobody_waits_for_an_answer_a_large_table_is_told_at_once(
    room: Room, large: tuple[Told, Later], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events._wiring, "run_after_response", lambda _: False)
    votes(room.table.id, 1, 2, 3)
    assert large[0] == [("vote", 1), ("vote", 2), ("vote", 3)]


def _application() -> Flask:
    from flask import current_app

    return current_app._get_current_object()  # type: ignore[attr-defined]


def test_a_fault_in_one_event_does_not_silence_the_table(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    fine = events._wiring.render

    def broken(*_: object) -> State:
        raise KeyError("template")

    monkeypatch.setattr(events._wiring, "render", broken)
    with pytest.raises(KeyError):
        room.plays(room.ben, "5")
    monkeypatch.setattr(events._wiring, "render", fine)
    with room.announces("vote"):
        room.plays(room.ben, "8")


# --- when the engine fails


@pytest.fixture
def failing(room: Room, monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Let the engine fail, or work again."""
    works = realtime.publish

    def switch(fails: bool) -> None:
        monkeypatch.setattr("poker_app.realtime.publish", (lambda *_: False) if fails else works)
        monkeypatch.setattr("poker_app.realtime.ready", lambda: True)

    return switch


def test_a_vote_stands_though_nobody_heard_of_it(room: Room, failing: Callable[[bool], None]) -> None:
    failing(True)
    room.plays(room.ben, "5")
    session.expire_all()
    assert room.cards() == {"Ben": "5"}
    assert room.table.published_version == room.table.version - 1


def test_the_next_reader_tells_once_what_was_missed(room: Room, failing: Callable[[bool], None]) -> None:
    failing(True)
    room.plays(room.ben, "5")
    room.reveals()
    failing(False)
    catch_up(room.table.id)
    assert room.announced == ["vote"]
    assert room.announced.data[-1]["version"] == room.table.version
    catch_up(room.table.id)
    assert room.announced == ["vote"]
    session.expire_all()
    assert room.table.published_version == room.table.version


def test_nobody_tries_while_the_engine_rests(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("poker_app.realtime.publish", lambda *_: False)
    monkeypatch.setattr("poker_app.realtime.ready", lambda: False)
    room.plays(room.ben, "5")
    with room.nothing_happens():
        catch_up(room.table.id)
    assert room.table.published_version < room.table.version


def test_a_change_that_nobody_is_told_of_hides_no_missed_event(room: Room, failing: Callable[[bool], None]) -> None:
    with transaction():
        user_id = add_user(name="Ben", email="ben@example.com").id
    adopt = partial(members_rules.adopt, secret_digest=room.ben.secret_digest, user_id=user_id)
    change_session(room.table.id, adopt)
    assert not newest(room.table.id).behind, "with nothing missed there is nothing to catch up"
    failing(True)
    lifecycle.end_session(room.ada)
    for quiet in (partial(meeting.rename_ender, name="Ada", to="Ada L."), meeting.delete, meeting.restore):
        before = newest(room.table.id).value.version
        change_session(room.table.id, quiet)
        assert newest(room.table.id).value.version == before + 1
        assert newest(room.table.id).behind
    failing(False)
    catch_up(room.table.id)
    assert room.announced == ["vote"]
    assert not newest(room.table.id).behind


def test_a_change_that_was_heard_heals_one_that_was_not(room: Room, failing: Callable[[bool], None]) -> None:
    failing(True)
    voting.cast_vote(room.ben, room.round.id, "5")
    failing(False)
    tasks.add_tasks(room.ada, "One")
    with room.nothing_happens():
        catch_up(room.table.id)


# --- whoever was removed hears nothing any more


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[str]]:
    """Whose connections the engine was asked to end since last asked, while it works ("well"), fails, or refuses."""
    asked: list[str] = []

    def since(engine: str) -> list[str]:
        monkeypatch.setattr("poker_app.realtime.end_connections", lambda who: asked.append(who) or engine == "well")
        monkeypatch.setattr("poker_app.realtime.troubled", lambda: engine == "fails")
        monkeypatch.setattr("poker_app.realtime.ready", lambda: engine != "fails")
        before = asked.copy()
        asked.clear()
        return before

    monkeypatch.setattr("poker_app.poker.publishing.disconnect._still_listening", set())
    return since


def test_connections_that_the_engine_did_not_end_are_ended_later(room: Room, ended: Callable[[str], list[str]]) -> None:
    ended("fails")
    members.remove(room.ada, room.ben.id)
    catch_up(room.table.id)
    assert ended("well") == [room.ben.id]
    room.plays(room.ada, "5")
    for _ in range(2):
        catch_up(room.table.id)
    assert ended("well") == [room.ben.id]


def test_an_engine_that_ends_no_connections_is_asked_once(room: Room, ended: Callable[[str], list[str]]) -> None:
    ended("refuses")
    members.remove(room.ada, room.ben.id)
    catch_up(room.table.id)
    assert ended("refuses") == [room.ben.id]


def test_a_user_s_connections_end_in_every_session_of_theirs(
    room: Room, clock: Clock, ended: Callable[[str], list[str]]
) -> None:
    with transaction():
        dora, otto = (add_user(name=name, email=f"{name.lower()}@example.com") for name in ("Dora", "Otto"))

    def sits(table: PokerSession, user: User) -> str:
        return members.join(table, name=user.name, votes=True, secret=ids.new_secret(), user=user).id

    def opened(account: str) -> PokerSession:
        founder = open_session("Gus")
        with transaction():
            founder.session.account_id = account
        return founder.session

    with transaction():
        elsewhere = Account(id="a" * 16, name="Elsewhere", created_at=clock.now())
        session.add(elsewhere)
    here, there, over, lately, gone = room.table, opened(elsewhere.id), *(opened(room.table.account_id) for _ in "123")
    mine = {table.id: sits(table, dora) for table in (over, here, there, lately, gone)}
    others = sits(here, otto)
    with transaction():
        over.ended_at = lately.ended_at = clock.now()
        session.get_one(Member, mine[over.id]).seen_at = clock.now() - timedelta(days=2)
        session.get_one(Member, mine[gone.id]).removed_at = clock.now()

    ended("fails")
    disconnect_user(dora.id)
    assert set(ended("well")) == {mine[table.id] for table in (here, there, lately)}
    catch_up(here.id)
    assert set(ended("well")) == {mine[table.id] for table in (here, there, lately)}, "they end once the engine answers"
    disconnect_user(dora.id, elsewhere.id)
    assert ended("well") == [mine[there.id]]
    disconnect_user(otto.id)
    assert ended("well") == [others]


def test_nobody_is_shut_out_of_sessions_that_were_left_open_long_ago(
    room: Room, clock: Clock, ended: Callable[[str], list[str]]
) -> None:
    with transaction():
        dora = add_user(name="Dora", email="dora@example.com")
    tables = [room.table, open_session("Gus").session]
    seats = [members.join(table, name="Dora", votes=True, secret=ids.new_secret(), user=dora).id for table in tables]
    clock.forward(days=2)
    with transaction():
        session.get_one(Member, room.ben.id).seen_at = clock.now()
    ended("well")
    disconnect_user(dora.id)
    assert ended("well") == seats[:1], "where others play"


def test_a_removal_that_cannot_be_told_of_ends_the_connections(
    room: Room, ended: Callable[[str], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(session_id: str, version: int) -> State:
        # Meanwhile somebody is removed.
        publish(News(session_id, "member-removed", version + 1, {"member": "x"}))
        raise OperationalError("SELECT", {}, Exception("the database is away"))

    ended("well")
    monkeypatch.setattr(events._wiring, "render", away)
    publish(News(room.table.id, "vote", 2))
    assert ended("well") == ["x"]
