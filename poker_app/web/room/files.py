"""Pages of tasks' files: uploads, captions, order, removal, and the files themselves."""

from flask import Blueprint, Response, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from poker_app import rate_limits
from poker_app.errors import NotFound
from poker_app.files import kinds, pictures, storage
from poker_app.files.engines.base import SIGNED_FOR
from poker_app.poker.models import PokerSession
from poker_app.poker.round import task_files
from poker_app.poker.value.current import at_least, newest
from poker_app.rules.session.value import NO_SUCH_FILE, NO_SUCH_TASK, Member, TaskFile
from poker_app.web.http import fragments
from poker_app.web.http.form_numbers import whole_number
from poker_app.web.http.guards import member_required, reader

blueprint = Blueprint("files", __name__, url_prefix="/sessions/<session_id>")

# A file that a browser shows as a page can neither run scripts nor load or submit anything.
POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'"
# Seconds for which a browser may show a file from its cache, without a check that its member is still one.
CACHED_FOR = 3_600
# The same for a redirect to a store outside: what is cached leads to an address that is still valid for minutes.
REDIRECTED_FOR = SIGNED_FOR // 3


@blueprint.get("/tasks/<task_id>/files")
@member_required
def index(member: Member, task_id: str) -> ResponseReturnValue:
    """A task's files, for its sheet.

    Raises:
        NotFound: (404) the session has no such task.
    """
    value = at_least(member.session_id).value
    if task_id not in value.tasks:
        raise NotFound(NO_SUCH_TASK)
    return render_template("sessions/_task_files.html", member=member, session=value, task=value.tasks[task_id])


@blueprint.post("/tasks/<task_id>/files")
@member_required
def begin(member: Member, task_id: str) -> ResponseReturnValue:
    """Allows an upload: returns the address for its bytes, with the headers and the form's field of that request (no
    field where the body is the bytes), and the address to request once they have arrived.

    Raises:
        Invalid: (422) the size is no number.
        TooMany: (429) too many files were added from this network.
    """
    size = whole_number("size", "The size of a file is a number of bytes.")
    rate_limits.spend(task_files.ADDED.of_network(request.remote_addr or ""))
    begun = task_files.begin(member, task_id, name=request.form.get("name", ""), size=size)
    said_at = url_for("files.arrived", session_id=member.session_id, task_id=task_id, file_id=begun.id)
    to, headers, field = begun.upload
    return {"to": to, "headers": headers, "field": field, "arrived": said_at}, 201


@blueprint.post("/tasks/<task_id>/files/<file_id>/arrival")
@member_required
def arrived(member: Member, task_id: str, file_id: str) -> ResponseReturnValue:
    task_files.arrived(member, task_id, file_id)
    return "", 204


@blueprint.post("/files/<file_id>")
@member_required
def describe(member: Member, file_id: str) -> ResponseReturnValue:
    form = request.form
    task_files.describe_file(member, file_id, caption=form.get("caption", ""), alt=form.get("alt", ""))
    return _answer(member, "Saved.")


@blueprint.post("/files/<file_id>/position")
@member_required
def move(member: Member, file_id: str) -> ResponseReturnValue:
    """Put the file at a place among those of its task, counted from 0.

    Raises:
        Invalid: (422) the place is no number.
    """
    task_files.move_file(member, file_id, whole_number("to", "A place among the files is a whole number."))
    return _answer(member)


@blueprint.post("/files/<file_id>/removal")
@member_required
def remove(member: Member, file_id: str) -> ResponseReturnValue:
    task_files.remove_file(member, file_id)
    return _answer(member, "File removed.", url_for("files.restore", session_id=member.session_id, file_id=file_id))


@blueprint.post("/files/<file_id>/restoration")
@member_required
def restore(member: Member, file_id: str) -> ResponseReturnValue:
    task_files.restore_file(member, file_id)
    return _answer(member, "The file is back.")


def _answer(member: Member, sentence: str = "", undo: str | None = None) -> Response:
    said = [fragments.partial("notice", fragments.notice(sentence, undo=undo))] if sentence else []
    return fragments.answer(member, *said)


@blueprint.get("/files/<file_id>")
@reader
def show(table: PokerSession, file_id: str) -> ResponseReturnValue:
    """Sends the file: a picture inline, any other as a download."""
    file = _file(table, file_id)
    return _sent(file, file.id, file.kind, None if file.is_picture else kinds.saved_as(file.name, file.kind))


@blueprint.get("/files/<file_id>/thumbnail")
@reader
def thumbnail(table: PokerSession, file_id: str) -> ResponseReturnValue:
    """Sends a small copy of a picture.

    Raises:
        NotFound: (404) the file is no picture.
    """
    file = _file(table, file_id)
    if not file.is_picture:
        raise NotFound(NO_SUCH_FILE)
    return _sent(file, storage.thumbnail_of(file.id), pictures.THUMBNAIL_KIND, None)


def _file(table: PokerSession, file_id: str) -> TaskFile:
    file = newest(table.id).value.files.get(file_id)
    if file is None or file.removed_at:
        raise NotFound(NO_SUCH_FILE)
    return file


def _sent(file: TaskFile, key: str, kind: str, save_as: str | None) -> ResponseReturnValue:
    if address := storage.address(key, kind, save_as):
        elsewhere = redirect(address)
        elsewhere.headers["Cache-Control"] = f"private, max-age={REDIRECTED_FOR}"
        return elsewhere
    answer = send_file(
        storage.open_stored(key, file.size), mimetype=kind, as_attachment=save_as is not None, download_name=save_as
    )
    answer.headers["Content-Security-Policy"] = POLICY
    answer.headers["Cache-Control"] = f"private, max-age={CACHED_FOR}"
    return answer
