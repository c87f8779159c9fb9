"""No input causes a 500: the pages of an account, asked with everything wrong by somebody who may do everything."""

from urllib.parse import urlencode

import pytest
from flask import Flask

from poker_app.accounts import decks, memberships
from poker_app.accounts.models import User
from poker_app.accounts.team import invitations
from poker_app.db import session
from poker_app.rate_limits import Tries
from poker_app.settings import Settings
from tests.cast import FROM_OUR_PAGE, Cast, Person
from tests.conftest import SIGNED_IN
from tests.promises.malformed import FORM, JUNK, PATHS
from tests.promises.replay import logged

GROUPS = {"team", "accounts", "invitations", "account_settings", "audit", "billing"}
FIELDS = """
    name deck own timer_minutes deck_name emails role report_days open q person action before account auto_reveal
    pack plan door
    """.split()  # noqa: SIM905


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={**SIGNED_IN, "billing": "fake"})


def known(app: Flask, olga: Person, tim: Person) -> dict[str, str]:
    """What the addresses name, made anew where it is gone."""
    with app.app_context():
        owner = memberships.membership_for(session.get_one(User, olga.user), olga.account)
        assert owner
        found = decks.decks_of(olga.account) or [decks.add_deck(owner, name="Risk", cards="1 2")]
        link = invitations.make_link(owner)
        secret = invitations.secret_of(link)
        assert secret
        return {
            "account_id": olga.account,
            "user_id": tim.user,
            "deck_id": found[0].id,
            "invitation_id": link.id,
            "secret": secret,
        }


def test_no_request_to_an_account_is_a_fault(app: Flask, cast: Cast) -> None:
    olga = cast.person("Olga").signs_in()
    tim = cast.person("Tim").signs_in("facilitator", olga.account)
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.split(".")[0] in GROUPS]
    lines: list[str] = []
    asked = 0
    with logged(lines.append):
        for number, junk in enumerate([*JUNK, *PATHS]):
            with app.app_context():
                session.query(Tries).delete()
                session.commit()
            given = known(app, olga, tim)
            for place, rule in enumerate(rules):
                # Sometimes the address is the right one and the form is junk, sometimes the other way round.
                wrong = (number + place) % 3 == 0 and rule.arguments
                named = (
                    dict.fromkeys(given, junk.encode(errors="replace").decode().replace("/", "") or "x")
                    if wrong
                    else given
                )
                values = {name: named[name] for name in rule.arguments} | (
                    {"account_id": given["account_id"]} if "account_id" in rule.arguments and place % 2 else {}
                )
                path = app.url_map.bind("localhost").build(rule.endpoint, values)
                sent = urlencode({field: junk.encode("utf-8", "surrogatepass") for field in FIELDS})
                if "GET" in (rule.methods or ()):
                    answer = olga.browser.get(path, query_string=sent)
                else:
                    answer = olga.browser.post(path, data=sent, headers=FROM_OUR_PAGE, content_type=FORM)
                assert answer.status_code < 500, f"{rule.endpoint} with {junk[:60]!r}\n{lines[-3:]}"
                asked += 1
            assert not [line for line in lines if "Traceback" in line or "'error'" in line]
            lines.clear()
    assert asked > 2_000
