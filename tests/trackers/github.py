"""GitHub, after its published interface: https://docs.github.com/en/rest (version 2022-11-28) and
https://docs.github.com/en/graphql. It refuses what the real one ignores, such as a parameter that it does not have."""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from graphql import ExecutionResult, GraphQLError, build_schema, graphql_sync
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from tests.trackers.double import MARKDOWN, READER, SPRINT, TASKS, WRITER, Double, Entry

REPOSITORIES = {"acme/Checkout": 101, "acme/Billing": 102, "acme/Website": 103}
"""By their numbers. The last one has no issues."""
PULL_REQUEST = 900
MILESTONE, DELIVERY = 4, 7
COLUMNS, SIZES = ("Backlog", "Ready", "Done"), ("S", "M", "L")
SCOPES = {WRITER: "repo, project", READER: "repo:read, read:project"}

# What the questions of the engine are held to: of the published schema those types and fields that have to do with it.
SCHEMA = build_schema("""
scalar DateTime
scalar Date
scalar URI
interface Node { id: ID! }
interface ProjectV2FieldCommon { id: ID! name: String! dataType: ProjectV2FieldType! project: ProjectV2! }
enum ProjectV2FieldType { ITERATION LABELS NUMBER SINGLE_SELECT TEXT TITLE }
enum IssueState { OPEN CLOSED }
enum IssueOrderField { COMMENTS CREATED_AT UPDATED_AT }
enum OrderDirection { ASC DESC }
input IssueOrder { field: IssueOrderField! direction: OrderDirection! }
type ProjectV2 implements Node {
  id: ID! number: Int! title: String! closed: Boolean! resourcePath: URI!
  fields(after: String, before: String, first: Int, last: Int): ProjectV2FieldConfigurationConnection!
}
type ProjectV2Field implements Node & ProjectV2FieldCommon {
  id: ID! name: String! dataType: ProjectV2FieldType! project: ProjectV2!
}
type ProjectV2SingleSelectFieldOption { id: String! name: String! }
type ProjectV2SingleSelectField implements Node & ProjectV2FieldCommon {
  id: ID! name: String! dataType: ProjectV2FieldType! project: ProjectV2!
  options(names: [String!]): [ProjectV2SingleSelectFieldOption!]!
}
type ProjectV2IterationFieldIteration { id: String! title: String! startDate: Date! duration: Int! }
type ProjectV2IterationFieldConfiguration { iterations: [ProjectV2IterationFieldIteration!]! }
type ProjectV2IterationField implements Node & ProjectV2FieldCommon {
  id: ID! name: String! dataType: ProjectV2FieldType! project: ProjectV2!
  configuration: ProjectV2IterationFieldConfiguration!
}
union ProjectV2FieldConfiguration = ProjectV2Field | ProjectV2IterationField | ProjectV2SingleSelectField
type ProjectV2FieldConfigurationConnection { nodes: [ProjectV2FieldConfiguration] }
type ProjectV2ItemFieldNumberValue implements Node { id: ID! number: Float field: ProjectV2FieldConfiguration! }
type ProjectV2ItemFieldSingleSelectValue implements Node {
  id: ID! name: String optionId: String field: ProjectV2FieldConfiguration!
}
type ProjectV2ItemFieldTextValue implements Node { id: ID! text: String field: ProjectV2FieldConfiguration! }
union ProjectV2ItemFieldValue =
  ProjectV2ItemFieldNumberValue | ProjectV2ItemFieldSingleSelectValue | ProjectV2ItemFieldTextValue
type ProjectV2ItemFieldValueConnection { nodes: [ProjectV2ItemFieldValue] }
type ProjectV2Item implements Node {
  id: ID! project: ProjectV2!
  fieldValues(after: String, before: String, first: Int, last: Int): ProjectV2ItemFieldValueConnection!
}
type ProjectV2ItemConnection { nodes: [ProjectV2Item] }
type ProjectV2Connection { nodes: [ProjectV2] }
type Issue implements Node {
  id: ID! number: Int! title: String!
  projectItems(after: String, before: String, first: Int, includeArchived: Boolean = true, last: Int):
    ProjectV2ItemConnection!
}
type IssueConnection { nodes: [Issue] }
type Repository implements Node {
  id: ID!
  issue(number: Int!): Issue
  issues(after: String, before: String, first: Int, last: Int, orderBy: IssueOrder, states: [IssueState!]):
    IssueConnection!
  projectsV2(after: String, before: String, first: Int, last: Int): ProjectV2Connection!
}
input ProjectV2FieldValue { date: Date iterationId: String number: Float singleSelectOptionId: String text: String }
input UpdateProjectV2ItemFieldValueInput {
  clientMutationId: String fieldId: ID! itemId: ID! projectId: ID! value: ProjectV2FieldValue!
}
type UpdateProjectV2ItemFieldValuePayload { clientMutationId: String projectV2Item: ProjectV2Item }
type Query {
  node(id: ID!): Node
  nodes(ids: [ID!]!): [Node]!
  repository(followRenames: Boolean = true, name: String!, owner: String!): Repository
}
type Mutation {
  updateProjectV2ItemFieldValue(input: UpdateProjectV2ItemFieldValueInput!): UpdateProjectV2ItemFieldValuePayload
}
""")

