"""The manifests for other tools: they can be read, their icons have the sizes asked for, and they name pages that a
frame may show."""

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from PIL import Image

from poker_app.web.http.framing import FRAMED, FRAMED_PAGES
from tests.house.sources import ROOT

HOST = "faceup.example"
TEAMS, ZOOM = ROOT / "deploy/teams/manifest.json", ROOT / "deploy/zoom/manifest.json"
# The operator's own pages, which are not the product's.
OPERATORS = {"/privacy", "/terms"}


def addresses(value: Any) -> set[str]:
    """Every address of the service that a manifest names."""
    if isinstance(value, dict):
        return set().union(*map(addresses, value.values()))
    if isinstance(value, list):
        return set().union(*map(addresses, value))
    return {value} if isinstance(value, str) and value.startswith(f"https://{HOST}") else set()


@pytest.mark.parametrize("path", [TEAMS, ZOOM], ids=["teams", "zoom"])
def test_every_address_is_a_page(app: Flask, path: Any) -> None:
    found = {urlsplit(each).path for each in addresses(json.loads(path.read_text()))}
    assert "/embed" in found
    pages = app.url_map.bind(HOST)
    for each in found - OPERATORS:
        assert pages.test(each, "GET"), each


def test_what_teams_shows_may_be_framed(app: Flask) -> None:
    manifest = json.loads(TEAMS.read_text())
    for tab in manifest["staticTabs"]:
        endpoint, _ = app.url_map.bind(HOST).match(urlsplit(tab["contentUrl"]).path)
        assert endpoint in FRAMED_PAGES or endpoint.split(".")[0] in FRAMED
    assert manifest["validDomains"] == [HOST]


def test_texts_are_no_longer_than_teams_takes() -> None:
    manifest = json.loads(TEAMS.read_text())
    assert f"/v{manifest['manifestVersion']}/" in manifest["$schema"]
    for text, most in ((manifest["name"]["short"], 30), (manifest["description"]["short"], 80)):
        assert 0 < len(text) <= most, text


@pytest.mark.parametrize(("name", "size"), [("color", 192), ("outline", 32)])
def test_icons_have_the_sizes_that_teams_asks_for(name: str, size: int) -> None:
    with Image.open(TEAMS.parent / json.loads(TEAMS.read_text())["icons"][name]) as icon:
        assert (icon.format, icon.size) == ("PNG", (size, size))
        if name == "outline":  # white, on nothing
            pixels = [pixel for _count, pixel in icon.convert("RGBA").getcolors()]
            assert {pixel[:3] for pixel in pixels if pixel[3] > 250} == {(255, 255, 255)}
            assert icon.convert("RGBA").getpixel((0, 0))[3] == 0


def test_zoom_allows_the_service_alone() -> None:
    features = json.loads(ZOOM.read_text())["features"]
    assert [each["domain"] for each in features["domain_allow_list"]] == [HOST]
