"""Pages that bring a backlog in: a pasted table or a file, a preview of its tasks, and adding those that are ticked.

Between the pages the table travels in the form, signed: nothing is stored before it is saved.
"""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from flask import Blueprint, current_app, render_template, request
from flask.typing import ResponseReturnValue
from itsdangerous import BadData, URLSafeSerializer

from poker_app import ids, imports, rate_limits
from poker_app.accounts import column_meanings, tracker_connections
from poker_app.accounts.memberships import Membership
from poker_app.errors import Invalid, TooMany
from poker_app.imports.long_texts import in_markdown
from poker_app.poker.round import tasks
from poker_app.poker.value.current import at_least
from poker_app.rate_limits import Limit
from poker_app.rules.imports import preview
from poker_app.rules.imports.column_names import MEANINGS
from poker_app.rules.imports.columns import Column
from poker_app.rules.imports.remembered import corrected
from poker_app.rules.imports.understood import Row, Understood, understood
from poker_app.rules.session.change import require_facilitator
from poker_app.rules.session.tasks import DUPLICATES, room_left
from poker_app.rules.session.value import Member
from poker_app.web.http import fragments, login
from poker_app.web.http.errors import again
from poker_app.web.http.guards import member_required

blueprint = Blueprint("imports", __name__, url_prefix="/sessions/<session_id>/import")

READ = Limit("read a backlog", 60, timedelta(minutes=10))
MAX_SIGNED = 900_000
"""Characters of a table as it travels: a form has at most ``guards.MAX_LONG_FORM`` bytes."""
ADD = "add tasks"


@blueprint.get("")
@member_required
def page(member: Member) -> ResponseReturnValue:
    require_facilitator(member, ADD)
    return _page(member)


def _page(member: Member, refusal: Invalid | TooMany | None = None) -> str:
    value = at_least(member.session_id).value
    membership = _account(member)
    return render_template(
        "sessions/import.html",
        session=value,
        trackers=tracker_connections.names_of(membership.account.id) if membership else (),
        may_connect=membership is not None and membership.arranges,
        refusal=refusal,
        typed=request.form.get("tasks", ""),
        table_files=imports.ENDINGS,
        megabytes=imports.MAX_FILE // 1_000_000,
    )


@blueprint.post("/file")
@member_required
def read(member: Member) -> ResponseReturnValue:
    """Shows the preview of a file, or else of a pasted text.

    Raises:
        TooMany: (429) too many were read from this network.
    """
    require_facilitator(member, ADD)
    try:
        _spend()
        table = preview.as_last_time(_table(), _remembered(member))
        return _preview(member, ids.new_id(), in_markdown(preview.worth_a_look(table)))
    except (Invalid, TooMany) as refusal:
        return again(_page(member, refusal), refusal)


def _spend() -> None:
    """Counts a table that is read, or unpacked and signed anew, which takes as long."""
    rate_limits.spend(READ.of_network(request.remote_addr or ""))


def _remembered(member: Member) -> Mapping[str, str]:
    known = _account(member)
    return column_meanings.meanings_of(known.account) if known else {}


def _account(member: Member) -> Membership | None:
    """The session's account, for its teammates alone: a guest who facilitates sees and changes nothing of it."""
    return login.account_known(at_least(member.session_id).value.account_id)


def _table() -> Understood:
    content = file.read() if (file := request.files.get("file")) else b""
    text = request.form.get("tasks", "")
    if not content and not text.strip():
        raise Invalid("Choose a file, or paste a table.", "file")
    table = imports.understood_file(content) if content else understood(text)
    if not table.rows:
        raise Invalid("There is no task in it. One row or line is one task.", "file" if content else "tasks")
    return table


@blueprint.post("/preview")
@member_required
def change_columns(member: Member) -> ResponseReturnValue:
    """Shows the preview again, with the meanings of columns that were chosen.

    Raises:
        Invalid: (422) the table was changed on its way.
        TooMany: (429) too many were read from this network.
    """
    require_facilitator(member, ADD)
    _spend()
    import_id, table, before = _chosen(member.session_id)
    return _preview(member, import_id, table, before)


