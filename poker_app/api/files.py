"""Files of tasks: listed, uploaded, described, ordered, removed, and their contents."""

from datetime import datetime
from urllib.parse import urljoin

from flask import Response, request, send_file
from pydantic import Field

from poker_app import rate_limits
from poker_app.api.models import Given, Taken
from poker_app.api.operations import operation
from poker_app.api.origin import origin
from poker_app.api.session_models import Id
from poker_app.errors import NotFound
from poker_app.files import kinds, storage
from poker_app.poker.models import PokerSession
from poker_app.poker.round import task_files
from poker_app.poker.value.current import newest
from poker_app.rules.session.value import NO_SUCH_FILE, NO_SUCH_TASK, Member, TaskFile


class FileGiven(Given):
    """A file of a task."""

    id: Id
    task_id: Id
    name: str
    kind: str = Field(description="Its media type, as its content says it.")
    size: int = Field(description="Bytes that it takes, those of a picture's small copy included.")
    width: int = Field(description="Of a picture, in pixels; 0 of other files.")
    height: int
    caption: str
    alt: str = Field(description="A picture's text alternative.")
    added_at: datetime

    @classmethod
    def of(cls, file: TaskFile) -> "FileGiven":
        return cls(**{name: getattr(file, name) for name in cls.model_fields})


class FileList(Given):
    """The files of a task, in order; removed ones are left out."""

    items: list[FileGiven]


class NewFile(Taken):
    """A file to upload."""

    name: str = Field(examples=["mockup.png"])
    size: int = Field(description="Bytes.", examples=[48_213])


class UploadGiven(Given):
    """Where to send a file's bytes to, by `PUT`, within an hour. Then finish the upload."""

    id: Id = Field(description="The file's id.")
    url: str
    headers: dict[str, str] = Field(description="Those that the request must have.")
    field: str = Field(description="The form's field of a multipart body; empty where the body is the bytes.")


class FileTexts(Taken):
    """What is said about a file."""

    caption: str = ""
    alt: str = Field("", description="A picture's text alternative.")


class FilePlace(Taken):
    """A place among the files of a task."""

    to: int = Field(description="Counted from 0.")


@operation("GET", "/sessions/{session_id}/tasks/{task_id}/files", "sessions:read")
def list_files(table: PokerSession, task_id: str) -> FileList:
    """List the files of a task, in order.

    Raises:
        NotFound: (404) the session has no such task.
    """
    value = newest(table.id).value
    if task_id not in value.tasks:
        raise NotFound(NO_SUCH_TASK)
    return FileList(items=[FileGiven.of(each) for each in value.files_of(task_id)])


@operation("POST", "/sessions/{session_id}/tasks/{task_id}/files", "sessions:write", keeps=False)
def begin_upload(member: Member, task_id: str, body: NewFile) -> UploadGiven:
    """Begin to upload a file. Facilitators may, and every member where the session lets everybody.

    The answer says where to send its bytes to. Once they have arrived, finish the upload.
    """
    rate_limits.spend(task_files.ADDED.of_network(request.remote_addr or ""))
    begun = task_files.begin(member, task_id, name=body.name, size=body.size)
    url, headers, field = begun.upload
    return UploadGiven(id=begun.id, url=urljoin(f"{origin()}/", url), headers=headers, field=field)


@operation("POST", "/sessions/{session_id}/tasks/{task_id}/files/{file_id}/finish", "sessions:write")
def finish_upload(member: Member, task_id: str, file_id: str) -> FileGiven:
    """Add a file whose bytes have arrived to its task. Doing so again only answers it."""
    return FileGiven.of(task_files.arrived(member, task_id, file_id))


@operation("GET", "/sessions/{session_id}/files/{file_id}", "sessions:read")
def read_file(table: PokerSession, file_id: str) -> FileGiven:
    """Read what is known of a file."""
    return FileGiven.of(_file(table.id, file_id))


@operation("GET", "/sessions/{session_id}/files/{file_id}/content", "sessions:read", media_type="*/*")
def read_content(table: PokerSession, file_id: str) -> Response:
    """Read a file's bytes, with its own media type."""
    file = _file(table.id, file_id)
    stored = storage.open_stored(file.id, file.size)
    name = kinds.saved_as(file.name, file.kind)
    return send_file(stored, mimetype=file.kind, as_attachment=True, download_name=name)


def _file(session_id: str, file_id: str) -> TaskFile:
    found = newest(session_id).value.files.get(file_id)
    if found is None or found.removed_at:
        raise NotFound(NO_SUCH_FILE)
    return found


@operation("PUT", "/sessions/{session_id}/files/{file_id}", "sessions:write")
def describe_file(member: Member, file_id: str, body: FileTexts) -> FileGiven:
    """Give a file its caption and its text alternative; what is left out is empty then. As for adding files."""
    task_files.describe_file(member, file_id, caption=body.caption, alt=body.alt)
    return FileGiven.of(_file(member.session_id, file_id))


@operation("PUT", "/sessions/{session_id}/files/{file_id}/position", "sessions:write")
def move_file(member: Member, file_id: str, body: FilePlace) -> FileList:
    """Put a file at another place among those of its task. As for adding files."""
    task_files.move_file(member, file_id, body.to)
    value = newest(member.session_id).value
    return FileList(items=[FileGiven.of(each) for each in value.files_of(_file(member.session_id, file_id).task_id)])


@operation("DELETE", "/sessions/{session_id}/files/{file_id}", "sessions:write")
def remove_file(member: Member, file_id: str) -> None:
    """Remove a file. As for adding files. It can be restored for a day."""
    task_files.remove_file(member, file_id)


@operation("POST", "/sessions/{session_id}/files/{file_id}/restore", "sessions:write")
def restore_file(member: Member, file_id: str) -> FileGiven:
    """Restore a removed file, at its place. As for adding files."""
    task_files.restore_file(member, file_id)
    return FileGiven.of(_file(member.session_id, file_id))
