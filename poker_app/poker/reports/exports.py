"""The report as text: CSV for spreadsheets, JSON for programs, Markdown for wikis and tickets, plain text for chats."""

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple
from urllib.parse import quote

from poker_app.poker.reports.report import Report, TaskReport, VotedRound
from poker_app.rules import spreadsheet
from poker_app.rules.backlog import labels_in
from poker_app.rules.deck import figure, is_numeric
from poker_app.rules.tally import Tally, percent, shown
from poker_app.rules.trackers_csv import Estimated

FORMAT = 1
"""The version of the JSON. It rises when a field changes its meaning or goes, not when one is added."""

MAX_FILE_NAME = 80
# Characters of a name that are read: more than any session's has.
MAX_NAME = 200


def attachment(name: str, ending: str) -> str:
    """Returns the ``Content-Disposition`` of a session's report: ``checkout-team-sprint-42-report`` with its ending."""
    return f'attachment; filename="{file_name(name)}{ending}"'


def file_name(name: str) -> str:
    """Returns the file name of a session's report, without ending."""
    letters = unicodedata.normalize("NFKD", name[:MAX_NAME].casefold()).encode("ascii", "ignore").decode()
    words = re.sub(r"[^a-z0-9]+", "-", letters)[:MAX_FILE_NAME].strip("-")
    return f"{words}-report" if words else "report"


# --- tables


class Share(NamedTuple):
    """A part of a whole, as a cell; its text is in percent."""

    part: Fraction

    def __str__(self) -> str:
        return percent(self.part)


type Cell = str | int | float | Share


def heads(report: Report) -> list[str]:
    """Returns the heads of the columns: one column a round, after what is known of a task."""
    max_rounds = max((len(task.rounds) for task in report.tasks), default=0)
    known = ["Position", "Key", "Title", "URL", "Estimate", "Points", "Status", "Note", "Rounds", "First-vote median"]
    known += ["Agreement", "Seconds", "Description", "Type", "Priority", "Labels", "Parent", "Acceptance criteria"]
    return [*known, *(f"Round {number + 1}" for number in range(max_rounds))]


def rows(report: Report) -> Iterator[list[Cell]]:
    """Yields a row a task, with figures as numbers; it ends with the last round of its task."""
    for position, task in enumerate(report.tasks, start=1):
        points = _number(_points(report, task))
        yield [
            position,
            task.key,
            task.title,
            task.url,
            task.estimate or "",
            "" if points is None else round(points, 4),
            "estimated" if task.estimate else "skipped" if task.skipped else "",
            task.note,
            len(task.rounds),
            (task.first and task.first.median) or "",
            _agreement(task.last),
            task.seconds,
            task.description,
            task.type,
            task.priority,
            task.labels,
            task.parent,
            task.acceptance,
            *(", ".join(f"{name} {card}".strip() for name, card in voted.votes) for voted in task.rounds),
        ]


CARDS = ("Estimate", "First-vote median")
"""Columns whose texts are cards: one that is a decimal has the decimal mark of the file."""
_DECIMAL_CARD = re.compile(r"[0-9]+\.[0-9]+")


def as_csv(report: Report, style: spreadsheet.Style = spreadsheet.POINTS) -> str:
    """One row a task, one column a round, in the style of a country's spreadsheets."""
    names = heads(report)
    written = ([_in_csv(name, cell) for name, cell in zip(names, row, strict=False)] for row in rows(report))
    return spreadsheet.as_csv(names, written, style)


def _in_csv(name: str, cell: Cell) -> spreadsheet.Cell:
    if isinstance(cell, str) and name in CARDS and _DECIMAL_CARD.fullmatch(cell):
        return Decimal(cell)
    return str(cell) if isinstance(cell, Share) else cell


def for_tracker(report: Report) -> list[Estimated]:
    """Returns the tasks as ``rules.trackers_csv`` writes them for the tracker that they came from."""
    return [
        Estimated(task.title, task.key, task.url, task.type, task.estimate, _points(report, task))
        for task in report.tasks
    ]


