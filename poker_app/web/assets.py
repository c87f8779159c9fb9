"""Static files under addresses that change with their content, so that browsers keep them for good.

The version stands in the path, not in the query, because the scripts import one another by relative addresses.
"""

import hashlib
import re

from flask import Flask, Response, request, send_from_directory, url_for

from poker_app.settings import ROOT

STATIC = ROOT / "static"
FOREVER = "public, max-age=31536000, immutable"


def build() -> str:
    """A short name for the static files and templates as they are now."""
    whole = hashlib.sha256()
    for folder in (STATIC, ROOT / "templates"):
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                whole.update(path.relative_to(ROOT).as_posix().encode())
                whole.update(path.read_bytes())
    return whole.hexdigest()[:10]


def install(app: Flask) -> None:
    """Serve ``/static/…`` and give templates ``asset('css/base.css')``."""
    version = build()
    app.config["BUILD"] = version

    def asset(path: str) -> str:
        return f"/static/v-{version}/{path}"

    def static(filename: str) -> Response:
        named, path = re.match(r"(?:v-([0-9a-f]{10})/)?(.*)", filename, re.DOTALL).groups()  # type: ignore[union-attr]
        answer = send_from_directory(STATIC, path)
        # A page of the release before may ask for its files here: it gets what there is, but not for good.
        answer.headers["Cache-Control"] = FOREVER if named == version else "no-cache"
        return answer

    app.add_url_rule("/static/<path:filename>", "static", static)
    app.add_url_rule("/favicon.ico", "favicon", lambda: static("icons/favicon.svg"))
    app.jinja_env.globals.update(asset=asset, url_for=url_for, request=request)
