"""A session's options: how cards are revealed, the timer's length, teammates only, the password; and reading them from
a form."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from poker_app.errors import Invalid
from poker_app.poker.session import access
from poker_app.rules.session.value import SWITCHES, Session
from poker_app.rules.timer import MAX_SECONDS, MIN_SECONDS


@dataclass(frozen=True, slots=True)
class Options:
    """The options of a session, chosen when it opens and changed later by a facilitator."""

    auto_reveal: bool = False
    anyone_reveals: bool = False
    change_after_reveal: bool = False
    names_hidden: bool = False
    anyone_adds_files: bool = False
    teammates_only: bool = False
    timer_length: int = 180
    # "" leaves the session's password as it is, None takes it away.
    password_hash: str | None = ""

    @classmethod
    def of(cls, value: Session) -> "Options":
        return cls(**{name: getattr(value, name) for name in cls.__slots__})

    def checked(self) -> dict[str, Any]:
        """Returns the columns to write, by field; an unchanged password is not among them.

        Raises:
            Invalid: (422) the timer's length is out of bounds.
        """
        if not MIN_SECONDS <= self.timer_length <= MAX_SECONDS:
            raise Invalid(f"A timer runs from {MIN_SECONDS} seconds to {MAX_SECONDS // 60} minutes.", "timer_length")
        return {name: told for name in self.__slots__ if (told := getattr(self, name)) != ""}


def options_from(form: Mapping[str, str]) -> Options:
    """Reads options from a form or an API call: a switch is on when it is there and not empty.

    Raises:
        Invalid: (422) the timer's length is no number.
    """
    try:
        minutes = float(form.get("timer_minutes", "3") or "3")
        length = round(minutes * 60)
    except (ValueError, OverflowError) as problem:
        raise Invalid("The timer's length is a number of minutes.", "timer_length") from problem
    password = None if form.get("no_password") else access.hashed(typed) if (typed := form.get("password", "")) else ""
    switches = {switch: bool(form.get(switch)) for switch in SWITCHES}
    return Options(**switches, timer_length=length, password_hash=password)
