"""Renders the shared fragments: the table, the current task and the backlog, the same for every member of a session.

They are rendered once a version, from the public view alone.
"""

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from flask import current_app, render_template
from markupsafe import Markup

from poker_app import clock
from poker_app.db import forget_what_was_read
from poker_app.poker.publishing import events
from poker_app.poker.value.backlog_view import MAX_CHANGED, BacklogView, backlog_view, shows
from poker_app.poker.value.current import at_least
from poker_app.poker.value.session_view import SessionView, public_view
from poker_app.poker.value.value_cache import Known
from poker_app.web.http import round_sentences


def partial(region: str, html: str, swap: str = "outerMorph") -> str:
    """Wraps a fragment with its place on the page."""
    return f'<hx-partial hx-target="#{region}" hx-swap="{swap}">{html}</hx-partial>'


def shared_state(session_id: str, version: int = 0) -> events.State:
    """Returns the shared state as events carry it: the table, and the tasks if they are what changed. Rendered once a
    version.

    A caller that knows the version gets that or a newer one, without a query where it is cached.
    """
    known = at_least(session_id, version)
    return locked(known, state)


def current_vote_table(session_id: str, version: int) -> str:
    """Returns the table at a version that is known, or a newer one."""
    return locked(at_least(session_id, version), _table)


def locked[T](known: Known, make: Callable[[Known], T]) -> T:
    """Returns what ``make`` renders from a cached session, under its lock: requests at the same moment render it
    once."""
    # Neither the thread that renders nor those that wait for the lock hold a database connection.
    forget_what_was_read()
    with known.lock:
        return make(known)


def view(known: Known) -> SessionView:
    """Returns the public view. The caller holds the lock, as for all below."""
    return known.made("view", lambda: public_view(known.value, clock.now()))


def tasks_view(known: Known) -> BacklogView:
    """The public view of the tasks."""
    return known.made("backlog view", lambda: backlog_view(known.value), of_tasks=True)


def _table(known: Known) -> str:
    return known.made("table", lambda: vote_table(view(known)))


def _task(known: Known) -> str:
    return known.made("task", lambda: task(tasks_view(known)), of_tasks=True)


def _backlog(known: Known) -> str:
    def draw() -> str:
        tasks = tasks_view(known)
        return backlog(tasks, _rows(known, tasks.shown), before=tasks.shown.start, after=tasks.shown.stop)

    return known.made("backlog", draw, of_tasks=True)


def _rows(known: Known, places: Iterable[int]) -> list[Markup]:
    """Renders the rows at these places, counted from 0. Each is rendered again only where the task, the one before it
    or whether it is current differs."""
    draw, tasks = current_app.jinja_env.get_template("sessions/_backlog_row.html").render, tasks_view(known)
    rows = []
    for place in places:
        task, after = tasks.tasks[place], tasks.tasks[place - 1].id if place else ""
        current = task.id == tasks.current.id
        drawn = functools.partial(draw, task=task, after=after, current=current)
        rows.append(Markup(known.row(task.id, (shows(task), after, current), drawn)))  # noqa: S704 (a template's own)
    return rows


def _changes(known: Known) -> str:
    """Renders the rows that changed lately, in the list's order, and the ids of those that are gone."""

    def draw() -> str:
        tasks, recent = tasks_view(known), known.recent
        rows = _rows(known, [place for place, task in enumerate(tasks.tasks) if task.id in recent.rows])
        gone = recent.rows.keys() - {task.id for task in tasks.tasks}
        return backlog(tasks, rows, since=recent.since, gone=sorted(gone))

    return known.made("changes", draw, of_tasks=True)


def tasks_of(known: Known) -> str:
    """Renders the task and the backlog, each with its place on the page: of a long list the rows that changed lately,
    which the page puts into the list that it shows (``room/changed-rows.js``)."""
    html = partial("task", _task(known))
    if len(tasks_view(known).tasks) <= MAX_CHANGED:
        return html + partial("backlog", _backlog(known))
    return html + partial("backlog", _changes(known), swap="none")


def rest_of_backlog(known: Known, *, before: str = "", after: str = "") -> str | None:
    """Renders the rows before a task, or after it, for a page that shows the list from it on; None where the task is in
    the list no more."""

    def draw(known: Known) -> str | None:
        tasks = tasks_view(known).tasks
        edge = next((place for place, task in enumerate(tasks) if task.id == (before or after)), None)
        if edge is None:
            return None
        return "".join(_rows(known, range(edge) if before else range(edge + 1, len(tasks))))

    return locked(known, draw)


@dataclass(frozen=True, slots=True)
class Shared:
    """The two public views of a session, and the shared fragments rendered from them."""

    table: SessionView
    backlog: BacklogView
    table_html: Markup
    task_html: Markup
    backlog_html: Markup


def shared(known: Known) -> Shared:
    """Returns all shared views and fragments, for a page."""
    return locked(known, _shared)


def _shared(known: Known) -> Shared:
    html = [Markup(draw(known)) for draw in (_table, _task, _backlog)]  # noqa: S704 (templates' own)
    return Shared(view(known), tasks_view(known), *html)


def state(known: Known) -> events.State:
    """The shared state as events carry it."""

    def draw() -> events.State:
        shown = view(known)
        table = html = partial("vote-table", _table(known))
        if shown.tasks_version == shown.version:
            html += tasks_of(known)
        return events.State(shown.version, shown.tasks_version, html, shown.members, shown.present, table)

    return known.made("state", draw, size=lambda made: len(made.html) + len(made.table))


def vote_table(table: SessionView) -> str:
    """Renders the table: card places face down, or columns face up."""
    status, say = round_sentences.status(table), round_sentences.announcement(table)
    agreed = round_sentences.agrees(table)
    return render_template("sessions/_vote_table.html", t=table, status=status, say=say, agreed=agreed)


def task(tasks: BacklogView) -> str:
    """Renders the current task."""
    return render_template("sessions/_task.html", a=tasks)


def backlog(tasks: BacklogView, rows: Sequence[Markup], **part: object) -> str:
    """Renders the list with these ``rows``: see the template for which ``part`` of it they are."""
    return render_template("sessions/_backlog.html", a=tasks, rows=rows, **part)


def current_task(known: Known) -> str:
    """Returns the fragment of the current task."""
    return locked(known, _task)


def current_backlog(known: Known, since: int | None = None) -> str:
    """Returns the backlog; for a page that shows the version ``since``, if that is enough, the rows that changed after
    it."""
    enough = since is not None and known.recent.since <= since
    return locked(known, _changes if enough else _backlog)
