"""GitHub and GitHub Enterprise Server: REST, and GraphQL for the fields of projects.

An issue's id is ``owner/repository#number``, a project's ``owner/repository``. Places are milestones, labels, and of
GitHub's projects their status columns and iterations.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode, urlsplit

from poker_app.rules.trackers import (
    CHOICE,
    LABEL,
    EstimateField,
    Found,
    Identity,
    Issue,
    Place,
    Search,
    labelled,
    labelled_estimate,
    labels_fields,
    names_an_estimate,
    numbered_key,
)
from poker_app.trackers.client import Client, path
from poker_app.trackers.engines.base import PAGE, expected, of_type, text
from poker_app.trackers.engines.github_projects import (
    FIELDS_OF,
    ITEM_OF,
    MAX_PROJECTS,
    NAME,
    PLACE,
    PROJECTS_OF,
    SET_FIELD,
    GraphQL,
    Item,
    Project,
    columns_of,
    fields_of,
    nodes,
    project_of,
    value_of,
)
from poker_app.trackers.failures import Elsewhere, Gone, Rejected

VERSION = "2022-11-28"
"""https://docs.github.com/en/rest/about-the-rest-api/api-versions"""
LIST_PAGE = 100
"""Repositories, milestones or labels of one page, the most that GitHub gives."""
MAX_PAGES, MAX_LABEL_PAGES = 10, 2
OFFERED = "points: "
"""What labels of estimates begin with where the repository has none yet."""
LABEL_COLOR = "ededed"
MILESTONE = "milestone"

_ID = re.compile(r"([\w.-]+)/([\w.-]+)#([0-9]{1,18})")
_PROJECT = re.compile(r"(?:orgs|users)/[\w-]+/projectsV2/[0-9]{1,9}")
_NEXT = re.compile(r'<([^<>]*)>; rel="next"')
_OPERATORS = frozenset(("AND", "OR", "NOT"))


