"""Faceup as an app of one's own: what browsers install, the screen that stays on, the badge and the notification."""

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.live_server import House
from tests.browser.page_checks import is_sound
from tests.browser.person import Person, people
from tests.conftest import chromium_path

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
# The headless shell denies notifications whatever is granted. This shows them by their tags, one for each, where the
# permission was asked for by a click.
NOTIFICATIONS = """{
  window.shown = new Map();
  window.rang = 0;
  window.Notification = class extends EventTarget {
    static get permission() {
      return localStorage.permission ?? 'default';
    }
    static async requestPermission() {
      if (!navigator.userActivation.isActive) throw new Error('asked without a click');
      localStorage.permission = localStorage.answer ?? 'granted';
      return this.permission;
    }
    constructor(title, options = {}) {
      super();
      if (Notification.permission !== 'granted') return;
      const { body, icon, tag, renotify, ...others } = options;
      if (!tag || Object.keys(others).length) throw new RangeError(JSON.stringify(options));
      if (!window.shown.has(tag) || renotify) window.rang += 1;
      window.shown.set(tag, Object.assign(this, { title, body, tag }));
    }
    close() {
      if (window.shown.get(this.tag) === this) window.shown.delete(this.tag);
    }
  };
}"""
SHOWN = "[...window.shown.values()].map(({ title, body }) => [title, body])"
WITHOUT = """delete Navigator.prototype.wakeLock;
delete Navigator.prototype.setAppBadge;
delete Navigator.prototype.clearAppBadge;
delete window.Notification;"""

# What is read or pressed, in sight and covered in part by what surrounds the safe area.
COVERED = """({ top, right, bottom, left }) => {
  const seen = [...document.querySelectorAll('a, button, input, label, h1, h2, p')].filter((each) => {
    const box = each.getBoundingClientRect();
    return each.checkVisibility() && !each.closest('.skip, .sr') && box.width > 1 && box.bottom > 0;
  });
  const end = document.documentElement.scrollHeight - bottom - scrollY;
  return seen.filter((each) => {
    const box = each.getBoundingClientRect();
    return box.top < top || box.left < left - 0.5 || box.right > innerWidth - right + 0.5 || box.bottom > end;
  }).map(({ outerHTML }) => outerHTML.slice(0, 120));
}"""
WIDE_BAR = "document.querySelector('.bar, .roombar').getBoundingClientRect().width === innerWidth"


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


NOTIFY = "Notify me when the table waits for my card"


def opens_menu(person: Person) -> Locator:
    person.page.get_by_role("button", name="your menu").click()
    return person.page.locator("#me")


def chooses_notifications(person: Person) -> Locator:
    toggle = opens_menu(person).get_by_label(NOTIFY)
    toggle.click()
    return toggle


def is_notified(person: Person, times: int) -> None:
    """One notification shows, and so many have made themselves heard on this page."""
    person.page.wait_for_function("times => window.rang === times", arg=times)
    assert person.page.evaluate(SHOWN) == [["Checkout team", "The table is waiting for your card."]]


def has_no_notification(person: Person) -> None:
    person.page.wait_for_function("() => window.shown.size === 0")


def test_who_chose_it_is_notified_while_the_page_is_hidden(ada: Person, ben: Person) -> None:
    ben.page.add_init_script(NOTIFICATIONS)
    ben.joins(ada.opens(tasks="Secret merger\nOther"))
    expect(chooses_notifications(ben)).to_be_checked()
    ben.page.keyboard.press("Escape")

    # a new round, of which a vote is the end
    ben.picks("5")
    ada.picks("5")
    ada.reveals()
    looks_away(ben)
    ada.calls_another_vote()
    is_notified(ben, 1)
    ben.picks("5")
    has_no_notification(ben)

    # another, of which the reveal is the end
    ada.picks("5")
    ada.reveals()
    ada.calls_another_vote()
    is_notified(ben, 2)
    ada.picks("5")
    ada.reveals()
    has_no_notification(ben)

    # a third, and a nudge that makes itself heard once more; looking is the end
    ada.saves("5")
    is_notified(ben, 3)
    ada.presses("Nudge all")
    is_notified(ben, 4)
    looks_back(ben)
    has_no_notification(ben)

    # a click brings the window to the front and is the end
    looks_away(ben)
    ada.picks("5")
    ada.presses("Restart vote")
    is_notified(ben, 5)
    focused = """() => {
      window.focus = () => (window.cameToFront = true);
      [...window.shown.values()][0].dispatchEvent(new Event('click'));
      return window.cameToFront;
    }"""
    assert ben.page.evaluate(focused)
    has_no_notification(ben)

    # none in view
    looks_back(ben)
    round_id = ben.table.get_attribute("data-round")
    ada.picks("5")
    ada.presses("Restart vote")
    ben.page.wait_for_function("round => document.getElementById('vote-table').dataset.round !== round", arg=round_id)
    assert ben.page.evaluate("window.rang") == 5


