"""JQL as far as the doubles of Jira read it: what they do not know they refuse, as Jira does.

https://support.atlassian.com/jira-software-cloud/docs/use-advanced-search-with-jira-query-language-jql/
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

_TOKEN = re.compile(r'\s*("(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|[(),]|!=|!~|[=~]|[^\s()=!~,"\']+)')
_RESERVED = set('+-&|!(){}[]^"~*?:\\/')

Row = Mapping[str, Any]
"""An issue: what each field of JQL is compared with, a set of words for ``~``, a list where it can have several."""
Test = Callable[[Row], bool]


class Unreadable(Exception):
    """A query that Jira refuses, with its words."""


@dataclass(frozen=True)
class Query:
    """A query that was read. ``bounded``: it restricts what is found."""

    test: Test
    order: tuple[tuple[str, bool], ...]
    bounded: bool


def read(text: str, names: Mapping[str, Callable[[str], Any]], filters: Mapping[str, str]) -> Query:
    """Reads a query. ``names``: how each field understands a value, raising KeyError for one that is not there;
    ``filters``: saved queries by their ids."""
    return _Reader(text, names, filters).query()


class _Reader:
    def __init__(self, text: str, names: Mapping[str, Callable[[str], Any]], filters: Mapping[str, str]) -> None:
        self.names, self.filters = names, filters
        self.tokens: list[str] = []
        end = 0
        while text[end:].strip():
            found = _TOKEN.match(text, end)
            if not found:
                raise Unreadable(f"Error in the JQL Query: The character at {end} is not expected.")
            self.tokens.append(found[1])
            end = found.end()

    def query(self) -> Query:
        bounded = bool(self.tokens) and not self.comes("ORDER")
        test = self.either() if bounded else (lambda _: True)
        order: list[tuple[str, bool]] = []
        if self.taken("ORDER"):
            self.wanted("BY")
            while True:
                field = self.next().lower()
                if field not in ("rank", "created", "key"):
                    raise Unreadable(f"Field '{field}' does not exist or you do not have permission to view it.")
                falls = self.taken("DESC")
                self.taken("ASC")
                order.append((field, falls))
                if not self.taken(","):
                    break
        if self.tokens:
            raise Unreadable(f"Error in the JQL Query: Expecting either 'OR' or 'AND' but got '{self.tokens[0]}'.")
        return Query(test, tuple(order), bounded)

    def comes(self, word: str) -> bool:
        return bool(self.tokens) and self.tokens[0].upper() == word

    def taken(self, word: str) -> bool:
        if self.comes(word):
            del self.tokens[0]
            return True
        return False

    def next(self) -> str:
        if not self.tokens:
            raise Unreadable("Error in the JQL Query: Expecting a value before the end of the query.")
        return self.tokens.pop(0)

    def wanted(self, word: str) -> None:
        if not self.taken(word):
            raise Unreadable(f"Error in the JQL Query: Expecting '{word}' but got '{self.tokens[:1]}'.")

    def either(self) -> Test:
        tests = [self.both()]
        while self.taken("OR"):
            tests.append(self.both())
        return lambda row: any(each(row) for each in tests)

    def both(self) -> Test:
        tests = [self.one()]
        while self.taken("AND"):
            tests.append(self.one())
        return lambda row: all(each(row) for each in tests)

    def one(self) -> Test:
        if self.taken("NOT"):
            inner = self.one()
            return lambda row: not inner(row)
        if self.taken("("):
            inner = self.either()
            self.wanted(")")
            return inner
        return self.clause(self.next().lower())

    def clause(self, field: str) -> Test:
        if field not in self.names:
            raise Unreadable(f"Field '{field}' does not exist or you do not have permission to view it.")
        if self.taken("IS"):
            empty = not self.taken("NOT")
            self.wanted("EMPTY")
            return lambda row: (not row[field]) is empty
        negated = self.taken("NOT")
        if negated or self.comes("IN"):
            self.wanted("IN")
            self.wanted("(")
            values = [self.value(field)]
            while self.taken(","):
                values.append(self.value(field))
            self.wanted(")")
            tests = [self.equals(field, each) for each in values]
            return lambda row: any(each(row) for each in tests) is not negated
        operator = self.next()
        if operator not in ("=", "!=", "~") or (operator == "~") != (field in ("text", "summary")):
            raise Unreadable(f"The operator '{operator}' is not supported by the '{field}' field.")
        test = self.equals(field, self.value(field))
        return (lambda row: not test(row)) if operator == "!=" else test

    def value(self, field: str) -> str | tuple[str, ...]:
        token = self.next()
        if token[0] in "\"'":
            return re.sub(r"\\(.)", r"\1", token[1:-1])
        if token in "(),":
            raise Unreadable(f"Error in the JQL Query: Expecting a value but got '{token}'.")
        if self.taken("("):
            self.wanted(")")
            if field != "sprint" or token.lower() not in ("opensprints", "futuresprints"):
                raise Unreadable(f"Unable to find JQL function '{token}()'.")
            return (token.lower(),)
        return token

    def equals(self, field: str, value: str | tuple[str, ...]) -> Test:
        if isinstance(value, tuple):
            wanted = self.names[field](value[0] + "()")
            return lambda row: bool({*row[field]} & {*wanted})
        if field == "filter":
            if value not in self.filters:
                raise Unreadable(f"The value '{value}' does not exist for the field 'filter'.")
            return read(self.filters[value], self.names, self.filters).test
        if field in ("text", "summary"):
            if _RESERVED & {*value} or not value.strip() or {"AND", "OR", "NOT"} & {*value.split()}:
                raise Unreadable(f"Unable to parse the text '{value}' for field '{field}'.")
            terms = {*value.lower().split()}
            return lambda row: terms <= row[field]
        try:
            wanted = self.names[field](value)
        except KeyError:
            raise Unreadable(f"The value '{value}' does not exist for the field '{field}'.") from None
        return lambda row: wanted in row[field] if isinstance(row[field], tuple) else row[field] == wanted
