"""Linear, by its GraphQL API. Its teams are the port's projects, with one field for estimates each.

https://linear.app/developers/graphql; its schema: https://studio.apollographql.com/public/Linear-API/schema/reference
"""

from collections.abc import Mapping, Sequence
from typing import Any

from poker_app.outside import pause_of
from poker_app.rules.trackers import EstimateField, Found, Identity, Issue, Place, Search
from poker_app.trackers.client import Client
from poker_app.trackers.engines.base import PAGE, expected, text
from poker_app.trackers.failures import Busy, Gone, Rejected, TrackerFailure

NAME = "Linear"
PAGES = 10
LISTED = 100
"""Teams of one page, and most of what a team's places are of one kind."""
CLOSED = ("completed", "canceled", "duplicate")
"""Types of states: https://linear.app/docs/configuring-workflows"""
_FIELD = "estimate"
# https://linear.app/docs/estimates: five values, two more where the team extends them, and zero where it allows that.
_VALUES: Mapping[str, Mapping[str, int]] = {
    "exponential": {str(value): value for value in (0, 1, 2, 4, 8, 16, 32, 64)},
    "fibonacci": {str(value): value for value in (0, 1, 2, 3, 5, 8, 13, 21)},
    "linear": {str(value): value for value in range(8)},
    "tShirt": {"–": 0, "XS": 1, "S": 2, "M": 3, "L": 5, "XL": 8, "XXL": 13, "XXXL": 21},
}
_STATUSES = {"RATELIMITED": 429, "AUTHENTICATION_ERROR": 401, "FORBIDDEN": 403, "FEATURE_NOT_ACCESSIBLE": 403}
_TYPES = {"internal error": 503, "lock timeout": 503, "network error": 503, "bootstrap error": 503}
"""Statuses that are meant by an error's code, or else by its type."""
_LIMITS = ("x-ratelimit-endpoint-requests", "x-ratelimit-requests", "x-ratelimit-complexity")

_ESTIMATION = "issueEstimationType issueEstimationExtended issueEstimationAllowZero"
_ISSUE = """
    id identifier title url description priorityLabel archivedAt trashed
    state { name type }
    team { id }
    parent { identifier }
    labels(first: 20) { nodes { name } }
"""
_PAGE_INFO = "pageInfo { hasNextPage endCursor hasPreviousPage startCursor }"


class _Client(Client):
    """Refusals are in the body, with status 200, 400 or their own.
    https://linear.app/developers/graphql#errors, https://linear.app/developers/rate-limiting"""

    def refusal(self, status: int, headers: Mapping[str, str], body: Any) -> TrackerFailure:
        with expected(NAME):
            if body and body.get("errors"):
                error = body["errors"][0]
                details = error.get("extensions") or {}
                said = text(details.get("userPresentableMessage") or error["message"])
                status = _STATUSES.get(str(details.get("code")), _TYPES.get(str(details.get("type")), 400))
                if text(error["message"]).startswith("Entity not found"):
                    status = 404
                body = {"message": said}
        failure = super().refusal(status, headers, body)
        if isinstance(failure, Busy) and failure.retry_after is None:
            used_up = [limit for limit in _LIMITS if headers.get(f"{limit}-remaining", "").strip() == "0"]
            resets = [headers[f"{limit}-reset"] for limit in (*used_up, *_LIMITS) if f"{limit}-reset" in headers]
            failure.retry_after = pause_of({"x-ratelimit-reset": resets[0]}) if resets else None
        return failure