_PAGED = frozenset(("per_page", "page"))
_ROUTES = Map(
    [
        Rule(f"/{rule}", methods=[method], endpoint=(name, _PAGED.union(params.split()) if params else frozenset()))
        for method, rule, name, params in (
            ("GET", "user", "user", ""),
            ("GET", "user/repos", "repositories", "visibility affiliation type sort direction since before"),
            ("GET", "search/issues", "search", "q sort order"),
            ("GET", "repos/<o>/<r>/issues", "listed", "state milestone labels sort direction since after"),
            ("GET", "repos/<o>/<r>/issues/<int:number>", "issue", ""),
            ("GET", "repositories/<int:repository>/issues/<int:number>", "issue_by_number", ""),
            ("PUT", "repos/<o>/<r>/issues/<int:number>/labels", "set_labels", ""),
            ("POST", "repos/<o>/<r>/issues/<int:number>/comments", "comment", ""),
            ("GET", "repos/<o>/<r>/milestones", "milestones", "state sort direction"),
            ("GET", "repos/<o>/<r>/milestones/<int:number>", "milestone", ""),
            ("GET", "repos/<o>/<r>/labels", "labels_listed", "page"),
            ("GET", "repos/<o>/<r>/labels/<name>", "label", ""),
            ("POST", "repos/<o>/<r>/labels", "make_label", ""),
            ("GET", "orgs/<org>/projectsV2/<int:number>/items", "items", "q fields after before"),
            ("POST", "graphql", "graphql", ""),
        )
    ]
)
_TOKENS = re.compile(r'[\w-]+:"[^"]*"|"[^"]*"|\([^)]*\)|\S+')


