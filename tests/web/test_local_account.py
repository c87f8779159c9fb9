"""Where nobody signs in there is one account: everybody arranges its table, and nobody is a teammate."""

import pytest

from tests.cast import Cast

PATH = "/accounts/local"


@pytest.mark.parametrize(
    "path", [f"{PATH}/team", f"{PATH}/departure", f"{PATH}/audit", "/accounts", "/accounts/new", "/invitations/x"]
)
def test_there_is_no_team(cast: Cast, path: str) -> None:
    assert cast.ada.get(path).status_code == 404


def test_the_settings_show_what_there_is(cast: Cast) -> None:
    page = cast.ada.get(f"{PATH}/settings").text
    assert "Session defaults" in page
    for hidden in (">Team<", "Join by email domain", "Days that reports are kept", "Teammates only"):
        assert hidden not in page


def test_everybody_arranges_the_table(cast: Cast) -> None:
    cast.ada.get(f"{PATH}/settings")
    for form, typed in (
        ("name", {"name": "The table"}),
        ("session-defaults", {"deck": "hours"}),
        ("decks", {"deck_name": "Risk", "own": "low high"}),
    ):
        assert cast.ada.post(f"{PATH}/{form}", typed, htmx=False).status_code == 303
    for form in ("retention", "domain"):
        assert cast.ada.post(f"{PATH}/{form}", {"report_days": "90", "open": "1"}, htmx=False).status_code == 403
    page = cast.ben.get("/sessions/new").text
    assert "<b>Risk</b>" in page
    assert 'value="hours" checked' in page


def test_everybody_makes_tokens_of_services(cast: Cast) -> None:
    path, form = f"{PATH}/api-tokens", {"name": "Nightly build", "scopes": "sessions:read", "days": "90"}
    assert '<input type="hidden" name="service_role" value="facilitator">' in cast.gus.get(path).text
    answer = cast.gus.post(path, {**form, "service_role": "facilitator"}, htmx=False)
    assert answer.status_code == 200
    assert "faceup_svc_" in answer.text
    assert cast.ada.post(path, form, htmx=False).status_code == 409
    assert "Nightly build" in cast.ada.get(path).text
    assert f'href="{path}"' in cast.ada.get(f"{PATH}/settings").text
