"""Every browser converges and never goes backwards, whatever events and answers are lost, doubled, late or shuffled.

The room's page and scripts are the real ones, in a real browser; the events and answers are those of a real server,
recorded change by change. Only when they arrive, and whether, is the test's.
"""

import random
import re
import shutil
import threading
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, Route
from werkzeug.serving import make_server

from poker_app import create_app
from poker_app.settings import Settings
from tests.cast import HTMX, Clock, Person, Table

REGIONS = ("vote-table", "task", "backlog", "actions")
CARDS = ["0", "1", "2", "3", "5", "8", "13", "?", "☕"]
CHANGES = 25

pytestmark = pytest.mark.browser


# --- what happened at a table


@dataclass
class Story:
    """A table's states, one after each change: its version, the events about it, and what the viewer is answered."""

    path: str
    secret: str
    states: list[dict[str, Any]]


class Recorder:
    """Makes a story: people change things at random, and every event and answer is kept."""

    def __init__(self, app: Flask, seed: int, size: int, viewer: int, told: list[dict[str, Any]]) -> None:
        self.app, self.chance, self.told = app, random.Random(seed), told
        self.people = [Person(app, f"Voter{n} with a name") for n in range(size)]
        self.table: Table = self.people[0].opens(f"Story {seed}", **({"auto_reveal": "1"} if seed % 2 else {}))
        for person in self.people[1:]:
            person.joins(self.table)
        self.viewer = self.people[viewer]
        self.deleted = ""

    def story(self, changes: int, *, long: bool) -> Story:
        if long:
            # Too much for an event, even packed: it carries the table alone, or nothing but the version.
            titles = [b64encode(self.chance.randbytes(140)).decode() for _ in range(50)]
            self.people[0].adds(self.table, "\n".join(titles))
        states = [self._state()]
        ada, table = self.people[0], self.table
        # In the end the cards turn over, so that a facilitator's controls have to be other ones.
        last = [
            lambda: ada.calls_another_vote(table),
            lambda: self.people[2].votes(table, "8"),
            lambda: ada.reveals(table),
        ]
        while last:
            change = self._change if len(states) < changes else last.pop(0)
            with pytest.MonkeyPatch.context() as patch:
                if long and len(states) % 2:
                    # As at a table whose fragment alone is too much.
                    patch.setattr("poker_app.poker.publishing.events.MAX_BYTES", 1_000)
                change()
            if table.row.version != states[-1]["version"]:
                states.append(self._state())
        secret = self.viewer.browser.get_cookie("guest")
        assert secret
        return Story(self.table.path, secret.value, states)

    def _state(self) -> dict[str, Any]:
        answers = {region: self._answer(region) for region in REGIONS}
        events, self.told[:] = list(self.told), []
        shown = {name: re.search(f'data-{name}="([^"]*)"', answers["vote-table"])[1] for name in ("round", "phase")}
        return {"version": self.table.row.version, **shown, "events": events, "answers": answers}

    def _answer(self, region: str) -> str:
        answer = self.viewer.get(f"{self.table.path}/{region}", headers=HTMX)
        assert answer.status_code == 200
        return answer.get_data(as_text=True)

    def _change(self) -> None:
        """Something somebody does; much of it is refused, which changes nothing."""
        ada, who, table = self.people[0], self.chance.choice(self.people), self.table
        tasks = re.findall(r'id="task-(\w+)"', self._answer("backlog")) or [table.task]
        task = f"{table.path}/tasks/{self.chance.choice(tasks)}"
        roll = self.chance.random()
        if roll < 0.4:
            who.votes(table, self.chance.choice(CARDS))
        elif roll < 0.45:
            who.retracts(table)
        elif roll < 0.55:
            ada.reveals(table)
        elif roll < 0.62:
            ada.calls_another_vote(table)
        elif roll < 0.69:
            ada.finalizes(table, "5", "as said")
        elif roll < 0.74:
            ada.adds(table, "\n".join(f"PAY-{n} Something" for n in range(self.chance.randint(1, 4))))
        elif roll < 0.86:
            path, form = self.chance.choice(
                [
                    ("/turn", {}),
                    ("/skip", {}),
                    ("/reopening", {}),
                    ("/position", {"to": "1"}),
                    ("", {"title": "Another title", "description": "*Why* and how"}),
                ]
            )
            ada.post(task + path, form)
        elif roll < 0.89:
            ada.post(f"{task}/deletion")
            self.deleted = f"{task}/restoration"
        elif roll < 0.9 and self.deleted:
            ada.post(self.deleted)
        elif roll < 0.92:
            ada.post(f"{table.path}/timer{self.chance.choice(['', '/pause', '/resumption', '/removal'])}")
        elif roll < 0.96:
            who.post(f"{table.path}/me/role", {"role": self.chance.choice(["voter", "voter", "spectator"])})
        else:
            self._change_roles(ada, who)

    def _change_roles(self, ada: Person, who: Person) -> None:
        if self.chance.random() < 0.5:
            ada.post(f"{self.table.path}/facilitators", {"member": self._id(self.viewer)})
        elif who is not ada:
            who.post(f"{self.table.path}/facilitators/resignation")

    def _id(self, who: Person) -> str:
        page = who.get(self.table.path).get_data(as_text=True)
        return re.search(r'data-me="(\w+)"', page)[1]


# --- the stage


