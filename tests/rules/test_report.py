from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poker_app.rules.deck import DECKS
from poker_app.rules.report import MAX_LOOKS, TaskFigures, points, second_look

FIBONACCI = DECKS["fibonacci"].cards
MODIFIED = DECKS["modified-fibonacci"].cards
SHIRTS = DECKS["t-shirts"].cards


def task(key="PAY-1", rounds=1, steps=0, spread=None, median="5", estimate="5", title="Pay"):
    return TaskFigures(title, key, rounds, steps, spread, median, estimate)


def test_the_tasks_of_the_design():
    looks = second_look(
        FIBONACCI,
        [
            task("PAY-311", 1, 2, ("2", "5"), "3", "3"),
            task("PAY-316", 2, 4, ("3", "21"), "5", "8"),
            task("PAY-318", 2, 4, ("2", "13"), "5", "5"),
            task("PAY-320", 3, 3, ("5", "21"), "13", "13"),
            task("PAY-327", 1, 0, ("3", "3"), "3", "3"),
        ],
    )
    assert looks == [
        ("PAY-320", "took three rounds and spread from 5 to 21 at the first vote. It may be two tasks."),
        ("PAY-316", "spread from 3 to 21 at the first vote."),
        ("PAY-318", "spread from 2 to 13 at the first vote."),
    ]


@pytest.mark.parametrize(
    ("figures", "sentence"),
    [
        (task(), None),
        (task(rounds=0, median=None, estimate=None), None),
        (task(rounds=2), "took two rounds."),
        (task(rounds=10), "took ten rounds."),
        (task(rounds=11), "took 11 rounds."),
        (task(steps=2, spread=("3", "8")), None),
        (task(steps=3, spread=("2", "8")), "spread from 2 to 8 at the first vote."),
        (task(rounds=3, steps=2, spread=("3", "8")), "took three rounds."),
        (task(rounds=3, steps=3), "took three rounds. It may be two tasks."),
        (task(estimate="8"), None),
        (task(estimate="13"), "moved from a first-vote median of 5 to a final 13."),
        (task(estimate="2"), "moved from a first-vote median of 5 to a final 2."),
        (task(median="6.5", estimate="5"), None),
        (task(median="6.5", estimate="3"), "moved from a first-vote median of 6.5 to a final 3."),
        (task(median="5", estimate="20"), "moved from a first-vote median of 5 to a final 20."),
        (task(median=None, estimate="34"), None),
        (task(median="0", estimate=None), None),
        (task(median="0", estimate="?"), None),
        (task(median="0", estimate="☕"), None),
        (task(median="0", estimate="later"), None),
        (task(median="0", estimate="2"), "moved from a first-vote median of 0 to a final 2."),
        (
            task(rounds=2, steps=4, spread=("2", "13"), estimate="13"),
            "took two rounds, spread from 2 to 13 at the first vote"
            " and moved from a first-vote median of 5 to a final 13.",
        ),
    ],
)
def test_what_speaks_for_a_second_look(figures, sentence):
    assert second_look(FIBONACCI, [figures]) == ([("PAY-1", sentence)] if sentence else [])


def test_words_move_by_steps_too():
    assert second_look(SHIRTS, [task(median="S", estimate="L")])
    assert not second_look(SHIRTS, [task(median="S", estimate="M")])
    assert not second_look(SHIRTS, [task(median="S", estimate="5")])


def test_a_task_without_a_key_goes_by_its_title():
    assert second_look(FIBONACCI, [task(key="", title="Retry payments", rounds=2)])[0][0] == "Retry payments"


def test_only_the_most_rounds_and_the_widest_spread_stand_out():
    looks = second_look(
        FIBONACCI, [task("A", 2), task("B", 3), task("C", 1, 3, ("2", "8")), task("D", 1, 5, ("1", "13"))]
    )
    assert [subject for subject, _ in looks] == ["B", "D"]


def test_the_order_is_rounds_then_spread_then_movement():
    moved, wide, long = task("M", estimate="13"), task("W", 1, 3, ("2", "8")), task("L", 2)
    assert [subject for subject, _ in second_look(FIBONACCI, [moved, wide, long])] == ["L", "W", "M"]


def test_no_tasks_need_no_look():
    assert second_look(FIBONACCI, []) == []


CARDS = st.sampled_from(FIBONACCI)
FIGURES = st.builds(
    TaskFigures,
    title=st.text(min_size=1, max_size=5),
    key=st.sampled_from(["", "PAY-1", "PAY-2"]),
    rounds=st.integers(0, 20),
    first_spread_steps=st.integers(0, 8),
    first_spread=st.none() | st.tuples(CARDS, CARDS),
    first_median=st.none() | CARDS | st.text(max_size=4),
    estimate=st.none() | CARDS | st.text(max_size=4),
)


@given(st.sampled_from([deck.cards for deck in DECKS.values()]), st.lists(FIGURES, max_size=9))
def test_there_are_at_most_five_looks_and_each_is_a_sentence(cards, tasks):
    looks = second_look(cards, tasks)
    assert len(looks) <= min(MAX_LOOKS, len(tasks))
    assert all(subject and sentence.endswith(".") for subject, sentence in looks)
    if any(task.rounds >= 2 for task in tasks):
        assert "rounds" in looks[0][1]


def test_more_than_five_are_cut_to_the_first():
    looks = second_look(FIBONACCI, [task(f"PAY-{number}", 2) for number in range(9)])
    assert [subject for subject, _ in looks] == [f"PAY-{number}" for number in range(5)]


@pytest.mark.parametrize(
    ("cards", "estimates", "total"),
    [
        (FIBONACCI, ["3", "2", "8", "5", "13", "5", "3", "5", "3"], 47),
        (FIBONACCI, [], 0),
        (FIBONACCI, [None, "5", None], 5),
        (FIBONACCI, ["?", "☕", "5"], 5),
        (FIBONACCI, ["0", "0"], 0),
        (FIBONACCI, ["later", "5"], 5),
        (MODIFIED, ["½", "½", "1"], 2),
        (MODIFIED, ["½", "20"], Fraction(41, 2)),
        (SHIRTS, ["S", "M"], None),
        (SHIRTS, [], None),
    ],
)
def test_the_points_of_a_session(cards, estimates, total):
    assert points(cards, estimates) == total
