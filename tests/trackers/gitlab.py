"""GitLab, after its published interface: https://docs.gitlab.com/api/rest/ (version 4). It refuses what the real one
ignores, such as a parameter that it does not have."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from graphql import build_schema, graphql_sync
from werkzeug.wrappers import Request, Response

from tests.trackers.double import MARKDOWN, READER, SPRINT, TASKS, WRITER, Double, Entry

CHECKOUT, BILLING = 11, 12
PROJECTS = {CHECKOUT: "acme/checkout", BILLING: "acme/billing"}
NAMES = {CHECKOUT: "Acme / Checkout", BILLING: "Acme / Billing"}
SCOPES = {WRITER: ["api"], READER: ["read_api"]}
ITERATION, CADENCE = 90, 91

SCHEMA = build_schema("""
scalar IssueID
type Issue { id: ID! iid: ID! reference(full: Boolean = false): String! webUrl: String! }
type Query { issue(id: IssueID!): Issue }
""")

_PAGED = "page per_page"
_PROJECT = r"/api/v4/projects/([^/]+)"
_ISSUE = _PROJECT + r"/issues/(\d+)"
_FILTERS = "state labels milestone iteration_id search in order_by sort scope"
_ROUTES = (
    ("GET", r"/api/v4/user", "user", ""),
    ("GET", r"/api/v4/personal_access_tokens/self", "token", ""),
    ("DELETE", r"/api/v4/personal_access_tokens/self", "revoke", ""),
    (
        "GET",
        r"/api/v4/projects",
        "projects",
        f"{_PAGED} membership archived with_issues_enabled simple order_by sort search",
    ),
    ("GET", r"/api/v4/issues", "issues_of_all", f"{_PAGED} {_FILTERS}"),
    ("GET", _PROJECT + "/issues", "issues", f"{_PAGED} {_FILTERS}"),
    ("GET", _ISSUE, "issue", ""),
    ("PUT", _ISSUE, "edit", ""),
    ("POST", _ISSUE + "/notes", "note", ""),
    ("GET", _PROJECT + "/milestones", "milestones", f"{_PAGED} state include_ancestors"),
    ("GET", _PROJECT + "/iterations", "iterations", f"{_PAGED} state"),
    ("GET", _PROJECT + "/labels", "labels_listed", _PAGED),
    ("POST", r"/api/graphql", "graphql", ""),
)


class _Refused(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(status)
        self.status, self.body = status, body


class GitLab(Double):
    kind = "gitlab"
    field = "Weight"
    place_group = "Milestone"

    def fill(self) -> None:
        def entry(project: int, number: int, title: str, **more: Any) -> Entry:
            key = f"{PROJECTS[project].rpartition('/')[2]}#{number}"
            return Entry(f"{project}#{number}", str(project), key, title, **{"kind": "issue", **more})

        tasks = [
            entry(
                CHECKOUT,
                number,
                f"Task {number}",
                markup=MARKDOWN if number == 1 else f"What {number} is.",
                place="Sprint 42" if number <= SPRINT else "",
                labels=("web", "urgent") if number == 1 else (),
            )
            for number in range(1, TASKS + 1)
        ]
        finished = entry(CHECKOUT, TASKS + 1, "Finished", markup=None, done=True)
        invoices = [entry(BILLING, number, f"Invoice {number}", markup=None) for number in (1, 2, 3)]
        self.entries.update((each.id, each) for each in (*tasks, finished, *invoices))
        self.labels = {CHECKOUT: ["web", "urgent", "bug"], BILLING: ["paid"]}
        self.moved: dict[str, str] = {}
        self.is_counted = True
        """Whether lists say how many there are, as they do up to 10,000."""
        self.role_may_write = True
        """Whether the person's role may write labels and weights. GitLab leaves out what it may not."""
        self.revoked: set[str] = set()

    def credentials(self, token: str = WRITER) -> dict[str, str]:
        return {"token": token, "address": self.url}

    # --- requests

    def answer(self, request: Request) -> Response:
        try:
            return self._answer(request)
        except _Refused as refused:
            return Response(json.dumps(refused.body), refused.status, content_type="application/json")

    def _answer(self, request: Request) -> Response:
        token = request.headers.get("PRIVATE-TOKEN", "")
        if token not in SCOPES or token in self.revoked:
            raise _Refused(401, {"message": "401 Unauthorized"})
        # A project's path is one segment, with its slash escaped.
        where = request.environ["RAW_URI"].partition("?")[0]
        matches = ((re.fullmatch(pattern, where), method, name, params) for method, pattern, name, params in _ROUTES)
        fitting = [
            (found, name, params) for found, method, name, params in matches if found and method == request.method
        ]
        if not fitting:
            raise _Refused(404, {"error": "404 Not Found"})
        found, name, params = fitting[0]
        if unknown := {*request.args} - {*params.split()}:
            raise _Refused(400, {"error": f"{', '.join(sorted(unknown))} is invalid"})
        if not 1 <= int(request.args.get("per_page", 20)) <= 100 or int(request.args.get("page", 1)) < 1:
            raise _Refused(400, {"error": "per_page does not have a valid value"})
        body = None
        if request.method in ("PUT", "POST"):
            if request.mimetype != "application/json":
                raise _Refused(415, {"error": "The provided content-type is not supported."})
            body = request.get_json()
        if token == READER and (request.method == "PUT" or name == "note"):
            words = "The request requires higher privileges than provided by the access token."
            raise _Refused(403, {"error": "insufficient_scope", "error_description": words, "scope": "api"})
        given: list[Any] = [unquote(each) for each in found.groups()]
        if given:
            given[0] = self._project(given[0])
        answered = getattr(self, f"_{name}")(request, body, token, *given)
        return answered if isinstance(answered, Response) else self._json(answered)

    def _json(self, body: Any, status: int = 200, **headers: str) -> Response:
        return Response(json.dumps(body), status, headers, content_type="application/json")

    def _project(self, project: str) -> int:
        for number, name in PROJECTS.items():
            if project in (str(number), name):
                return number
        raise _Refused(404, {"message": "404 Project Not Found"})

    def _page(self, request: Request, whole: list[Any]) -> Response:
        size, number = int(request.args.get("per_page", 20)), int(request.args.get("page", 1))
        following = str(number + 1) if number * size < len(whole) else ""
        counts = {"x-total": str(len(whole)), "x-total-pages": "9"} if self.is_counted else {}
        page = whole[(number - 1) * size : number * size]
        return self._json(page, **{"x-page": str(number), "x-next-page": following, **counts})

    # --- REST

    def _user(self, request: Request, body: Any, token: str) -> dict[str, Any]:
        return {"id": 1, "username": "olga" if token == WRITER else "rita", "name": "Olga", "state": "active"}

    def _token(self, request: Request, body: Any, token: str) -> dict[str, Any]:
        ends = "2027-01-31" if token == WRITER else None
        return {"id": 4, "scopes": SCOPES[token], "active": True, "revoked": False, "expires_at": ends}

    def _revoke(self, request: Request, body: Any, token: str) -> Response:
        self.revoked.add(token)
        return Response(status=204)

    def _projects(self, request: Request, body: Any, token: str) -> Response:
        if request.args.get("membership") != "true":
            raise AssertionError("a list of all projects of GitLab")
        return self._page(
            request,
            [
                {"id": number, "path_with_namespace": name, "name_with_namespace": NAMES[number]}
                for number, name in PROJECTS.items()
            ],
        )

    def _raw(self, entry: Entry) -> dict[str, Any]:
        project, number = int(entry.project), int(entry.id.partition("#")[2])
        raw: dict[str, Any] = {
            "id": project * 1000 + number,
            "iid": number,
            "project_id": project,
            "title": entry.title,
            "description": entry.markup,
            "state": "closed" if entry.done else "opened",
            "labels": [*entry.labels],
            "milestone": {"id": 12, "title": entry.place} if entry.place else None,
            "issue_type": entry.kind,
            "web_url": f"{self.url}/{PROJECTS[project]}/-/issues/{number}",
            "references": {
                "short": f"#{number}",
                "relative": f"#{number}",
                "full": f"{PROJECTS[project]}#{number}",
            },
            "moved_to_id": None,
        }
        if entry.id in self.moved:
            other, _, there = self.moved[entry.id].partition("#")
            raw |= {"state": "closed", "moved_to_id": int(other) * 1000 + int(there)}
        if project == CHECKOUT:
            # Of a group with Premium.
            raw |= {"weight": entry.estimate, "epic": {"id": 42, "iid": 5, "title": "Paying"} if number == 2 else None}
        return raw

    def _issues(self, request: Request, body: Any, token: str, project: int) -> Response:
        return self._listed(request, [each for each in self.entries.values() if each.project == str(project)])

    def _issues_of_all(self, request: Request, body: Any, token: str) -> Response:
        if request.args.get("scope") not in ("assigned_to_me", "created_by_me"):
            raise AssertionError("a list of all issues of GitLab")
        return self._listed(request, [each for each in self.entries.values() if each.project == str(BILLING)])

    def _listed(self, request: Request, found: list[Entry]) -> Response:
        args = request.args
        keeps: dict[str, Callable[[Entry, str], bool]] = {
            "state": lambda each, value: {"opened": not each.done, "closed": each.done, "all": True}[value],
            "labels": lambda each, value: {*value.split(",")} <= {*each.labels},
            "milestone": lambda each, value: each.place == value,
            "iteration_id": lambda each, value: int(value) == ITERATION and each.place == "Sprint 42",
            "search": lambda each, value: all(
                word in f"{each.title} {each.markup}".lower() for word in value.lower().split()
            ),
        }
        for name, keep in keeps.items():
            if name in args:
                found = [each for each in found if keep(each, args[name])]
        if args.get("order_by", "created_at") not in ("created_at", "relative_position"):
            raise _Refused(400, {"error": "order_by does not have a valid value"})
        if args.get("sort", "desc") == "desc":
            found.reverse()
        return self._page(request, [self._raw(each) for each in found])

    def _found(self, project: int, number: str) -> Entry:
        if f"{project}#{number}" not in self.entries:
            raise _Refused(404, {"message": "404 Issue Not Found"})
        return self.entries[f"{project}#{number}"]

    def _issue(self, request: Request, body: Any, token: str, project: int, number: str) -> dict[str, Any]:
        return self._raw(self._found(project, number))

    def _edit(self, request: Request, body: Any, token: str, project: int, number: str) -> dict[str, Any]:
        entry = self._found(project, number)
        if not isinstance(body, dict) or not body or {*body} - {"add_labels", "remove_labels", "weight"}:
            raise _Refused(400, {"error": "labels, title are missing, at least one parameter must be provided"})
        if not all(
            isinstance(body.get(name, "x"), str) and body.get(name, "x") for name in ("add_labels", "remove_labels")
        ):
            raise _Refused(400, {"error": "add_labels is invalid"})
        weight = body.get("weight", 0)
        if not isinstance(weight, int) or isinstance(weight, bool) or weight < 0:
            raise _Refused(400, {"error": "weight does not have a valid value"})
        if not self.role_may_write:
            return self._raw(entry)
        added = [each for each in body.get("add_labels", "").split(",") if each]
        removed = body.get("remove_labels", "").split(",")
        kept = [each for each in entry.labels if each not in removed]
        self.labels[project] += [each for each in added if each not in self.labels[project]]
        entry = replace(entry, labels=tuple(dict.fromkeys((*kept, *added))))
        if "weight" in body and project == CHECKOUT:
            entry = replace(entry, estimate=weight)
        self.entries[entry.id] = entry
        return self._raw(entry)

    def _note(self, request: Request, body: Any, token: str, project: int, number: str) -> Response:
        entry = self._found(project, number)
        if not isinstance(body, dict) or {*body} != {"body"} or not isinstance(body["body"], str) or not body["body"]:
            raise _Refused(400, {"error": "body is missing"})
        self.entries[entry.id] = replace(entry, comments=(*entry.comments, body["body"]))
        return self._json({"id": 301, "body": body["body"]}, 201)

    def _milestones(self, request: Request, body: Any, token: str, project: int) -> Response:
        found = [
            {"id": 12, "iid": 3, "title": "Sprint 42", "due_date": "2026-12-11", "state": "active"},
            {"id": 13, "iid": 4, "title": "Some day", "due_date": None, "state": "active"},
        ]
        return self._page(request, found if project == CHECKOUT else [])

    def _iterations(self, request: Request, body: Any, token: str, project: int) -> Response:
        if project != CHECKOUT:
            raise _Refused(404, {"message": "404 Not Found"})
        dates = {"start_date": "2026-11-30", "due_date": "2026-12-13"}
        later = {"start_date": "2026-12-14", "due_date": "2026-12-27"}
        found = [
            {"id": ITERATION, "iid": 4, "title": "Iteration 7", "state": 2, **dates},
            {"id": CADENCE, "iid": 5, "title": None, "state": 1, **later},
        ]
        return self._page(request, found)

    def _labels_listed(self, request: Request, body: Any, token: str, project: int) -> Response:
        return self._page(request, [{"id": 1, "name": each, "color": "#ededed"} for each in self.labels[project]])

    # --- GraphQL

    def _graphql(self, request: Request, body: Any, token: str) -> dict[str, Any]:
        if not isinstance(body, dict) or {*body} - {"query", "variables"}:
            raise _Refused(400, {"errors": [{"message": "Unexpected end of document"}]})
        result = graphql_sync(SCHEMA, body["query"], {"issue": self._by_global_id}, variable_values=body["variables"])
        answered: dict[str, Any] = {"data": result.data}
        return (
            {**answered, "errors": [{"message": each.message} for each in result.errors]} if result.errors else answered
        )

    def _by_global_id(self, info: Any, **given: str) -> dict[str, Any] | None:
        number = int(given["id"].removeprefix("gid://gitlab/Issue/"))
        entry = self.entries.get(f"{number // 1000}#{number % 1000}")
        if not entry:
            return None
        references = self._raw(entry)["references"]
        return {"reference": lambda info, full=False: references["full" if full else "short"]}