def _points(report: Report, task: TaskReport) -> Fraction | None:
    return figure(task.estimate) if task.estimate and is_numeric(report.cards) else None


def _agreement(voted: VotedRound | None) -> Share | str:
    return Share(voted.tally.agreement) if voted and voted.tally.agreement is not None else ""


# --- JSON


def as_json(report: Report) -> str:
    """The contents as a file."""
    return json.dumps(contents(report), ensure_ascii=False, indent=2) + "\n"


def contents(report: Report) -> dict[str, Any]:
    """Everything, with figures as numbers and times in UTC. ``name`` and ``member`` of a vote are null where names are
    hidden; else ``member`` tells two of one name apart. ``session_import`` makes the same session of it again."""
    places = {member.id: place for place, member in enumerate(report.members, start=1)}
    return {
        "format": FORMAT,
        "session": {
            "id": report.session_id,
            "name": report.name,
            "deck": {"name": report.deck, "cards": report.cards},
            "facilitators": report.facilitators,
            "members": [
                {
                    "member": places[each.id],
                    "name": each.name,
                    "facilitates": each.facilitates,
                    "votes": each.votes,
                    "joined_at": _moment(each.joined_at),
                }
                for each in report.members
            ],
            "started_at": _moment(report.started_at),
            "ended_at": _moment(report.ended_at),
            "ended_by": report.ended_by,
            "seconds": report.seconds,
        },
        "totals": {
            "tasks": len(report.tasks),
            "estimated": report.estimated,
            "points": _number(report.points),
            "settled_in_one_vote": report.settled_at_once,
            "rounds": report.rounds,
        },
        "tasks": [_task(report, position, task, places) for position, task in enumerate(report.tasks, start=1)],
        "second_look": [{"task": subject, "why": why} for subject, why in report.looks],
    }


def _task(report: Report, position: int, task: TaskReport, places: Mapping[str, int]) -> dict[str, Any]:
    return {
        "position": position,
        "key": task.key,
        "title": task.title,
        "url": task.url,
        "description": task.description,
        "type": task.type,
        "priority": task.priority,
        "labels": labels_in(task.labels),
        "parent": task.parent,
        "acceptance_criteria": task.acceptance,
        "estimate": task.estimate,
        "points": _number(_points(report, task)),
        "note": task.note,
        "skipped": task.skipped,
        "seconds": task.seconds,
        "rounds": [_round(voted, places) for voted in task.rounds],
    }


def _round(voted: VotedRound, places: Mapping[str, int]) -> dict[str, Any]:
    members: Sequence[int | None] = [places[voter] for voter in voted.voters] or [None] * len(voted.votes)
    return {
        "number": voted.number,
        "opened_at": _moment(voted.opened_at),
        "revealed_at": _moment(voted.revealed_at),
        "votes": [
            {"member": member, "name": name or None, "card": card}
            for member, (name, card) in zip(members, voted.votes, strict=True)
        ],
        "tally": {**_tally(voted.tally), "talk_first": voted.talk_first},
    }


def _tally(tally: Tally) -> dict[str, Any]:
    return {
        "votes": tally.votes,
        "mean": _number(tally.mean),
        "median": _number(tally.median),
        "median_card": tally.median_card,
        "mode": tally.mode,
        "spread": tally.spread,
        "steps": tally.steps,
        "distribution": [{"card": card, "votes": count} for card, count in tally.distribution],
        "agreement": _number(tally.agreement),
        "consensus": tally.consensus,
        "suggested": tally.suggested,
        "split": tally.split,
    }


def _number(value: Fraction | None) -> int | float | None:
    if value is None:
        return None
    return value.numerator if value.denominator == 1 else float(value)


def _moment(value: datetime | None) -> str | None:
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if value else None


# --- Markdown


