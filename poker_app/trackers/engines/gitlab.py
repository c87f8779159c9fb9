"""GitLab.com and a GitLab of one's own: REST, version 4.

An issue's id is ``project#number``, with the project by its number or its path. Places are iterations, milestones and
labels. Weights are there from Premium on.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Self

from poker_app.rules.trackers import (
    LABEL,
    NUMBER,
    EstimateField,
    Found,
    Identity,
    Issue,
    Place,
    Search,
    labelled,
    labelled_estimate,
    labels_fields,
    numbered_key,
)
from poker_app.trackers.client import Client, path
from poker_app.trackers.engines.base import PAGE, expected, of_type, text
from poker_app.trackers.failures import Denied, Gone, Rejected, denied

NAME = "GitLab"
API = "/api/v4"
LIST_PAGE = 100
"""Projects, milestones or labels of one page, the most that GitLab gives."""
MAX_PAGES, MAX_LABEL_PAGES = 10, 2
WEIGHT = EstimateField("weight", "Weight", NUMBER)
OFFERED = "points::"
"""What labels of estimates begin with where the project has none yet: GitLab keeps one of such a scope an issue."""
# What asks for the issues of a place, by what its id begins with.
FILTERS = {"iteration": "iteration_id", "milestone": "milestone", LABEL: "labels"}
CURRENT = 2
"""The state of an iteration that has begun."""

# https://docs.gitlab.com/api/graphql/reference/#queryissue: REST finds an issue by its global number for
# administrators alone.
REFERENCE_OF = "query($id: IssueID!) { issue(id: $id) { reference(full: true) } }"

_ID = re.compile(r"([^#\s]+)#([0-9]{1,18})")


class GitLab:
    """The engine for GitLab."""

    def __init__(self, token: str, address: str, *, inside: bool) -> None:
        self._client = Client(NAME, address, {"PRIVATE-TOKEN": token}, inside=inside)

    @classmethod
    def of(cls, credentials: Mapping[str, str], *, inside: bool) -> Self:
        return cls(credentials["token"], credentials["address"], inside=inside)

    def check(self) -> Identity:
        """https://docs.gitlab.com/api/users/#get-the-current-user and
        https://docs.gitlab.com/api/personal_access_tokens/#self-inform, which tokens of groups and projects answer to,
        too."""
        user = self._client.get(f"{API}/user")
        token = self._client.get(f"{API}/personal_access_tokens/self")
        with expected(NAME):
            granted = [text(each) for each in token["scopes"]]
            ends = [f"until {text(token['expires_at'])}"] if token["expires_at"] else []
            return Identity(text(user["username"]), (*granted, *ends))

    def projects(self) -> Sequence[Place]:
        """Projects whose member the token's person is, those where something happened last before others.
        https://docs.gitlab.com/api/projects/#list-all-projects"""
        order = {"order_by": "last_activity_at", "sort": "desc"}
        of = {"membership": "true", "archived": "false", "with_issues_enabled": "true", "simple": "true"}
        found = self._listed(f"{API}/projects", MAX_PAGES, **of, **order)
        with expected(NAME):
            return [Place(str(of_type(int, each["id"])), text(each["name_with_namespace"])) for each in found]

    def places(self, project: str) -> Sequence[Place]:
        """https://docs.gitlab.com/api/iterations/#list-project-iterations (404 where there are none) and
        https://docs.gitlab.com/api/milestones/#list-project-milestones"""
        of = _project(project)
        iterations: list[Any] = []
        with suppress(Gone, Denied):
            iterations = [*self._listed(f"{of}/iterations", 1, state="opened")]
        milestones = self._listed(f"{of}/milestones", 1, state="active", include_ancestors="true")
        with expected(NAME):
            return [
                *map(_iteration, iterations),
                *map(_milestone, milestones),
                *(Place(f"{LABEL}:{name}", name, "Label") for name in self._label_names(of)),
            ]

    def search(self, search: Search, cursor: str = "") -> Found:
        """Open issues in the order that the project has them in by hand; without a project, those that are assigned to
        the token's person. https://docs.gitlab.com/api/issues/#list-project-issues"""
        kind, _, where = search.place.partition(":")
        params: dict[str, str | int] = {"state": "opened", "per_page": PAGE}
        params |= {"order_by": "relative_position", "sort": "asc"} if search.project else {"scope": "assigned_to_me"}
        if kind in FILTERS:
            params[FILTERS[kind]] = where
        if words := " ".join(f"{search.query} {search.words}".split()):
            params["search"] = words
        if cursor:
            params["page"] = cursor
        of = _project(search.project) if search.project else API
        answer = self._client.send("GET", f"{of}/issues", params=params)
        total = answer.headers.get("x-total", "")
        with expected(NAME):
            issues = tuple(_issue(each) for each in of_type(list, answer.body))
            # GitLab does not count more than 10,000.
            return Found(issues, answer.headers.get("x-next-page", ""), int(total) if total else None)

    def issue(self, issue_id: str) -> Issue:
        raw = self._raw(issue_id)
        with expected(NAME):
            return _issue(raw)

    def estimate_fields(self, project: str) -> Sequence[EstimateField]:
        """The weight, where the project's issues have one, and labels."""
        of = _project(project)
        one = self._client.get(f"{of}/issues", per_page=1)
        labels = labels_fields(self._label_names(of), OFFERED)
        with expected(NAME):
            weights = [WEIGHT for each in of_type(list, one) if "weight" in each]
        return [*weights, *labels]

    def estimate(self, issue_id: str, field: EstimateField) -> str:
        raw = self._raw(issue_id)
        if field.kind == LABEL:
            with expected(NAME):
                return labelled_estimate(_issue(raw).labels, field)
        with expected(NAME):
            weight = _with_weight(raw)["weight"]
            return "" if weight is None else f"{of_type(int, weight):g}"

    def write_estimate(self, issue_id: str, field: EstimateField, value: str) -> None:
        """https://docs.gitlab.com/api/issues/#update-an-issue: labels are made where they are missing, and another of
        the same prefix goes by the same request. Raises Denied where GitLab answers without having written: it does so
        for people whose role may not write this."""
        raw = self._raw(issue_id)
        change = _label_change(raw, field, value) if field.kind == LABEL else _weight_change(raw, value)
        if not change:
            return
        after = self._client.send("PUT", _path(issue_id), body=change)
        with expected(NAME):
            labels = _issue(after.body).labels
            if field.kind == LABEL:
                is_written = change["add_labels"] in labels
            else:
                is_written = after.body["weight"] == change["weight"]
        if not is_written:
            raise denied("GitLab", ". It takes the role Planner, or Reporter.")

    def comment(self, issue_id: str, markdown: str) -> None:
        """https://docs.gitlab.com/api/notes/#create-an-issue-note. A line that begins with "/" would be a quick action
        of the token's person: https://docs.gitlab.com/user/project/quick_actions/"""
        lines = (f"\\{line.lstrip()}" if line.lstrip().startswith("/") else line for line in markdown.splitlines())
        self._client.send("POST", f"{_path(issue_id)}/notes", body={"body": "\n".join(lines)})

    def revoke(self) -> bool:
        """https://docs.gitlab.com/api/personal_access_tokens/#self-revoke"""
        self._client.send("DELETE", f"{API}/personal_access_tokens/self")
        return True

    def _listed(self, where: str, max_pages: int, **params: str) -> Iterator[Any]:
        """https://docs.gitlab.com/api/rest/#offset-based-pagination"""
        page = "1"
        for _ in range(max_pages):
            answer = self._client.send("GET", where, params={**params, "per_page": LIST_PAGE, "page": page})
            with expected(NAME):
                yield from of_type(list, answer.body)
            page = answer.headers.get("x-next-page", "")
            if not page:
                return

    def _label_names(self, project: str) -> list[str]:
        """https://docs.gitlab.com/api/labels/#list-labels, those of the groups above among them."""
        listed = self._listed(f"{project}/labels", MAX_LABEL_PAGES)
        with expected(NAME):
            return [text(each["name"]) for each in listed]

    def _raw(self, issue_id: str) -> Any:
        """https://docs.gitlab.com/api/issues/#get-a-project-issue. Raises Gone where it was moved: what was moved
        stays, closed, and says which one it is now."""
        raw = self._client.get(_path(issue_id))
        with expected(NAME):
            moved = raw.get("moved_to_id")
        if moved is not None:
            now = self._reference(moved)
            raise Gone(f"GitLab has moved it to {now or 'another project'}.", now)
        return raw

    def _reference(self, number: int) -> str:
        """An issue's id with the path of its project, "" where the token's person may not see it."""
        asked = {"query": REFERENCE_OF, "variables": {"id": f"gid://gitlab/Issue/{number}"}}
        answer = self._client.send("POST", "/api/graphql", body=asked)
        with expected(NAME):
            found = (answer.body.get("data") or {}).get("issue")
            return text(found["reference"]) if found else ""


