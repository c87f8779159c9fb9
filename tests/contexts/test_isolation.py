"""What one test did is nothing to the next, though they may share an application."""

import pytest
from flask import Flask

from poker_app.accounts.models import User
from poker_app.db import session
from poker_app.settings import Settings
from tests.cast import add_user
from tests.conftest import lent


@pytest.mark.parametrize("time", ["first", "second"])
@pytest.mark.usefixtures("context")
def test_nobody_is_here_before_the_test(time: str) -> None:
    add_user(time)
    assert [user.name for user in session.query(User)] == [time]


def test_an_application_is_lent_again(settings: Settings) -> None:
    with lent(settings) as one:
        one.test_client().get("/")
    with lent(settings) as again:
        assert again is one


def _setting(app: Flask) -> None:
    app.config["TRUSTED_HOSTS"] = ["faceup.example"]


def _hook(app: Flask) -> None:
    app.after_request_funcs.setdefault(None, []).append(lambda answer: answer)


def _wrapper(app: Flask) -> None:
    app.wsgi_app = lambda environ, start: []  # type: ignore[method-assign]


def _name(app: Flask) -> None:
    app.jinja_env.globals["now"] = None


@pytest.mark.parametrize("change", [_setting, _hook, _wrapper, _name])
def test_one_that_was_changed_is_not(settings: Settings, change: object) -> None:
    with lent(settings) as changed:
        change(changed)  # type: ignore[operator]
    with lent(settings) as fresh:
        assert fresh is not changed


def test_other_settings_are_another_application(settings: Settings) -> None:
    with lent(settings) as one:
        pass
    with lent(settings.model_copy(update={"secret_key": "another"})) as other:
        assert other is not one
