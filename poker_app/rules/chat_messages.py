"""Messages of public events for chats, in the format that each shows well.

A message has the session's name, figures and links: no task, no vote, no person. What a person typed is shown as it is:
it is no markup, and mentions nobody.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from poker_app.rules.webhook_events import PublicEvent

EVENTS = (PublicEvent.SESSION_OPENED, PublicEvent.SESSION_ENDED)
"""The events that chats may ask for."""
_SLACK = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|~<>:])")
# No mention, and no ``&commat;`` that becomes one, goes on behind it.
_BREAK = "\N{ZERO WIDTH SPACE}"


@dataclass(frozen=True, slots=True)
class Message:
    """What a chat shows: a headline, the session's name (``about``, "" for none), figures by label, and a button with
    its address, "" for none."""

    headline: str
    about: str
    figures: tuple[tuple[str, str], ...] = ()
    label: str = ""
    address: str = ""


def message_of(type_: str, data: Mapping[str, Any]) -> Message:
    """The message of an event, by its type and data. Any other than ``EVENTS`` is that of a test."""
    session = data.get("session", {})
    if type_ == PublicEvent.SESSION_OPENED:
        count = data["tasks_count"]
        figures = (("Tasks", str(count)),) if count else ()
        return opening(session["name"], data["join_url"] or "", figures)
    if type_ == PublicEvent.SESSION_ENDED:
        ended = [("Estimated", f"{data['estimated_count']} of {data['tasks_count']} tasks")]
        if data["points"] is not None:
            ended.append(("Points", str(data["points"])))
        report = "" if data["deleted"] else session["report_url"] or ""
        return Message("Planning poker has ended", session["name"], tuple(ended), "Report", report)
    return Message("A test: messages of Faceup arrive here", "")


def opening(name: str, link: str, figures: tuple[tuple[str, str], ...] = ()) -> Message:
    """The message of a session that was opened, to be joined by the link."""
    return Message("Planning poker is open", name, figures, "Join", link)


def slack(message: Message) -> dict[str, Any]:
    """Blocks. The link is text: a button would ask for an answer that only an app of one's own can give."""
    headline = _plain(message.headline)
    blocks: list[dict[str, Any]] = [{"type": "header", "text": headline}]
    if message.about:
        blocks.append({"type": "section", "text": _plain(message.about)})
    if message.figures:
        lines = [f"*{label}*\n{figure}" for label, figure in message.figures]
        blocks.append({"type": "section", "fields": [_slack_text(line) for line in lines]})
    if message.address:
        blocks.append({"type": "section", "text": _slack_text(f"<{message.address}|{message.label}>")})
    fallback = ": ".join(filter(None, (message.headline, message.about)))
    return {"text": fallback.translate(_SLACK), "blocks": blocks}


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}


def _slack_text(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def teams(message: Message) -> dict[str, Any]:
    """An Adaptive Card, in the envelope that a workflow of Teams takes. Runs of text are no markup there."""
    body: list[dict[str, Any]] = [_run(message.headline, weight="Bolder", size="Medium")]
    if message.about:
        body.append(_run(message.about))
    if message.figures:
        facts = [{"title": label, "value": figure} for label, figure in message.figures]
        body.append({"type": "FactSet", "facts": facts})
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
    }
    if message.address:
        card["actions"] = [{"type": "Action.OpenUrl", "title": message.label, "url": message.address}]
    return {
        "type": "message",
        "attachments": [
            {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
        ],
    }


def _run(text: str, **style: str) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **style}]}


def mattermost(message: Message) -> dict[str, Any]:
    """An attachment, as Mattermost takes it from Slack, in Markdown."""
    link = f"[{message.label}]({message.address})" if message.address else ""
    attachment = {
        "fallback": message.headline,
        "title": message.headline,
        "text": "\n\n".join(filter(None, (_markdown(message.about), link))),
        "fields": [{"title": label, "value": figure, "short": True} for label, figure in message.figures],
    }
    return {"attachments": [attachment]}


def discord(message: Message) -> dict[str, Any]:
    """An embed. No mention is allowed."""
    link = f"[{message.label}]({message.address})" if message.address else ""
    embed = {
        "title": message.headline,
        "description": "\n\n".join(filter(None, (_markdown(message.about), link))),
        "fields": [{"name": label, "value": figure, "inline": True} for label, figure in message.figures],
    }
    return {"embeds": [embed], "allowed_mentions": {"parse": []}}


def _markdown(text: str) -> str:
    """Text that is no markup, and in which neither ``@here`` nor ``&commat;here`` is a mention."""
    return _MARKDOWN.sub(r"\\\1", re.sub("[@&]", rf"\g<0>{_BREAK}", text))


FORMATS: Mapping[str, Callable[[Message], dict[str, Any]]] = {
    "slack": slack,
    "teams": teams,
    "mattermost": mattermost,
    "discord": discord,
}
"""By the kind of webhook."""
