"""Receives the bytes of a file that a browser was allowed to add, for a store in a folder of this machine."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from poker_app import files
from poker_app.errors import NotFound
from poker_app.files import storage

blueprint = Blueprint("uploads", __name__, url_prefix="/uploads")


def longest_upload(path: str) -> int:
    """Returns how many bytes a request to this path may carry as a file, before any of them is read; 0 where no upload
    was allowed."""
    allowed = files.allowed_upload(path.removeprefix("/uploads/")) if path.startswith("/uploads/") else None
    return allowed[1] if allowed else 0


@blueprint.put("/<token>")
def receive(token: str) -> ResponseReturnValue:
    """Stores the bytes that a token stands for. They are checked when the browser reports that they arrived.

    Raises:
        NotFound: (404) the token was made up, or is too old.
    """
    allowed = files.allowed_upload(token)
    if allowed is None:
        raise NotFound("This upload was not begun here, or too long ago. Please add the file again.")
    key, size = allowed
    # Set before the stream is asked for: nothing but an allowed upload may be longer than a form.
    request.max_content_length = size
    storage.receive(key, size, request.stream)
    return "", 204
