"""Whole logins through both real OpenID servers: who becomes whom, and what a provider's word is not enough for."""

from collections.abc import Callable

import pytest
from flask import Flask
from joserfc.jwk import KeySet, RSAKey
from werkzeug.wrappers import Response

from poker_app.accounts import users
from poker_app.accounts.models import Identity, SignIn, User
from poker_app.accounts.providers import openid
from poker_app.db import session, transaction
from tests.providers.conftest import Real, Rows
from tests.providers.login_browser import Traveller, changed, leads_to, parameter

Travellers = Callable[[str], Traveller]


def test_somebody_new_becomes_a_user(ada: Traveller, real: Real, rows: Rows) -> None:
    answer = ada.goes(real.name, "ada", onward="/sessions/new?deck=fibonacci")
    assert (answer.status_code, answer.location) == (303, "/sessions/new?deck=fibonacci")
    assert ada.is_signed_in
    assert rows.users() == {"Ada Lovelace": "ada@example.com"}
    assert rows.logins() == {"ada": "Ada Lovelace"}


def test_the_same_person_comes_back_as_the_same_user(traveller: Travellers, real: Real, rows: Rows, app: Flask) -> None:
    traveller("Ada").goes(real.name, "ada")
    again = traveller("Ada at home")
    again.goes(real.name, "ada")
    assert again.is_signed_in
    assert rows.users() == {"Ada Lovelace": "ada@example.com"}
    with app.app_context():
        assert {each.issuer for each in session.query(SignIn)} == {real.url}


def test_what_changes_at_the_provider_changes_nobody_here(ada: Traveller, real: Real, rows: Rows, app: Flask) -> None:
    ada.goes(real.name, "ada")
    with app.app_context(), transaction():
        session.query(User).one().email = "ada@home.example"
        session.query(User).one().name = "The Countess"
    ada.post("/sign-in/out", htmx=False)
    assert ada.goes(real.name, "ada").status_code == 303
    assert rows.users() == {"The Countess": "ada@home.example"}


def test_an_address_proven_on_both_sides_links(ada: Traveller, real: Real, rows: Rows, app: Flask) -> None:
    with app.app_context(), transaction():
        users.add_user(name="Ada here", email="ada@example.com")
    assert ada.goes(real.name, "ada").status_code == 303
    assert rows.users() == {"Ada here": "ada@example.com"}
    assert rows.logins() == {"ada": "Ada here"}


def test_an_unproven_address_of_somebody_is_asked_about_and_never_linked(
    mallory: Traveller, real: Real, rows: Rows, app: Flask
) -> None:
    with app.app_context(), transaction():
        users.add_user(name="Ada here", email="ada@example.com")
    answer = mallory.goes(real.name, "eve")
    assert answer.status_code == 409
    assert "sign in as you did before" in answer.text
    assert "Sign in with email" in answer.text
    assert not mallory.is_signed_in
    assert rows.logins() == {}


def test_an_unproven_address_of_nobody_is_not_taken_over(mallory: Traveller, real: Real, rows: Rows) -> None:
    assert mallory.goes(real.name, "eve").status_code == 303
    assert rows.users() == {"Eve": None}


def test_somebody_without_an_address_may_come_too(traveller: Travellers, real: Real, rows: Rows) -> None:
    nora = traveller("Nora")
    assert nora.goes(real.name, "nomail").status_code == 303
    assert nora.is_signed_in
    assert rows.users() == {"Nora": None}


def test_an_address_that_changed_hands_at_the_provider_is_asked_about(
    traveller: Travellers, real: Real, rows: Rows
) -> None:
    traveller("Ada").goes(real.name, "ada")
    heir = traveller("Heir")
    assert heir.goes(real.name, "other-ada").status_code == 409
    assert not heir.is_signed_in
    assert rows.logins() == {"ada": "Ada Lovelace"}


def test_who_is_signed_in_is_sent_away_by_a_form_of_our_own_only(ada: Traveller, real: Real) -> None:
    ada.goes(real.name, "ada")
    assert ada.get(f"/sign-in/with/{real.name}?next=/sessions/new").location == "/sessions/new"
    # An account may want them to come that way. Until they are back they stay who they are.
    assert "meta http-equiv" in ada.post(f"/sign-in/with/{real.name}", {"next": "/x"}, htmx=False).text
    assert ada.get("/dashboard").status_code == 303
    assert ada.goes(real.name, "ada", onward="/accounts").location == "/accounts"


def test_only_addresses_of_our_own_are_gone_on_to(ada: Traveller, real: Real) -> None:
    assert ada.goes(real.name, "ada", onward="//evil.example/").location == "/dashboard"


def test_a_form_of_another_site_sets_nobody_out(ada: Traveller, real: Real) -> None:
    for told in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        assert ada.browser.post(f"/sign-in/with/{real.name}", headers=told).status_code == 403
    assert "meta http-equiv" not in ada.get(f"/sign-in/with/{real.name}").text


# --- connecting and disconnecting


