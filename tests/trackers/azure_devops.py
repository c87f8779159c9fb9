"""Azure DevOps' REST API, as far as Faceup asks it: https://learn.microsoft.com/en-us/rest/api/azure/devops/, made
after the specification that Microsoft publishes in MicrosoftDocs/vsts-rest-api-specs."""

import json
import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from tests.trackers.double import EXPIRED, READER, SPRINT, TASKS, WRITER, Double, Entry

POINTS, EFFORT = "Microsoft.VSTS.Scheduling.StoryPoints", "Microsoft.VSTS.Scheduling.Effort"
STACK_RANK = "Microsoft.VSTS.Common.StackRank"
MAX_BATCH, MAX_FOUND = 200, 20_000
# Types of the process Agile, and what they are of; Billing has no type with story points.
GROUPS = {"Story": ("User Story", "Requirement"), "Task": ("Task", "Task"), "Test": ("Test Case", "Hidden")}
TYPES = {"Checkout": ["User Story", "Bug", "Task", "Test Case"], "Billing": ["Issue", "Task"]}
FIELDS = {
    "System.Title": ("Title", "string"),
    "System.State": ("State", "string"),
    POINTS: ("Story Points", "double"),
    EFFORT: ("Effort", "double"),
    "Microsoft.VSTS.Scheduling.RemainingWork": ("Remaining Work", "double"),
    "Custom.Hours": ("Hours", "integer"),
    "Custom.Shirt": ("Shirt", "string"),
    "Custom.Note": ("Note", "string"),
    "Custom.Velocity": ("Velocity", "double"),
}
READ_ONLY = {"Custom.Velocity"}
LISTS = {"Custom.Shirt": ["S", "M", "L"]}
OF_TYPE = {
    "User Story": [
        *("System.Title", "System.State", POINTS, "Custom.Hours", "Custom.Shirt"),
        *READ_ONLY,
        "Custom.Note",
    ],
    "Bug": ["System.Title", "System.State", POINTS],
}
ROUTES = Map(
    [
        Rule("/_apis/connectionData", endpoint="connection_data", methods=["GET"]),
        Rule("/_apis/projects", endpoint="projects", methods=["GET"]),
        Rule("/_apis/wit/fields", endpoint="fields", methods=["GET"]),
        Rule("/_apis/wit/fields/<name>", endpoint="field", methods=["GET"]),
        Rule("/_apis/wit/workitems/<int:id>", endpoint="work_item", methods=["GET"]),
        Rule("/_apis/wit/workitems/<int:id>", endpoint="update", methods=["PATCH"]),
        Rule("/_apis/wit/workitemsbatch", endpoint="batch", methods=["POST"]),
        Rule("/_apis/wit/wiql", endpoint="wiql", methods=["POST"]),
        Rule("/<project>/_apis/wit/wiql", endpoint="wiql", methods=["POST"]),
        Rule("/<project>/_apis/wit/classificationnodes", endpoint="nodes", methods=["GET"]),
        Rule("/<project>/_apis/wit/workitemtypes/<kind>/fields", endpoint="type_fields", methods=["GET"]),
        Rule("/<project>/_apis/wit/workitemtypes/<kind>/fields/<name>", endpoint="type_field", methods=["GET"]),
        Rule("/<project>/_apis/wit/workItems/<int:id>/comments", endpoint="comments", methods=["POST"]),
        Rule("/<project>/_apis/work/backlogconfiguration", endpoint="backlog", methods=["GET"]),
    ]
)
PARAMETERS = {
    "projects": {"$top", "continuationToken"},
    "work_item": {"fields"},
    "wiql": {"$top"},
    "nodes": {"$depth"},
    "type_field": {"$expand"},
}
VERSIONS = {"connection_data": "7.1-preview.1", "comments": "7.1-preview.4"}
SIGN_IN = "https://spsprodneu1.vssps.visualstudio.com/_signin?realm=dev.azure.com"


