"""What browsers keep for good: the style sheet and the files beside it."""

import io
import re

from flask import Flask
from PIL import Image

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


def test_what_an_app_is_installed_from_is_where_the_page_says(app: Flask) -> None:
    browser = app.test_client()
    page = browser.get("/").text
    [address] = re.findall(r'<link rel="manifest" href="([^"]+)"', page)
    answer = browser.get(address)
    assert answer.content_type == "application/manifest+json"
    manifest = answer.get_json()
    [apple] = re.findall(r'<link rel="apple-touch-icon" href="([^"]+)"', page)
    icons = {icon["src"]: icon["sizes"] for icon in manifest["icons"]} | {apple: "180x180"}
    for address, size in icons.items():
        picture = Image.open(io.BytesIO(browser.get(address).data))
        assert (picture.format, "{}x{}".format(*picture.size)) == ("PNG", size)
    # Pages of guests too: a start that asks for a user leads there.
    for address in (manifest["start_url"], *(shortcut["url"] for shortcut in manifest["shortcuts"])):
        assert browser.get(address, follow_redirects=True).status_code == 200
    assert 'id="code"' in page