def test_the_choice_is_remembered_in_this_browser(ada: Person, ben: Person) -> None:
    ben.page.add_init_script(NOTIFICATIONS)
    ben.joins(ada.opens())
    assert not opens_menu(ben).get_by_label(NOTIFY).is_checked()
    ben.page.keyboard.press("Escape")
    chooses_notifications(ben)
    ben.reloads()
    expect(opens_menu(ben).get_by_label(NOTIFY)).to_be_checked()
    ben.page.get_by_label(NOTIFY).click()
    ben.reloads()
    expect(opens_menu(ben).get_by_label(NOTIFY)).not_to_be_checked()

    # without it, nothing
    ben.page.keyboard.press("Escape")
    looks_away(ben)
    ada.picks("5")
    ada.reveals()
    ada.calls_another_vote()
    ben.sees_cards_face_down()
    assert ben.page.evaluate("window.rang") == 0


def test_a_refused_permission_says_how_to_give_it(ada: Person, ben: Person, cleo: Person) -> None:
    """Ben refuses when he is asked; Cleo's browser has denied it from the start."""
    ben.page.add_init_script(f"localStorage.answer = 'denied'; {NOTIFICATIONS}")
    table = ada.opens()
    ben.joins(table)
    chooses_notifications(ben)
    cleo.joins(table)
    opens_menu(cleo)
    for each in (ben, cleo):
        toggle = each.page.get_by_label(NOTIFY)
        expect(toggle).to_be_disabled()
        expect(toggle).not_to_be_checked()
        each.sees("This browser blocks notifications of this site.")
    is_sound(cleo.page)


def test_no_switch_where_only_a_service_worker_may_notify(browser: Browser, house: House) -> None:
    """As Chromium on Android."""
    flags = ["--no-sandbox", "--disable-gpu", "--disable-blink-features=NotificationConstructor"]
    other = browser.browser_type.launch(executable_path=chromium_path(), args=flags)
    try:
        with people(other) as make:
            ada = make("Ada", home=house.url)
            ada.opens()
            menu = opens_menu(ada)
            expect(menu.get_by_role("button", name="Leave session")).to_be_visible()
            expect(menu.get_by_text(NOTIFY)).to_be_hidden()
    finally:
        other.close()


def test_a_browser_that_can_do_none_of_it_has_no_trouble(ada: Person, ben: Person) -> None:
    ben.page.add_init_script(WITHOUT)
    ben.joins(ada.opens())
    ben.picks("5")
    looks_away(ben)
    looks_back(ben)
    expect(opens_menu(ben).get_by_text(NOTIFY)).to_be_hidden()
    ada.reveals()
    ben.sees_cards_face_up()
    assert ben.troubles == []


UPRIGHT, ON_ITS_SIDE = (
    {"top": 47, "right": 0, "bottom": 34, "left": 0},
    {"top": 0, "right": 47, "bottom": 21, "left": 47},
)


@pytest.mark.parametrize("insets", [UPRIGHT, ON_ITS_SIDE], ids=["upright", "on its side"])
def test_nothing_lies_under_the_notch(cleo: Person, insets: dict[str, int]) -> None:
    page = cleo.page
    if insets is ON_ITS_SIDE:
        page.set_viewport_size({"width": 844, "height": 390})
    devtools = cleo.context.new_cdp_session(page)
    devtools.send("Emulation.setSafeAreaInsetsOverride", {"insets": insets})
    cleo.opens(tasks="One\nTwo")
    room = page.url
    for address in (room, f"{room}/join", "/", "/dashboard", "/sessions/new", f"{room}/report"):
        page.goto(address)
        assert page.evaluate(COVERED, insets) == [], address
        if page.locator(".bar, .roombar").count():
            assert page.evaluate(WIDE_BAR), address
