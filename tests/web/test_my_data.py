"""My data: the page, the download, and deleting oneself."""

import json

import pytest
from click.testing import CliRunner
from flask.cli import ScriptInfo

from poker_app.accounts.models import Account, User
from poker_app.cli import purge
from poker_app.db import session
from poker_app.poker.models import Member
from poker_app.settings import Settings
from tests.cast import Cast, Person
from tests.conftest import SIGNED_IN
from tests.web.route_checks import says


@pytest.fixture
def settings(settings: Settings, request: pytest.FixtureRequest) -> Settings:
    return settings if "open_house" in request.fixturenames else settings.model_copy(update=dict(SIGNED_IN))


@pytest.fixture
def open_house() -> None:
    """Nobody signs in."""


@pytest.fixture
def ada(cast: Cast) -> Person:
    return cast.ada.signs_in()


def test_the_download(ada: Person, cast: Cast) -> None:
    ada.opens("Ours")
    assert "/me/data/download" in ada.get("/me/data").text
    assert "/me/data" in ada.get("/me").text
    answer = ada.get("/me/data/download")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="faceup-')
    assert answer.mimetype == "application/json"
    told = json.loads(answer.text)
    assert (told["user"]["email"], told["sessions_opened"][0]["name"]) == ("ada@example.com", "Ours")
    assert "otto" not in answer.text
    assert cast.mallory.get("/me/data/download").location.startswith("/sign-in")


def test_deleting_me_ends_everything(ada: Person, cast: Cast) -> None:
    table = ada.opens("Ours")
    cast.gus.joins(table)
    page = ada.get("/me/data")
    assert says(page, "has nobody but you, so it is deleted too, with 1 session and its report.")
    wrong = ada.post("/me/data/erasure", {"confirmation": "ada@example"}, htmx=False)
    assert (wrong.status_code, says(wrong, "Type ada@example.com to confirm.")) == (422, True)
    assert 'value="ada@example"' in wrong.text
    guest, cookie = ada.browser.get_cookie("guest"), ada.browser.get_cookie("faceup")
    answer = ada.post("/me/data/erasure", {"confirmation": "ada@example.com"}, htmx=False)
    assert (answer.status_code, answer.location) == (303, "/me/data/gone")
    assert says(ada.get("/me/data/gone"), "Your account is deleted")
    assert ada.get("/dashboard").location.startswith("/sign-in")
    assert ada.browser.get_cookie("guest") != guest
    for name, kept in (("guest", guest), ("faceup", cookie)):
        assert kept
        ada.browser.set_cookie(name, kept.value)
    assert ada.get("/dashboard").location.startswith("/sign-in")
    for person in (ada, cast.gus):
        assert person.get(f"{table.path}/vote-table").status_code == 404
    with cast._app.app_context():
        assert session.query(User).count() == session.query(Account).count() == session.query(Member).count() == 0


def test_a_team_is_not_left_without_an_owner(ada: Person, cast: Cast) -> None:
    tim = cast.person("Tim").signs_in("admin", ada.account)
    page = ada.get("/me/data")
    assert says(page, "You are the only owner of")
    assert "Delete my account</button>" not in page.text
    answer = ada.post("/me/data/erasure", {"confirmation": "ada@example.com"}, htmx=False)
    assert (answer.status_code, says(answer, "Make one of them an owner first")) == (409, True)
    assert tim.post("/me/data/erasure", {"confirmation": "tim@example.com"}, htmx=False).status_code == 303
    assert ada.get(f"/accounts/{ada.account}").status_code == 200


def test_where_nobody_signs_in_there_is_none(open_house: None, cast: Cast) -> None:
    for path in ("/me/data", "/me/data/download"):
        assert cast.mallory.get(path).status_code == 404


def test_until_when_a_report_is_kept(open_house: None, cast: Cast) -> None:
    assert "Kept until" not in cast.ada.get(f"{cast.table.path}/report").text
    cast.ada.ends(cast.table)
    assert "Kept until" in cast.ben.get(f"{cast.table.path}/report").text


def test_the_job_is_a_command(open_house: None, cast: Cast) -> None:
    run = CliRunner().invoke(purge, obj=ScriptInfo(create_app=lambda: cast._app))
    assert (run.exit_code, run.output) == (
        0,
        "0 sessions purged\n0 files purged\n0 sign-ins purged\n0 mailed links purged\n"
        "0 API tokens purged\n0 kept answers purged\n0 webhooks purged\n",
    )
