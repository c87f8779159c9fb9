"""What the contract of a store of files is asked of: each engine, how a browser reaches it, and how it fails."""

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest import mock

import requests
from itsdangerous import TimestampSigner

from poker_app import files
from poker_app.files.engines import uploadthing
from poker_app.files.engines.base import Store, Timeouts, Upload
from poker_app.files.engines.disk import Disk
from poker_app.files.engines.s3 import S3, place
from poker_app.files.engines.uploadthing import UploadThing
from poker_app.settings import Settings
from poker_app.uploadthing_token import read_token
from tests.external_engines import free_port
from tests.s3_store import BUCKET, KEY_ID, REGION, SECRET, S3Server
from tests.uploadthing.double import UploadThingDouble, token_for

IN_NO_TIME = Timeouts(connect=0.3, read=0.3, whole=0.3, tries=1)


def send(upload: Upload, content: bytes) -> bool:
    """Sends as a browser does. Returns whether the store took it."""
    file = ("blob", content, "application/octet-stream")
    body: dict[str, Any] = {"files": {upload.field: file}} if upload.field else {"data": content}
    return requests.put(upload.url, headers=upload.headers, timeout=20, **body).ok


@contextmanager
def _signed_by_boto(seconds_ago: int) -> Iterator[None]:
    def then(remove_tzinfo: bool = True) -> datetime:
        moment = datetime.now(UTC) - timedelta(seconds=seconds_ago)
        return moment.replace(tzinfo=None) if remove_tzinfo else moment

    with mock.patch("botocore.auth.get_current_datetime", then):
        yield


@dataclass(frozen=True)
class Stand:
    """A store, and what a test needs beside it."""

    name: str
    store: Store
    signed: Callable[[int], AbstractContextManager[Any]]
    """Within it, the store signs as it did so many seconds ago."""
    send: Callable[..., bool] = send
    faults: Mapping[str, Store] = field(default_factory=dict)
    """The same store where it is down, slow, or not set up."""
    replaces: bool = True
    """Whether what is under a key can be replaced."""
    is_cached_privately: bool = True
    """Whether the store says to caches that a file is for one browser alone."""


@contextmanager
def disk(folder: Path) -> Iterator[Stand]:
    store = Disk(folder / "files", "a key")

    def through_the_application(upload: Upload, content: bytes) -> bool:
        key, size = store.allowed(upload.url.removeprefix("/uploads/")) or ("", -1)
        return store.write(key, BytesIO(content), size, "") == size if key else False

    def signed(seconds_ago: int) -> AbstractContextManager[Any]:
        then = int(datetime.now(UTC).timestamp()) - seconds_ago
        return mock.patch.object(TimestampSigner, "get_timestamp", return_value=then)

    (folder / "no folder").write_text("")
    yield Stand("disk", store, signed, through_the_application, {"no folder": Disk(folder / "no folder", "a key")})


@contextmanager
def s3(server: S3Server) -> Iterator[Stand]:
    keys = KEY_ID, SECRET
    at = partial(place, BUCKET, REGION)
    with ExitStack() as stack:
        silent = stack.enter_context(closing(socket.create_server(("127.0.0.1", 0))))
        faults = {
            "closed port": S3(at(f"http://127.0.0.1:{free_port()}"), keys, timeouts=IN_NO_TIME),
            "no answer": S3(at(f"http://127.0.0.1:{silent.getsockname()[1]}"), keys, timeouts=IN_NO_TIME),
            "no bucket": S3(place("no-such-bucket", REGION, server.url), keys),
            "other region": S3(place(BUCKET, "eu-west-1", server.url), keys),
            "unknown key": S3(at(server.url), ("AKIAMALLORY", SECRET)),
            "wrong secret": S3(at(server.url), (KEY_ID, "a guess")),
        }
        yield Stand("s3", S3(at(server.url), keys), _signed_by_boto, faults=faults)


def _signed_for_uploadthing(seconds_ago: int) -> AbstractContextManager[Any]:
    then = uploadthing._in_milliseconds(-seconds_ago)
    return mock.patch.object(uploadthing, "_in_milliseconds", lambda seconds: then + seconds * 1000)


@contextmanager
def at_uploadthing(double: UploadThingDouble) -> Iterator[Stand]:
    double.reset()
    token, stranger = (read_token(token_for(double.app_id, key)) for key in (double.api_key, "sk_test_stranger"))
    with closing(socket.create_server(("127.0.0.1", 0))) as silent, mock.patch.object(uploadthing, "LATE", 0.01):
        faults = {
            "closed port": UploadThing(token, f"http://127.0.0.1:{free_port()}", timeouts=IN_NO_TIME),
            "no answer": UploadThing(token, f"http://127.0.0.1:{silent.getsockname()[1]}", timeouts=IN_NO_TIME),
            "unknown key": UploadThing(stranger, double.url),
        }
        store = UploadThing(token, double.url)
        yield Stand(
            "uploadthing", store, _signed_for_uploadthing, replaces=False, is_cached_privately=False, faults=faults
        )


@contextmanager
def answering(raw: bytes) -> Iterator[str]:
    """The address of a server that answers one request by these bytes, and closes the connection."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def answer() -> None:
            taken, _ = server.accept()
            with taken:
                _read_whole(taken)
                taken.sendall(raw)

        thread = threading.Thread(target=answer)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        thread.join()


def _read_whole(taken: socket.socket) -> None:
    """A request with its body: what is left unread when a connection closes may take the answer with it."""
    said = b""
    while b"\r\n\r\n" not in said:
        said += taken.recv(65_536)
    head, _, body = said.partition(b"\r\n\r\n")
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    missing = int(fields.get(b"content-length", 0)) - len(body)
    # A client that asks whether it may go on sends no more before it is answered.
    while missing > 0 and b"expect" not in fields:
        missing -= len(taken.recv(65_536))


def s3_at(url: str) -> Store:
    return S3(place(BUCKET, REGION, url), (KEY_ID, SECRET), timeouts=Timeouts(tries=1))


def uploadthing_at(url: str) -> Store:
    return UploadThing(read_token(token_for("faceup", "sk_test_x")), url)


@contextmanager
def outside() -> Iterator[Stand]:
    """The one that the settings name, FILES and the others in the environment or .env."""
    settings = Settings()
    store = files.ENGINES[settings.files](settings)
    if settings.files == "uploadthing":
        yield Stand(settings.files, store, _signed_for_uploadthing, replaces=False, is_cached_privately=False)
    else:
        yield Stand(settings.files, store, _signed_by_boto)