class GitHub:
    """The engine for GitHub."""

    def __init__(self, token: str, address: str, *, inside: bool) -> None:
        headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {token}",
            "X-GitHub-Api-Version": VERSION,
        }
        self._address = address.strip().rstrip("/")
        self._rest = Client(NAME, self._address, headers, inside=inside)
        # An Enterprise Server has REST at /api/v3 and GraphQL at /api/graphql.
        # https://docs.github.com/en/enterprise-server@latest/graphql/guides/forming-calls-with-graphql
        self._graphql = GraphQL(Client(NAME, self._address.removesuffix("/v3"), headers, inside=inside))

    @classmethod
    def of(cls, credentials: Mapping[str, str], *, inside: bool) -> Self:
        return cls(credentials["token"], credentials["address"], inside=inside)

    def check(self) -> Identity:
        """https://docs.github.com/en/rest/users/users#get-the-authenticated-user. A classic token's scopes and a
        token's end are in headers; a fine-grained token's permissions are not to be asked."""
        answer = self._rest.send("GET", "/user")
        scopes = answer.headers.get("x-oauth-scopes", "").split(",")
        ends = answer.headers.get("github-authentication-token-expiration", "")[:10]
        granted = [each.strip() for each in scopes if each.strip()] + ([f"until {ends}"] if ends else [])
        with expected(NAME):
            return Identity(text(answer.body["login"]), tuple(granted))

    def projects(self) -> Sequence[Place]:
        """Repositories with issues, those pushed to last before others.
        https://docs.github.com/en/rest/repos/repos#list-repositories-for-the-authenticated-user"""
        found = self._listed("/user/repos", MAX_PAGES, sort="pushed")
        with expected(NAME):
            return [
                Place(name := text(each["full_name"]), name, note="archived" if each["archived"] else "")
                for each in found
                if each["has_issues"]
            ]

    def places(self, project: str) -> Sequence[Place]:
        """https://docs.github.com/en/rest/issues/milestones#list-milestones and
        https://docs.github.com/en/rest/issues/labels#list-labels-for-a-repository"""
        repository = _repository(project)
        milestones = self._listed(f"{repository}/milestones", 1, state="open", sort="due_on")
        labels = self._label_names(repository)
        columns = [place for each in self._projects(project) for place in columns_of(each)]
        with expected(NAME):
            return [
                *(
                    Place(
                        f"{MILESTONE}:{of_type(int, each['number'])}",
                        text(each["title"]),
                        "Milestone",
                        f"due {text(due)[:10]}" if (due := each["due_on"]) else "",
                    )
                    for each in milestones
                ),
                *columns,
                # The filter parts its labels by commas.
                *(Place(f"{LABEL}:{name}", name, "Label") for name in labels if "," not in name),
            ]

    def search(self, search: Search, cursor: str = "") -> Found:
        """Open issues: of a place in the order in which they were written, or the latest first. Words and a query are
        searched by GitHub's search, whose query decides whether issues are open; without a project it searches among
        issues that the token's person takes part in, or among all where there is a query."""
        kind, _, where = search.place.partition(":")
        page = _page(cursor)
        if kind == PLACE:
            return self._in_project(search, where, page)
        if not search.project or search.words.strip() or search.query.strip():
            return self._searched(search, kind, where, page)
        # https://docs.github.com/en/rest/issues/issues#list-repository-issues: pull requests are among them,
        # and pages that have nothing else are passed over.
        within = {"milestone": where} if kind == MILESTONE else {"labels": where} if kind == LABEL else {}
        order = {"sort": "created", "direction": "asc" if within else "desc"}
        where = f"{_repository(search.project)}/issues"
        params: dict[str, str | int] = {"state": "open", **within, **order, "per_page": PAGE}
        issues: tuple[Issue, ...] = ()
        for _ in range(MAX_PAGES):
            answer = self._rest.send("GET", where, params={**params, **page})
            page = _next(answer.headers)
            with expected(NAME):
                issues = _issues(answer.body)
            if issues or not page:
                break
        return Found(issues, urlencode(page))

    def issue(self, issue_id: str) -> Issue:
        """https://docs.github.com/en/rest/issues/issues#get-an-issue: 301 where it was transferred or its repository
        renamed, 410 where it was deleted."""
        try:
            raw = self._rest.get(_path(issue_id))
        except Elsewhere as moved:
            where = moved.address.removeprefix(self._address)
            if where == moved.address or not where.startswith("/"):
                raise
            with expected(NAME):
                now = _issue(self._rest.get(where)).id
            raise Gone(f"GitHub has moved it to {now}.", now) from None
        with expected(NAME):
            return _issue(raw)

    def estimate_fields(self, project: str) -> Sequence[EstimateField]:
        """Fields of numbers and of choices in the projects that the repository's issues are in, and labels."""
        fields = [field for each in self._projects(project) for field in fields_of(each)]
        labels = labels_fields(self._label_names(_repository(project)), OFFERED)
        likely = [each for each in fields if names_an_estimate(each.name)]
        return [*likely, *labels, *(each for each in fields if each not in likely)]

    def estimate(self, issue_id: str, field: EstimateField) -> str:
        if field.kind == LABEL:
            return labelled_estimate(self.issue(issue_id).labels, field)
        return self._item(issue_id, field).value

    def write_estimate(self, issue_id: str, field: EstimateField, value: str) -> None:
        if field.kind == LABEL:
            self._set_label(issue_id, field, value)
            return
        item = self._item(issue_id, field)
        if field.kind == CHOICE and value not in item.options:
            raise Rejected(f"{field.name} has no choice “{value}” any more.")
        written = {"singleSelectOptionId": item.options[value]} if field.kind == CHOICE else {"number": float(value)}
        of = {"project": item.project, "item": item.id, "field": field.id, "value": written}
        self._graphql.ask(SET_FIELD, of)

    def comment(self, issue_id: str, markdown: str) -> None:
        """https://docs.github.com/en/rest/issues/comments#create-an-issue-comment"""
        self._rest.send("POST", f"{_path(issue_id)}/comments", body={"body": markdown})

    def revoke(self) -> bool:
        """False: a token cannot revoke itself. https://docs.github.com/en/rest/credentials/revoke is for tokens that
        were exposed, and takes no authenticated request."""
        return False

    # --- lists

    def _listed(self, where: str, max_pages: int, **params: str) -> Iterator[Any]:
        """https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api"""
        page: dict[str, str] = {}
        for _ in range(max_pages):
            answer = self._rest.send("GET", where, params={**params, "per_page": LIST_PAGE, **page})
            with expected(NAME):
                yield from of_type(list, answer.body)
            page = _next(answer.headers)
            if not page:
                return

    def _label_names(self, repository: str) -> list[str]:
        listed = self._listed(f"{repository}/labels", MAX_LABEL_PAGES)
        with expected(NAME):
            return [text(each["name"]) for each in listed]

    def _projects(self, project: str) -> list[Project]:
        """GitHub's projects around a repository: none where the token may not read them."""
        owner, name = _owner_and_name(project)
        data = self._graphql.ask(PROJECTS_OF, {"owner": owner, "name": name}, partly=True)
        with expected(NAME):
            repository = data.get("repository") or {}
            linked = nodes(repository.get("projectsV2"))
            items = [item for each in nodes(repository.get("issues")) for item in nodes(each["projectItems"])]
            ids = [text(each["id"]) for each in (*linked, *(item["project"] for item in items if item))]
        if not ids:
            return []
        data = self._graphql.ask(FIELDS_OF, {"ids": [*dict.fromkeys(ids)][:MAX_PROJECTS]}, partly=True)
        with expected(NAME):
            return [project_of(each) for each in data.get("nodes") or () if each and not each["closed"]]

    # --- searches

    def _in_project(self, search: Search, where: str, page: Mapping[str, str]) -> Found:
        """https://docs.github.com/en/rest/projects/items: issues in a column or iteration, in the project's order."""
        project, _, wanted = where.partition(":")
        if not _PROJECT.fullmatch(project):
            raise Rejected("This is not a column or iteration of a project of GitHub.")
        query = search.query.strip()
        repository = f"repo:{search.project}" if search.project else ""
        words = [query, repository, "is:issue", "" if query else "is:open", wanted, _quoted(search.words)]
        asked = " ".join(each for each in words if each)
        where = path(*project.split("/"), "items")
        answer = self._rest.send("GET", where, params={"q": asked, "per_page": PAGE, **page})
        with expected(NAME):
            # What the token may not read has no content.
            issues = [each["content"] for each in answer.body if each["content_type"] == "Issue" and each["content"]]
            return Found(_issues(issues), urlencode(_next(answer.headers)))

    def _searched(self, search: Search, kind: str, where: str, page: Mapping[str, str]) -> Found:
        """https://docs.github.com/en/rest/search/search#search-issues-and-pull-requests: 1000 issues at most."""
        query = search.query.strip()
        words = [f"({query})" if _OPERATORS & {*query.split()} else query, "is:issue", "" if query else "is:open"]
        if search.project:
            words.append(f"repo:{search.project}")
        elif not query:
            words.append("involves:@me")
        if kind == MILESTONE:
            # Milestones are searched by their titles.
            # https://docs.github.com/en/rest/issues/milestones#get-a-milestone
            milestone = self._rest.get(_repository(search.project) + path("milestones", where))
            with expected(NAME):
                words.append(f'milestone:"{text(milestone["title"])}"')
        elif kind == LABEL:
            words.append(f'label:"{where}"')
        asked = " ".join(each for each in (*words, _quoted(search.words)) if each)
        answer = self._rest.send("GET", "/search/issues", params={"q": asked, "per_page": PAGE, **page})
        with expected(NAME):
            total = of_type(int, answer.body["total_count"])
            return Found(_issues(answer.body["items"]), urlencode(_next(answer.headers)), total)

    # --- estimates

    def _set_label(self, issue_id: str, field: EstimateField, value: str) -> None:
        """Puts the label there in place of others of its prefix, by one request, so that it is never there twice.
        https://docs.github.com/en/rest/issues/labels#set-labels-for-an-issue"""
        issue = self.issue(issue_id)
        label = field.id + value
        others = labelled(issue.labels, field)
        if [each.casefold() for each in others] == [label.casefold()]:
            return
        labels = _repository(issue.project) + "/labels"
        try:
            self._rest.get(labels + path(label))
        except Gone:
            # Refused where another estimate has made it meanwhile. What else is refused, is refused below again.
            with suppress(Rejected):
                self._rest.send("POST", labels, body={"name": label, "color": LABEL_COLOR})
        kept = [each for each in issue.labels if each not in others]
        self._rest.send("PUT", f"{_path(issue_id)}/labels", body={"labels": [*kept, label]})

    def _item(self, issue_id: str, field: EstimateField) -> Item:
        """Raises Rejected where the issue is not in the field's project: it is not put there for an estimate."""
        owner, name, number = _parts(issue_id)
        of = {"owner": owner, "name": name, "number": int(number), "field": field.id}
        try:
            data = self._graphql.ask(ITEM_OF, of)
        except Gone:
            # REST says where it is now.
            self.issue(issue_id)
            raise
        with expected(NAME):
            project = data["node"]["project"]
            for each in nodes(data["repository"]["issue"]["projectItems"]):
                if each["project"]["id"] == project["id"]:
                    options = {one["name"]: text(one["id"]) for one in data["node"].get("options") or ()}
                    return Item(project["id"], text(each["id"]), options, value_of(each, field))
            title = text(project["title"])
        raise Rejected(f"The issue is not in the project “{title}”, which {field.name} belongs to.")


