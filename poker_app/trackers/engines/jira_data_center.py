"""Jira Data Center, version 2 of its interface, with a person's personal access token.

https://confluence.atlassian.com/enterprise/using-personal-access-tokens-1026032365.html
"""

from collections.abc import Mapping, Sequence
from typing import Any, Self

from poker_app.markup import from_jira_wiki
from poker_app.rules.trackers import Place
from poker_app.trackers.client import checked_base, path
from poker_app.trackers.engines.base import PAGE, expected, of_type, text
from poker_app.trackers.engines.jira import JIRA, Jira, JiraClient, Page
from poker_app.trackers.engines.jira_markup import to_wiki

MAX_PROJECTS = 1_000
_TOKENS = "/rest/pat/latest/tokens"


class JiraDataCenter(Jira):
    """A Jira Data Center, or a Jira Server from version 8.14 on."""

    @classmethod
    def of(cls, credentials: Mapping[str, str], *, inside: bool) -> Self:
        """Raises Rejected for an address that is none."""
        base = checked_base(credentials["address"], inside=inside)
        headers = {"Authorization": f"Bearer {credentials['token']}"}
        return cls(JiraClient(JIRA, base, headers, inside=inside), base, "/rest/api/2")

    def projects(self) -> Sequence[Place]:
        """By name; Jira answers with all of them at once.

        https://developer.atlassian.com/server/jira/platform/rest/v10007/api-group-project/#api-api-2-project-get
        """
        with expected(JIRA):
            found = [
                Place(text(each["id"]), text(each["name"]), "Project", text(each["key"]))
                for each in of_type(list, self._client.get(f"{self._api}/project"))
            ]
        return sorted(found, key=lambda each: each.name.casefold())[:MAX_PROJECTS]

    def _page(self, jql: str, fields: Sequence[str], cursor: str) -> Page:
        """https://developer.atlassian.com/server/jira/platform/rest/v10007/api-group-search/#api-api-2-search-post"""
        start = int(cursor) if cursor.isdecimal() and len(cursor) < 10 else 0
        asked = {"jql": jql, "fields": [*fields], "maxResults": PAGE, "startAt": start}
        answer = self._client.send("POST", f"{self._api}/search", body=asked).body
        issues, total = of_type(list, answer["issues"]), int(answer["total"])
        end = start + len(issues)
        return Page(issues, str(end) if issues and end < total else "", total)

    def _markdown(self, markup: Any) -> str:
        return from_jira_wiki(text(markup or ""))

    def _markup(self, markdown: str) -> Any:
        return to_wiki(markdown)

    def revoke(self) -> bool:
        """A token cannot be asked which one it is: it is revoked where its person has no other.

        https://confluence.atlassian.com/enterprise/using-personal-access-tokens-1026032365.html
        """
        with expected(JIRA):
            tokens = of_type(list, self._client.get(_TOKENS))
            if len(tokens) != 1:
                return False
            self._client.send("DELETE", _TOKENS + path(tokens[0]["id"]))
        return True
