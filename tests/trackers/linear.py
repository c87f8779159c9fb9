"""Linear's GraphQL API, as far as Faceup asks it: https://linear.app/developers/graphql. Queries are checked against
the part of its schema that stands here, so that a field, argument or type that Linear does not have is refused."""

# ruff: noqa: A002, N802, N803  (resolvers have the names of the schema)

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from graphql import GraphQLError, build_schema, graphql_sync
from werkzeug.wrappers import Request, Response

from tests.trackers.double import EXPIRED, READER, SPRINT, TASKS, WRITER, Double, Entry

MAX_PAGE = 250

SCHEMA = build_schema(
    """
    scalar DateTime
    type Query {
        viewer: User!
        team(id: String!): Team!
        teams(after: String, first: Int): TeamConnection!
        issue(id: String!): Issue!
        issueLabels(filter: IssueLabelFilter, first: Int): IssueLabelConnection!
        issues(
            filter: IssueFilter, after: String, before: String, first: Int, last: Int, orderBy: PaginationOrderBy
        ): IssueConnection!
        searchIssues(term: String!, filter: IssueFilter, after: String, first: Int): IssueSearchPayload!
    }
    type Mutation {
        issueUpdate(id: String!, input: IssueUpdateInput!): IssuePayload!
        commentCreate(input: CommentCreateInput!): CommentPayload!
    }
    enum PaginationOrderBy { createdAt updatedAt }
    type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }
    type Organization { name: String! }
    type User { name: String! organization: Organization! }
    type TeamConnection { nodes: [Team!]! pageInfo: PageInfo! }
    type Team {
        id: ID!  key: String!  name: String!
        issueEstimationType: String!  issueEstimationExtended: Boolean!  issueEstimationAllowZero: Boolean!
        cycles(filter: CycleFilter, first: Int): CycleConnection!
        projects(filter: ProjectFilter, first: Int): ProjectConnection!
    }
    type CycleConnection { nodes: [Cycle!]! }
    type Cycle { id: ID! name: String number: Float! startsAt: DateTime! isActive: Boolean! }
    type ProjectConnection { nodes: [Project!]! }
    type Project { id: ID! name: String! }
    type IssueLabelConnection { nodes: [IssueLabel!]! }
    type IssueLabel { id: ID! name: String! }
    type WorkflowState { name: String! type: String! }
    interface Shown {
        id: ID!  identifier: String!  title: String!  url: String!  description: String  priorityLabel: String!
        archivedAt: DateTime  trashed: Boolean  estimate: Float  state: WorkflowState!  team: Team!
        labels(first: Int): IssueLabelConnection!
    }
    type Issue implements Shown {
        id: ID!  identifier: String!  title: String!  url: String!  description: String  priorityLabel: String!
        archivedAt: DateTime  trashed: Boolean  estimate: Float  state: WorkflowState!  team: Team!  parent: Issue
        labels(first: Int): IssueLabelConnection!
    }
    type IssueSearchResult implements Shown {
        id: ID!  identifier: String!  title: String!  url: String!  description: String  priorityLabel: String!
        archivedAt: DateTime  trashed: Boolean  estimate: Float  state: WorkflowState!  team: Team!  parent: Issue
        labels(first: Int): IssueLabelConnection!
    }
    type IssueConnection { nodes: [Issue!]! pageInfo: PageInfo! }
    type IssueSearchPayload { nodes: [IssueSearchResult!]! pageInfo: PageInfo! totalCount: Float! }
    type IssuePayload { success: Boolean! }
    type CommentPayload { success: Boolean! }
    input IDComparator { eq: ID }
    input StringComparator { nin: [String!] }
    input BooleanComparator { eq: Boolean }
    input NullableTeamFilter { id: IDComparator null: Boolean }
    input TeamFilter { id: IDComparator }
    input NullableCycleFilter { id: IDComparator }
    input NullableProjectFilter { id: IDComparator }
    input WorkflowStateFilter { type: StringComparator }
    input ProjectStatusFilter { type: StringComparator }
    input CycleFilter { isPast: BooleanComparator }
    input ProjectFilter { status: ProjectStatusFilter }
    input IssueLabelFilter {
        id: IDComparator  isGroup: BooleanComparator  team: NullableTeamFilter  or: [IssueLabelFilter!]
    }
    input IssueLabelCollectionFilter { some: IssueLabelFilter }
    input IssueFilter {
        state: WorkflowStateFilter  team: TeamFilter  cycle: NullableCycleFilter
        project: NullableProjectFilter  labels: IssueLabelCollectionFilter
    }
    input IssueUpdateInput { estimate: Int }
    input CommentCreateInput { issueId: String body: String }
    """
)


def uuid(name: str) -> str:
    return str(uuid5(NAMESPACE_URL, name))


def refused(message: str, code: str, kind: str, status: int, *, http: int = 200, said: str = "") -> GraphQLError:
    """An error as Linear words it; ``http`` is the status of the whole answer."""
    extensions = {"type": kind, "code": code, "statusCode": status, "userError": True, "http": {"status": http}}
    return GraphQLError(message, extensions=extensions | ({"userPresentableMessage": said} if said else {}))


