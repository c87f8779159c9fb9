"""Refusals: exceptions with a status and a sentence that is shown to the person."""


class Refusal(Exception):
    """Base of all refusals. Raised by any package, answered by ``web.http.errors``. ``sentence`` is shown as it is."""

    status = 400

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class NotFound(Refusal):
    """The object does not exist within your own membership. Other accounts' objects look the same as missing ones."""

    status = 404


class OutOfCredits(Refusal):
    """The account that would pay has no credit left."""

    status = 402


class NotInPlan(Refusal):
    """The account's plan does not include it."""

    status = 402


class Forbidden(Refusal):
    """The user or member is known, but their role does not allow this."""

    status = 403


class Conflict(Refusal):
    """The role allows it, but not the present state: the round is closed, the session has ended."""

    status = 409


class Outdated(Refusal):
    """It was changed since the version that the caller has seen."""

    status = 412

    def __init__(self) -> None:
        super().__init__("It was changed meanwhile, so nothing was saved. Read it again, and decide anew.")


class Invalid(Refusal):
    """The input cannot be used. ``field`` names the form field to point at."""

    status = 422

    def __init__(self, sentence: str, field: str | None = None) -> None:
        super().__init__(sentence)
        self.field = field


class TooMany(Refusal):
    """Too many tries. ``retry_after`` is in seconds."""

    status = 429

    def __init__(self, sentence: str, retry_after: int) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after
