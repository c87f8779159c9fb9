"""What the doubles of Jira Cloud and of Jira Data Center share: their world, their routes, and what they refuse."""

import json
import re
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from werkzeug.wrappers import Request, Response

from tests.trackers import jql
from tests.trackers.double import READER, SPRINT, TASKS, WRITER, Double, Entry

EMAILS = {WRITER: "olga@example.com", READER: "rita@example.com"}
CHECKOUT, BILLING = "10000", "10001"
PROJECTS = {CHECKOUT: ("SHOP", "Checkout"), BILLING: ("BILL", "Billing")}
SPRINTS = {41: ("Sprint 41", "closed"), 42: ("Sprint 42", "active"), 43: ("Later", "future")}
BOARDS = {
    7: ("Checkout board", "scrum", CHECKOUT, "10100"),
    8: ("Support", "kanban", CHECKOUT, "10101"),
    9: ("Billing board", "simple", BILLING, "10102"),
}
FILTERS = {
    "10100": "project = SHOP",
    "10101": "project = SHOP AND labels = urgent ORDER BY Rank ASC",
    "10102": 'project = "Billing"',
}
VERSIONS = {10300: ("1.0", True), 10301: ("2.0", False)}
TYPES = {"Story": "10400", "Bug": "10401", "Sub-task": "10402"}

_CUSTOM = "com.atlassian.jira.plugin.system.customfieldtypes"
POINTS, BUDGET, SIZE, LINE = "customfield_10016", "customfield_10017", "customfield_10018", "customfield_10019"
ACCEPTANCE, EPIC, WEIGHT, OTHERS = "customfield_10020", "customfield_10014", "customfield_10021", "customfield_10022"
SIZES = ("S", "M", "L")
FIELDS = {
    "summary": ("Summary", {"type": "string", "system": "summary"}),
    "description": ("Description", {"type": "string", "system": "description"}),
    "issuetype": ("Issue Type", {"type": "issuetype", "system": "issuetype"}),
    "status": ("Status", {"type": "status", "system": "status"}),
    "priority": ("Priority", {"type": "priority", "system": "priority"}),
    "labels": ("Labels", {"type": "array", "items": "string", "system": "labels"}),
    "project": ("Project", {"type": "project", "system": "project"}),
    "parent": ("Parent", None),
    "issuekey": ("Key", None),
    "workratio": ("Work Ratio", {"type": "number", "system": "workratio"}),
    BUDGET: ("Budget", {"type": "number", "custom": f"{_CUSTOM}:float", "customId": 10017}),
    POINTS: ("Story points", {"type": "number", "custom": f"{_CUSTOM}:float", "customId": 10016}),
    SIZE: ("T-shirt size", {"type": "option", "custom": f"{_CUSTOM}:select", "customId": 10018}),
    LINE: ("Remark", {"type": "string", "custom": f"{_CUSTOM}:textfield", "customId": 10019}),
    ACCEPTANCE: ("Acceptance criteria", {"type": "string", "custom": f"{_CUSTOM}:textarea", "customId": 10020}),
    EPIC: ("Epic Link", {"type": "any", "custom": "com.pyxis.greenhopper.jira:gh-epic-link", "customId": 10014}),
    WEIGHT: ("Weight", {"type": "number", "custom": f"{_CUSTOM}:float", "customId": 10021}),
}
# What an edit screen has, and what is in the context of a project: Weight is on no screen.
SCREENS = {CHECKOUT: ("summary", "labels", POINTS, BUDGET, SIZE, LINE, ACCEPTANCE), BILLING: ("summary", "labels")}
CONTEXTS = {CHECKOUT: (POINTS, BUDGET, SIZE, LINE, ACCEPTANCE, EPIC, WEIGHT), BILLING: ()}


class Refusal(Exception):
    """What is answered in place of what was asked for."""

    def __init__(self, status: int, *messages: str, **errors: str) -> None:
        super().__init__(status)
        self.status = status
        self.body = {"errorMessages": [*messages], "errors": errors}


@dataclass(frozen=True)
class Route:
    """A route: its method, the parameters of its address, and what answers it."""

    method: str
    pattern: str
    answer: Callable[..., Any]
    params: tuple[str, ...] = ()


