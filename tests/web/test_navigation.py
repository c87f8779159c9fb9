"""The bar of every page leads on through the account, and the footer to what the operator has set."""

import re

import pytest

from poker_app.settings import Settings
from tests.cast import Cast
from tests.world.pages import Club

ADDRESSES = {
    "help_url": "mailto:help@faceup.example",
    "privacy_url": "https://faceup.example/privacy",
    "status_url": "https://status.example",
}


@pytest.fixture
def settings(signed_in_settings: Settings) -> Settings:
    return signed_in_settings.model_copy(update=ADDRESSES)


def bar(text: str) -> list[str]:
    return re.findall(r">([^<]+)</a></li>", text.split('<header class="bar">')[1].split("</header>")[0])


@pytest.mark.parametrize(
    "path", ["/sessions/new", "/me", "/me/data", "/me/second-factor", "/accounts", "/accounts/new"]
)
def test_a_page_beside_the_account_keeps_its_navigation(club: Club, path: str) -> None:
    base = f"/accounts/{club.account}"
    assert bar(club.abe.get(path).text) == bar(club.abe.get(base).text) == ["Sessions", "Team", "Settings"]
    assert bar(club.tim.get(path).text) == ["Sessions", "Team"]
    assert f'href="{base}/team"' in club.tim.get(path).text


def test_who_belongs_to_no_account_gets_none(club: Club) -> None:
    ben = club.newcomer("Ben")
    assert bar(ben.get("/me").text) == ["New session"]
    assert "Ben" not in club.roles()


def test_the_footer_leads_to_what_is_set(cast: Cast) -> None:
    for path in ("/", "/sign-in", "/j/AAAAAA", "/nothing"):
        foot = cast.mallory.get(path).text.split("<footer")[1]
        for label, address in zip(("Help", "Privacy", "Status"), ADDRESSES.values(), strict=True):
            assert f'href="{address}" rel="noopener">{label}</a>' in foot, path
        assert ("Terms" in foot, "Imprint" in foot) == (False, False)
