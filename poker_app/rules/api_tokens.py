"""API tokens: their form, what each scope lets a program do, and who may make which.

The form is that of GitHub's tokens, https://github.blog/2021-04-05-behind-githubs-new-authentication-token-formats/:
a prefix, random characters, and a checksum at the end. So scanners recognize a leaked one without asking this service.
"""

import zlib

from poker_app.rules import Refused
from poker_app.rules.teammates import reaches

PERSON, SERVICE = "faceup_pat_", "faceup_svc_"
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
# 30 characters of 62 carry 178 bits.
RANDOM_LENGTH, CHECKSUM_LENGTH, HINT_LENGTH = 30, 6, 4

SCOPES = {
    "sessions:read": "See sessions, their tasks, rounds and reports",
    "sessions:write": "Open and change sessions and series, and vote",
    "account:read": "See the account: teammates, decks, plan and credits",
    "account:write": "Change the account: its name, settings, teammates and decks",
}
# The roles that a service's token acts with, from the least on.
SERVICE_ROLES = ("facilitator", "admin")


def with_checksum(text: str) -> str:
    """A token: ``text``, which is a prefix and random characters, with its checksum behind it."""
    number, digits = zlib.crc32(text.encode()), ""
    while number:
        number, digit = divmod(number, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return text + digits.rjust(CHECKSUM_LENGTH, ALPHABET[0])


def is_well_formed(token: str) -> bool:
    """Whether a text has a prefix, the length and the checksum of a token. Other texts name none, so the database need
    not be asked."""
    if len(token) != len(PERSON) + RANDOM_LENGTH + CHECKSUM_LENGTH or not token.startswith((PERSON, SERVICE)):
        return False
    return set(token[len(PERSON) :]) <= set(ALPHABET) and with_checksum(token[:-CHECKSUM_LENGTH]) == token


def scopes_for(role: str, *, open_sign_in: bool) -> tuple[str, ...]:
    """The scopes that a role may give to a token: changing the account is for owners and admins, and for everybody
    without sign-in."""
    arranges = open_sign_in or reaches(role, "admin")
    return tuple(scope for scope in SCOPES if scope != "account:write" or arranges)


def service_roles_for(role: str, *, open_sign_in: bool) -> tuple[str, ...]:
    """The roles that a teammate may give to a service's token: none for facilitators, as they may make no such token.
    Without sign-in there is one role, and everybody may give it."""
    if open_sign_in:
        return SERVICE_ROLES[:1]
    return SERVICE_ROLES if reaches(role, "admin") else ()


def check_making(maker: str, *, service_role: str | None, open_sign_in: bool) -> None:
    """Check that a teammate in the role ``maker`` may make a token: a service's with ``service_role``, or else their
    own.

    Raises:
        Refused: conflict, for a person's token without sign-in; forbidden, where the role may make no such token.
    """
    if service_role is None and open_sign_in:
        raise Refused("conflict", "Nobody signs in here, so a token is a service’s.")
    if service_role is not None and service_role not in service_roles_for(maker, open_sign_in=open_sign_in):
        raise Refused("forbidden", "Only an owner or admin may make a service’s token.")
