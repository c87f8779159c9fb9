"""The service as the engine sees it: uploads, files and its API at one address, with the refusals of each."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, unquote

from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Request, Response

from tests.providers.servers import served

REQUIRED = {"expires", "x-ut-identifier", "x-ut-file-name", "x-ut-file-size"}
OPTIONAL = {"x-ut-file-type", "x-ut-slug", "x-ut-custom-id", "x-ut-content-disposition", "x-ut-acl"}
LONGEST_ADDRESS = 8_000


class Refused(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Asked(NamedTuple):
    """A request that was taken: its body is a form's parts (field, name, media type, bytes), or JSON."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: object


class Stored(NamedTuple):
    name: str
    kind: str
    disposition: str
    acl: str
    content: bytes


def token_for(app_id: str, api_key: str) -> str:
    about = {"apiKey": api_key, "appId": app_id, "regions": ["sea1", "fra1"]}
    return base64.b64encode(json.dumps(about).encode()).decode()


class UploadThingDouble:
    """``ahead``: by how many seconds its clock is. ``late``: how many times what is stored is not found yet. ``down``:
    whether everything fails. ``fails_after``: the method of requests that are carried out and answered with 500.
    ``overridable``: whether the app lets an upload choose its ACL. ``everybody_reads``: whether it gives private files
    without a signature, as no service should."""

    api_key = "sk_test_double"
    app_id = "faceupdouble"
    # What the official package's keys of this app begin with.
    prefix = "2fDN9FPUIbSy"

    def __init__(self) -> None:
        self.url = ""
        self.reset()

    def reset(self) -> None:
        """Forgets all that was stored, and goes on as a service that is well."""
        self.stored: dict[str, Stored] = {}
        self.asked: list[Asked] = []
        self.ahead, self.fails_after = 0, ""
        self.late, self.down, self.overridable, self.everybody_reads = 0, False, True, False

    @property
    def token(self) -> str:
        return token_for(self.app_id, self.api_key)

    @property
    def settings(self) -> dict[str, str]:
        return {"FILES": "uploadthing", "UPLOADTHING_TOKEN": self.token, "UPLOADTHING_BASE": self.url}

    @Request.application
    def __call__(self, request: Request) -> Response:
        # A body that is not read would break the connection, and the answer with it.
        request.get_data(parse_form_data=True)
        try:
            answer = self._preflight(request) if request.method == "OPTIONS" else self._answered(request)
            if request.method == self.fails_after:
                raise Refused(500, "Internal server error")
        except Refused as refusal:
            answer = _json({"error": str(refusal)}, refusal.status)
        answer.headers["Access-Control-Allow-Origin"] = "*"
        return answer

    def _preflight(self, request: Request) -> Response:
        wanted = request.headers.get("Access-Control-Request-Headers", "")
        allowed = {"Access-Control-Allow-Methods": "GET, HEAD, PUT, POST", "Access-Control-Allow-Headers": wanted}
        return Response(status=204, headers=allowed)

    def _answered(self, request: Request) -> Response:
        if self.down:
            raise Refused(503, "Service unavailable")
        parts = request.path.strip("/").split("/")
        if request.method == "PUT" and len(parts) == 1:
            return self._upload(request, parts[0])
        if request.method in ("GET", "HEAD") and parts[:2] == ["a", self.app_id] and len(parts) == 3:
            return self._file(request, parts[2])
        if request.method == "POST" and request.path == "/v6/deleteFiles":
            return self._deletion(request)
        raise Refused(404, "Not found")

    def _upload(self, request: Request, key: str) -> Response:
        query = self._signed(request)
        if not query.keys() >= REQUIRED or query.keys() - REQUIRED - OPTIONAL:
            raise Refused(400, "Invalid query parameters")
        if query["x-ut-identifier"] != self.app_id or not key.startswith(self.prefix) or key == self.prefix:
            raise Refused(400, "Invalid file key")
        if request.headers.get("Range", "bytes=0-") != "bytes=0-":
            raise Refused(416, "Nothing of this file is stored yet")
        if key in self.stored:
            raise Refused(409, "This file is stored already")
        file = _only_file(request)
        content = file.read()
        kind = query.get("x-ut-file-type", file.mimetype)
        acl, disposition = query.get("x-ut-acl", "public-read"), query.get("x-ut-content-disposition", "inline")
        if not query["x-ut-file-size"].isdecimal() or int(query["x-ut-file-size"]) != len(content) or not content:
            raise Refused(400, "The file's size is not the one that was signed")
        if file.mimetype != kind:
            raise Refused(400, "The file's type is not the one that was signed")
        if acl not in ("private", "public-read") or disposition not in ("inline", "attachment"):
            raise Refused(400, "Invalid ACL or content disposition")
        if "x-ut-acl" in query and not self.overridable:
            raise Refused(403, "This app does not allow the ACL to be overridden")
        if "x-ut-slug" in query:
            raise Refused(400, "No route was registered for this file")
        self._note(request, query, [(file.name, file.filename, file.mimetype, content)])
        self.stored[key] = Stored(query["x-ut-file-name"], kind, disposition, acl, content)
        address = f"{self.url}/a/{self.app_id}/{key}"
        digest = hashlib.md5(content).hexdigest()
        return _json({"url": address, "appUrl": address, "ufsUrl": address, "fileHash": digest, "serverData": None})

    def _file(self, request: Request, key: str) -> Response:
        file = self.stored.get(key)
        if not self.everybody_reads and (file is None or file.acl == "private" or "signature" in request.args):
            self._note(request, self._signed(request, 403), None)
        if file is None or self.late > 0:
            self.late -= file is not None
            raise Refused(404, "File not found")
        answer = Response(file.content, content_type=file.kind)
        named = {"filename": file.name} if file.name.isascii() else {"filename*": f"UTF-8''{quote(file.name, safe='')}"}
        answer.headers.set("Content-Disposition", file.disposition, **named)
        return answer

    def _deletion(self, request: Request) -> Response:
        if request.headers.get("x-uploadthing-api-key") != self.api_key:
            raise Refused(401, "Invalid API key")
        if not request.headers.get("x-uploadthing-version", "").startswith("7.") or not request.is_json:
            raise Refused(400, "Invalid request")
        keys = request.get_json(silent=True)
        if not isinstance(keys, dict) or [*keys] != ["fileKeys"] or not _are_keys(keys["fileKeys"]):
            raise Refused(400, "Invalid request body")
        self._note(request, {}, keys)
        gone = [self.stored.pop(key, None) for key in keys["fileKeys"]]
        return _json({"success": True, "deletedCount": sum(each is not None for each in gone)})

    def _signed(self, request: Request, status: int = 400) -> dict[str, str]:
        """The query of a signed request, which is signed as a browser sends it, character by character."""
        sent = f"http://{request.host}{request.environ['REQUEST_URI']}"
        signed, _, signature = sent.rpartition("&signature=")
        wanted = hmac.new(self.api_key.encode(), signed.encode(), hashlib.sha256).hexdigest()
        if len(sent) > LONGEST_ADDRESS or unquote(signature) != f"hmac-sha256={wanted}":
            raise Refused(status, "Invalid signature")
        pairs = parse_qsl(signed.partition("?")[2], keep_blank_values=True, strict_parsing=True)
        query = {name: unquote(value, errors="strict") for name, value in pairs}
        if len(query) != len(pairs) or not query.get("expires", "").isdecimal():
            raise Refused(status, "Invalid query parameters")
        if int(query["expires"]) < (time.time() + self.ahead) * 1000:
            raise Refused(status, "This address has expired")
        return query

    def _note(self, request: Request, query: dict[str, str], body: object) -> None:
        self.asked.append(Asked(request.method, request.path, query, _headers(request.headers), body))


def _headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Those that the protocol names."""
    named = {name.lower(): value for name, value in headers.items()}
    return {name: named[name] for name in sorted(named) if name.startswith("x-uploadthing") or name == "range"}


def _only_file(request: Request) -> FileStorage:
    """The file of a form that has nothing but it."""
    files = list(request.files.items(multi=True))
    if request.mimetype != "multipart/form-data" or request.form or len(files) != 1 or files[0][0] != "file":
        raise Refused(400, "The body is no form with one file")
    return files[0][1]


def _are_keys(keys: object) -> bool:
    return isinstance(keys, list) and keys != [] and all(isinstance(key, str) for key in keys)


def _json(said: object, status: int = 200) -> Response:
    return Response(json.dumps(said), status, content_type="application/json")


@contextmanager
def running() -> Iterator[UploadThingDouble]:
    """The double on a port of its own."""
    double = UploadThingDouble()
    app: Callable[..., object] = double
    with served(app) as double.url:
        yield double