@blueprint.post("")
@member_required
def save(member: Member) -> ResponseReturnValue:
    """Adds the tasks of the rows that are ticked, and remembers for the account what was corrected of the columns. Sent
    twice, it adds them once.

    Raises:
        Invalid: (422) none is, or the table was changed on its way.
        TooMany: (429) too many were read from this network.
    """
    require_facilitator(member, ADD)
    _spend()
    import_id, table, before = _chosen(member.session_id)
    ticked = set(request.form.getlist("row"))
    found = [line for line in preview.lines(table, frozenset()) if str(line.row.line) in ticked]
    lines = {line.row.line: line.task for line in found if line.task}
    chosen = {line: choice for line in lines if (choice := _choice(line))}
    try:
        made = tasks.import_tasks(member, import_id, lines, _choice_for_all(), chosen)
    except Invalid as refusal:
        return _preview(member, import_id, table, before, refusal), refusal.status
    if known := _account(member):
        column_meanings.remember(known.account.id, corrected(table.columns))
    return fragments.back_with(member, made.sentence, made.undo, alert=made.left_out)


def _choice_for_all() -> str:
    return request.form.get("duplicates", DUPLICATES[0])


def _choice(line: int) -> str:
    """What becomes of one line whose key is in the backlog; "" where it is as the choice for all."""
    return request.form.get(f"known-{line}", "")


def _preview(
    member: Member,
    import_id: str,
    table: Understood,
    before: Understood | None = None,
    refusal: Invalid | None = None,
) -> str:
    """Renders the preview of a table; ``before`` is the table that was shown, with other meanings of its columns."""
    value = at_least(member.session_id).value
    keys = frozenset(task.key.casefold() for task in value.backlog if task.key)
    lines = preview.lines(table, keys)
    ticked = {str(line.row.line) for line in lines if line.ticked}
    if before:
        ticked = preview.still_ticked(lines, preview.lines(before, keys), request.form.getlist("row"))
    signed, table = _signed(value.id, import_id, table)
    return render_template(
        "sessions/import_preview.html",
        session=value,
        table=table,
        lines=lines[: len(table.rows)],
        ticked=ticked,
        examples=preview.examples(table, _remembered(member)),
        meanings=MEANINGS,
        known=sum(line.known for line in lines),
        free=room_left(value),
        signed=signed,
        refusal=refusal,
        duplicates=_choice_for_all(),
        choices={line.row.line: _choice(line.row.line) for line in lines if line.known},
    )


def _serializer(session_id: str) -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SETTINGS"].signing_key, salt=f"import {session_id}")


def _signed(session_id: str, import_id: str, table: Understood) -> tuple[str, Understood]:
    """The table as it travels, with as many of its rows as there is room for.

    Raises:
        Invalid: (422) there is room for none: the first is too long, or the names of the columns are; or half of a
            surrogate pair is in it.
    """

    def packed() -> str:
        try:
            return str(_serializer(session_id).dumps({"id": import_id, **asdict(table)}))
        except UnicodeEncodeError as problem:
            raise Invalid("Half of a character is in it, such as of an emoji that was cut. Take it out.") from problem

    while len(signed := packed()) > MAX_SIGNED:
        rows = table.rows[: len(table.rows) * 3 // 4]
        if not rows:
            raise Invalid("Its columns' names or its first row are too long. Shorten them, and try again.")
        said = "Its descriptions are so long that not all rows are shown. Bring the others in by a second file."
        table = Understood(table.columns, rows, table.header, (*(note for note in table.notes if note != said), said))
    return signed, table


def _chosen(session_id: str) -> tuple[str, Understood, Understood]:
    """The import's id and the table of the request's form, with the meanings that were chosen for its columns, and as
    it was shown.

    Raises:
        Invalid: (422) it was changed on its way, or was signed for another session or by another release.
    """
    try:
        import_id, table = _unpacked(_serializer(session_id).loads(request.form.get("table", "")))
    except BadData as problem:
        raise Invalid("This preview is not valid any more, so nothing was added. Read the file again.") from problem
    places = range(len(table.columns))
    chosen = {place: request.form.get(f"column-{place}", "") for place in places}
    return import_id, preview.with_meanings(table, chosen), table


def _unpacked(sent: Any) -> tuple[str, Understood]:
    """The id and table that ``_signed`` made this of. Raises BadData where another release did, with other fields."""
    try:
        return str(sent["id"]), Understood(
            tuple(Column(**column) for column in sent["columns"]),
            tuple(Row(row["line"], tuple(row["cells"]), row["not_a_task"]) for row in sent["rows"]),
            sent["header"],
            tuple(sent["notes"]),
        )
    except (TypeError, KeyError) as problem:
        raise BadData("Its fields are not those of a table.") from problem