def test_a_signed_in_user_connects_and_disconnects(traveller: Travellers, real: Real, rows: Rows) -> None:
    ada = traveller("Ada").signs_in()
    assert isinstance(ada, Traveller)
    answer = ada.connects(real.name, "ben")
    assert (answer.status_code, answer.location) == (303, "/me")
    assert rows.logins() == {"ben": "Ada"}
    assert rows.users() == {"Ada": "ada@example.com"}
    ada.connects(real.name, "ben")  # again is nothing new
    elsewhere = traveller("Ada's phone")
    elsewhere.goes(real.name, "ben")
    assert elsewhere.is_signed_in
    assert ada.post(f"/me/logins/{real.name}/removal", {"subject": "ben"}, htmx=False).location == "/me"
    assert rows.logins() == {}
    assert ada.is_signed_in
    assert not elsewhere.is_signed_in
    assert ada.post(f"/me/logins/{real.name}/removal", {"subject": "ben"}, htmx=False).status_code == 404


def test_an_unproven_address_is_linked_from_the_profile(traveller: Travellers, real: Real, rows: Rows) -> None:
    ada = traveller("Ada").signs_in()
    assert isinstance(ada, Traveller)
    ada.connects(real.name, "eve")
    phone = traveller("Ada's phone")
    assert phone.goes(real.name, "eve").status_code == 303
    assert rows.users() == {"Ada": "ada@example.com"}


def test_the_last_way_in_stays(traveller: Travellers, real: Real, rows: Rows) -> None:
    nora = traveller("Nora")
    nora.goes(real.name, "nomail")
    answer = nora.post(f"/me/logins/{real.name}/removal", {"subject": "nomail"}, htmx=False)
    assert answer.status_code == 409
    assert "only way to sign in" in answer.text
    nora.connects(real.name, "ben")
    assert nora.post(f"/me/logins/{real.name}/removal", {"subject": "nomail"}, htmx=False).status_code == 303
    assert nora.post(f"/me/logins/{real.name}/removal", {"subject": "ben"}, htmx=False).status_code == 409
    assert rows.logins() == {"ben": "Nora"}


def test_a_login_of_somebody_else_is_not_taken_from_them(traveller: Travellers, real: Real, rows: Rows) -> None:
    traveller("Ben").goes(real.name, "ben")
    mallory = traveller("Mallory").signs_in()
    assert isinstance(mallory, Traveller)
    answer = mallory.connects(real.name, "ben")
    assert answer.status_code == 409
    assert "belongs to somebody else" in answer.text
    assert rows.logins() == {"ben": "Ben"}


def test_nobody_disconnects_somebody_else(traveller: Travellers, real: Real, rows: Rows) -> None:
    traveller("Ben").goes(real.name, "ben")
    mallory = traveller("Mallory").signs_in()
    assert mallory.post(f"/me/logins/{real.name}/removal", {"subject": "ben"}, htmx=False).status_code == 404
    assert rows.logins() == {"ben": "Ben"}


def test_a_visit_to_connect_does_not_survive_another_sign_in(traveller: Travellers, real: Real, rows: Rows) -> None:
    """Else whoever sits down after somebody has signed out would connect their own login to the wrong user."""
    ada = traveller("Ada").signs_in()
    assert isinstance(ada, Traveller)
    page = ada.post(f"/me/logins/{real.name}", htmx=False)
    way_back = ada.signs_in_there(leads_to(page), "ben")
    with ada.browser.session_transaction() as cookie:
        kept = cookie["visits"]
        cookie.clear()
        cookie["visits"] = kept
    assert ada.get(way_back).status_code == 400
    assert rows.logins() == {}


# --- what the browser brings back


def refused(answer, status: int = 400) -> None:  # type: ignore[no-untyped-def]
    assert answer.status_code == status, answer.text
    assert "Not signed in" in answer.text
    assert "Sign in with email" in answer.text


def test_an_answer_is_good_once(ada: Traveller, real: Real, rows: Rows) -> None:
    way_back = ada.signs_in_there(ada.sets_out(real.name), "ada")
    assert ada.get(way_back).status_code == 303
    ada.post("/sign-in/out", htmx=False)
    refused(ada.get(way_back))
    assert not ada.is_signed_in


def test_a_visit_is_over_with_its_first_answer(ada: Traveller, real: Real) -> None:
    """Also with one that signs nobody in: a state is never worth a second try."""
    address = ada.sets_out(real.name)
    ada.get(ada.signs_in_there(address, "ada", refuses=True))
    ada.elsewhere.cookies.clear()
    refused(ada.get(ada.signs_in_there(address, "ada")))
    assert not ada.is_signed_in


def test_a_used_cookie_does_not_make_an_answer_good_again(ada: Traveller, real: Real) -> None:
    """The cookie is the browser's, so it can be put back; the provider knows that the code was used."""
    way_back = ada.signs_in_there(ada.sets_out(real.name), "ada")
    before = dict(ada.browser._cookies or {})
    assert ada.get(way_back).status_code == 303
    ada.browser._cookies = before
    refused(ada.get(way_back))
    assert not ada.is_signed_in


