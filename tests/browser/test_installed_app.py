"""Faceup as an app of one's own: what browsers install, the screen that stays on, the badge and the notification."""

import pytest
from playwright.sync_api import Page, expect

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

# What the browser was asked for last, which no page can ask it; kept when the page is left.
RECORDS_BADGE = """for (const name of ['setAppBadge', 'clearAppBadge']) {
  const real = Navigator.prototype[name];
  Navigator.prototype[name] = function () {
    sessionStorage.badge = name;
    return real.call(this);
  };
}"""
RECORDS_LOCKS = """{
  const { request } = WakeLock.prototype;
  window.locks = [];
  WakeLock.prototype.request = async function (kind) {
    const lock = await request.call(this, kind);
    window.locks.push(lock);
    return lock;
  };
}"""
# A clock that is moved on stops the socket, so that the story ends the half hour by itself.
RECORDS_HALF_HOUR = """{
  const { setTimeout } = window;
  window.setTimeout = (act, milliseconds, ...given) => {
    if (milliseconds === 1_800_000) window.halfHourIsOver = act;
    return setTimeout(act, milliseconds, ...given);
  };
}"""
LOCKS_HELD = "window.locks.filter(({ released }) => !released).length"
# A browser without windows shows every page.
SHOWS = """state => {
  Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });
  Object.defineProperty(document, 'hidden', { value: state === 'hidden', configurable: true });
  document.dispatchEvent(new Event('visibilitychange'));
}"""
WITHOUT = """delete Navigator.prototype.wakeLock;
delete Navigator.prototype.setAppBadge;
delete Navigator.prototype.clearAppBadge;
delete window.Notification;"""


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


def looks_away(person: Person) -> None:
    person.page.evaluate(SHOWS, "hidden")


def looks_back(person: Person) -> None:
    person.page.evaluate(SHOWS, "visible")


def has_badge(person: Person, there: bool) -> None:
    person.page.wait_for_function(
        "name => sessionStorage.badge === name", arg="setAppBadge" if there else "clearAppBadge"
    )


def holds_locks(person: Person, count: int) -> None:
    person.page.wait_for_function(f"count => {LOCKS_HELD} === count", arg=count)


def test_the_badge_is_there_while_the_table_waits_for_ones_card(ada: Person, ben: Person, cleo: Person) -> None:
    for each in (ben, cleo):
        each.page.add_init_script(RECORDS_BADGE)
    ben.joins(ada.opens())
    cleo.joins(ada.here(), watching=True)
    has_badge(ben, True)
    ben.picks("5")
    has_badge(ben, False)
    ben.takes_the_card_back()
    has_badge(ben, True)
    ada.picks("5")
    ada.reveals()
    has_badge(ben, False)
    ada.calls_another_vote()
    has_badge(ben, True)
    has_badge(cleo, False)
    ben.leaves()
    has_badge(ben, False)
    ben.joins(ada.here())
    has_badge(ben, True)
    ada.ends()
    ben.sees("ended the session")
    has_badge(ben, False)


def test_the_screen_stays_on_while_the_table_is_in_view(ada: Person, ben: Person) -> None:
    ben.context.grant_permissions(["screen-wake-lock"])
    ben.page.add_init_script(RECORDS_HALF_HOUR)
    ben.page.add_init_script(RECORDS_LOCKS)
    ben.joins(ada.opens())
    holds_locks(ben, 1)
    looks_away(ben)
    holds_locks(ben, 0)
    looks_back(ben)
    holds_locks(ben, 1)

    # nothing happens for half an hour, and then something does
    ben.page.evaluate("window.halfHourIsOver()")
    holds_locks(ben, 0)
    ada.picks("5")
    ben.sees_seat("Ada", "voted")
    holds_locks(ben, 1)

    # the browser took it back, as it does with a low battery
    ben.page.evaluate("window.locks.at(-1).release()")
    holds_locks(ben, 0)
    ada.reveals()
    ben.sees_cards_face_up()
    holds_locks(ben, 1)
    assert ben.page.evaluate("window.locks.length") == 4

    # left in another tab
    tab = ben.another_tab()
    tab.page.goto(ben.page.url)
    tab.leaves()
    expect(ben.page.get_by_role("button", name="Come back")).to_be_visible()
    holds_locks(ben, 0)


def test_a_browser_that_can_do_none_of_it_has_no_trouble(ada: Person, ben: Person) -> None:
    ben.page.add_init_script(WITHOUT)
    ben.joins(ada.opens())
    ben.picks("5")
    looks_away(ben)
    looks_back(ben)
    ada.reveals()
    ben.sees_cards_face_up()
    assert ben.troubles == []
