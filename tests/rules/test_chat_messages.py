"""Messages for chats: what each format says, and that nothing a person typed is markup or a mention."""

import html
import json
from typing import Any

import pytest

from poker_app.rules.chat_messages import FORMATS, message_of
from poker_app.rules.webhook_events import TEST, Links, opened

LINKS = Links("https://f.example/sessions/a", "https://f.example/sessions/a/report", "https://f.example/j/ABC")


def of_opened(name: str, tasks: int = 10) -> Any:
    return message_of("session.opened", opened("a", name, cards=["1", "2"], tasks=tasks, links=LINKS))


def of_ended(*, points: float | None = 21, deleted: bool = False) -> Any:
    session = {"id": "a", "name": "Sprint 42", "url": LINKS.session, "report_url": LINKS.report}
    data = {"session": session, "deleted": deleted, "tasks_count": 5, "estimated_count": 4, "points": points}
    return message_of("session.ended", {**data, "tasks": [{"title": "A secret plan"}]})


@pytest.mark.parametrize("kind", [*FORMATS])
def test_a_session_that_opens_says_how_to_join(kind: str) -> None:
    said = json.dumps(FORMATS[kind](of_opened("Sprint 42")))
    for part in ("Planning poker is open", "Sprint 42", "https://f.example/j/ABC", "Join", "Tasks", "10"):
        assert part in said


@pytest.mark.parametrize("kind", [*FORMATS])
def test_one_that_ends_has_figures_its_report_and_no_task(kind: str) -> None:
    said = json.dumps(FORMATS[kind](of_ended()))
    for part in ("has ended", "Sprint 42", "4 of 5 tasks", "Points", "21", "https://f.example/sessions/a/report"):
        assert part in said
    assert "secret plan" not in said
    assert "Points" not in json.dumps(FORMATS[kind](of_ended(points=None)))
    assert "report" not in json.dumps(FORMATS[kind](of_ended(deleted=True)))


@pytest.mark.parametrize("kind", [*FORMATS])
def test_a_quick_vote_and_a_service_without_an_address_have_less(kind: str) -> None:
    nowhere = message_of("session.opened", opened("a", "Quick", cards=[], tasks=0, links=Links()))
    said = json.dumps(FORMATS[kind](nowhere))
    assert "Tasks" not in said
    assert "Join" not in said
    assert "A test" in json.dumps(FORMATS[kind](message_of(TEST, {"account": "Ours"})))


EVIL = "<!channel> @here @everyone *b* [x](https://evil.example) `c` & :tada:"


def test_slack_has_what_was_typed_in_plain_text() -> None:
    said = FORMATS["slack"](of_opened(EVIL))
    assert said["text"].endswith("&lt;!channel&gt; @here @everyone *b* [x](https://evil.example) `c` &amp; :tada:")
    texts = [each["text"] for each in said["blocks"] if "text" in each]
    assert [each["type"] for each in texts if EVIL in each["text"]] == ["plain_text"]
    assert all(each["emoji"] is False for each in texts if each["type"] == "plain_text")
    assert all(each["verbatim"] for each in texts if each["type"] == "mrkdwn")


def test_teams_has_it_in_a_run_of_text() -> None:
    [attachment] = FORMATS["teams"](of_opened(EVIL))["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    runs = [each for each in attachment["content"]["body"] if each["type"] == "RichTextBlock"]
    assert [run["inlines"][0]["text"] for run in runs] == ["Planning poker is open", EVIL]
    assert attachment["content"]["actions"][0]["type"] == "Action.OpenUrl"


@pytest.mark.parametrize("kind", ["mattermost", "discord"])
def test_markdown_is_escaped_and_mentions_are_broken(kind: str) -> None:
    said = json.dumps(FORMATS[kind](of_opened(EVIL)), ensure_ascii=False)
    for mention in ("@here", "@everyone", "<!channel>", "[x](", "*b* ", "`c`"):
        assert mention not in said.replace("\\\\", "\\")
    if kind == "discord":
        assert FORMATS[kind](of_opened(EVIL))["allowed_mentions"] == {"parse": []}


@pytest.mark.parametrize("kind", ["mattermost", "discord"])
@pytest.mark.parametrize("entity", ["&commat;channel", "&#64;channel", "&#x40;channel", "&amp;commat;channel"])
def test_an_entity_becomes_no_mention(kind: str, entity: str) -> None:
    said = json.dumps(FORMATS[kind](of_opened(entity)), ensure_ascii=False)
    assert "@channel" not in html.unescape(said.replace("\\", ""))