def test_an_answer_is_nothing_in_another_browser(ada: Traveller, mallory: Traveller, real: Real, rows: Rows) -> None:
    """Neither with no visit begun there nor with one of its own: else somebody could be signed in as Mallory."""
    way_back = mallory.signs_in_there(mallory.sets_out(real.name), "eve")
    refused(ada.get(way_back))
    own = ada.sets_out(real.name)
    refused(ada.get(way_back))
    refused(ada.get(changed(way_back, state=parameter(own, "state"))), 400 if real.name == "npm" else 403)
    assert not ada.is_signed_in
    assert rows.users() == {}


@pytest.mark.parametrize("state", [None, "", "nonsense", "ü" * 300, "\0"])
def test_an_answer_needs_its_state(ada: Traveller, real: Real, state: str | None) -> None:
    way_back = ada.signs_in_there(ada.sets_out(real.name), "ada")
    answer = ada.get(changed(way_back, state=state))
    refused(answer)
    assert not ada.is_signed_in
    assert ada.get(way_back).status_code == 303  # and the real one still counts


def test_an_answer_without_a_code_is_none(ada: Traveller, real: Real) -> None:
    way_back = ada.signs_in_there(ada.sets_out(real.name), "ada")
    refused(ada.get(changed(way_back, code=None)))


def test_a_wrong_code_is_refused(ada: Traveller, real: Real) -> None:
    way_back = ada.signs_in_there(ada.sets_out(real.name), "ada")
    refused(ada.get(changed(way_back, code="nonsense")))
    assert not ada.is_signed_in


def test_an_answer_for_another_provider_is_none(ada: Traveller, real: Real) -> None:
    """The mix-up: the same state and code, at the address of another provider."""
    way_back = ada.signs_in_there(ada.sets_out(real.name), "ada")
    refused(ada.get(way_back.replace(f"/{real.name}/", "/twin/")))
    assert not ada.is_signed_in
    assert not [path for path in real.relay.asked if path.endswith("/token")]


def test_a_visit_lasts_ten_minutes(ada: Traveller, real: Real, later: Callable[..., None]) -> None:
    way_back = ada.signs_in_there(ada.sets_out(real.name), "ada")
    later(minutes=11)
    refused(ada.get(way_back))


def test_several_tabs_may_be_on_their_way(ada: Traveller, real: Real) -> None:
    first = ada.signs_in_there(ada.sets_out(real.name, onward="/sessions/new?tab=1"), "ada")
    ada.sets_out(real.name, onward="/sessions/new?tab=2")
    assert ada.get(first).location == "/sessions/new?tab=1"


def test_somebody_may_say_no(ada: Traveller, real: Real) -> None:
    answer = ada.get(ada.signs_in_there(ada.sets_out(real.name), "ada", refuses=True))
    refused(answer, 403)
    assert "did not let you in" in answer.text
    assert not ada.is_signed_in


def test_an_error_is_told_without_repeating_it(ada: Traveller, real: Real) -> None:
    state = parameter(ada.sets_out(real.name), "state")
    issuer = real.url if real.name == "npm" else None
    words = {"error": "server_error", "error_description": "<b>Call 0900</b>", "state": state, "iss": issuer}
    answer = ada.get(changed(f"/sign-in/with/{real.name}/callback", **words))
    refused(answer, 502)
    assert "0900" not in answer.text


def test_identities_hold_what_the_provider_says(ada: Traveller, real: Real, app: Flask) -> None:
    ada.goes(real.name, "eve")
    with app.app_context():
        (identity,) = session.query(Identity)
        told = (identity.issuer, identity.subject, identity.provider, identity.email)
    assert told == (real.url, "eve", real.name, "ada@example.com")


# --- a provider lives


def test_a_clock_may_be_a_little_off(ada: Traveller, real: Real, later: Callable[..., None]) -> None:
    later(seconds=-30)
    ada.goes(real.name, "ada")
    assert ada.is_signed_in


def test_what_a_provider_publishes_is_asked_for_once(traveller: Travellers, real: Real) -> None:
    for name in ("Ada", "Ada again"):
        traveller(name).goes(real.name, "ada")
    for path in ("/.well-known/openid-configuration", "/jwks"):
        assert real.relay.asked.count(path) == 1


def test_new_keys_are_found(ada: Traveller, real: Real) -> None:
    address = ada.sets_out(real.name)
    (known,) = openid._known.values()
    known.keys = KeySet([RSAKey.generate_key(auto_kid=True)]).as_dict()
    ada.get(ada.signs_in_there(address, "ada"))
    assert ada.is_signed_in


def test_a_provider_that_recovers_is_asked_again(ada: Traveller, real: Real) -> None:
    real.relay.lies["/.well-known/openid-configuration"] = lambda _answer: Response("", 503)
    assert ada.post(f"/sign-in/with/{real.name}", htmx=False).status_code == 502
    real.relay.honest()
    ada.goes(real.name, "ada")
    assert ada.is_signed_in
