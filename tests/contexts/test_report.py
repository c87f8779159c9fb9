"""The report: exact figures from a session played with a held clock, and the page that shows them."""

from fractions import Fraction

import pytest

from poker_app.poker.reports.report import duration
from poker_app.poker.round import tasks
from poker_app.poker.session import lifecycle
from tests.world.actions import SECRETS, Played

pytestmark = pytest.mark.usefixtures("context")


@pytest.fixture
def context(app):
    """Announcements render a fragment, and its addresses need a request."""
    with app.test_request_context():
        yield


@pytest.fixture
def played(clock):
    return Played(clock)


@pytest.fixture
def whole(played):
    return played.to_the_end()


def test_the_figures_of_a_session(whole):
    report = whole.report
    assert (report.estimated, len(report.tasks)) == (2, 3)
    assert (report.points, report.settled_at_once, report.rounds) == (11, 1, 3)
    assert report.facilitators == ("Ada",)
    assert report.ended_by == "Ada"
    assert report.seconds == 60 + 70 + 120 + 15
    assert [(task.key, task.estimate, task.seconds, task.time) for task in report.tasks] == [
        ("PAY-1", "3", 70, "1:10"),
        ("PAY-2", "8", 120, "2:00"),
        ("", None, 15, "0:15"),
    ]
    assert report.tasks[0].url == "https://acme.example/browse/PAY-1"
    assert report.tasks[2].skipped


def test_every_round_keeps_its_votes(whole):
    first, second = whole.report.tasks[1].rounds
    assert first.votes == (("Ada", "2"), ("Ben", "5"), ("Gus", "21"))
    assert (first.median, first.tally.mean, first.tally.agreement) == ("5", Fraction(28, 3), Fraction(1, 3))
    assert first.talk_first == ("2", "21")
    assert second.votes == (("Ada", "8"), ("Ben", "8"), ("Gus", "?"))
    assert second.tally.consensus
    assert second.talk_first == ()
    assert whole.report.tasks[2].first is None


def test_worth_a_second_look(whole):
    assert whole.report.looks == (("PAY-2", "took two rounds and spread from 2 to 21 at the first vote."),)


def test_where_the_time_went(whole):
    assert whole.report.longest == (("PAY-2", "2:00", 1.0), ("PAY-1", "1:10", 70 / 120), ("Tidy up", "0:15", 15 / 120))


def test_many_tasks_share_the_last_bar(played):
    tasks.add_tasks(played.ada, "\n".join(f"PAY-{number} Task" for number in range(1, 7)))
    for seconds in (10, 60, 20, 50, 30, 40):
        played.plays_round("3 3 3", seconds)
        played.finalize("3")
    assert [(label, time) for label, time, _ in played.report.longest] == [
        ("PAY-2", "1:00"),
        ("PAY-4", "0:50"),
        ("PAY-6", "0:40"),
        ("3 others", "1:00"),
    ]


def test_a_running_session_is_told_so_far(played):
    tasks.add_tasks(played.ada, "PAY-1 Show saved cards")
    played.votes("3 5 34")
    played.clock.forward(seconds=40)
    report = played.report
    assert report.ended_at is None
    assert report.seconds == 100
    assert [(task.seconds, task.rounds) for task in report.tasks] == [(40, ())]


def test_a_deleted_task_is_not_in_it(played):
    added = tasks.add_tasks(played.ada, "PAY-1 Show saved cards\nPAY-2 Refund").tasks
    played.plays_round("3 3 3")
    played.finalize("3")
    tasks.delete_task(played.ada, added[0].id)
    assert [task.key for task in played.report.tasks] == ["PAY-2"]
    assert played.report.points == 0


def test_a_deck_of_words_has_no_points(clock):
    played = Played(clock, deck="t-shirts")
    for estimate in ("S", "L", "L", "S"):
        played.plays_round("S M L")
        played.finalize(estimate)
    report = played.report
    assert report.points is None
    assert report.commonest == ("L", 2)
    assert report.tasks[0].title == "Quick vote 1"
    assert report.tasks[0].first.median == "M"


