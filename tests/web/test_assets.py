"""What browsers keep for good: the style sheet and the files beside it."""

import re

from flask import Flask

from poker_app.web.http.assets import STATIC

FOR_GOOD = "public, max-age=31536000, s-maxage=31536000, immutable"


def test_a_page_needs_one_style_sheet_and_it_holds_them_all(app: Flask) -> None:
    browser = app.test_client()
    [address] = re.findall(r'<link rel="stylesheet" href="([^"]+)"', browser.get("/").text)
    answer = browser.get(address)
    assert (answer.status_code, answer.content_type) == (200, "text/css; charset=utf-8")
    assert answer.headers["Cache-Control"] == FOR_GOOD
    assert answer.text.startswith("@layer reset, base, components, modules, utilities;")
    as_written = re.sub(r'"/static/v-\w+/', '"../', answer.text)
    assert [path for path in (STATIC / "css").rglob("*.css") if path.read_text() not in as_written] == []
    for font in re.findall(r'url\("([^"]+)"\)', answer.text):
        assert browser.get(font).headers["Cache-Control"] == FOR_GOOD


def test_what_another_release_names_is_there_but_not_for_good(app: Flask) -> None:
    browser = app.test_client()
    for address in ("/static/styles-0123456789.css", "/static/v-0123456789/js/room.js"):
        answer = browser.get(address)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-cache")