class LinearDouble(Double):
    kind = "linear"
    field = "Estimate"

    def fill(self) -> None:
        self.archived: set[str] = set()
        # Scale, whether it is extended, whether it has zero.
        self.scales = {"Checkout": ("fibonacci", False, False), "Billing": ("notUsed", False, False)}
        self.more_teams = 0
        self.states = {"Backlog": "backlog", "Done": "completed"}
        for number in range(1, TASKS + 1):
            first = number == 1
            self._add(
                f"Task {number}",
                "Checkout",
                f"CHE-{number}",
                markup="## Goal\n\n* one\n* two\n\n**must** as [the spec](https://example.com/spec) says"
                if first
                else "",
                labels=("web", "urgent") if first else (),
                place="Sprint 42" if number <= SPRINT else "",
            )
        self._add("Finished", "Checkout", f"CHE-{TASKS + 1}", done=True, place="Sprint 42")
        for number in range(1, 4):
            self._add(f"Invoice {number}", "Billing", f"BIL-{number}")

    def _add(self, title: str, project: str, key: str, **more: Any) -> None:
        entry = Entry(uuid(title), project, key, title, **more)
        self.entries[entry.id] = entry

    def credentials(self, token: str = WRITER) -> dict[str, str]:
        return {"token": token, "address": self.url}

    def answer(self, request: Request) -> Response:
        if request.path != "/graphql":
            return Response("Not found", 404)
        if request.method != "POST" or request.mimetype != "application/json" or request.args:
            return Response("A query is posted as application/json.", 400)
        token = request.headers.get("Authorization", "")
        if token not in (WRITER, READER):
            said = "You need to authenticate to access this operation."
            kind = "AUTHENTICATION_ERROR", "authentication error"
            unknown = refused("Authentication required, not authenticated", *kind, 401, said=said)
            # A key that was revoked is answered in another way than no key.
            return self._answered({"errors": [unknown.formatted]}, 401 if token == EXPIRED else 400)
        asked = json.loads(request.data)
        if {*asked} - {"query", "variables", "operationName"} or not isinstance(asked.get("variables", {}), dict):
            return Response("POST body invalid.", 400)
        root = _Root(self, may_write=token == WRITER)
        outcome = graphql_sync(SCHEMA, asked["query"], root, variable_values=asked.get("variables"))
        errors = [error.formatted for error in outcome.errors or []]
        if outcome.data is None and errors and not errors[0].get("extensions"):
            for error in errors:
                error["extensions"] = {"code": "GRAPHQL_VALIDATION_FAILED", "type": "graphql error", "statusCode": 400}
            return self._answered({"errors": errors}, 400)
        status = errors[0]["extensions"]["http"]["status"] if errors else 200
        return self._answered({"data": outcome.data, **({"errors": errors} if errors else {})}, status)

    def _answered(self, body: Mapping[str, Any], status: int) -> Response:
        return Response(json.dumps(body), status, content_type="application/json; charset=utf-8")


