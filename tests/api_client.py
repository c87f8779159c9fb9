"""A program with a token: the API's requests, each checked against what the document says of its answer."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from poker_app.accounts import api_tokens, memberships
from poker_app.accounts.models import User
from poker_app.db import session
from poker_app.rules.api_tokens import SCOPES


class Program:
    """A program that knows one token."""

    def __init__(self, app: Flask, token: str) -> None:
        self.token = token
        self._client: FlaskClient = app.test_client(use_cookies=False)

    def hear(self, hear: Callable[[object], None]) -> None:
        """Has each answer told, where the client is one that shows what it was answered."""
        self._client.seen = hear  # type: ignore[attr-defined]

    def asks(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        """Sends a request below ``/api/v1``; underscores in names of headers are hyphens."""
        sent = {name.replace("_", "-"): text for name, text in headers.items()}
        sent = {"Authorization": f"Bearer {self.token}", **sent}
        return self._client.open(f"/api/v1{path}", method=method, json=body, headers=sent)

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.asks("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> TestResponse:
        return self.asks("POST", path, {} if body is None else body, **headers)

    def patch(self, path: str, body: Any, **headers: str) -> TestResponse:
        return self.asks("PATCH", path, body, **headers)

    def put(self, path: str, body: Any, **headers: str) -> TestResponse:
        return self.asks("PUT", path, body, **headers)

    def delete(self, path: str, **headers: str) -> TestResponse:
        return self.asks("DELETE", path, **headers)

    def opens(self, name: str = "Sprint 42", **more: Any) -> dict[str, Any]:
        """Opens a session and returns it."""
        answer = self.post("/sessions", {"name": name, **more})
        assert answer.status_code == 201, answer.get_data(as_text=True)
        return answer.get_json()  # type: ignore[no-any-return]


class Assistant(Program):
    """An assistant that speaks for one token."""

    def sends(self, method: str, params: dict[str, Any] | None = None, **headers: str) -> TestResponse:
        """Posts one message of the protocol; underscores in names of headers are hyphens."""
        sent = {"Authorization": f"Bearer {self.token}", "Accept": "application/json, text/event-stream"}
        sent |= {"MCP-Protocol-Version": "2025-11-25"}
        sent |= {name.replace("_", "-"): text for name, text in headers.items()}
        message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params or {}}
        headers = {name: text for name, text in sent.items() if text}
        # On a thread of its own, as a server's requests are: beside browser stories this one has a loop that runs.
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(self._client.post, "/mcp", json=message, headers=headers).result()

    def lists(self) -> dict[str, Any]:
        return {each["name"]: each for each in self.sends("tools/list").get_json()["result"]["tools"]}

    def calls(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """The result of a tool."""
        answer = self.sends("tools/call", {"name": tool, "arguments": arguments})
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return answer.get_json()["result"]  # type: ignore[no-any-return]

    def refused(self, tool: str, **arguments: Any) -> str:
        """What a tool says that it refuses."""
        result = self.calls(tool, **arguments)
        assert result["isError"] is True
        assert "structuredContent" not in result
        return result["content"][0]["text"]  # type: ignore[no-any-return]


def program_of(app: Flask, user_id: str | None, account_id: str, *scopes: str, role: str | None = None) -> Program:
    """A program with a new token: of a user, or, with a ``role``, of a service that the user makes it for. Without
    ``scopes`` it has all that its maker may give."""
    with app.app_context():
        membership = memberships.membership_for(session.get(User, user_id) if user_id else None, account_id)
        assert membership
        given = scopes or (SCOPES if membership.arranges else [each for each in SCOPES if each != "account:write"])
        _, text = api_tokens.make(membership, name="Program", scopes=given, days="30", service_role=role)
    return Program(app, text)
