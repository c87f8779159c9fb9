"""Files at UploadThing, by version 7 of its HTTP API.

A key is stored once there and not renamed, and what a file is sent as is decided when it is stored. Files are private:
each address is signed. Uploads are signed as those of servers are, for which the service calls nothing back.
"""

import json
import secrets
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from io import BytesIO
from typing import IO, Any

import requests

from poker_app.files.engines.base import (
    ALLOWED_FOR,
    IN_MEMORY,
    OCTETS,
    PIECE,
    SIGNED_FOR,
    TIMEOUTS,
    StoreError,
    Timeouts,
    Upload,
    copied,
    in_time,
    spooled,
)
from poker_app.files.engines.uploadthing_addresses import file_key, signed_address
from poker_app.files.kinds import KINDS, PICTURES, TEXT
from poker_app.settings import Settings
from poker_app.uploadthing_token import Token, read_token

# The release of the official package whose requests these are.
VERSION = "7.7.4"
API = "https://api.uploadthing.com"
# Seconds until a file that was not found is asked for once more: what was just stored may not be everywhere yet.
LATE = 1.0
SET_UP = "Copy UPLOADTHING_TOKEN anew, and let uploads override the ACL, as docs/files.md says."
REACH = "Check the network, and whether UploadThing is up."


class UploadThing:
    """The store ``uploadthing``: one app of the service."""

    def __init__(self, token: Token, base: str, *, timeouts: Timeouts = TIMEOUTS) -> None:
        """``base``: the address of a double of the whole service; empty for the real one."""
        self._timeouts = timeouts
        self._token = token
        self._api = base or API
        # An address is signed in the form that browsers give it, in which the host's letters are small.
        self._ingest = base or f"https://{token.regions[0]}.{token.ingest_host}".lower()
        host = base or f"https://{token.app_id}.ufs.sh".lower()
        self._files = f"{base}/a/{token.app_id}" if base else f"{host}/f"
        self.origins: tuple[str, ...] = tuple(dict.fromkeys([self._ingest, host]))

    @classmethod
    def of(cls, settings: Settings) -> "UploadThing":
        """The store that the settings name."""
        return cls(read_token(settings.uploadthing_token), settings.uploadthing_base.rstrip("/"))

    def upload(self, key: str, size: int, name: str) -> Upload:
        return Upload(self._upload_address(key, size, name, OCTETS), {}, "file")

    def write(self, key: str, content: IO[bytes], size: int, kind: str, save_as: str | None = None) -> int:
        ending = KINDS[kind].ending if kind in KINDS else ""
        with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as copy:
            count = copied(content, copy, size)
            if count != size:
                return count
            copy.seek(0)
            try:
                self._put(self._upload_address(key, size, save_as or f"{key}{ending}", kind), copy, size, kind)
            except StoreError:
                # A key is stored once, so it is refused where an earlier attempt has stored it; or an answer was lost.
                if not self._holds(key, copy, size):
                    raise
        return size

    def open(self, key: str, limit: int) -> IO[bytes]:
        for wait in (LATE, 0):
            with self._sent("GET", self._address(key), stream=True) as answer:
                if answer.status_code != 404:
                    _check("give a file", answer)
                    return spooled(in_time(answer.iter_content(PIECE), self._timeouts.whole), limit)
            time.sleep(wait)
        raise FileNotFoundError(key)

    def address(self, key: str, kind: str, save_as: str | None) -> str | None:
        return self._address(key)

    def delete(self, key: str) -> None:
        headers = {
            "x-uploadthing-api-key": self._token.api_key,
            "x-uploadthing-be-adapter": "server-sdk",
            "x-uploadthing-version": VERSION,
        }
        body = {"fileKeys": [self._key(key)]}
        with self._sent("POST", f"{self._api}/v6/deleteFiles", json=body, headers=headers) as answer:
            _check("delete a file", answer)
            if _json(answer).get("success") is not True:
                raise StoreError("UploadThing did not delete a file.", SET_UP)

    def check(self) -> None:
        key, content = f"check-{secrets.token_hex(8)}", b"Faceup"
        self.write(key, BytesIO(content), len(content), TEXT)
        try:
            with self._sent("GET", f"{self._files}/{self._key(key)}", stream=True) as answer:
                if answer.ok:
                    raise StoreError("UploadThing gives a private file to everybody.", SET_UP)
            with self.open(key, len(content)) as found:
                if found.read() != content:
                    raise StoreError("UploadThing gives something else than was stored.", REACH)
        finally:
            self.delete(key)

    def _key(self, key: str) -> str:
        return file_key(self._token.app_id, key)

    def _address(self, key: str) -> str:
        return signed_address(f"{self._files}/{self._key(key)}", self._token.api_key, _in_milliseconds(SIGNED_FOR))

    def _upload_address(self, key: str, size: int, name: str, kind: str) -> str:
        return signed_address(
            f"{self._ingest}/{self._key(key)}",
            self._token.api_key,
            _in_milliseconds(ALLOWED_FOR),
            {
                "x-ut-identifier": self._token.app_id,
                "x-ut-file-name": name,
                "x-ut-file-size": size,
                "x-ut-file-type": kind,
                # Without a slug, which names a route of the official package, nothing is called back.
                "x-ut-content-disposition": "inline" if kind in PICTURES.values() else "attachment",
                "x-ut-acl": "private",
            },
        )

    def _put(self, address: str, content: IO[bytes], size: int, kind: str) -> None:
        form = _Form(content, size, kind, self._timeouts.whole)
        headers = {
            "Content-Type": f"multipart/form-data; boundary={form.boundary}",
            "Range": "bytes=0-",
            "x-uploadthing-version": VERSION,
        }
        with self._sent("PUT", address, data=form, headers=headers) as answer:
            _check("store a file", answer)
            if "error" in (said := _json(answer)):
                raise StoreError(f"UploadThing did not store a file: {said['error']!s:.200}", SET_UP)

    def _holds(self, key: str, content: IO[bytes], size: int) -> bool:
        """Whether exactly these bytes are stored under the key, as far as the service says."""
        content.seek(0)
        try:
            with self.open(key, size) as stored:
                while piece := content.read(PIECE):
                    if stored.read(PIECE) != piece:
                        return False
                return not stored.read(1)
        except OSError:
            return False

    @contextmanager
    def _sent(self, method: str, address: str, *, stream: bool = False, **more: Any) -> Iterator[requests.Response]:
        """Sends a request. Errors do not quote the address, which is signed."""
        try:
            with requests.Session() as session:
                request = session.prepare_request(requests.Request(method, address, **more))
                # The library writes %7E as a tilde, and the signature is over each character.
                request.url = address
                around = session.merge_environment_settings(address, {}, stream, None, None)
                yield session.send(request, timeout=self._timeouts[:2], **around)
        except requests.RequestException as problem:
            message = f"UploadThing did not answer: {type(problem).__name__}."
            raise StoreError(message, REACH) from None