class JiraDouble(Double):
    """``root`` is the path of its pages, ``api`` that of its interface below. Who asks is one of the tokens, "" for a
    visitor without any."""

    root: ClassVar[str] = ""
    api: ClassVar[str]

    # --- what each of the two has of its own

    @abstractmethod
    def visitor(self, request: Request) -> tuple[str, Mapping[str, str]]:
        """Whose token it is, "" for none, and headers of every answer. Raises Refusal."""

    @abstractmethod
    def own_routes(self) -> Sequence[Route]: ...

    @abstractmethod
    def description(self) -> Any:
        """The description of "Task 1" in its own markup."""

    @abstractmethod
    def check_text(self, value: Any) -> None:
        """Raises Refusal for what is no text in its own markup."""

    @abstractmethod
    def refuse_edit(self, fields: Sequence[str]) -> Refusal: ...

    # --- the world

    def fill(self) -> None:
        self.values: dict[tuple[str, str], Any] = {}
        self.former: dict[str, str] = {}
        self.parents: dict[str, str] = {}
        for number in range(1, TASKS + 1):
            first = number == 1
            self._add(
                CHECKOUT,
                f"Task {number}",
                markup=self.description() if first else None,
                labels={1: ("web", "urgent"), 3: ("urgent",)}.get(number, ()),
                place="Sprint 42" if number <= SPRINT else "",
                kind="Bug" if number == 3 else "Story",
            )
        self._add(CHECKOUT, "Finished", done=True, place="Sprint 42")
        for number in range(1, 4):
            self._add(BILLING, f"Invoice {number}")

    def _add(self, project: str, title: str, **more: Any) -> None:
        entry_id, key = self._new_key(project)
        self.entries[entry_id] = Entry(entry_id, project, key, title, **{"markup": None, **more})

    def _new_key(self, project: str) -> tuple[str, str]:
        number = 1 + sum(each.project == project for each in self.entries.values())
        return str(20_000 + len(self.entries)), f"{PROJECTS[project][0]}-{number}"

    def move(self, title: str, project: str) -> None:
        """Moves an issue into another project, where it has another key; the former one still finds it."""
        entry = self.titled(title)
        self.former[entry.key] = entry.id
        self.entries[entry.id] = replace(entry, project=project, key=self._new_key(project)[1])

    # --- requests

    def answer(self, request: Request) -> Response:
        headers: Mapping[str, str] = {}
        try:
            who, headers = self.visitor(request)
            route, found = self._route(request)
            self._check(request, route)
            body = self._body(request)
            answered = route.answer(
                who, request, *found.groups(), *([body] if request.method in ("POST", "PUT") else [])
            )
        except Refusal as refusal:
            return _json(refusal.body, refusal.status, headers)
        status, content = answered if isinstance(answered, tuple) else (200, answered)
        return (
            _json(content, status, headers) if content is not None else Response(status=status, headers=dict(headers))
        )

    def routes(self) -> Sequence[Route]:
        issue = rf"{self.api}/issue/([^/]+)"
        agile = r"/rest/agile/1\.0/board"
        return [
            Route("GET", rf"{self.api}/myself", self.myself),
            Route("GET", rf"{self.api}/field", lambda who, _: self.fields() if who else []),
            Route("GET", rf"{self.api}/project/(\w+)/version", self.versions, ("startAt", "maxResults", "orderBy")),
            Route("GET", issue, self.one, ("fields", "expand")),
            Route("PUT", issue, self.edit_issue, ("notifyUsers",)),
            Route("GET", f"{issue}/editmeta", self.editmeta),
            Route("POST", f"{issue}/comment", self.add_comment, ("expand",)),
            Route("GET", agile, self.boards, ("projectKeyOrId", "startAt", "maxResults", "type", "name")),
            Route("GET", rf"{agile}/(\d+)/sprint", self.sprints, ("state", "startAt", "maxResults")),
            Route("GET", rf"{agile}/(\d+)/configuration", self.configuration),
            *self.own_routes(),
        ]

    def _route(self, request: Request) -> tuple[Route, re.Match[str]]:
        known = False
        for route in self.routes():
            if found := re.fullmatch(self.root + route.pattern, request.path):
                known = True
                if route.method == request.method:
                    return route, found
        raise Refusal(405 if known else 404, "null for uri")

    def _check(self, request: Request, route: Route) -> None:
        for name in request.args:
            if name not in route.params or len(request.args.getlist(name)) > 1:
                raise Refusal(400, f"{name} is no parameter here.")
        if "json" not in request.headers.get("Accept", ""):
            raise Refusal(406, "Not acceptable.")
        if int(request.args.get("maxResults", 1)) > self.most(request.path) or int(request.args.get("startAt", 0)) < 0:
            raise Refusal(400, "maxResults or startAt is out of range.")

    def most(self, path: str) -> int:
        """The most that a page of what is at a path has."""
        return 50

    def _body(self, request: Request) -> Any:
        content = request.get_data()
        if request.method not in ("POST", "PUT"):
            if content:
                raise Refusal(400, "A request to read has no body.")
            return None
        if request.mimetype != "application/json":
            raise Refusal(415, "Unsupported media type.")
        try:
            return json.loads(content)
        except ValueError:
            raise Refusal(400, "There was an error parsing JSON.") from None

    def found(self, who: str, id_or_key: str) -> Entry:
        """The issue of an id, a key or a former key. Raises Refusal (404)."""
        for entry in self.entries.values():
            if who and id_or_key.upper() in (entry.id, entry.key):
                return entry
        if who and (entry_id := self.former.get(id_or_key.upper())) in self.entries:
            return self.entries[entry_id or ""]
        raise Refusal(404, "Issue does not exist or you do not have permission to see it.")

    # --- whose token it is

    def myself(self, who: str, _: Request) -> Any:
        if not who:
            raise Refusal(401, "Client must be authenticated to access this resource.")
        email = EMAILS[who]
        return {"displayName": email.split("@")[0].title(), "emailAddress": email, "active": True}

    def permissions(self, who: str, request: Request, keys: Sequence[str]) -> Any:
        if not who:
            raise Refusal(401, "Client must be authenticated to access this resource.")
        if "issueId" in request.args:
            self.found(who, request.args["issueId"])
        may = {"BROWSE_PROJECTS": True, "EDIT_ISSUES": who == WRITER, "ADD_COMMENTS": who == WRITER}
        return {"permissions": {key: {"key": key, "havePermission": may[key]} for key in keys}}

    # --- fields and projects

    def fields(self) -> list[dict[str, Any]]:
        return [
            {
                "id": field_id,
                "name": name,
                "custom": field_id.startswith("customfield_"),
                "clauseNames": [name],
                **({"schema": schema} if schema else {}),
            }
            for field_id, (name, schema) in FIELDS.items()
        ]

    def project(self, key_or_id: str) -> str:
        for project, (key, _) in PROJECTS.items():
            if key_or_id in (project, key):
                return project
        raise Refusal(404, f"No project could be found with key '{key_or_id}'.")

    def versions(self, who: str, request: Request, project: str) -> Any:
        if request.args.get("orderBy", "sequence").lstrip("-+") not in ("sequence", "name", "startDate", "releaseDate"):
            raise Refusal(400, "Versions cannot be ordered so.")
        mine = VERSIONS.items() if self.project(project) == CHECKOUT and who else ()
        values = [
            {"id": str(number), "name": name, "released": done, "archived": False} for number, (name, done) in mine
        ]
        return {"maxResults": 50, "startAt": 0, "total": len(values), "isLast": True, "values": values}

    # --- issues

    def one(self, who: str, request: Request, id_or_key: str) -> Any:
        return self.shown(self.found(who, id_or_key), request.args.get("fields", "").split(","))

    def shown(self, entry: Entry, fields: Sequence[str]) -> dict[str, Any]:
        """An issue with the fields that were asked for; those that are not an issue's are left out."""
        for each in fields:
            if each not in FIELDS:
                raise Refusal(400, f"There is no field '{each}'.")
        key, name = PROJECTS[entry.project]
        category = {"id": 3, "key": "done", "name": "Done"} if entry.done else {"id": 2, "key": "new", "name": "To Do"}
        parent = self.entries.get(self.parents.get(entry.id, ""))
        all_fields = {
            "summary": entry.title,
            "description": entry.markup,
            "issuetype": {"id": TYPES[entry.kind], "name": entry.kind, "subtask": entry.kind == "Sub-task"},
            "status": {"id": "1", "name": category["name"], "statusCategory": category},
            "priority": {"id": "3", "name": "Medium"},
            "labels": [*entry.labels],
            "project": {"id": entry.project, "key": key, "name": name},
            **({"parent": {"id": parent.id, "key": parent.key, "fields": {"summary": parent.title}}} if parent else {}),
            **{each: self.values.get((entry.id, each)) for each in CONTEXTS[entry.project]},
        }
        if POINTS in all_fields:
            all_fields[POINTS] = entry.estimate
        return {
            "id": entry.id,
            "key": entry.key,
            "self": f"{self.url}{self.root}{self.api}/issue/{entry.id}",
            "fields": {each: all_fields[each] for each in fields if each in all_fields},
        }

    def searched(self, who: str, text: Any) -> list[Entry]:
        """The issues that a query finds, in its order. Raises Refusal (400) for one that cannot be read."""
        if not isinstance(text, str):
            raise Refusal(400, "Invalid request payload. Refer to the REST API documentation and try again.")
        ids = {name: number for number, (name, _) in SPRINTS.items()}
        sprints = {str(number): number for number in SPRINTS} | ids
        states = {
            f"{word}sprints()": [n for n, (_, state) in SPRINTS.items() if state == of] for word, of in _STATES.items()
        }
        projects = {
            each: number for number, (key, name) in PROJECTS.items() for each in (number, key.lower(), name.lower())
        }
        versions = {each: number for number, (name, _) in VERSIONS.items() for each in (str(number), name)}
        keys = {each.key: each.key for each in self.entries.values()}
        names: Mapping[str, Callable[[str], Any]] = {
            "project": lambda value: projects[value.lower()],
            "statuscategory": lambda value: {"done": "done", "to do": "new", "in progress": "indeterminate"}[
                value.lower()
            ],
            "sprint": lambda value: (sprints | states)[value],
            "fixversion": lambda value: versions[value],
            "key": lambda value: keys[value.upper()],
            "labels": str,
            "issuetype": lambda value: {each: each for each in TYPES}[value],
            "filter": str,
            "text": str,
            "summary": str,
        }
        rows = [(self._row(entry, ids), entry) for entry in self.entries.values() if who]
        try:
            query = jql.read(text, names, FILTERS)
        except jql.Unreadable as problem:
            raise Refusal(400, str(problem)) from None
        if not query.bounded and not self.unbounded:
            raise Refusal(
                400, "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."
            )
        found = [entry for row, entry in rows if query.test(row)]
        for field, falls in reversed(query.order):
            found.sort(key=lambda entry: entry.key if field == "key" else int(entry.id), reverse=falls)
        return found

    unbounded: ClassVar[bool] = True
    """Whether a query may find everything."""

    def _row(self, entry: Entry, sprints: Mapping[str, int]) -> jql.Row:
        words = {*re.findall(r"\w+", f"{entry.title} {json.dumps(entry.markup)}".lower())}
        return {
            "project": entry.project,
            "statuscategory": "done" if entry.done else "new",
            "sprint": (sprints[entry.place],) if entry.place else (),
            "fixversion": (),
            "key": entry.key,
            "labels": entry.labels,
            "issuetype": entry.kind,
            "text": words,
            "summary": words,
        }

    # --- writes

    def editmeta(self, who: str, _: Request, id_or_key: str) -> Any:
        entry = self.found(who, id_or_key)
        fields: dict[str, Any] = {}
        for each in SCREENS[entry.project] if who == WRITER else ():
            name, schema = FIELDS[each]
            fields[each] = {"required": False, "schema": schema, "name": name, "key": each, "operations": ["set"]}
            if each == SIZE:
                fields[each]["allowedValues"] = [{"value": size, "id": f"1050{at}"} for at, size in enumerate(SIZES)]
        return {"fields": fields}

    def edit_issue(self, who: str, _: Request, id_or_key: str, body: Any) -> Any:
        entry = self.found(who, id_or_key)
        if not isinstance(body, dict) or body.keys() != {"fields"} or not isinstance(body["fields"], dict):
            raise Refusal(400, "Invalid request payload. Refer to the REST API documentation and try again.")
        if who != WRITER:
            raise self.refuse_edit([*body["fields"]])
        for field, value in body["fields"].items():
            if field not in SCREENS[entry.project]:
                raise not_on_screen(field)
            if field in (POINTS, BUDGET) and (not isinstance(value, int | float) or isinstance(value, bool)):
                raise Refusal(400, **{field: "Operation value must be a number"})
            if field == SIZE and (not isinstance(value, dict) or value.get("value") not in SIZES):
                raise Refusal(400, **{field: "Option value is not valid"})
            if field == LINE and (not isinstance(value, str) or len(value) > 255):
                raise Refusal(400, **{field: "Operation value must be a string"})
            if field not in (POINTS, BUDGET, SIZE, LINE):
                raise Refusal(400, **{field: "The double edits no such field."})
        for field, value in body["fields"].items():
            if field == POINTS:
                self.entries[entry.id] = replace(entry, estimate=float(value))
            self.values[entry.id, field] = value
        return 204, None

    def add_comment(self, who: str, _: Request, id_or_key: str, body: Any) -> Any:
        entry = self.found(who, id_or_key)
        if not isinstance(body, dict) or body.keys() != {"body"}:
            raise Refusal(400, "Invalid request payload. Refer to the REST API documentation and try again.")
        if who != WRITER:
            raise Refusal(400, f"{who}, you do not have the permission to comment on this issue.")
        self.check_text(body["body"])
        self.entries[entry.id] = replace(entry, comments=(*entry.comments, json.dumps(body["body"])))
        return 201, {"id": "10700", "body": body["body"]}

    # --- boards

    def boards(self, who: str, request: Request) -> Any:
        project = self.project(request.args["projectKeyOrId"]) if "projectKeyOrId" in request.args else ""
        values = [
            {"id": number, "name": name, "type": kind, "self": f"{self.url}{self.root}{request.path}/{number}"}
            for number, (name, kind, of, _) in BOARDS.items()
            if who and project in ("", of)
        ]
        return {"maxResults": 50, "startAt": 0, "isLast": True, "values": values}

    def _board(self, who: str, number: str) -> tuple[str, str, str, str]:
        if not who or int(number) not in BOARDS:
            raise Refusal(404, "Board does not exist or you do not have permission to see it.")
        return BOARDS[int(number)]

    def sprints(self, who: str, request: Request, number: str) -> Any:
        _, kind, _, _ = self._board(who, number)
        if kind != "scrum":
            raise Refusal(400, "The board does not support sprints")
        states = request.args.get("state", "closed,active,future").split(",")
        if not {*states} <= {"closed", "active", "future"}:
            raise Refusal(400, "There is no such state.")
        values = [
            {"id": sprint, "name": name, "state": state, "originBoardId": int(number)}
            for sprint, (name, state) in reversed(SPRINTS.items())
            if state in states
        ]
        return {"maxResults": 50, "startAt": 0, "isLast": True, "values": values}

    def configuration(self, who: str, _: Request, number: str) -> Any:
        name, kind, _, query = self._board(who, number)
        estimation = {"type": "field", "field": {"fieldId": POINTS, "displayName": "Story points"}}
        return {
            "id": int(number),
            "name": name,
            "type": kind,
            "filter": {"id": query, "self": f"{self.url}{self.root}{self.api}/filter/{query}"},
            **({"subQuery": {"query": "issuetype = Story"}} if kind == "kanban" else {}),
            **({"estimation": estimation} if kind == "scrum" else {}),
        }


_STATES = {"open": "active", "future": "future"}


def not_on_screen(field: str) -> Refusal:
    return Refusal(400, **{field: f"Field '{field}' cannot be set. It is not on the appropriate screen, or unknown."})


def _json(content: Any, status: int, headers: Mapping[str, str]) -> Response:
    return Response(json.dumps(content), status, {**headers, "Content-Type": "application/json;charset=UTF-8"})
