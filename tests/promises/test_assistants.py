"""Assistants and real servers: the SDK's own client, in both ages of its protocol, asks the embedded server and
gunicorn with two workers, between which nothing is kept."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from flask import Flask
from mcp import MCPError
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import TextContent

from poker_app.accounts import api_tokens, memberships
from poker_app.accounts.memberships import LOCAL
from poker_app.settings import ROOT, Settings
from tests.api_client import Program, program_of
from tests.browser.live_server import House
from tests.visitor import Address, Visitor

AT_ONCE = 24


class Embedded(House):
    """The embedded server."""

    more = {"REALTIME": "embedded"}


class Workers(House):
    """gunicorn as deploy/ runs it, with two workers."""

    program = "gunicorn"
    says = "Listening at"
    more = {"REALTIME": "none", "WEB_CONCURRENCY": "2"}

    @property
    def options(self) -> tuple[str, ...]:  # type: ignore[override]
        return ("--config", str(ROOT / "deploy/gunicorn.conf.py"), "--bind", f"127.0.0.1:{self.port}")


@pytest.fixture(params=[Embedded, Workers])
def house(request: pytest.FixtureRequest, settings: Settings, empty: Path, tmp_path: Path) -> Iterator[House]:
    folder = tmp_path / "house"
    folder.mkdir()
    house = request.param(folder, empty, DATABASE_URL=settings.database_url, **request.param.more)
    yield house
    house.stop()


def program(app: Flask, *scopes: str) -> Program:
    return program_of(app, None, LOCAL, *scopes, role="facilitator")


@asynccontextmanager
async def assistant(house: House, program: Program, age: str = "auto") -> AsyncIterator[Client]:
    headers = {"Authorization": f"Bearer {program.token}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=60) as http,
        Client(streamable_http_client(f"{house.url}/mcp", http_client=http), mode=age) as client,
    ):
        yield client


async def done(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    return result.structured_content  # type: ignore[no-any-return]


async def refused(client: Client, tool: str, **arguments: Any) -> str:
    result = await client.call_tool(tool, arguments)
    assert result.is_error
    assert isinstance(result.content[0], TextContent)
    return result.content[0].text


def on_a_thread(story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Tells a story in a loop on a thread of its own: after a browser story this one has a loop that runs."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, story()).result()


@pytest.mark.parametrize("age", ["legacy", "auto"])  # a handshake first, or requests that stand alone
def test_an_assistant_plays_a_session(app: Flask, house: House, age: str) -> None:
    ada = Visitor(Address(house.port, patience=60), "Ada")

    async def story() -> None:
        async with assistant(house, program(app), age) as client:
            assert client.server_info.name == "faceup"
            assert "card" in (client.instructions or "")
            opened = await done(client, "open_session", name="Sprint 42", votes=True, tasks=[{"title": "Pay by card"}])
            here, path = {"session_id": opened["id"]}, f"/sessions/{opened['id']}"
            round_id = opened["round"]["id"]
            await asyncio.to_thread(ada.joins, path)
            assert await asyncio.to_thread(ada.post, f"{path}/votes", round=round_id, card="5") == 303
            hidden = (await done(client, "read_session", **here))["round"]
            assert (hidden["voted"], hidden["cards"], hidden["figures"]) == (1, None, None)
            assert await done(client, "vote", **here, round_id=round_id, card="8") == {"card": "8"}
            shown = await done(client, "reveal_round", **here, round_id=round_id)
            assert {each["card"]: each["voters"] for each in shown["cards"]} == {"5": ["Ada"], "8": ["Program"]}
            assert await refused(client, "vote", **here, round_id=round_id, card="5")
            task_id = opened["task"]["id"]
            await done(client, "estimate_task", **here, task_id=task_id, round_id=round_id, estimate="8")
            assert (await done(client, "read_task", **here, task_id=task_id))["estimate"] == "8"
            report = await client.call_tool("report_as_markdown", here)
            assert "Pay by card" in report.content[0].text  # type: ignore[union-attr]
            assert (await done(client, "end_session", **here))["state"] == "ended"
            assert await refused(client, "change_options", **here, name="Later") == "The session has ended."

    on_a_thread(story)


def test_a_reader_is_shown_what_it_may_and_nothing_else(app: Flask, house: House) -> None:
    async def story() -> None:
        async with (
            assistant(house, program(app, "sessions:read")) as reader,
            assistant(house, program(app)) as writer,
        ):
            shown = (await reader.list_tools()).tools
            assert {each.name for each in shown} < {each.name for each in (await writer.list_tools()).tools}
            assert all(each.annotations and each.annotations.read_only_hint for each in shown)
            assert await refused(reader, "open_session") == (
                "This token lacks the scope sessions:write. Make one that has it."
            )
            with pytest.raises(MCPError, match="There is no tool shuffle"):
                await writer.call_tool("shuffle", {})

    on_a_thread(story)


def test_a_token_that_was_ended_is_good_for_nothing(app: Flask, house: House) -> None:
    ended = program(app)

    async def story() -> None:
        async with assistant(house, ended) as client:
            await done(client, "list_sessions")
            with app.app_context():
                account = memberships.membership_for(None, LOCAL)
                assert account
                api_tokens.end(account, api_tokens.tokens_of(account)[0].token.id)
            with pytest.raises(MCPError):
                await client.call_tool("list_sessions", {})

    on_a_thread(story)


def test_calls_at_one_moment_do_not_mix(app: Flask, house: House) -> None:
    async def story() -> None:
        async with assistant(house, program(app)) as client:
            opened = await asyncio.gather(
                *(done(client, "open_session", name=f"Session {number}") for number in range(AT_ONCE))
            )
            assert [each["name"] for each in opened] == [f"Session {number}" for number in range(AT_ONCE)]
            read = await asyncio.gather(*(done(client, "read_session", session_id=each["id"]) for each in opened))
            assert [each["name"] for each in read] == [each["name"] for each in opened]

    on_a_thread(story)
