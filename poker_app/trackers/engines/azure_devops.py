"""Azure DevOps (Services, and Server from 2022.1), by its REST API. A project is known by its name, as its work items
name it. https://learn.microsoft.com/en-us/rest/api/azure/devops/
"""

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from poker_app import clock
from poker_app.markup import from_html
from poker_app.rules.trackers import NUMBER, EstimateField, Found, Identity, Issue, Place, Search
from poker_app.trackers.client import Client, checked_base, path
from poker_app.trackers.engines.base import PAGE, expected, text
from poker_app.trackers.failures import Denied, Gone, Rejected, TrackerFailure, Unauthorized, unauthorized

NAME = "Azure DevOps"
API, PREVIEW, COMMENTS = "7.1", "7.1-preview.1", "7.1-preview.4"
"""Versions: of what is released, of whose token it is, and of comments, which both are in preview for good."""
PAGES = 10
LISTED = 100
"""Projects of one page."""
MAX_FOUND = 20_000
"""Work items that a query may find: https://learn.microsoft.com/en-us/azure/devops/boards/work-items/limits"""
MAX_WORDS = 10
MAX_DEPTH = 14
"""Levels of iterations and areas."""
MAX_TYPES, MAX_LISTS = 6, 5
"""Types of work items, and fields with a list of values, that are looked at for where an estimate can go."""
_PROJECT, _TYPE, _TITLE, _STATE = "System.TeamProject", "System.WorkItemType", "System.Title", "System.State"
_CLOSED, _REMOVED = "Microsoft.VSTS.Common.ClosedDate", "Removed"
_OPEN = (
    f"[{_CLOSED}] = ''",
    f"[{_STATE}] <> '{_REMOVED}'",
    *(f"[{_TYPE}] NOT IN GROUP 'Microsoft.{group}Category'" for group in ("Task", "Hidden")),
)
_DESCRIPTIONS = ("System.Description", "Microsoft.VSTS.TCM.ReproSteps")
_ACCEPTANCE = "Microsoft.VSTS.Common.AcceptanceCriteria"
_ESTIMATES = tuple(
    f"Microsoft.VSTS.Scheduling.{name}" for name in ("StoryPoints", "Effort", "Size", "OriginalEstimate")
)
"""Fields for estimates of the processes Agile, Scrum and Basic, and CMMI; and the hours of a task."""
_Params = Mapping[str, str | int]
_NONE: _Params = {}
_ANONYMOUS = "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa"


class _Client(Client):
    """A token that is not valid any more is answered with the page for signing in, or with the way to it."""

    def refusal(self, status: int, headers: Mapping[str, str], body: Any) -> TrackerFailure:
        signs_in = 300 <= status < 400 and "/_signin" in headers.get("location", "")
        return super().refusal(401 if status == 203 or signs_in else status, headers, body)


