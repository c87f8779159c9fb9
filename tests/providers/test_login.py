"""Whole logins through both real OpenID servers, and everything that must not become one."""

from tests.providers.conftest import Real
from tests.providers.traveller import Traveller


def test_somebody_new_becomes_a_user(ada: Traveller, real: Real) -> None:
    answer = ada.goes(real.name, "ada")
    assert (answer.status_code, answer.location) == (303, "/sessions/new")
    assert ada.is_signed_in