class Stage:
    """A server, a browser, and a page for each playing of a story."""

    def __init__(self, app: Flask, browser: Browser, stories: list[Story]) -> None:
        self._server = make_server("127.0.0.1", 0, app, threaded=True)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        self._browser = browser
        self.stories = stories

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def play(self, story: Story, seeds: range, broken: tuple[str, str, str] | None = None) -> dict[int, list[str]]:
        """What went wrong, by the schedule's seed. ``broken``: a script, and text in it that is replaced."""
        context = self._browser.new_context()
        try:
            page = self._page(context, story, broken)
            wrong = {}
            for seed in seeds:
                if troubles := page.evaluate("([story, seed]) => playSchedule(story, seed)", [story.states, seed]):
                    wrong[seed] = troubles
                    if broken:
                        break
            if not broken and (troubles := page.evaluate("askTheServer", story.states)):
                wrong[-1] = troubles
            return wrong
        finally:
            context.close()

    def _page(self, context: BrowserContext, story: Story, broken: tuple[str, str, str] | None) -> Page:
        origin = f"http://127.0.0.1:{self._server.server_port}"
        context.add_cookies([{"name": "guest", "value": story.secret, "url": origin}])
        context.add_init_script(path=Path(__file__).with_name("late_news.js"))
        # The library would put its own Pusher in the place of the test's.
        context.route("**/vendor/pusher-*.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
        if broken:
            script, right, wrong = broken
            context.route(f"**/js/room/{script}", lambda route: _break(route, right, wrong))
        page = context.new_page()
        page.goto(origin + story.path)
        page.locator("#connection[data-state=live]").wait_for(state="attached")
        return page


def _break(route: Route, right: str, wrong: str) -> None:
    answer = route.fetch()
    assert right in answer.text(), f"{right!r} is not in the script any more: plant another bug"
    route.fulfill(response=answer, body=answer.text().replace(right, wrong))


@pytest.fixture(scope="module")
def stage(browser: Browser, empty_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Three tables: a small one seen by a voter, one of many seen by its facilitator, and one too large for events."""
    database = shutil.copy(empty_sqlite, tmp_path_factory.mktemp("convergence"))
    settings = Settings(
        _env_file=None,
        database_url=f"sqlite:///{database}",
        secret_key="for tests only",
        realtime="embedded",
        log_level="error",
    )
    app = create_app(settings)
    told: list[dict[str, Any]] = []

    def publish(_channels: object, event: str, data: Any, _exclude: str | None = None) -> bool:
        told.append({"event": event, "data": data})
        return True

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("poker_app.realtime.publish", publish)
        # Nobody falls silent while the browser plays.
        patch.setattr("poker_app.clock.now", Clock().now)
        stories = [
            Recorder(app, 1, 4, 1, told).story(CHANGES, long=False),
            Recorder(app, 2, 15, 0, told).story(CHANGES, long=False),
            Recorder(app, 3, 6, 0, told).story(CHANGES, long=True),
        ]
        stage = Stage(app, browser, stories)
        yield stage
        stage.close()


def test_the_stories_have_every_kind_of_event(stage: Stage) -> None:
    kinds = {
        "whole" if "html" in event["data"] else "packed" if "gz" in event["data"] else "thin"
        for story in stage.stories
        for state in story.states
        for event in state["events"]
    }
    assert kinds == {"whole", "packed", "thin"}
    assert {state["phase"] for story in stage.stories for state in story.states} == {"voting", "revealed"}


@pytest.mark.parametrize("number", range(3))
def test_every_schedule_ends_the_same(stage: Stage, number: int) -> None:
    assert stage.play(stage.stories[number], range(20)) == {}


@pytest.mark.long
@pytest.mark.parametrize("number", range(3))
def test_1500_schedules_end_the_same(stage: Stage, number: int) -> None:
    assert stage.play(stage.stories[number], range(1_000, 1_500)) == {}


DEPLOYS = {
    "a page of the release before": ("live.js", "dataset.tasksVersion ?? dataset.agenda", "dataset.agenda"),
    "a server of the release before": ("live.js", "dataset.tasksVersion ?? ", "undefined ?? "),
}


@pytest.mark.parametrize("deploy", DEPLOYS)
def test_a_deploy_leaves_no_tasks_behind(stage: Stage, deploy: str) -> None:
    """While it is under way, pages of one release meet servers of the other: both know when the tasks changed."""
    assert stage.play(stage.stories[1], range(100, 103), DEPLOYS[deploy]) == {}


BUGS: dict[str, tuple[str, str, str]] = {
    "older versions are shown": ("regions.js", "!(version(newNode) <= version(oldNode))", "true"),
    "who asks meanwhile gets the older answer": ("regions.js", "again = true;", "again = false;"),
    "a lost answer ends all asking": ("regions.js", "return; // offline", "return new Promise(() => {}); // offline"),
    "the tasks are left behind": ("live.js", "refreshTasks(Number(dataset.tasksVersion ?? dataset.agenda))", "0"),
    "the controls are left behind": ("actions.js", "if (outdated()) refresh('actions')", "0"),
}


@pytest.mark.parametrize("bug", BUGS)
def test_a_bug_is_noticed(stage: Stage, bug: str) -> None:
    """Some schedules heal what the bug left behind, so many are tried until one does not."""
    tries = [(story, range(seed, seed + 15)) for seed in range(100, 190, 15) for story in stage.stories[1::-1]]
    assert any(stage.play(story, seeds, BUGS[bug]) for story, seeds in tries), "nobody noticed"
