"""The litany's questions, asked of the routes that each class names."""

import pytest
from flask import Flask

from tests.cast import Cast
from tests.mail_server import Post
from tests.web.route_checks import Litany
from tests.world.pages import Club, Scene


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if not (metafunc.cls and issubclass(metafunc.cls, Litany)):
        return
    routes = metafunc.cls.routes
    if "route" in metafunc.fixturenames:
        metafunc.parametrize("route", routes.values(), ids=routes)
    if "forbidden" in metafunc.fixturenames:
        denied = {name: route for name, route in routes.items() if route.role}
        metafunc.parametrize("forbidden", denied.values(), ids=denied)
    if "untimely" in metafunc.fixturenames:
        late = [(name, (route, *moment)) for name, route in routes.items() for moment in route.moments]
        metafunc.parametrize("untimely", [each for _, each in late], ids=[name for name, _ in late])
    if "unusable" in metafunc.fixturenames:
        bad = [(name, (route, *wrong)) for name, route in routes.items() for wrong in route.wrong]
        metafunc.parametrize("unusable", [each for _, each in bad], ids=[name for name, _ in bad])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A class without a route of some kind has nothing to ask there: no test, not a skipped one."""
    empty = "got empty parameter set"
    items[:] = [
        item for item in items if not any(empty in mark.kwargs.get("reason", "") for mark in item.iter_markers("skip"))
    ]


@pytest.fixture
def scene(app: Flask, cast: Cast) -> Scene:
    return Scene(app, cast)


@pytest.fixture
def club(app: Flask, cast: Cast, post: Post) -> Club:
    """Of a file whose `settings` are the `signed_in_settings`."""
    return Club(app, cast, post)
