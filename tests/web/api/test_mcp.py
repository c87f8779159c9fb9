"""The tools for assistants, message by message. The SDK's own client asks real servers in tests/engines/test_mcp.py."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from poker_app.accounts import api_tokens, memberships
from poker_app.accounts.models import User
from poker_app.api import tools
from poker_app.api.operations import OPERATIONS
from poker_app.api.tools import LEFT_OUT
from poker_app.db import session
from tests.api_client import Assistant, program_of
from tests.world.pages import Club

MODERN = "2026-07-28"
ENVELOPE = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientCapabilities": {},
}
INITIALIZE = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "tests", "version": "1"}}


def assistant_of(club: Club, user_id: str, *scopes: str) -> Assistant:
    return Assistant(club.app, program_of(club.app, user_id, club.account, *scopes).token)


@pytest.fixture
def tim(club: Club) -> Assistant:
    """Tim's, who lets it do all that he may."""
    return assistant_of(club, club.tim.user)


@pytest.fixture
def reader(club: Club) -> Assistant:
    """Tim's, which may only read sessions."""
    return assistant_of(club, club.tim.user, "sessions:read")


class TestTools:
    def test_each_operation_is_one_for_those_with_its_scope(self, club: Club, reader: Assistant) -> None:
        readable = [
            each
            for each in OPERATIONS
            if each.media_type.startswith(("application/json", "text/")) and each.name not in LEFT_OUT
        ]
        assert list(assistant_of(club, club.olga.user).lists()) == [each.name for each in readable]
        assert list(reader.lists()) == [each.name for each in readable if each.scope in ("", "sessions:read")]

    def test_they_say_what_they_do_to_a_session(self, club: Club) -> None:
        listed = assistant_of(club, club.olga.user).lists()
        for each in OPERATIONS:
            if each.name in listed:
                assert listed[each.name]["annotations"]["readOnlyHint"] == (each.method == "GET")
        assert listed["open_session"]["annotations"] == {
            "readOnlyHint": False,
            "destructiveHint": False,
            "idempotentHint": False,
            "openWorldHint": False,
        }
        assert listed["end_session"]["annotations"]["destructiveHint"] is True
        assert listed["change_options"]["annotations"]["idempotentHint"] is True

    def test_their_arguments_have_one_meaning_each(self) -> None:
        for name, tool in tools.tools().items():
            schema = tool.input_schema
            Draft202012Validator.check_schema(schema)
            taken = [model.model_fields for model in (tool.operation.query, tool.operation.body) if model]
            assert len(schema["properties"]) == len(tool.operation.parts) + sum(map(len, taken)), name
            assert tool.operation.about[0], name

    def test_a_reader_is_refused_what_it_is_not_shown(self, reader: Assistant) -> None:
        assert reader.refused("open_session") == "This token lacks the scope sessions:write. Make one that has it."

    def test_an_unknown_one_is_none(self, tim: Assistant) -> None:
        answer = tim.sends("tools/call", {"name": "shuffle", "arguments": {}})
        assert answer.get_json()["error"] == {"code": -32602, "message": "There is no tool shuffle."}


class TestCalling:
    def test_it_is_the_operation(self, tim: Assistant) -> None:
        result = tim.calls("open_session", name="Sprint 42", tasks=[{"title": "Pay by card"}, {"title": "Refunds"}])
        made = result["structuredContent"]
        assert (result["isError"], made["name"], made["tasks"]) == (False, "Sprint 42", 2)
        # Presence and the time change with every reading.
        read = tim.calls("read_session", session_id=made["id"])["structuredContent"]
        assert read == tim.get(f"/sessions/{made['id']}").get_json()
        assert read.items() <= made.items()
        assert tim.calls("list_sessions", show="live", limit=1)["structuredContent"]["items"][0]["id"] == made["id"]

    @pytest.mark.parametrize(
        ("arguments", "sentence"),
        [
            (
                {"tasks": [{"title": 3}], "nmae": "x"},
                "tasks/0/title: Input should be a valid string\nnmae: There is no such field.",
            ),
            ({"tasks": [{"title": "Good"}, {"title": ""}]}, "tasks/1/title: "),
            ({"deck": "none"}, "deck: "),
        ],
    )
    def test_unusable_arguments_are_named(self, tim: Assistant, arguments: dict[str, Any], sentence: str) -> None:
        assert sentence in tim.refused("open_session", **arguments)

    def test_a_text_that_is_none_is_refused(self, tim: Assistant) -> None:
        asked = {"name": "open_session", "arguments": {"name": "\ud800"}, "_meta": ENVELOPE}
        headers = {"MCP_Protocol_Version": MODERN, "Mcp_Method": "tools/call", "Mcp_Name": "open_session"}
        answer = tim.sends("tools/call", asked, **headers)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        assert answer.get_json()["result"]["isError"] is True

    @pytest.mark.parametrize("session_id", ["", "a/b", "a\0b", "-1", 5, None, ["a"]])
    def test_what_is_no_part_of_an_address_is_no_id(self, tim: Assistant, session_id: Any) -> None:
        assert tim.refused("read_session", session_id=session_id).startswith("session_id: ")

    def test_what_the_token_does_not_reach_does_not_exist(self, club: Club, tim: Assistant) -> None:
        theirs = program_of(club.app, club.mallory.user, club.mallory.account).opens()["id"]
        refused = tim.refused("read_session", session_id=theirs)
        assert refused == tim.get(f"/sessions/{theirs}").get_json()["detail"]
        assert refused == tim.refused("end_session", session_id=theirs)

    def test_a_role_refuses_what_it_refuses_on_the_page(self, club: Club, tim: Assistant) -> None:
        opened = program_of(club.app, club.olga.user, club.account).opens()["id"]
        club.tim.post(f"/sessions/{opened}/members", {"member_name": "Tim", "role": "voter"}, htmx=False)
        assert tim.refused("end_session", session_id=opened) == "Only a facilitator may end the session."

    def test_a_hidden_card_makes_no_difference(self, club: Club, tim: Assistant) -> None:
        opened = tim.calls("open_session", tasks=[{"title": "One"}])["structuredContent"]
        path = f"/sessions/{opened['id']}"
        club.cast.gus.post(f"{path}/members", {"member_name": "Gus", "role": "voter"}, htmx=False)
        seen = []
        for card in ("5", "8"):
            club.cast.gus.post(f"{path}/votes", {"round": opened["round"]["id"], "card": card}, htmx=False)
            now = tim.calls("read_session", session_id=opened["id"])["structuredContent"]
            assert (now["round"]["voted"], now["round"]["cards"], now["round"]["figures"]) == (1, None, None)
            seen.append({**now, "version": None})
        assert seen[0] == seen[1]


