"""A Jira Data Center below the path /jira, after its published description.

https://dac-static.atlassian.com/server/jira/platform/jira_software_dc_10007_swagger.v3.json
https://confluence.atlassian.com/enterprise/using-personal-access-tokens-1026032365.html
"""

from collections.abc import Mapping, Sequence
from typing import Any

from werkzeug.wrappers import Request

from tests.trackers.double import WRITER
from tests.trackers.jira import EMAILS, PROJECTS, JiraDouble, Refusal, Route


class JiraDataCenterDouble(JiraDouble):
    kind = "jira-data-center"
    root = "/jira"
    api = "/rest/api/2"

    def fill(self) -> None:
        super().fill()
        self.tokens = {"7": "Faceup"}
        self.captcha = False

    def credentials(self, token: str = WRITER) -> dict[str, str]:
        return {"address": f"{self.url}/jira/", "token": token}

    def visitor(self, request: Request) -> tuple[str, Mapping[str, str]]:
        if self.captcha:
            raise Refusal(403, "CAPTCHA_CHALLENGE")
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or given not in EMAILS or "7" not in self.tokens:
            raise Refusal(401, "Client must be authenticated to access this resource.")
        return given, {"X-Seraph-LoginReason": "OK"}

    def own_routes(self) -> Sequence[Route]:
        tokens = "/rest/pat/latest/tokens"
        return [
            Route("GET", r"/rest/api/2/project", self.projects, ("includeArchived", "expand", "recent")),
            Route("GET", r"/rest/api/2/mypermissions", self.my_permissions, ("issueId", "issueKey", "projectId")),
            Route("POST", r"/rest/api/2/search", self.search),
            Route("GET", tokens, lambda *_: [{"id": int(each), "name": name} for each, name in self.tokens.items()]),
            Route("DELETE", rf"{tokens}/(\d+)", self.drop_token),
        ]

    def projects(self, *_: Any) -> Any:
        return [{"id": number, "key": key, "name": name} for number, (key, name) in PROJECTS.items()]

    def my_permissions(self, who: str, request: Request) -> Any:
        return self.permissions(who, request, ("BROWSE_PROJECTS", "EDIT_ISSUES", "ADD_COMMENTS"))

    def search(self, who: str, _: Request, body: Any) -> Any:
        known = {"jql": str, "fields": list, "maxResults": int, "startAt": int, "validateQuery": bool, "expand": list}
        if not isinstance(body, dict) or any(not isinstance(each, known.get(key, ())) for key, each in body.items()):
            raise Refusal(400, "Can not deserialize the request.")
        start, most = body.get("startAt", 0), body.get("maxResults", 50)
        if start < 0 or not 0 <= most <= 1_000:
            raise Refusal(400, "maxResults or startAt is out of range.")
        found = self.searched(who, body.get("jql", ""))
        issues = [self.shown(each, body.get("fields", ["summary"])) for each in found[start : start + most]]
        return {"expand": "names,schema", "startAt": start, "maxResults": most, "total": len(found), "issues": issues}

    def drop_token(self, _who: str, _: Request, token: str) -> Any:
        if token not in self.tokens:
            raise Refusal(404, "There is no such token.")
        del self.tokens[token]
        return 204, None

    def description(self) -> Any:
        return "h2. Goal\r\n\r\n* one\r\n* two\r\n\r\nIt *must* follow [the spec|https://example.com/spec]."

    def check_text(self, value: Any) -> None:
        if not isinstance(value, str) or not value.strip() or len(value) > 32_767:
            raise Refusal(400, comment="Comment body can not be empty!")

    def refuse_edit(self, fields: Sequence[str]) -> Refusal:
        return Refusal(403, "You do not have permission to edit issues in this project.")
