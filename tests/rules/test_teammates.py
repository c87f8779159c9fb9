"""Who may do what to whom in an account, in every combination."""

import pytest

from poker_app.rules import Refused
from poker_app.rules.teammates import (
    LAST_OWNER,
    ROLES,
    check_change,
    check_gift,
    check_leaving,
    check_removal,
    gives,
    may_manage,
    reaches,
)


def kind(check, *args, **how) -> str:  # type: ignore[no-untyped-def]
    """What a check says: the kind of its refusal, or that it is fine."""
    try:
        check(*args, **how)
    except Refused as refused:
        return refused.kind
    return "fine"


def test_each_role_reaches_itself_and_the_ones_below() -> None:
    assert [[reaches(role, least) for least in ROLES] for role in ROLES] == [
        [True, True, True],
        [False, True, True],
        [False, False, True],
    ]


def test_owners_manage_everybody_admins_up_to_their_own_role_facilitators_nobody() -> None:
    assert [[may_manage(role, theirs) for theirs in ROLES] for role in ROLES] == [
        [True, True, True],
        [False, True, True],
        [False, False, False],
    ]
    assert [gives(role) for role in ROLES] == [("facilitator", "admin", "owner"), ("facilitator", "admin"), ()]


@pytest.mark.parametrize(
    ("role", "given", "said"),
    [
        ("owner", "owner", "fine"),
        ("owner", "facilitator", "fine"),
        ("admin", "admin", "fine"),
        ("admin", "owner", "forbidden"),
        ("facilitator", "facilitator", "forbidden"),
        ("owner", "member", "invalid"),
        ("facilitator", "", "invalid"),
    ],
)
def test_the_roles_that_one_may_give(role: str, given: str, said: str) -> None:
    assert kind(check_gift, role, given) == said


@pytest.mark.parametrize(
    ("role", "theirs", "becomes", "owners", "said"),
    [
        ("owner", "facilitator", "owner", 1, "fine"),
        ("owner", "admin", "facilitator", 1, "fine"),
        ("owner", "owner", "admin", 2, "fine"),
        ("owner", "owner", "admin", 1, "conflict"),
        ("owner", "owner", "owner", 1, "fine"),
        ("admin", "facilitator", "admin", 1, "fine"),
        ("admin", "admin", "facilitator", 1, "fine"),
        ("admin", "admin", "owner", 1, "forbidden"),
        ("admin", "owner", "admin", 2, "forbidden"),
        ("facilitator", "facilitator", "admin", 1, "forbidden"),
        ("facilitator", "admin", "facilitator", 1, "forbidden"),
        ("owner", "admin", "guest", 1, "invalid"),
    ],
)
def test_changing_a_role(role: str, theirs: str, becomes: str, owners: int, said: str) -> None:
    assert kind(check_change, role, theirs, becomes, owners=owners) == said


@pytest.mark.parametrize(
    ("role", "theirs", "owners", "said"),
    [
        ("owner", "facilitator", 1, "fine"),
        ("owner", "owner", 2, "fine"),
        ("owner", "owner", 1, "conflict"),
        ("admin", "admin", 1, "fine"),
        ("admin", "owner", 2, "forbidden"),
        ("facilitator", "facilitator", 1, "forbidden"),
    ],
)
def test_removing_a_teammate(role: str, theirs: str, owners: int, said: str) -> None:
    assert kind(check_removal, role, theirs, owners=owners) == said


def test_only_the_last_owner_has_to_stay() -> None:
    assert [kind(check_leaving, role, owners=1) for role in ROLES] == ["conflict", "fine", "fine"]
    assert kind(check_leaving, "owner", owners=2) == "fine"
    with pytest.raises(Refused, match=LAST_OWNER):
        check_leaving("owner", owners=1)
