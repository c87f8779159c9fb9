import pytest

from poker_app.rules.money import amount


@pytest.mark.parametrize(
    ("cents", "currency", "written"),
    [
        (900, "eur", "€9"),
        (78, "EUR", "€0.78"),
        (0, "usd", "$0"),
        (129905, "gbp", "£1,299.05"),
        (1250, "chf", "CHF 12.50"),
        (-1071, "eur", "−€10.71"),
    ],
)
def test_as_people_write_it(cents: int, currency: str, written: str) -> None:
    assert amount(cents, currency) == written
