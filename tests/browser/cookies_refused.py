"""The real server, in front of browsers that store no cookie for a frame: none leaves the server for one."""

import runpy
from collections.abc import Callable, Iterable
from typing import Any

import poker_app
from poker_app.settings import Settings

Headers = list[tuple[str, str]]


def main() -> None:
    create_app = poker_app.create_app

    def without_cookies(settings: Settings) -> Any:
        app = create_app(settings)
        inner = app.wsgi_app

        def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
            def begin(status: str, headers: Headers, *more: Any) -> Any:
                if environ.get("HTTP_SEC_FETCH_DEST") == "iframe":
                    headers = [(name, value) for name, value in headers if name != "Set-Cookie"]
                return start(status, headers, *more)

            return inner(environ, begin)

        app.wsgi_app = answer  # type: ignore[method-assign]
        return app

    poker_app.create_app = without_cookies
    runpy.run_module("poker_app.serve", run_name="__main__")


if __name__ == "__main__":
    main()
