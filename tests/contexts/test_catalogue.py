"""An operator's own plans and packs."""

from pathlib import Path

import pytest

from poker_app.billing import catalogue
from poker_app.rules.plans import STANDARD

OWN = """
trial_plan = "crew"
trial_days = 7
currency = "usd"

[[plans]]
name = "guest"
label = "Guest"
credits = 1

[[plans]]
name = "crew"
label = "Crew"
credits = "none"
members = 30
facilitators = 4
report_days = "none"
price = "crew_monthly"
amount = 500

[[packs]]
credits = 5
price = "five"
amount = 250
"""


def written(folder: Path, text: str) -> str:
    path = folder / "plans.toml"
    path.write_text(text)
    return str(path)


def test_without_a_file_the_standard_offer_is_sold() -> None:
    assert catalogue.load("") == STANDARD


def test_an_own_offer(tmp_path: Path) -> None:
    offer = catalogue.load(written(tmp_path, OWN))
    assert [plan.name for plan in offer.plans] == ["guest", "crew"]
    crew = offer.plan("crew")
    assert (crew.credits, crew.report_days, crew.facilitators, crew.amount) == (None, None, 4, 500)
    assert (offer.trial_plan, offer.trial_days, offer.currency, offer.packs[0].credits) == ("crew", 7, "usd", 5)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("plans = 3", "valid list"),
        ("not toml", "Expected"),
        (OWN.replace("members = 30", 'members = "many"'), "valid integer"),
        (OWN.replace("members", "participants"), "Nobody knows what participants is"),
        (OWN.replace("trial_days", "trial_weeks"), "trial_weeks"),
        (OWN.replace('price = "crew_monthly"', ""), "price of its own"),
    ],
)
def test_what_cannot_be_sold_is_said_at_the_start(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        catalogue.load(written(tmp_path, text))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="No such file"):
        catalogue.load(str(tmp_path / "plans.toml"))
