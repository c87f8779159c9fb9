"""Reads links and join codes as people pass them on: without what chats and other keyboards add."""

import unicodedata
from urllib.parse import quote, unquote, urlsplit

MAX_TYPED = 2_000
MAX_CODE = 12
LEADS_IN = frozenset({"j", "sessions", "series", "sign-in", "sign-up", "new-password", "invitations"})
"""The first part of the addresses that people send each other, or are mailed."""
PAGES = frozenset({"sign-in", "sign-up"})
"""Those of them that are pages by themselves; the others lead nowhere without what follows."""
ADDED = ".,;:!?…)>]}'\"’”»*`|/\\"
"""Characters behind a link in a sentence, which no link ends with."""


def plain_code(typed: str) -> str:
    """A join code as it is stored: letters and digits only, in capitals, full-width ones as ASCII."""
    text = unicodedata.normalize("NFKC", typed[:MAX_TYPED]).upper()
    return "".join(char for char in text if char.isalnum())


def tidied(path: str) -> str:
    """Returns the path that a link meant: without what a chat added at its end, and in small letters, as all ids and
    secrets are; the case of a code is of no matter."""
    first, slash, rest = path.rstrip(ADDED).removeprefix("/").partition("/")
    name = first.lower()
    if name not in LEADS_IN or not (rest or name in PAGES):
        return path
    return f"/{name}{slash}{rest if name == 'j' else rest.lower()}"


def path_in(typed: str) -> str | None:
    """The path of a whole link, percent-encoded, if it leads in here; None for anything else, such as a code."""
    text = unicodedata.normalize("NFKC", typed[:MAX_TYPED]).strip().lstrip("<([\"'“«")
    try:
        path = unquote(urlsplit(text if "//" in text else f"//{text}").path)
    except ValueError:  # such as an unclosed IPv6 address
        return None
    path = tidied(path)
    _, first, *rest = [*path.split("/"), ""]
    return quote(path) if first in LEADS_IN and any(rest) else None