class RefusedByAzure(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


class AzureDevOpsDouble(Double):
    kind = "azure-devops"
    field = "Story Points"
    writes: ClassVar[dict[str, str]] = {"method": "PATCH"}

    def fill(self) -> None:
        self.more_projects = 0
        self.formats: dict[str, str] = {}
        self.more_fields: dict[str, dict[str, Any]] = {}
        number = 0
        # The order of the backlog is not the order of the ids.
        for task in range(TASKS, 0, -1):
            number += 1
            first = task == 1
            self._add(
                number,
                f"Task {task}",
                "Checkout",
                markup="<h2>Goal</h2><ul><li>one</li><li>two</li></ul><div><b>must</b> as"
                ' <a href="https://example.com/spec">the spec</a> says &amp; does</div>'
                if first
                else "",
                labels=("web", "urgent") if first else (),
                place="Sprint 42" if task <= SPRINT else "",
            )
        self._add(number + 1, "Finished", "Checkout", done=True, place="Sprint 42")
        self._add(number + 2, "Draw a button", "Checkout", kind="Task", place="Sprint 42")
        self._add(number + 3, "Press it", "Checkout", kind="Test", place="Sprint 42")
        for invoice in range(1, 4):
            self._add(number + 3 + invoice, f"Invoice {invoice}", "Billing")

    def _add(self, number: int, title: str, project: str, **more: Any) -> None:
        self.entries[str(number)] = Entry(str(number), project, f"#{number}", title, **more)

    def credentials(self, token: str = WRITER) -> dict[str, str]:
        return {"token": token, "address": f"{self.url}/acme"}

    def answer(self, request: Request) -> Response:
        organization, found, rest = request.path.partition("/acme/")
        if organization or not found:
            return Response("<html>Page not found</html>", 404, content_type="text/html")
        token = next(
            (each for each in (WRITER, READER, EXPIRED) if _basic(each) == request.headers.get("Authorization")), ""
        )
        if token not in (WRITER, READER):
            if request.headers.get("X-TFS-FedAuthRedirect") != "Suppress":
                return Response("", 302, {"Location": SIGN_IN})
            # Two ways to refuse that are seen of the real one.
            return Response("<html>Sign in</html>", 401 if token == EXPIRED else 203, content_type="text/html")
        try:
            endpoint, values = ROUTES.bind("acme").match(f"/{rest}", request.method)
        except HTTPException as problem:
            return _refusal(problem.code or 404, "There is no such page, or not by this method.")
        try:
            self._check(request, endpoint, may_write=token == WRITER)
            body = json.loads(request.data) if request.data else None
            answer: Callable[..., Any] = getattr(self, f"_{endpoint}")
            return answer(request, body, **values)
        except RefusedByAzure as refused:
            return _refusal(refused.status, refused.message)

    def _check(self, request: Request, endpoint: str, *, may_write: bool) -> None:
        version = request.args.get("api-version")
        if version != VERSIONS.get(endpoint, "7.1"):
            raise RefusedByAzure(400, f"The version {version} is not that of this resource.")
        if unknown := {*request.args} - {"api-version"} - PARAMETERS.get(endpoint, set()):
            raise RefusedByAzure(400, f"Unknown parameters: {unknown}")
        if request.method != "GET":
            wanted = "application/json-patch+json" if request.method == "PATCH" else "application/json"
            if request.mimetype != wanted:
                raise RefusedByAzure(415, f"The media type is {request.mimetype}, not {wanted}.")
        if not may_write and endpoint == "update":
            # So a scope that the token has not is refused.
            raise RefusedByAzure(401, "TF400813: The user '5d6f' is not authorized to access this resource.")
        if not may_write and endpoint == "comments":
            raise RefusedByAzure(403, "VS403404: You need permission to edit this work item.")

    # --- what is asked

    def _connection_data(self, request: Request, body: Any) -> Response:
        return _json({"authenticatedUser": {"id": "5d6f", "providerDisplayName": "Olga", "properties": {}}})

    def _projects(self, request: Request, body: Any) -> Response:
        names = ["Checkout", "Billing", *(f"Project {number}" for number in range(self.more_projects))]
        start, stop = int(request.args.get("continuationToken", 0)), int(request.args["$top"])
        page = [{"id": f"id of {name}", "name": name, "state": "wellFormed"} for name in names[start : start + stop]]
        more = {"x-ms-continuationtoken": str(start + stop)} if start + stop < len(names) else {}
        return _json({"count": len(page), "value": page}, more)

    def _fields(self, request: Request, body: Any) -> Response:
        return _json({"value": [self._described(name) for name in FIELDS]})

    def _field(self, request: Request, body: Any, name: str) -> Response:
        if name not in FIELDS:
            raise RefusedByAzure(404, f"TF51535: Cannot find field {name}.")
        return _json(self._described(name))

    def _described(self, name: str) -> dict[str, Any]:
        label, data_type = FIELDS[name]
        return {
            "name": label,
            "referenceName": name,
            "type": data_type,
            "readOnly": name in READ_ONLY,
            "isPicklist": name in LISTS,
        }

    def _backlog(self, request: Request, body: Any, project: str) -> Response:
        types = [name for name in self._types(project) if name in ("User Story", "Bug", "Issue")]
        fields = {"Order": STACK_RANK, "Effort": POINTS if project == "Checkout" else EFFORT}
        level = {"id": "Microsoft.RequirementCategory", "workItemTypes": [{"name": name} for name in types]}
        return _json({"backlogFields": {"typeFields": fields}, "requirementBacklog": level})

    def _types(self, project: str) -> list[str]:
        if project not in TYPES:
            raise RefusedByAzure(404, f"TF200016: The following project does not exist: {project}.")
        return TYPES[project]

    def _type_fields(self, request: Request, body: Any, project: str, kind: str) -> Response:
        if kind not in self._types(project):
            raise RefusedByAzure(404, f"VS402323: Work item type {kind} does not exist in project {project}.")
        names = OF_TYPE.get(kind, ["System.Title", "System.State"])
        return _json({"value": [{"name": FIELDS[name][0], "referenceName": name} for name in names]})

    def _type_field(self, request: Request, body: Any, project: str, kind: str, name: str) -> Response:
        if kind not in self._types(project) or name not in OF_TYPE.get(kind, []):
            raise RefusedByAzure(404, f"Field {name} does not exist in work item type {kind}.")
        expanded = request.args.get("$expand") == "allowedValues"
        values = {"allowedValues": LISTS.get(name, [])} if expanded else {}
        return _json({"name": FIELDS[name][0], "referenceName": name, **values})

    def _nodes(self, request: Request, body: Any, project: str) -> Response:
        self._types(project)
        assert int(request.args["$depth"]) >= 2

        def node(name: str, *dates: str, children: tuple[Any, ...] = ()) -> dict[str, Any]:
            made: dict[str, Any] = {"name": name, "hasChildren": bool(children)}
            if dates:
                made["attributes"] = dict(zip(("startDate", "finishDate"), dates, strict=True))
            return made | ({"children": [*children]} if children else {})

        iterations = (
            node("Some day"),
            node("Sprint 43", "2099-01-05T00:00:00Z", "2099-01-18T00:00:00Z"),
            node("Sprint 41", "2020-01-06T00:00:00Z", "2020-01-19T00:00:00Z"),
            node("Release", children=(node("Sprint 42", "2020-01-20T00:00:00Z", "2099-01-04T00:00:00Z"),)),
        )
        areas = (node("Web", children=(node("Cart"),)),)
        return _json(
            {
                "value": [
                    node(project, children=areas) | {"structureType": "area"},
                    node(project, children=iterations) | {"structureType": "iteration"},
                ]
            }
        )

    def _wiql(self, request: Request, body: Any, project: str = "") -> Response:
        if {*body} != {"query"} or not 0 < int(request.args["$top"]) <= MAX_FOUND:
            raise RefusedByAzure(400, "A query is a text, and finds 20000 work items at the most.")
        asked = re.fullmatch(r"SELECT \[System\.Id\] FROM WorkItems WHERE (.+) ORDER BY (.+)", body["query"], re.DOTALL)
        if not asked or asked[2] not in (f"[{STACK_RANK}], [System.Id]", "[System.ChangedDate] DESC"):
            raise RefusedByAzure(400, "TF51006: The query statement is missing a clause, or it is not known.")
        matches = Wiql(asked[1], project).parsed()
        found = [entry for entry in self.entries.values() if matches(self._values(entry))]
        found.sort(key=lambda entry: (self._values(entry)[STACK_RANK], int(entry.id)))
        shown = [{"id": int(entry.id), "url": "…"} for entry in found[: int(request.args["$top"])]]
        return _json({"queryType": "flat", "workItems": shown})

    def _batch(self, request: Request, body: Any) -> Response:
        if {*body} - {"ids", "fields", "errorPolicy"} or not all(type(each) is int for each in body["ids"]):
            raise RefusedByAzure(400, "This is not how a batch is asked for.")
        if not 0 < len(body["ids"]) <= MAX_BATCH:
            raise RefusedByAzure(400, "VS403474: You are over the limit of 200 work items.")
        assert body["errorPolicy"] == "omit"
        # The real one keeps no order, and has null in place of what is not there.
        found = [self.entries.get(str(each)) for each in sorted(body["ids"])]
        return _json({"value": [entry and self._item(entry) for entry in found]})

    def _work_item(self, request: Request, body: Any, id: int) -> Response:  # noqa: A002
        item = self._item(self._entry(id))
        if "fields" in request.args:
            wanted = request.args["fields"].split(",")
            item["fields"] = {name: value for name, value in item["fields"].items() if name in wanted}
        return _json(item)

    def _update(self, request: Request, body: Any, id: int) -> Response:  # noqa: A002
        entry = self._entry(id)
        ((operation, place, value),) = [(each["op"], each["path"], each["value"]) for each in body]
        name = place.removeprefix("/fields/")
        if operation != "add" or name not in OF_TYPE.get(self._values(entry)["System.WorkItemType"], []):
            raise RefusedByAzure(400, f"TF51535: Cannot find field {name}.")
        if name in LISTS and value not in LISTS[name]:
            raise RefusedByAzure(
                400, f"TF401320: Rule Error for field {FIELDS[name][0]}. Error code: InvalidListValue."
            )
        if name not in LISTS and type(value) not in (int, float):
            raise RefusedByAzure(400, f"TF401326: Invalid field status 'InvalidType' for field '{name}'.")
        if name == POINTS:
            self.entries[entry.id] = replace(entry, estimate=value)
        else:
            self.more_fields.setdefault(entry.id, {})[name] = value
        return _json(self._item(self.entries[entry.id]))

    def _comments(self, request: Request, body: Any, project: str, id: int) -> Response:  # noqa: A002
        entry = self._entry(id)
        if {*body} != {"text"} or not isinstance(body["text"], str) or entry.project != project:
            raise RefusedByAzure(400, "A comment is a text, of a work item of this project.")
        self.entries[entry.id] = replace(entry, comments=(*entry.comments, body["text"]))
        return _json({"workItemId": id, "text": body["text"]})

    def _entry(self, number: int) -> Entry:
        if entry := self.entries.get(str(number)):
            return entry
        said = f"TF401232: Work item {number} does not exist, or you do not have permissions to read it."
        raise RefusedByAzure(404, said)

    def _item(self, entry: Entry) -> dict[str, Any]:
        fields = {name: value for name, value in self._values(entry).items() if value not in (None, "")}
        item = {"id": int(entry.id), "rev": 1, "fields": fields, "url": "…"}
        return item | ({"multilineFieldsFormat": self.formats} if self.formats else {})

    def _values(self, entry: Entry) -> dict[str, Any]:
        kind, group = GROUPS[entry.kind]
        if entry.project == "Billing" and entry.kind == "Story":
            kind = "Issue"
        place = f"\\Release\\{entry.place}" if entry.place else ""
        return {
            "System.Id": int(entry.id),
            "System.TeamProject": entry.project,
            "System.WorkItemType": kind,
            "System.Title": entry.title,
            "System.State": "Closed" if entry.done else "New",
            "System.IterationPath": f"{entry.project}{place}",
            "System.AreaPath": entry.project,
            "System.Description": entry.markup,
            "System.Tags": "; ".join(entry.labels),
            "Microsoft.VSTS.Common.Priority": 2,
            "Microsoft.VSTS.Common.ClosedDate": "2026-01-01T00:00:00Z" if entry.done else "",
            STACK_RANK: -int(entry.id) if entry.project == "Checkout" else int(entry.id),
            POINTS: entry.estimate,
            "group": f"Microsoft.{group}Category",
            **self.more_fields.get(entry.id, {}),
        }


class Wiql:
    """The part of WIQL that Faceup writes: https://learn.microsoft.com/en-us/azure/devops/boards/queries/wiql-syntax"""

    _TOKENS = re.compile(r"\s*(\[[\w.]+\]|'(?:[^']|'')*'|@project|\d+|<>|[=()]|[A-Za-z]+)")

    def __init__(self, written: str, project: str) -> None:
        self._project = project
        self._tokens: list[str] = []
        place = 0
        while written[place:].strip():
            token = self._TOKENS.match(written, place)
            if not token:
                raise RefusedByAzure(400, f"TF51005: The query has an error near «{written[place : place + 20]}».")
            self._tokens.append(token[1])
            place = token.end()

    def parsed(self) -> Callable[[Mapping[str, Any]], bool]:
        condition = self._any()
        if self._tokens:
            raise RefusedByAzure(400, f"TF51005: The query has an error near «{self._tokens[0]}».")
        return condition

    def _any(self) -> Callable[[Mapping[str, Any]], bool]:
        parts = [self._all()]
        while self._is("OR"):
            parts.append(self._all())
        return lambda values: any(part(values) for part in parts)

    def _all(self) -> Callable[[Mapping[str, Any]], bool]:
        parts = [self._one()]
        while self._is("AND"):
            parts.append(self._one())
        return lambda values: all(part(values) for part in parts)

    def _one(self) -> Callable[[Mapping[str, Any]], bool]:
        if self._is("("):
            inside = self._any()
            self._must(")")
            return inside
        field = self._next()[1:-1]
        if field not in {*FIELDS, "System.Id", "System.TeamProject", "System.WorkItemType", "System.Tags"} | {
            *("System.IterationPath", "System.AreaPath", "Microsoft.VSTS.Common.ClosedDate")
        }:
            raise RefusedByAzure(400, f"TF51005: The query references a field that does not exist: {field}.")
        if self._is("NOT"):
            for word in ("IN", "GROUP"):
                self._must(word)
            group = self._value()
            return lambda values: values["group"] != group
        operator = self._next().upper()
        wanted = self._value()
        operators: dict[str, Callable[[Any], bool]] = {
            "=": lambda value: str(value).casefold() == wanted.casefold(),
            "<>": lambda value: str(value).casefold() != wanted.casefold(),
            "CONTAINS": lambda value: wanted.casefold() in value.casefold(),
            "UNDER": lambda value: f"{value}\\".startswith(f"{wanted}\\"),
        }
        if operator not in operators or (operator == "UNDER") != field.endswith("Path"):
            raise RefusedByAzure(400, f"TF51012: The operator {operator} cannot be used with the field {field}.")
        return lambda values: operators[operator](values[field])

    def _value(self) -> str:
        token = self._next()
        if token == "@project":
            if not self._project:
                raise RefusedByAzure(400, "TF51014: @project has no value.")
            return self._project
        if token.isdigit():
            return token
        if not token.startswith("'"):
            raise RefusedByAzure(400, f"TF51005: A value is expected, not «{token}».")
        return token[1:-1].replace("''", "'")

    def _next(self) -> str:
        if not self._tokens:
            raise RefusedByAzure(400, "TF51005: The query ends too early.")
        return self._tokens.pop(0)

    def _is(self, word: str) -> bool:
        if self._tokens and self._tokens[0].upper() == word:
            self._tokens.pop(0)
            return True
        return False

    def _must(self, word: str) -> None:
        if not self._is(word):
            raise RefusedByAzure(400, f"TF51005: «{word}» is expected.")


def _basic(token: str) -> str:
    return f"Basic {b64encode(f':{token}'.encode()).decode()}"


def _json(body: Any, headers: Mapping[str, str] | None = None) -> Response:
    return Response(json.dumps(body), 200, headers, content_type="application/json; charset=utf-8")


def _refusal(status: int, message: str) -> Response:
    return Response(
        json.dumps({"$id": "1", "message": message, "errorCode": 0}), status, content_type="application/json"
    )