def as_markdown(report: Report) -> str:
    """A heading, the figures, a table of tasks and what is worth a second look, as wikis and trackers render it."""
    parts = [f"# {_plain(report.name)}", _list(_summary(report))]
    if report.tasks:
        parts.append(_table(report))
    if report.looks:
        parts.append("## Worth a second look")
        parts.append(_list(f"**{_plain(subject)}** {_plain(why)}" for subject, why in report.looks))
    return "\n\n".join(parts) + "\n"


def _summary(report: Report) -> Iterable[str]:
    ended = f"to {report.ended_at:%Y-%m-%d %H:%M} UTC" if report.ended_at else "UTC, still running"
    yield f"Time: {report.started_at:%Y-%m-%d %H:%M} {ended}, {_length(report.seconds)}"
    yield f"Facilitated by: {_plain(', '.join(report.facilitators)) or 'nobody'}"
    yield f"Cards: {_plain(', '.join(report.ladder))}"
    yield f"Estimated: {report.estimated} of {len(report.tasks)}"
    if report.points is not None:
        yield f"Points: {shown(report.points)}"
    yield f"Settled in one vote: {report.settled_at_once} of {report.estimated}"
    yield f"Rounds: {report.rounds}"


def _length(seconds: int) -> str:
    hours, minutes = divmod(max(round(seconds / 60), 1), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def _table(report: Report) -> str:
    lines: list[Sequence[str]] = [
        ("Task", "Estimate", "Votes", "Agreement", "Time", "Note"),
        ("---", "---", "---", "---:", "---:", "---"),
    ]
    for task in report.tasks:
        votes = "; ".join(_cards(voted) for voted in task.rounds)
        estimate = _outcome(task, without="–")
        agreement = str(_agreement(task.last))
        lines.append((_linked(task), _plain(estimate), _plain(votes), agreement, task.time, _plain(task.note)))
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)


def _outcome(task: TaskReport, *, without: str) -> str:
    """The estimate, or that the task was skipped; ``without`` either."""
    return task.estimate or ("skipped" if task.skipped else without)


def _linked(task: TaskReport) -> str:
    label = _plain(task.key or task.title)
    if task.url.startswith(("https://", "http://")):
        label = f"[{label}](<{_address(task.url)}>)"
    return f"{label} {_plain(task.title)}" if task.key else label


def _cards(voted: VotedRound) -> str:
    """``2 × 3, 5``: who picked what is in the other files and on the page."""
    counts = [(card, count) for card, count in voted.tally.distribution if count]
    return ", ".join(f"{count} × {card}" if count > 1 else card for card, count in counts)


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


_ESCAPED = str.maketrans({char: f"\\{char}" for char in "\\`*_[]#|~$!"})
# GitHub and others make links of bare addresses.
_ADDRESS_STARTS = re.compile(r"(?<=:)(?=//)|(?<=www)(?=\.)", re.IGNORECASE)


def _plain(text: str) -> str:
    """Text that means only itself: no markup, no HTML, no link, no line or cell begun."""
    text = _ADDRESS_STARTS.sub(r"\\", " ".join(text.split()).translate(_ESCAPED))
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _address(url: str) -> str:
    """The address with everything percent-encoded that could end a link or a cell."""
    return quote(" ".join(url.split()), safe="/:?#[]@!$&'*+,;=%~").replace("&", "&amp;")


# --- plain text


def as_text(report: Report) -> str:
    """A line that sums up, and a line a task with its estimate, for a chat or a mail."""
    summary = f"{report.estimated} of {len(report.tasks)} {'task' if len(report.tasks) == 1 else 'tasks'} estimated"
    if report.points is not None:
        summary += f", {shown(report.points)} {'point' if report.points == 1 else 'points'} in all"
    lines = (f"{task.key} {task.title}: {_outcome(task, without='no estimate')}" for task in report.tasks)
    return "".join(f"{' '.join(line.split())}\n" for line in (f"{report.name}: {summary}", *lines))