class _Root:
    """What the schema's queries and mutations answer with. GraphQL calls its methods by the fields' names."""

    def __init__(self, double: LinearDouble, *, may_write: bool) -> None:
        self._double = double
        self._may_write = may_write
        self.viewer = {"name": "Olga", "organization": {"name": "Acme"}}

    def team(self, _: Any, id: str) -> dict[str, Any]:
        return next((team for team in self._teams() if team["id"] == id), None) or self._missing("Team")

    def teams(self, _: Any, **page: Any) -> dict[str, Any]:
        return _page(self._teams(), **page)

    def issueLabels(self, _: Any, filter: Mapping[str, Any], first: int) -> dict[str, Any]:
        assert filter["isGroup"] == {"eq": False}
        own, of_workspace = filter["or"]
        assert of_workspace == {"team": {"null": True}}
        assert own["team"]["id"]["eq"] in [team["id"] for team in self._teams()]
        return _page([_label(name) for name in ("web", "urgent")], first=first)

    def issue(self, _: Any, id: str) -> dict[str, Any]:
        entry = next((each for each in self._double.entries.values() if id in (each.id, each.key)), None)
        return self._shown(entry) if entry else self._missing("Issue")

    def issues(self, _: Any, filter: Mapping[str, Any], orderBy: str, **page: Any) -> dict[str, Any]:
        assert orderBy == "createdAt"
        return _page(self._found(filter)[::-1], **page)

    def searchIssues(self, _: Any, term: str, filter: Mapping[str, Any], **page: Any) -> dict[str, Any]:
        words = term.casefold().split()
        found = [each for each in self._found(filter) if all(word in each["title"].casefold() for word in words)]
        return _page(found, **page) | {"totalCount": float(len(found))}

    def issueUpdate(self, _: Any, id: str, input: Mapping[str, Any]) -> dict[str, Any]:
        entry = self._writable(id)
        self._double.entries[entry.id] = replace(entry, **input)
        return {"success": True}

    def commentCreate(self, _: Any, input: Mapping[str, Any]) -> dict[str, Any]:
        entry = self._writable(input["issueId"])
        self._double.entries[entry.id] = replace(entry, comments=(*entry.comments, input["body"]))
        return {"success": True}

    def _writable(self, id: str) -> Entry:
        if not self._may_write:
            raise refused("Invalid scope: `write` required", "FORBIDDEN", "forbidden", 403, http=400)
        return self._double.entries.get(id) or self._missing("Issue")

    def _missing(self, what: str) -> Any:
        said = f"Could not find referenced {what}."
        raise refused(f"Entity not found: {what}", "INPUT_ERROR", "invalid input", 400, said=said)

    def _teams(self) -> list[dict[str, Any]]:
        names = [*self._double.scales, *(f"Team {number}" for number in range(self._double.more_teams))]
        return [self._team(name) for name in names]

    def _team(self, name: str) -> dict[str, Any]:
        scale, extended, zero = self._double.scales.get(name, ("notUsed", False, False))
        return {
            "id": uuid(f"team {name}"),
            "key": name[:3].upper(),
            "name": name,
            "issueEstimationType": scale,
            "issueEstimationExtended": extended,
            "issueEstimationAllowZero": zero,
            "cycles": _cycles,
            "projects": _projects,
        }

    def _found(self, filter: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Issues by a filter, the oldest first, without archived ones."""

        def matches(entry: Entry, issue: Mapping[str, Any]) -> bool:
            labels = filter.get("labels", {}).get("some", {}).get("id", {}).get("eq")
            return (
                issue["state"]["type"] not in filter["state"]["type"]["nin"]
                and filter.get("team", {}).get("id", {}).get("eq", issue["team"]["id"]) == issue["team"]["id"]
                and filter.get("cycle", {}).get("id", {}).get("eq", uuid(entry.place)) == uuid(entry.place)
                and "project" not in filter
                and (labels is None or labels in [uuid(f"label {name}") for name in entry.labels])
                and not issue["archivedAt"]
            )

        shown = [(entry, self._shown(entry)) for entry in self._double.entries.values()]
        return [issue for entry, issue in shown if matches(entry, issue)]

    def _shown(self, entry: Entry) -> dict[str, Any]:
        state = "Done" if entry.done else "Backlog"
        return {
            "id": entry.id,
            "identifier": entry.key,
            "title": entry.title,
            "url": f"https://linear.app/acme/issue/{entry.key}/{entry.title.lower().replace(' ', '-')}",
            "description": entry.markup or None,
            "priorityLabel": "No priority",
            "archivedAt": "2026-01-01T00:00:00.000Z" if entry.title in self._double.archived else None,
            "trashed": None,
            "estimate": entry.estimate,
            "state": {"name": state, "type": self._double.states[state]},
            "team": self._team(entry.project),
            "parent": None,
            "labels": lambda _, first=50: _page([_label(name) for name in entry.labels], first=first),
        }


def _label(name: str) -> dict[str, Any]:
    return {"id": uuid(f"label {name}"), "name": name}


def _cycles(_: Any, filter: Mapping[str, Any], first: int) -> dict[str, Any]:
    assert filter == {"isPast": {"eq": False}}
    active = {"name": "Sprint 42", "number": 42.0, "startsAt": "2026-11-23T00:00:00.000Z", "isActive": True}
    upcoming = {"name": None, "number": 43.0, "startsAt": "2026-12-07T00:00:00.000Z", "isActive": False}
    return _page([upcoming | {"id": uuid("Sprint 43")}, active | {"id": uuid("Sprint 42")}], first=first)


def _projects(_: Any, filter: Mapping[str, Any], first: int) -> dict[str, Any]:
    assert {"completed", "canceled"} <= {*filter["status"]["type"]["nin"]}
    return _page([{"id": uuid("Launch"), "name": "Launch"}], first=first)


def _page(nodes: Sequence[Any], **page: Any) -> dict[str, Any]:
    """A page of a connection, from either end; a cursor is the id of a node."""
    first, last = page.get("first"), page.get("last")
    if max(first or 0, last or 0) > MAX_PAGE or (first and last):
        raise refused("Argument Validation Error", "INVALID_INPUT", "invalid input", 400, http=400)
    place: Callable[[str], int] = [node["id"] for node in nodes].index
    start = place(page["after"]) + 1 if page.get("after") else 0
    stop = place(page["before"]) if page.get("before") else len(nodes)
    if last:
        start = max(start, stop - last)
    stop = min(stop, start + (first or last or 50))
    shown = nodes[start:stop]
    ends = {"startCursor": shown[0]["id"], "endCursor": shown[-1]["id"]} if shown else {}
    return {"nodes": shown, "pageInfo": {"hasNextPage": stop < len(nodes), "hasPreviousPage": start > 0, **ends}}