class TestProtocol:
    def test_it_begins_with_what_an_assistant_has_to_know(self, tim: Assistant) -> None:
        result = tim.sends("initialize", INITIALIZE, MCP_Protocol_Version="").get_json()["result"]
        assert result["protocolVersion"] == "2025-11-25"
        assert result["serverInfo"]["name"] == "faceup"
        assert "before it to nobody" in result["instructions"]

    def test_every_message_counts_among_the_tokens_requests(self, tim: Assistant) -> None:
        first, second = (tim.sends("tools/list").headers["RateLimit"] for _ in range(2))
        assert (first[:13], second[:13]) == ('"api";r=599;t', '"api";r=598;t')

    @pytest.mark.parametrize("token", ["", "faceup_pat_nonsense"])
    def test_without_a_good_token_it_is_401(self, tim: Assistant, token: str) -> None:
        answer = tim.sends("tools/list", Authorization=token and f"Bearer {token}")
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
        assert answer.mimetype == "application/problem+json"

    def test_a_token_that_was_ended_is_401_at_once(self, club: Club, tim: Assistant) -> None:
        assert tim.sends("tools/list").status_code == 200
        with club.app.app_context():
            olga = memberships.membership_for(session.get(User, club.olga.user), club.account)
            assert olga
            api_tokens.end(olga, api_tokens.tokens_of(olga)[0].token.id)
        assert tim.sends("tools/list").status_code == 401

    @pytest.mark.parametrize("version", ["2025-11-25", MODERN, "1999-01-01"])
    @pytest.mark.parametrize(
        "body",
        [
            *(b"", b"[]", b"5", b"\xff", b"[" * 5_000, b"9" * 5_000),
            b'{"jsonrpc": "2.0", "id": 1, "result": {}}',
            b'{"jsonrpc": "2.0", "id": 1, "method": "shuffle"}',
            b'{"jsonrpc": "2.0", "id": {}, "method": "tools/list"}',
            b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": 5}}',
            b'{"jsonrpc": "2.0", "id": 1, "method": "subscriptions/listen", "params": {}}',
        ],
    )
    def test_what_is_no_message_does_no_harm(self, tim: Assistant, body: bytes, version: str) -> None:
        headers = {"Authorization": f"Bearer {tim.token}", "MCP-Protocol-Version": version}
        headers |= {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
        answer = tim._client.post("/mcp", data=body, headers=headers)
        told = answer.get_json(silent=True) or {}
        assert answer.status_code in (202, 400) or "error" in told, answer.get_data(as_text=True)

    @pytest.mark.parametrize("method", ["GET", "DELETE", "PUT"])
    def test_there_is_neither_a_stream_nor_a_session(self, tim: Assistant, method: str) -> None:
        answer = tim._client.open("/mcp", method=method, headers={"Authorization": f"Bearer {tim.token}"})
        assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")

    @pytest.mark.parametrize(
        ("headers", "status"), [({"Origin": "https://elsewhere.example"}, 403), ({"Host": "elsewhere.example"}, 200)]
    )
    def test_a_page_of_another_site_is_refused(self, tim: Assistant, headers: dict[str, str], status: int) -> None:
        # By name only where TRUSTED_HOSTS says which; tests/web/test_host_check.py.
        assert tim.sends("tools/list", **headers).status_code == status

    def test_what_breaks_says_nothing_about_it(self, tim: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
        def breaks(*_: Any) -> None:
            raise RuntimeError("a secret")

        monkeypatch.setattr(tools, "call", breaks)
        answer = tim.sends("tools/call", {"name": "list_sessions", "arguments": {}})
        assert (answer.status_code, answer.mimetype) == (500, "application/problem+json")
        assert "secret" not in answer.get_data(as_text=True)
