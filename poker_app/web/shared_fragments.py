"""The shared fragments: the table, the task on it and the backlog, the same for everybody in a session.

They are rendered once a version, from the public view alone.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask import current_app, render_template
from markupsafe import Markup

from poker_app import clock
from poker_app.db import forget_what_was_read
from poker_app.poker import events
from poker_app.poker.backlog_view import BacklogView, backlog_view
from poker_app.poker.current import at_least
from poker_app.poker.session_view import SessionView, public_view
from poker_app.poker.value_cache import Known


def partial(region: str, html: str, swap: str = "outerMorph") -> str:
    """A fragment addressed to its place on the page."""
    return f'<hx-partial hx-target="#{region}" hx-swap="{swap}">{html}</hx-partial>'


def shared_state(session_id: str, version: int = 0) -> events.State:
    """The shared state as events carry it: the table, and the tasks if they are what changed. One render a version.

    Who knows of a version gets that or a newer one, and saves the question for it.
    """
    known = at_least(session_id, version)
    return locked(known, state)


def table_now(session_id: str, version: int) -> str:
    """The felt at a version that is known, or a newer one."""
    return locked(at_least(session_id, version), _table)


def locked[T](known: Known, make: Callable[[Known], T]) -> T:
    """Something made from what is known, made once however many ask at the same moment."""
    # Who renders holds no connection of the database, and neither does who waits for them.
    forget_what_was_read()
    with known.lock:
        return make(known)


def view(known: Known) -> SessionView:
    """The public view. The caller holds the lock, as for all below."""
    return known.made("view", lambda: public_view(known.value, clock.now()))


def agenda(known: Known) -> BacklogView:
    """The public view of the tasks."""
    return known.made("backlog view", lambda: backlog_view(known.value), of_tasks=True)


def _table(known: Known) -> str:
    return known.made("table", lambda: vote_table(view(known)))


def _task(known: Known) -> str:
    return known.made("task", lambda: task(agenda(known)), of_tasks=True)


def _backlog(known: Known) -> str:
    return known.made("backlog", lambda: backlog(agenda(known), _rows(known)), of_tasks=True)


def _rows(known: Known) -> list[Markup]:
    """Each task's row, rendered again only where the task, its place or its being on the table is another."""
    draw, current = current_app.jinja_env.get_template("sessions/_backlog_row.html").render, known.value.task.id
    return [
        Markup(  # noqa: S704 (a template's own)
            known.row(
                task.id,
                (task, place, task.id == current),
                functools.partial(draw, task=task, place=place, current=task.id == current),
            )
        )
        for place, task in enumerate(known.value.backlog)
    ]


def tasks_of(known: Known) -> str:
    """The task and the backlog, each addressed to its place."""
    return partial("task", _task(known)) + partial("backlog", _backlog(known))


@dataclass(frozen=True, slots=True)
class Shared:
    """What is the same for everybody in a session, and the shared fragments made from it."""

    table: SessionView
    agenda: BacklogView
    table_html: Markup
    task_html: Markup
    backlog_html: Markup


def shared(known: Known) -> Shared:
    """All of it, for a page."""
    return locked(known, _shared)


def _shared(known: Known) -> Shared:
    html = [Markup(draw(known)) for draw in (_table, _task, _backlog)]  # noqa: S704 (templates' own)
    return Shared(view(known), agenda(known), *html)


def state(known: Known) -> events.State:
    """The shared state as events carry it."""

    def draw() -> events.State:
        shown = view(known)
        table = html = partial("vote-table", _table(known))
        if shown.agenda == shown.version:
            html += tasks_of(known)
        return events.State(shown.version, shown.agenda, html, shown.members, shown.present, table)

    return known.made("state", draw, size=lambda made: len(made.html) + len(made.table))


def vote_table(table: SessionView) -> str:
    """The felt: seats face down, or columns face up."""
    return render_template("sessions/_vote_table.html", t=table)


def task(tasks: BacklogView) -> str:
    """The task that is voted on."""
    return render_template("sessions/_task.html", a=tasks)


def backlog(tasks: BacklogView, rows: Sequence[Markup]) -> str:
    """All the tasks; ``rows`` are theirs."""
    return render_template("sessions/_backlog.html", a=tasks, rows=rows)


def task_now(known: Known) -> str:
    """The task on the table."""
    return locked(known, _task)


def backlog_now(known: Known) -> str:
    """The backlog."""
    return locked(known, _backlog)
