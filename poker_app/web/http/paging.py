"""Paging backwards by row id: reads ``before`` from the address."""

from flask import request

LARGEST_ID = 2**31 - 1


def before() -> int | None:
    """Returns the id of the last line seen, as the address has it; None on the first page, and for a text that is no
    number."""
    given = request.args.get("before", "")
    plain = given.isascii() and given.isdigit() and len(given) < 20
    return min(int(given), LARGEST_ID) if plain else None
