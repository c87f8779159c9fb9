"""What a session costs in messages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poker_app.realtime_settings import BILLED
from poker_app.rules.message_budget import SERVICES, SIZES, Meeting, Sending, as_table, messages_of

SENDING = Sending(coalesce_above=12, apart=0.12)


def test_a_vote_at_a_table_of_eight_costs_eight() -> None:
    """One publish, and seven who hear of it: a round of eight more votes is as many times more."""
    one, two = (messages_of(Meeting(8, tasks=1, rounds=rounds)) for rounds in (1, 2))
    # The second round: it is opened, voted on by eight, and revealed.
    assert two - one == (1 + 8 + 1) * 8


def test_a_small_table_in_full() -> None:
    """Two people, one task, one round."""
    events = 2 + 1 + 1 + 1 + 1  # two votes, the reveal, the estimate, the tasks put in, the end
    coming = (1 + 1) + (1 + 0) + (1 + 1)  # Ben joins and Ada hears; two webhooks, of which one is heard by Ada
    going = (2 + 1) + (2 + 0)  # a webhook and a question each; one is left to hear
    assert messages_of(Meeting(2, tasks=1, rounds=1)) == events * 2 + coming + going


def test_up_to_twelve_nothing_is_saved_and_above_the_more_the_larger() -> None:
    saved = []
    for members in (5, 12, 200):
        meeting = Meeting(members)
        saved.append(1 - messages_of(meeting, SENDING) / messages_of(meeting))
    assert saved[:2] == [0, 0]
    assert saved[2] > 0.3


@given(st.integers(13, 300), st.floats(0.01, 60), st.floats(0.001, 5))
def test_never_fewer_than_one_event_a_round_nor_more_than_one_a_vote(
    members: int, seconds: float, apart: float
) -> None:
    meeting = Meeting(members, tasks=1, rounds=1, seconds=seconds, arriving=1e12)
    event = 1 + members
    least = messages_of(Meeting(members, tasks=1, rounds=1, seconds=1e-9, arriving=1e12), Sending(12, 1e9))
    costs = messages_of(meeting, Sending(12, apart))
    told = (costs - least) / event + 1  # with all the time in the world: the first vote, and the others with the reveal
    assert 1 <= told <= members
    assert told == int(told)
    # They are apart, so that no more fit into the time; what comes after the last goes with the reveal.
    assert told <= seconds / apart + 1


@pytest.mark.parametrize("members", SIZES)
def test_more_time_between_events_never_costs_more(members: int) -> None:
    costs = [messages_of(Meeting(members), Sending(12, apart)) for apart in (0.01, 0.1, 1, 10)]
    assert costs == sorted(costs, reverse=True)


def test_the_table_has_a_row_for_each_size_and_a_column_for_each_plan() -> None:
    lines = as_table(SENDING).splitlines()
    assert len(lines) == 2 + len(SIZES)
    assert {line.count("|") for line in lines} == {len(SERVICES) + 4}
    assert "none: 100 connections" in lines[-1]
    first = lines[2].split(" | ")
    assert first[0] == "| 5"
    assert int(first[3].replace(",", "")) == 200_000 // messages_of(Meeting(5), SENDING)


@pytest.mark.parametrize(("members", "before", "share"), [(8, 1_171, 0.6), (50, 12_595, 0.75)])
def test_where_messages_are_billed_a_session_costs_so_much_less_than_before(
    members: int, before: int, share: float
) -> None:
    """Before, only the votes of tables above twelve shared events, a second apart."""
    assert messages_of(Meeting(members), BILLED) <= share * before


@pytest.mark.parametrize("members", SIZES)
def test_a_third_of_a_second_would_save_nothing_at_small_tables(members: int) -> None:
    """The record of the decision says so: docs/decisions/paced-messages.md."""
    saved = messages_of(Meeting(members)) - messages_of(Meeting(members), Sending(0, 1 / 3))
    assert (saved > 0) == (members > 30)
