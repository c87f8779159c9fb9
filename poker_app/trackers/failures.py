"""Failures of trackers: the sentence that a person reads, and whether trying again may help."""

# What an answer of another shape than any that was thought of may end in: it must not end what is done for others.
FAULTS = (ArithmeticError, AttributeError, LookupError, OSError, RuntimeError, TypeError, ValueError)


class TrackerFailure(Exception):
    """Base of all failures. ``sentence`` is shown to people: it names no token. ``passes``: trying again may help."""

    passes = False

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Unauthorized(TrackerFailure):
    """The token is not valid: expired, revoked, or of a person who is not there any more."""


class Denied(TrackerFailure):
    """The token is valid, and its person may not do this."""


class Gone(TrackerFailure):
    """There is no such issue or project, or none that the token's person may see. ``moved_to``: the key that it has now
    in another project, where the tracker says so."""

    def __init__(self, sentence: str, moved_to: str = "") -> None:
        super().__init__(sentence)
        self.moved_to = moved_to


class Rejected(TrackerFailure):
    """The tracker refuses what was asked or written: a query that it cannot read, a field that is not there."""


class Elsewhere(Rejected):
    """The tracker answers with another address, ``address``, which is not followed by itself: the token would go with
    it."""

    def __init__(self, sentence: str, address: str) -> None:
        super().__init__(sentence)
        self.address = address


class Unreachable(TrackerFailure):
    """The tracker is down, slow, or answers nothing that can be read."""

    passes = True


class Busy(TrackerFailure):
    """The tracker was asked too often. ``retry_after``: seconds that it asks to wait, None where it does not say."""

    passes = True

    def __init__(self, sentence: str, retry_after: float | None = None) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


def unauthorized(name: str) -> Unauthorized:
    """The failure of a tracker of this name that does not take its token."""
    return Unauthorized(f"{name} does not take the token any more. Connect it again.")


def denied(name: str, why: str = "") -> Denied:
    """The failure of a tracker that does not let the token's person do it; ``why`` is the end of the sentence."""
    return Denied(f"{name} does not allow this to the token’s person{why or '.'}")


def gone(name: str) -> Gone:
    """The failure of a tracker that has no such issue, or shows none."""
    return Gone(f"{name} does not have it, or does not show it to the token’s person.")


class Sealed(TrackerFailure):
    """The token cannot be decrypted: its key is not among the settings any more."""

    def __init__(self) -> None:
        super().__init__("The key that its token was encrypted with is gone. Connect the tracker again.")
