"""Static files under addresses that change with their content, so that browsers keep them for good.

The version stands in the path, not in the query, because the scripts import one another by relative addresses.
"""

import hashlib
import re
from functools import cache

from flask import Flask, Response, request, send_from_directory, url_for

from poker_app.settings import ROOT

STATIC = ROOT / "static"
FOREVER = "public, max-age=31536000, s-maxage=31536000, immutable"
# tokens.css names the layers. What comes after these may come in any order, since layers and specificity decide.
FIRST = ("tokens.css", "reset.css", "base.css")


def build() -> str:
    """A short name for the static files and templates as they are now."""
    whole = hashlib.sha256()
    for folder in (STATIC, ROOT / "templates"):
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                whole.update(path.relative_to(ROOT).as_posix().encode())
                whole.update(path.read_bytes())
    return whole.hexdigest()[:10]


def stylesheet() -> str:
    """Every style sheet in one, since every page needs it and one request is quicker than fifty. print.css is for paper
    alone."""
    css = STATIC / "css"
    first, paper = [css / name for name in FIRST], css / "print.css"
    others = sorted({*css.rglob("*.css")} - {*first, paper})
    return "".join([path.read_text() for path in (*first, *others)] + ["@media print {\n", paper.read_text(), "}\n"])


def install(app: Flask) -> None:
    """Serve ``/static/…`` and the style sheet, and give templates ``asset('icons/logo.svg')`` and ``styles``."""
    version = build()
    app.config["BUILD"] = version

    def asset(path: str) -> str:
        return f"/static/v-{version}/{path}"

    def static(filename: str) -> Response:
        named, path = re.match(r"(?:v-([0-9a-f]{10})/)?(.*)", filename, re.DOTALL).groups()  # type: ignore[union-attr]
        answer = send_from_directory(STATIC, path)
        answer.headers["Cache-Control"] = kept(named)
        return answer

    @cache
    def sheet() -> str:
        # Not at home in css/, so what is named from there is named in full.
        return stylesheet().replace("../vendor/", asset("vendor/"))

    def styles(named: str) -> Response:
        return Response(sheet(), mimetype="text/css", headers={"Cache-Control": kept(named)})

    def kept(named: str | None) -> str:
        # A page of the release before may ask for its files here: it gets what there is, but not for good.
        return FOREVER if named == version else "no-cache"

    app.add_url_rule("/static/styles-<named>.css", "styles", styles)
    app.add_url_rule("/static/<path:filename>", "static", static)
    app.add_url_rule("/favicon.ico", "favicon", lambda: static("icons/favicon.svg"))
    app.jinja_env.globals.update(asset=asset, styles=f"/static/styles-{version}.css", url_for=url_for, request=request)
