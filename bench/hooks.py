"""Measures the cost of each hook on a request that does nothing: microseconds of processor time, the least of many
batches.

A hook is measured by leaving it out. It runs in this process and without a server, so only this release is measured.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from tempfile import TemporaryDirectory
from typing import Any

from flask import Flask

from bench.report import Row, show
from poker_app import create_app
from poker_app.settings import Settings

PATH = "/measured"
BATCHES, REQUESTS = 60, 100
WHOLE, BARE = "all hooks", "no hook"
ENVIRON = {
    "REQUEST_METHOD": "POST",
    "PATH_INFO": PATH,
    "SERVER_NAME": "localhost",
    "SERVER_PORT": "80",
    "HTTP_HOST": "localhost",
    "HTTP_ORIGIN": "http://localhost",
    "HTTP_SEC_FETCH_SITE": "same-origin",
    "CONTENT_TYPE": "application/x-www-form-urlencoded",
    "CONTENT_LENGTH": "6",
    "REMOTE_ADDR": "192.0.2.1",
    "wsgi.url_scheme": "http",
}

Hooks = list[Any]


def measure_hooks(quick: bool) -> None:
    with TemporaryDirectory(prefix="bench-") as folder:
        settings = Settings(
            _env_file=None,
            database_url=f"sqlite:///{folder}/faceup.db",
            secret_key="for measuring only",
            log_level="error",
        )
        app = create_app(settings)
    app.add_url_rule(PATH, "measured", lambda: "", methods=["POST"])
    hooks = dict(_hooks(app))
    least = dict.fromkeys([WHOLE, *hooks, BARE], float("inf"))
    for _ in range(BATCHES // 4 if quick else BATCHES):
        least[WHOLE] = min(least[WHOLE], _batch(app))
        for name, one in hooks.items():
            with _left_out([one]):
                least[name] = min(least[name], _batch(app))
        with _left_out(hooks.values()):
            least[BARE] = min(least[BARE], _batch(app))
    for name in (WHOLE, BARE):
        show(Row(f"an empty POST with {name}", "µs CPU", least[name]))
    for name in hooks:
        show(Row(f"of it {name}", "µs CPU", max(0.0, least[WHOLE] - least[name])))


def _hooks(app: Flask) -> Iterator[tuple[str, tuple[Hooks, Any]]]:
    """Each hook of every request by its module and name, with the list that it is in."""
    lists: list[Hooks] = [
        app.before_request_funcs[None],
        app.after_request_funcs[None],
        app.teardown_request_funcs[None],
        app.teardown_appcontext_funcs,
    ]
    for hooks in lists:
        for hook in hooks:
            yield f"{hook.__module__}.{hook.__name__}".removeprefix("poker_app."), (hooks, hook)


@contextmanager
def _left_out(hooks: Any) -> Iterator[None]:
    before = [(each, list(each)) for each, _ in hooks]
    for each, hook in hooks:
        each.remove(hook)
    try:
        yield
    finally:
        for each, whole in reversed(before):
            each[:] = whole


def _batch(app: Callable[..., Any]) -> float:
    """Microseconds of processor for one of many requests in a row."""
    began = time.process_time()
    for _ in range(REQUESTS):
        answer = app({**ENVIRON, "wsgi.input": BytesIO(b"card=8"), "wsgi.errors": None}, lambda *_: None)
        b"".join(answer)
        answer.close()
    return (time.process_time() - began) / REQUESTS * 1e6