class Linear:
    """The port to Linear."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @classmethod
    def of(cls, credentials: Mapping[str, str], *, inside: bool) -> "Linear":
        """With a personal API key: https://linear.app/developers/graphql#personal-api-keys"""
        headers = {"Authorization": credentials["token"]}
        return cls(_Client(NAME, credentials["address"], headers, inside=inside))

    def check(self) -> Identity:
        """https://linear.app/developers/graphql#queries-and-mutations"""
        data = self._ask("query { viewer { name organization { name } } }")
        with expected(NAME):
            viewer = data["viewer"]
            return Identity(f"{text(viewer['name'])}, {text(viewer['organization']['name'])}")

    def projects(self) -> Sequence[Place]:
        """Teams. https://linear.app/developers/pagination"""
        query = f"""query ($first: Int, $after: String) {{
            teams(first: $first, after: $after) {{ nodes {{ id name key }} {_PAGE_INFO} }}
        }}"""
        found: list[Place] = []
        after: str | None = None
        for _ in range(PAGES):
            data = self._ask(query, first=LISTED, after=after)
            with expected(NAME):
                found += [_place(team["id"], team["name"], "Team", team["key"]) for team in data["teams"]["nodes"]]
                after = _next(data["teams"]["pageInfo"]) or None
            if after is None:
                break
        return found

    def places(self, project: str) -> Sequence[Place]:
        """A team's cycles that are not over, its projects that are not closed, its labels and the workspace's.
        https://linear.app/developers/filtering"""
        data = self._ask(
            """query ($id: String!, $team: ID, $first: Int, $closed: [String!]) {
                team(id: $id) {
                    cycles(first: $first, filter: { isPast: { eq: false } }) {
                        nodes { id name number startsAt isActive }
                    }
                    projects(first: $first, filter: { status: { type: { nin: $closed } } }) { nodes { id name } }
                }
                issueLabels(
                    first: $first
                    filter: { isGroup: { eq: false }, or: [{ team: { id: { eq: $team } } }, { team: { null: true } }] }
                ) { nodes { id name } }
            }""",
            id=project,
            team=project,
            first=LISTED,
            closed=CLOSED,
        )
        with expected(NAME):
            team = data["team"]
            cycles = sorted(team["cycles"]["nodes"], key=lambda each: text(each["startsAt"]))
            return [
                *(
                    _place(
                        f"cycle:{cycle['id']}",
                        cycle["name"] or f"Cycle {cycle['number']:g}",
                        "Cycle",
                        "active" if cycle["isActive"] else "upcoming",
                    )
                    for cycle in cycles
                ),
                *(_place(f"project:{each['id']}", each["name"], "Project") for each in team["projects"]["nodes"]),
                *(_place(f"label:{each['id']}", each["name"], "Label") for each in data["issueLabels"]["nodes"]),
            ]

    def search(self, search: Search, cursor: str = "") -> Found:
        """Open issues: by words, the likeliest first; of a place, the oldest first; else the newest first.
        https://linear.app/developers/filtering, and ``searchIssues`` of the schema."""
        if search.query:
            raise Rejected(f"{NAME} has no query language: search words.")
        narrowed: dict[str, Any] = {"state": {"type": {"nin": CLOSED}}}
        if search.project:
            narrowed["team"] = {"id": {"eq": search.project}}
        if search.place:
            narrowed |= _of_place(search.place)
        if search.words:
            data = self._ask(
                f"""query ($term: String!, $filter: IssueFilter, $first: Int, $after: String) {{
                    found: searchIssues(term: $term, filter: $filter, first: $first, after: $after) {{
                        nodes {{ {_ISSUE} }} {_PAGE_INFO} totalCount
                    }}
                }}""",
                term=search.words,
                filter=narrowed,
                first=PAGE,
                after=cursor or None,
            )
            with expected(NAME):
                found = data["found"]
                return Found(_issues(found), _next(found["pageInfo"]), int(found["totalCount"]))
        # Linear orders by creation, the newest first, and pages from both ends.
        backwards = bool(search.place)
        data = self._ask(
            f"""query ($filter: IssueFilter, $first: Int, $after: String, $last: Int, $before: String) {{
                found: issues(
                    filter: $filter, first: $first, after: $after, last: $last, before: $before, orderBy: createdAt
                ) {{ nodes {{ {_ISSUE} }} {_PAGE_INFO} }}
            }}""",
            filter=narrowed,
            **({"last": PAGE, "before": cursor or None} if backwards else {"first": PAGE, "after": cursor or None}),
        )
        with expected(NAME):
            found = data["found"]
            issues = _issues(found)
            return Found(issues[::-1] if backwards else issues, _next(found["pageInfo"], backwards=backwards))

    def issue(self, issue_id: str) -> Issue:
        """https://linear.app/developers/graphql#queries-and-mutations"""
        data = self._ask(f"query ($id: String!) {{ issue(id: $id) {{ {_ISSUE} }} }}", id=issue_id)
        with expected(NAME):
            node = data["issue"]
            if node["archivedAt"] or node["trashed"]:
                raise Gone(f"{NAME} has it in its archive or its trash.")
            return _issue(node)

    def estimate_fields(self, project: str) -> Sequence[EstimateField]:
        """The team's scale, none where it does not use estimates. https://linear.app/docs/estimates"""
        data = self._ask(f"query ($id: String!) {{ team(id: $id) {{ {_ESTIMATION} }} }}", id=project)
        with expected(NAME):
            values = _values(data["team"])
        return [EstimateField(_FIELD, "Estimate", "choice", tuple(values))] if values else []

    def estimate(self, issue_id: str, field: EstimateField) -> str:
        """As ``issue``."""
        values, value = self._estimated(issue_id, field)
        if value is None:
            return ""
        # An estimate may be left of a scale that the team had before.
        return next((name for name, number in values.items() if number == value), f"{value:g}")

    def write_estimate(self, issue_id: str, field: EstimateField, value: str) -> None:
        """``issueUpdate`` of the schema: https://linear.app/developers/graphql#creating-and-editing-issues

        The scale is asked for first: Linear itself takes any number."""
        values, _ = self._estimated(issue_id, field)
        if value not in values:
            raise Rejected(f"“{value}” is not on the scale of the issue’s team in {NAME}: {', '.join(values)}.")
        self._write(
            """mutation ($id: String!, $estimate: Int) {
                written: issueUpdate(id: $id, input: { estimate: $estimate }) { success }
            }""",
            id=issue_id,
            estimate=values[value],
        )

    def comment(self, issue_id: str, markdown: str) -> None:
        """``commentCreate`` of the schema, whose body is Markdown."""
        self._write(
            """mutation ($id: String!, $body: String) {
                written: commentCreate(input: { issueId: $id, body: $body }) { success }
            }""",
            id=issue_id,
            body=markdown,
        )

    def revoke(self) -> bool:
        """Personal API keys are deleted in the settings only."""
        return False

    def _estimated(self, issue_id: str, field: EstimateField) -> tuple[Mapping[str, int], float | None]:
        """The scale of the issue's team, and the issue's estimate."""
        data = self._ask(
            f"query ($id: String!) {{ issue(id: $id) {{ estimate team {{ {_ESTIMATION} }} }} }}", id=issue_id
        )
        with expected(NAME):
            values = _values(data["issue"]["team"])
            value = data["issue"]["estimate"]
            number = None if value is None else float(value)
        if field.id != _FIELD or not values:
            raise Rejected(f"The issue’s team does not use estimates in {NAME}.")
        return values, number

    def _write(self, mutation: str, **variables: Any) -> None:
        data = self._ask(mutation, **variables)
        with expected(NAME):
            if data["written"]["success"] is not True:
                raise Rejected(f"{NAME} did not write it.")

    def _ask(self, query: str, **variables: Any) -> Any:
        answer = self._client.send("POST", "/graphql", body={"query": query, "variables": variables})
        with expected(NAME):
            if answer.body.get("errors"):
                raise self._client.refusal(200, answer.headers, answer.body)
            return answer.body["data"]