def _project(project: str) -> str:
    return f"{API}{path('projects', project)}"


def _path(issue_id: str) -> str:
    found = _ID.fullmatch(issue_id)
    if not found:
        raise Gone("This is not an issue of GitLab.")
    return _project(found[1]) + path("issues", found[2])


def _label_change(raw: Any, field: EstimateField, value: str) -> dict[str, Any]:
    """What puts a label there, and takes others of its prefix away. Empty where it is there alone."""
    label = field.id + value
    if "," in label:
        raise Rejected("A label of GitLab cannot have a comma.")
    with expected(NAME):
        found = labelled(_issue(raw).labels, field)
    others = ",".join(each for each in found if each != label)
    if found == [label]:
        return {}
    return {"add_labels": label, "remove_labels": others} if others else {"add_labels": label}


def _weight_change(raw: Any, value: str) -> dict[str, Any]:
    _with_weight(raw)
    if not (value.isascii() and value.isdigit()):
        raise Rejected(f"A weight in GitLab is a whole number, and {value} is none.")
    return {"weight": int(value)}


def _with_weight(raw: Any) -> Any:
    if "weight" not in raw:
        raise Rejected("Issues of this project have no weight: GitLab has weights from Premium on.")
    return raw


def _iteration(raw: Any) -> Place:
    """An iteration by its title, or its dates: those of a cadence have no titles."""
    dates = f"{text(raw['start_date'])} to {text(raw['due_date'])}"
    title = text(raw["title"] or dates)
    note = "current" if raw["state"] == CURRENT else dates
    return Place(f"iteration:{of_type(int, raw['id'])}", title, "Iteration", note)


def _milestone(raw: Any) -> Place:
    title, due = text(raw["title"]), text(raw["due_date"] or "")
    return Place(f"milestone:{title}", title, "Milestone", f"due {due}" if due else "")


def _issue(raw: Any) -> Issue:
    reference = text(raw["references"]["full"])
    number, project = of_type(int, raw["iid"]), of_type(int, raw["project_id"])
    epic = raw.get("epic")
    return Issue(
        id=f"{project}#{number}",
        project=str(project),
        key=numbered_key(reference.rpartition("#")[0].rpartition("/")[2], number),
        title=text(raw["title"]),
        url=text(raw["web_url"]),
        description=text(raw["description"] or ""),
        kind=text(raw.get("issue_type") or ""),
        status=text(raw["state"]),
        labels=tuple(text(each) for each in raw["labels"]),
        parent=f"&{of_type(int, epic['iid'])}" if epic else "",
        done=raw["state"] == "closed",
    )
