"""Reads whole numbers from forms."""

from flask import request

from poker_app.errors import Invalid


def whole_number(field: str, sentence: str) -> int:
    """Returns the whole number in a field of the request's form.

    Raises:
        Invalid: (422) there is none, with the sentence.
    """
    try:
        return int(request.form.get(field, ""))
    except ValueError as problem:
        raise Invalid(sentence, field) from problem
