"""A session in words: the picture of it as it is, and the news between two of its states.

A state is what the API answers to ``GET /sessions/{session_id}`` as ``session``, and the list of its tasks.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from faceup.terminal import clean

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class State:
    """A session and its tasks at one moment."""

    session: Json
    tasks: Sequence[Json]

    @property
    def has_ended(self) -> bool:
        return self.session["ended_at"] is not None


def picture(state: State) -> Iterator[str]:
    """The session as it is, a line each."""
    session = state.session
    yield clean(session["name"])
    yield session["url"]
    yield ""
    if state.has_ended:
        yield "The session has ended."
    else:
        yield task_line(state)
        yield ""
        for member in session["members"]:
            yield f"  {_doing(member, session):<9} {clean(member['name'])}"
        yield ""
        yield from _round(session["round"])
    estimates = [task for task in state.tasks if task["estimate"] is not None]
    if estimates:
        yield ""
        yield "Estimates"
        yield from (f"  {clean(task['estimate']):>5}  {name_of(task)}" for task in estimates)


def _doing(member: Json, session: Json) -> str:
    if member["presence"] != "present":
        return str(member["presence"])
    if not member["votes"]:
        return "watches"
    if member["has_voted"]:
        return "voted"
    return "" if session["state"] == "revealed" else "thinks"


def _round(round_: Json) -> Iterator[str]:
    if round_["cards"] is None:
        yield f"{round_['voted']} of {round_['expected']} voted"
        return
    for card in round_["cards"]:
        yield f"  {clean(card['card']):>5}  {_who(card)}"
    if figures := _figures(round_["figures"]):
        yield ""
        yield figures


def _who(card: Json) -> str:
    who = ", ".join(map(clean, card["voters"])) or f"{card['votes']}×"
    return f"{who} (talk first)" if card["talk_first"] else who


def _figures(figures: Json) -> str:
    """The figures of a revealed round that the deck has."""
    if figures["consensus"]:
        return "Consensus"
    said = []
    if figures["suggested"] is not None:
        said.append(f"Suggested {clean(figures['suggested'])}")
    said += [f"{name} {figures[name]:g}" for name in ("mean", "median") if figures[name] is not None]
    if figures["agreement"] is not None:
        said.append(f"agreement {figures['agreement']:.0%}")
    return ", ".join(said)


def name_of(task: Json) -> str:
    """A task's key and title."""
    return clean(" ".join(filter(None, (task["key"], task["title"])))) or "a quick vote"


def task_line(state: State) -> str:
    """Which task is on the table."""
    session, ids = state.session, [task["id"] for task in state.tasks]
    task = session["task"]
    place = f"Task {ids.index(task['id']) + 1} of {len(ids)}" if task["id"] in ids else "On the table"
    again = f", round {session['round']['number']}" if session["round"]["number"] > 1 else ""
    return f"{place}{again}: {name_of(task)}"


def news(before: State | None, after: State) -> Iterator[str]:
    """What has happened between two states, a line each."""
    if before is None:
        yield f"{clean(after.session['name'])}: {after.session['url']}"
        yield "The session has ended." if after.has_ended else task_line(after)
        return
    old, new = before.session, after.session
    was, now = ({each["id"]: each for each in session["members"]} for session in (old, new))
    yield from (f"{clean(each['name'])} joined" for key, each in now.items() if key not in was)
    yield from (f"{clean(each['name'])} was removed" for key, each in was.items() if key not in now)
    if old["round"]["id"] == new["round"]["id"]:
        yield from _votes(was, now, new)
        if new["round"]["cards"] is not None and new["round"]["cards"] != old["round"]["cards"]:
            yield revealed(new["round"])
    estimated = {task["id"]: task["estimate"] for task in before.tasks}
    for task in after.tasks:
        if task["estimate"] is not None and task["estimate"] != estimated.get(task["id"]):
            yield f"{name_of(task)}: {clean(task['estimate'])}"
    if after.has_ended:
        if not before.has_ended:
            yield "The session has ended."
    elif before.has_ended or old["round"]["id"] != new["round"]["id"]:
        yield task_line(after)


def _votes(was: Json, now: Json, session: Json) -> Iterator[str]:
    for key, member in now.items():
        voted = key in was and was[key]["has_voted"]
        if member["has_voted"] and not voted:
            yield f"{clean(member['name'])} voted ({session['round']['voted']} of {session['round']['expected']})"
        elif voted and not member["has_voted"]:
            yield f"{clean(member['name'])} took the card back"


def revealed(round_: Json) -> str:
    """The cards of a revealed round and its figures, on one line."""
    cards = "; ".join(f"{clean(card['card'])}: {_who(card)}" for card in round_["cards"])
    return ". ".join(filter(None, (f"Revealed: {cards or 'no card'}", _figures(round_["figures"]))))
