"""API tokens: who makes which, the caller that one stands for, and when it ends."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from poker_app import ids, jobs
from poker_app.accounts import account_settings, api_tokens, memberships
from poker_app.accounts.models import ApiToken, IdempotentAnswer
from poker_app.accounts.team import teammates
from poker_app.db import session, transaction
from poker_app.poker.reports import dashboard
from poker_app.poker.session import archiving, copying, lifecycle, series
from poker_app.poker.session.options import Options
from poker_app.rules.api_tokens import PERSON, SCOPES, SERVICE
from tests.cast import Clock
from tests.database_rows import rows, statements
from tests.world.actions import Club, Room, log_of, open_session

READ = ["sessions:read"]


def made(club: Club, by: str, name: str = "Nightly build", **how: str) -> tuple[ApiToken, str]:
    return api_tokens.make(club.as_(by), name=name, scopes=READ, **{"days": "30", **how})


def text_of(club: Club, by: str, **how: str) -> str:
    return made(club, by, **how)[1]


@pytest.fixture
def asked(club: Club) -> Iterator[list[str]]:
    """The statements that reach the database."""
    with statements() as heard:
        yield heard


# --- making


def test_a_persons_token_acts_as_the_person(club: Club) -> None:
    token, text = made(club, "Tim")
    assert text.startswith(PERSON)
    caller = api_tokens.caller_of(text)
    assert caller
    assert (caller.token_id, caller.name, caller.scopes) == (token.id, "Nightly build", {"sessions:read"})
    assert caller.user == club.named("Tim")
    assert caller.membership == club.as_("Tim")


def test_a_services_token_acts_for_the_account(club: Club) -> None:
    text = text_of(club, "Abe", service_role="admin")
    assert text.startswith(SERVICE)
    caller = api_tokens.caller_of(text)
    assert caller
    assert (caller.user, caller.membership.role, caller.membership.program) == (None, "admin", "Nightly build")
    assert caller.membership.account == club.account
    assert not caller.membership.known_by_secret


def test_a_service_arranges_no_more_than_its_role(club: Club) -> None:
    caller = api_tokens.caller_of(text_of(club, "Olga", service_role="facilitator"))
    assert caller
    with club.refused(403, "Only an owner or admin may rename the account."):
        account_settings.rename(caller.membership, "Ours")


def test_a_services_changes_bear_its_name(club: Club) -> None:
    caller = api_tokens.caller_of(text_of(club, "Olga", service_role="admin"))
    assert caller
    account_settings.rename(caller.membership, "Ours")
    assert club.log[-1] == ("Nightly build (token)", "account-renamed", "Ours")


def test_making_one_is_in_the_audit_log(club: Club) -> None:
    _, text = made(club, "Abe", service_role="facilitator")
    assert club.log == [("Abe", "token-made", f"Nightly build (…{text[-4:]})")]


def test_the_text_is_stored_nowhere(club: Club) -> None:
    for text in (text_of(club, "Tim"), text_of(club, "Abe", service_role="admin")):
        assert api_tokens.caller_of(text)
        stored = [str(row) for table in rows().values() for row in table]
        assert any(ids.digest(text) in row for row in stored)
        assert not any(text in row or text[len(PERSON) :] in row for row in stored)


def test_what_may_not_be_made(club: Club) -> None:
    with club.refused(403, "Only an owner or admin may make a service’s token."):
        made(club, "Tim", service_role="facilitator")
    with club.refused(422, "Choose what the token may do."):
        api_tokens.make(club.as_("Tim"), name="Build", scopes=["account:write"], days="30")
    for scopes in ([], ["everything"]):
        with club.refused(422, "Choose what the token may do."):
            api_tokens.make(club.as_("Olga"), name="Build", scopes=scopes, days="30")
    with club.refused(422, "Choose when the token ends."):
        made(club, "Tim", days="31")
    with club.refused(422, "Give the token a name, such as the program's that uses it."):
        made(club, "Tim", name=" \u200b ")
    with club.refused(422, "A token's name has at most 40 characters; this one has 41."):
        made(club, "Tim", name="n" * 41)


def test_an_account_has_at_most_fifty(club: Club, clock: Clock) -> None:
    first, _ = made(club, "Tim", days="30")
    for _ in range(49):
        clock.forward(minutes=3)
        made(club, "Abe", days="365")
    with club.refused(409, "An account has at most 50 tokens. End one that is not used any more."):
        made(club, "Abe", days="365")
    api_tokens.end(club.as_("Abe"), first.id)
    made(club, "Abe", days="365")


def test_making_is_limited(club: Club, clock: Clock) -> None:
    for _ in range(30):
        token, _ = made(club, "Tim")
        api_tokens.end(club.as_("Tim"), token.id)
    with club.refused(429):
        made(club, "Tim")
    made(club, "Abe")
    clock.forward(hours=1)
    made(club, "Tim")


# --- the caller


@pytest.mark.parametrize("text", ["", "Bearer", f"{PERSON}{'a' * 36}", "f" * 32])
def test_a_malformed_token_asks_the_database_nothing(club: Club, asked: list[str], text: str) -> None:
    assert api_tokens.caller_of(text) is None
    assert asked == []


def test_an_unknown_token_is_none(club: Club) -> None:
    token, text = made(club, "Tim")
    with transaction():
        session.delete(session.get_one(ApiToken, token.id))
    assert api_tokens.caller_of(text) is None


def test_the_role_is_the_one_that_the_person_has_now(club: Club) -> None:
    text = text_of(club, "Abe")
    teammates.change_role(club.as_("Olga"), club.named("Abe").id, "facilitator")
    caller = api_tokens.caller_of(text)
    assert caller
    assert caller.membership.role == "facilitator"


def test_all_services_of_an_account_are_one_member(club: Club) -> None:
    texts = [text_of(club, "Abe", service_role=role) for role in ("facilitator", "admin")]
    callers = [api_tokens.caller_of(text) for text in texts]
    assert len({caller.secret for caller in callers if caller}) == 1


def test_a_persons_tokens_have_secrets_of_their_own(club: Club) -> None:
    callers = [api_tokens.caller_of(text_of(club, "Tim")) for _ in range(2)]
    assert len({caller.secret for caller in callers if caller}) == 2


def test_secrets_follow_from_the_signing_key(club: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    text = text_of(club, "Abe", service_role="admin")
    before = api_tokens.caller_of(text)
    monkeypatch.setattr("poker_app.accounts._key", b"another")
    after = api_tokens.caller_of(text)
    assert before
    assert after
    assert before.secret != after.secret


def test_the_time_of_use_is_written_once_a_minute(club: Club, clock: Clock, asked: list[str]) -> None:
    token, text = made(club, "Tim")
    assert token.used_at is None
    written = 0
    for seconds in (0, 59, 1, 30, 90):
        clock.forward(seconds=seconds)
        asked.clear()
        assert api_tokens.caller_of(text)
        written += sum(statement.startswith("update api_token") for statement in asked)
    assert written == 3
    session.rollback()
    assert session.get_one(ApiToken, token.id).used_at == clock.now()


# --- a service and the account's sessions


def service(club: Club, role: str = "facilitator") -> api_tokens.Caller:
    caller = api_tokens.caller_of(text_of(club, "Abe", service_role=role))
    assert caller
    return caller


def test_a_service_reaches_all_sessions_of_its_account(club: Club) -> None:
    tims = open_session("Tim", membership=club.as_("Tim")).session_id
    open_session("Mallory", membership=club.as_("Mallory"))
    caller = service(club)
    own = open_session("Build", membership=caller.membership, secret=caller.secret).session_id
    listed = dashboard.listing(caller.membership, caller.secret, dashboard.Wish(show="live")).lines
    assert {line.table.id for line in listed} == {tims, own}


def test_a_service_archives_what_it_opened_and_as_admin_everything(club: Club) -> None:
    tims = open_session("Tim", membership=club.as_("Tim"))
    lifecycle.end_session(tims)
    caller, admin = service(club), service(club, "admin")
    own = open_session("Build", membership=caller.membership, secret=caller.secret)
    lifecycle.end_session(own)
    with club.refused(403):
        archiving.archive(caller.membership, caller.secret, tims.session_id)
    archiving.archive(caller.membership, caller.secret, own.session_id)
    archiving.archive(admin.membership, admin.secret, tims.session_id)
    assert club.log[-2:] == [("Nightly build (token)", "session-archived", "Checkout team")] * 2


def test_a_service_copies_a_session_under_its_name(club: Club) -> None:
    tims = open_session("Tim", membership=club.as_("Tim"))
    admin = service(club, "admin")
    copy = copying.copy_session(admin.membership, tims.session_id, secret=admin.secret, form_key="key")
    assert (copy.name, copy.user_id, copy.secret_digest) == ("Nightly build", None, ids.digest(admin.secret))


def test_a_service_has_the_series_of_its_account(club: Club) -> None:
    kept = series.make(club.as_("Tim"), "", name="Grooming", deck="fibonacci", own="", options=Options())
    caller = service(club)
    own = series.make(caller.membership, caller.secret, name="Nightly", deck="fibonacci", own="", options=Options())
    for membership in (caller.membership, club.as_("Tim")):
        assert [each.id for each in series.series_of(membership, None)] == [kept.id, own.id]
    series.close(caller.membership, caller.secret, kept.id)
    assert club.log[-1] == ("Nightly build (token)", "series-closed", "Grooming")


# --- its end


def test_it_expires(club: Club, clock: Clock) -> None:
    text, endless = text_of(club, "Tim"), text_of(club, "Tim", days="")
    clock.forward(days=30, seconds=-1)
    assert api_tokens.caller_of(text)
    clock.forward(seconds=1)
    assert api_tokens.caller_of(text) is None
    clock.forward(days=1000)
    assert api_tokens.caller_of(endless)
    expired = {each.token.expires_at is None: each.expired for each in api_tokens.tokens_of(club.as_("Tim"))}
    assert expired == {False: True, True: False}


def test_ending_one(club: Club) -> None:
    token, text = made(club, "Tim")
    assert api_tokens.end(club.as_("Tim"), token.id) == "Nightly build"
    assert api_tokens.caller_of(text) is None
    assert club.log[-1] == ("Tim", "token-ended", f"Nightly build (…{text[-4:]})")
    with club.refused(404, "This token has been ended already."):
        api_tokens.end(club.as_("Tim"), token.id)


def test_owners_and_admins_end_every_token(club: Club) -> None:
    tims, services, olgas = made(club, "Tim")[0], made(club, "Abe", service_role="admin")[0], made(club, "Olga")[0]
    for token in (services, olgas):
        with club.refused(404, "This token was not found."):
            api_tokens.end(club.as_("Tim"), token.id)
    for token in (tims, services, olgas):
        with club.refused(404, "This token was not found."):
            api_tokens.end(club.as_("Mallory"), token.id)
        api_tokens.end(club.as_("Abe"), token.id)


def test_a_person_who_leaves_loses_their_tokens_there(club: Club) -> None:
    tims, abes, services = text_of(club, "Tim"), text_of(club, "Abe"), text_of(club, "Abe", service_role="admin")
    teammates.leave(club.as_("Tim"))
    teammates.remove(club.as_("Olga"), club.named("Abe").id)
    assert api_tokens.caller_of(tims) is None
    assert api_tokens.caller_of(abes) is None
    assert api_tokens.caller_of(services)
    # They do not come back with the person.
    with transaction():
        teammates.enroll(session.merge(club.account), club.named("Tim"), "facilitator")
    assert api_tokens.caller_of(tims) is None


def test_requiring_a_way_to_sign_in_ends_persons_tokens(club: Club) -> None:
    tims, olgas, services = text_of(club, "Tim"), text_of(club, "Olga"), text_of(club, "Abe", service_role="admin")
    elsewhere = api_tokens.make(club.as_("Mallory"), name="Mine", scopes=READ, days="")[1]
    with transaction():
        api_tokens.end_of_persons(club.account_id)
    assert api_tokens.caller_of(tims) is None
    assert all(map(api_tokens.caller_of, (olgas, services, elsewhere)))


def test_the_list(club: Club) -> None:
    made(club, "Tim", name="Tims")
    made(club, "Abe", name="Service", service_role="admin")
    seen = {each.token.name: each for each in api_tokens.tokens_of(club.as_("Olga"))}
    assert {
        name: (each.person and each.person.name, each.maker and each.maker.name) for name, each in seen.items()
    } == {
        "Tims": ("Tim", "Tim"),
        "Service": (None, "Abe"),
    }
    assert [each.token.name for each in api_tokens.tokens_of(club.as_("Tim"))] == ["Tims"]
    assert api_tokens.tokens_of(club.as_("Mallory")) == []
    teammates.remove(club.as_("Olga"), club.named("Abe").id)
    [service] = [each for each in api_tokens.tokens_of(club.as_("Olga")) if each.token.name == "Service"]
    assert service.maker is None


# --- without sign-in


def test_without_sign_in_everybody_makes_services_tokens(room: Room) -> None:
    local = memberships.home_of(None)
    with room.refused(409, "Nobody signs in here, so a token is a service’s."):
        api_tokens.make(local, name="Board", scopes=READ, days="")
    token, text = api_tokens.make(local, name="Board", scopes=list(SCOPES), days="", service_role="facilitator")
    caller = api_tokens.caller_of(text)
    assert caller
    assert caller.membership.arranges
    assert caller.membership.known_by_secret
    assert log_of(memberships.LOCAL) == [("Somebody", "token-made", f"Board (…{token.hint})")]


def test_without_sign_in_a_service_reaches_the_sessions_that_it_facilitates(room: Room) -> None:
    local = memberships.home_of(None)
    _, text = api_tokens.make(local, name="Board", scopes=READ, days="", service_role="facilitator")
    caller = api_tokens.caller_of(text)
    assert caller
    own = open_session("Board", membership=caller.membership, secret=caller.secret)
    listed = dashboard.listing(caller.membership, caller.secret, dashboard.Wish(show="live")).lines
    assert [line.table.id for line in listed] == [own.session_id]
    with room.refused(404):
        archiving.delete(caller.membership, caller.secret, room.table.id)


def test_tokens_of_the_other_way_to_sign_in_are_worth_nothing(club: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [text_of(club, "Tim"), text_of(club, "Abe", service_role="admin")]
    monkeypatch.setattr("poker_app.accounts._open", True)
    assert [api_tokens.caller_of(text) for text in texts] == [None, None]
    text = api_tokens.make(memberships.home_of(None), name="Board", scopes=READ, days="", service_role="facilitator")[1]
    monkeypatch.setattr("poker_app.accounts._open", False)
    assert api_tokens.caller_of(text) is None


# --- purging


def test_purging(club: Club, clock: Clock) -> None:
    ended, _, kept = made(club, "Tim")[0], made(club, "Tim", days="30"), made(club, "Tim", days="")[0]
    with transaction():
        for key, age in (("old", timedelta(hours=25)), ("new", timedelta(hours=23))):
            at = clock.now() + timedelta(days=120) - age
            session.add(IdempotentAnswer(token_id=kept.id, key=key, fingerprint="f" * 64, made_at=at))
    api_tokens.end(club.as_("Tim"), ended.id)
    clock.forward(days=90)
    assert api_tokens.purge() == 0
    clock.forward(seconds=1)
    assert api_tokens.purge() == 1
    clock.forward(days=30, seconds=-1)
    assert api_tokens.purge() == 0
    clock.forward(seconds=1)
    found = jobs.purge()
    assert (found["API tokens"], found["kept answers"]) == (1, 1)
    assert [each.id for each in session.query(ApiToken)] == [kept.id]
    assert [each.key for each in session.query(IdempotentAnswer)] == ["new"]