class _Form:
    """The multipart body of an upload, which is sent a piece at a time, with its length."""

    def __init__(self, content: IO[bytes], size: int, kind: str, within: float) -> None:
        self.boundary = secrets.token_hex(16)
        about = 'Content-Disposition: form-data; name="file"; filename="blob"'
        self._head = f"--{self.boundary}\r\n{about}\r\nContent-Type: {kind}\r\n\r\n".encode()
        self._content, self._size, self._within = content, size, within
        self._tail = f"\r\n--{self.boundary}--\r\n".encode()

    def __len__(self) -> int:
        return len(self._head) + self._size + len(self._tail)

    def __iter__(self) -> Iterator[bytes]:
        yield self._head
        yield from in_time(iter(partial(self._content.read, PIECE), b""), self._within)
        yield self._tail


def _in_milliseconds(seconds: int) -> int:
    """The moment so many seconds from now."""
    return int((time.time() + seconds) * 1000)


def _check(what: str, answer: requests.Response) -> None:
    if answer.ok:
        return
    said = _json(answer)
    about = said.get("error") or said.get("message") or ""
    message = f"UploadThing refused to {what}: {answer.status_code} {about!s:.200}".rstrip()
    raise StoreError(message, SET_UP if answer.status_code < 500 else REACH)


def _json(answer: requests.Response) -> dict[str, Any]:
    """The object that an answer is, empty for one that is none."""
    try:
        said = json.loads(answer.content)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}
