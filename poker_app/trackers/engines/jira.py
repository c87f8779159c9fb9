"""What Jira Cloud and Jira Data Center have in common.

Their interfaces are nearly one: version 3 of it has texts as documents and pages with tokens, version 2 has wiki markup
and pages with numbers.
https://developer.atlassian.com/cloud/jira/platform/rest/v3/intro/
https://developer.atlassian.com/server/jira/platform/rest/v10007/intro/
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from poker_app.rules.trackers import CHOICE, NUMBER, EstimateField, Found, Identity, Issue, Place, Search
from poker_app.trackers.client import Answer, Client, path
from poker_app.trackers.engines.base import PAGE, expected, of_type, text
from poker_app.trackers.engines.jira_fields import EPIC_LINK, Field, estimate_field, field_of
from poker_app.trackers.engines.jql import key_in, newest_of, query_of, terms
from poker_app.trackers.failures import Denied, Gone, Rejected, TrackerFailure, denied, unauthorized

JIRA = "Jira"
MAX_PAGES = 10
MAX_BOARDS = 7
"""Boards that are asked for their sprints: with the lists of boards and of versions nine requests."""
MAX_TYPES = 4
"""Types of issue whose edit screens are asked for."""
MAX_ALIKE = 20
"""Fields of one name, of which each project can have its own, that are asked for with each issue."""
EDIT, COMMENT = "EDIT_ISSUES", "ADD_COMMENTS"
GRANTED = {"BROWSE_PROJECTS": "reads issues", EDIT: "edits issues", COMMENT: "comments"}
_ASKED = ("summary", "description", "issuetype", "status", "priority", "labels", "parent", "project")
_AGILE = "/rest/agile/1.0/board"


class JiraClient(Client):
    """Requests to a Jira, which takes a token that it does not know for no token: it answers with empty lists, or as if
    an issue were not there, and says so only in a header.

    https://developer.atlassian.com/server/jira/platform/jira-rest-api-example-basic-authentication-6291732/
    """

    def send(self, method: str, path: str, **given: Any) -> Answer:
        answer = super().send(method, path, **given)
        if refused := _refused_login(answer.headers):
            raise refused
        return answer

    def refusal(self, status: int, headers: Mapping[str, str], body: Any) -> TrackerFailure:
        return _refused_login(headers) or super().refusal(status, headers, body)


def _refused_login(headers: Mapping[str, str]) -> TrackerFailure | None:
    reason = headers.get("x-seraph-loginreason", "")
    if "AUTHENTICATION_DENIED" in reason or "CAPTCHA" in headers.get("x-authentication-denied-reason", ""):
        return Denied(f"{JIRA} wants the token’s person to sign in there once, and to solve a captcha.")
    if "AUTHENTICATED_FAILED" in reason:
        return unauthorized(JIRA)
    return None


@dataclass(frozen=True, slots=True)
class Page:
    """Issues as Jira answers with them, and what ``Found`` has of their page."""

    issues: Sequence[Any]
    cursor: str
    total: int | None


class Jira(ABC):
    """One connected Jira. ``base`` is the address of its pages, ``api`` the path of its interface."""

    permission_params: ClassVar[Mapping[str, str]] = {}
    """What the list of permissions is asked with."""

    def __init__(self, client: Client, base: str, api: str) -> None:
        self._client = client
        self._base = base
        self._api = api
        self._known: Sequence[Field] = ()

    @abstractmethod
    def projects(self) -> Sequence[Place]: ...

    @abstractmethod
    def revoke(self) -> bool: ...

    @abstractmethod
    def _page(self, jql: str, fields: Sequence[str], cursor: str) -> Page:
        """A page of what a query finds. Raises Rejected for a query that Jira cannot read."""

    @abstractmethod
    def _markdown(self, markup: Any) -> str:
        """A text of Jira, None for an empty one, as Markdown."""

    @abstractmethod
    def _markup(self, markdown: str) -> Any:
        """Markdown as a text of Jira."""

    def check(self) -> Identity:
        """https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-myself/"""
        with expected(JIRA):
            name = text(self._client.get(f"{self._api}/myself")["displayName"])
            granted = self._granted()
            return Identity(name, tuple(phrase for key, phrase in GRANTED.items() if granted[key]))

    def _granted(self, **of_issue: str) -> Mapping[str, bool]:
        """What the token's person may do: to one issue, or to any at all.

        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-permissions/#api-rest-api-3-mypermissions-get
        """
        permissions = self._client.get(f"{self._api}/mypermissions", **self.permission_params, **of_issue)[
            "permissions"
        ]
        return {key: bool(permissions[key]["havePermission"]) for key in GRANTED}

    # --- places

    def places(self, project: str) -> Sequence[Place]:
        """Open sprints, the active ones first, then boards with their backlogs, then versions that are not released.

        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-project-versions/
        """
        with expected(JIRA):
            boards = self._boards(project)
            sprints: dict[str, Place] = {}
            for board in [each for each in boards if each["type"] != "kanban"][:MAX_BOARDS]:
                sprints |= {place.id: place for place in self._sprints(board["id"])}
            found = sorted(sprints.values(), key=lambda each: each.note != "active")
            for board in boards:
                found.append(Place(f"board:{board['id']}", text(board["name"]), "Board"))
                if board["type"] != "kanban":
                    found.append(Place(f"backlog:{board['id']}", text(board["name"]), "Backlog"))
            versions = self._client.get(
                self._api + path("project", project, "version"), maxResults=PAGE, orderBy="-sequence"
            )
            for each in of_type(list, versions["values"]):
                if not each.get("released") and not each.get("archived"):
                    found.append(Place(f"version:{each['id']}", text(each["name"]), "Version"))
            return found

    def _boards(self, project: str) -> Sequence[Any]:
        """The first boards of a project; none where Jira has none at all.

        https://developer.atlassian.com/cloud/jira/software/rest/api-group-board/#api-rest-agile-1-0-board-get
        """
        return self._agile(_AGILE, projectKeyOrId=project, maxResults=PAGE)

    def _sprints(self, board: int) -> Sequence[Place]:
        """A board's open sprints; none where it has no sprints, which Jira refuses to list.

        https://developer.atlassian.com/cloud/jira/software/rest/api-group-board/#api-rest-agile-1-0-board-boardid-sprint-get
        """
        found = self._agile(_AGILE + path(board, "sprint"), state="active,future", maxResults=PAGE)
        return [Place(f"sprint:{each['id']}", text(each["name"]), "Sprint", text(each["state"])) for each in found]

    def _agile(self, address: str, **params: str | int) -> Sequence[Any]:
        try:
            return of_type(list, self._client.get(address, **params)["values"])
        except (Denied, Gone, Rejected):
            return []

    def _configuration(self, board: str | int) -> Any:
        """https://developer.atlassian.com/cloud/jira/software/rest/api-group-board/#api-rest-agile-1-0-board-boardid-configuration-get"""
        return self._client.get(_AGILE + path(board, "configuration"))

    # --- issues

    def search(self, search: Search, cursor: str = "") -> Found:
        """A page of issues that are not done, or of what a query in JQL finds. Words that are a key or an issue's
        address find this issue."""
        words = "" if search.query.strip() else search.words
        if (key := key_in(words, self._base)) and not cursor:
            try:
                issue = self.issue(key)
            except Gone:
                pass
            else:
                if search.project in ("", issue.project):
                    return Found((issue,), total=1)
        if words.strip() and not terms(words):
            return Found((), total=0)
        with expected(JIRA):
            page = self._page(query_of(search, self._within(search.place)), self._asked(), cursor)
            return Found(tuple(self._issue(each) for each in page.issues), page.cursor, page.total)

    def _within(self, place: str) -> list[str]:
        """The clauses of JQL that hold for the issues of a place."""
        kind, _, number = place.partition(":")
        if not place:
            return []
        if not number.isdecimal() or kind not in ("sprint", "version", "board", "backlog"):
            raise Rejected(f"{JIRA} has no such place.")
        if kind in ("sprint", "version"):
            return [f"{'sprint' if kind == 'sprint' else 'fixVersion'} = {number}"]
        board = self._configuration(number)
        clauses = [f"filter = {int(board['filter']['id'])}"]
        if only := (board.get("subQuery") or {}).get("query"):
            clauses.append(f"({only})")
        if kind == "backlog":
            clauses.append("(sprint IS EMPTY OR sprint NOT IN (openSprints(), futureSprints()))")
        return clauses

    def issue(self, issue_id: str) -> Issue:
        """One issue, by its id or its key. Jira finds a moved one by the key that it had before.

        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-issueidorkey-get
        """
        with expected(JIRA):
            return self._issue(self._client.get(self._at(issue_id), fields=",".join(self._asked())))

    def _at(self, issue_id: str, *more: str) -> str:
        return self._api + path("issue", issue_id, *more)

    def _fields(self) -> Sequence[Field]:
        """All fields, asked for once.

        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-fields/#api-rest-api-3-field-get
        """
        if not self._known:
            self._known = [field_of(each) for each in of_type(list, self._client.get(f"{self._api}/field"))]
        return self._known

    def _acceptance(self) -> Sequence[str]:
        return [each.id for each in self._fields() if each.is_acceptance][:MAX_ALIKE]

    def _epics(self) -> Sequence[str]:
        return [each.id for each in self._fields() if each.custom == EPIC_LINK]

    def _asked(self) -> Sequence[str]:
        return [*_ASKED, *self._acceptance(), *self._epics()]

    def _issue(self, found: Any) -> Issue:
        fields = found["fields"]
        status = fields.get("status") or {}
        parent = fields.get("parent") or {}
        parents = ((parent.get("fields") or {}).get("summary"), parent.get("key"), *map(fields.get, self._epics()))
        accepted = (self._markdown(fields.get(each)) for each in self._acceptance())
        key = text(found["key"])
        return Issue(
            id=text(found["id"]),
            project=text(fields["project"]["id"]),
            key=key,
            title=text(fields["summary"]),
            url=self._base + path("browse", key),
            description=self._markdown(fields.get("description")),
            kind=_name(fields.get("issuetype")),
            status=_name(status),
            priority=_name(fields.get("priority")),
            labels=tuple(text(each) for each in of_type(list, fields.get("labels") or [])),
            parent=text(next(filter(None, parents), "")),
            acceptance=next(filter(None, accepted), ""),
            done=(status.get("statusCategory") or {}).get("key") == "done",
        )

    # --- estimates

    def estimate_fields(self, project: str) -> Sequence[EstimateField]:
        """Numbers, choices and lines of text on the edit screens of the project's newest issues: first what its board
        estimates in, then by name. A person who may not edit is shown no screens, and gets all that are called so."""
        with expected(JIRA):
            screens = self._screens(project)
            of_board = self._board_estimate(project)
            found = [
                (field.id != of_board, field.unlikeliness, made.kind != NUMBER, field.name, made)
                for field in self._fields()
                if field.project in ("", project) and (made := estimate_field(field, screens))
            ]
            return [each[-1] for each in sorted(found, key=lambda each: each[:-1])]

    def _screens(self, project: str) -> Mapping[str, Any]:
        """The fields of edit screens, with what they allow: of the newest issue of each of the first types.

        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-issueidorkey-editmeta-get
        """
        newest: dict[str, str] = {}
        issues = self._page(newest_of(project), ["issuetype"], "").issues
        for each in sorted(issues, key=lambda issue: bool(issue["fields"]["issuetype"].get("subtask"))):
            newest.setdefault(text(each["fields"]["issuetype"]["id"]), text(each["id"]))
        screens: dict[str, Any] = {}
        for issue_id in [*newest.values()][:MAX_TYPES]:
            screens |= self._client.get(self._at(issue_id, "editmeta"))["fields"]
        return screens

    def _board_estimate(self, project: str) -> str:
        """The id of the field that the project's first board with sprints estimates in, "" for none."""
        for board in self._boards(project):
            if board["type"] != "kanban":
                estimation = self._configuration(board["id"]).get("estimation") or {}
                return text((estimation.get("field") or {}).get("fieldId") or "")
        return ""

    def estimate(self, issue_id: str, field: EstimateField) -> str:
        """What a field has; Jira leaves a field out that is not an issue's."""
        with expected(JIRA):
            fields = self._client.get(self._at(issue_id), fields=field.id)["fields"]
            if field.id not in fields:
                raise Rejected(f"This issue has no field “{field.name}”.")
            value = fields[field.id]
            if value is None:
                return ""
            if field.kind == NUMBER:
                return f"{float(value):g}"
            return text(value["value"] if field.kind == CHOICE else value)

    def write_estimate(self, issue_id: str, field: EstimateField, value: str) -> None:
        """Its watchers are notified as their own settings say: only administrators can turn that off.

        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-issueidorkey-put
        """
        written = {"value": value} if field.kind == CHOICE else float(value) if field.kind == NUMBER else value
        try:
            self._client.send("PUT", self._at(issue_id), body={"fields": {field.id: written}})
        except Rejected as refused:
            self._check_permission(issue_id, EDIT)
            raise Rejected(refused.sentence.replace(field.id, field.name)) from None

    def comment(self, issue_id: str, markdown: str) -> None:
        """https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-comments/#api-rest-api-3-issue-issueidorkey-comment-post"""
        try:
            self._client.send("POST", self._at(issue_id, "comment"), body={"body": self._markup(markdown)})
        except Rejected:
            self._check_permission(issue_id, COMMENT)
            raise

    def _check_permission(self, issue_id: str, permission: str) -> None:
        """Raises Denied where the token's person has no such permission: Jira refuses that as it does a wrong value."""
        with expected(JIRA):
            if not self._granted(issueId=issue_id)[permission]:
                raise denied(JIRA, f". It needs {permission} there.")


def _name(value: Any) -> str:
    """The name of a type, status or priority, "" where an issue has none."""
    return text(value["name"]) if value else ""
