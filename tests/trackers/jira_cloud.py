"""A Jira Cloud, after its published description of version 3 and of Jira Software's interface.

https://developer.atlassian.com/cloud/jira/platform/swagger-v3.v3.json
https://developer.atlassian.com/cloud/jira/software/swagger.v3.json
"""

import hashlib
import json
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from typing import Any

from werkzeug.wrappers import Request

from tests.trackers.double import WRITER
from tests.trackers.jira import (
    EMAILS,
    OTHERS,
    PROJECTS,
    JiraDouble,
    Refusal,
    Route,
    not_on_screen,
)

# What may stand in each node of a document.
# https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/
_LISTS, _INLINE = ("bulletList", "orderedList"), ("text", "hardBreak")
_BLOCKS = ("paragraph", "heading", "codeBlock", "blockquote", "rule", *_LISTS)
_CONTENT: Mapping[str, Sequence[str]] = {
    "doc": _BLOCKS,
    "paragraph": _INLINE,
    "heading": _INLINE,
    "codeBlock": ("text",),
    "blockquote": ("paragraph", "codeBlock", *_LISTS),
    "bulletList": ("listItem",),
    "orderedList": ("listItem",),
    "listItem": ("paragraph", "codeBlock", *_LISTS),
    "rule": (),
    "hardBreak": (),
    "text": (),
}
_FULL = ("blockquote", "bulletList", "orderedList", "listItem")


class JiraCloudDouble(JiraDouble):
    kind = "jira"
    api = "/rest/api/3"
    unbounded = False

    def credentials(self, token: str = WRITER) -> dict[str, str]:
        return {"address": self.url, "email": EMAILS.get(token, "olga@example.com"), "token": token}

    def visitor(self, request: Request) -> tuple[str, Mapping[str, str]]:
        """A token that is not known makes a visitor: what they may read is answered, and a header says why."""
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        for token, email in EMAILS.items():
            if scheme == "Basic" and given == b64encode(f"{email}:{token}".encode()).decode():
                return token, {}
        return "", {"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"}

    def own_routes(self) -> Sequence[Route]:
        return [
            Route("GET", r"/rest/api/3/project/search", self.projects, ("startAt", "maxResults", "orderBy", "action")),
            Route("GET", r"/rest/api/3/mypermissions", self.my_permissions, ("permissions", "issueId")),
            Route("POST", r"/rest/api/3/search/jql", self.search),
            Route("GET", r"/rest/api/3/search", self.gone),
            Route("POST", r"/rest/api/3/search", self.gone),
        ]

    def most(self, path: str) -> int:
        return 100 if path.endswith("/project/search") else super().most(path)

    def fields(self) -> list[dict[str, Any]]:
        scope = {"type": "PROJECT", "project": {"id": "10002"}}
        schema = {"type": "number", "custom": "com.pyxis.greenhopper.jira:jsw-story-points", "customId": 10022}
        another = {"id": OTHERS, "name": "Story point estimate", "custom": True, "schema": schema, "scope": scope}
        return [another, *super().fields()]

    def projects(self, who: str, request: Request) -> Any:
        start, most = int(request.args.get("startAt", 0)), int(request.args.get("maxResults", 50))
        every = [{"id": number, "key": key, "name": name} for number, (key, name) in PROJECTS.items() if who]
        every.sort(key=lambda each: each[request.args.get("orderBy", "key")])
        values = every[start : start + most]
        return {
            "startAt": start,
            "maxResults": most,
            "total": len(every),
            "isLast": start + most >= len(every),
            "values": values,
        }

    def my_permissions(self, who: str, request: Request) -> Any:
        keys = [each for each in request.args.get("permissions", "").split(",") if each]
        if not keys or not {*keys} <= {"BROWSE_PROJECTS", "EDIT_ISSUES", "ADD_COMMENTS"}:
            raise Refusal(400, "The permissions parameter is required, and has keys of permissions.")
        return self.permissions(who, request, keys)

    def gone(self, *_: Any) -> Any:
        raise Refusal(410, "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API.")

    def search(self, who: str, _: Request, body: Any) -> Any:
        if not isinstance(body, dict) or not body.keys() <= {"jql", "fields", "maxResults", "nextPageToken", "expand"}:
            raise Refusal(400, "Invalid request payload. Refer to the REST API documentation and try again.")
        most, fields, token = body.get("maxResults", 50), body.get("fields", ["id"]), body.get("nextPageToken")
        if not isinstance(most, int) or not 1 <= most <= 5_000 or not isinstance(fields, list):
            raise Refusal(400, "Invalid request payload. Refer to the REST API documentation and try again.")
        found = self.searched(who, body.get("jql"))
        # A token is of its query alone.
        mark = hashlib.sha256(json.dumps(body.get("jql")).encode()).hexdigest()[:12]
        start = 0
        if token is not None:
            of, _, at = b64decode(str(token), validate=True).decode().partition(":") if token else ("", "", "")
            if of != mark:
                raise Refusal(400, "The provided next page token is invalid or expired.")
            start = int(at)
        # A page has at most 50 with this many fields, whatever was asked for.
        end = start + min(most, 50)
        page = {"issues": [self.shown(each, fields) for each in found[start:end]], "isLast": end >= len(found)}
        if end < len(found):
            page["nextPageToken"] = b64encode(f"{mark}:{end}".encode()).decode()
        return page

    # --- texts

    def description(self) -> Any:
        def line(*content: Any) -> Any:
            return {"type": "paragraph", "content": [*content]}

        def text(words: str, **mark: Any) -> Any:
            return {"type": "text", "text": words, **({"marks": [mark]} if mark else {})}

        return {
            "type": "doc",
            "version": 1,
            "content": [
                {"type": "heading", "attrs": {"level": 2}, "content": [text("Goal")]},
                {
                    "type": "bulletList",
                    "content": [{"type": "listItem", "content": [line(text(each))]} for each in ("one", "two")],
                },
                line(
                    text("It "),
                    text("must", type="strong"),
                    text(" follow "),
                    text("the spec", type="link", attrs={"href": "https://example.com/spec"}),
                    text("."),
                ),
            ],
        }

    def check_text(self, value: Any) -> None:
        check_document(value)

    def refuse_edit(self, fields: Sequence[str]) -> Refusal:
        return not_on_screen(fields[0])


def check_document(value: Any) -> None:
    """Raises Refusal for what is no document."""
    if not isinstance(value, dict) or value.get("type") != "doc" or value.get("version") != 1 or not value["content"]:
        raise Refusal(400, comment="Comment body is not valid!")
    _check_node(value)


def _check_node(node: Any) -> None:
    kind, content = node["type"], node.get("content", [])
    wrong = not node.keys() <= {"type", "content", "attrs", "marks", "text", "version"}
    wrong |= any(each.get("type") not in _CONTENT[kind] for each in content)
    wrong |= kind in _FULL and not content
    wrong |= kind == "listItem" and bool(content) and content[0]["type"] in _LISTS
    wrong |= kind == "heading" and node["attrs"]["level"] not in range(1, 7)
    if kind == "text":
        marks = [each["type"] for each in node.get("marks", [])]
        wrong |= not node["text"] or not {*marks} <= {"strong", "em", "code", "link", "strike"}
        wrong |= len({*marks}) < len(marks) or ("code" in marks and not {*marks} <= {"code", "link"})
    if wrong:
        raise Refusal(400, comment="INVALID_INPUT")
    for each in content:
        _check_node(each)
