"""Queries in JQL, Jira's query language.

https://support.atlassian.com/jira-software-cloud/docs/jql-fields/
https://support.atlassian.com/jira-software-cloud/docs/search-syntax-for-text-fields/
"""

import re
from collections.abc import Sequence

from poker_app.rules.trackers import Search

OPEN = "statusCategory != Done"
NEWEST_FIRST = "ORDER BY created DESC"
_RANKED = ("sprint:", "board:", "backlog:")
_ORDER = re.compile(r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\b(order\s+by)\b""", re.IGNORECASE | re.DOTALL)
_KEY = re.compile(
    r"(?:\S*/browse/|\S*[?&]selectedIssue=)?([A-Z][A-Z0-9_]+-[1-9][0-9]{0,9})(?:[?#&]\S*)?", re.IGNORECASE
)
_RESERVED = re.compile(r"""[-+&|!(){}\[\]^"~*?:\\/]""")
_OPERATORS = {"AND", "OR", "NOT"}


def query_of(search: Search, within: Sequence[str]) -> str:
    """The query that finds what is searched, and of it what the clauses ``within`` allow. A query of a person's own
    goes as it is, in parentheses where it is joined to others; else issues that are done are left out, and the order is
    by rank in sprints and boards."""
    clauses = [f"project = {_operand(search.project)}"] if search.project else []
    clauses += within
    if search.query.strip():
        condition, order = _divided(search.query.strip())
        clauses += [f"({condition})" if clauses else condition] if condition else []
    else:
        clauses.append(OPEN)
        if words := terms(search.words):
            clauses.append(f"text ~ {_quoted(' '.join(words))}")
        order = "ORDER BY Rank ASC" if search.place.startswith(_RANKED) else NEWEST_FIRST
    return f"{' AND '.join(clauses)} {order}".strip()


def newest_of(project: str) -> str:
    """The query for a project's issues, the newest first."""
    return f"project = {_operand(project)} {NEWEST_FIRST}"


def terms(words: str) -> list[str]:
    """The words that Jira's text search is asked for: without the characters and the words that have a meaning there.
    It breaks words at these characters too."""
    found = _RESERVED.sub(" ", words).split()
    return [each.lower() if each in _OPERATORS else each for each in found if any(map(str.isalnum, each))]


def key_in(words: str, base: str) -> str:
    """The key that the words are, or that they are the address of at ``base``; "" for neither."""
    words = words.strip()
    if "://" in words and not words.casefold().startswith(f"{base.casefold()}/"):
        return ""
    key = _KEY.fullmatch(words)
    return key[1].upper() if key else ""


def _divided(query: str) -> tuple[str, str]:
    """A query's condition and its order."""
    for found in _ORDER.finditer(query):
        if found[1]:
            return query[: found.start()].strip(), query[found.start() :]
    return query, ""


def _operand(text: str) -> str:
    return text if text.isascii() and text.isdecimal() else _quoted(text)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