def _values(team: Mapping[str, Any]) -> dict[str, int]:
    """The values that a team estimates with, by name; empty where it does not estimate."""
    values = list(_VALUES.get(team["issueEstimationType"], {}).items())
    allowed = values[: None if team["issueEstimationExtended"] else 6]
    return {name: number for name, number in allowed if number or team["issueEstimationAllowZero"]}


def _place(place_id: str, name: str, group: str, note: str = "") -> Place:
    return Place(text(place_id), text(name), group, text(note))


def _of_place(place: str) -> dict[str, Any]:
    """The filter for a place of ``Linear.places``. Raises Rejected for any other."""
    kind, _, place_id = place.partition(":")
    of_id = {"id": {"eq": place_id}}
    filters: dict[str, dict[str, Any]] = {
        "cycle": {"cycle": of_id},
        "project": {"project": of_id},
        "label": {"labels": {"some": of_id}},
    }
    if kind not in filters:
        raise Rejected(f"{NAME} has no such place.")
    return filters[kind]


def _next(page: Mapping[str, Any], *, backwards: bool = False) -> str:
    """The cursor of the page after this one, "" for none."""
    more, cursor = ("hasPreviousPage", "startCursor") if backwards else ("hasNextPage", "endCursor")
    return text(page[cursor]) if page[more] else ""


def _issues(connection: Mapping[str, Any]) -> tuple[Issue, ...]:
    return tuple(_issue(node) for node in connection["nodes"])


def _issue(node: Mapping[str, Any]) -> Issue:
    return Issue(
        id=text(node["id"]),
        project=text(node["team"]["id"]),
        key=text(node["identifier"]),
        title=text(node["title"]),
        url=text(node["url"]),
        description=text(node["description"] or ""),
        status=text(node["state"]["name"]),
        priority=text(node["priorityLabel"] or ""),
        labels=tuple(text(label["name"]) for label in node["labels"]["nodes"]),
        parent=text(node["parent"]["identifier"]) if node["parent"] else "",
        done=node["state"]["type"] in CLOSED,
    )
