"""Faceup as an app of one's own: what browsers install, the screen that stays on, the badge and the notification."""

import pytest
from playwright.sync_api import Page

from tests.browser.person import Person

pytestmark = pytest.mark.browser

# The colour that the browser gives its bar, by the first meta element whose query is true, and that of the page's own.
BARS = """() => {
  const drawn = (colour) => {
    const pen = document.createElement('canvas').getContext('2d');
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 1, 1);
    return pen.getImageData(0, 0, 1, 1).data.join();
  };
  const metas = [...document.querySelectorAll('meta[name="theme-color"]')];
  const meta = metas.find(({ media }) => matchMedia(media).matches);
  return [drawn(meta.content), drawn(getComputedStyle(document.querySelector('.roombar')).backgroundColor)];
}"""


def test_the_browser_can_install_it(ada: Person) -> None:
    ada.page.goto("/")
    devtools = ada.context.new_cdp_session(ada.page)
    answer = devtools.send("Page.getAppManifest", {"manifestId": f"{ada.home}/"})
    assert (answer["errors"], answer["url"]) == ([], f"{ada.home}/static/manifest.webmanifest")
    manifest = answer["manifest"]
    assert manifest["name"] == "Faceup planning poker"
    assert manifest["startUrl"] == f"{ada.home}/dashboard"
    assert (manifest["scope"], manifest["display"]) == (f"{ada.home}/", "kStandalone")


@pytest.mark.parametrize("system", ["light", "dark"])
def test_the_windows_bar_has_the_colour_of_the_page(ada: Person, system: str) -> None:
    ada.page.emulate_media(color_scheme=system)  # type: ignore[arg-type]
    ada.opens()
    ada.page.get_by_role("button", name="your menu").click()
    seen = {system: bar_of(ada.page)}
    for theme in ("Light", "Dark", "System"):
        ada.page.locator("#me").get_by_text(theme, exact=True).click()
        seen[theme.lower()] = bar_of(ada.page)
        ada.reloads()
        assert bar_of(ada.page) == seen[theme.lower()]
        ada.page.get_by_role("button", name="your menu").click()
    assert seen["light"] != seen["dark"]
    assert seen["system"] == seen[system]


def bar_of(page: Page) -> str:
    meta, bar = page.evaluate(BARS)
    assert meta == bar
    return meta