def test_hidden_names_leave_the_cards_in_their_order(clock):
    played = Played(clock, names_hidden=True)
    played.plays_round("8 3 5")
    assert played.report.tasks[0].rounds[0].votes == (("", "3"), ("", "5"), ("", "8"))


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0:00"), (59, "0:59"), (190, "3:10"), (3599, "59:59"), (3790, "1:03:10")]
)
def test_durations(seconds, shown):
    assert duration(seconds) == shown


# --- the page


def page(app, played, who="Ada") -> str:
    browser = app.test_client()
    browser.set_cookie("guest", SECRETS[who])
    answer = browser.get(f"{played.path}/report")
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_the_page_of_an_ended_session(app, whole):
    shown = page(app, whole, "Cleo")
    for text in (
        '<time datetime="2026-11-23T10:00:00Z">23 November 2026, 10:00</time> to '
        '<time datetime="2026-11-23T10:04:25Z">10:04</time> <span data-zone>UTC</span>',
        "Facilitated by Ada, Fibonacci deck.",
        "2 <small>of 3 tasks</small>",
        "11 <small>points</small>",
        "1 <small>of 2</small>",
        "3 <small>rounds</small>",
        "4 <small>min</small>",
        "1 picked 2, 1 picked 5, 1 picked 21; outlier: 2 and 21",
        "The old gateway cannot refund.",
        '<a href="https://acme.example/browse/PAY-1" rel="noopener noreferrer nofollow">',
        "<b>PAY-2</b> took two rounds and spread from 2 to 21 at the first vote.",
        '<span class="tag">Skipped</span>',
    ):
        assert text in shown
    assert shown.count('class="o"') == 2
    assert "So far" not in shown
    for ending in ("csv", "json", "md"):
        assert f'{whole.path}/report.{ending}"' in shown


def test_the_page_needs_no_inline_style_or_script(app, whole):
    shown = page(app, whole)
    assert " style=" not in shown
    assert "<style" not in shown
    assert "<script>" not in shown
    assert " onclick" not in shown


def test_the_page_of_a_running_session(app, played):
    tasks.add_tasks(played.ada, "PAY-1 Show saved cards\nPAY-2 Next")
    played.votes("3 5 34")
    shown = page(app, played)
    assert "So far" in shown
    assert ", still running." in shown
    assert f'<a href="{played.path}">Back to the table</a>' in shown
    assert "Nothing has been revealed yet." in shown
    assert "picked" not in shown


def test_the_page_with_nothing_voted(app, played):
    assert "Nothing to report yet" in page(app, played)
    lifecycle.end_session(played.ada)
    assert "Nothing was voted on" in page(app, played)


def test_the_page_with_no_estimate(app, played):
    played.plays_round("3 5 8")
    shown = page(app, played)
    assert "No task has an estimate yet." in shown
    assert "0 <small>of 1 task</small>" in shown


def test_the_page_hides_names(app, clock):
    played = Played(clock, names_hidden=True)
    played.plays_round("8 3 3")
    shown = page(app, played)
    assert "2 votes" in shown
    assert "Ben" not in shown
    assert "Gus" not in shown
    assert shown.count("Ada") == shown.count("Facilitated by Ada")


def test_the_page_escapes_what_people_typed(app, played):
    tasks.add_tasks(played.ada, "<script>alert(1)</script> & <b>bold</b>")
    played.plays_round("3 5 8")
    played.finalize("5", note="<img src=x>")
    shown = page(app, played)
    assert "<script>alert" not in shown
    assert "<img src=x>" not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &lt;b&gt;bold&lt;/b&gt;" in shown


def test_a_stranger_gets_no_report(app, whole):
    stranger = app.test_client()
    stranger.set_cookie("guest", "f" * 32)
    for ending in ("", ".csv", ".json", ".md"):
        assert stranger.get(f"{whole.path}/report{ending}").status_code == 404
