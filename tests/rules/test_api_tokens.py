"""The form of API tokens, and who may make which."""

import zlib

import pytest

from poker_app.rules import Refused
from poker_app.rules.api_tokens import (
    ALPHABET,
    PERSON,
    SERVICE,
    check_making,
    is_well_formed,
    scopes_for,
    service_roles_for,
    with_checksum,
)

RANDOM = "abcdefghijklmnopqrstuvwxyz0123"


def test_the_checksum_is_a_crc32_in_base_62() -> None:
    token = with_checksum(PERSON + RANDOM)
    assert len(token) == len("faceup_pat_") + 36
    number = 0
    for digit in token[-6:]:
        number = number * 62 + ALPHABET.index(digit)
    assert number == zlib.crc32(f"faceup_pat_{RANDOM}".encode())


@pytest.mark.parametrize("prefix", [PERSON, SERVICE])
def test_a_token_is_well_formed(prefix: str) -> None:
    assert is_well_formed(with_checksum(prefix + RANDOM))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "faceup_pat_",
        PERSON + RANDOM + "000000",
        with_checksum("faceup_xyz_" + RANDOM),
        with_checksum(PERSON + RANDOM[:-1]),
        with_checksum(PERSON + RANDOM[:-1] + "-"),
        with_checksum(PERSON + RANDOM[:-1] + "é"),
        with_checksum(PERSON + RANDOM).swapcase(),
        with_checksum(PERSON + RANDOM).replace(PERSON, SERVICE),
        with_checksum(PERSON + RANDOM) + "\n",
    ],
)
def test_other_texts_are_not(text: str) -> None:
    assert not is_well_formed(text)


def test_every_typo_is_noticed() -> None:
    token = with_checksum(SERVICE + RANDOM)
    for place in range(len(SERVICE), len(token)):
        other = ALPHABET[(ALPHABET.index(token[place]) + 1) % len(ALPHABET)]
        assert not is_well_formed(token[:place] + other + token[place + 1 :])


def test_a_facilitator_gives_no_scope_that_changes_the_account() -> None:
    facilitators = ("sessions:read", "sessions:write", "account:read")
    assert scopes_for("facilitator", open_sign_in=False) == facilitators
    for role in ("owner", "admin"):
        assert scopes_for(role, open_sign_in=False) == (*facilitators, "account:write")
    assert scopes_for("facilitator", open_sign_in=True) == (*facilitators, "account:write")


def test_the_roles_of_a_services_token() -> None:
    assert service_roles_for("facilitator", open_sign_in=False) == ()
    assert service_roles_for("admin", open_sign_in=False) == ("facilitator", "admin")
    assert service_roles_for("owner", open_sign_in=False) == ("facilitator", "admin")
    assert service_roles_for("facilitator", open_sign_in=True) == ("facilitator",)


@pytest.mark.parametrize(
    ("maker", "service_role", "open_sign_in", "kind"),
    [
        ("facilitator", None, True, "conflict"),
        ("facilitator", "facilitator", False, "forbidden"),
        ("owner", "owner", False, "forbidden"),
        ("owner", "", False, "forbidden"),
        ("facilitator", "admin", True, "forbidden"),
    ],
)
def test_what_is_refused(maker: str, service_role: str | None, open_sign_in: bool, kind: str) -> None:
    with pytest.raises(Refused) as caught:
        check_making(maker, service_role=service_role, open_sign_in=open_sign_in)
    assert caught.value.kind == kind