class _Refused(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status, self.message, self.headers = status, message, headers


class GitHub(Double):
    kind = "github"
    field = "Story points in Delivery"
    place_group = "Milestone"
    projects_are_allowed = True
    """Whether tokens may read projects."""

    def fill(self) -> None:
        checkout, billing = "acme/Checkout", "acme/Billing"
        tasks = [
            Entry(
                f"{checkout}#{number}",
                checkout,
                f"Checkout#{number}",
                f"Task {number}",
                markup=MARKDOWN if number == 1 else f"What {number} is.",
                place="Sprint 42" if number <= SPRINT else "",
                labels=("web", "urgent") if number == 1 else (),
            )
            for number in range(1, TASKS + 1)
        ]
        finished = Entry(
            f"{checkout}#{TASKS + 1}", checkout, f"Checkout#{TASKS + 1}", "Finished", markup=None, done=True
        )
        invoices = [Entry(f"{billing}#{n}", billing, f"Billing#{n}", f"Invoice {n}", markup=None) for n in (1, 2, 3)]
        self.entries.update((each.id, each) for each in (*tasks, finished, *invoices))
        self.were = {*self.entries}
        self.moved: dict[str, str] = {}
        self.labels = {name: ["web", "urgent", "bug"] for name in REPOSITORIES}
        self.columns = {each.id: COLUMNS[1] if number < 3 else COLUMNS[0] for number, each in enumerate(tasks)}
        self.sizes: dict[str, str] = {}
        self.pull_requests = 1
        self.is_linked = True
        self.projects_are_allowed = True

    def credentials(self, token: str = WRITER) -> dict[str, str]:
        return {"token": token, "address": self.url}

    # --- requests

    def answer(self, request: Request) -> Response:
        try:
            return self._answer(request)
        except _Refused as refused:
            body = {"message": refused.message, "documentation_url": "https://docs.github.com/rest"}
            headers = {key.replace("_", "-"): value for key, value in refused.headers.items()}
            return self._json(body, refused.status, headers)

    def _answer(self, request: Request) -> Response:
        # An Enterprise Server has it all below /api.
        where = "/graphql" if request.path == "/api/graphql" else request.path.removeprefix("/api/v3")
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in SCOPES or not request.headers.get("Authorization", "").startswith("Bearer "):
            raise _Refused(401, "Bad credentials")
        if not request.headers.get("User-Agent"):
            raise _Refused(403, "Request forbidden by administrative rules.")
        if request.headers.get("X-GitHub-Api-Version") != "2022-11-28":
            raise _Refused(400, "Unsupported API version")
        if request.headers.get("Accept") != "application/vnd.github+json":
            raise _Refused(415, "Unsupported 'Accept' header")
        try:
            (name, params), given = _ROUTES.bind("api.github.com").match(where, request.method)
        except HTTPException:
            raise _Refused(404, "Not Found") from None
        if unknown := {*request.args} - params:
            raise _Refused(422, f"No such parameter: {', '.join(sorted(unknown))}")
        if request.args.get("per_page", "30") not in map(str, range(1, 101)):
            raise _Refused(422, "per_page is 1 to 100")
        body = None
        if request.method != "GET":
            if request.mimetype != "application/json":
                raise _Refused(415, "Unsupported Media Type")
            body = request.get_json()
            if token == READER and name != "graphql":
                raise _Refused(403, "Resource not accessible by personal access token")
        if "r" in given:
            given["repository"] = self._repository(f"{given.pop('o')}/{given.pop('r')}")
        answered = getattr(self, f"_{name}")(request, body, token, **given)
        return answered if isinstance(answered, Response) else self._json(answered)

    def _json(self, body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
        limits = {"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "4321", "X-RateLimit-Reset": "1"}
        return Response(json.dumps(body), status, {**limits, **(headers or {})}, content_type="application/json")

    def _repository(self, name: str) -> str:
        found = next((each for each in REPOSITORIES if each.lower() == name.lower()), None)
        if not found:
            raise _Refused(404, "Not Found")
        return found

    def _page(self, request: Request, whole: list[Any], *, by_cursor: bool = False) -> Response:
        size, number = int(request.args.get("per_page", 30)), int(request.args.get("page", 1))
        if by_cursor:
            # As of lists that are large: a number alone does not do.
            after = request.args.get("after", "")
            if (number > 1 and not after) or (after and not after.startswith("cursor:")):
                raise _Refused(422, "Pagination with the page parameter is not supported for large datasets")
            number = int(after.removeprefix("cursor:") or 0) // size + 1
        headers = {}
        if number * size < len(whole):
            args = {**request.args, "page": number + 1}
            if by_cursor:
                args = {**request.args, "after": f"cursor:{number * size}", "page": number + 1}
            following = f"{request.base_url}?{urlencode(args)}"
            headers["Link"] = f'<{following}>; rel="next", <{request.base_url}?page=99>; rel="last"'
        return self._json(whole[(number - 1) * size : number * size], headers=headers)

    # --- REST

    def _user(self, request: Request, body: Any, token: str) -> Response:
        user = {"login": "olga" if token == WRITER else "rita", "id": 1, "name": None, "type": "User"}
        ends = "2027-01-31 00:00:00 UTC"
        headers = {"X-OAuth-Scopes": SCOPES[token], "GitHub-Authentication-Token-Expiration": ends}
        return self._json(user, headers=headers)

    def _repositories(self, request: Request, body: Any, token: str) -> Response:
        whole = [
            {"id": number, "full_name": name, "has_issues": name != "acme/Website", "archived": name == "acme/Billing"}
            for name, number in REPOSITORIES.items()
        ]
        return self._page(request, whole)

    def _issue_raw(self, entry: Entry) -> dict[str, Any]:
        number, api = _number(entry), f"{self.url}/repos/{entry.project}"
        raw: dict[str, Any] = {
            "id": abs(hash(entry.id)),
            "number": number,
            "url": f"{api}/issues/{number}",
            "repository_url": api,
            "html_url": f"{self.url}/{entry.project}/issues/{number}",
            "title": entry.title,
            "body": entry.markup,
            "state": "closed" if entry.done else "open",
            "labels": [{"id": 1, "name": each, "color": "ededed"} for each in entry.labels],
            "milestone": {"number": MILESTONE, "title": entry.place} if entry.place else None,
            "type": {"id": 1, "name": entry.kind, "description": None},
            "parent_issue_url": f"{api}/issues/1" if number == 2 else None,
            "user": {"login": "olga"},
        }
        if number >= PULL_REQUEST:
            raw["pull_request"] = {"url": f"{api}/pulls/{number}"}
        return raw

    def _of(self, repository: str) -> list[Entry]:
        """The issues of a repository in the order in which they were written, a pull request among them."""
        return sorted(
            (each for each in self.entries.values() if each.project == repository),
            key=_number,
        )

    def _listed(self, request: Request, body: Any, token: str, repository: str) -> Response:
        args = request.args
        pulls = (f"{repository}#{PULL_REQUEST + number}" for number in range(self.pull_requests))
        found = [*self._of(repository), *(Entry(each, repository, "", "A pull request") for each in pulls)]
        if args.get("state", "open") != "all":
            found = [each for each in found if each.done == (args.get("state") == "closed")]
        if "milestone" in args:
            if args["milestone"] != str(MILESTONE):
                raise _Refused(422, "Validation Failed")
            found = [each for each in found if each.place]
        if "labels" in args:
            found = [each for each in found if {*args["labels"].split(",")} <= {*each.labels}]
        if args.get("sort", "created") != "created" or args.get("direction", "desc") not in ("asc", "desc"):
            raise _Refused(422, "Validation Failed")
        if args.get("direction", "desc") == "desc":
            found.reverse()
        return self._page(request, [self._issue_raw(each) for each in found], by_cursor=True)

    def _found(self, repository: str, number: int) -> Entry:
        issue_id = f"{repository}#{number}"
        if issue_id in self.moved:
            other, _, moved = self.moved[issue_id].partition("#")
            where = f"{self.url}/repositories/{REPOSITORIES[other]}/issues/{moved}"
            raise _Refused(301, "Moved Permanently", location=where)
        if issue_id not in self.entries:
            raise _Refused(410, "This issue was deleted") if issue_id in self.were else _Refused(404, "Not Found")
        return self.entries[issue_id]

    def _issue(self, request: Request, body: Any, token: str, repository: str, number: int) -> dict[str, Any]:
        return self._issue_raw(self._found(repository, number))

    def _issue_by_number(self, request: Request, body: Any, token: str, repository: int, number: int) -> dict[str, Any]:
        name = next(name for name, each in REPOSITORIES.items() if each == repository)
        return self._issue_raw(self._found(name, number))

    def _set_labels(self, request: Request, body: Any, token: str, repository: str, number: int) -> Any:
        entry = self._found(repository, number)
        labels = body.get("labels") if isinstance(body, dict) and {*body} == {"labels"} else None
        known = {each.lower(): each for each in self.labels[repository]}
        if not isinstance(labels, list) or not all(isinstance(each, str) and each.lower() in known for each in labels):
            raise _Refused(422, "Validation Failed")
        self.entries[entry.id] = replace(entry, labels=tuple(dict.fromkeys(known[each.lower()] for each in labels)))
        return [{"name": each} for each in self.entries[entry.id].labels]

    def _comment(self, request: Request, body: Any, token: str, repository: str, number: int) -> Response:
        entry = self._found(repository, number)
        if not isinstance(body, dict) or {*body} != {"body"} or not isinstance(body["body"], str) or not body["body"]:
            raise _Refused(422, "Validation Failed")
        self.entries[entry.id] = replace(entry, comments=(*entry.comments, body["body"]))
        return self._json({"id": 1, "body": body["body"]}, 201)

    def _milestones(self, request: Request, body: Any, token: str, repository: str) -> Response:
        due = {"number": MILESTONE, "title": "Sprint 42", "due_on": "2026-12-11T08:00:00Z", "state": "open"}
        undated = {"number": 9, "title": "Some day", "due_on": None, "state": "open"}
        return self._page(request, [due, undated] if repository == "acme/Checkout" else [])

    def _milestone(self, request: Request, body: Any, token: str, repository: str, number: int) -> dict[str, Any]:
        if (repository, number) != ("acme/Checkout", MILESTONE):
            raise _Refused(404, "Not Found")
        return {"number": MILESTONE, "title": "Sprint 42", "due_on": None, "state": "open"}

    def _labels_listed(self, request: Request, body: Any, token: str, repository: str) -> Response:
        return self._page(request, [{"id": 1, "name": each, "color": "ededed"} for each in self.labels[repository]])

    def _label(self, request: Request, body: Any, token: str, repository: str, name: str) -> dict[str, Any]:
        if name.lower() not in map(str.lower, self.labels[repository]):
            raise _Refused(404, "Not Found")
        return {"id": 1, "name": name, "color": "ededed"}

    def _make_label(self, request: Request, body: Any, token: str, repository: str) -> Response:
        name, color = (body.get("name"), body.get("color")) if isinstance(body, dict) else (None, None)
        if not isinstance(name, str) or not 0 < len(name) <= 50 or not re.fullmatch("[0-9a-f]{6}", str(color)):
            raise _Refused(422, "Validation Failed")
        if {*body} - {"name", "color", "description"} or name.lower() in map(str.lower, self.labels[repository]):
            raise _Refused(422, "Validation Failed")
        self.labels[repository].append(name)
        return self._json({"id": 1, "name": name, "color": color}, 201)

    # --- searches

    def _search(self, request: Request, body: Any, token: str) -> Response:
        query, size, number = request.args.get("q", ""), int(request.args.get("per_page", 30)), request.args.get("page")
        if not query or len(query) > 256:
            raise _Refused(422, "Validation Failed")
        if int(number or 1) * size > 1000:
            raise _Refused(422, "Only the first 1000 search results are available")
        tokens = _TOKENS.findall(query)
        if not {"is:issue", "is:pull-request"} & {*tokens}:
            raise _Refused(422, "Query must include 'is:issue' or 'is:pull-request'")
        if not any(each.startswith(("repo:", "involves:", "org:")) for each in tokens):
            raise AssertionError("a search of all of GitHub")
        found = [each for each in self.entries.values() if self._fits(each, tokens)]
        page = self._page(request, [self._issue_raw(each) for each in found])
        counted = {"total_count": len(found), "incomplete_results": False, "items": json.loads(page.get_data())}
        return self._json(counted, headers={"Link": page.headers["Link"]} if "Link" in page.headers else {})

    def _fits(self, entry: Entry, tokens: Iterable[str]) -> bool:
        return all(self._fits_one(entry, each) for each in tokens)

    def _fits_one(self, entry: Entry, token: str) -> bool:
        if token.startswith("("):
            return any(self._fits_one(entry, each.strip()) for each in token[1:-1].split(" OR "))
        name, colon, value = token.partition(":")
        value = value.strip('"')
        if token.startswith('"') or not colon:
            word = token.strip('"').lower()
            return (
                word in f"{entry.title} {entry.markup or ''}".lower().translate({ord("."): " ", ord('"'): " "}).split()
            )
        fits: dict[str, Callable[[], bool]] = {
            "repo": lambda: entry.project == self._searched(value),
            "is": lambda: {"issue": True, "open": not entry.done, "closed": entry.done}[value],
            "involves": lambda: entry.project == "acme/Billing",
            "milestone": lambda: entry.place == value,
            "label": lambda: value in entry.labels,
            "status": lambda: self.columns.get(entry.id) == value,
            "sprint": lambda: entry.place == value,
        }
        if name not in fits:
            raise _Refused(422, "Validation Failed")
        return fits[name]()

    def _searched(self, repository: str) -> str:
        if repository not in REPOSITORIES:
            raise _Refused(422, "The listed users and repositories cannot be searched")
        return repository

    def _items(self, request: Request, body: Any, token: str, org: str, number: int) -> Response:
        if (org, number) != ("acme", DELIVERY):
            raise _Refused(404, "Not Found")
        tokens = _TOKENS.findall(request.args.get("q", ""))
        issues = [each for each in self._of("acme/Checkout") if self._fits(each, tokens)]
        whole = [{"id": 1, "content_type": "Issue", "content": self._issue_raw(each)} for each in issues]
        # Of a repository that the token may not read.
        whole.append({"id": 2, "content_type": "Issue", "content": None})
        if "is:issue" not in tokens:
            whole.append({"id": 3, "content_type": "DraftIssue", "content": {"title": "A draft"}})
        return self._page(request, whole, by_cursor=True)

    # --- GraphQL

    def _graphql(self, request: Request, body: Any, token: str) -> dict[str, Any]:
        if not isinstance(body, dict) or not isinstance(body.get("query"), str) or {*body} - {"query", "variables"}:
            raise _Refused(400, "A query attribute must be specified and must be a string.")
        root = {
            "node": lambda info, **given: self._node(given["id"]),
            "nodes": lambda info, ids: [self._node(each) for each in ids],
            "repository": lambda info, owner, name, **_: self._repository_node(f"{owner}/{name}"),
            "updateProjectV2ItemFieldValue": lambda info, **given: self._set_field(given["input"], token),
        }
        result: ExecutionResult = graphql_sync(SCHEMA, body["query"], root, variable_values=body.get("variables"))
        answered: dict[str, Any] = {} if result.data is None else {"data": result.data}
        if result.errors:
            answered["errors"] = [self._error(each) for each in result.errors]
        return answered

    def _error(self, error: GraphQLError) -> dict[str, Any]:
        raw: dict[str, Any] = {"message": error.message, "path": error.path or []}
        kind = (error.extensions or {}).get("type")
        return {**raw, "type": kind} if kind else {**raw, "extensions": {"code": "invalid"}}

    def _connection(self, items: list[Any]) -> Callable[..., dict[str, Any]]:
        def connection(info: Any, first: int | None = None, **_: Any) -> dict[str, Any]:
            if first is None or not 1 <= first <= 100:
                raise _typed("MISSING_PAGINATION_BOUNDARIES", "You must provide a `first` of at most 100")
            return {"nodes": items[:first]}

        return connection

    def _allowed(self) -> None:
        if not self.projects_are_allowed:
            raise _typed("INSUFFICIENT_SCOPES", "Your token has not been granted the required scopes.")

    def _node(self, node_id: str) -> dict[str, Any]:
        self._allowed()
        project = self._delivery()
        known = {each["id"]: each for each in (project, *self._delivery_fields())}
        if node_id not in known:
            raise _typed("NOT_FOUND", f"Could not resolve to a node with the global id of '{node_id}'")
        return known[node_id]

    def _delivery(self) -> dict[str, Any]:
        return {
            "__typename": "ProjectV2",
            "id": "PVT_delivery",
            "number": DELIVERY,
            "title": "Delivery",
            "closed": False,
            "resourcePath": f"/orgs/acme/projects/{DELIVERY}",
            "fields": lambda info, **given: self._connection(self._delivery_fields())(info, **given),
        }

    def _delivery_fields(self) -> list[dict[str, Any]]:
        def field(kind: str, node_id: str, name: str, data_type: str, **more: Any) -> dict[str, Any]:
            of = {"__typename": kind, "id": node_id, "name": name, "dataType": data_type, **more}
            return {**of, "project": lambda info: self._delivery()}

        def options(names: Iterable[str]) -> list[dict[str, str]]:
            return [{"id": f"option-{each}", "name": each} for each in names]

        sprint = {"id": "iteration-42", "title": "Sprint 42", "startDate": "2026-11-30", "duration": 14}
        return [
            field("ProjectV2Field", "PVTF_title", "Title", "TITLE"),
            field("ProjectV2SingleSelectField", "PVTSSF_status", "Status", "SINGLE_SELECT", options=options(COLUMNS)),
            field("ProjectV2SingleSelectField", "PVTSSF_size", "Size", "SINGLE_SELECT", options=options(SIZES)),
            field("ProjectV2Field", "PVTF_rank", "Rank", "NUMBER"),
            field("ProjectV2Field", "PVTF_points", "Story points", "NUMBER"),
            field(
                "ProjectV2IterationField", "PVTIF_sprint", "Sprint", "ITERATION", configuration={"iterations": [sprint]}
            ),
        ]

    def _repository_node(self, name: str) -> dict[str, Any]:
        if name not in REPOSITORIES:
            raise _typed("NOT_FOUND", f"Could not resolve to a Repository with the name '{name}'.")
        newest = [*reversed(self._of(name))]

        def projects(info: Any, **given: Any) -> dict[str, Any]:
            self._allowed()
            of = [self._delivery()] if self.is_linked and name == "acme/Checkout" else []
            return self._connection(of)(info, **given)

        return {
            "id": f"R_{name}",
            "issue": lambda info, number: self._issue_node(f"{name}#{number}"),
            "issues": self._connection([self._issue_node(each.id) for each in newest if not each.done]),
            "projectsV2": projects,
        }

    def _issue_node(self, issue_id: str) -> dict[str, Any]:
        if issue_id not in self.entries or issue_id in self.moved:
            number = issue_id.partition("#")[2]
            raise _typed("NOT_FOUND", f"Could not resolve to an Issue with the number of {number}.")
        entry = self.entries[issue_id]

        def items(info: Any, includeArchived: bool = True, **given: Any) -> dict[str, Any]:  # noqa: N803
            self._allowed()
            return self._connection([self._item(entry)] if entry.project == "acme/Checkout" else [])(info, **given)

        return {"id": f"I_{issue_id}", "number": _number(entry), "title": entry.title, "projectItems": items}

    def _item(self, entry: Entry) -> dict[str, Any]:
        fields = {each["name"]: each for each in self._delivery_fields()}
        values: list[dict[str, Any]] = [
            {"__typename": "ProjectV2ItemFieldTextValue", "id": "1", "text": entry.title, "field": fields["Title"]}
        ]
        if entry.estimate is not None:
            number = {"id": "2", "number": entry.estimate, "field": fields["Story points"]}
            values.append({"__typename": "ProjectV2ItemFieldNumberValue", **number})
        if entry.id in self.sizes:
            size = {"id": "3", "name": self.sizes[entry.id], "field": fields["Size"]}
            values.append({"__typename": "ProjectV2ItemFieldSingleSelectValue", **size})
        of = {"id": f"PVTI_{entry.id}", "project": self._delivery()}
        return {"__typename": "ProjectV2Item", **of, "fieldValues": self._connection(values)}

    def _set_field(self, given: dict[str, Any], token: str) -> dict[str, Any]:
        self._allowed()
        if token == READER:
            raise _typed("FORBIDDEN", "Resource not accessible by personal access token")
        entry = self.entries.get(given["itemId"].removeprefix("PVTI_"))
        if given["projectId"] != "PVT_delivery" or entry is None or entry.project != "acme/Checkout":
            raise _typed("NOT_FOUND", "Could not resolve to a node with the global id.")
        match given["fieldId"], given["value"]:
            case "PVTF_points", {"number": float() as number, **rest} if not rest:
                self.entries[entry.id] = replace(entry, estimate=number)
            case "PVTSSF_size", {"singleSelectOptionId": str() as option, **rest} if not rest:
                self.sizes[entry.id] = next(each for each in SIZES if option == f"option-{each}")
            case _:
                raise _typed("UNPROCESSABLE", "Did not receive a value of the field's type to update.")
        return {"projectV2Item": self._item(self.entries[entry.id])}


def _number(entry: Entry) -> int:
    return int(entry.id.partition("#")[2])


def _typed(kind: str, message: str) -> GraphQLError:
    """An error with the type that stands beside its message."""
    return GraphQLError(message, extensions={"type": kind})
