"""Jira Cloud, version 3 of its interface, with a person's e-mail address and API token.

https://developer.atlassian.com/cloud/jira/platform/basic-auth-for-rest-apis/
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit

from poker_app.markup import from_adf
from poker_app.rules.trackers import Place
from poker_app.trackers.client import checked_base
from poker_app.trackers.engines.base import PAGE, expected, of_type, text
from poker_app.trackers.engines.jira import GRANTED, JIRA, MAX_PAGES, Jira, JiraClient, Page
from poker_app.trackers.engines.jira_markup import to_adf

PROJECTS = 100
"""Projects of one page, the most that Jira gives."""
_SITES = (".atlassian.net", ".jira.com")


class JiraCloud(Jira):
    """A site of Jira Cloud."""

    permission_params: ClassVar[Mapping[str, str]] = {"permissions": ",".join(GRANTED)}

    @classmethod
    def of(cls, credentials: Mapping[str, str], *, inside: bool) -> Self:
        """Raises Rejected for an address that is none. Of a page's address the site's is taken."""
        base = checked_base(credentials["address"].split("?")[0], inside=inside)
        parts = urlsplit(base)
        if (parts.hostname or "").endswith(_SITES):
            base = f"{parts.scheme}://{parts.netloc}"
        basic = b64encode(f"{credentials['email'].strip()}:{credentials['token']}".encode()).decode()
        return cls(JiraClient(JIRA, base, {"Authorization": f"Basic {basic}"}, inside=inside), base, "/rest/api/3")

    def projects(self) -> Sequence[Place]:
        """By name.

        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-projects/#api-rest-api-3-project-search-get
        """
        found: list[Place] = []
        with expected(JIRA):
            for page in range(MAX_PAGES):
                answer = self._client.get(
                    f"{self._api}/project/search", startAt=page * PROJECTS, maxResults=PROJECTS, orderBy="name"
                )
                found += [
                    Place(text(each["id"]), text(each["name"]), "Project", text(each["key"]))
                    for each in of_type(list, answer["values"])
                ]
                if answer["isLast"]:
                    break
        return found

    def _page(self, jql: str, fields: Sequence[str], cursor: str) -> Page:
        """https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-search/#api-rest-api-3-search-jql-post"""
        asked = {"jql": jql, "fields": [*fields], "maxResults": PAGE, **({"nextPageToken": cursor} if cursor else {})}
        answer = self._client.send("POST", f"{self._api}/search/jql", body=asked).body
        return Page(of_type(list, answer["issues"]), text(answer.get("nextPageToken") or ""), None)

    def _markdown(self, markup: Any) -> str:
        # A field of one line is no document.
        return markup if isinstance(markup, str) else from_adf(markup)

    def _markup(self, markdown: str) -> Any:
        return to_adf(markdown)

    def revoke(self) -> bool:
        """API tokens are revoked by hand, at id.atlassian.com."""
        return False
