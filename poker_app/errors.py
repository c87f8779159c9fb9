"""Refusals: what the product will not do, as a sentence a person understands and a status."""


class Refusal(Exception):
    """Raised by any package, answered by ``web.http.errors``. ``sentence`` is shown to the person as it is."""

    status = 400

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class NotFound(Refusal):
    """What you cannot reach through your own membership does not exist for you."""

    status = 404


class OutOfCredits(Refusal):
    """The account that would pay for it has no credit left."""

    status = 402


class NotInPlan(Refusal):
    """The account's plan does not have it."""

    status = 402


class Forbidden(Refusal):
    """You are known here, but your role may not do this."""

    status = 403


class Conflict(Refusal):
    """The right person at the wrong moment: the round is closed, the session has ended."""

    status = 409


class Invalid(Refusal):
    """What was sent cannot be used. ``field`` names the form field to point at."""

    status = 422

    def __init__(self, sentence: str, field: str | None = None) -> None:
        super().__init__(sentence)
        self.field = field


class TooMany(Refusal):
    """Tried too often. ``retry_after`` is in seconds."""

    status = 429

    def __init__(self, sentence: str, retry_after: int) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after
