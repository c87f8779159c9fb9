"""The API of a Faceup server: requests with a token, sent again where a network or a restart lost the answer."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.util import Retry

from faceup import VERSION

# Seconds: to connect, and between two bytes of an answer.
TIMEOUT = (5, 30)
# What a proxy or a server that is just starting answers with.
UNREADY = (502, 503, 504)


class Refused(Exception):
    """The server said no: its status, its sentence, and after how many seconds it may be asked again."""

    def __init__(self, status: int, sentence: str, retry_after: int | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.retry_after = retry_after


class Unreachable(Exception):
    """The server did not answer, or what did is no Faceup server."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server answered. ``body`` is None where nothing has changed since the etag that was sent."""

    body: Any
    etag: str
    content: bytes


class _Bearer(AuthBase):
    """The token. As a header of the session's, one of ~/.netrc would go before it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Api:
    """A server, and the token that it is asked with. A request is sent at most ``tries`` times."""

    def __init__(self, server: str, token: str, *, tries: int = 5) -> None:
        self.server = server
        self._http = requests.Session()
        self._http.auth = _Bearer(token)
        self._http.headers["User-Agent"] = f"faceup/{VERSION}"
        # A POST may be sent again too, because each has a key. Waits 0, 1, 2 and 4 seconds.
        again = Retry(
            total=tries - 1,
            backoff_factor=0.5,
            status_forcelist=UNREADY,
            allowed_methods=None,
            respect_retry_after_header=False,
            raise_on_status=False,
        )
        self._http.mount("http://", HTTPAdapter(max_retries=again))
        self._http.mount("https://", HTTPAdapter(max_retries=again))

    def get(self, path: str, *, etag: str = "", **query: str | int) -> Answer:
        """Reads. With the ``etag`` of an answer, ``body`` is None while that has not changed."""
        return self._ask("GET", path, {"If-None-Match": etag} if etag else {}, query=query)

    def items(self, path: str, **query: str | int) -> Iterator[Any]:
        """Reads a list, page after page."""
        cursor: str | None = ""
        while cursor is not None:
            page = self._ask("GET", path, {}, query={**query, "cursor": cursor}).body
            yield from page["items"]
            cursor = page["next_cursor"]

    def post(self, path: str, body: Any = None) -> Answer:
        """Makes or does something, once, however often the request has to be sent."""
        return self._ask("POST", path, {"Idempotency-Key": str(uuid.uuid4())}, body={} if body is None else body)

    def put(self, path: str, body: Any) -> Answer:
        """Sets something."""
        return self._ask("PUT", path, {}, body=body)

    def _ask(self, method: str, path: str, headers: dict[str, str], *, query: Any = None, body: Any = None) -> Answer:
        try:
            answer = self._http.request(
                method,
                f"{self.server}/api/v1{path}",
                params=query,
                json=body,
                headers=headers,
                timeout=TIMEOUT,
                allow_redirects=False,
            )
        except requests.RequestException as problem:
            raise Unreachable(f"{self.server} does not answer: {_reason(problem)}.") from problem
        if answer.is_redirect:
            raise Unreachable(f"{self.server} leads to {answer.headers['Location']}. Log in with that address.")
        if answer.status_code >= 400:
            raise self._refusal(answer)
        if answer.status_code == 304:
            return Answer(None, answer.headers.get("ETag", ""), b"")
        is_json = answer.headers.get("Content-Type", "").startswith("application/json")
        return Answer(answer.json() if is_json else None, answer.headers.get("ETag", ""), answer.content)

    def _refusal(self, answer: requests.Response) -> Exception:
        if not answer.headers.get("Content-Type", "").startswith("application/problem+json"):
            return Unreachable(f"{self.server} does not answer as a Faceup server does: HTTP {answer.status_code}.")
        problem = answer.json()
        fields = [f"{each['pointer']}: {each['detail']}" for each in problem["errors"]]
        more = [each for each in fields if problem["detail"] not in each]
        wait = answer.headers.get("Retry-After", "")
        return Refused(
            answer.status_code, "\n  ".join([problem["detail"], *more]), int(wait) if wait.isdecimal() else None
        )


def _reason(problem: Exception) -> str:
    """The innermost cause, as the operating system says it."""
    while inner := problem.__cause__ or problem.__context__:
        if not isinstance(inner, Exception):
            break
        problem = inner
    return getattr(problem, "strerror", None) or str(problem) or type(problem).__name__