class AzureDevOps:
    """The port to Azure DevOps."""

    def __init__(self, client: Client, address: str) -> None:
        self._client = client
        self._address = address

    @classmethod
    def of(cls, credentials: Mapping[str, str], *, inside: bool) -> "AzureDevOps":
        """With a personal access token:
        https://learn.microsoft.com/en-us/azure/devops/organizations/accounts/use-personal-access-tokens-to-authenticate
        """
        address = checked_base(credentials["address"], inside=inside)
        headers = {
            "Authorization": f"Basic {b64encode(f':{credentials["token"]}'.encode()).decode()}",
            # Asks for a 401 in place of the way to the page for signing in.
            "X-TFS-FedAuthRedirect": "Suppress",
        }
        return cls(_Client(NAME, address, headers, inside=inside), address)

    def check(self) -> Identity:
        """https://learn.microsoft.com/en-us/javascript/api/azure-devops-extension-api/connectiondata, and whether
        projects and work items can be read."""
        data = self._get("/_apis/connectionData", version=PREVIEW)
        with expected(NAME):
            user = data["authenticatedUser"]
            name = text(user.get("customDisplayName") or user["providerDisplayName"])
            if user["id"] == _ANONYMOUS:
                raise unauthorized(NAME)
        with _right("Project and Team: Read"):
            self._get("/_apis/projects", {"$top": 1})
        with _right("Work Items: Read"):
            self._get(path("_apis", "wit", "fields", _TITLE))
        return Identity(name, ("Project and Team: Read", "Work Items: Read"))

    def projects(self) -> Sequence[Place]:
        """https://learn.microsoft.com/en-us/rest/api/azure/devops/core/projects/list"""
        found: list[Place] = []
        following: dict[str, str | int] = {}
        for _ in range(PAGES):
            params = {"api-version": API, "$top": LISTED, **following}
            answer = self._client.send("GET", "/_apis/projects", params=params)
            with expected(NAME):
                found += [Place(text(each["name"]), each["name"], "Project") for each in answer.body["value"]]
            if not (token := answer.headers.get("x-ms-continuationtoken", "")):
                break
            following = {"continuationToken": token}
        return found

    def places(self, project: str) -> Sequence[Place]:
        """Iterations that are not over, those that run first, and areas.
        https://learn.microsoft.com/en-us/rest/api/azure/devops/wit/classification-nodes/get-root-nodes

        The project's tree has the iterations of all its teams, and those that no team has chosen yet."""
        roots = self._get(f"{path(project)}/_apis/wit/classificationnodes", {"$depth": MAX_DEPTH})
        today = clock.now().date().isoformat()
        dated: list[tuple[str, Place]] = []
        areas: list[Place] = []
        with expected(NAME):
            for root in roots["value"]:
                for name, node in _below(root):
                    if root["structureType"] == "area":
                        areas.append(Place(f"area:{root['name']}\\{name}", name, "Area"))
                        continue
                    attributes = node.get("attributes") or {}
                    starts, ends = (text(attributes.get(key) or "")[:10] for key in ("startDate", "finishDate"))
                    if ends and ends < today:
                        continue
                    note = "" if not starts else "active" if starts <= today else "upcoming"
                    dated.append((starts or "9", Place(f"iteration:{root['name']}\\{name}", name, "Iteration", note)))
        return [*(place for _, place in sorted(dated, key=lambda each: each[0])), *areas]

    def search(self, search: Search, cursor: str = "") -> Found:
        """Work items that are not closed, without tasks and what tests are made of; a query of one's own is asked for
        as it stands. In a project in the order of its backlog, else the newest change first.

        https://learn.microsoft.com/en-us/rest/api/azure/devops/wit/wiql/query-by-wiql
        https://learn.microsoft.com/en-us/azure/devops/boards/queries/wiql-syntax
        https://learn.microsoft.com/en-us/rest/api/azure/devops/wit/work-items/get-work-items-batch
        """
        begins = 0 if not cursor else _number(cursor)
        if begins is None:
            raise Rejected("There is no such page.")
        ends = min(begins + PAGE, MAX_FOUND)
        prefix = path(search.project) if search.project else ""
        order = f"[{self._order(search.project)}], [System.Id]" if search.project else "[System.ChangedDate] DESC"
        conditions = " AND ".join(_conditions(search))
        query = f"SELECT [System.Id] FROM WorkItems WHERE {conditions} ORDER BY {order}"  # noqa: S608  (words are quoted)
        # One more than is shown says whether there is another page.
        found = self._post(f"{prefix}/_apis/wit/wiql", {"query": query}, {"$top": min(ends + 1, MAX_FOUND)})
        with expected(NAME):
            ids = [int(each["id"]) for each in found["workItems"]]
        page = ids[begins:ends]
        if not page:
            return Found(())
        batch = self._post("/_apis/wit/workitemsbatch", {"ids": page, "errorPolicy": "omit"})
        with expected(NAME):
            # Nothing stands for what was deleted meanwhile.
            items = {item["id"]: item for item in batch["value"] if item}
            issues = tuple(self._issue(items[each]) for each in page if each in items)
        return Found(issues, str(ends) if len(ids) > ends else "")

    def issue(self, issue_id: str) -> Issue:
        """https://learn.microsoft.com/en-us/rest/api/azure/devops/wit/work-items/get-work-item"""
        item = self._get(path("_apis", "wit", "workitems", issue_id))
        with expected(NAME):
            return self._issue(item)

    def estimate_fields(self, project: str) -> Sequence[EstimateField]:
        """The field that the project's backlog counts with, then those of other processes, then fields of one's own
        that hold numbers or have a list of values: those that the backlog's types have.

        https://learn.microsoft.com/en-us/rest/api/azure/devops/work/backlogconfiguration/get
        https://learn.microsoft.com/en-us/rest/api/azure/devops/wit/work-item-types-field/list
        https://learn.microsoft.com/en-us/rest/api/azure/devops/wit/fields/list
        """
        backlog = self._backlog(project)
        with expected(NAME):
            effort = backlog["backlogFields"]["typeFields"].get("Effort")
            types = [text(each["name"]) for each in backlog["requirementBacklog"]["workItemTypes"]][:MAX_TYPES]
        of_type: dict[str, str] = {}
        for kind in types:
            fields = self._get(f"{path(project)}/_apis/wit/workitemtypes{path(kind)}/fields")
            with expected(NAME):
                of_type |= {text(each["referenceName"]): kind for each in fields["value"]}
        with expected(NAME):
            known = {text(each["referenceName"]): each for each in self._get("/_apis/wit/fields")["value"]}
        own = [each for each in known if each.startswith("Custom.")]
        fields_found: list[EstimateField] = []
        lists = 0
        for reference in dict.fromkeys((effort, *_ESTIMATES, *own)):
            with expected(NAME):
                if reference not in of_type or reference not in known or known[reference]["readOnly"]:
                    continue
                name, data_type = text(known[reference]["name"]), known[reference]["type"]
                has_list = bool(known[reference].get("isPicklist"))
            if has_list and lists < MAX_LISTS:
                lists += 1
                fields_found.append(self._choice(project, of_type[reference], reference, name))
            elif data_type in ("double", "integer") and not has_list:
                fields_found.append(EstimateField(reference, name, "number"))
        return fields_found

    def estimate(self, issue_id: str, field: EstimateField) -> str:
        """As ``issue``, with the field alone."""
        item = self._with_field(issue_id, field)
        with expected(NAME):
            value = item["fields"].get(field.id)
            if value is None:
                return ""
            return f"{float(value):g}" if field.kind == NUMBER else str(value)

    def write_estimate(self, issue_id: str, field: EstimateField, value: str) -> None:
        """https://learn.microsoft.com/en-us/rest/api/azure/devops/wit/work-items/update

        Without a test of the revision: only this field is written, and any other edit in between would refuse it."""
        self._with_field(issue_id, field)
        try:
            written = float(value) if field.kind == NUMBER else value
        except ValueError:
            raise Rejected(f"“{value}” is not a number, and {field.name} holds numbers.") from None
        with _right("Work Items: Read & write"):
            self._client.send(
                "PATCH",
                path("_apis", "wit", "workitems", issue_id),
                params={"api-version": API},
                body=[{"op": "add", "path": f"/fields/{field.id}", "value": written}],
                headers={"Content-Type": "application/json-patch+json"},
            )

    def comment(self, issue_id: str, markdown: str) -> None:
        """https://learn.microsoft.com/en-us/rest/api/azure/devops/wit/comments/add-work-item-comment; its text is HTML.

        The project is asked for first: comments are found by it alone."""
        from markdown_it import MarkdownIt

        item = self._get(path("_apis", "wit", "workitems", issue_id), {"fields": _PROJECT})
        with expected(NAME):
            project = text(item["fields"][_PROJECT])
        written = MarkdownIt("commonmark", {"html": False}).render(markdown)
        with _right("Work Items: Read & write"):
            self._post(
                f"{path(project)}/_apis/wit/workItems{path(issue_id)}/comments", {"text": written}, version=COMMENTS
            )

    def revoke(self) -> bool:
        """A personal access token cannot revoke itself:
        https://learn.microsoft.com/en-us/rest/api/azure/devops/tokens/pats/revoke takes sessions of Entra ID only."""
        return False

    def _with_field(self, issue_id: str, field: EstimateField) -> Any:
        """A work item with this field alone. Raises Rejected where its type has no such field.
        https://learn.microsoft.com/en-us/rest/api/azure/devops/wit/work-item-types-field/get"""
        item = self._get(path("_apis", "wit", "workitems", issue_id), {"fields": f"{_PROJECT},{_TYPE},{field.id}"})
        with expected(NAME):
            project, kind = text(item["fields"][_PROJECT]), text(item["fields"][_TYPE])
            is_there = field.id in item["fields"]
        if not is_there:
            try:
                self._get(f"{path(project)}/_apis/wit/workitemtypes{path(kind)}/fields{path(field.id)}")
            except (Gone, Rejected):
                raise Rejected(f"{kind} has no field {field.name} in {project}.") from None
        return item

    def _choice(self, project: str, kind: str, reference: str, name: str) -> EstimateField:
        where = f"{path(project)}/_apis/wit/workitemtypes{path(kind)}/fields{path(reference)}"
        field = self._get(where, {"$expand": "allowedValues"})
        with expected(NAME):
            return EstimateField(reference, name, "choice", tuple(str(each) for each in field["allowedValues"]))

    def _order(self, project: str) -> str:
        """The field that a project's backlog is ordered by."""
        backlog = self._backlog(project)
        with expected(NAME):
            return text(backlog["backlogFields"]["typeFields"]["Order"])

    def _backlog(self, project: str) -> Any:
        return self._get(f"{path(project)}/_apis/work/backlogconfiguration")

    def _issue(self, item: Mapping[str, Any]) -> Issue:
        fields = item["fields"]
        formats = item.get("multilineFieldsFormat") or {}
        project, state = text(fields[_PROJECT]), text(fields[_STATE])

        def markdown(name: str) -> str:
            written = text(fields.get(name) or "")
            return written if str(formats.get(name)).casefold() == "markdown" else from_html(written)

        parent = fields.get("System.Parent")
        return Issue(
            id=str(int(item["id"])),
            project=project,
            key=f"#{int(item['id'])}",
            title=text(fields[_TITLE]),
            url=f"{self._address}{path(project)}/_workitems/edit/{int(item['id'])}",
            description=next((said for name in _DESCRIPTIONS if (said := markdown(name))), ""),
            kind=text(fields[_TYPE]),
            status=state,
            priority=str(fields.get("Microsoft.VSTS.Common.Priority") or ""),
            labels=tuple(tag for each in text(fields.get("System.Tags") or "").split(";") if (tag := each.strip())),
            parent=f"#{int(parent)}" if parent else "",
            acceptance=markdown(_ACCEPTANCE),
            done=bool(fields.get(_CLOSED)) or state == _REMOVED,
        )

    def _get(self, where: str, params: _Params = _NONE, *, version: str = API) -> Any:
        return self._client.get(where, **{"api-version": version, **params})

    def _post(self, where: str, body: Any, params: _Params = _NONE, *, version: str = API) -> Any:
        return self._client.send("POST", where, params={"api-version": version, **params}, body=body).body


