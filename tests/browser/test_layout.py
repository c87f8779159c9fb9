"""Layout in windows of every size: people's text never sizes a page, and one task costs no scroll."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.live_server import House
from tests.browser.long_texts import OPERATOR, LongTexts, made_in
from tests.browser.page_checks import SETTLED
from tests.browser.person import Person, people
from tests.cast import FROM_OUR_PAGE

pytestmark = pytest.mark.browser

WIDTHS = (320, 390, 768, 1024, 1280, 1440)
# What is wrong with the page as it is now, a line a fault. Text in a container that scrolls can be read, and text that
# is cut where a title says it whole or a link opens it. Hebrew is to stand alone, in its own direction.
FAULTS = """() => {
  const faults = new Set();
  const SLACK = 1.5;
  const say = (what, element) => faults.add(`${what}: ${element.outerHTML.replace(/\\s+/g, ' ').slice(0, 160)}`);
  const hidden = (element) => !element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  // Kept for screen readers only.
  const clipped = (element) => element.closest('.sr, .seats--many .seat__state, .invite-btn span, thead');
  // A task's own sheet shows it whole.
  const readAll = () => document.querySelector('#task .readall')?.checkVisibility();
  // Where a rectangle of an element's content is lost: "cut" by an element that hides what does not fit, or "outside"
  // the window. Letters may reach above and below their line by ``accents`` pixels.
  function lost({ left, right, top, bottom }, element, accents) {
    for (let each = element; each && each !== document.body; each = each.parentElement) {
      const style = getComputedStyle(each);
      const box = each.getBoundingClientRect();
      if (style.overflowX === 'auto' || style.overflowX === 'scroll') return '';
      const hides = (overflow) => overflow === 'hidden' || overflow === 'clip';
      if (hides(style.overflowX) && (left < box.left - SLACK || right > box.right + SLACK)) return 'cut';
      const above = top < box.top - SLACK - accents;
      const below = bottom > box.bottom + SLACK + accents;
      if (hides(style.overflowY) && (above || below)) return 'cut';
      if (style.position === 'fixed') break;
    }
    return left < -SLACK || right > innerWidth + SLACK ? 'outside' : '';
  }
  if (document.documentElement.scrollWidth > innerWidth) {
    faults.add(`the page is ${document.documentElement.scrollWidth} wide`);
  }
  const unread = '[aria-hidden="true"], script, noscript, option, textarea';
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = texts.nextNode(); node; node = texts.nextNode()) {
    const element = node.parentElement;
    const text = node.data.trim();
    if (!text || element.closest(unread) || hidden(element)) continue;
    if (clipped(element) || element.closest('[title]')?.title.includes(text.replace(/ \\(you\\)$/, ''))) continue;
    if (element.closest('a[hx-get*="/tasks/"]') || element.closest('.task__desc, #task h2') && readAll()) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const rectangle of range.getClientRects()) {
      const what = lost(rectangle, element, 4);
      if (what) say(`text is ${what}`, element);
    }
  }
  const isolated = 'bdi, [dir], [aria-hidden="true"], .prose, .task__desc';
  for (const node of document.querySelectorAll('body *:not(script, option, textarea)')) {
    const own = [...node.childNodes].map((each) => (each.nodeType === Node.TEXT_NODE ? each.data : '')).join('');
    if (/[\u0590-\u05ff]/.test(own) && !node.closest(isolated)) say('text is not isolated', node);
  }
  for (const control of document.querySelectorAll('a[href], button, input, select, textarea, summary')) {
    const box = control.getBoundingClientRect();
    if (hidden(control) && !control.closest('label') || !box.width) continue;
    if (clipped(control) || control.matches('.skip')) continue;
    const what = lost(box, control.parentElement, 0);
    if (what) say(`a control is ${what}`, control);
  }
  return [...faults];
}"""


@pytest.fixture
def long_texts(tmp_path: Path, empty: Path) -> LongTexts:
    return made_in(tmp_path, empty)


@pytest.fixture
def long_house(tmp_path: Path, long_texts: LongTexts) -> Iterator[House]:
    settings = {"AUTH": "accounts", "BILLING": "fake", "OPERATORS": f'["{OPERATOR}"]'}
    house = House(tmp_path, long_texts.database, **settings)
    yield house
    house.stop()


def faults_of(page: Page, what: str) -> dict[str, list[str]]:
    """By the widths at which there are any."""
    found = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        if faults := page.evaluate(FAULTS):
            found[f"{what} at {width}"] = faults
    return found


def with_cookies(person: Person, cookies: dict[str, str]) -> Person:
    url = person.home
    person.context.add_cookies([{"name": name, "value": value, "url": url} for name, value in cookies.items()])
    return person


def test_no_text_sizes_a_page(browser: Browser, long_house: House, long_texts: LongTexts) -> None:
    found: dict[str, list[str]] = {}
    with people(browser) as make:
        olga = with_cookies(make("Olga", long_house.url), long_texts.olga)
        leaver = with_cookies(make("Ben", long_house.url), long_texts.leaver)
        for person, paths in (
            (olga, long_texts.paths),
            (make("Mallory", long_house.url), long_texts.paths_of_strangers),
            (leaver, {"left": long_texts.room, "people": f"{long_texts.room}/people"}),
        ):
            for what, path in paths.items():
                person.page.goto(path)
                found |= faults_of(person.page, what)
        found |= faults_of_room(olga, long_texts.room)
    assert found == {}


def faults_of_room(olga: Person, path: str) -> dict[str, list[str]]:
    """Before and after the reveal, with each dialog open, and with a long link typed."""
    page = olga.page
    page.set_viewport_size({"width": WIDTHS[-1], "height": 800})
    page.goto(path)
    olga.is_live()
    page.get_by_label("Add tasks, one a line").fill(f"https://tracker.example/{'w' * 1900}")
    found = faults_of(page, "room")
    for button, dialog in (("Members", "#people-pop .people"), ("Invite", "#invite"), ("your menu", "#me")):
        page.get_by_role("button", name=button, exact=button == "Members").click()
        expect(page.locator(dialog)).to_be_visible()
        found |= faults_of(page, button)
        page.keyboard.press("Escape")
    page.locator("#backlog a").first.click()
    expect(page.locator("#sheet form.task-editor")).to_be_visible()
    found |= faults_of(page, "task in the sheet")
    page.keyboard.press("Escape")
    olga.reveals()
    return found | faults_of(page, "revealed room")


# Windows as they are on laptops with a browser's bars, on half a screen, and on a phone on its side.
LOW = ((1920, 940), (1440, 900), (1440, 780), (1280, 720), (1366, 650), (1280, 640), (844, 390))
Sizes = tuple[tuple[int, int], ...]
PHONES = ((844, 390), (390, 844))
VOTING = ("#task-title", ".felt", "#reveal .btn", ".picks")
REVEALED = ("#task-title", ".felt", ".lay[data-me]", ".talk", ".finals", ".final__go .btn--primary")
SAVED = ("#task-title", ".felt", ".finals", ".final__go .btn--primary")
CHANGE = {"name": "Checkout team", "change_after_reveal": "1"}
OUT_OF_SIGHT = """selectors => selectors.filter(selector => {
  const element = document.querySelector(selector);
  const { top, bottom, left, right, width, height } = element.getBoundingClientRect();
  const inside = top >= 0 && left >= 0 && bottom <= innerHeight && right <= innerWidth && width > 0 && height > 0;
  const button = element.matches('.btn');
  return !inside || button && !element.contains(document.elementFromPoint(left + width / 2, top + height / 2));
}).map(selector => `${selector} ends at ${document.querySelector(selector).getBoundingClientRect().bottom}`)"""


def out_of_sight(page: Page, when: str, selectors: tuple[str, ...], sizes: Sizes = LOW) -> dict[str, list[str]]:
    found = {}
    for width, height in sizes:
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate("scrollTo(0, 0)")
        page.evaluate(SETTLED)
        if missed := page.evaluate(OUT_OF_SIGHT, list(selectors)):
            found[f"{when} at {width}x{height}"] = missed
    return found


def test_a_round_of_seven_costs_no_scroll(ada: Person, person: Callable[..., Person]) -> None:
    table = ada.opens(tasks="PAY-318 Retry failed card payments, and say which of them failed")
    guests = [person(name).context.request for name in ("Ben", "Gus", "Dora", "Emil", "Fay", "Hugo")]
    for name, guest in zip(("Ben", "Gus", "Dora", "Emil", "Fay", "Hugo"), guests, strict=True):
        form = {"member_name": name, "role": "voter"}
        assert guest.post(f"{table.url}/members", form=form, headers=FROM_OUR_PAGE).ok

    def everybody_votes(*cards: str) -> None:
        form = {"round": ada.table.get_attribute("data-round") or ""}
        for guest, card in zip(guests, cards, strict=True):
            assert guest.post(f"{table.url}/votes", form=form | {"card": card}, headers=FROM_OUR_PAGE).ok
        ada.picks("5")
        ada.sees_status("Everyone has voted")

    ada.sees_status("0 of 7 have voted")
    ada.sees("Waiting for 7 people.")
    found = out_of_sight(ada.page, "voting", VOTING)
    everybody_votes("1", "3", "5", "5", "5", "13")
    ada.reveals()
    found |= out_of_sight(ada.page, "revealed", REVEALED)
    # The hand stays where cards may be changed; on a phone one's own card on the table is what is in sight.
    assert ada.context.request.post(f"{table.url}/options", form=CHANGE, headers=FROM_OUR_PAGE).ok
    expect(ada.page.locator("#hand")).to_be_visible()
    found |= out_of_sight(ada.page, "revealed, with a hand", (*REVEALED, ".picks"), LOW[:-1])
    found |= out_of_sight(ada.page, "revealed, with a hand", (".felt", ".lay[data-me]"), PHONES)
    ada.calls_another_vote()
    ada.sees("Round 2")
    everybody_votes(*"555555")
    found |= out_of_sight(ada.page, "voting again", VOTING)
    ada.reveals()
    found |= out_of_sight(ada.page, "consensus", REVEALED)
    ada.saves("5")
    found |= out_of_sight(ada.page, "saved", SAVED)
    assert found == {}


UNDER_THE_TOAST = """selectors => {
  const { top, bottom, left, right } = document.querySelector('.toast').getBoundingClientRect();
  return selectors.filter(selector => [...document.querySelectorAll(selector)].some(element => {
    const box = element.getBoundingClientRect();
    return box.width && box.left < right && box.right > left && box.top < bottom && box.bottom > top;
  }));
}"""
NEEDED = ("#lost", "#task-title", ".timer-controls .btn", "#reveal .btn", ".picks", ".addtask")


def test_a_toast_lies_over_nothing_that_one_needs(ada: Person) -> None:
    ada.opens()
    ada.adds("One")
    ada.sees_notice("Task added.")
    ada.page.locator("#lost").evaluate("each => each.hidden = false")
    for width, height in ((320, 640), (390, 844), (768, 1024), *LOW):
        ada.page.set_viewport_size({"width": width, "height": height})
        ada.page.evaluate("scrollTo(0, 0)")
        ada.page.evaluate(SETTLED)
        assert ada.page.evaluate(UNDER_THE_TOAST, list(NEEDED)) == [], (width, height)


WORDS = """all => all.map(each => {
  const seen = each.cloneNode(true);
  for (const spoken of seen.querySelectorAll('.sr')) spoken.remove();
  return seen.textContent.trim().replace(/\\s+/g, ' ');
})"""


def test_the_members_dialog_says_what_its_buttons_do(person: Callable[..., Person], ben: Person) -> None:
    ada = person("Ada", phone=True)
    ben.joins(ada.opens())
    ada.sees_seat("Ben", "thinking")
    ada.menu("Members")
    people = ada.page.locator("#people-pop")
    buttons = people.locator(".people__tools .btn")
    expect(buttons).to_have_count(4)
    assert buttons.evaluate_all(WORDS) == ["Nudge", "Share role", "Hand over", "Remove"]
    for spoken in ("Nudge", "Share the facilitator role with", "Hand the facilitator role over to", "Remove"):
        expect(people.get_by_role("button", name=f"{spoken} Ben", exact=True)).to_be_visible()
    ada.closes_people()
    expect(ada.page.locator("#me")).to_be_hidden()


def test_a_card_lies_flat_under_the_finger_that_tapped_it_last(person: Callable[..., Person]) -> None:
    ada = person("Ada", phone=True)
    ada.opens()
    card = ada.hand.locator(".pick").first
    card.hover()
    expect(card.locator(".card")).to_have_css("transform", "none")