def _page(query: str) -> dict[str, str]:
    """What asks for a page: its number, or in lists of many a cursor."""
    return {key: value for key, value in parse_qsl(query) if key in ("after", "page")}


def _next(headers: Mapping[str, str]) -> dict[str, str]:
    """What asks for the next page, as the header Link has it."""
    found = _NEXT.search(headers.get("link", ""))
    return _page(urlsplit(found[1]).query) if found else {}


def _owner_and_name(project: str) -> tuple[str, str]:
    owner, slash, name = project.partition("/")
    if not slash or not owner or not name:
        raise Gone("This is not a repository of GitHub.")
    return owner, name


def _repository(project: str) -> str:
    return path("repos", *_owner_and_name(project))


def _parts(issue_id: str) -> tuple[str, ...]:
    found = _ID.fullmatch(issue_id)
    if not found:
        raise Gone("This is not an issue of GitHub.")
    return found.groups()


def _path(issue_id: str) -> str:
    owner, name, number = _parts(issue_id)
    return path("repos", owner, name, "issues", number)


def _quoted(words: str) -> str:
    """Words for GitHub's search, without a meaning of their own there."""
    plain = (each.replace('"', "") for each in words.split())
    return " ".join(each if each.isalnum() and each not in _OPERATORS else f'"{each}"' for each in plain if each)


def _issues(listed: Any) -> tuple[Issue, ...]:
    return tuple(_issue(each) for each in of_type(list, listed) if "pull_request" not in each)


def _issue(raw: Any) -> Issue:
    url = text(raw["html_url"])
    owner, name = urlsplit(url).path.split("/")[1:3]
    number = of_type(int, raw["number"])
    labels = (each if isinstance(each, str) else text(each["name"]) for each in raw["labels"])
    return Issue(
        id=f"{owner}/{name}#{number}",
        project=f"{owner}/{name}",
        key=numbered_key(name, number),
        title=text(raw["title"]),
        url=url,
        description=text(raw.get("body") or ""),
        kind=text((raw.get("type") or {}).get("name", "")),
        status=text(raw["state"]),
        labels=tuple(labels),
        parent=numbered_key(*parent.split("/")[-3::2]) if (parent := raw.get("parent_issue_url")) else "",
        done=raw["state"] == "closed",
    )