@contextmanager
def _right(needed: str) -> Iterator[None]:
    """A right that is asked for after the token was taken: a 401 is its lack then, and not that of a valid token."""
    try:
        yield
    except Unauthorized:
        raise Denied(f"The token is not allowed this in {NAME}. It needs “{needed}”.") from None


def _conditions(search: Search) -> list[str]:
    conditions = ["[System.TeamProject] = @project"] if search.project else []
    if search.place:
        kind, _, place = search.place.partition(":")
        if kind not in ("iteration", "area"):
            raise Rejected(f"{NAME} has no such place.")
        conditions.append(f"[System.{kind.capitalize()}Path] UNDER {_quoted(place)}")
    if search.query.strip():
        if search.query.split(maxsplit=1)[0].casefold() == "select":
            raise Rejected("Write the conditions only: what stands between WHERE and ORDER BY.")
        return [*conditions, f"({search.query})"]
    words = search.words.split()[:MAX_WORDS]
    named = [f"[{_TITLE}] CONTAINS {_quoted(word)}" for word in words]
    if len(words) == 1 and (number := _number(words[0].removeprefix("#"))) is not None:
        named = [f"([System.Id] = {number} OR {named[0]})"]
    return [*conditions, *named, *_OPEN]


def _number(written: str) -> int | None:
    """A number of nine digits at most, as ids are, None for anything else."""
    return int(written) if written.isascii() and written.isdigit() and len(written) < 10 else None


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _below(node: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The nodes below one, in the order of the tree, with their paths from it."""
    for child in node.get("children") or []:
        name = f"{above}{text(child['name'])}"
        yield name, child
        yield from _below(child, f"{name}\\")
